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

  static let rows: [Row] =
    Activation.plain.map { _, name, activation, formula, paper in
      Row(name, Activation.doc(formula, paper: paper), place: .function, example: "return nn.\(name)()(T.tensor({-1.5, 0.5, 2}))", returns: name) {
        ActivationLayer(name, activation)
      }
    } + [
      Row(
        "LeakyReLU", Functional.leakyReLUDoc, Param("negative_slope", default: 0.01, "slope below 0"), place: .function, mixed: true,
        example: "return nn.LeakyReLU(0.1)(T.tensor({-1, 2}))", returns: "LeakyReLU"
      ) { slope in
        ActivationLayer("LeakyReLU", .leakyReLU(slope: slope), slope.luaLiteral)
      },
      Row(
        "ELU", Functional.eluDoc, Param("alpha", default: 1.0, "the limit is -alpha"), place: .function, mixed: true,
        example: "return nn.ELU()(T.tensor({-1, 2}))", returns: "ELU"
      ) { alpha in
        ActivationLayer("ELU", .elu(alpha: alpha), alpha.luaLiteral)
      },
      Row(
        "GELU", Functional.geluDoc, Param("approximate", default: "none", "\"none\" or \"tanh\""), place: .function, mixed: true,
        example: "return nn.GELU()(T.tensor({-1, 2}))", returns: "GELU"
      ) { approximate in
        ActivationLayer("GELU", try Functional.gelu(approximate, "GELU"), approximate == "tanh" ? "tanh" : "")
      },
      Row(
        "Softplus", Functional.softplusDoc, Param("beta", default: 1.0, "sharpness"), Param("threshold", default: 20.0, "where it becomes x"), place: .function,
        mixed: true, example: "return nn.Softplus()(T.tensor({-1, 2}))", returns: "Softplus"
      ) { beta, threshold in
        ActivationLayer("Softplus", .softplus(beta: beta, threshold: threshold), beta == 1 && threshold == 20 ? "" : "\(beta.luaLiteral), \(threshold.luaLiteral)")
      },
      Row(
        "Hardtanh", Functional.hardtanhDoc, Param("min_val", default: -1.0, "the least value"), Param("max_val", default: 1.0, "the greatest value"),
        place: .function, mixed: true, example: "return nn.Hardtanh()(T.tensor({-2, 2}))", returns: "Hardtanh"
      ) { low, high in
        ActivationLayer("Hardtanh", try Functional.hardtanh(low, high, "Hardtanh"), "\(low.luaLiteral), \(high.luaLiteral)")
      },
      SoftmaxLayer.row("Softmax", Softmax.doc, log: false),
      SoftmaxLayer.row("LogSoftmax", Softmax.logDoc, log: true),
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
    return try log ? Softmax.logSoftmax(x, dim: place) : Softmax.softmax(x, dim: place)
  }
  static func row(_ name: String, _ doc: String, log: Bool) -> Row {
    Row(
      name, doc, Param("dim", default: -1, "the dim along which it sums to 1"), place: .function, mixed: true, example: "return nn.\(name)(2)(T.rand(2, 3))",
      returns: name
    ) { SoftmaxLayer($0, log: log) }
  }
}

/// `Functional.prelu` with a learned weight: one, or one for each channel.
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
    "PReLU", Functional.preluDoc, Param("num_parameters", default: 1, "1, or the number of channels"),
    Param("init", default: 0.25, "the weight's first value"), place: .function, mixed: true, example: "return nn.PReLU()(T.tensor({-1, 2}))"
  ) { try PReLU($0, $1) }
}
