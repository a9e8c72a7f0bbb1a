internal import LuaBridge

/// A⁺ = V diag(1/s) Uᵀ without the singular values that are 0 but for rounding; and what is built on it.
enum PseudoInverse {
  /// Singular values up to this times the largest count as 0: PyTorch's default, ε max(m, n).
  private static func tolerance(_ x: Tensor, _ rtol: Double?, _ name: String) throws -> Double {
    if let rtol {
      guard rtol >= 0 else { throw LuaError("linalg.\(name): rtol cannot be negative, got \(rtol.luaLiteral)") }
      return rtol
    }
    return (x.type == .float32 ? Double(Float.ulpOfOne) : Double.ulpOfOne) * Double(max(x.shape[x.rank - 1], x.shape[x.rank - 2]))
  }

  /// True where a singular value counts.
  private static func counted(_ s: Tensor, _ tolerance: Double) throws -> Tensor {
    let last = s.rank - 1
    guard s.shape[last] > 0 else { return try Tensor.zeros(s.shape, .bool) }
    let largest = try s.narrowed(last, 0, 1)
    return try Comparison.gt.apply(.tensor(s), .tensor(Elementwise.mul(largest, tolerance)))
  }

  /// While the rank stays the same, dP = -P dA P + P Pᵀ dAᵀ (1 - A P) + (1 - P A) dAᵀ Pᵀ P (Golub & Pereyra 1973), so that
  ///     gA = -Pᵀ g Pᵀ + (gᵀ - A P gᵀ) P Pᵀ + Pᵀ P (gᵀ - gᵀ P A)
  static func pinv(_ x: Tensor, rtol: Double?, _ name: String = "pinv") throws -> Tensor {
    try Linalg.matrices(x, name)
    let y = try Tape.recording(false) {
      let (u, s, vh) = try SVD.decompose(x, full: false, name)
      let counted = try counted(s, tolerance(x, rtol, name))
      let reciprocal = try Selection.select(counted, .tensor(Arithmetic.div.apply(.integer(1), .tensor(s))), .integer(0))
      return try Matrices.matmul(Elementwise.mul(Linalg.transpose(vh), reciprocal.unsqueezed(s.rank - 1)), Linalg.transpose(u)).contiguous()
    }
    if Tape.follows(x) {
      try y.follow(name, [x], saving: [x, y]) { node, g in
        let a = try node.saved(0), p = try node.saved(1), pt = try Linalg.transpose(p), gt = try Linalg.transpose(g)
        func product(_ list: Tensor...) throws -> Tensor { try list.dropFirst().reduce(list[0]) { try Matrices.matmul($0, $1) } }
        let first = try product(pt, g, pt)
        let left = try Elementwise.sub(gt, product(a, p, gt)), right = try Elementwise.sub(gt, product(gt, p, a))
        return [try Elementwise.sub(Elementwise.add(product(left, p, pt), product(pt, p, right)), first)]
      }
    }
    return y
  }

  private static let rtol = Param.option("rtol", default: Double?.none, "singular values up to rtol times the largest count as 0; else ε · max(m, n)")

  static let rows: [Row] = [
    Row(
      "pinv",
      """
      The pseudo-inverse of Moore and Penrose: the inverse where there is one, else the least-squares solution's matrix. Its gradient holds while the rank stays.
      Shapes: x (…, m, n); result (…, n, m).
      Errors: a matrix with NaN or infinity, whole numbers, a negative rtol.
      """,
      Param("x", Tensor.self, "(…, m, n)"), rtol, place: .function, example: "return T.linalg.pinv(T.tensor({{1, 2}, {3, 4}, {5, 7}}))"
    ) { x, rtol in try pinv(x, rtol: rtol) },
    Row(
      "matrix_rank",
      """
      How many singular values are not 0, as int64.
      Shapes: x (…, m, n); result (…).
      Errors: a matrix with NaN or infinity, whole numbers, a negative rtol.
      """,
      Param("x", Tensor.self, "(…, m, n)"), rtol, place: .function, example: "return T.linalg.matrix_rank(T.tensor({{1, 2}, {2, 4}}))"
    ) { x, rtol in
      try Linalg.matrices(x, "matrix_rank")
      let s = try Tape.recording(false) { try SVD.decompose(x, full: false, "matrix_rank").s }
      return try Reduction.sum(counted(s, tolerance(x, rtol, "matrix_rank")), dims: [s.rank - 1])
    },
    Row(
      "lstsq",
      """
      X with the least ‖A X - B‖, the shortest of them where there are several, and the squared length of every column of A X - B.
      Shapes: A (…, m, n); B (…, m, k); X (…, n, k); residuals (…, k).
      Errors: shapes that do not fit, a matrix with NaN or infinity, whole numbers.
      """,
      Param("a", Tensor.self, "(…, m, n)"), Param("b", Tensor.self, "(…, m, k), or a vector (m)"), rtol, place: .function,
      example: "return T.linalg.lstsq(T.tensor({{1, 1}, {1, 2}, {1, 3}}), T.tensor({{1}, {2}, {2}}))"
    ) { a, b, rtol in
      try Linalg.matrices(a, "lstsq")
      guard b.rank > 0, b.type.isFloat else { throw LuaError("linalg.lstsq: takes float matrices, got \(b.description) on the right side") }
      let type = max(a.type, b.type), a = try a.to(type), vector = b.rank == 1, b = try vector ? b.to(type).unsqueezed(1) : b.to(type)
      guard a.shape[a.rank - 2] == b.shape[b.rank - 2] else {
        throw LuaError("linalg.lstsq: A has \(a.shape[a.rank - 2]) rows, B \(b.shape[b.rank - 2]) (A \(a.shape), B \(b.shape))")
      }
      let x = try Matrices.matmul(pinv(a, rtol: rtol, "lstsq"), b, name: "lstsq")
      let rest = try Elementwise.sub(Matrices.matmul(a, x), b)
      let residuals = try Reduction.sum(Elementwise.mul(rest, rest), dims: [rest.rank - 2])
      guard vector else { return (x, residuals) }
      return (try x.reshaped(Shape(x.shape.dropLast(1))), try residuals.reshaped(Shape(residuals.shape.dropLast(1))))
    },
  ]
}
