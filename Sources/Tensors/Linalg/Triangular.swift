internal import LuaBridge

/// X of A X = B, where A is a triangle.
enum Triangular {
  /// A and B of one type and one batch.
  private static func compute(_ a: Tensor, _ b: Tensor, _ upper: Bool, _ unit: Bool, _ name: String) throws -> Tensor {
    let a = try MatrixBatch(columnMajor: a, name), x = try MatrixBatch(columnMajor: b, name)
    let lapack = try Lapack.routines(a.width)
    var n = a.n, k = x.n, ld = MatrixBatch.leading(a.rows), ldx = ld
    try x.forEach { i in
      var info: Int32 = 0
      lapack.trtrs(upper ? "U" : "L", "N", unit ? "U" : "N", &n, &k, a.pointer(i), &ld, x.pointer(i), &ldx, &info, 1, 1, 1)
      if info > 0 { throw LuaError("linalg.\(name): \(a.place(i)) is singular: 0 at place \(info) of its diagonal (shape \(a.tensor.shape))") }
    }
    return try x.rowMajor()
  }

  /// gB = A⁻ᵀ g, gA = the triangle of -gB Xᵀ.
  static func solve(_ a: Tensor, _ b: Tensor, upper: Bool, unit: Bool = false, _ name: String = "solve_triangular") throws -> Tensor {
    let x = try compute(a, b, upper, unit, name)
    if Tape.follows(a, b) {
      try x.follow(name, [a, b], saving: [a, x]) { node, g in
        let gB = try solve(Linalg.transpose(node.saved(0)), g, upper: !upper, unit: unit, name)
        guard node.needs(0) else { return [nil, gB] }
        let gA = try Elementwise.neg(Matrices.matmul(gB, Linalg.transpose(node.saved(1))))
        return [try Diagonals.triangle(gA, unit ? (upper ? 1 : -1) : 0, lower: !upper), gB]
      }
    }
    return x
  }

  static let rows: [Row] = [
    Row(
      "solve_triangular",
      """
      X of A X = B for a triangular A: only that triangle is read.
      Shapes: A (…, n, n); B, result (…, n, k); dims before them broadcast.
      Errors: 0 on the diagonal, shapes that do not fit, whole numbers.
      """,
      Param("a", Tensor.self, "(…, n, n)"), Param("b", Tensor.self, "(…, n, k)"), Param.option("upper", default: false, "the triangle above the diagonal is read"),
      Param.option("left", default: true, "false: X of X A = B"), Param.option("unitriangular", default: false, "the diagonal counts as ones"), place: .function,
      example: "return T.linalg.solve_triangular(T.tensor({{2, 1}, {0, 3}}), T.tensor({{3}, {6}}), {upper = true})"
    ) { a, b, upper, left, unit in
      let name = "solve_triangular"
      try Linalg.square(a, name)
      try Linalg.matrices(b, name)
      let n = a.shape[a.rank - 1], other = b.shape[left ? b.rank - 2 : b.rank - 1]
      guard n == other else { throw LuaError("linalg.\(name): A has \(n) rows, B \(other) \(left ? "rows" : "columns") (A \(a.shape), B \(b.shape))") }
      let type = max(a.type, b.type)
      let batch = try Shape.broadcast(Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2)), "linalg.\(name)").array
      let triangle = try a.to(type).expanded(to: Shape.checked(batch + [n, n], "linalg.\(name)"))
      let right = try b.to(type).expanded(to: Shape.checked(batch + b.shape.suffix(2), "linalg.\(name)"))
      if left { return try solve(triangle, right, upper: upper, unit: unit) }
      return try Linalg.transpose(solve(Linalg.transpose(triangle), Linalg.transpose(right), upper: !upper, unit: unit))
    }
  ]
}
