internal import CLua
internal import CShims

/// The types a Lua value can have.
public enum LuaType: Int32, Sendable {
  case none = -1, `nil`, boolean, lightUserdata, number, string, table, function, userdata, thread
}

/// The value stack of a running Lua call. Indices count from 1, negative ones from the top.
///
/// Nothing here can raise a Lua error: reads are raw, and what may run a metamethod goes through a protected call.
public struct LuaStack: @unchecked Sendable {
  package let L: OpaquePointer
  package init(_ L: OpaquePointer) { self.L = L }

  /// The position of the topmost value; setting it drops values or adds nils.
  public var top: Int32 {
    get { lua_gettop(L) }
    nonmutating set { lua_settop(L, newValue) }
  }
  /// The type of the value at a position.
  public func type(at index: Int32) -> LuaType { LuaType(rawValue: lua_type(L, index)) ?? .none }
  /// A position from the top as one from the bottom, which pushes do not move.
  public func absolute(_ index: Int32) -> Int32 { nn_absolute(L, index) }
  /// Drops values from the top.
  public func pop(_ count: Int32 = 1) { nn_pop(L, count) }
  /// Pushes a copy of the value at a position.
  public func copy(_ index: Int32) { lua_pushvalue(L, index) }
  /// Puts the value on top, which it pops, at an index.
  public func replace(_ index: Int32) {
    lua_copy(L, -1, index)
    nn_pop(L, 1)
  }
  /// Takes the value at a position out.
  public func remove(_ index: Int32) {
    lua_rotate(L, index, -1)
    nn_pop(L, 1)
  }
  /// Makes room for `count` more values; false where Lua's stack limit is reached.
  public func reserve(_ count: Int32) -> Bool { lua_checkstack(L, count) != 0 }

  // Values onto the stack.
  /// Pushes nil.
  public func pushNil() { lua_pushnil(L) }
  /// Pushes a boolean.
  public func push(_ value: Bool) { lua_pushboolean(L, value ? 1 : 0) }
  /// Pushes an integer.
  public func push(_ value: Int) { lua_pushinteger(L, Int64(value)) }
  /// Pushes a number.
  public func push(_ value: Double) { lua_pushnumber(L, value) }
  /// Pushes a string.
  public func push(_ value: String) {
    var value = value
    value.withUTF8 { bytes in
      _ =
        bytes.baseAddress.map { base in
          base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { lua_pushlstring(L, $0, bytes.count) }
        } ?? lua_pushlstring(L, "", 0)
    }
  }
  /// A string of any bytes.
  public func push(bytes: [UInt8]) {
    _ =
      bytes.withUnsafeBufferPointer { bytes in
        bytes.baseAddress.map { base in base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { lua_pushlstring(L, $0, bytes.count) } }
      } ?? lua_pushlstring(L, "", 0)
  }
  /// Pushes an empty table with room for so many list items and fields.
  public func newTable(list: Int = 0, fields: Int = 0) { lua_createtable(L, Int32(clamping: list), Int32(clamping: fields)) }

  // Values read.
  /// Whether the value counts as true.
  public func boolean(at index: Int32) -> Bool { lua_toboolean(L, index) != 0 }
  /// Whether the value is a number kept as an integer.
  public func isInteger(at index: Int32) -> Bool { lua_isinteger(L, index) != 0 }
  /// The value as an integer; nil where it is none.
  public func integer(at index: Int32) -> Int? {
    guard lua_type(L, index) == LUA_TNUMBER else { return nil }
    var ok: Int32 = 0
    let value = lua_tointegerx(L, index, &ok)
    return ok != 0 ? Int(value) : nil
  }
  /// The value as a number; nil where it is none.
  public func number(at index: Int32) -> Double? {
    guard lua_type(L, index) == LUA_TNUMBER else { return nil }
    return lua_tonumberx(L, index, nil)
  }
  /// A string's text, bytes that are no UTF-8 mended; nil for any other type.
  public func string(at index: Int32) -> String? {
    guard lua_type(L, index) == LUA_TSTRING else { return nil }
    var size = 0
    guard let text = lua_tolstring(L, index, &size) else { return nil }
    return String(decoding: UnsafeRawBufferPointer(start: text, count: size), as: UTF8.self)
  }
  /// Calls `body` with a string's bytes, which live as long as the string; nil where the value is no string.
  public func withBytes<R>(at index: Int32, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R? {
    guard lua_type(L, index) == LUA_TSTRING else { return nil }
    var size = 0
    guard let text = lua_tolstring(L, index, &size) else { return nil }
    return try body(UnsafeRawBufferPointer(start: text, count: size))
  }

  // Tables, without metamethods. Reading from what is no table gives nil: Lua itself would not check.
  /// The raw length of a table or string.
  public func length(at index: Int32) -> Int { Int(clamping: lua_rawlen(L, index)) }
  /// Pushes the item of a table at a position from 1, without metamethods.
  @discardableResult public func rawGet(_ index: Int32, _ position: Int) -> LuaType {
    guard lua_type(L, index) == LUA_TTABLE else {
      pushNil()
      return .nil
    }
    return LuaType(rawValue: lua_rawgeti(L, index, Int64(position))) ?? .none
  }
  /// Pushes the field of a table, without metamethods.
  @discardableResult public func rawGet(_ index: Int32, _ name: String) -> LuaType {
    let index = absolute(index)
    guard lua_type(L, index) == LUA_TTABLE else {
      pushNil()
      return .nil
    }
    push(name)
    return LuaType(rawValue: lua_rawget(L, index)) ?? .none
  }
  /// table[position] = the value on top, which it pops.
  public func rawSet(_ index: Int32, _ position: Int) { lua_rawseti(L, index, Int64(position)) }
  /// table[name] = the value on top, which it pops.
  public func rawSet(_ index: Int32, _ name: String) {
    let index = absolute(index)
    push(name)
    lua_rotate(L, -2, 1)
    lua_rawset(L, index)
  }
  /// table[the value below the top] = the value on top; both are popped. The key must be one: see `isKey`.
  public func rawSet(_ index: Int32) { lua_rawset(L, absolute(index)) }
  /// A table can have it as a key: all but nil and NaN.
  public func isKey(at index: Int32) -> Bool { type(at: index) != .nil && type(at: index) != .none && number(at: index)?.isNaN != true }
  /// Pops a key and pushes the next key and value; false, and nothing pushed, at the end.
  public func next(_ index: Int32) -> Bool { lua_next(L, index) != 0 }
  /// Whether two values are the same, without metamethods.
  public func rawEqual(_ a: Int32, _ b: Int32) -> Bool { lua_rawequal(L, a, b) != 0 }

  /// table[key on top], metamethods included; the key is replaced by the value.
  public func get(_ index: Int32) throws {
    if nn_get_table(L, index) != 0 { throw popRaised() }
  }
  /// What `tostring` makes of the value.
  public func description(at index: Int32) throws -> String {
    var size = 0
    guard let text = nn_tolstring(L, index, &size) else { throw popRaised() }
    defer { pop() }
    return String(decoding: UnsafeRawBufferPointer(start: text, count: size), as: UTF8.self)
  }
  /// The name a type error shows: "nil", "number", or a userdata's `__name`.
  public func typeName(at index: Int32) -> String {
    let type = type(at: index)
    if type == .none { return "no value" }
    if type == .userdata || type == .table, luaL_getmetafield(L, index, "__name") != LUA_TNIL {
      defer { pop() }
      if let name = string(at: -1) { return name }
    }
    return String(cString: lua_typename(L, type.rawValue))
  }

  /// What an error says was given: the type's name, unless the object has been freed.
  public func given(at index: Int32) -> String { nn_is_closed(L, index) != 0 ? "one that was freed" : typeName(at: index) }

  /// Takes the table on top as the metatable of the value at `index`.
  public func setMetatable(_ index: Int32) { lua_setmetatable(L, index) }

  /// Pushes a field of the value's metatable; false, and nothing pushed, where there is none.
  public func pushMetafield(_ index: Int32, _ name: String) -> Bool { luaL_getmetafield(L, index, name) != LUA_TNIL }

  /// Calls the function below its `arguments` on the stack; an error comes back as `LuaRaised`, whatever value it is.
  public func call(arguments: Int32, results: Int32, traceback: Bool = false) throws {
    let isTimed = Profiler.beginScript()
    let status = nn_pcall(L, arguments, results, traceback ? 1 : 0)
    if isTimed { Profiler.end() }
    if status != LUA_OK { throw popRaised() }
  }

  /// The error on top, taken off the stack.
  package func popRaised() -> LuaRaised {
    let text = string(at: -1) ?? "(error object is a \(typeName(at: -1)) value)"
    return LuaRaised(value: LuaReference(popping: self), description: text)
  }

  /// A function of Lua's library called the running one (`ipairs` asks for the next member), not a line of a script.
  public var isCalledByLibrary: Bool { nn_is_called_by_c(L) != 0 }

  /// The state it belongs to.
  public var state: LuaState { LuaState.of(L) }
}

/// A weak name for a Lua value: it keeps nothing alive. A Swift object that works with a Lua value holds its handle, while the value is
/// anchored in the object's userdata (`LuaStack.anchor`): so Lua's collector sees every reference, and no cycle escapes it.
public struct LuaHandle: Sendable, Hashable {
  let id: Int
}

extension LuaStack {
  /// The handle of a table, function or userdata.
  public func handle(at index: Int32) -> LuaHandle { state.handle(self, index) }
  /// Pushes the value, or nil (and answers false) where it has been collected.
  public func push(_ handle: LuaHandle) -> Bool { state.push(self, handle) }
}

/// A Lua value that Swift keeps alive. Use it for the length of a call; an object that outlives it anchors Lua values
/// in its userdata instead (see `LuaStack.anchor`), so that no cycle can form that neither side collects.
public final class LuaReference: @unchecked Sendable {
  private let life: LuaState.Life
  private let slot: Int32

  /// Takes the topmost value.
  public init(popping stack: LuaStack) {
    life = stack.state.life
    slot = luaL_ref(stack.L, nn_registry_index())
  }
  /// Pushes the value.
  public func push(_ stack: LuaStack) { lua_rawgeti(stack.L, nn_registry_index(), Int64(slot)) }
  // Freed at the next bound call: this may run in the middle of any Lua operation.
  deinit { life.state?.takeUnretainedValue().releaseLater(slot) }
}
