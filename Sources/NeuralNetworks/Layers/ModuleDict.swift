public import LuaBridge
internal import Tensors

/// Modules by name for a module's own forward: dict.name, #dict, pairs(dict) in the order in which they came. It has no forward itself.
public final class ModuleDict: ModuleContainer, @unchecked Sendable {
  /// Adds or replaces a member; nil takes it out.
  func set(_ name: String, _ module: Module?) throws {
    var children = try ownChildren()
    let place = children.firstIndex { $0.name == name }
    if let module {
      try checkMember(module)
      if let place {
        children[place].module = module
      } else {
        try checkFree(name, kind)
        children.append((name, module))
      }
    } else if let place {
      children.remove(at: place)
    }
    replaceChildren(children)
  }

  public override var ownMethods: [Row] { Self.methods }

  static let methods: [Row] = [
    Row("keys", "The names, in their order.", Param("dict", ModuleDict.self), place: .method, example: "return nn.ModuleDict({act = nn.ReLU()}):keys()") { dict in
      try dict.ownChildren().map(\.name)
    },
    Row("values", "The modules, in their order.", Param("dict", ModuleDict.self), place: .method, example: "return #nn.ModuleDict({act = nn.ReLU()}):values()") { dict in
      try dict.ownChildren().map { AnyModule($0.module) }
    },
    Row(
      "contains", "Whether there is a module of that name.", Param("dict", ModuleDict.self), Param("name", String.self, "as it was given"), place: .method,
      example: "return nn.ModuleDict({act = nn.ReLU()}):contains(\"act\")"
    ) { dict, name in try dict.ownChildren().contains { $0.name == name } },
  ]

  static let row = Row(
    results: "ModuleDict",
    """
    Modules by name whose parameters count: dict.name, dict.name = module (nil takes it out), #dict, pairs(dict). It has no forward of its own.
    A table by name has no order in Lua and is taken in the names' alphabet; a list {{"name", module}, …} keeps its own.
    Errors: a member that is no module; a name with a dot, or of a method.
    """, Param("modules", LuaRest.self, "a table of modules by name, or a list of {name, module}; nothing for an empty one"), place: .function,
    example: "return nn.ModuleDict({{\"conv\", nn.Conv2d(1, 2, 3)}, {\"act\", nn.ReLU()}})", returns: "ModuleDict"
  ) { stack, rest in
    guard rest.indices.count <= 1 else { throw LuaError("ModuleDict: too many arguments (at most 1, got \(rest.indices.count))") }
    guard stack.reserve(16) else { throw LuaError("stack overflow") }
    let dict = ModuleDict([])
    dict.push(stack)
    let made = stack.top
    func add(_ name: String) throws {
      guard try !dict.ownChildren().contains(where: { $0.name == name }) else { throw LuaError("ModuleDict: the name '\(name)' is used twice") }
      guard let module = try? Module.decode(stack, stack.top) else { throw LuaError("ModuleDict: Module expected at '\(name)', got \(stack.given(at: stack.top))") }
      try dict.set(name, module)
      dict.anchor(stack, stack.top, in: made)
    }
    guard let given = rest.indices.first, stack.type(at: given) != .nil else { return 1 }
    guard let table = try? LuaTable.decode(stack, given) else { throw ArgumentError(1, "table of Modules expected, got \(stack.given(at: given))") }
    for position in 0..<stack.length(at: table.index) {
      stack.rawGet(table.index, position + 1)
      stack.rawGet(-1, 1)
      guard let name = stack.string(at: -1) else { throw LuaError("ModuleDict: member \(position + 1) must be {name, module}") }
      stack.rawGet(-2, 2)
      try add(name)
      stack.pop(3)
    }
    for name in try names(table) {
      stack.rawGet(table.index, name)
      try add(name)
      stack.pop()
    }
    return 1
  }

  private static func names(_ table: LuaTable) throws -> [String] {
    var names: [String] = []
    table.stack.pushNil()
    while table.stack.next(table.index) {
      table.stack.pop()
      if table.stack.type(at: -1) == .string, let name = table.stack.string(at: -1) { names.append(name) }
    }
    return names.sorted()
  }
}
