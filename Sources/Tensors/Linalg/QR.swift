internal import KernelTable
internal import LuaBridge

/// A = Q R, the columns of Q orthonormal, R an upper triangle; by Householder's reflections.
///
/// gA = (gQ + Q sym(R gRᵀ - gQᵀ Q)) R⁻ᵀ, where sym mirrors the lower triangle (for at least as many rows as columns).
enum QR {
  /// - complete: Q square, R as high as A.
  static func factor(_ a: Tensor, complete: Bool = false) throws -> (q: Tensor, r: Tensor) {
    try Linalg.matrices(a, "qr")
    let rows = a.shape[a.rank - 2], columns = a.shape[a.rank - 1], dim = a.rank - 1
    if rows >= columns { return try factored(a, complete: complete && rows > columns) }
    // The first columns give Q; the rest of R is Qᵀ times the other columns.
    let (q, r) = try factored(a.narrowed(dim, 0, rows), complete: false)
    let rest = try Matrices.matmul(Linalg.transpose(q), a.narrowed(dim, rows, columns - rows))
    return (q, try Joining.cat([r, rest], dim, "linalg.qr"))
  }

  /// For at least as many rows as columns.
  private static func factored(_ a: Tensor, complete: Bool) throws -> (q: Tensor, r: Tensor) {
    let rank = a.rank, rows = a.shape[rank - 2], columns = a.shape[rank - 1]
    let full = try MatrixBatch(zeros: Shape(a.shape.dropLast(2)), rows, complete ? rows : columns, a.type, "qr")
    let source = try MatrixBatch(columnMajor: a, "qr"), size = rows &* columns &* full.width.stride
    for i in 0..<source.count { full.pointer(i).copyMemory(from: source.pointer(i), byteCount: size) }
    let r = try MatrixBatch(zeros: full.batch, columns, columns, a.type, "qr")
    try reflect(full, r, columns)
    let whole = try full.rowMajor(), upper = try r.rowMajor()
    guard complete else {
      try record(a, [whole, upper])
      return (whole, upper)
    }
    let thin = try Tape.recording(false) { try whole.narrowed(rank - 1, 0, columns).copied() }
    let rest = try Tape.recording(false) { try whole.narrowed(rank - 1, columns, rows - columns).copied() }
    try record(a, [thin, upper, rest])
    let padding = try Tensor.zeros(Shape(upper.shape.dropLast(2) + [rows - columns, columns]), a.type)
    return (try Joining.cat([thin, rest], rank - 1, "linalg.qr"), try Joining.cat([upper, padding], rank - 2, "linalg.qr"))
  }

  /// Turns matrices into Q and writes R; `columns` of them are A's, those beyond complete the base.
  private static func reflect(_ full: MatrixBatch, _ r: MatrixBatch, _ columns: Int) throws {
    let lapack = try Lapack.routines(full.width)
    var m = full.m, n = Int32(columns), all = full.n, ld = MatrixBatch.leading(full.rows), info: Int32 = 0, ask: Int32 = -1
    let tau = try LapackWork(columns, bytes: full.width.stride, "qr")
    guard full.rows > 0, full.columns > 0 else { return }
    let first = try LapackWork(full.width, "qr") { lapack.geqrf(&m, &n, full.pointer(0), &ld, tau.block, $0, &ask, &info) }
    let second = try LapackWork(full.width, "qr") { lapack.orgqr(&m, &all, &n, full.pointer(0), &ld, tau.block, $0, &ask, &info) }
    var firstCount = first.count, secondCount = second.count
    try full.forEach { i in
      guard columns > 0 else {
        for k in 0..<full.columns { full[i, k &* full.rows &+ k] = 1 }
        return
      }
      guard full.isFinite(i) else {
        full.fill(i, .nan)
        r.fill(i, .nan)
        return r.clear(i, aboveDiagonal: false)
      }
      lapack.geqrf(&m, &n, full.pointer(i), &ld, tau.block, first.block, &firstCount, &info)
      for column in 0..<columns {
        for row in 0...column { r[i, column &* columns &+ row] = full[i, column &* full.rows &+ row] }
      }
      lapack.orgqr(&m, &all, &n, full.pointer(i), &ld, tau.block, second.block, &secondCount, &info)
    }
  }

  /// results: Q, R and, where the base was completed, the columns that were added.
  private static func record(_ a: Tensor, _ results: [Tensor]) throws {
    guard Tape.follows(a) else { return }
    try Tape.follow("qr", [a], results: results) { node, results, g in
      if results.count > 2, try !isZero(g[2]) {
        throw LuaError("linalg.qr: the columns of Q that complete the base have no gradient; use mode = \"reduced\"")
      }
      let q = results[0], r = results[1], n = r.shape[r.rank - 1]
      let m = try Elementwise.sub(Matrices.matmul(r, Linalg.transpose(g[1])), Matrices.matmul(Linalg.transpose(g[0]), q))
      let half = try Elementwise.mul(m, Linalg.lowerMask(n, diagonal: 0.5, r.type))
      let mirrored = try Elementwise.add(half, Linalg.transpose(half))
      let z = try Elementwise.add(g[0], Matrices.matmul(q, mirrored))
      return [try Linalg.transpose(Triangular.solve(r, Linalg.transpose(z), upper: true, "qr backward"))]
    }
  }

  static func isZero(_ x: Tensor) throws -> Bool { try !Counting.any(Comparison.ne.apply(.tensor(x), .integer(0))) }

  static let rows: [Row] = [
    Row(
      results: "qr",
      """
      Q and R of x = Q · R: Q's columns are orthonormal, R is an upper triangle whose diagonal may be negative.
      Shapes: x (…, m, n), k = min(m, n); "reduced": Q (…, m, k), R (…, k, n); "complete": Q (…, m, m), R (…, m, n); "r": Q is empty, R (…, k, n).
      Errors: an unknown mode, whole numbers. A matrix with NaN or infinity gives NaN. The columns that "complete" adds to Q have no gradient.
      """,
      Param("x", Tensor.self, "(…, m, n)"), Param("mode", default: "reduced", "\"reduced\", \"complete\" or \"r\""), place: .function,
      example: "return T.linalg.qr(T.tensor({{1, 2}, {3, 4}, {5, 7}}))", returns: "Tensor, Tensor"
    ) { stack, x, mode in
      guard ["reduced", "complete", "r"].contains(mode) else { throw LuaError("linalg.qr: unknown mode \"\(mode)\" (modes: reduced, complete, r)") }
      let (q, r) = try factor(x, complete: mode == "complete")
      (mode == "r" ? try Tensor(empty: Shape(0), x.type) : q).push(stack)
      r.push(stack)
      return 2
    }
  ]
}
