internal import KernelTable
internal import Kernels
internal import LuaBridge

/// y = (Σ |x|ᵖ)^(1/p); p = ∞ the largest |x|, -∞ the smallest, 0 how many are not 0.
enum Norm {
  static func norm(_ x: Tensor, _ p: Double = 2, dims: [Int]? = nil, keep: Bool = false) throws -> Tensor {
    guard !p.isNaN else { throw LuaError("norm: p is NaN") }
    let x = try Reduction.floating(x), dims = dims ?? Array(x.shape.indices)
    let y = try Tape.recording(false) { try value(x, p, dims, keep) }
    if Tape.follows(x) {
      var shape = x.shape
      for dim in dims { shape[dim] = 1 }
      let kept = shape
      try y.follow("norm", [x], saving: [x, y]) { node, g in
        [try gradient(node.saved(0), node.saved(1).reshaped(kept), g.reshaped(kept), p, dims)]
      }
    }
    return y
  }

  private static func value(_ x: Tensor, _ p: Double, _ dims: [Int], _ keep: Bool) throws -> Tensor {
    let magnitude = { try Unary.apply(.abs, x) }
    switch p {
    case .infinity: return try Extremes.value(.max, magnitude(), dims: dims, keep: keep, name: "norm")
    case -.infinity: return try Extremes.value(.min, magnitude(), dims: dims, keep: keep, name: "norm")
    case 0: return try reduced(.countNonzero, x, dims, keep)
    case 1: return try reduced(.sumAbs, x, dims, keep)
    case 2:
      let y = try Unary.apply(.sqrt, reduced(.sumSquares, x, dims, keep))
      return try fitting(y) ? y : scaled(magnitude(), p, dims, keep)
    default: return try scaled(magnitude(), p, dims, keep)
    }
  }

  private static func reduced(_ op: ReduceOp, _ x: Tensor, _ dims: [Int], _ keep: Bool) throws -> Tensor {
    let plan = try Reduction.plan(x, dims: dims)
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, x.type)
    Vector.reduce(op, x.type.width ?? .float32, plan.source.pointer, y.pointer, outer: plan.outer, count: plan.count, inner: plan.inner)
    return y
  }

  /// The squares neither overflowed nor lost digits below the least normal number.
  private static func fitting(_ y: Tensor) throws -> Bool {
    let least = y.type == .float32 ? 1e-18 : 1e-153
    return try y.values().allSatisfy { $0.isFinite && $0 >= least }
  }

  /// m (Σ (|x|/m)ᵖ)^(1/p) with the largest |x| as m, so that no power overflows.
  private static func scaled(_ magnitude: Tensor, _ p: Double, _ dims: [Int], _ keep: Bool) throws -> Tensor {
    if magnitude.count == 0 { return try reduced(.sum, magnitude, dims, keep) }
    let largest = try Extremes.value(.max, magnitude, dims: dims, keep: true)
    let usable = try Logic.and(Comparison.gt.apply(.tensor(largest), .integer(0)), Logic.isFinite(largest))
    let scale = try Selection.select(usable, .tensor(largest), .integer(1))
    let total = try Reduction.sum(Elementwise.pow(Elementwise.div(magnitude, scale), p), dims: dims, keep: true)
    let y = try Elementwise.mul(Elementwise.pow(total, 1 / p), scale)
    if keep { return y }
    return try y.reshaped(Reduction.plan(magnitude, dims: dims).dropped)
  }

  /// x |x|^(p-2) / y^(p-1), 0 where x is 0; an extreme's gradient is shared among equals.
  private static func gradient(_ x: Tensor, _ y: Tensor, _ g: Tensor, _ p: Double, _ dims: [Int]) throws -> Tensor {
    func safe(_ t: Tensor) throws -> Tensor { try Selection.select(Comparison.eq.apply(.tensor(t), .integer(0)), .integer(1), .tensor(t)) }
    if p == 0 { return try Tensor.zeros(x.shape, x.type) }
    if p == 2 { return try Elementwise.mul(x, Elementwise.div(g, safe(y))) }
    let signs = try Unary.apply(.sign, x)
    if p == 1 { return try Elementwise.mul(signs, g) }
    let magnitude = try Unary.apply(.abs, x)
    if p.isInfinite {
      let equal = try Comparison.eq.apply(.tensor(magnitude), .tensor(y))
      let ties = try Reduction.sum(equal, dims: dims, keep: true).converted(to: g.type)
      return try Elementwise.mul(Elementwise.mul(signs, equal.converted(to: g.type)), Elementwise.div(g, ties))
    }
    return try Elementwise.mul(Elementwise.mul(signs, Elementwise.pow(Elementwise.div(safe(magnitude), safe(y)), p - 1)), g)
  }

  static let rows: [Row] = [
    Row(
      "norm",
      """
      (Σ |x|ᵖ)^(1/p) of all elements, or over dims; p = math.huge is the largest |x|, 0 counts what is not 0.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x,
      Param("p", default: 2.0, "any number, math.huge or -math.huge"), Reduction.dim, Reduction.keepdim, example: "return T.ones(3, 4):norm(2, 1)"
    ) { x, p, dim, keep in try norm(x, p, dims: Reduction.dims(dim, x, "norm"), keep: keep) }
  ]
}
