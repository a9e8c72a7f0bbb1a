internal import LuaBridge

/// Products other than the matrix product, made of ops.
enum TensorProducts {
  /// y[i·p + k, j·q + l] = a[i, j] b[k, l] for all dims; the smaller rank is filled up in front.
  private static func kron(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let rank = max(a.rank, b.rank)
    guard rank * 2 <= Shape.maximumRank else { throw LuaError("kron: tensors of at most \(Shape.maximumRank / 2) dims, got shapes \(a.shape) and \(b.shape)") }
    let left = Array(repeating: 1, count: rank - a.rank) + a.shape.array, right = Array(repeating: 1, count: rank - b.rank) + b.shape.array
    let sizes = try zip(left, right).map { try Shape.checked([$0, $1], "kron").elements }, shape = try Shape.checked(sizes, "kron")
    let x = try a.reshaped(Shape(left.flatMap { [$0, 1] })), z = try b.reshaped(Shape(right.flatMap { [1, $0] }))
    return try Elementwise.mul(x, z).reshaped(shape)
  }

  /// The last `n` dims of a with the first of b, or two lists of dims.
  private static func tensordot(_ a: Tensor, _ b: Tensor, _ left: [Int], _ right: [Int]) throws -> Tensor {
    guard left.count == right.count else { throw LuaError("tensordot: \(left.count) dims on the left, \(right.count) on the right") }
    for (i, j) in zip(left, right) where a.shape[i] != b.shape[j] {
      throw LuaError("tensordot: dim \(i + 1) of \(a.shape) has size \(a.shape[i]), dim \(j + 1) of \(b.shape) size \(b.shape[j])")
    }
    guard Set(left).count == left.count, Set(right).count == right.count else { throw LuaError("tensordot: a dim is named twice") }
    let rows = a.shape.indices.filter { !left.contains($0) }, columns = b.shape.indices.filter { !right.contains($0) }
    let shape = try Shape.checked(rows.map { a.shape[$0] } + columns.map { b.shape[$0] }, "tensordot")
    let k = left.reduce(1) { $0 * a.shape[$1] }, m = rows.reduce(1) { $0 * a.shape[$1] }, n = columns.reduce(1) { $0 * b.shape[$1] }
    return try Matrices.matmul(a.permuted(rows + left).reshaped(Shape(m, k)), b.permuted(right + columns).reshaped(Shape(k, n)), name: "tensordot").reshaped(shape)
  }

  private static let a = Param("x", Tensor.self)
  private static let b = Param("other", Tensor.self)

  static let rows: [Row] = [
    Row(
      "kron",
      """
      The product of Kronecker: every element of x times the whole of other.
      Shapes: x (m, n), other (p, q), result (m·p, n·q); likewise for up to 4 dims.
      """,
      a, b, example: "return T.kron(T.eye(2), T.ones(2, 2))"
    ) { a, b in try kron(a, b) },
    Row(
      "tensordot",
      """
      Σ over dims of both: the last n of x with the first n of other, or two lists of dims.
      Shapes: the dims of x that are left, then those of other.
      Errors: sizes that differ, a dim out of range or named twice.
      """,
      a, b, Param("dims", LuaAny.self, "how many, or {dims of x, dims of other}"), example: "return T.tensordot(T.ones(2, 3, 4), T.ones(3, 4, 5), 2)"
    ) { a, b, dims in
      if let n = dims.stack.integer(at: dims.index) {
        guard n >= 0, n <= min(a.rank, b.rank) else { throw LuaError("tensordot: \(n) dims, the tensors have shapes \(a.shape) and \(b.shape)") }
        return try tensordot(a, b, Array(a.rank - n..<a.rank), Array(0..<n))
      }
      guard let lists = try? [DimsArgument].decode(dims.stack, dims.index), lists.count == 2 else {
        throw ArgumentError(3, "integer or {dims of x, dims of other} expected, got \(dims.stack.given(at: dims.index))")
      }
      return try tensordot(a, b, lists[0].dims.map { try a.shape.dim($0, "tensordot") }, lists[1].dims.map { try b.shape.dim($0, "tensordot") })
    },
    Row(
      "cross",
      """
      The vector product x × other along a dim of size 3 (the last).
      Errors: another size, shapes that do not broadcast.
      """,
      a, b, Param("dim", default: -1), example: "return T.cross(T.tensor({1, 0, 0}), T.tensor({0, 1, 0}))"
    ) { a, b, dim in
      let shape = try Shape.broadcast(a.shape, b.shape, "cross"), at = try shape.dim(dim, "cross")
      guard shape[at] == 3 else { throw LuaError("cross: dim \(at + 1) must have size 3 (shapes \(a.shape) and \(b.shape))") }
      let x = try a.expanded(to: shape), z = try b.expanded(to: shape)
      func turned(_ x: Tensor, _ n: Int) throws -> Tensor { try Joining.cat([x.narrowed(at, n, 3 - n), x.narrowed(at, 0, n)], at, "cross") }
      return try Elementwise.sub(Elementwise.mul(turned(x, 1), turned(z, 2)), Elementwise.mul(turned(x, 2), turned(z, 1)))
    },
    Row(
      "baddbmm", "beta · x + alpha · (a · b) for batches of matrices.", Param("x", Tensor.self, "broadcasts to (batch, m, n)"), Param("a", Tensor.self, "(batch, m, k)"),
      Param("b", Tensor.self, "(batch, k, n)"), Param.option("beta", default: 1.0, "x is multiplied by it"),
      Param.option("alpha", default: 1.0, "the products are multiplied by it"),
      example: "return T.baddbmm(T.ones(4), T.ones(5, 2, 3), T.ones(5, 3, 4))"
    ) { x, a, b, beta, alpha in
      guard a.rank == 3, b.rank == 3, a.shape[0] == b.shape[0] else { throw LuaError("baddbmm: takes two batches of matrices, got shapes \(a.shape) and \(b.shape)") }
      let product = try Matrices.matmul(a, b, name: "baddbmm")
      return try Elementwise.add(beta == 1 ? x : Elementwise.mul(x, beta), alpha == 1 ? product : Elementwise.mul(product, alpha))
    },
  ]
}
