internal import CLua
internal import CShims

/// What a session of cells needs of Lua: variables that closures share, tracebacks apart from their error.
extension LuaStack {
  /// The name of an upvalue of the function at an index; nil where there are fewer.
  public func upvalueName(_ function: Int32, _ position: Int32) -> String? {
    guard let name = lua_getupvalue(L, function, position) else { return nil }
    pop()
    return String(cString: name)
  }
  /// Pushes an upvalue's value; false, and nothing pushed, where there is none.
  public func pushUpvalue(_ function: Int32, _ position: Int32) -> Bool { lua_getupvalue(L, function, position) != nil }
  /// Gives an upvalue the value on top, which it pops.
  public func setUpvalue(_ function: Int32, _ position: Int32) {
    if lua_setupvalue(L, function, position) == nil { pop() }
  }
  /// Makes an upvalue of one Lua function the same variable as one of another.
  public func joinUpvalue(_ function: Int32, _ position: Int32, to other: Int32, _ otherPosition: Int32) {
    lua_upvaluejoin(L, function, position, other, otherPosition)
  }
  /// Which variable an upvalue is: the same for all functions that share it; nil where there is none.
  public func upvalueID(_ function: Int32, _ position: Int32) -> UnsafeMutableRawPointer? { lua_upvalueid(L, function, position) }

  /// Lets every Lua function that is reached from the table at `roots` and shares an upvalue of one function share another's instead.
  /// It looks into tables, functions and userdata, not into coroutines.
  public func rejoin(roots: Int32, from function: Int32, _ position: Int32, to other: Int32, _ otherPosition: Int32) throws {
    let (roots, function, other) = (absolute(roots), absolute(function), absolute(other))
    guard reserve(10) else { throw LuaError("stack overflow") }
    nn_push_rejoin(L)
    copy(roots)
    copy(function)
    push(Int(position))
    copy(other)
    push(Int(otherPosition))
    try call(arguments: 5, results: 0)
  }

  /// As `call`, with the traceback of an error kept for `LuaState.lastTraceback`.
  public func callTraced(arguments: Int32, results: Int32) throws {
    let isTimed = Profiler.beginScript()
    let status = nn_pcall_traced(L, arguments, results)
    if isTimed { Profiler.end() }
    if status != LUA_OK { throw popRaised() }
  }
}

extension LuaState {
  /// Compiles bytes; the chunk is left on the stack. A syntax error is thrown as Lua words it.
  public func load(bytes: [UInt8], name: String) throws {
    let status = bytes.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { nn_load_buffer(stack.L, $0.baseAddress ?? UnsafePointer(bitPattern: 1), $0.count, name) }
    }
    if status != LUA_OK { throw stack.popRaised() }
  }

  /// The frames of the last error that came out of `callTraced`, innermost first.
  public var lastTraceback: [String] {
    guard let text = nn_host_of(L).pointee.traceback else { return [] }
    return String(cString: text).split(separator: "\n").dropFirst().map { String($0.drop { $0 == "\t" }) }
  }
}
