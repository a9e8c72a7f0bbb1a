internal import LuaBridge

/// Positions along a dim as scripts give them, from 1 (or from the end by −1): a number, a list, or a tensor of whole numbers of any shape.
struct Positions: LuaValue {
  static var luaName: String { "positions (integer, list of integers or int64 Tensor)" }
  /// As given, in row-major order.
  let values: [Int]
  let shape: Shape

  init(values: [Int], shape: Shape) {
    self.values = values
    self.shape = shape
  }

  /// Float tensors are taken where all their numbers are whole, for `T{3, 1}` makes one.
  init(_ x: Tensor, _ function: String) throws {
    shape = x.shape
    switch x.type {
    case .int64:
      let source = try x.contiguous(), p = source.pointer(Int64.self)
      values = (0..<x.count).map { Int(p[$0]) }
    case .float32, .float64:
      values = try x.values().map { value in
        guard let position = Int(exactly: value) else {
          throw LuaError("\(function): position \(Printing.plain(value)) is not a whole number (\(x.type.name) tensor \(x.shape))")
        }
        return position
      }
    case .bool, .uint8: throw LuaError("\(function): positions are int64, got \(x.type.name) \(x.shape)\(x.type == .uint8 ? "; use :long(), or :bool() for a mask" : "")")
    }
  }

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Positions {
    switch stack.type(at: index) {
    case .number: return Positions(values: [try Int.decode(stack, index)], shape: Shape())
    case .table:
      let list = try [Int].decode(stack, index)
      return Positions(values: list, shape: Shape(list.count))
    default:
      guard let x = try? Tensor.decode(stack, index) else { throw TypeMismatch(luaName) }
      do { return try Positions(x, "positions") } catch let error as LuaError { throw TypeMismatch(luaName, detail: error.message) }
    }
  }
  func push(_ stack: LuaStack) { values.push(stack) }

  /// Counted from 0, each checked against the size of dim `dim` (from 0) of `shape`.
  func resolved(_ shape: Shape, _ dim: Int, _ function: String) throws -> [Int] {
    try resolved(size: shape[dim]) { position in Self.outOfRange(position, shape, dim, function) }
  }
  func resolved(size: Int, error: (Int) -> LuaError) throws -> [Int] {
    try values.map { position in
      if position >= 1, position <= size { return position &- 1 }
      guard position < 0, position >= -size else { throw error(position) }
      return size &+ position
    }
  }

  /// One position of a dim, from 0.
  @inline(__always)
  static func one(_ position: Int, _ shape: Shape, _ dim: Int, _ function: String) throws -> Int {
    let size = shape[dim]
    if position >= 1, position <= size { return position &- 1 }
    guard position < 0, position >= -size else { throw outOfRange(position, shape, dim, function) }
    return size &+ position
  }

  static func outOfRange(_ position: Int, _ shape: Shape, _ dim: Int, _ function: String) -> LuaError {
    let hint = position == 0 && shape[dim] > 0 ? "; positions start at 1" : ""
    return LuaError("\(function): position \(position) is out of range for dim \(dim + 1) of size \(shape[dim]) (shape \(shape))\(hint)")
  }
}

extension Tensor {
  /// The flat positions (from 0, row by row) at which this mask is true.
  func truePositions(_ function: String) throws -> [Int] {
    guard type == .bool else { throw LuaError("\(function): a mask must be bool, got \(type.name) \(shape)") }
    let source = try contiguous(), p = source.pointer(UInt8.self)
    var found = 0
    for i in 0..<count { found &+= p[i] != 0 ? 1 : 0 }
    return Array(unsafeUninitializedCapacity: found) { list, filled in
      for i in 0..<count where p[i] != 0 {
        list[filled] = i
        filled &+= 1
      }
    }
  }

  /// A tensor of positions as scripts count them.
  static func positions(_ values: [Int], _ shape: Shape) throws -> Tensor {
    let result = try Tensor(empty: shape, .int64), p = result.pointer(Int64.self)
    for (i, value) in values.enumerated() { p[i] = Int64(value) }
    return result
  }
}

/// Walks all indices of `shape` in row-major order with two running offsets.
func walk(_ shape: Shape, _ a: Shape, _ b: Shape, _ body: (_ i: Int, _ a: Int, _ b: Int) -> Void) {
  let count = shape.elements
  guard count > 0 else { return }
  var index = Shape(repeating: 0, count: shape.count), atA = 0, atB = 0
  for i in 0..<count {
    body(i, atA, atB)
    var dim = shape.count - 1
    while dim >= 0 {
      index[dim] += 1
      atA &+= a[dim]
      atB &+= b[dim]
      if index[dim] < shape[dim] { break }
      atA &-= a[dim] &* shape[dim]
      atB &-= b[dim] &* shape[dim]
      index[dim] = 0
      dim -= 1
    }
  }
}
