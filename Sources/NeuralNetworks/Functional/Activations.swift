internal import KernelTable
internal import LuaBridge
public import Tensors

/// An activation: a function of single elements, with the parameters its kernel takes.
public enum Activation: Sendable, Equatable {
  case relu, sigmoid, tanh, step, relu6, selu, silu, softsign, logSigmoid
  case leakyReLU(slope: Double)
  case elu(alpha: Double)
  case gelu(approximate: Bool)
  case softplus(beta: Double, threshold: Double)
  case hardtanh(min: Double, max: Double)

  /// What the Lua functions without parameters are called and say.
  static let plain: [(name: String, activation: Activation, doc: String)] = [
    ("relu", .relu, "max(x, 0)"),
    ("sigmoid", .sigmoid, "1 / (1 + exp(-x)), between 0 and 1"),
    ("tanh", .tanh, "the hyperbolic tangent, between -1 and 1"),
    ("step", .step, "1 where x > 0, else 0; its gradient is 0 everywhere"),
    ("relu6", .relu6, "min(max(x, 0), 6)"),
    ("selu", .selu, "scale · (x > 0 ? x : α (exp(x) - 1)) with the constants that keep mean 0 and variance 1 (Klambauer et al. 2017, arXiv:1706.02515)"),
    ("silu", .silu, "x · sigmoid(x), also called swish"),
    ("softsign", .softsign, "x / (1 + |x|), between -1 and 1"),
    ("logsigmoid", .logSigmoid, "log(1 / (1 + exp(-x))), finite where sigmoid rounds to 0"),
  ]

  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    switch self {
    case .relu: try apply(.relu, x, "relu")
    case .sigmoid: try apply(.sigmoid, x, "sigmoid")
    case .tanh: try apply(.tanh, x, "tanh")
    case .step: try apply(.step, x, "step")
    case .relu6: try apply(.relu6, x, "relu6")
    case .selu: try apply(.selu, x, "selu")
    case .silu: try apply(.silu, x, "silu")
    case .softsign: try apply(.softsign, x, "softsign")
    case .logSigmoid: try apply(.logSigmoid, x, "logsigmoid")
    case .leakyReLU(let slope): try apply(.leakyRelu, x, "leaky_relu", slope)
    case .elu(let alpha): try apply(.elu, x, "elu", alpha)
    case .gelu(let approximate): try apply(approximate ? .geluTanh : .gelu, x, "gelu")
    case .softplus(let beta, let threshold): try apply(.softplus, x, "softplus", beta, threshold)
    case .hardtanh(let low, let high): try apply(.hardtanh, x, "hardtanh", low, high)
    }
  }

  private func apply(_ op: UnaryOp, _ x: Tensor, _ name: String, _ p: Double = 0, _ q: Double = 0) throws -> Tensor {
    try Elementwise.unary(op, x, p, q, name: name)
  }
}

extension Functional {
  static let activationRows: [Row] =
    Activation.plain.map { name, activation, doc in
      Row(name, "\(doc), element by element.", Param("x", Tensor.self, "any shape"), place: .function, example: "return F.\(name)(T.tensor({-1.5, 0.5, 2}))") { x in
        try activation(x)
      }
    } + [
      Row(
        "leaky_relu", "x where x > 0, else slope · x, element by element.", Param("x", Tensor.self, "any shape"),
        Param("negative_slope", default: 0.01, "slope below 0"), place: .function, example: "return F.leaky_relu(T.tensor({-1.5, 0.5}), 0.1)"
      ) { x, slope in try Activation.leakyReLU(slope: slope)(x) },
      Row(
        "elu", "x where x > 0, else alpha · (exp(x) - 1), element by element.", Param("x", Tensor.self, "any shape"),
        Param("alpha", default: 1.0, "the limit is -alpha"), place: .function, example: "return F.elu(T.tensor({-1.5, 0.5}))"
      ) { x, alpha in try Activation.elu(alpha: alpha)(x) },
      Row(
        "gelu", "x Φ(x), Φ the normal distribution's, element by element; by the tanh formula with approximate = \"tanh\" (Hendrycks & Gimpel 2016, arXiv:1606.08415).",
        Param("x", Tensor.self, "any shape"), Param.option("approximate", default: "none", "\"none\" or \"tanh\""), place: .function,
        example: "return F.gelu(T.tensor({-1.5, 0.5}))"
      ) { x, approximate in
        guard approximate == "none" || approximate == "tanh" else { throw LuaError("gelu: approximate must be \"none\" or \"tanh\", got \"\(approximate)\"") }
        return try Activation.gelu(approximate: approximate == "tanh")(x)
      },
      Row(
        "softplus", "log(1 + exp(beta x)) / beta, a smooth relu, element by element; x itself where beta x > threshold.", Param("x", Tensor.self, "any shape"),
        Param("beta", default: 1.0, "sharpness"), Param("threshold", default: 20.0, "where it becomes x"), place: .function,
        example: "return F.softplus(T.tensor({-1.5, 0.5}))"
      ) { x, beta, threshold in try Activation.softplus(beta: beta, threshold: threshold)(x) },
      Row(
        "hardtanh", "x brought into min_val … max_val, element by element.", Param("x", Tensor.self, "any shape"),
        Param("min_val", default: -1.0, "the least value"), Param("max_val", default: 1.0, "the greatest value"), place: .function,
        example: "return F.hardtanh(T.tensor({-1.5, 0.5}))"
      ) { x, low, high in
        guard low <= high else { throw LuaError("hardtanh: min_val \(low.luaLiteral) is larger than max_val \(high.luaLiteral)") }
        return try Activation.hardtanh(min: low, max: high)(x)
      },
    ]
}
