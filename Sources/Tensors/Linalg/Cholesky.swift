internal import LuaBridge

/// A = L Lᵀ, L a lower triangle with a positive diagonal.
///
/// gA = ½ (S + Sᵀ), S = L⁻ᵀ Φ(Lᵀ gL) L⁻¹, where Φ keeps the lower triangle and halves the diagonal.
/// A is taken as (A + Aᵀ) / 2, so that its gradient is symmetric and agrees with differences of single elements.
enum Cholesky {
  static func factor(_ x: Tensor) throws -> Tensor {
    try Linalg.square(x, "cholesky")
    return try factored(Linalg.symmetrised(x))
  }

  private static func factored(_ a: Tensor) throws -> Tensor {
    let factors = try MatrixBatch(columnMajor: a, "cholesky"), lapack = try Lapack.routines(factors.width)
    var n = factors.n, ld = MatrixBatch.leading(factors.rows)
    try factors.forEach { i in
      guard factors.isFinite(i) else { throw LuaError("linalg.cholesky: \(factors.place(i)) contains NaN or infinity (shape \(a.shape))") }
      var info: Int32 = 0
      lapack.potrf("L", &n, factors.pointer(i), &ld, &info, 1)
      guard info == 0 else {
        throw LuaError("linalg.cholesky: \(factors.place(i)) is not positive definite: the leading part of \(info) rows is not (shape \(a.shape))")
      }
      factors.clear(i, aboveDiagonal: true)
    }
    let l = try factors.rowMajor()
    if Tape.follows(a) {
      try l.follow("cholesky", [a], saving: [l]) { node, g in
        let l = try node.saved(0), turned = try Linalg.transpose(l)
        let phi = try Elementwise.mul(Matrices.matmul(turned, g), Linalg.lowerMask(l.shape[l.rank - 1], diagonal: 0.5, l.type))
        let half = try Triangular.solve(turned, phi, upper: true, "cholesky backward")
        return [try Linalg.transpose(Triangular.solve(turned, Linalg.transpose(half), upper: true, "cholesky backward"))]
      }
    }
    return l
  }

  static let rows: [Row] = [
    Row(
      "cholesky",
      """
      The lower triangle L of x = L · Lᵀ, for symmetric positive definite matrices; x is taken as (x + xᵀ) / 2.
      Shapes: x, result (…, n, n).
      Errors: a matrix that is not positive definite, not square, or not finite; whole numbers.
      """,
      Param("x", Tensor.self, "(…, n, n), symmetric"), Param.option("upper", default: false, "give Lᵀ instead"), place: .function,
      example: "return T.linalg.cholesky(T.tensor({{4, 2}, {2, 3}}))"
    ) { x, upper in
      let l = try factor(x)
      return upper ? try Linalg.transpose(l) : l
    }
  ]
}
