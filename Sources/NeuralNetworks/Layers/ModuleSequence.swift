public import LuaBridge
internal import Tensors

/// A container whose members scripts may add to and replace: what `Sequential`, `ModuleList` and `ModuleDict` share.
public class ModuleContainer: Module, @unchecked Sendable {
  /// Lua values anchored so far, each under a key of its own.
  private var anchors: Int

  init(_ modules: [(name: String, module: Module)]) {
    anchors = modules.count
    super.init()
    for entry in modules { register(child: entry.name, entry.module) }
  }

  /// Ties a member's Lua value to the container's userdata, see `LuaStack.anchor`.
  func anchor(_ stack: LuaStack, _ value: Int32, in container: Int32) {
    anchors += 1
    stack.copy(value)
    stack.anchor(container, anchors)
  }

  /// - Errors: a module that this one is a part of.
  func checkMember(_ module: Module) throws {
    guard try !module.namedModules().contains(where: { $0.module.isSame(as: self) }) else { throw LuaError("\(kind): a module cannot contain itself") }
  }
}

/// A container with an order: `net[i]`, `#net`, `ipairs(net)`, `append`, `insert`.
public class ModuleSequence: ModuleContainer, @unchecked Sendable {
  /// Puts a member before place `place` (from 0); numbered members behind it move up.
  /// - Errors: members that have names, unless it comes last.
  func insert(_ module: Module, at place: Int, _ function: String) throws {
    try checkMember(module)
    var children = try ownChildren()
    let numbered = children.enumerated().allSatisfy { $0.element.name == "\($0.offset)" }
    guard numbered || place == children.count else { throw LuaError("\(function): the members of this \(kind) have names; new ones can only be appended") }
    guard numbered || !children.contains(where: { $0.name == "\(place)" }) else { throw LuaError("\(function): the name '\(place)' is used already") }
    children.insert(("\(place)", module), at: place)
    if numbered { children = children.enumerated().map { ("\($0.offset)", $0.element.module) } }
    replaceChildren(children)
  }

  func replace(_ place: Int, with module: Module) throws {
    try checkMember(module)
    var children = try ownChildren()
    children[place].module = module
    replaceChildren(children)
  }

  public override var ownMethods: [Row] { Self.methods }

  static let methods: [Row] = [
    Row(
      results: "append", "Adds a module at the end and returns the container.\nErrors: a module that contains this one.", Param("modules", ModuleSequence.self),
      Param("module", Module.self, "the new member"), place: .method, example: "return #nn.Sequential(nn.Linear(2, 3)):append(nn.ReLU())", returns: "Module"
    ) { stack, list, module in
      try list.insert(module, at: list.ownChildren().count, "append")
      list.anchor(stack, 2, in: 1)
      stack.copy(1)
      return 1
    },
    Row(
      results: "insert", "Puts a module before the one at a position and returns the container.\nErrors: a position outside 1 … #modules + 1; members that have names.",
      Param("modules", ModuleSequence.self), Param("position", Int.self, "from 1"), Param("module", Module.self, "the new member"), place: .method,
      example: "return nn.ModuleList(nn.Linear(2, 3)):insert(1, nn.ReLU())", returns: "Module"
    ) { stack, list, position, module in
      let count = try list.ownChildren().count
      guard position >= 1, position <= count + 1 else { throw LuaError("insert: position \(position) is out of range 1..\(count + 1)") }
      try list.insert(module, at: position - 1, "insert")
      list.anchor(stack, 3, in: 1)
      stack.copy(1)
      return 1
    },
    Row(
      results: "extend", "Adds all modules of a list, or of another container, at the end and returns the container.\nErrors: a member that is no module.",
      Param("modules", ModuleSequence.self), Param("list", LuaAny.self, "a list of modules, ModuleList or Sequential"), place: .method,
      example: "return #nn.ModuleList():extend({nn.ReLU(), nn.Tanh()})", returns: "Module"
    ) { stack, list, others in
      guard stack.reserve(12) else { throw LuaError("stack overflow") }
      let container = try? ModuleSequence.decode(stack, others.index)
      guard container != nil || others.type == .table else { throw ArgumentError(2, "list of Modules expected, got \(stack.given(at: others.index))") }
      let members = try container?.ownChildren().map(\.module)
      for place in 0..<(members?.count ?? stack.length(at: others.index)) {
        if let members { members[place].push(stack) } else { stack.rawGet(others.index, place + 1) }
        let member = stack.top
        guard let module = try? Module.decode(stack, member) else {
          throw LuaError("extend: Module expected at position \(place + 1), got \(stack.given(at: member))")
        }
        try list.insert(module, at: list.ownChildren().count, "extend")
        list.anchor(stack, member, in: 1)
        stack.pop()
      }
      stack.copy(1)
      return 1
    },
  ]
}

/// A list of modules for a module's own forward: list[i], #list. It has no forward itself.
public final class ModuleList: ModuleSequence, @unchecked Sendable {
  static let row = Sequential.container(
    "ModuleList", "A list of modules whose parameters count: list[i], #list, ipairs(list). It has no forward of its own.\nErrors: a member that is no module.",
    example: "return nn.ModuleList(nn.Linear(2, 2), nn.Linear(2, 2))"
  ) { ModuleList($0) }
}
