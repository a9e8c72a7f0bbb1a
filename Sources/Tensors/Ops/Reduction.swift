internal import KernelTable
internal import Kernels
internal import LuaBridge

/// Many elements to one: sums and what is built on them.
public enum Reduction {
  /// A tensor brought into the form the kernels take: [outer, count, inner], the middle reduced.
  struct Plan {
    let source: Tensor
    let outer: Int, count: Int, inner: Int
    /// The result's shape with the reduced dims kept as 1.
    let kept: Shape
    /// The result's shape without them.
    let dropped: Shape
  }

  /// Moves the reduced dims together where they are not neighbours.
  static func plan(_ x: Tensor, dims: [Int]) throws -> Plan {
    var kept = x.shape, dropped = Shape()
    for dim in dims { kept[dim] = 1 }
    for i in x.shape.indices where !dims.contains(i) { dropped.append(x.shape[i]) }
    let neighbours = dims.isEmpty || dims.last! - dims.first! == dims.count - 1
    if neighbours {
      let first = dims.first ?? x.rank, last = dims.last ?? x.rank - 1
      var outer = 1, count = 1, inner = 1
      for i in x.shape.indices {
        if i < first { outer *= x.shape[i] } else if i <= last { count *= x.shape[i] } else { inner *= x.shape[i] }
      }
      return Plan(source: try x.contiguous(), outer: outer, count: count, inner: inner, kept: kept, dropped: dropped)
    }
    let order = x.shape.indices.filter { !dims.contains($0) } + dims
    let moved = x.view(shape: Shape(order.map { x.shape[$0] }), strides: Shape(order.map { x.strides[$0] }))
    let count = dims.reduce(1) { $0 * x.shape[$1] }
    return Plan(source: try moved.contiguous(), outer: dropped.elements, count: count, inner: 1, kept: kept, dropped: dropped)
  }

  /// Σ x over the dims (from 0, sorted; all of them where nil). Whole numbers give int64.
  public static func sum(_ x: Tensor, dims: [Int]? = nil, keep: Bool = false) throws -> Tensor {
    let dims = dims ?? Array(x.shape.indices)
    guard let width = x.type.width else { return try sumWhole(x, dims, keep) }
    let plan = try plan(x, dims: dims)
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, x.type)
    Vector.reduce(.sum, width, plan.source.pointer, y.pointer, outer: plan.outer, count: plan.count, inner: plan.inner)
    if Tape.follows(x) {
      let shape = x.shape, kept = plan.kept
      try y.follow("sum", [x]) { _, g in [try g.reshaped(kept).expanded(to: shape)] }
    }
    return y
  }

  private static func sumWhole(_ x: Tensor, _ dims: [Int], _ keep: Bool) throws -> Tensor {
    let plan = try plan(x.converted(to: .int64), dims: dims)
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, .int64)
    fold(plan, Int64.self, into: y.pointer(Int64.self), 0) { $0 &+ $1 }
    return y
  }

  /// The mean over the dims, of float64 sums; whole numbers give the default float type, no elements NaN.
  public static func mean(_ x: Tensor, dims: [Int]? = nil, keep: Bool = false) throws -> Tensor {
    let x = try floating(x)
    guard let width = x.type.width else { return x }
    let plan = try plan(x, dims: dims ?? Array(x.shape.indices))
    let y = try Tensor(empty: keep ? plan.kept : plan.dropped, x.type)
    Vector.variance(width, plan.source.pointer, mean: y.pointer, variance: nil, outer: plan.outer, count: plan.count, inner: plan.inner, correction: 0)
    if Tape.follows(x) {
      let shape = x.shape, kept = plan.kept, count = Double(plan.count)
      try y.follow("mean", [x]) { _, g in [try Arithmetic.div.apply(.tensor(g.reshaped(kept)), .number(count)).expanded(to: shape)] }
    }
    return y
  }

  /// Whole numbers as the default float type.
  static func floating(_ x: Tensor) throws -> Tensor { x.type.isFloat ? x : try x.converted(to: .default) }

  /// y[o, i] joined from start over x[o, :, i], for the element types without kernels.
  static func fold<A: Element, B>(_ plan: Plan, _: A.Type, into y: UnsafeMutablePointer<B>, _ start: B, _ join: (B, A) -> B) {
    let x = plan.source.pointer(A.self)
    for o in 0..<plan.outer {
      for i in 0..<plan.inner {
        var value = start, at = o &* plan.count &* plan.inner &+ i
        for _ in 0..<plan.count {
          value = join(value, x[at])
          at &+= plan.inner
        }
        y[o &* plan.inner &+ i] = value
      }
    }
  }

  /// Positions from 0 of the dims a script names; nil, all of them, where it names none.
  static func dims(_ argument: DimsArgument?, _ x: Tensor, _ function: String) throws -> [Int]? {
    guard let argument, !argument.dims.isEmpty else { return nil }
    return try argument.positions(in: x.shape, function)
  }

  // Parameters that every reduction has.
  static let x = Param("x", Tensor.self)
  static let dim = Param("dim", default: DimsArgument?.none, "a dim or a list of dims; all where left out")
  static let keepdim = Param.option("keepdim", default: false, "keep the reduced dims with size 1")

  static let rows: [Row] = [
    Row(
      "sum",
      """
      The sum of all elements, or over dims. float32 is summed in blocks, so that 30,000,000 ones are exact; whole numbers give int64.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """,
      x, dim, keepdim, example: "return T.ones(2, 3):sum(2, {keepdim = true})"
    ) { x, dim, keep in try sum(x, dims: dims(dim, x, "sum"), keep: keep) },
    Row(
      "mean",
      """
      The mean of all elements, or over dims; NaN of no elements.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """, x, dim, keepdim, example: "return T.ones(2, 3):mean()"
    ) { x, dim, keep in
      try mean(x, dims: dims(dim, x, "mean"), keep: keep)
    },
  ]
}
