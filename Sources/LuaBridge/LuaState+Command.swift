internal import CLua
internal import CShims

/// What a command line needs of Lua beyond bound functions: raw bytes, globals, text that is not UTF-8.
extension LuaStack {
  /// A C string, byte for byte: arguments and paths need not be UTF-8.
  public func push(bytes: UnsafePointer<CChar>) { lua_pushstring(L, bytes) }
  /// Pushes the table of globals.
  public func pushGlobals() { nn_push_global_table(L) }
}

extension LuaState {
  /// "5.4.4"
  public static let luaVersion = "\(LUA_VERSION_MAJOR).\(LUA_VERSION_MINOR).\(LUA_VERSION_RELEASE)"

  /// Compiles a C string; the chunk is left on the stack.
  public func load(bytes: UnsafePointer<CChar>, count: Int, name: String) throws {
    if nn_load_buffer(stack.L, bytes, count, name) != LUA_OK { throw stack.popRaised() }
  }

  /// Compiles a file whose path is these bytes, standard input where it is nil; the chunk is left on the stack.
  public func loadFile(bytes path: UnsafePointer<CChar>?) throws {
    if nn_load_file(stack.L, path) != LUA_OK { throw stack.popRaised() }
  }
}
