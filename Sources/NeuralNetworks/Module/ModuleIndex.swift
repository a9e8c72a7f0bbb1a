internal import LuaBridge
internal import Tensors

/// What `net[2]`, `net.weight`, `#net`, `pairs(net)` and `tostring(net)` do.
extension ModuleLibrary {
  static let operators: [(String, Row)] = [
    ("__call", methods[0]),
    ("__display", ModuleDisplay.row),
    ("__tostring", Row("tostring", "The module as text.", Param("module", Module.self), place: []) { try $0.treeLines().joined(separator: "\n") }),
    (
      "__len",
      Row("len", "The number of modules directly inside.", Param("module", Module.self), Param("again", default: LuaAny?.none), place: []) { module, _ in
        try module.ownChildren().count
      }
    ),
    (
      "__pairs",
      Row(results: "pairs", "The modules directly inside by name, or by position from 1, in their order.", Param("module", Module.self), place: [], returns: "iterator") {
        stack, module in
        let children = try module.ownChildren()
        try pushOrdered(children.map { Key($0.name) }, children.map { AnyModule($0.module) }, stack)
        guard stack.pushMetafield(-1, "__pairs") else { return 0 }
        stack.copy(-2)
        try stack.call(arguments: 1, results: 3)
        return 3
      }
    ),
  ]

  /// A child's name as scripts see it: members of a list are counted from 1.
  private struct Key: LuaValue {
    static var luaName: String { "string or integer" }
    let name: String
    init(_ name: String) { self.name = name }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Key { Key(try String.decode(stack, index)) }
    func push(_ stack: LuaStack) { if let position = Int(name) { stack.push(position + 1) } else { stack.push(name) } }
  }

  /// Pushes a table by name that keeps its order: `for name, value in t do` and `pairs(t)` walk it.
  static func pushOrdered<K: LuaValue, V: LuaValue>(_ names: [K], _ values: [V], _ stack: LuaStack) throws {
    guard stack.reserve(12) else { throw LuaError("stack overflow") }
    try stack.state.load(ShippedFile.text("ordered.lua"), name: "=pairs", stack)
    names.push(stack)
    values.push(stack)
    try stack.call(arguments: 2, results: 1)
  }

  /// net[2], net.weight, net.fc1
  static let index: @Sendable (LuaStack) throws -> Int32 = { stack in
    let module = try Module.decode(stack, 1)
    if let position = stack.integer(at: 2) {
      let children = try module.ownChildren()
      if position == children.count + 1, module is ModuleSequence, stack.isCalledByLibrary {
        stack.pushNil()  // where ipairs ends
        return 1
      }
      children[try place(of: position, children.count, module)].module.push(stack)
      return 1
    }
    guard let name = stack.string(at: 2) else { throw LuaError("\(module.kind) cannot be indexed by a \(stack.typeName(at: 2)) value") }
    if let found = try (module.ownParameters() + module.ownBuffers()).first(where: { $0.name == name })?.tensor {
      found.push(stack)
    } else if let child = try module.ownChildren().first(where: { $0.name == name })?.module {
      child.push(stack)
    } else if let value = try module.property(name) {
      value.push(stack)
    } else if module.optionalNames.contains(name) {
      stack.pushNil()  // a layer made without one
    } else {
      throw LuaError("\(module.kind) has no '\(name)'\(try hint(name, in: module))")
    }
    return 1
  }

  /// Where a position from 1, or from the end, stands.
  private static func place(of position: Int, _ count: Int, _ module: Module) throws -> Int {
    let place = position < 0 ? position &+ count : position - 1
    guard (0..<count).contains(place) else { throw LuaError("\(module.kind): position \(position) is out of range 1..\(count)") }
    return place
  }

  private static func hint(_ name: String, in module: Module) throws -> String {
    let parts = try module.ownParameters().map(\.name) + module.ownBuffers().map(\.name) + module.ownChildren().map(\.name)
    let known = moduleClass.names + module.ownMethods.map(\.name) + parts + module.propertyNames
    return closest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
  }

  /// net.training = false; net.weight = tensor (copied into the parameter); list[2] = module; dict.name = module
  static let newIndex: @Sendable (LuaStack) throws -> Int32 = { stack in
    let module = try Module.decode(stack, 1)
    let position = stack.integer(at: 2), name = stack.string(at: 2) ?? "?"
    if name == "training", stack.type(at: 3) == .boolean {
      try module.setTraining(stack.boolean(at: 3))
    } else if let own = try (module.ownParameters() + module.ownBuffers()).first(where: { $0.name == name })?.tensor {
      guard let value = try? Tensor.decode(stack, 3) else { throw LuaError("\(module.kind).\(name): Tensor expected, got \(stack.typeName(at: 3))") }
      try own.load(value, "\(module.kind).\(name)")
    } else if let sequence = module as? ModuleSequence, let position {
      try sequence.replace(place(of: position, sequence.ownChildren().count, module), with: Module.member(stack, 3, module.kind))
      sequence.anchor(stack, 3, in: 1)
    } else if let dictionary = module as? ModuleDict, stack.type(at: 2) == .string {
      try dictionary.set(name, stack.type(at: 3) == .nil ? nil : Module.member(stack, 3, module.kind))
      if stack.type(at: 3) != .nil { dictionary.anchor(stack, 3, in: 1) }
    } else {
      let key = position.map { "field [\($0)]" } ?? "field '\(name)'"
      let hint = try hint(name, in: module)
      throw LuaError("\(module.kind) has no \(key) to set\(hint.isEmpty ? "; write a module of your own with nn.class to hold more" : hint)")
    }
    return 0
  }
}

extension Module {
  /// The module at an index, which is to become a part of `owner`.
  static func member(_ stack: LuaStack, _ index: Int32, _ owner: String) throws -> Module {
    guard let module = try? Module.decode(stack, index) else { throw LuaError("\(owner): Module expected, got \(stack.given(at: index))") }
    return module
  }
}
