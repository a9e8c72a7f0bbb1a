internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// y = x Wᵀ + b, in one node.
  ///
  ///     gx = g W,  gW = gᵀ x,  gb = Σ_rows g
  ///
  /// - Shapes: x (…, in), weight (out, in), bias (out), y (…, out); any leading dims, none too.
  /// - Errors: another last size of x than the weight's; a weight that is no matrix.
  public static func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) throws -> Tensor {
    let isTimed = Profiler.begin(op: "linear")
    defer { if isTimed { Profiler.end() } }
    guard weight.rank == 2 else { throw LuaError("linear: weight must have shape {out, in}, got \(weight.shape)") }
    let outputs = weight.shape[0], inputs = weight.shape[1]
    guard x.rank > 0, x.shape[x.rank - 1] == inputs else {
      let features = x.rank > 0 ? "\(x.shape[x.rank - 1])" : "no"
      throw LuaError("linear: input has \(features) features, weight expects \(inputs) (input \(x.shape), weight \(weight.shape))")
    }
    if let bias, bias.shape != Shape(outputs) {
      throw LuaError("linear: bias must have shape {\(outputs)}, got \(bias.shape) (weight \(weight.shape))")
    }
    let type = floatType(x, weight, bias)
    let x = try x.to(type), weight = try weight.to(type), bias = try bias?.to(type)
    var shape = x.shape
    shape[shape.count - 1] = outputs
    let y = try Tensor(empty: Shape.checked(shape.array, "linear"), type)
    let rows = try matrix(x)
    Profiler.work(rows.shape[0], outputs, inputs, double: type == .float64)
    try withExtendedLifetime(bias?.contiguous()) { bias in
      Matrix.multiply(
        width(y), m: rows.shape[0], n: outputs, k: inputs, a: view(rows), b: view(weight, transposed: true), c: y.pointer, ldc: outputs,
        bias: bias.map { UnsafeRawPointer($0.pointer) })
    }
    let followed = bias.map { [x, weight, $0] } ?? [x, weight]
    if Tape.follows(followed) {
      let count = rows.shape[0]
      try y.follow("linear", followed, saving: [x, weight]) { node, g in
        let x = try node.saved(0), weight = try node.saved(1)
        let g = try g.reshaped(Shape(count, outputs))
        let gx = node.needs(0) ? try Matrices.matmul(g, weight).reshaped(x.shape) : nil
        let gWeight = node.needs(1) ? try Matrices.matmul(g.transposed(0, 1), matrix(x)) : nil
        guard node.inputs.count == 3 else { return [gx, gWeight] }
        return [gx, gWeight, node.needs(2) ? try Reduction.sum(g, dims: [0]) : nil]
      }
    }
    return y
  }

  /// The rows of (…, n) as one matrix.
  private static func matrix(_ x: Tensor) throws -> Tensor {
    if x.rank == 2 { return x }
    let columns = x.shape[x.rank - 1]
    var rows = 1
    for i in 0..<x.rank - 1 { rows *= x.shape[i] }
    return try x.reshaped(Shape(rows, columns))
  }

  private static func view(_ x: Tensor, transposed: Bool = false) -> Matrix.View {
    Matrix.View(base: x.pointer, rowStride: x.strides[transposed ? 1 : 0], columnStride: x.strides[transposed ? 0 : 1])
  }

  static let linearDoc = """
    y = x · weightᵀ + bias: every output is a weighted sum of all inputs.
    Shapes: x {…, in}; weight {out, in}; bias {out}; y {…, out}.
    Errors: another last size of x than the weight's; a weight that is no matrix; another bias.
    """

  static let linearRows = [
    Row(
      "linear", linearDoc, Param("x", Tensor.self, "{…, in}"),
      Param("weight", Tensor.self, "{out, in}"), Param("bias", default: Tensor?.none, "{out}"), place: .function,
      example: "return F.linear(T.ones(2, 3), T.ones(4, 3), T.ones(4))"
    ) { x, weight, bias in try linear(x, weight, bias) }
  ]
}
