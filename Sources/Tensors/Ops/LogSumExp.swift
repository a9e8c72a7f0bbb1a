internal import KernelTable
internal import Kernels
internal import LuaBridge

/// y = log Σ exp(x) = m + log Σ exp(x - m), with the largest x as m: nothing overflows. Of no elements -∞.
enum LogSumExp {
  static func logSumExp(_ x: Tensor, dims: [Int]? = nil, keep: Bool = false) throws -> Tensor {
    let x = try Reduction.floating(x)
    guard let width = x.type.width else { return x }
    let plan = try Reduction.plan(x, dims: dims ?? Array(x.shape.indices))
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, x.type)
    if plan.count == 0 {
      y.fill(-.infinity)
    } else {
      Vector.logSumExp(width, plan.source.pointer, y.pointer, outer: plan.outer, count: plan.count, inner: plan.inner)
    }
    if Tape.follows(x) {
      let kept = plan.kept
      try y.follow("logsumexp", [x], saving: [x, y]) { node, g in
        // exp(x - y); where all of x is -∞ the gradient is 0, not NaN
        let y = try node.saved(1).reshaped(kept)
        let safe = try Selection.select(Comparison.eq.apply(.tensor(y), .number(-.infinity)), .integer(0), .tensor(y))
        return [try Elementwise.mul(Unary.apply(.exp, Elementwise.sub(node.saved(0), safe)), g.reshaped(kept))]
      }
    }
    return y
  }

  static let rows: [Row] = [
    Row(
      "logsumexp",
      """
      The logarithm of Σ exp(x) of all elements, or over dims, without overflow.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x, Reduction.dim, Reduction.keepdim,
      example: "return (T.ones(2, 3) * 1000):logsumexp(2)"
    ) { x, dim, keep in try logSumExp(x, dims: Reduction.dims(dim, x, "logsumexp"), keep: keep) }
  ]
}
