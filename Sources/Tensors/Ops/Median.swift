internal import LuaBridge

/// The middle element in order, the lower of two; NaN where any element is.
enum Median {
  /// Its position (from 0) along a dim, with size 1 in that dim.
  private static func positions(_ x: Tensor, _ dim: Int) throws -> Tensor {
    let n = x.shape[dim]
    guard n > 0 else { throw LuaError("median: nothing to choose from, the tensor \(x.shape) has no elements along dim \(dim + 1)") }
    let order = try Sorting.positions(x, dim, descending: false)
    let middle = try order.narrowed(dim, (n - 1) / 2, 1).copied()
    guard x.type.isFloat else { return middle }
    // NaN sorts last: where the last is NaN, the position of the first NaN takes the middle's place.
    let missing = try Logic.isNaN(x.alias()), has = try Counting.any(missing, [dim], true)
    guard Counting.any(has) else { return middle }
    return try Selection.select(has, .tensor(Extremes.positions(.max, missing, dim, "median")), .tensor(middle))
  }

  static func along(_ x: Tensor, _ dim: Int, keep: Bool) throws -> (values: Tensor, positions: Tensor) {
    let places = try positions(x, dim)
    return try Extremes.finish(Choosing.chosen(x, dim, places), places, dim, keep)
  }

  /// Over all or several dims; the gradient is shared evenly among equals, as in PyTorch.
  static func value(_ x: Tensor, dims: [Int]?, keep: Bool) throws -> Tensor {
    if dims == nil, x.count == 0, x.type.isFloat { return try Tensor.full(keep ? Shape(repeating: 1, count: x.rank) : Shape(), .nan, x.type) }
    let dims = dims ?? Array(x.shape.indices)
    var kept = x.shape, dropped = Shape(), count = 1
    for dim in dims { (count, kept[dim]) = (count * x.shape[dim], 1) }
    for i in x.shape.indices where !dims.contains(i) { dropped.append(x.shape[i]) }
    var merged = dropped
    merged.append(count)
    let line = try x.alias().permuted(x.shape.indices.filter { !dims.contains($0) } + dims).reshaped(merged)
    let y = try Choosing.chosen(line, dropped.count, positions(line, dropped.count)).reshaped(keep ? kept : dropped)
    if Tape.follows(x) {
      try y.follow("median", [x], saving: [x, y]) { node, g in
        [try Extremes.shared(g.reshaped(kept), node.saved(0), node.saved(1).reshaped(kept), dims)]
      }
    }
    return y
  }

  static let rows: [Row] = [
    Row(
      results: "median",
      """
      The median of all elements. Along one dim: the medians and their positions (from 1). Over a list of dims: the medians. The lower of two middle \
      elements; NaN wins, and is the median of no elements.
      Shapes: x of any shape; y without the reduced dims (with size 1 by keepdim), {} over all.
      Errors: a dim the tensor does not have, or one that is named twice.
      """,
      Reduction.x, Reduction.dim, Reduction.keepdim, example: "return T.ones(2, 3):cumsum(2):median()", returns: "Tensor [, Tensor]"
    ) { stack, x, dim, keep in
      let dims = try Reduction.dims(dim, x, "median")
      guard let dims, dims.count == 1 else {
        try value(x, dims: dims, keep: keep).push(stack)
        return 1
      }
      let (values, positions) = try along(x, dims[0], keep: keep)
      values.push(stack)
      positions.push(stack)
      return 2
    }
  ]
}
