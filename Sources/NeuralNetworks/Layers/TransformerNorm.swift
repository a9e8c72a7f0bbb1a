internal import LuaBridge
internal import Tensors

/// The normalisation inside a Transformer layer.
final class TransformerNorm: Module, @unchecked Sendable {
  private let features: Int, eps: Double, weight: Tensor, bias: Tensor?
  init(_ features: Int, eps: Double, bias: Bool) throws {
    guard eps >= 0 else { throw LuaError("LayerNorm: eps cannot be negative, got \(eps.luaLiteral)") }
    (self.features, self.eps) = (features, eps)
    weight = try Tensor.full(Shape(features), 1)
    self.bias = bias ? try Tensor.zeros(Shape(features)) : nil
    super.init()
    try register(parameter: "weight", weight)
    if let bias = self.bias { try register(parameter: "bias", bias) }
  }
  override var kind: String { "LayerNorm" }
  override var summaryLine: String { "\(features)" }
  override func forward(_ x: Tensor) throws -> Tensor { try Functional.layerNorm(x, shape: [features], weight: weight, bias: bias, eps: eps) }
}
