package import LuaBridge

/// `nnlua.help`: the reference for scripts and the prompt.
extension Reference {
  static let row = Row(
    results: "help",
    """
    Prints what there is to know of a name, a function, a layer or another object of nnlua; without an argument, what modules there are.
    At the prompt `?conv2d` does the same.
    Errors: a name that nothing has (the nearest one is named); a value that is not nnlua's.
    """, Param("name", Subject.self, "\"conv2d\", \"nn.Conv2d\", \"Tensor:sum\", \"optim\", or the function or object itself; may be left out"), place: .function,
    example: "nnlua.help(\"Tensor:backward\")", returns: "nothing"
  ) { stack, subject in
    let text = ReferenceText()
    guard let value = subject.value, value.type != .nil else { return try show(text.overview, stack) }
    if let name = stack.string(at: value.index) {
      guard let found = text.help(name) else { throw LuaError("help: nothing is called '\(name)'\(hint(for: name))") }
      return try show(found, stack)
    }
    guard let topic = topic(of: value) else {
      throw LuaError(
        "help: a name, a function or an object of nnlua expected, got \(stack.type(at: value.index) == .function ? "another function" : stack.typeName(at: value.index))")
    }
    return try show(text.page(topic), stack)
  }

  /// Any value or none: a table is a module here, and no options.
  private struct Subject: LuaValue {
    static var luaName: String { "value" }
    static var takesRest: Bool { true }
    let value: LuaAny?
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Subject { Subject(value: LuaAny(stack: stack, index: index)) }
    static func take(_ arguments: inout Arguments) throws -> Subject {
      let given = arguments.remaining
      arguments.advance(Int32(given.count))
      return Subject(value: given.isEmpty ? nil : LuaAny(stack: arguments.stack, index: given.lowerBound))
    }
    func push(_ stack: LuaStack) { value.push(stack) }
  }

  private static func show(_ text: String, _ stack: LuaStack) throws -> Int32 {
    try Display.print(text, stack)
    return 0
  }

  /// What a value is an instance or an entry of.
  package static func topic(of value: LuaAny) -> Topic? {
    let stack = value.stack
    if let object = stack.object(at: value.index) as? any LuaObject {
      let type = object.luaClass
      if type.base != nil, let maker = entries.first(where: { $0.isMaker && $0.row.name == type.name }) { return .entry(maker) }
      return typeTopic(type.base?.name ?? type.name)
    }
    if let entry = entry(at: value.index, of: stack) { return .entry(entry) }
    guard stack.reserve(8), [.table, .function].contains(value.type) else { return nil }
    let top = stack.top
    defer { stack.top = top }
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    stack.rawGet(-1, "loaded")
    let loaded = stack.top
    for library in modules where stack.rawGet(loaded, library.name) == .table {
      let module = stack.top
      if stack.rawEqual(module, value.index) { return .module(library) }
      for entry in entries where entry.library.name == library.name && entry.type == nil && entry.row.isScript {
        stack.rawGet(module, entry.row.name)
        if stack.rawEqual(-1, value.index) { return .entry(entry) }
        stack.pop()
      }
      for type in library.classes {
        stack.rawGet(module, type.name)
        if stack.rawEqual(-1, value.index) { return .type(type, library) }
        stack.pop()
      }
    }
    // Objects of classes written in Lua: an nn.class, a progress bar.
    return stack.pushMetafield(value.index, "__nnlua_module") ? typeTopic("Module") : value.type == .table ? typeTopic(stack.typeName(at: value.index)) : nil
  }

  package static func typeTopic(_ name: String) -> Topic? {
    for library in modules { if let type = library.types.first(where: { $0.name == name }) { return .type(type, library) } }
    return nil
  }
}
