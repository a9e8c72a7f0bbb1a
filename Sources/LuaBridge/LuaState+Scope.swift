internal import CLua
internal import CShims

/// `T.scope`: userdata made while a function runs are closed when it ends, but for those it returns or keeps.
extension LuaState {
  func noteInScope(_ stack: LuaStack) {
    guard stack.reserve(4) else { return }
    lua_rawgeti(stack.L, nn_registry_index(), Int64(scopes[scopes.count - 1]))
    stack.copy(-2)
    stack.rawSet(-2, stack.length(at: -2) + 1)
    stack.pop()
  }

  /// Calls the function on top with one argument, `keep`, then closes every userdata made meanwhile but those found among its results
  /// or given to `keep` (tables are searched). Results stay on the stack; their count is returned.
  public func scope(_ stack: LuaStack) throws -> Int32 {
    let base = stack.top - 1
    guard stack.reserve(12) else { throw LuaError("stack overflow") }
    stack.newTable()
    let kept = luaL_ref(stack.L, nn_registry_index())
    let life = ScopeLife()
    defer {
      life.ended = true
      luaL_unref(stack.L, nn_registry_index(), kept)
    }
    push(
      FunctionBox("keep") { stack in
        if life.ended { throw LuaError("keep: its scope has ended") }
        lua_rawgeti(stack.L, nn_registry_index(), Int64(kept))
        let table = stack.top
        for index in 1..<table { stack.state.mark(stack, index, table, depth: 0) }
        stack.pop()
        return stack.top
      })
    stack.newTable()
    scopes.append(luaL_ref(stack.L, nn_registry_index()))
    func end(keeping range: Range<Int32>) {
      let scope = scopes.removeLast()
      guard stack.reserve(12) else { return }
      lua_rawgeti(stack.L, nn_registry_index(), Int64(kept))
      let kept = stack.top
      for index in range { mark(stack, index, kept, depth: 0) }
      lua_rawgeti(stack.L, nn_registry_index(), Int64(scope))
      let list = stack.top
      for position in stride(from: stack.length(at: list), through: 1, by: -1) {
        stack.rawGet(list, position)
        stack.copy(-1)
        let keep = lua_rawget(stack.L, kept) != LUA_TNIL
        stack.pop()
        if keep { made(stack) } else { close(stack, -1) }  // what is kept belongs to the scope around this one
        stack.pop()
      }
      stack.pop(2)
      luaL_unref(stack.L, nn_registry_index(), scope)
    }
    do {
      try stack.call(arguments: 1, results: -1)  // -1: as many as it returns
    } catch {
      if let raised = error as? LuaRaised {
        raised.value.push(stack)
        end(keeping: stack.top..<stack.top + 1)
        stack.pop()
      } else {
        end(keeping: 0..<0)
      }
      throw error
    }
    end(keeping: base + 1..<stack.top + 1)
    return stack.top - base
  }

  private func mark(_ stack: LuaStack, _ index: Int32, _ kept: Int32, depth: Int) {
    let type = stack.type(at: index)
    guard type == .userdata || type == .table, depth < 100, stack.reserve(8) else { return }
    stack.copy(index)
    if lua_rawget(stack.L, kept) != LUA_TNIL { return stack.pop() }
    stack.pop()
    stack.copy(index)
    stack.push(true)
    lua_rawset(stack.L, kept)
    guard type == .table else { return }
    let table = stack.absolute(index)
    stack.pushNil()
    while stack.next(table) {
      mark(stack, stack.top, kept, depth: depth + 1)
      stack.pop()
    }
  }
}

/// Whether a scope that gave out its `keep` has ended.
private final class ScopeLife: @unchecked Sendable {
  var ended = false
}
