internal import LuaBridge

/// A = V diag(w) Vᵀ for symmetric A, the eigenvalues w rising, the columns of V orthonormal.
///
/// gA = V (diag(gw) + Vᵀ gV ∘ F) Vᵀ with F[i][j] = 1 / (w[j] - w[i]).
/// Where two eigenvalues are equal F is 0: their vectors can be turned into each other, and only what does not depend on that has a gradient.
enum SymmetricEigen {
  /// A is taken as (A + Aᵀ) / 2, or mirrored from one of its triangles.
  static func decompose(_ x: Tensor, triangle: String? = nil, _ name: String = "eigh") throws -> (values: Tensor, vectors: Tensor) {
    try Linalg.square(x, name)
    guard x.shape[x.rank - 1] < 32_000 else { throw LuaError("linalg.\(name): LAPACK does not count the working memory of matrices as large as \(x.shape)") }
    switch triangle?.uppercased() {
    case nil: return try decomposed(Linalg.symmetrised(x), name)
    case "L", "U":
      let lower = triangle?.uppercased() == "L"
      let half = try Diagonals.triangle(x, 0, lower: lower), other = try Diagonals.triangle(x, lower ? -1 : 1, lower: lower)
      return try decomposed(Elementwise.add(half, Linalg.transpose(other)), name)
    default: throw LuaError("linalg.\(name): UPLO is \"L\" or \"U\", got \"\(triangle ?? "")\"")
    }
  }

  private static func decomposed(_ a: Tensor, _ name: String) throws -> (values: Tensor, vectors: Tensor) {
    let v = try MatrixBatch(columnMajor: a, name), lapack = try Lapack.routines(v.width)
    let w = try MatrixBatch(zeros: v.batch, v.rows, 1, a.type, name)
    var n = v.n, ld = MatrixBatch.leading(v.rows), info: Int32 = 0, ask: Int32 = -1, askToo: Int32 = -1, wanted: Int32 = 0
    if v.rows > 0, v.count > 0 {
      let work = try LapackWork(v.width, name) {
        lapack.syevd("V", "L", &n, v.pointer(0), &ld, w.pointer(0), $0, &ask, &wanted, &askToo, &info, 1, 1)
      }
      let integers = try LapackWork(Int(wanted), bytes: 4, name)
      var workCount = work.count, integerCount = integers.count
      try v.forEach { i in
        guard v.isFinite(i) else { throw LuaError("linalg.\(name): \(v.place(i)) contains NaN or infinity (shape \(a.shape))") }
        lapack.syevd("V", "L", &n, v.pointer(i), &ld, w.pointer(i), work.block, &workCount, integers.integers, &integerCount, &info, 1, 1)
        guard info == 0 else { throw LuaError("linalg.\(name): the eigenvalues of \(v.place(i)) did not converge (shape \(a.shape))") }
      }
    }
    let values = try Tape.recording(false) { try w.tensor.reshaped(Shape(a.shape.dropLast(1))).copied() }, vectors = try v.rowMajor()
    try Tape.follow(name, [a], results: [values, vectors]) { _, results, g in
      let v = results[1], turned = try Linalg.transpose(v)
      let inner = try Elementwise.mul(Matrices.matmul(turned, g[1]), reciprocalGaps(results[0]))
      let diagonal = try Elementwise.mul(g[0].unsqueezed(g[0].rank), Linalg.eye(v.shape[v.rank - 1], v.type))
      return [try Matrices.matmul(v, Matrices.matmul(Elementwise.add(inner, diagonal), turned))]
    }
    return (values, vectors)
  }

  /// F[i][j] = 1 / (x[j] - x[i]), 0 where both are equal.
  static func reciprocalGaps(_ x: Tensor) throws -> Tensor {
    let gaps = try Elementwise.sub(x.unsqueezed(x.rank - 1), x.unsqueezed(x.rank))
    let equal = try Comparison.eq.apply(.tensor(gaps), .integer(0))
    let safe = try Selection.select(equal, .integer(1), .tensor(gaps))
    return try Selection.select(equal, .integer(0), .tensor(Arithmetic.div.apply(.integer(1), .tensor(safe))))
  }

  private static let x = Param("x", Tensor.self, "(…, n, n), symmetric")
  private static let triangle = Param("UPLO", default: String?.none, "\"L\" or \"U\": read this triangle only; else x is taken as (x + xᵀ) / 2")

  static let rows: [Row] = [
    Row(
      "eigh",
      """
      Eigenvalues (rising) and eigenvectors (columns) of symmetric matrices: x · V = V · diag(w).
      The sign of a vector is not fixed: gradients make sense for what does not depend on it. Vectors of equal eigenvalues give each other no gradient.
      Shapes: x (…, n, n); w (…, n); V (…, n, n).
      Errors: a matrix that is not square or not finite, whole numbers.
      """,
      x, triangle, place: .function, example: "return T.linalg.eigh(T.tensor({{2, 1}, {1, 3}}))"
    ) { x, triangle in
      let (values, vectors) = try decompose(x, triangle: triangle)
      return (values, vectors)
    },
    Row(
      "eigvalsh",
      """
      The eigenvalues of symmetric matrices, rising.
      Shapes: x (…, n, n); result (…, n).
      Errors: a matrix that is not square or not finite, whole numbers.
      """,
      x, triangle, place: .function, example: "return T.linalg.eigvalsh(T.tensor({{2, 1}, {1, 3}}))"
    ) { x, triangle in try decompose(x, triangle: triangle, "eigvalsh").values },
  ]
}
