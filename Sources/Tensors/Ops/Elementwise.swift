internal import KernelTable
internal import Kernels
internal import LuaBridge

/// y[i] = f(a[i], b[i]) with broadcasting: the one place where two operands of different shapes meet.
public enum Elementwise {
  /// a + b, broadcast.
  public static func add(_ a: Tensor, _ b: Tensor) throws -> Tensor { try Arithmetic.add.apply(.tensor(a), .tensor(b)) }
  /// a - b, broadcast.
  public static func sub(_ a: Tensor, _ b: Tensor) throws -> Tensor { try Arithmetic.sub.apply(.tensor(a), .tensor(b)) }
  /// a b, element by element, broadcast.
  public static func mul(_ a: Tensor, _ b: Tensor) throws -> Tensor { try Arithmetic.mul.apply(.tensor(a), .tensor(b)) }
  /// a / b, element by element, broadcast.
  public static func div(_ a: Tensor, _ b: Tensor) throws -> Tensor { try Arithmetic.div.apply(.tensor(a), .tensor(b)) }
  /// a b for every element.
  public static func mul(_ a: Tensor, _ b: Double) throws -> Tensor { try Arithmetic.mul.apply(.tensor(a), .number(b)) }
  /// a + b for every element.
  public static func add(_ a: Tensor, _ b: Double) throws -> Tensor { try Arithmetic.add.apply(.tensor(a), .number(b)) }
  static func add(_ a: Tensor, _ b: Operand) throws -> Tensor { try Arithmetic.add.apply(.tensor(a), b) }
  /// aᵇ for every element.
  public static func pow(_ a: Tensor, _ b: Double) throws -> Tensor { try Arithmetic.pow.apply(.tensor(a), .number(b)) }
  /// -a
  public static func neg(_ a: Tensor) throws -> Tensor { try mul(a, -1) }

  /// One side of a broadcast: where its elements stand, seen in the result's shape.
  struct Side {
    var pointer: UnsafeRawPointer
    var strides: Shape
  }

  /// The strides of a shape seen in a larger one: 0 along the dims it is repeated in.
  static func broadcastStrides(_ shape: Shape, _ strides: Shape, to result: Shape) -> Shape {
    var seen = Shape(repeating: 0, count: result.count)
    let shift = result.count - shape.count
    for i in shape.indices where shape[i] != 1 { seen[i + shift] = strides[i] }
    return seen
  }

  /// Calls `body(a, aRow, aColumn, b, bRow, bColumn, first element of y, rows, columns)` for the two-dimensional pieces of a broadcast.
  /// Columns are steps of 0 or 1; a side whose last dim lies otherwise is copied first.
  static func pieces(
    _ a: Tensor, _ b: Tensor, _ shape: Shape,
    _ body: (UnsafeRawPointer, Int, Int, UnsafeRawPointer, Int, Int, Int, Int, Int) -> Void
  ) throws {
    let count = shape.elements
    guard count > 0 else { return }
    if a.isContiguous, b.isContiguous {
      if a.shape == shape, b.shape == shape { return body(a.pointer, 0, 1, b.pointer, 0, 1, 0, 1, count) }
      if b.count == 1, a.count == count { return body(a.pointer, 0, 1, b.pointer, 0, 0, 0, 1, count) }
      if a.count == 1, b.count == count { return body(a.pointer, 0, 0, b.pointer, 0, 1, 0, 1, count) }
    }
    let size = a.type.size, bSize = b.type.size
    func fits(_ x: Tensor) -> Bool {
      // The last dim that is longer than 1 must lie without gaps (or be repeated).
      for i in stride(from: x.rank - 1, through: 0, by: -1) where x.shape[i] > 1 { return x.strides[i] == 1 || x.strides[i] == 0 || i < x.rank - 1 }
      return true
    }
    let a = fits(a) ? a : try a.copied(), b = fits(b) ? b : try b.copied()
    // Neighbouring dims that both sides walk through evenly become one.
    var sizes = shape, x = broadcastStrides(a.shape, a.strides, to: shape), y = broadcastStrides(b.shape, b.strides, to: shape)
    var i = sizes.count - 1
    while i >= 1 {
      if sizes[i] == 1 {
        sizes.remove(at: i); x.remove(at: i); y.remove(at: i)
      } else if sizes[i - 1] == 1 {
        sizes.remove(at: i - 1); x.remove(at: i - 1); y.remove(at: i - 1)
      } else if x[i - 1] == x[i] &* sizes[i], y[i - 1] == y[i] &* sizes[i] {
        sizes[i - 1] = sizes[i - 1] &* sizes[i]
        x[i - 1] = x[i]
        y[i - 1] = y[i]
        sizes.remove(at: i); x.remove(at: i); y.remove(at: i)
      }
      i -= 1
    }
    let rank = sizes.count
    let columns = rank > 0 ? sizes[rank - 1] : 1, xColumn = rank > 0 ? x[rank - 1] : 0, yColumn = rank > 0 ? y[rank - 1] : 0
    if columns > 1, xColumn > 1 || yColumn > 1 || xColumn < 0 || yColumn < 0 {
      // A gap that shows only now (an inner dim of size 1 was repeated by the other side): copy both as they are seen.
      let whole = (try expanded(a, shape).copied(), try expanded(b, shape).copied())
      return body(whole.0.pointer, 0, 1, whole.1.pointer, 0, 1, 0, 1, count)
    }
    let rows = rank > 1 ? sizes[rank - 2] : 1, xRow = rank > 1 ? x[rank - 2] : 0, yRow = rank > 1 ? y[rank - 2] : 0
    var index = Shape(repeating: 0, count: max(rank - 2, 0)), atA = 0, atB = 0, first = 0
    while true {
      body(a.pointer + atA &* size, xRow, xColumn, b.pointer + atB &* bSize, yRow, yColumn, first, rows, columns)
      first &+= rows &* columns
      var dim = rank - 3
      while dim >= 0 {
        index[dim] += 1
        atA &+= x[dim]
        atB &+= y[dim]
        if index[dim] < sizes[dim] { break }
        atA &-= x[dim] &* sizes[dim]
        atB &-= y[dim] &* sizes[dim]
        index[dim] = 0
        dim -= 1
      }
      if dim < 0 { return }
    }
  }

  /// The tensor seen in a larger shape, without a copy and without the tape.
  static func expanded(_ x: Tensor, _ shape: Shape) -> Tensor {
    x.view(shape: shape, strides: broadcastStrides(x.shape, x.strides, to: shape))
  }

  /// Sums a gradient over the dims in which an operand of `shape` was repeated.
  public static func reduced(_ gradient: Tensor, to shape: Shape) throws -> Tensor {
    if gradient.shape == shape { return gradient }
    let extra = gradient.rank - shape.count
    var dims = Array(0..<extra)
    for i in shape.indices where shape[i] == 1 && gradient.shape[i + extra] != 1 { dims.append(i + extra) }
    return try Reduction.sum(gradient, dims: dims, keep: true).reshaped(shape)
  }

  /// A number in memory, as a kernel reads it.
  @inline(__always)
  static func withNumber(_ value: Double, _ width: FloatWidth, _ body: (UnsafeRawPointer) -> Void) {
    if width == .float32 {
      withUnsafePointer(to: Float(value)) { body($0) }
    } else {
      withUnsafePointer(to: value) { body($0) }
    }
  }

  /// For whole numbers: y[i] = f(a[i], b[i]) in int64.
  static func wholeNumbers<R>(
    _ a: Operand, _ b: Operand, _ shape: Shape, into y: UnsafeMutablePointer<R>, _ f: (Int64, Int64) throws -> R
  ) throws {
    func side(_ x: Operand) throws -> (Tensor, Int) {
      let numbers = try x.converted(to: .int64)
      return numbers.count == 1 ? (numbers, 0) : (try expanded(numbers, shape).contiguous(), 1)
    }
    let (x, xStep) = try side(a), (z, zStep) = try side(b)
    let p = x.pointer(Int64.self), q = z.pointer(Int64.self)
    for i in 0..<shape.elements { y[i] = try f(p[i &* xStep], q[i &* zStep]) }
  }
}
