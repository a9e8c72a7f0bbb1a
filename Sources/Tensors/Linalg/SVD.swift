internal import LuaBridge

/// A = U diag(s) Vᵀ, the singular values s falling, the columns of U and V orthonormal.
///
/// With E[i][j] = s[j]² - s[i]² and skew(X) = X - Xᵀ:
///     gA = U ((skew(Uᵀ gU) / E) S + S (skew(Vᵀ gV) / E) + diag(gs)) Vᵀ + (1 - U Uᵀ) gU S⁻¹ Vᵀ + U S⁻¹ gVᵀ (1 - V Vᵀ)
/// As for eigenvectors, vectors of equal values give each other no gradient: 1 / E is 0 there.
enum SVD {
  /// - full: U and V square; the vectors beyond the first min(m, n) have no gradient.
  static func decompose(_ x: Tensor, full: Bool, _ name: String = "svd") throws -> (u: Tensor, s: Tensor, vh: Tensor) {
    try Linalg.matrices(x, name)
    let rank = x.rank, m = x.shape[rank - 2], n = x.shape[rank - 1], k = min(m, n)
    guard k < 16_000 else { throw LuaError("linalg.\(name): LAPACK does not count the working memory of matrices as large as \(x.shape)") }
    let (u, s, vh) = try compute(x, full, name)
    guard Tape.follows(x) else { return (u, s, vh) }
    let uRest = u.shape[rank - 1] - k, vRest = vh.shape[rank - 2] - k
    func part(_ x: Tensor, _ dim: Int, _ start: Int, _ length: Int) throws -> Tensor {
      try Tape.recording(false) { try x.narrowed(dim, start, length).copied() }
    }
    let thin = try [part(u, rank - 1, 0, k), s, part(vh, rank - 2, 0, k)]
    let rest = try (uRest > 0 ? [part(u, rank - 1, k, uRest)] : []) + (vRest > 0 ? [part(vh, rank - 2, k, vRest)] : [])
    try Tape.follow(name, [x], results: thin + rest) { _, results, g in
      for extra in g.dropFirst(3) where try !QR.isZero(extra) {
        throw LuaError("linalg.\(name): singular vectors beyond the first \(k) have no gradient; use {full_matrices = false}")
      }
      return [try gradient(results[0], results[1], results[2], g[0], g[1], g[2])]
    }
    return (
      uRest > 0 ? try Joining.cat([thin[0], rest[0]], rank - 1, "linalg.svd") : thin[0], s,
      vRest > 0 ? try Joining.cat([thin[2], rest[rest.count - 1]], rank - 2, "linalg.svd") : thin[2]
    )
  }

  private static func compute(_ x: Tensor, _ full: Bool, _ name: String) throws -> (u: Tensor, s: Tensor, vh: Tensor) {
    let a = try MatrixBatch(columnMajor: x, name), lapack = try Lapack.routines(a.width), k = min(a.rows, a.columns)
    let u = try MatrixBatch(zeros: a.batch, a.rows, full ? a.rows : k, x.type, name)
    let s = try MatrixBatch(zeros: a.batch, k, 1, x.type, name)
    let vh = try MatrixBatch(zeros: a.batch, full ? a.columns : k, a.columns, x.type, name)
    if k == 0 {
      for i in 0..<a.count {  // no vectors are singled out: any base will do
        for j in 0..<u.columns { u[i, j &* u.rows &+ j] = 1 }
        for j in 0..<vh.rows { vh[i, j &* vh.rows &+ j] = 1 }
      }
    } else if a.count > 0 {
      let job = full ? "A" : "S"
      var m = a.m, n = a.n, ld = MatrixBatch.leading(a.rows), ldu = MatrixBatch.leading(u.rows), ldv = MatrixBatch.leading(vh.rows), info: Int32 = 0, ask: Int32 = -1
      let integers = try LapackWork(8 &* k, bytes: 4, name)
      let work = try LapackWork(a.width, name) {
        lapack.gesdd(job, &m, &n, a.pointer(0), &ld, s.pointer(0), u.pointer(0), &ldu, vh.pointer(0), &ldv, $0, &ask, integers.integers, &info, 1)
      }
      var workCount = work.count
      try a.forEach { i in
        guard a.isFinite(i) else { throw LuaError("linalg.\(name): \(a.place(i)) contains NaN or infinity (shape \(x.shape))") }
        lapack.gesdd(
          job, &m, &n, a.pointer(i), &ld, s.pointer(i), u.pointer(i), &ldu, vh.pointer(i), &ldv, work.block, &workCount, integers.integers, &info, 1)
        guard info == 0 else { throw LuaError("linalg.\(name): the singular values of \(a.place(i)) did not converge (shape \(x.shape))") }
      }
    }
    let values = try Tape.recording(false) { try s.tensor.reshaped(Shape(a.batch.array + [k])).copied() }
    return (try u.rowMajor(), values, try vh.rowMajor())
  }

  private static func gradient(_ u: Tensor, _ s: Tensor, _ vh: Tensor, _ gU: Tensor, _ gS: Tensor, _ gV: Tensor) throws -> Tensor {
    let rank = u.rank, m = u.shape[rank - 2], n = vh.shape[rank - 1], k = s.shape[s.rank - 1]
    let ut = try Linalg.transpose(u), v = try Linalg.transpose(vh), gVt = try Linalg.transpose(gV)
    let column = try s.unsqueezed(s.rank), row = try s.unsqueezed(s.rank - 1), gaps = try SymmetricEigen.reciprocalGaps(Elementwise.mul(s, s))
    func skew(_ x: Tensor) throws -> Tensor { try Elementwise.mul(Elementwise.sub(x, Linalg.transpose(x)), gaps) }
    var inner = try Elementwise.mul(gS.unsqueezed(gS.rank), Linalg.eye(k, s.type))
    inner = try Elementwise.add(inner, Elementwise.mul(skew(Matrices.matmul(ut, gU)), row))
    inner = try Elementwise.add(inner, Elementwise.mul(column, skew(Matrices.matmul(vh, gVt))))
    var result = try Matrices.matmul(u, Matrices.matmul(inner, vh))
    let zero = try Comparison.eq.apply(.tensor(row), .integer(0))
    let reciprocal = try Selection.select(
      zero, .integer(0), .tensor(Arithmetic.div.apply(.integer(1), .tensor(Selection.select(zero, .integer(1), .tensor(row))))))
    if m > k {
      let scaled = try Elementwise.mul(gU, reciprocal)
      let outside = try Elementwise.sub(scaled, Matrices.matmul(u, Matrices.matmul(ut, scaled)))
      result = try Elementwise.add(result, Matrices.matmul(outside, vh))
    }
    if n > k {
      let scaled = try Elementwise.mul(gV, Linalg.transpose(reciprocal))
      let outside = try Elementwise.sub(scaled, Matrices.matmul(Matrices.matmul(scaled, v), vh))
      result = try Elementwise.add(result, Matrices.matmul(u, outside))
    }
    return result
  }

  static let rows: [Row] = [
    Row(
      results: "svd",
      """
      Singular values (falling) and vectors: x = U · diag(s) · Vᵀ. The third result is Vᵀ, its rows the right singular vectors.
      The sign of a pair of vectors is not fixed: gradients make sense for what does not depend on it. Vectors of equal values give each other no gradient.
      Shapes: x (…, m, n), k = min(m, n); s (…, k); full: U (…, m, m), Vᵀ (…, n, n); otherwise U (…, m, k), Vᵀ (…, k, n).
      Errors: a matrix with NaN or infinity, whole numbers. Vectors beyond the first k have no gradient.
      """,
      Param("x", Tensor.self, "(…, m, n)"), Param("full_matrices", default: true, "complete U and V to squares"), place: .function,
      example: "return T.linalg.svd(T.tensor({{1, 2}, {3, 4}, {5, 7}}), {full_matrices = false})", returns: "Tensor, Tensor, Tensor"
    ) { stack, x, full in
      let (u, s, vh) = try decompose(x, full: full)
      u.push(stack)
      s.push(stack)
      vh.push(stack)
      return 3
    },
    Row(
      "svdvals",
      """
      The singular values, falling.
      Shapes: x (…, m, n); result (…, min(m, n)).
      Errors: a matrix with NaN or infinity, whole numbers.
      """,
      Param("x", Tensor.self, "(…, m, n)"), place: .function, example: "return T.linalg.svdvals(T.tensor({{1, 2}, {3, 4}}))"
    ) { x in try decompose(x, full: false, "svdvals").s },
  ]
}
