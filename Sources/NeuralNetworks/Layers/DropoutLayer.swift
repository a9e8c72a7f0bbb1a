public import LuaBridge
public import Tensors

/// `Functional.dropout` in training, of single values or of whole channels; evaluation changes nothing.
public final class Dropout: Module, @unchecked Sendable {
  private let name: String, p: Double
  private let formula: (Tensor, Double, Bool) throws -> Tensor
  init(_ name: String, _ p: Double, _ formula: @escaping (Tensor, Double, Bool) throws -> Tensor) throws {
    guard (0...1).contains(p) else { throw LuaError("\(name): p must be in 0..1, got \(p.luaLiteral)") }
    (self.name, self.p, self.formula) = (name, p, formula)
  }
  public override var kind: String { name }
  public override var summaryLine: String { "\(p)" }
  public override func property(_ name: String) -> (any LuaValue)? { name == "p" ? p : nil }
  public override var propertyNames: [String] { ["p"] }
  public override func forward(_ x: Tensor) throws -> Tensor { try formula(x, p, training) }

  private static func row(_ name: String, _ doc: String, _ example: String, _ formula: @escaping @Sendable (Tensor, Double, Bool) throws -> Tensor) -> Row {
    Row(
      name, doc, Param("p", default: 0.5, "the share that is dropped"), place: .function, mixed: true, example: "return nn.\(name)(0.2)(\(example))", returns: name
    ) { try Dropout(name, $0, formula) }
  }
  static let rows = [
    row("Dropout", Functional.dropoutDoc, "T.ones(4)") { try Functional.dropout($0, p: $1, training: $2) },
    row("Dropout2d", Functional.dropout2dDoc, "T.ones(1, 4, 2, 2)") { try Functional.dropout2d($0, p: $1, training: $2) },
  ]
}

/// y = x + std · n in training, n normal numbers; evaluation changes nothing.
public final class GaussianNoise: Module, @unchecked Sendable {
  private let std: Double
  init(_ std: Double) throws {
    guard std >= 0, std.isFinite else { throw LuaError("GaussianNoise: std must be 0 or more, got \(std.luaLiteral)") }
    self.std = std
  }
  public override var summaryLine: String { std.luaLiteral }
  public override func forward(_ x: Tensor) throws -> Tensor {
    guard training, std > 0 else { return x }
    let type = x.type.isFloat ? x.type : .default
    return try Elementwise.add(x.to(type), RandomState.normal(x.shape, mean: 0, std: std, type))
  }
  static let row = Row(
    "GaussianNoise",
    """
    Adds normal noise: y = x + std · n.
    Shapes: x any; y as x.
    Training: adds; otherwise y is x itself.
    Errors: an std below 0.
    Paper: Bishop 1995, "Training with Noise is Equivalent to Tikhonov Regularization"
    """, Param("std", default: 0.1, "the noise's standard deviation"), place: .function, mixed: true, example: "return nn.GaussianNoise(0.2)(T.ones(4))"
  ) { try GaussianNoise($0) }
}
