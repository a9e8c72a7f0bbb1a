internal import KernelTable
internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// det A: the product of the diagonal of U in P L U, with the sign of the exchanged rows.
///
/// gA = g · cof A, the matrix of cofactors, which exists for every A. Where A can be inverted it is det A · A⁻ᵀ.
enum Determinant {
  /// The sign and log |det| of every matrix.
  private static func logarithms(_ x: Tensor, _ name: String) throws -> (batch: Shape, values: [(sign: Double, log: Double)], regular: Bool) {
    try Linalg.square(x, name)
    let lu = try MatrixBatch(columnMajor: x, name)
    var values = Array(repeating: (sign: 1.0, log: 0.0), count: lu.count), regular = true
    let tiny = Double(lu.rows) * (lu.width == .float32 ? Double(Float.ulpOfOne) : Double.ulpOfOne)
    try LinearSolve.factor(lu, name) { i, outcome in
      switch outcome {
      case .notFinite: values[i] = (.nan, .nan)
      case .singular:
        values[i] = (0, -.infinity)
        regular = false
      case .factors(let pivots):
        var least = Double.infinity, most = 0.0
        for k in 0..<lu.rows {
          let pivot = lu[i, k &* lu.rows &+ k]
          if (pivot < 0) != (pivots[k] != Int32(k + 1)) { values[i].sign = -values[i].sign }
          values[i].log += log(abs(pivot))
          least = min(least, abs(pivot))
          most = max(most, abs(pivot))
        }
        if least <= tiny * most { regular = false }
      }
    }
    return (lu.batch, values, regular)
  }

  static func det(_ x: Tensor) throws -> Tensor {
    try Linalg.square(x, "det")
    let lu = try MatrixBatch(columnMajor: x, "det"), y = try Tensor.full(lu.batch, 1, x.type)
    try LinearSolve.factor(lu, "det") { i, outcome in
      switch outcome {
      case .notFinite: y.set(i, .nan)
      case .singular: y.set(i, 0)
      case .factors(let pivots):
        var product = 1.0
        for k in 0..<lu.rows { product *= lu[i, k &* lu.rows &+ k] * (pivots[k] != Int32(k + 1) ? -1 : 1) }
        y.set(i, product)
      }
    }
    if Tape.follows(x) {
      try y.follow("det", [x], saving: [x, y]) { node, g in
        let x = try node.saved(0), factor = try Linalg.scalars(g)
        if try logarithms(x.alias(), "det").regular {
          let scale = try Elementwise.mul(factor, Linalg.scalars(node.saved(1)))
          return [try Elementwise.mul(scale, Linalg.transpose(LinearSolve.inverse(x, "det")))]
        }
        return [try Elementwise.mul(factor, Tape.isOn ? polynomialCofactors(x) : cofactors(x))]
      }
    }
    return y
  }

  /// By singular values, exact at singular matrices too: cof A = det U det V · U diag(Π over j ≠ i of s[j]) Vᵀ.
  private static func cofactors(_ x: Tensor) throws -> Tensor {
    let (u, s, vh) = try SVD.decompose(x, full: false, "det")
    let n = s.shape[s.rank - 1]
    // Each row without its own element: the product of ones on the diagonal and s elsewhere.
    let eye = try Comparison.ne.apply(.tensor(Linalg.eye(n, x.type)), .integer(0))
    let others = try Products.prod(Selection.select(eye, .integer(1), .tensor(s.unsqueezed(s.rank - 1))), dims: [s.rank])
    let sign = try Linalg.scalars(Elementwise.mul(det(u), det(vh)))
    return try Elementwise.mul(sign, Matrices.matmul(u, Elementwise.mul(others.unsqueezed(others.rank), vh)))
  }

  /// By the recursion of Faddeev and LeVerrier, M ← A M + c 1, c = -tr(A M) / k: products only, so that it has derivatives at singular matrices.
  private static func polynomialCofactors(_ x: Tensor) throws -> Tensor {
    let n = x.shape[x.rank - 1], eye = try Linalg.eye(n, x.type)
    var m = try eye.expanded(to: x.shape)
    for k in 1..<max(n, 1) {
      let product = try Matrices.matmul(x, m)
      let trace = try Reduction.sum(Elementwise.mul(product, eye), dims: [x.rank - 2, x.rank - 1], keep: true)
      m = try Elementwise.sub(product, Elementwise.mul(Elementwise.mul(trace, eye), 1 / Double(k)))
    }
    return try Linalg.transpose(n % 2 == 1 ? m : Elementwise.neg(m))
  }

  /// ∂ log |det A| = A⁻ᵀ
  static func logarithm(_ x: Tensor) throws -> (sign: Tensor, log: Tensor) {
    let (batch, values, _) = try logarithms(x, "slogdet")
    let sign = try Tensor(empty: batch, x.type), log = try Tensor(empty: batch, x.type)
    for (i, value) in values.enumerated() {
      sign.set(i, value.sign)
      log.set(i, value.log)
    }
    if Tape.follows(x) {
      try log.follow("slogdet", [x], saving: [x]) { node, g in
        [try Elementwise.mul(Linalg.scalars(g), Linalg.transpose(LinearSolve.inverse(node.saved(0), "slogdet")))]
      }
    }
    return (sign, log)
  }

  static let rows: [Row] = [
    Row(
      "det",
      """
      The determinant of every matrix. Its gradient, the cofactors, exists at singular matrices too.
      Shapes: x (…, n, n); result (…).
      Errors: a matrix that is not square, whole numbers. A matrix with NaN or infinity gives NaN.
      """,
      Param("x", Tensor.self, "(…, n, n)"), place: .function, example: "return T.linalg.det(T.tensor({{2, 1}, {1, 3}}))"
    ) { x in try det(x) },
    Row(
      "slogdet",
      """
      The sign of the determinant (-1, 0 or 1, without a gradient) and log |det x|, which neither overflows nor vanishes where the determinant would.
      Shapes: x (…, n, n); results (…).
      Errors: a matrix that is not square, whole numbers; the gradient at a singular matrix, whose log |det| is -∞.
      """,
      Param("x", Tensor.self, "(…, n, n)"), place: .function, example: "return select(2, T.linalg.slogdet(T.tensor({{2, 1}, {1, 3}})))"
    ) { x in
      let (sign, log) = try logarithm(x)
      return (sign, log)
    },
  ]
}
