internal import LuaBridge
public import Tensors

/// Modules one after the other: y = last(… second(first(x))).
///
/// - Errors: a member's, with its position: `in net[3] Linear(784 -> 100): …`.
public final class Sequential: Module, @unchecked Sendable {
  public init(_ modules: [(name: String, module: Module)]) {
    super.init()
    for entry in modules { register(child: entry.name, entry.module) }
  }

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
    "Sequential", "Modules one after the other; net[i] is the i-th, #net their number. Named: Sequential{{\"conv1\", …}, …}.",
    example: "return nn.Sequential(nn.Linear(2, 3), nn.ReLU())"
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

/// A list of modules for a module's own forward: list[i], #list. It has no forward itself.
public final class ModuleList: Module, @unchecked Sendable {
  init(_ modules: [(name: String, module: Module)]) {
    super.init()
    for entry in modules { register(child: entry.name, entry.module) }
  }
  static let row = Sequential.container(
    "ModuleList", "A list of modules whose parameters count: list[i], #list. It has no forward of its own.",
    example: "return nn.ModuleList(nn.Linear(2, 2), nn.Linear(2, 2))"
  ) { ModuleList($0) }
}

/// y = x + inner(x)
///
/// - Paper: He et al. 2015, arXiv:1512.03385
public final class Residual: Module, @unchecked Sendable {
  private let inner: Module
  init(_ inner: Module) {
    self.inner = inner
    super.init()
    register(child: "inner", inner)
  }
  public override func forward(_ x: Tensor) throws -> Tensor {
    let y = try inner(x)
    guard y.shape == x.shape else { throw LuaError("residual: the inner module makes \(y.shape) of \(x.shape); both are added and must agree") }
    return try Elementwise.add(x, y)
  }
  static let row = Sequential.wrapper(
    "Residual", "y = x + inner(x).", Param("inner", Module.self, "a module that keeps the shape"), example: "return nn.Residual(nn.Linear(3, 3))"
  ) { _, inner in Residual(inner) }
}

/// A Lua function as a module.
public final class Lambda: Module, @unchecked Sendable {
  private let handle: LuaHandle
  /// Not owned: the state owns this module, through a userdata.
  private unowned let state: LuaState
  init(_ handle: LuaHandle, _ state: LuaState) {
    self.handle = handle
    self.state = state
  }
  public override func forward(_ x: Tensor) throws -> Tensor {
    let stack = state.stack
    guard stack.reserve(8), stack.push(handle) else { throw LuaError("lambda: its function is no longer alive") }
    x.push(stack)
    try stack.call(arguments: 1, results: 1)
    defer { stack.pop() }
    guard let y = try? Tensor.decode(stack, stack.top) else { throw LuaError("lambda: the function must return a tensor, got \(stack.typeName(at: -1))") }
    return y
  }
  static let row = Sequential.wrapper(
    "Lambda", "A function as a module.", Param("f", LuaFunction.self, "from a tensor to a tensor"), example: "return nn.Lambda(function(x) return x * 2 end)"
  ) { stack, f in
    Lambda(stack.handle(at: f.index), stack.state)
  }
}

/// y = x
public final class Identity: Module, @unchecked Sendable {
  public override func forward(_ x: Tensor) throws -> Tensor { x }
  static let row = Row("Identity", "y = x.", place: .function, example: "return nn.Identity()") { Identity() }
}
