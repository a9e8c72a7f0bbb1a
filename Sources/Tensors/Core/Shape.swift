public import LuaBridge

/// Sizes (or strides) of up to eight dims, held inline: making one costs no allocation.
public struct Shape: Sendable, Equatable, Sequence, CustomStringConvertible {
  /// The most dims a tensor can have.
  public static let maximumRank = 8

  private var values: InlineArray<8, Int>
  /// The number of dimensions.
  public private(set) var count: Int

  /// Of a tensor with one element and no dimensions.
  public init() {
    values = InlineArray(repeating: 0)
    count = 0
  }
  /// So many dimensions of one size.
  public init(repeating value: Int, count: Int) {
    precondition(count <= Self.maximumRank)
    values = InlineArray(repeating: value)
    self.count = count
  }
  /// At most eight values; check what comes from a script with `Shape.checked`.
  public init(_ list: some Sequence<Int>) {
    self.init()
    for value in list { append(value) }
  }
  /// By sizes.
  public init(_ list: Int...) { self.init(list) }
  // Without a list: shapes of one and two dims are made in every step.
  /// One dimension.
  public init(_ size: Int) {
    values = InlineArray(repeating: 0)
    values[0] = size
    count = 1
  }
  /// Two dimensions.
  public init(_ rows: Int, _ columns: Int) {
    values = InlineArray(repeating: 0)
    values[0] = rows
    values[1] = columns
    count = 2
  }

  /// The size of dimension i, from 0.
  @inline(__always) public subscript(_ i: Int) -> Int {
    get { values[i] }
    set { values[i] = newValue }
  }
  /// Adds a dimension at the end.
  public mutating func append(_ value: Int) {
    precondition(count < Self.maximumRank)
    values[count] = value
    count += 1
  }
  /// Adds a dimension at a place from 0.
  public mutating func insert(_ value: Int, at place: Int) {
    append(value)
    var i = count - 1
    while i > place {
      values[i] = values[i - 1]
      i -= 1
    }
    values[place] = value
  }
  /// Takes a dimension out.
  public mutating func remove(at place: Int) {
    for i in place..<(count - 1) { values[i] = values[i + 1] }
    count -= 1
  }
  /// 0 ..< count
  public var indices: Range<Int> { 0..<count }
  /// Whether there are no dimensions.
  public var isEmpty: Bool { count == 0 }
  /// The sizes as a list.
  public var array: [Int] { indices.map { values[$0] } }
  /// The size of the last dimension.
  public var last: Int? { count == 0 ? nil : values[count - 1] }

  public func makeIterator() -> AnyIterator<Int> {
    var i = 0
    return AnyIterator {
      guard i < count else { return nil }
      defer { i += 1 }
      return values[i]
    }
  }

  @inline(__always) public static func == (a: Shape, b: Shape) -> Bool {
    guard a.count == b.count else { return false }
    for i in 0..<a.count where a.values[i] != b.values[i] { return false }
    return true
  }

  /// The number of elements; shapes of tensors are checked to fit when they are made.
  public var elements: Int {
    var product = 1
    for i in 0..<count { product &*= values[i] }
    return product
  }

  /// As errors and `tostring` show it: `{8,3,28,28}`.
  public var description: String { "{" + map(String.init).joined(separator: ",") + "}" }

  /// Strides of a contiguous tensor of this shape.
  public var contiguousStrides: Shape {
    if count == 2 { return Shape(Swift.max(values[1], 1), 1) }
    var strides = Shape(repeating: 1, count: count)
    var step = 1
    var i = count
    while i > 0 {
      i &-= 1
      strides.values[i] = step
      step &*= Swift.max(values[i], 1)
    }
    return strides
  }

  /// The shape of sizes that a script gave, or what is wrong with them.
  public static func checked(_ sizes: [Int], _ function: String) throws -> Shape {
    guard sizes.count <= maximumRank else { throw LuaError("\(function): a tensor has at most \(maximumRank) dims, got \(sizes.count)") }
    var product = 1
    for size in sizes {
      guard size >= 0 else { throw LuaError("\(function): sizes cannot be negative, got {\(sizes.map(String.init).joined(separator: ","))}") }
      let (next, overflow) = product.multipliedReportingOverflow(by: Swift.max(size, 1))
      guard !overflow, next < 1 << 59 else {
        throw LuaError("\(function): the shape {\(sizes.map(String.init).joined(separator: ","))} has too many elements")
      }
      product = next
    }
    return Shape(sizes)
  }

  /// The shape two operands broadcast to by NumPy's rule: dims are matched from the last, sizes equal or 1.
  public static func broadcast(_ a: Shape, _ b: Shape, _ function: String) throws -> Shape {
    if a == b { return a }
    let rank = Swift.max(a.count, b.count)
    var result = Shape(repeating: 1, count: rank)
    for i in 1...Swift.max(rank, 1) where i <= rank {
      let x = i <= a.count ? a[a.count - i] : 1, y = i <= b.count ? b[b.count - i] : 1
      guard x == y || x == 1 || y == 1 else {
        throw LuaError("\(function): shapes \(a) and \(b) do not broadcast: size \(x) against \(y) at dim \(rank - i + 1)")
      }
      result[rank - i] = x == 1 ? y : x
    }
    _ = try checked(result.array, function)
    return result
  }

  /// A script's dim (from 1, or from the end by −1) as a position from 0.
  public func dim(_ dim: Int, _ function: String, extra: Int = 0) throws -> Int {
    let rank = count + extra
    if dim >= 1, dim <= rank { return dim - 1 }
    if dim < 0, dim >= -rank { return rank + dim }
    if rank == 0 { throw LuaError("\(function): dim \(dim) is out of range, the tensor has no dims") }
    throw LuaError("\(function): dim \(dim) is out of range 1..\(rank) (or -\(rank)..-1) of shape \(self)")
  }
}

/// A shape as scripts give it: `f(2, 3)` or `f({2, 3})`. Takes all whole numbers that come.
public struct ShapeArgument: LuaValue {
  public static var luaName: String { "sizes" }
  /// As the script gave them.
  public var sizes: [Int]
  /// Sizes from elsewhere than a script.
  public init(_ sizes: [Int]) { self.sizes = sizes }

  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> ShapeArgument {
    if stack.type(at: index) == .number { return ShapeArgument([try Int.decode(stack, index)]) }
    do {
      return ShapeArgument(try [Int].decode(stack, index))
    } catch let error as TypeMismatch {
      throw TypeMismatch("integer or list of integers", detail: error.detail)
    }
  }
  public static var takesRest: Bool { true }
  public static func take(_ arguments: inout Arguments) throws -> ShapeArgument {
    let stack = arguments.stack, left = arguments.remaining
    if left.count == 1, stack.type(at: left.lowerBound) == .table {
      do {
        let value = try decode(stack, left.lowerBound)
        arguments.advance(1)
        return value
      } catch let error as TypeMismatch {
        throw ArgumentError(arguments.position, error.detail ?? "\(error.expected) expected, got table")
      }
    }
    var sizes: [Int] = []
    for (k, index) in left.enumerated() {
      do { sizes.append(try Int.decode(stack, index)) } catch let error as TypeMismatch {
        throw ArgumentError(arguments.position + k, error.detail ?? "integer or list of integers expected, got \(stack.typeName(at: index))")
      }
    }
    arguments.advance(Int32(left.count))
    return ShapeArgument(sizes)
  }
  public func push(_ stack: LuaStack) { sizes.push(stack) }
  public var luaLiteral: String { sizes.luaLiteral }
  /// - Errors: negative sizes, or more elements than memory can hold; `function` begins the message.
  public func shape(_ function: String) throws -> Shape { try Shape.checked(sizes, function) }
}

/// One dim or a list of dims: `x:sum(2)`, `x:sum({1, 3})`.
public struct DimsArgument: LuaValue {
  public static var luaName: String { "dim or list of dims" }
  /// As the script gave them: from 1, negative ones from the end.
  public var dims: [Int]
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> DimsArgument {
    if stack.type(at: index) == .number { return DimsArgument(dims: [try Int.decode(stack, index)]) }
    do { return DimsArgument(dims: try [Int].decode(stack, index)) } catch let error as TypeMismatch {
      throw TypeMismatch(luaName, detail: error.detail)
    }
  }
  public func push(_ stack: LuaStack) { dims.push(stack) }
  public var luaLiteral: String { dims.luaLiteral }

  /// Positions from 0, sorted, each once.
  public func positions(in shape: Shape, _ function: String) throws -> [Int] {
    var seen: Set<Int> = []
    for dim in dims {
      guard seen.insert(try shape.dim(dim, function)).inserted else { throw LuaError("\(function): dim \(dim) is named twice") }
    }
    return seen.sorted()
  }
}
