internal import LuaBridge
public import Tensors

/// Modules one after the other: y = last(… second(first(x))).
///
/// - Errors: a member's, with its position: `in net[3] Linear(784 -> 100): …`.
public final class Sequential: ModuleSequence, @unchecked Sendable {
  public override func forward(_ x: Tensor) throws -> Tensor {
    let children = try ownChildren()
    var y = x, next = 0
    while next < children.count {
      if let (fused, taken) = FusedChain.run(children, from: next, y) {
        y = fused
        next += taken
      } else {
        y = try children[next].module(y)
        next += 1
      }
    }
    return y
  }

  static let row = container(
    "Sequential",
    """
    Modules one after the other; net[i] is the i-th, #net their number. Named: Sequential{{"conv1", …}, …}.
    Shapes: x as the first module takes it, y as the last gives it.
    Errors: a member's own, with its place: in net[3] Linear(784 -> 100): ….
    """, example: "return nn.Sequential(nn.Linear(2, 3), nn.ReLU())"
  ) {
    Sequential($0)
  }

  /// A row for a container of any number of modules: given one by one, in one list, or as a list of {name, module}.
  /// The Lua values are anchored in the userdata, see `LuaStack.anchor`.
  static func container(_ name: String, _ doc: String, example: String, make: @escaping @Sendable ([(name: String, module: Module)]) throws -> Module) -> Row {
    Row(results: name, doc, Param("modules", LuaRest.self, "modules, or one list of them"), place: .function, example: example, returns: name) { stack, rest in
      var entries: [(name: String, module: Module)] = []
      var values: [Int32] = []
      guard stack.reserve(Int32(rest.indices.count) + 16) else { throw LuaError("\(name): too many modules") }
      func add(_ index: Int32, _ label: String?, _ place: String) throws {
        guard let module = try? Module.decode(stack, index) else { throw LuaError("\(name): Module expected at \(place), got \(stack.typeName(at: index))") }
        entries.append((label ?? "\(entries.count)", module))
        values.append(index)
      }
      if rest.indices.count == 1, let first = rest.indices.first, stack.type(at: first) == .table, (try? Module.decode(stack, first)) == nil {
        let count = stack.length(at: first)
        guard stack.reserve(Int32(clamping: count) * 3 + 16) else { throw LuaError("\(name): too many modules") }
        for position in 0..<count {
          stack.rawGet(first, position + 1)
          let member = stack.top
          if stack.type(at: member) == .table, (try? Module.decode(stack, member)) == nil {
            stack.rawGet(member, 1)
            guard let label = stack.string(at: -1), !label.isEmpty, !label.contains(".") else {
              throw LuaError("\(name): member \(position + 1) must be a module or {name, module}; a name is a string without dots")
            }
            guard !entries.contains(where: { $0.name == label }) else { throw LuaError("\(name): the name '\(label)' is used twice") }
            stack.rawGet(member, 2)
            try add(stack.top, label, "position \(position + 1)")
          } else {
            try add(member, nil, "position \(position + 1)")
          }
        }
      } else {
        for index in rest.indices { try add(index, nil, "argument #\(index)") }
      }
      try make(entries).push(stack)
      let made = stack.top
      for (key, index) in values.enumerated() {
        stack.copy(index)
        stack.anchor(made, key + 1)
      }
      return 1
    }
  }

  /// A row for a module around one Lua value (a module or a function), anchored.
  static func wrapper<V: LuaValue>(_ name: String, _ doc: String, _ parameter: Param<V>, example: String, make: @escaping @Sendable (LuaStack, V) throws -> Module) -> Row
  {
    Row(results: name, doc, parameter, place: .function, example: example, returns: name) { stack, value in
      let given: Int32 = 1
      try make(stack, value).push(stack)
      let made = stack.top
      stack.copy(given)
      stack.anchor(made, 1)
      return 1
    }
  }
}
