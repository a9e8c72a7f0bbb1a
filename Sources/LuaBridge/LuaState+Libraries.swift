internal import CLua
internal import CShims

/// The modules that scripts `require`.
extension LuaState {
  /// Makes `require(library.name)` give the library's table; it is built when first asked for.
  package func install(_ library: Library) {
    libraries.append(library)
    let stack = stack
    lua_getglobal(stack.L, "package")
    stack.rawGet(-1, "preload")
    push(
      FunctionBox("require") { stack in
        try stack.state.build(library, stack)
        return 1
      })
    stack.rawSet(-2, library.name)
    stack.pop(2)
  }

  package var installed: [Library] { libraries }

  /// Builds the table of a library that `require` has found by itself, and leaves it on the stack.
  package func add(_ library: Library, _ stack: LuaStack) throws {
    try build(library, stack)
    libraries.append(library)
  }

  private func build(_ library: Library, _ stack: LuaStack) throws {
    guard stack.reserve(12) else { throw LuaError("stack overflow") }
    stack.newTable(fields: library.rows.count)
    for row in library.rows where row.place.contains(.function) && !row.isScript {
      push(row.box)
      stack.rawSet(-2, row.name)
    }
    let table = stack.top
    for type in library.classes {
      stack.newTable(fields: type.rows.count)
      for row in type.rows where row.place.contains(.method) && !row.isScript {
        push(row.box)
        stack.rawSet(-2, row.name)
      }
      // What classes written in Lua show themselves by, as their base does.
      if let display = type.operators.first(where: { $0.0 == "__display" }) {
        push(display.1.box)
        stack.rawSet(-2, display.0)
      }
      stack.rawSet(table, type.name)
    }
    // Names that are not there raise, with the nearest name that is; `__name` and the like stay nil for Lua's own lookups.
    stack.newTable()
    push(
      FunctionBox("__index") { stack in
        guard let name = stack.string(at: 2) else {
          stack.pushNil()
          return 1
        }
        if name.hasPrefix("__") {
          stack.pushNil()
          return 1
        }
        var names: [String] = []
        stack.pushNil()
        while stack.next(1) {
          stack.pop()
          if let known = stack.type(at: -1) == .string ? stack.string(at: -1) : nil { names.append(known) }
        }
        let hint = closest(to: name, in: names.sorted()).map { "; did you mean '\($0)'?" } ?? ""
        throw LuaError("\(library.shortName) has no '\(name)'\(hint)")
      })
    stack.rawSet(-2, "__index")
    if let body = library.call?.box.body, let name = library.call?.name {
      push(
        FunctionBox(name) { stack in
          stack.remove(1)  // the module itself
          return try body(stack)
        })
      stack.rawSet(-2, "__call")
    }
    lua_setmetatable(stack.L, table)
    if let lua = library.lua {
      try load(lua, name: "=\(library.name)", stack)
      if shippedEnvironment != 0 {
        lua_rawgeti(stack.L, nn_registry_index(), Int64(shippedEnvironment))
        lua_setupvalue(stack.L, -2, 1)
      }
      stack.copy(table)
      try stack.call(arguments: 1, results: 0)
    }
    for row in library.rows where row.isScript {
      stack.rawGet(table, row.name)
      let type = stack.type(at: -1)
      guard row.place == .getter ? type != .nil : type == .function else { throw LuaError("\(library.name): its Lua source lacks '\(row.name)'") }
      stack.pop()
    }
  }
}
