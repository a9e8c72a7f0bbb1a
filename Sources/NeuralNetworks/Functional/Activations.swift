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

  /// The activations without parameters: their function, their layer, what they do, and who wrote of them.
  static let plain: [(function: String, layer: String, activation: Activation, formula: String, paper: String)] = [
    ("relu", "ReLU", .relu, "max(x, 0)", "Nair & Hinton 2010, \"Rectified Linear Units Improve Restricted Boltzmann Machines\""),
    ("sigmoid", "Sigmoid", .sigmoid, "1 / (1 + exp(-x)), between 0 and 1", ""),
    ("tanh", "Tanh", .tanh, "(exp(x) - exp(-x)) / (exp(x) + exp(-x)), the hyperbolic tangent, between -1 and 1", ""),
    ("step", "Step", .step, "1 where x > 0, else 0; its gradient is 0 everywhere", ""),
    ("relu6", "ReLU6", .relu6, "min(max(x, 0), 6)", ""),
    (
      "selu", "SELU", .selu, "scale · (x where x > 0, else α (exp(x) - 1)), with the constants that keep mean 0 and variance 1",
      "Klambauer et al. 2017, arXiv:1706.02515"
    ),
    ("silu", "SiLU", .silu, "x · sigmoid(x), also called swish", "Elfwing, Uchibe & Doya 2017, arXiv:1702.03118"),
    ("softsign", "Softsign", .softsign, "x / (1 + |x|), between -1 and 1", ""),
    ("logsigmoid", "LogSigmoid", .logSigmoid, "log(1 / (1 + exp(-x))), finite where sigmoid rounds to 0", ""),
  ]

  /// The documentation of a function of single elements.
  static func doc(_ formula: String, errors: String = "", paper: String = "") -> String {
    var text = "\(formula), element by element.\nShapes: x any; y as x."
    if !errors.isEmpty { text += "\nErrors: \(errors)." }
    return paper.isEmpty ? text : text + "\nPaper: \(paper)"
  }

  /// The activation of every element of x.
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
    let isTimed = Profiler.begin(op: name)
    defer { if isTimed { Profiler.end() } }
    return try Elementwise.unary(op, x, p, q, name: name)
  }
}

extension Functional {
  static let leakyReLUDoc = Activation.doc(
    "x where x > 0, else negative_slope · x", paper: "Maas, Hannun & Ng 2013, \"Rectifier Nonlinearities Improve Neural Network Acoustic Models\"")
  static let eluDoc = Activation.doc("x where x > 0, else alpha · (exp(x) - 1)", paper: "Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289")
  static let geluDoc = Activation.doc(
    "x Φ(x), Φ the normal distribution's; by the formula ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) with approximate = \"tanh\"",
    errors: "another approximate than \"none\" or \"tanh\"", paper: "Hendrycks & Gimpel 2016, arXiv:1606.08415")
  static let softplusDoc = Activation.doc("log(1 + exp(beta x)) / beta, a smooth relu; x itself where beta x > threshold")
  static let hardtanhDoc = Activation.doc("min(max(x, min_val), max_val)", errors: "a min_val above max_val")

  static func gelu(_ approximate: String, _ name: String) throws -> Activation {
    guard approximate == "none" || approximate == "tanh" else { throw LuaError("\(name): approximate must be \"none\" or \"tanh\", got \"\(approximate)\"") }
    return .gelu(approximate: approximate == "tanh")
  }
  static func hardtanh(_ low: Double, _ high: Double, _ name: String) throws -> Activation {
    guard low <= high else { throw LuaError("\(name): min_val \(low.luaLiteral) is larger than max_val \(high.luaLiteral)") }
    return .hardtanh(min: low, max: high)
  }

  static let activationRows: [Row] =
    Activation.plain.map { name, _, activation, formula, paper in
      Row(
        name, Activation.doc(formula, paper: paper), Param("x", Tensor.self, "any shape"), place: .function,
        example: "return F.\(name)(T.tensor({-1.5, 0.5, 2}))"
      ) { x in try activation(x) }
    } + [
      Row(
        "leaky_relu", leakyReLUDoc, Param("x", Tensor.self, "any shape"), Param("negative_slope", default: 0.01, "slope below 0"), place: .function,
        example: "return F.leaky_relu(T.tensor({-1.5, 0.5}), 0.1)"
      ) { x, slope in try Activation.leakyReLU(slope: slope)(x) },
      Row(
        "elu", eluDoc, Param("x", Tensor.self, "any shape"), Param("alpha", default: 1.0, "the limit is -alpha"), place: .function,
        example: "return F.elu(T.tensor({-1.5, 0.5}))"
      ) { x, alpha in try Activation.elu(alpha: alpha)(x) },
      Row(
        "gelu", geluDoc, Param("x", Tensor.self, "any shape"), Param.option("approximate", default: "none", "\"none\" or \"tanh\""), place: .function,
        example: "return F.gelu(T.tensor({-1.5, 0.5}))"
      ) { x, approximate in try gelu(approximate, "gelu")(x) },
      Row(
        "softplus", softplusDoc, Param("x", Tensor.self, "any shape"), Param("beta", default: 1.0, "sharpness"),
        Param("threshold", default: 20.0, "where it becomes x"), place: .function, example: "return F.softplus(T.tensor({-1.5, 0.5}))"
      ) { x, beta, threshold in try Activation.softplus(beta: beta, threshold: threshold)(x) },
      Row(
        "hardtanh", hardtanhDoc, Param("x", Tensor.self, "any shape"), Param("min_val", default: -1.0, "the least value"),
        Param("max_val", default: 1.0, "the greatest value"), place: .function, example: "return F.hardtanh(T.tensor({-1.5, 0.5}))"
      ) { x, low, high in try hardtanh(low, high, "hardtanh")(x) },
    ]
}
