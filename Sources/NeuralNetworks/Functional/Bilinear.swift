internal import LuaBridge
public import Tensors

extension Functional {
  /// y[…, o] = x1ᵀ · weight[o] · x2 + bias[o]: one product of x2 with all of the weight, then a sum along x1.
  ///
  /// - Shapes: x1 (…, in1), x2 (…, in2), weight (out, in1, in2), bias (out), y (…, out).
  public static func bilinear(_ x1: Tensor, _ x2: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) throws -> Tensor {
    guard weight.rank == 3 else { throw LuaError("bilinear: weight must have shape {out, in1, in2}, got \(weight.shape)") }
    let shapes = "x1 \(x1.shape), x2 \(x2.shape), weight \(weight.shape)"
    guard x1.rank > 0, x1.rank == x2.rank, x1.shape.array.dropLast() == x2.shape.array.dropLast() else {
      throw LuaError("bilinear: x1 and x2 must agree in all dims but the last (\(shapes))")
    }
    for (x, name, dim) in [(x1, "x1", 1), (x2, "x2", 2)] where x.shape[x.rank - 1] != weight.shape[dim] {
      throw LuaError("bilinear: \(name) has \(x.shape[x.rank - 1]) features, weight expects \(weight.shape[dim]) (\(shapes))")
    }
    let out = weight.shape[0], in1 = weight.shape[1], in2 = weight.shape[2], leading = Array(x1.shape.array.dropLast())
    if let bias, bias.shape != Shape(out) { throw LuaError("bilinear: bias must have shape {\(out)}, got \(bias.shape) (\(shapes))") }
    let type = Swift.max(floatType(x1, x2, weight), bias.map { floatType($0) } ?? .bool)
    _ = try Shape.checked(leading + [out, in1], "bilinear")
    let products = try linear(x2.to(type), weight.to(type).reshaped(Shape(out * in1, in2))).reshaped(Shape(leading + [out, in1]))
    let y = try Reduction.sum(Elementwise.mul(products, x1.to(type).unsqueezed(x1.rank - 1)), dims: [leading.count + 1])
    return try bias.map { try Elementwise.add(y, $0.to(type)) } ?? y
  }

  static let bilinearDoc = """
    Two inputs that weigh each other: y[…, o] = x1ᵀ · weight[o] · x2 + bias[o].
    Shapes: x1 {…, in1}; x2 {…, in2}; weight {out, in1, in2}; bias {out}; y {…, out}.
    Errors: leading dims that differ; another last size than the weight's.
    """

  static let bilinearRows = [
    Row(
      "bilinear", bilinearDoc, Param("x1", Tensor.self, "{…, in1}"), Param("x2", Tensor.self, "{…, in2}"), Param("weight", Tensor.self, "{out, in1, in2}"),
      Param("bias", default: Tensor?.none, "{out}"), place: .function, example: "return F.bilinear(T.ones(2, 3), T.ones(2, 4), T.ones(5, 3, 4))"
    ) { x1, x2, weight, bias in try bilinear(x1, x2, weight, bias) }
  ]
}
