internal import KernelTable
internal import LuaBridge

/// The matrices in the last two dims of a tensor, one after another in memory, as LAPACK works on them.
struct MatrixBatch {
  /// Contiguous and nobody else's: LAPACK writes into it.
  let tensor: Tensor
  /// Dims before the last two.
  let batch: Shape
  let rows: Int, columns: Int
  let width: FloatWidth

  /// Sizes that LAPACK counts in 32 bits.
  var m: Int32 { Int32(rows) }
  var n: Int32 { Int32(columns) }
  /// The distance between columns; at least 1, though there be nothing.
  static func leading(_ rows: Int) -> Int32 { Int32(max(rows, 1)) }

  var count: Int { batch.elements }
  func pointer(_ i: Int) -> UnsafeMutableRawPointer { tensor.pointer + i &* rows &* columns &* width.stride }

  /// A copy of x's matrices in column-major order.
  /// - Errors: more rows or columns than 32 bits count, no memory.
  init(columnMajor x: Tensor, _ name: String) throws {
    rows = x.shape[x.rank - 2]
    columns = x.shape[x.rank - 1]
    guard let width = x.type.width else { throw LuaError("linalg.\(name): takes float32 or float64, got \(x.type.name)") }
    guard rows < Int32.max, columns < Int32.max else { throw LuaError("linalg.\(name): LAPACK does not count as many rows or columns as \(x.shape) has") }
    self.width = width
    batch = Shape(x.shape.dropLast(2))
    tensor = try Tape.recording(false) { try x.transposed(x.rank - 2, x.rank - 1).copied() }
  }

  /// Room for column-major matrices, filled with 0.
  init(zeros batch: Shape, _ rows: Int, _ columns: Int, _ type: ElementType, _ name: String) throws {
    self.batch = batch
    self.rows = rows
    self.columns = columns
    width = type.width ?? .float64
    tensor = try Tensor.zeros(Shape.checked(batch.array + [columns, rows], "linalg.\(name)"), type)
  }

  /// The matrices as a tensor of their own, row by row.
  func rowMajor() throws -> Tensor {
    try Tape.recording(false) { try tensor.transposed(tensor.rank - 2, tensor.rank - 1).copied() }
  }

  func isFinite(_ i: Int) -> Bool {
    let n = rows &* columns
    if width == .float32 {
      let p = pointer(i).assumingMemoryBound(to: Float.self)
      for k in 0..<n where !p[k].isFinite { return false }
    } else {
      let p = pointer(i).assumingMemoryBound(to: Double.self)
      for k in 0..<n where !p[k].isFinite { return false }
    }
    return true
  }

  subscript(_ i: Int, _ at: Int) -> Double {
    get {
      width == .float32 ? Double(pointer(i).assumingMemoryBound(to: Float.self)[at]) : pointer(i).assumingMemoryBound(to: Double.self)[at]
    }
    nonmutating set {
      if width == .float32 {
        pointer(i).assumingMemoryBound(to: Float.self)[at] = Float(newValue)
      } else {
        pointer(i).assumingMemoryBound(to: Double.self)[at] = newValue
      }
    }
  }

  /// Every element of matrix i.
  func fill(_ i: Int, _ value: Double) { for at in 0..<(rows &* columns) { self[i, at] = value } }

  /// Zeros above or below the diagonal of the column-major matrices.
  func clear(_ i: Int, aboveDiagonal: Bool) {
    for column in 0..<columns {
      for row in aboveDiagonal ? 0..<min(column, rows) : min(column + 1, rows)..<rows { self[i, column &* rows &+ row] = 0 }
    }
  }

  /// How an error names matrix i: "the matrix", "the matrix at batch position 2", "… {1,2}".
  func place(_ i: Int) -> String { Self.place(i, batch) }

  static func place(_ i: Int, _ batch: Shape) -> String {
    guard batch.count > 0 else { return "the matrix" }
    var left = i, position = batch
    for dim in batch.indices.reversed() {
      position[dim] = left % max(batch[dim], 1) + 1
      left /= max(batch[dim], 1)
    }
    return "the matrix at batch position \(batch.count == 1 ? "\(position[0])" : position.description)"
  }

  /// Calls `body` for every matrix that has elements; Ctrl-C is heard between them.
  func forEach(_ body: (Int) throws -> Void) throws {
    guard rows > 0, columns > 0 else { return }
    for i in 0..<count {
      try LuaState.checkInterrupt()
      try body(i)
    }
  }
}

/// Working memory of LAPACK, from the allocator that can refuse.
struct LapackWork {
  let storage: Storage
  let count: Int32
  var block: UnsafeMutableRawPointer { storage.pointer }
  var integers: UnsafeMutablePointer<Int32> { storage.pointer.assumingMemoryBound(to: Int32.self) }

  init(_ count: Int, bytes: Int, _ name: String) throws {
    guard count < Int32.max else { throw LuaError("linalg.\(name): the matrix is too large: LAPACK does not count its working memory") }
    storage = try Storage(bytes: max(count, 1) &* bytes)
    self.count = Int32(max(count, 1))
  }

  /// As many floats as a routine asks for when it is called with a size of -1: it answers in the first element.
  init(_ width: FloatWidth, _ name: String, asking: (UnsafeMutableRawPointer) -> Void) throws {
    var answer = 0.0  // eight bytes do for both widths
    let wanted: Double = withUnsafeMutableBytes(of: &answer) { bytes in
      let block = bytes.baseAddress!
      asking(block)
      // Large counts are rounded in float32.
      return width == .float32 ? Double(block.load(as: Float.self).nextUp) : block.load(as: Double.self)
    }
    try self.init(Int(max(wanted.isFinite ? min(wanted, 1e12) : 1e12, 1).rounded(.up)), bytes: width.stride, name)
  }
}

/// What all functions of `T.linalg` check of their arguments.
enum Linalg {
  /// A tensor of float matrices.
  static func matrices(_ x: Tensor, _ name: String) throws {
    guard x.rank >= 2 else { throw LuaError("linalg.\(name): a matrix or a batch of matrices expected, got shape \(x.shape)") }
    guard x.type.isFloat else {
      throw LuaError("linalg.\(name): takes float32 or float64, got \(x.type.name); convert it first, for example x:double()")
    }
  }

  /// A tensor of square float matrices.
  static func square(_ x: Tensor, _ name: String) throws {
    try matrices(x, name)
    guard x.shape[x.rank - 1] == x.shape[x.rank - 2] else {
      throw LuaError("linalg.\(name): the matrices must be square, got \(x.shape[x.rank - 2]) rows and \(x.shape[x.rank - 1]) columns (shape \(x.shape))")
    }
  }

  static func transpose(_ x: Tensor) throws -> Tensor { try x.transposed(x.rank - 2, x.rank - 1) }

  /// A number for each matrix, as a factor of the matrices.
  static func scalars(_ x: Tensor) throws -> Tensor { try x.unsqueezed(x.rank).unsqueezed(x.rank + 1) }

  /// (n, n): 1 below the diagonal, `diagonal` on it, 0 above.
  static func lowerMask(_ n: Int, diagonal: Double, _ type: ElementType) throws -> Tensor {
    let mask = try Tensor.zeros(Shape.checked([n, n], "linalg"), type)
    for i in 0..<n {
      for j in 0..<i { mask.set(i &* n &+ j, 1) }
      mask.set(i &* n &+ i, diagonal)
    }
    return mask
  }

  /// (x + xᵀ) / 2
  static func symmetrised(_ x: Tensor) throws -> Tensor {
    try Elementwise.add(Elementwise.mul(x, 0.5), Elementwise.mul(transpose(x), 0.5))
  }

  static func eye(_ n: Int, _ type: ElementType) throws -> Tensor {
    let result = try Tensor.zeros(Shape.checked([n, n], "linalg"), type)
    for i in 0..<n { result.set(i &* n &+ i, 1) }
    return result
  }
}
