internal import KernelTable
internal import LuaBridge

/// Norms of matrices, and powers.
enum MatrixNorms {
  /// PyTorch's `linalg.norm`: without an order the root of the sum of squares; a matrix norm where two dims are meant, else a vector's.
  static func norm(_ x: Tensor, _ order: Order?, _ dims: [Int]?, _ keep: Bool) throws -> Tensor {
    guard x.type.isFloat else { throw LuaError("linalg.norm: takes float32 or float64, got \(x.type.name); convert it first, for example x:double()") }
    guard let order else { return try Norm.norm(x, 2, dims: dims, keep: keep) }
    let meant = dims ?? Array(x.shape.indices)
    guard meant.count == 2 else {
      guard case .number(let p) = order, dims != nil || x.rank == 1 else {
        throw LuaError("linalg.norm: order \(order.luaLiteral) is that of matrices: name two dims of \(x.shape)")
      }
      return try Norm.norm(x, p, dims: dims, keep: keep)
    }
    let rest = x.shape.indices.filter { !meant.contains($0) }
    let moved = try x.permuted(rest + meant), rank = moved.rank
    var y: Tensor
    switch order {
    case .name("fro"): y = try Norm.norm(moved, 2, dims: [rank - 2, rank - 1])
    case .name("nuc"): y = try Reduction.sum(SVD.decompose(moved, full: false, "norm").s, dims: [rank - 2])
    case .number(2), .number(-2):
      let s = try SVD.decompose(moved, full: false, "norm").s, n = s.shape[rank - 2]
      guard n > 0 else { throw LuaError("linalg.norm: a matrix without elements has no largest singular value (shape \(x.shape))") }
      y = try s.selected(rank - 2, order == .number(2) ? 0 : n - 1)
    case .number(let p) where abs(p) == 1 || p.isInfinite:
      // The largest (or least) sum of a column, or of a row.
      let sums = try Reduction.sum(Unary.apply(.abs, moved), dims: [p.isInfinite ? rank - 1 : rank - 2])
      guard sums.shape[rank - 2] > 0 else { throw LuaError("linalg.norm: a matrix without elements has no largest sum (shape \(x.shape))") }
      y = try Extremes.value(p > 0 ? .max : .min, sums, dims: [rank - 2])
    default: throw LuaError("linalg.norm: matrices have the orders \"fro\", \"nuc\", 1, -1, 2, -2, math.huge and -math.huge, not \(order.luaLiteral)")
    }
    if keep { for dim in meant { y = try y.unsqueezed(dim) } }
    return y
  }

  /// "fro", "nuc" or a number.
  enum Order: LuaValue, Equatable {
    case name(String)
    case number(Double)
    static var luaName: String { "string or number" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Order {
      if let name = stack.string(at: index) { return .name(name) }
      guard let number = stack.number(at: index) else { throw TypeMismatch(luaName) }
      return .number(number)
    }
    func push(_ stack: LuaStack) {
      switch self {
      case .name(let name): stack.push(name)
      case .number(let number): stack.push(number)
      }
    }
    var luaLiteral: String {
      switch self {
      case .name(let name): name.luaLiteral
      case .number(let number): number.luaLiteral
      }
    }
  }

  /// By squaring: log₂ n products.
  private static func power(_ x: Tensor, _ n: Int) throws -> Tensor {
    try Linalg.square(x, "matrix_power")
    guard n != .min else { throw LuaError("linalg.matrix_power: the power \(n) is too large") }
    var square = n < 0 ? try LinearSolve.inverse(x, "matrix_power") : x, left = abs(n), result: Tensor?
    while left > 0 {
      if left & 1 == 1 { result = try result.map { try Matrices.matmul($0, square) } ?? square }
      left >>= 1
      if left > 0 { square = try Matrices.matmul(square, square) }
    }
    guard let result else { return try Linalg.eye(x.shape[x.rank - 1], x.type).expanded(to: x.shape).copied() }
    return result === x ? try x.cloned() : result
  }

  static let rows: [Row] = [
    Row(
      "norm",
      """
      The norm of vectors or matrices. Without an order: the root of the sum of squares of all elements, or over dims.
      Orders of matrices (two dims named, or a tensor of two): "fro", "nuc" (the sum of singular values), 2 and -2 (the largest and least singular value), \
      1 and -1 (the largest and least sum of a column), math.huge and -math.huge (of a row). Of vectors: any number, as norm of a tensor.
      Errors: an order that does not exist, whole numbers.
      """,
      Param("x", Tensor.self), Param("ord", default: MatrixNorms.Order?.none, "the order"), Reduction.dim, Reduction.keepdim, place: .function,
      example: "return T.linalg.norm(T.tensor({{3, 4}, {1, 2}}), \"nuc\")"
    ) { x, order, dim, keep in try norm(x, order, Reduction.dims(dim, x, "linalg.norm"), keep) },
    Row(
      "matrix_power",
      """
      The n-th power of every matrix, x · x · …; the inverse's for a negative n, 1 for 0.
      Shapes: x, result (…, n, n).
      Errors: a matrix that is not square, a singular matrix to a negative power, whole numbers.
      """,
      Param("x", Tensor.self, "(…, n, n)"), Param("n", Int.self, "the power"), place: .function,
      example: "return T.linalg.matrix_power(T.tensor({{1, 1}, {0, 1}}), 5)"
    ) { x, n in try power(x, n) },
  ]
}
