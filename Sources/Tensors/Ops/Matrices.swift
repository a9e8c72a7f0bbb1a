internal import KernelTable
internal import Kernels
internal import LuaBridge

/// y[…, i, j] = Σ_k a[…, i, k] b[…, k, j]: products of matrices, in batches, of any strides.
public enum Matrices {
  /// PyTorch's matmul: vectors count as a row on the left and a column on the right; dims before the last two broadcast.
  public static func matmul(_ a: Tensor, _ b: Tensor, name: String = "matmul") throws -> Tensor {
    guard a.rank > 0, b.rank > 0 else { throw LuaError("\(name): a number (0 dims) has no matrix product; use mul (shapes \(a.shape) and \(b.shape))") }
    let inner = a.shape[a.rank - 1], other = b.shape[Swift.max(b.rank - 2, 0)]
    guard inner == other else {
      throw LuaError("\(name): shapes \(a.shape) and \(b.shape) do not fit: \(inner) columns on the left, \(other) rows on the right")
    }
    let type = Swift.max(a.type, b.type)
    guard type != .bool else { throw LuaError("\(name): bool tensors have no matrix product; convert them first, for example x:float()") }
    let x = try a.to(type), z = try b.to(type)
    let left = x.rank == 1 ? try x.reshaped(Shape(1, inner)) : x
    let right = z.rank == 1 ? try z.reshaped(Shape(inner, 1)) : z
    let y = try product(left, right, name)
    if x.rank > 1, z.rank > 1 { return y }
    var shape = y.shape
    if z.rank == 1 { shape.remove(at: shape.count - 1) }
    if x.rank == 1 { shape.remove(at: z.rank == 1 ? shape.count - 1 : shape.count - 2) }
    return try y.reshaped(shape)
  }

  /// Both of at least two dims and of one type.
  private static func product(_ a: Tensor, _ b: Tensor, _ name: String) throws -> Tensor {
    let m = a.shape[a.rank - 2], k = a.shape[a.rank - 1], n = b.shape[b.rank - 1]
    let aBatch = Shape(a.shape.dropLast(2)), bBatch = Shape(b.shape.dropLast(2))
    let batch = try Shape.broadcast(aBatch, bBatch, name)
    let shape = try Shape.checked(batch.array + [m, n], name)
    let y = try Tensor(empty: shape, a.type)
    Profiler.work(y.count, k, 1, double: a.type == .float64)
    if let width = a.type.width {
      compute(width, a, b, y, batch, m, n, k)
    } else {
      try wholeNumbers(a, b, y, batch, m, n, k)
    }
    if Tape.follows(a, b) {
      let aShape = a.shape, bShape = b.shape
      try y.follow(name, [a, b], saving: [a, b]) { node, g in
        [
          node.needs(0) ? try Elementwise.reduced(product(g, transposed(node.saved(1)), name), to: aShape) : nil,
          node.needs(1) ? try rightGradient(try node.saved(0), g, bShape) : nil,
        ]
      }
    }
    return y
  }

  private static func transposed(_ x: Tensor) throws -> Tensor { try x.transposed(x.rank - 2, x.rank - 1) }

  /// aᵀ g; where one matrix b served a whole batch, the batch is one long product instead of a sum of small ones.
  private static func rightGradient(_ a: Tensor, _ g: Tensor, _ shape: Shape) throws -> Tensor {
    if shape.elements == 0 { return try Tensor.zeros(shape, g.type) }
    if shape.count == 2, a.rank > 2 {
      let rows = a.count / shape[0]
      return try product(transposed(a.reshaped(Shape(rows, shape[0]))), g.reshaped(Shape(rows, shape[1])), "matmul")
    }
    return try Elementwise.reduced(product(transposed(a), g, "matmul"), to: shape)
  }

  private static func compute(_ width: FloatWidth, _ a: Tensor, _ b: Tensor, _ y: Tensor, _ batch: Shape, _ m: Int, _ n: Int, _ k: Int) {
    guard y.count > 0 else { return }
    func view(_ x: Tensor, _ offset: Int = 0) -> Matrix.View {
      Matrix.View(base: x.pointer + offset &* width.stride, rowStride: x.strides[x.rank - 2], columnStride: x.strides[x.rank - 1])
    }
    if batch.count == 0 {
      return Matrix.multiply(width, m: m, n: n, k: k, a: view(a), b: view(b), c: y.pointer, ldc: n)
    }
    if b.rank == 2, a.isContiguous {  // one matrix for the whole batch: one tall product
      let flat = Matrix.View(base: a.pointer, rowStride: k, columnStride: 1)
      return Matrix.multiply(width, m: m &* batch.elements, n: n, k: k, a: flat, b: view(b), c: y.pointer, ldc: n)
    }
    let aSteps = Elementwise.broadcastStrides(Shape(a.shape.dropLast(2)), Shape(a.strides.dropLast(2)), to: batch)
    let bSteps = Elementwise.broadcastStrides(Shape(b.shape.dropLast(2)), Shape(b.strides.dropLast(2)), to: batch)
    // The last batch dim is one call; the dims before it are walked through.
    let last = batch.count - 1, count = batch[last]
    var index = Shape(repeating: 0, count: last), atA = 0, atB = 0, at = 0
    while true {
      Matrix.multiplyBatch(
        width, count: count, m: m, n: n, k: k, a: view(a, atA), aStep: aSteps[last], b: view(b, atB), bStep: bSteps[last],
        c: y.pointer + at &* width.stride, ldc: n, cStep: m &* n)
      at &+= count &* m &* n
      var dim = last - 1
      while dim >= 0 {
        index[dim] += 1
        atA &+= aSteps[dim]
        atB &+= bSteps[dim]
        if index[dim] < batch[dim] { break }
        atA &-= aSteps[dim] &* batch[dim]
        atB &-= bSteps[dim] &* batch[dim]
        index[dim] = 0
        dim -= 1
      }
      if dim < 0 { return }
    }
  }

  /// Whole numbers wrap around on overflow, as all their arithmetic does.
  private static func wholeNumbers(_ a: Tensor, _ b: Tensor, _ y: Tensor, _ batch: Shape, _ m: Int, _ n: Int, _ k: Int) throws {
    let x = try Elementwise.expanded(a, Shape(batch.array + [m, k])).converted(to: .int64).contiguous()
    let z = try Elementwise.expanded(b, Shape(batch.array + [k, n])).converted(to: .int64).contiguous()
    let sums = try Tensor.zeros(y.shape, .int64)
    let p = x.pointer(Int64.self), q = z.pointer(Int64.self), s = sums.pointer(Int64.self)
    for batch in 0..<batch.elements {
      for i in 0..<m {
        for l in 0..<k {
          let value = p[(batch &* m &+ i) &* k &+ l]
          for j in 0..<n { s[(batch &* m &+ i) &* n &+ j] &+= value &* q[(batch &* k &+ l) &* n &+ j] }
        }
      }
    }
    y.write(try sums.converted(to: y.type))
  }

  /// A product that takes only operands of given ranks.
  private static func strict(_ name: String, _ ranks: (Int, Int), _ kinds: (String, String), _ doc: String, _ example: String) -> Row {
    Row(name, doc, Param("x", Tensor.self, kinds.0), Param("other", Tensor.self, kinds.1), example: example) { a, b in
      guard a.rank == ranks.0, b.rank == ranks.1 else {
        throw LuaError("\(name): takes \(kinds.0) and \(kinds.1), got shapes \(a.shape) and \(b.shape)")
      }
      if name == "bmm", a.shape[0] != b.shape[0] { throw LuaError("bmm: batches of \(a.shape[0]) and \(b.shape[0]) matrices (shapes \(a.shape) and \(b.shape))") }
      return try matmul(a, b, name: name)
    }
  }

  static let rows: [Row] = [
    Row(
      "matmul",
      """
      Matrix product of the last two dims; dims before them broadcast; vectors count as a row on the left and a column on the right.
      Shapes: x (…, m, k); other (…, k, n); y (…, m, n).
      Errors: inner sizes that differ; batches that do not broadcast; a tensor without dims.
      """,
      Param("x", Tensor.self, "(…, m, k)"), Param("other", Tensor.self, "(…, k, n)"), example: "return T.matmul(T.ones(2, 3), T.ones(3, 4))"
    ) { a, b in try matmul(a, b) },
    strict(
      "mm", (2, 2), ("a matrix", "a matrix"), "The product of two matrices.\nShapes: x (m, k); other (k, n); y (m, n).\nErrors: other ranks; inner sizes that differ.",
      "return T.mm(T.ones(2, 3), T.ones(3, 4))"),
    strict(
      "mv", (2, 1), ("a matrix", "a vector"), "The product of a matrix and a vector.\nShapes: x (m, k); other (k); y (m).\nErrors: other ranks; sizes that differ.",
      "return T.mv(T.ones(2, 3), T.ones(3))"),
    strict(
      "bmm", (3, 3), ("a batch of matrices", "a batch of matrices"),
      "The products of two batches of matrices.\nShapes: x (b, m, k); other (b, k, n); y (b, m, n).\nErrors: other ranks; batches or inner sizes that differ.",
      "return T.bmm(T.ones(5, 2, 3), T.ones(5, 3, 4))"),
    strict(
      "dot", (1, 1), ("a vector", "a vector"), "The product of two vectors, Σ x[i] other[i].\nShapes: x (n); other (n); y {}.\nErrors: other ranks; sizes that differ.",
      "return T.dot(T.ones(3), T.ones(3))"),
    Row(
      "outer",
      """
      The products of all pairs: y[i][j] = x[i] other[j].
      Shapes: x (m); other (n); y (m, n).
      Errors: other ranks.
      """, Param("x", Tensor.self, "a vector"), Param("other", Tensor.self, "a vector"), example: "return T.outer(T.ones(2), T.ones(3))"
    ) { a, b in
      guard a.rank == 1, b.rank == 1 else { throw LuaError("outer: takes two vectors, got shapes \(a.shape) and \(b.shape)") }
      return try Elementwise.mul(a.reshaped(Shape(a.count, 1)), b.reshaped(Shape(1, b.count)))
    },
    Row(
      "addmm",
      """
      A matrix product added to a tensor: beta · x + alpha · (a · b).
      Shapes: x broadcasts to (m, n); a (m, k); b (k, n); y (m, n).
      Errors: a or b that are no matrices; inner sizes that differ.
      """, Param("x", Tensor.self, "broadcasts to (m, n)"), Param("a", Tensor.self, "(m, k)"), Param("b", Tensor.self, "(k, n)"),
      Param.option("beta", default: 1.0, "x is multiplied by it"), Param.option("alpha", default: 1.0, "the product is multiplied by it"),
      example: "return T.addmm(T.ones(4), T.ones(2, 3), T.ones(3, 4))"
    ) { x, a, b, beta, alpha in
      guard a.rank == 2, b.rank == 2 else { throw LuaError("addmm: takes two matrices, got shapes \(a.shape) and \(b.shape)") }
      let product = try matmul(a, b, name: "addmm")
      return try Elementwise.add(beta == 1 ? x : Elementwise.mul(x, beta), alpha == 1 ? product : Elementwise.mul(product, alpha))
    },
  ]
}
