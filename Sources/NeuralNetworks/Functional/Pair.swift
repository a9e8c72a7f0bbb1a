public import LuaBridge

/// A size along both axes of an image: a script writes a number or `{h, w}`.
public struct Pair: LuaValue, Equatable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// The first of the two, down.
  public var height: Int
  /// The second, across.
  public var width: Int

  /// Height and width.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }
  public init(integerLiteral value: Int) { self.init(value, value) }

  public static var luaName: String { "integer or {height, width}" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Pair {
    switch stack.type(at: index) {
    case .number:
      let size = try Int.decode(stack, index)
      return Pair(size, size)
    case .table:
      let sizes: [Int]
      do { sizes = try [Int].decode(stack, index) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
      guard sizes.count == 2 else { throw TypeMismatch(luaName, detail: "\(luaName) expected, got a list of \(sizes.count)") }
      return Pair(sizes[0], sizes[1])
    default: throw TypeMismatch(luaName)
    }
  }
  public func push(_ stack: LuaStack) { [height, width].push(stack) }
  public var luaLiteral: String { height == width ? "\(height)" : description }
  public var description: String { "{\(height),\(width)}" }

  /// Sizes beyond this fit into no image and would only overflow.
  static let largest = Int(Int32.max)

  /// Itself, if both sizes are in `least` … 2³¹ − 1.
  func checked(_ name: String, atLeast least: Int, _ function: String) throws -> Pair {
    guard Swift.min(height, width) >= least, Swift.max(height, width) <= Self.largest else {
      throw LuaError("\(function): \(name) must be \(least == 0 ? "0 or more" : "at least \(least)"), got \(luaLiteral)")
    }
    return self
  }
}

/// What surrounds an image before a convolution: zeros to a number of places, or as many as keep the size (`"same"`).
public enum Padding: LuaValue, Equatable, Sendable {
  case size(Pair)
  case same

  public static var luaName: String { "integer, {height, width} or \"same\"" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Padding {
    if let name = stack.string(at: index) {
      switch name {
      case "same": return .same
      case "valid": return .size(0)
      default: throw TypeMismatch(luaName, detail: "\(luaName) expected, got \"\(name)\"")
      }
    }
    do { return .size(try Pair.decode(stack, index)) } catch let error as TypeMismatch {
      throw TypeMismatch(luaName, detail: error.detail)
    }
  }
  public func push(_ stack: LuaStack) {
    switch self {
    case .size(let pair): pair.push(stack)
    case .same: stack.push("same")
    }
  }
  public var luaLiteral: String {
    switch self {
    case .size(let pair): pair.luaLiteral
    case .same: "\"same\""
    }
  }
}
