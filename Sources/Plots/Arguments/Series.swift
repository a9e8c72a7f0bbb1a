internal import LuaBridge
internal import Tensors

/// Numbers to draw: a tensor of one dim (others may have size 1), or a list.
struct Series: LuaValue {
  static var luaName: String { "Tensor or list of numbers" }
  /// More than a picture can be made of in reasonable time and memory.
  static let most = 1 << 25
  var values: [Double]
  /// Labels of classes rather than measured numbers: a tensor of whole-number type, or a list of integers.
  var isWhole = false

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Series {
    if let tensor = stack.object(at: index) as? Tensor {
      guard tensor.rank == 1 || tensor.shape.filter({ $0 != 1 }).count == 1 else {
        throw TypeMismatch(luaName, detail: "a tensor of one dim expected, got \(tensor.shape)")
      }
      return Series(values: try numbers(tensor), isWhole: !tensor.type.isFloat)
    }
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    let values = try [Double].decode(stack, index)
    let whole = (0..<values.count).allSatisfy { position in
      stack.rawGet(index, position + 1)
      defer { stack.pop() }
      return stack.isInteger(at: -1)
    }
    return Series(values: values, isWhole: whole)
  }
  func push(_ stack: LuaStack) { values.push(stack) }

  static func numbers(_ tensor: Tensor) throws -> [Double] {
    guard tensor.count <= most else { throw TypeMismatch(luaName, detail: "a tensor \(tensor.shape) is too large to draw; take a part or every n-th element of it") }
    return try tensor.values()
  }

  /// One number, or one for each point.
  enum Sizes: LuaValue {
    case one(Double)
    case each([Double])
    static var luaName: String { "number or Tensor" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Sizes {
      if let number = stack.number(at: index) { return .one(number) }
      guard stack.type(at: index) == .table || stack.object(at: index) is Tensor else { throw TypeMismatch(luaName) }
      return .each(try Series.decode(stack, index).values)
    }
    func push(_ stack: LuaStack) {
      switch self {
      case .one(let number): stack.push(number)
      case .each(let list): list.push(stack)
      }
    }
    var luaLiteral: String { if case .one(let number) = self { number.luaLiteral } else { "a list" } }
  }
}

/// Rows of numbers of one length: a tensor of two dims, or a list of lists.
struct Matrix: LuaValue {
  static var luaName: String { "Tensor or list of lists" }
  var values: [Double]
  var height: Int
  var width: Int

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Matrix {
    if let tensor = stack.object(at: index) as? Tensor {
      guard tensor.rank == 1 || tensor.rank == 2 else { throw TypeMismatch(luaName, detail: "a tensor of one or two dims expected, got \(tensor.shape)") }
      return Matrix(values: try Series.numbers(tensor), height: tensor.rank == 2 ? tensor.shape[0] : 1, width: tensor.shape[tensor.rank - 1])
    }
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    if stack.length(at: index) > 0 {
      stack.rawGet(index, 1)
      let nested = stack.type(at: -1) != .number
      stack.pop()
      if nested {
        let rows = try [Series].decode(stack, index)
        guard rows.allSatisfy({ $0.values.count == rows[0].values.count }) else {
          throw TypeMismatch(luaName, detail: "its rows must be of one length, got \(rows.map { String($0.values.count) }.joined(separator: ", "))")
        }
        return Matrix(values: rows.flatMap(\.values), height: rows.count, width: rows[0].values.count)
      }
    }
    let row = try Series.decode(stack, index).values
    return Matrix(values: row, height: row.isEmpty ? 0 : 1, width: row.count)
  }
  func push(_ stack: LuaStack) { rows.push(stack) }

  var rows: [[Double]] { (0..<height).map { Array(values[$0 * width..<($0 + 1) * width]) } }
  var shape: String { "{\(height),\(width)}" }
  var transposed: Matrix {
    Matrix(values: (0..<width).flatMap { x in (0..<height).map { values[$0 * width + x] } }, height: width, width: height)
  }
}

/// Two finite numbers, the smaller one first: `{low, high}`.
struct Interval: LuaValue {
  static var luaName: String { "{low, high}" }
  let low: Double
  let high: Double

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Interval {
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    let list = try [Double].decode(stack, index)
    guard list.count == 2, list[0].isFinite, list[1].isFinite, list[0] < list[1] else {
      throw TypeMismatch(
        luaName, detail: "{low, high} expected, two numbers with the smaller one first, got {\(list.prefix(4).map(\.luaLiteral).joined(separator: ", "))}")
    }
    return Interval(low: list[0], high: list[1])
  }
  func push(_ stack: LuaStack) { [low, high].push(stack) }
}

/// A text, or a number written as one.
struct Caption: LuaValue {
  static var luaName: String { "string" }
  var text: String

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Caption {
    if let text = stack.string(at: index) { return Caption(text: text) }
    if stack.type(at: index) == .number { return Caption(text: try stack.description(at: index)) }
    throw TypeMismatch(luaName)
  }
  func push(_ stack: LuaStack) { stack.push(text) }

  /// One text or a list of them.
  struct List: LuaValue {
    static var luaName: String { "string or list of strings" }
    var texts: [String]
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> List {
      if stack.type(at: index) == .table { return List(texts: try [Caption].decode(stack, index).map(\.text)) }
      guard let one = try? Caption.decode(stack, index) else { throw TypeMismatch(luaName) }
      return List(texts: [one.text])
    }
    func push(_ stack: LuaStack) { texts.push(stack) }
  }
}

/// How many, or which: a number or a list.
enum CountOrList: LuaValue {
  case count(Int)
  case list([Double])
  static var luaName: String { "integer or list of numbers" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> CountOrList {
    if stack.type(at: index) == .number { return .count(try Int.decode(stack, index)) }
    guard stack.type(at: index) == .table || stack.object(at: index) is Tensor else { throw TypeMismatch(luaName) }
    return .list(try Series.decode(stack, index).values)
  }
  func push(_ stack: LuaStack) {
    switch self {
    case .count(let count): stack.push(count)
    case .list(let list): list.push(stack)
    }
  }
  var luaLiteral: String { if case .count(let count) = self { "\(count)" } else { "a list" } }
}
