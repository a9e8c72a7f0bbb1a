internal import LuaBridge
public import Tensors

/// An activation as a layer; the formulas stand in `Activation`.
public final class ActivationLayer: Module, @unchecked Sendable {
  let activation: Activation
  private let name: String, detail: String
  init(_ name: String, _ activation: Activation, _ detail: String = "") { (self.name, self.activation, self.detail) = (name, activation, detail) }
  public override var kind: String { name }
  public override var summaryLine: String { detail }
  public override func forward(_ x: Tensor) throws -> Tensor { try activation(x) }

  private static func plain(_ name: String, _ activation: Activation) -> Row {
    let doc = Activation.plain.first { $0.activation == activation }?.doc ?? ""
    return Row(name, "\(doc), element by element.", place: .function, example: "return nn.\(name)()(T.tensor({-1.5, 0.5, 2}))", returns: name) {
      ActivationLayer(name, activation)
    }
  }

  static let rows: [Row] =
    [("Step", .step), ("Sigmoid", .sigmoid), ("Tanh", .tanh), ("ReLU", .relu), ("ReLU6", .relu6), ("SELU", .selu), ("SiLU", .silu), ("Softsign", .softsign)].map {
      plain($0, $1)
    } + [
      Row(
        "LeakyReLU", "x where x > 0, else slope · x, element by element.", Param("negative_slope", default: 0.01, "slope below 0"), place: .function, mixed: true,
        example: "return nn.LeakyReLU(0.1)(T.tensor({-1, 2}))", returns: "LeakyReLU"
      ) { slope in
        ActivationLayer("LeakyReLU", .leakyReLU(slope: slope), slope.luaLiteral)
      },
      Row(
        "ELU", "x where x > 0, else alpha · (exp(x) - 1), element by element.", Param("alpha", default: 1.0, "the limit is -alpha"), place: .function, mixed: true,
        example: "return nn.ELU()(T.tensor({-1, 2}))", returns: "ELU"
      ) { alpha in
        ActivationLayer("ELU", .elu(alpha: alpha), alpha.luaLiteral)
      },
      Row(
        "GELU", "x Φ(x), element by element; by the tanh formula with approximate = \"tanh\". Hendrycks & Gimpel 2016, arXiv:1606.08415.",
        Param("approximate", default: "none", "\"none\" or \"tanh\""), place: .function, mixed: true, example: "return nn.GELU()(T.tensor({-1, 2}))", returns: "GELU"
      ) { approximate in
        guard approximate == "none" || approximate == "tanh" else { throw LuaError("GELU: approximate must be \"none\" or \"tanh\", got \"\(approximate)\"") }
        return ActivationLayer("GELU", .gelu(approximate: approximate == "tanh"), approximate == "tanh" ? "tanh" : "")
      },
      Row(
        "Softplus", "log(1 + exp(beta x)) / beta, element by element; x itself where beta x > threshold.", Param("beta", default: 1.0, "sharpness"),
        Param("threshold", default: 20.0, "where it becomes x"), place: .function, mixed: true, example: "return nn.Softplus()(T.tensor({-1, 2}))", returns: "Softplus"
      ) { beta, threshold in
        ActivationLayer("Softplus", .softplus(beta: beta, threshold: threshold))
      },
      Row(
        "Hardtanh", "x brought into min_val … max_val, element by element.", Param("min_val", default: -1.0, "the least value"),
        Param("max_val", default: 1.0, "the greatest value"), place: .function, mixed: true, example: "return nn.Hardtanh()(T.tensor({-2, 2}))", returns: "Hardtanh"
      ) { low, high in
        guard low <= high else { throw LuaError("Hardtanh: min_val \(low.luaLiteral) is larger than max_val \(high.luaLiteral)") }
        return ActivationLayer("Hardtanh", .hardtanh(min: low, max: high), "\(low.luaLiteral), \(high.luaLiteral)")
      },
      SoftmaxLayer.row("Softmax", "exp(x) / Σ exp(x) along a dim: every row a distribution", log: false),
      SoftmaxLayer.row("LogSoftmax", "the logarithm of softmax along a dim, finite where softmax is 0", log: true),
      PReLU.row,
    ]
}

/// softmax or log-softmax along a dim (the last by default).
final class SoftmaxLayer: Module, @unchecked Sendable {
  private let dim: Int, log: Bool
  init(_ dim: Int, log: Bool) { (self.dim, self.log) = (dim, log) }
  override var kind: String { log ? "LogSoftmax" : "Softmax" }
  override var summaryLine: String { "\(dim)" }
  override func forward(_ x: Tensor) throws -> Tensor {
    let place = try x.shape.dim(dim, log ? "log_softmax" : "softmax")
    return try log ? Functional.logSoftmax(x, dim: place) : Functional.softmax(x, dim: place)
  }
  static func row(_ name: String, _ doc: String, log: Bool) -> Row {
    Row(
      name, "\(doc).", Param("dim", default: -1, "the dim along which it sums to 1"), place: .function, mixed: true, example: "return nn.\(name)(2)(T.rand(2, 3))",
      returns: name
    ) { SoftmaxLayer($0, log: log) }
  }
}

/// y = x where x > 0, else weight · x, with a learned weight (one, or one for each channel).
///
/// - Paper: He et al. 2015, arXiv:1502.01852
final class PReLU: Module, @unchecked Sendable {
  private let weight: Tensor
  init(_ count: Int, _ initial: Double) throws {
    guard count > 0 else { throw LuaError("PReLU: num_parameters must be at least 1, got \(count)") }
    weight = try Tensor.full(Shape.checked([count], "PReLU"), initial)
    super.init()
    try register(parameter: "weight", weight)
  }
  override var summaryLine: String { "\(weight.count)" }
  override func forward(_ x: Tensor) throws -> Tensor { try Functional.prelu(x, weight) }
  static let row = Row(
    "PReLU", "x where x > 0, else weight · x, with a learned weight. He et al. 2015, arXiv:1502.01852.",
    Param("num_parameters", default: 1, "1, or the number of channels"),
    Param("init", default: 0.25, "the weight's first value"), place: .function, mixed: true, example: "return nn.PReLU()(T.tensor({-1, 2}))"
  ) { try PReLU($0, $1) }
}
