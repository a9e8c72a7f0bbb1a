internal import LuaBridge

/// A x = b and A⁻¹, by P L U with partial pivoting.
enum LinearSolve {
  /// What became of one matrix: factors with the rows exchanged (from 1), a zero on U's diagonal (from 1), or nothing since it is not finite.
  enum Outcome {
    case factors(UnsafeMutablePointer<Int32>)
    case singular(Int)
    case notFinite
  }

  /// P L U of every matrix, in its place.
  static func factor(_ a: MatrixBatch, _ name: String, _ body: (Int, Outcome) throws -> Void) throws {
    let lapack = try Lapack.routines(a.width), pivots = try LapackWork(a.rows, bytes: 4, name)
    var m = a.m, n = a.n, ld = MatrixBatch.leading(a.rows)
    try a.forEach { i in
      guard a.isFinite(i) else { return try body(i, .notFinite) }
      var info: Int32 = 0
      lapack.getrf(&m, &n, a.pointer(i), &ld, pivots.integers, &info)
      try body(i, info > 0 ? .singular(Int(info)) : .factors(pivots.integers))
    }
  }

  /// X of A X = B, batches of the same shape (…, n, n) and (…, n, k). Where A or B is not finite, X is NaN.
  private static func compute(_ a: Tensor, _ b: Tensor, _ name: String) throws -> Tensor {
    let lu = try MatrixBatch(columnMajor: a, name), x = try MatrixBatch(columnMajor: b, name)
    let lapack = try Lapack.routines(lu.width)
    var n = lu.n, k = x.n, ld = MatrixBatch.leading(lu.rows), ldx = ld
    try factor(lu, name) { i, outcome in
      switch outcome {
      case .singular: throw LuaError("linalg.\(name): \(lu.place(i)) is singular (shape \(a.shape))")
      case .factors(let pivots) where x.columns > 0 && x.isFinite(i):
        var info: Int32 = 0
        lapack.getrs("N", &n, &k, lu.pointer(i), &ld, pivots, x.pointer(i), &ldx, &info, 1)
      default: x.fill(i, .nan)
      }
    }
    return try x.rowMajor()
  }

  /// gB = A⁻ᵀ g, gA = -gB Xᵀ
  private static func solved(_ a: Tensor, _ b: Tensor, _ name: String) throws -> Tensor {
    let x = try compute(a, b, name)
    if Tape.follows(a, b) {
      try x.follow(name, [a, b], saving: [a, x]) { node, g in
        let gB = try solved(Linalg.transpose(node.saved(0)), g, name)
        return [
          node.needs(0) ? try Elementwise.neg(Matrices.matmul(gB, Linalg.transpose(node.saved(1)))) : nil,
          gB,
        ]
      }
    }
    return x
  }

  /// PyTorch's rule: b is a batch of vectors where it has one dim, or A's shape without its last dim.
  static func solve(_ a: Tensor, _ b: Tensor, left: Bool = true, _ name: String = "solve") throws -> Tensor {
    try Linalg.square(a, name)
    guard left else {
      guard b.rank >= 2 else { throw LuaError("linalg.\(name): with left = false the right side must be a matrix, got shape \(b.shape)") }
      return try Linalg.transpose(solve(Linalg.transpose(a), Linalg.transpose(b), name))
    }
    guard b.type.isFloat else { throw LuaError("linalg.\(name): takes float32 or float64, got \(b.type.name); convert it first, for example b:double()") }
    let type = max(a.type, b.type), a = try a.to(type), b = try b.to(type)
    let isVector = b.rank == 1 || b.shape == Shape(a.shape.dropLast(1))
    guard b.rank > 0 else { throw LuaError("linalg.\(name): the right side has no dims (A \(a.shape))") }
    let right = isVector ? try b.unsqueezed(b.rank) : b
    let n = a.shape[a.rank - 1]
    guard right.shape[right.rank - 2] == n else {
      throw LuaError("linalg.\(name): A has \(n) rows, the right side \(right.shape[right.rank - 2]) (A \(a.shape), b \(b.shape))")
    }
    let x: Tensor
    if a.rank == 2, right.rank > 2 {
      // One matrix for a batch: its factors serve all columns.
      let order = [right.rank - 2] + Array(0..<(right.rank - 2)) + [right.rank - 1]
      let turned = try right.permuted(order)
      let columns = try solved(a, turned.reshaped(Shape(n, right.count / max(n, 1))), name)
      x = try columns.reshaped(turned.shape).permuted(Array(1..<(right.rank - 1)) + [0, right.rank - 1])
    } else {
      let batch = try Shape.broadcast(Shape(a.shape.dropLast(2)), Shape(right.shape.dropLast(2)), "linalg.\(name)")
      let k = right.shape[right.rank - 1]
      x = try solved(
        a.expanded(to: Shape.checked(batch.array + [n, n], "linalg.\(name)")), right.expanded(to: Shape.checked(batch.array + [n, k], "linalg.\(name)")), name)
    }
    guard isVector else { return x }
    return try x.reshaped(Shape(x.shape.dropLast(1)))
  }

  /// g ↦ -A⁻ᵀ g A⁻ᵀ
  static func inverse(_ a: Tensor, _ name: String = "inv") throws -> Tensor {
    try Linalg.square(a, name)
    let y = try compute(a, Linalg.eye(a.shape[a.rank - 1], a.type).expanded(to: a.shape), name)
    if Tape.follows(a) {
      try y.follow(name, [a], saving: [y]) { node, g in
        let turned = try Linalg.transpose(node.saved(0))
        return [try Elementwise.neg(Matrices.matmul(turned, Matrices.matmul(g, turned)))]
      }
    }
    return y
  }

  static let rows: [Row] = [
    Row(
      "inv",
      """
      The inverse of every matrix: x · inv(x) = 1. To solve an equation, solve is faster and more exact.
      Shapes: x, result (…, n, n).
      Errors: a singular matrix, a matrix that is not square, whole numbers. A matrix with NaN or infinity gives NaN.
      """,
      Param("x", Tensor.self, "(…, n, n)"), place: .function, example: "return T.linalg.inv(T.tensor({{2, 1}, {1, 3}}))"
    ) { x in try inverse(x) },
    Row(
      "solve",
      """
      X of A X = B, by LU with partial pivoting. B is a vector, or a batch of them, where it has one dim or A's shape without the last.
      Shapes: A (…, n, n); B, result (…, n, k) or (n) or (…, n); dims before them broadcast.
      Errors: a singular matrix, shapes that do not fit, whole numbers. NaN or infinity give NaN.
      """,
      Param("a", Tensor.self, "(…, n, n)"), Param("b", Tensor.self, "(…, n, k), or vectors (…, n)"), Param.option("left", default: true, "false: X of X A = B"),
      place: .function, example: "return T.linalg.solve(T.tensor({{2, 1}, {1, 3}}), T.tensor({3, 5}))"
    ) { a, b, left in try solve(a, b, left: left) },
  ]
}
