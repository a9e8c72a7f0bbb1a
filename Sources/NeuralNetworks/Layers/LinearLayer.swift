public import LuaBridge
public import Tensors

/// A dense layer.
///
///     y = x · weightᵀ + bias
///
/// - Shapes: x (…, in); weight (out, in); bias (out); y (…, out).
/// - Errors: another last dim of x.
public final class Linear: Module, @unchecked Sendable {
  /// (out, in)
  public let weight: Tensor
  /// (out)
  public let bias: Tensor?

  /// - Errors: sizes below 1.
  public init(_ inFeatures: Int, _ outFeatures: Int, bias: Bool = true, initial: InitialValues = .default) throws {
    guard inFeatures > 0, outFeatures > 0 else { throw LuaError("Linear: sizes must be at least 1, got \(inFeatures) -> \(outFeatures)") }
    weight = try Tensor(empty: Shape.checked([outFeatures, inFeatures], "Linear"), .default)
    self.bias = bias ? try Tensor(empty: Shape(outFeatures), .default) : nil
    try initial.fill(weight, self.bias, fanIn: inFeatures, fanOut: outFeatures)
    super.init()
    try register(parameter: "weight", weight)
    if let bias = self.bias { try register(parameter: "bias", bias) }
  }

  public override var summaryLine: String { "\(weight.shape[1]) -> \(weight.shape[0])" + (bias == nil ? ", no bias" : "") }
  public override func forward(_ x: Tensor) throws -> Tensor { try Functional.linear(x, weight, bias) }
  public override func property(_ name: String) -> (any LuaValue)? {
    switch name {
    case "in_features": weight.shape[1]
    case "out_features": weight.shape[0]
    default: nil
    }
  }
  public override var propertyNames: [String] { ["in_features", "out_features"] }

  static let row = Row(
    "Linear", Functional.linearDoc,
    Param("in_features", Int.self, "size of the last dim of x"), Param("out_features", Int.self, "size of the last dim of y"),
    Param("bias", default: true, "add a learned bias"), Param.option("init", default: InitialValues.default, InitialValues.doc),
    place: .function, mixed: true, example: "return nn.Linear(784, 100)(T.rand(2, 784))"
  ) { try Linear($0, $1, bias: $2, initial: $3) }
}
