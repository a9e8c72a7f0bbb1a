internal import CLua

/// A Swift type that a script can give to a bound function or get from one.
public protocol LuaValue: SendableMetatype {
  /// How error messages and help name it: "number", "Tensor", "list of integers".
  static var luaName: String { get }
  /// The value at an absolute index; throws `TypeMismatch` where it is of another type.
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Self
  /// Takes this parameter's value from the arguments; a type that takes several of them (a shape) has its own.
  static func take(_ arguments: inout Arguments) throws -> Self
  /// `take` may take every argument that is left.
  static var takesRest: Bool { get }
  /// A list is one value of this type: `nn.LayerNorm{3, 5}` gives a shape, not a shape and an eps.
  static var takesList: Bool { get }
  /// Pushes exactly one value.
  func push(_ stack: LuaStack)
  /// The value as help prints a default.
  var luaLiteral: String { get }
}

extension LuaValue {
  public static func take(_ arguments: inout Arguments) throws -> Self { try arguments.takeOne() }
  public static var takesRest: Bool { false }
  public static var takesList: Bool { false }
  public var luaLiteral: String { "\(self)" }
}

extension Bool: LuaValue {
  public static var luaName: String { "boolean" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Bool {
    guard stack.type(at: index) == .boolean else { throw TypeMismatch("boolean") }
    return stack.boolean(at: index)
  }
  public func push(_ stack: LuaStack) { stack.push(self) }
}

extension Int: LuaValue {
  public static var luaName: String { "integer" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Int {
    if let value = stack.integer(at: index) { return value }
    throw TypeMismatch("integer", detail: stack.type(at: index) == .number ? "number has no integer representation" : nil)
  }
  public func push(_ stack: LuaStack) { stack.push(self) }
}

extension Double: LuaValue {
  public static var luaName: String { "number" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Double {
    guard let value = stack.number(at: index) else { throw TypeMismatch("number") }
    return value
  }
  public func push(_ stack: LuaStack) { stack.push(self) }
  public var luaLiteral: String {
    if isNaN { return "nan" }  // whatever its sign bit
    if self == .infinity { return "math.huge" }
    if self == -.infinity { return "-math.huge" }
    return self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)"
  }
}

extension String: LuaValue {
  public static var luaName: String { "string" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> String {
    guard let value = stack.string(at: index) else { throw TypeMismatch("string") }
    return value
  }
  public func push(_ stack: LuaStack) { stack.push(self) }
  public var luaLiteral: String { "\"\(self)\"" }
}

extension Optional: LuaValue where Wrapped: LuaValue {
  public static var luaName: String { Wrapped.luaName }
  public static var takesList: Bool { Wrapped.takesList }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Wrapped? {
    let type = stack.type(at: index)
    return type == .nil || type == .none ? nil : try Wrapped.decode(stack, index)
  }
  public func push(_ stack: LuaStack) {
    if let self { self.push(stack) } else { stack.pushNil() }
  }
  public var luaLiteral: String { self?.luaLiteral ?? "nil" }
}

extension Array: LuaValue where Element: LuaValue {
  public static var luaName: String { "list of \(Element.luaName)s" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> [Element] {
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    let count = stack.length(at: index)
    guard stack.reserve(4) else { throw LuaError("stack overflow") }
    var list: [Element] = []
    list.reserveCapacity(Swift.min(count, 4096))
    for position in 0..<count {
      stack.rawGet(index, position + 1)
      defer { stack.pop() }
      do {
        list.append(try Element.decode(stack, stack.top))
      } catch let mismatch as TypeMismatch {
        let got = mismatch.detail ?? "\(mismatch.expected) expected, got \(stack.typeName(at: -1))"
        throw TypeMismatch(luaName, detail: "\(got) at position \(position + 1) of the list")
      }
    }
    return list
  }
  public func push(_ stack: LuaStack) {
    stack.newTable(list: count)
    for (position, element) in enumerated() {
      element.push(stack)
      stack.rawSet(-2, position + 1)
    }
  }
  public var luaLiteral: String { "{" + map(\.luaLiteral).joined(separator: ", ") + "}" }
}

/// A function argument, valid while the call that received it runs.
public struct LuaFunction: LuaValue {
  public static var luaName: String { "function" }
  /// Where the value lies, while the call lasts.
  public let stack: LuaStack
  /// Its position.
  public let index: Int32

  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> LuaFunction {
    let type = stack.type(at: index)
    if type == .function { return LuaFunction(stack: stack, index: index) }
    if type == .table || type == .userdata, luaL_getmetafield(stack.L, index, "__call") != LUA_TNIL {
      stack.pop()
      return LuaFunction(stack: stack, index: index)
    }
    throw TypeMismatch("function")
  }
  public func push(_ stack: LuaStack) { stack.copy(index) }

  /// Calls it with one result.
  public func call<each A: LuaValue, R: LuaValue>(_ arguments: repeat each A, returning: R.Type = R.self) throws -> R {
    guard stack.reserve(20) else { throw LuaError("stack overflow") }
    stack.copy(index)
    var count: Int32 = 0
    for argument in repeat each arguments {
      argument.push(stack)
      count += 1
    }
    try stack.call(arguments: count, results: 1)
    defer { stack.pop() }
    do {
      return try R.decode(stack, stack.top)
    } catch let mismatch as TypeMismatch {
      // As a TypeMismatch, so that the bridge puts the name of the function in front that was given this one.
      throw TypeMismatch(mismatch.expected, detail: "the function must return \(mismatch.expected), got \(mismatch.detail ?? stack.typeName(at: -1))")
    }
  }
}

/// Any value at all, where it stands on the stack; valid while the call that received it runs.
public struct LuaAny: LuaValue {
  public static var luaName: String { "value" }
  /// Where the value lies, while the call lasts.
  public let stack: LuaStack
  /// Its position.
  public let index: Int32
  /// A value at a position.
  public init(stack: LuaStack, index: Int32) {
    self.stack = stack
    self.index = index
  }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> LuaAny { LuaAny(stack: stack, index: index) }
  public func push(_ stack: LuaStack) { stack.copy(index) }
  /// Its type.
  public var type: LuaType { stack.type(at: index) }
}

/// A table as it stands on the stack; valid while the call that received it runs.
public struct LuaTable: LuaValue {
  public static var luaName: String { "table" }
  /// Where the value lies, while the call lasts.
  public let stack: LuaStack
  /// Its position.
  public let index: Int32
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> LuaTable {
    guard stack.type(at: index) == .table else { throw TypeMismatch("table") }
    return LuaTable(stack: stack, index: index)
  }
  public func push(_ stack: LuaStack) { stack.copy(index) }
}

/// The arguments not yet taken, for functions of any number of arguments.
public struct LuaRest: LuaValue {
  public static var luaName: String { "…" }
  /// Where the value lies, while the call lasts.
  public let stack: LuaStack
  /// Their positions.
  public let indices: Range<Int32>
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> LuaRest { LuaRest(stack: stack, indices: index..<index + 1) }
  public static var takesRest: Bool { true }
  public static func take(_ arguments: inout Arguments) throws -> LuaRest {
    LuaRest(stack: arguments.stack, indices: arguments.takeRest())
  }
  public func push(_ stack: LuaStack) { stack.pushNil() }
}
