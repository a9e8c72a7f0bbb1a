internal import KernelTable
internal import LuaBridge
public import Tensors

extension Functional {
  /// Every sample divided by the root of its mean square over its last dims, then scaled: y = x / √(mean(x²) + eps) · weight.
  ///
  /// - eps: where nil the smallest step of the type above 1, as PyTorch's.
  /// - Shapes: x, y (…, shape); weight (shape).
  /// - Paper: Zhang & Sennrich 2019, arXiv:1910.07467
  public static func rmsNorm(_ x: Tensor, shape: [Int], weight: Tensor? = nil, eps: Double? = nil) throws -> Tensor {
    let normal = try Shape.checked(shape, "rms_norm")
    guard normal.count > 0, normal.count <= x.rank, Array(x.shape.array.suffix(normal.count)) == shape else {
      throw LuaError("rms_norm: input \(x.shape) does not end in the normalised shape \(normal)")
    }
    if let weight, weight.shape != normal { throw LuaError("rms_norm: weight must have shape \(normal), got \(weight.shape)") }
    let type = floatType(x, weight), x = try x.to(type), dims = Array(x.rank - normal.count..<x.rank)
    let least = eps ?? (type == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne))
    let squares = try Reduction.mean(Elementwise.unary(.square, x), dims: dims, keep: true)
    let y = try Elementwise.mul(x, Elementwise.unary(.rsqrt, Elementwise.add(squares, least)))
    return try weight.map { try Elementwise.mul(y, $0.to(type)) } ?? y
  }

  static let rmsNormDoc = """
    Divides every sample by the root of its mean square over its last dims, then scales it: y = x / √(mean(x²) + eps) · weight.
    Shapes: x, y {…, normalized_shape}; weight normalized_shape.
    Errors: an x that does not end in normalized_shape; a weight of another shape.
    Paper: Zhang & Sennrich 2019, arXiv:1910.07467
    """

  static let rmsNormRows = [
    Row(
      "rms_norm", rmsNormDoc, Param("x", Tensor.self, "{…, shape}"),
      Param("normalized_shape", Sizes.self, "the last dims' sizes"), Param("weight", default: Tensor?.none, "{shape}"),
      Param("eps", default: Double?.none, "added to the mean square; the type's smallest step where left out"), place: .function,
      example: "return F.rms_norm(T.tensor({{1, 2, 4}, {3, 5, 4}}), 3)"
    ) { x, shape, weight, eps in try rmsNorm(x, shape: shape.list, weight: weight, eps: eps) }
  ]
}
