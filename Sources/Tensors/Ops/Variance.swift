internal import KernelTable
internal import Kernels
internal import LuaBridge

/// Σ (x - mean)² / (N - correction) over dims, and its root.
enum Variance {
  static func variance(_ x: Tensor, dims: [Int]? = nil, correction: Int = 1, keep: Bool = false, root: Bool = false) throws -> Tensor {
    let x = try Reduction.floating(x), dims = dims ?? Array(x.shape.indices)
    guard let width = x.type.width else { return x }
    let plan = try Reduction.plan(x, dims: dims)
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, x.type)
    Vector.variance(
      width, plan.source.pointer, mean: nil, variance: y.pointer, outer: plan.outer, count: plan.count, inner: plan.inner,
      correction: min(max(correction, -1 << 40), 1 << 40))
    if root { Vector.unary(.sqrt, width, y.pointer, y.pointer, y.count) }
    if Tape.follows(x) {
      let kept = plan.kept, divisor = Double(plan.count) - Double(correction)
      try y.follow(root ? "std" : "var", [x], saving: root ? [x, y] : [x]) { node, g in
        let x = try node.saved(0)
        let centred = try Elementwise.sub(x, Reduction.mean(x, dims: dims, keep: true))
        guard root else { return [try Elementwise.mul(centred, Elementwise.mul(g.reshaped(kept), 2 / divisor))] }
        // Where the deviation is 0 all of x - mean is 0, and so is the gradient.
        let y = try node.saved(1).reshaped(kept), flat = try Comparison.eq.apply(.tensor(y), .integer(0))
        let slope = try Elementwise.div(Elementwise.mul(g.reshaped(kept), 1 / divisor), Selection.select(flat, .integer(1), .tensor(y)))
        return [try Elementwise.mul(centred, Selection.select(flat, .integer(0), .tensor(slope)))]
      }
    }
    return y
  }

  private static let correction = Param.option("correction", default: 1, "taken from N in the divisor; 0 for the mean square itself")

  static let rows: [Row] = [
    Row(
      "var",
      """
      The variance of all elements, or over dims: Σ (x - mean)² / (N - correction), divided by 0 where N ≤ correction.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x, Reduction.dim, correction,
      Reduction.keepdim,
      example: "return T.ones(2, 3):var({correction = 0})"
    ) { x, dim, correction, keep in try variance(x, dims: Reduction.dims(dim, x, "var"), correction: correction, keep: keep) },
    Row(
      "std",
      """
      The standard deviation of all elements, or over dims: √(Σ (x - mean)² / (N - correction)).
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x, Reduction.dim, correction, Reduction.keepdim,
      example: "return T.ones(2, 3):std(2)"
    ) { x, dim, correction, keep in try variance(x, dims: Reduction.dims(dim, x, "std"), correction: correction, keep: keep, root: true) },
  ]
}
