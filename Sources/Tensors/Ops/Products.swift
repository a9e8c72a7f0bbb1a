internal import KernelTable
internal import Kernels
internal import LuaBridge

/// y = Π x over dims.
enum Products {
  static func prod(_ x: Tensor, dims: [Int]? = nil, keep: Bool = false) throws -> Tensor {
    let dims = dims ?? Array(x.shape.indices)
    guard let width = x.type.width else { return try whole(x, dims, keep) }
    let plan = try Reduction.plan(x, dims: dims)
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, x.type)
    Vector.reduce(.prod, width, plan.source.pointer, y.pointer, outer: plan.outer, count: plan.count, inner: plan.inner)
    if Tape.follows(x) {
      let kept = plan.kept
      try y.follow("prod", [x], saving: [x, y]) { node, g in
        [try gradient(node.saved(0), node.saved(1).reshaped(kept), g.reshaped(kept), dims)]
      }
    }
    return y
  }

  /// ∂y/∂x[i] is the product of the others: y / x[i], or, beside a single 0, the product of what is not 0.
  private static func gradient(_ x: Tensor, _ y: Tensor, _ g: Tensor, _ dims: [Int]) throws -> Tensor {
    let zero = try Comparison.eq.apply(.tensor(x), .integer(0))
    guard Counting.any(zero) else { return try Elementwise.mul(g, Elementwise.div(y, x)) }
    if Tape.follows([x, y, g]) { return try Elementwise.mul(g, products(withoutEach: x, dims)) }
    let others = try Selection.select(zero, .integer(1), .tensor(x)), product = try prod(others, dims: dims, keep: true)
    let zeros = try Reduction.sum(zero, dims: dims, keep: true)
    let alone = try Logic.and(zero, Comparison.eq.apply(.tensor(zeros), .integer(1)))
    let share = try Logic.or(alone, Comparison.eq.apply(.tensor(zeros), .integer(0)))
    return try Selection.select(share, .tensor(Elementwise.mul(g, Elementwise.div(product, others))), .integer(0))
  }

  /// The product of the others for each element, as ops that the tape follows and that divide by nothing: n² products.
  private static func products(withoutEach x: Tensor, _ dims: [Int]) throws -> Tensor {
    // the reduced dims last, as one
    let order = x.shape.indices.filter { !dims.contains($0) } + dims, rest = order.count - dims.count
    let moved = try x.permuted(order)
    let rows = try moved.reshaped(Shape.checked(Array(moved.shape.array[..<rest]) + [dims.reduce(1) { $0 * x.shape[$1] }], "prod"))
    var places = order
    for (place, dim) in order.enumerated() { places[dim] = place }
    return try prod(withoutEach(rows), dims: [rest + 1]).reshaped(moved.shape).permuted(places)
  }

  /// Rows of n elements (…, n) as squares (…, n, n): row k of a square is the row with 1 in place k.
  static func withoutEach(_ rows: Tensor) throws -> Tensor {
    let n = rows.shape[rows.rank - 1]
    let square = try Shape.checked(Array(rows.shape.array.dropLast()) + [n, n], "prod")
    let diagonal = try Diagonals.matrix(Tensor.full(Shape(n), 1, .bool), 0)
    return try Selection.select(diagonal, .integer(1), .tensor(rows.unsqueezed(rows.rank - 1).expanded(to: square)))
  }

  private static func whole(_ x: Tensor, _ dims: [Int], _ keep: Bool) throws -> Tensor {
    let plan = try Reduction.plan(x.converted(to: .int64), dims: dims)
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, .int64)
    Reduction.fold(plan, Int64.self, into: y.pointer(Int64.self), 1) { $0 &* $1 }
    return y
  }

  static let rows: [Row] = [
    Row(
      "prod",
      """
      The product of all elements, or over dims; whole numbers give int64, no elements 1.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, Reduction.x, Reduction.dim, Reduction.keepdim,
      example: "return (T.ones(3) * 2):prod()"
    ) { x, dim, keep in try prod(x, dims: Reduction.dims(dim, x, "prod"), keep: keep) }
  ]
}
