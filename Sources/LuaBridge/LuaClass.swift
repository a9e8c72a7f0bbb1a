internal import CLua
internal import CShims

/// How objects of a Swift class look to Lua: methods, properties, operators.
public final class LuaClass: @unchecked Sendable {
  /// As `tostring` and errors show it.
  public let name: String
  /// What its objects are, as help says it.
  public let doc: String
  /// The class whose methods it has under a name of its own: every kind of layer is a Module.
  public let base: LuaClass?
  /// What help calls an object: `bar` in `bar:step()`; nil for the name of its methods' first parameter.
  public let receiver: String?
  /// Methods and properties.
  public let rows: [Row]
  /// Metamethods such as `__add`, `__call`, `__len`.
  public let operators: [(String, Row)]
  /// Answers `object[key]` for every key that is no method or getter; nil leaves an error that suggests the nearest name.
  public let index: (@Sendable (LuaStack) throws -> Int32)?
  /// Answers `object[key] = value`.
  public let newIndex: (@Sendable (LuaStack) throws -> Int32)?
  let slot: Int

  /// Every class met so far.
  package nonisolated(unsafe) private(set) static var all: [LuaClass] = []

  /// - base: a class whose methods and properties it has too.
  /// - operators: metamethods by their names in Lua, "__add".
  /// - index, newIndex: what reading and setting a field that no row has does.
  public init(
    _ name: String, _ doc: String = "", base: LuaClass? = nil, receiver: String? = nil, rows: [Row], operators: [(String, Row)] = [],
    index: (@Sendable (LuaStack) throws -> Int32)? = nil,
    newIndex: (@Sendable (LuaStack) throws -> Int32)? = nil
  ) {
    self.name = name
    self.doc = doc
    self.base = base
    self.receiver = receiver
    self.rows = rows
    self.operators = operators
    self.index = index
    self.newIndex = newIndex
    slot = Self.all.count
    Self.all.append(self)
    if name != "Tensor" { for row in rows + operators.map(\.1) { row.belongs(to: name) } }
  }

  /// A class written in Lua: its rows document it.
  public convenience init(script name: String, _ doc: String, receiver: String, rows: [Row], operators: [(String, Row)] = []) {
    self.init(name, doc, receiver: receiver, rows: rows, operators: operators)
  }

  /// All names after a dot or a colon.
  public var names: [String] { rows.filter { !$0.place.isDisjoint(with: [.method, .getter]) }.map(\.name) }

  /// The error for a name the class does not have.
  public func unknown(_ name: String, in label: String? = nil) -> LuaError {
    let hint = closest(to: name, in: names).map { "; did you mean '\($0)'?" } ?? ""
    return LuaError("\(label ?? self.name) has no '\(name)'\(hint)")
  }
}

/// A Swift object that scripts hold as userdata.
public protocol LuaObject: AnyObject, LuaValue {
  /// The class that its userdata belongs to in Lua.
  var luaClass: LuaClass { get }
  /// The same object pushed twice is the same userdata (modules); otherwise each push makes one (tensors).
  static var keepsIdentity: Bool { get }
  /// Lua values anchored in the userdata, see `LuaStack.anchor`.
  static var userValues: Int32 { get }
  /// Called when `<close>` or `T.scope` ends the userdata before the collector does.
  func closed()
}

extension LuaObject {
  public static var keepsIdentity: Bool { false }
  public static var userValues: Int32 { 0 }
  public func closed() {}
  public var luaLiteral: String { luaClass.name }

  @inline(__always)
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Self {
    if let raw = nn_object_at(stack.L, index) {
      let object = Unmanaged<AnyObject>.fromOpaque(raw).takeUnretainedValue()
      if type(of: object) == Self.self { return unsafeDowncast(object, to: Self.self) }
      if let object = object as? Self { return object }
    }
    throw TypeMismatch(luaName)
  }

  public func push(_ stack: LuaStack) { stack.push(object: self) }
}

extension LuaStack {
  /// The Swift object at an index, whatever its class.
  public func object(at index: Int32) -> AnyObject? {
    nn_object_at(L, index).map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
  }

  /// A bound function as a value.
  public func push(_ row: Row) { state.push(row.box) }

  /// Whether the value at an index is the row's function.
  public func isFunction(at index: Int32, of row: Row) -> Bool {
    guard type(at: index) == .function, lua_getupvalue(L, index, 1) != nil else { return false }
    defer { pop() }
    return lua_touserdata(L, -1) == Unmanaged.passUnretained(row.box).toOpaque()
  }

  /// Pushes an object as userdata.
  public func push<O: LuaObject>(object: O) {
    let state = state
    if O.keepsIdentity, state.pushKnown(self, ObjectIdentifier(object)) { return }
    state.collect(self)
    nn_new_userdata(L, Unmanaged.passRetained(object).toOpaque(), state.metatable(object.luaClass), O.userValues)
    if O.keepsIdentity { state.remember(self, ObjectIdentifier(object)) }
    state.made(self)
  }

  /// Ties the value on top (popped) to the life of the userdata at `index`, under `key`: the way for a Swift object to hold Lua values
  /// without a cycle that no collector sees.
  public func anchor(_ index: Int32, _ key: Int) {
    let index = absolute(index)
    if lua_getiuservalue(L, index, 1) != LUA_TTABLE {
      pop()
      newTable()
      copy(-1)
      lua_setiuservalue(L, index, 1)
    }
    lua_rotate(L, -2, 1)
    rawSet(-2, key)
    pop()
  }

  /// Pushes what is anchored in the userdata at `index` under `key`, or nil.
  public func pushAnchored(_ index: Int32, _ key: Int) {
    lua_getiuservalue(L, index, 1)
    rawGet(-1, key)
    remove(-2)
  }
}
