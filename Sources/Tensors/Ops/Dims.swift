internal import LuaBridge

/// Dims in another order, or repeated.
enum Dims {
  static let rows: [Row] = [
    Row(
      "transpose",
      """
      Two dims exchanged; shares memory.
      Errors: a dim the tensor does not have.
      """, Param("x", Tensor.self), Param("a", Int.self), Param("b", Int.self),
      example: "return T.zeros(2, 3, 4):transpose(1, 3)"
    ) { x, a, b in try x.transposed(x.shape.dim(a, "transpose"), x.shape.dim(b, "transpose")) },
    Row(
      "t",
      """
      The transpose of a matrix (a vector stays as it is); shares memory.
      Shapes: x (m, n); y (n, m).
      Errors: more than 2 dims.
      """, Param("x", Tensor.self), example: "return T.zeros(2, 3):t()"
    ) { x in
      guard x.rank <= 2 else { throw LuaError("t: a tensor of at most 2 dims expected, got \(x.shape); use transpose or permute") }
      return x.rank < 2 ? x : try x.transposed(0, 1)
    },
    Row(
      "permute",
      """
      All dims in another order; shares memory.
      Errors: a dim left out or named twice.
      """, Param("x", Tensor.self), Param("dims", ShapeArgument.self, "every dim once, in the new order"),
      example: "return T.zeros(2, 3, 4):permute(3, 1, 2)"
    ) { x, dims in
      guard dims.sizes.count == x.rank else { throw LuaError("permute: \(dims.sizes.count) dims named, the tensor \(x.shape) has \(x.rank)") }
      let order = try dims.sizes.map { try x.shape.dim($0, "permute") }
      guard Set(order).count == x.rank else { throw LuaError("permute: a dim is named twice in {\(dims.sizes.map(String.init).joined(separator: ","))}") }
      return try x.permuted(order)
    },
    Row(
      "expand",
      """
      Dims of size 1 repeated to a larger size, and new dims in front, without a copy; -1 keeps a size.
      Errors: a size that is not 1 and differs; fewer dims.
      """, Param("x", Tensor.self),
      Param("shape", ShapeArgument.self, "the new sizes"), example: "return T.zeros(3, 1):expand(-1, 4)"
    ) { x, shape in
      var sizes = shape.sizes
      let extra = sizes.count - x.rank
      guard extra >= 0 else { throw LuaError("expand: \(sizes.count) sizes for a tensor of \(x.rank) dims \(x.shape)") }
      for i in sizes.indices where sizes[i] == -1 {
        guard i >= extra else { throw LuaError("expand: -1 cannot stand for a new dim (dim \(i + 1))") }
        sizes[i] = x.shape[i - extra]
      }
      return try expand(x, Shape.checked(sizes, "expand"), "expand")
    },
    Row(
      "broadcast_to",
      """
      The tensor repeated to a shape by the rules of broadcasting, without a copy.
      Errors: a shape that the tensor does not broadcast to.
      """, Param("x", Tensor.self),
      Param("shape", ShapeArgument.self, "the new sizes"), example: "return T.zeros(3):broadcast_to(2, 3)"
    ) { x, shape in try expand(x, shape.shape("broadcast_to"), "broadcast_to") },
    Row(
      "expand_as", "The tensor repeated to the shape of another one, without a copy.", Param("x", Tensor.self), Param("other", Tensor.self),
      example: "return T.zeros(3):expand_as(T.zeros(2, 3))"
    ) {
      x, other in try expand(x, other.shape, "expand_as")
    },
    Row(
      "movedim",
      """
      Dims moved to other places; the others keep their order. Shares memory.
      Errors: a dim out of range or named twice, lists of different lengths.
      """,
      Param("x", Tensor.self), Param("source", SizesArgument.self, "a dim or a list of dims"), Param("target", SizesArgument.self, "where they go"),
      example: "return T.zeros(2, 3, 4):movedim(1, -1)"
    ) { x, source, target in
      let from = try source.sizes.map { try x.shape.dim($0, "movedim") }, to = try target.sizes.map { try x.shape.dim($0, "movedim") }
      guard from.count == to.count else { throw LuaError("movedim: \(from.count) dims for \(to.count) places") }
      guard Set(from).count == from.count, Set(to).count == to.count else { throw LuaError("movedim: a dim is named twice") }
      var rest = x.shape.indices.filter { !from.contains($0) }
      return try x.permuted(x.shape.indices.map { place in to.firstIndex(of: place).map { from[$0] } ?? rest.removeFirst() })
    },
    Row(
      "tile",
      """
      The tensor repeated along its dims: x:tile(2, 3) is twice as high and three times as wide.
      Shapes: x (…, a, b); y (…, a r, b s) for repeats (…, r, s).
      Errors: a negative repeat; a result too large for memory.
      """, Param("x", Tensor.self),
      Param("repeats", ShapeArgument.self, "how often, for the last dims"), example: "return T.tensor({1, 2}):tile(2, 2)"
    ) { x, repeats in try tile(x, repeats.sizes) },
  ]

  static func expand(_ x: Tensor, _ target: Shape, _ function: String) throws -> Tensor {
    let extra = target.count - x.rank
    guard extra >= 0, x.shape.indices.allSatisfy({ x.shape[$0] == target[$0 + extra] || x.shape[$0] == 1 }) else {
      throw LuaError("\(function): shape \(x.shape) does not expand to \(target)")
    }
    return try x.expanded(to: target)
  }

  /// n copies side by side, joined by halves: their list stays short.
  private static func repeated(_ x: Tensor, _ n: Int, _ dim: Int) throws -> Tensor {
    if n <= 16 { return n == 1 ? x : try Joining.cat(Array(repeating: x, count: n), dim, "tile") }
    let half = try repeated(x, n / 2, dim)
    return try Joining.cat([half, half] + (n % 2 == 1 ? [x] : []), dim, "tile")
  }

  private static func tile(_ x: Tensor, _ repeats: [Int]) throws -> Tensor {
    let rank = max(x.rank, repeats.count)
    let sizes = Array(repeating: 1, count: rank - x.rank) + x.shape.array
    let times = Array(repeating: 1, count: rank - repeats.count) + repeats
    _ = try Shape.checked(times, "tile")
    let shape = try Shape.checked(
      zip(sizes, times).map {
        let (n, o) = $0.multipliedReportingOverflow(by: $1); return o ? .max : n
      }, "tile")
    if shape.elements > 1 << 24 { _ = try Tensor(empty: shape, x.type) }  // what cannot fit is refused before the work begins
    var result = try x.reshaped(Shape.checked(sizes, "tile"))
    for (dim, n) in times.enumerated() where n == 0 { result = try result.narrowed(dim, 0, 0) }
    // One dim after another: with all at once an eight-dim tensor would need sixteen.
    for (dim, n) in times.enumerated() where n > 1 { result = try repeated(result, n, dim) }
    return result
  }
}
