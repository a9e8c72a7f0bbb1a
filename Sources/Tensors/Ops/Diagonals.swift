internal import LuaBridge

/// Diagonals and triangles of matrices. Diagonal k: 0 is the main one, 1 the one above, -1 the one below.
enum Diagonals {
  static let rows: [Row] = [
    Row(
      "diag",
      """
      The diagonal of a matrix as a vector, or a matrix with a vector on its diagonal.
      Shapes: x (m, n) gives the diagonal as a vector, x (n) a square matrix.
      Errors: other ranks.
      """, Param("x", Tensor.self, "a vector or matrix"),
      Param("k", default: 0, "which diagonal: 0 is the main one, 1 the one above it"), example: "return T.diag(T.tensor({1, 2}))"
    ) { x, k in
      switch x.rank {
      case 1: return try matrix(x, k)
      case 2: return try diagonal(x, k)
      default: throw LuaError("diag: a vector or matrix expected, got shape \(x.shape)")
      }
    },
    Row(
      "diagonal",
      """
      The diagonals of the matrices in two dims, as a new last dim: y[…, i] = x[…, i, …, i + k, …]. Shares memory.
      Shapes: x (…, m, …, n, …); y (…, …, …, length of the diagonal).
      Errors: the two dims are one.
      """,
      Param("x", Tensor.self), Param("k", default: 0, "which diagonal: 0 is the main one, 1 the one above it"), Param("dim1", default: 1, "the dim of the rows"),
      Param("dim2", default: 2, "the dim of the columns"),
      example: "return T.ones(2, 3, 3):diagonal(0, 2, 3)"
    ) { x, k, dim1, dim2 in
      let a = try x.shape.dim(dim1, "diagonal"), b = try x.shape.dim(dim2, "diagonal")
      guard a != b else { throw LuaError("diagonal: dim1 and dim2 are both dim \(a + 1) (shape \(x.shape))") }
      let rows = x.shape[a], columns = x.shape[b], down = Swift.min(Swift.max(0, 0.minus(k)), rows), right = Swift.min(Swift.max(0, k), columns)
      let length = Swift.min(rows - down, columns - right)
      let part = try x.narrowed(a, length > 0 ? down : 0, length).narrowed(b, length > 0 ? right : 0, length)
      let y = try joined(part, a, b), place = a < b ? a : a - 1
      return try y.permuted(y.shape.indices.filter { $0 != place } + [place])
    },
    Row(
      "diag_embed", "Matrices with the vectors of the last dim on their diagonal k.\nShapes: x (…, n); y (…, n + |k|, n + |k|).\nErrors: a tensor without dims.",
      Param("x", Tensor.self, "(…, n)"), Param("k", default: 0, "which diagonal"),
      example: "return T.ones(2, 3):diag_embed()"
    ) { x, k in
      guard x.rank > 0 else { throw LuaError("diag_embed: a tensor of at least 1 dim expected") }
      guard k.magnitude < 1 << 40 else { throw LuaError("diag_embed: diagonal \(k) is too far away") }
      let last = x.rank - 1, n = x.shape[last] + Int(k.magnitude)
      let shape = try Shape.checked(x.shape.dropLast() + [n, n], "diag_embed")
      if shape.elements > 1 << 24 { _ = try Tensor(empty: shape, x.type) }  // what cannot fit is refused before the work begins
      let wide = try Rearranging.pad(x, Array(repeating: (0, 0), count: last) + [k < 0 ? (0, -k) : (k, 0)], .integer(0))
      let mask = try Tensor.zeros(Shape.checked([n, n], "diag_embed"), x.type)
      line(mask, k).fill(1)
      return try Elementwise.mul(wide.unsqueezed(last), mask)
    },
    Row(
      "trace",
      """
      The sum of a matrix's diagonal.
      Shapes: x (m, n); y {}.
      Errors: other ranks.
      """, Param("x", Tensor.self, "a matrix"), example: "return T.eye(3):trace()"
    ) { x in
      guard x.rank == 2 else { throw LuaError("trace: a matrix expected, got shape \(x.shape)") }
      return try Reduction.sum(diagonal(x, 0))
    },
    Row(
      "tril",
      """
      The matrix with zeros above diagonal k; of every matrix, where there are more dims.
      Shapes: x (…, m, n); y as x.
      Errors: fewer than 2 dims.
      """, Param("x", Tensor.self), Param("k", default: 0, "which diagonal: 0 is the main one, 1 the one above it"),
      example: "return T.ones(3, 3):tril()"
    ) { x, k in try triangle(x, k, lower: true, "tril") },
    Row(
      "triu",
      """
      The matrix with zeros below diagonal k; of every matrix, where there are more dims.
      Shapes: x (…, m, n); y as x.
      Errors: fewer than 2 dims.
      """, Param("x", Tensor.self), Param("k", default: 0, "which diagonal: 0 is the main one, 1 the one above it"),
      example: "return T.ones(3, 3):triu(1)"
    ) { x, k in try triangle(x, k, lower: false, "triu") },
  ]

  /// Diagonal k of a matrix as a view without the tape; empty where it lies outside.
  private static func line(_ x: Tensor, _ k: Int) -> Tensor {
    let rows = x.shape[0], columns = x.shape[1]
    guard k > -rows || k == 0, k < columns || k == 0 else { return x.view(shape: Shape(0), strides: Shape(1)) }
    let length = max(k >= 0 ? min(rows, columns - k) : min(rows + k, columns), 0)
    let offset = k >= 0 ? k &* x.strides[1] : (0 &- k) &* x.strides[0]
    return x.view(offset: x.offset &+ (length > 0 ? offset : 0), shape: Shape(length), strides: Shape(x.strides[0] &+ x.strides[1]))
  }

  static func diagonal(_ x: Tensor, _ k: Int) throws -> Tensor {
    let result = try line(x, k).copied()
    if Tape.follows(x) {
      let shape = x.shape
      try result.follow("diag", [x]) { _, g in [try embedded(g, in: shape, k)] }
    }
    return result
  }

  /// Two dims of one size walked through together: a view without the second, y[…, i, …] = x[…, i, …, i, …].
  static func joined(_ x: Tensor, _ a: Int, _ b: Int) throws -> Tensor {
    var sizes = x.shape, steps = x.strides
    steps[a] = steps[a] &+ steps[b]
    sizes.remove(at: b)
    steps.remove(at: b)
    let y = x.view(shape: sizes, strides: steps)
    if Tape.follows(x) {
      let shape = x.shape
      try y.follow("diagonal", [x]) { _, g in [try apart(g, in: shape, a, b)] }
    }
    return y
  }

  /// The gradient of `joined`: zeros beside the diagonal.
  private static func apart(_ x: Tensor, in shape: Shape, _ a: Int, _ b: Int) throws -> Tensor {
    let y = try Tensor.zeros(shape, x.type)
    try Tape.recording(false) { try joined(y, a, b).write(x) }
    if Tape.follows(x) { try y.follow("diagonal", [x]) { _, g in [try joined(g, a, b)] } }
    return y
  }

  static func matrix(_ x: Tensor, _ k: Int) throws -> Tensor {
    guard k.magnitude < 1 << 40 else { throw LuaError("diag: diagonal \(k) is too far away") }
    let n = x.count + Int(k.magnitude)
    return try embedded(x, in: Shape.checked([n, n], "diag"), k)
  }

  /// Zeros with a vector on diagonal k.
  private static func embedded(_ x: Tensor, in shape: Shape, _ k: Int) throws -> Tensor {
    let result = try Tensor.zeros(shape, x.type)
    line(result, k).write(x)
    if Tape.follows(x) { try result.follow("diag", [x]) { _, g in [try diagonal(g, k)] } }
    return result
  }

  static func triangle(_ x: Tensor, _ k: Int, lower: Bool, _ op: String = "tril") throws -> Tensor {
    guard x.rank >= 2 else { throw LuaError("\(op): a tensor of at least 2 dims expected, got shape \(x.shape)") }
    let result = try x.copied(), rows = x.shape[x.rank - 2], columns = x.shape[x.rank - 1]
    if result.count > 0 {
      for row in 0..<(result.count / columns) {
        // Columns up to row + k belong to the lower triangle, those from row + k on to the upper.
        let border = min(max((row % rows).plus(lower ? min(k, columns) + 1 : min(k, columns)), 0), columns)
        let zeros = lower ? border..<columns : 0..<border
        (result.pointer + (row &* columns &+ zeros.lowerBound) &* x.type.size).initializeMemory(as: UInt8.self, repeating: 0, count: zeros.count &* x.type.size)
      }
    }
    if Tape.follows(x) { try result.follow(op, [x]) { _, g in [try triangle(g, k, lower: lower, op)] } }
    return result
  }
}
