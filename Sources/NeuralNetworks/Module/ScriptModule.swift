public import LuaBridge
public import Tensors

/// A module written in Lua with `nn.class`, seen from Swift: fields that are tensors with gradients, modules or lists of them are its parts.
///
/// It holds only a handle: the table is kept by the script, or anchored in the container it was given to.
public final class ScriptModule: Module, @unchecked Sendable {
  let handle: LuaHandle
  /// Not owned: the state owns this module, through a userdata.
  private unowned let state: LuaState
  private let name: String

  private init(_ handle: LuaHandle, _ state: LuaState, _ name: String) {
    self.handle = handle
    self.state = state
    self.name = name
  }

  /// The module behind a table, or nil where the table is no instance of an `nn.class`.
  static func wrapping(_ stack: LuaStack, _ index: Int32) -> ScriptModule? {
    guard stack.reserve(8), stack.pushMetafield(index, "__nnlua_module") else { return nil }
    let name = stack.string(at: -1) ?? "Module"
    stack.pop()
    return ScriptModule(stack.handle(at: index), stack.state, name)
  }

  public override var kind: String { name }
  public override func isSame(as other: Module) -> Bool { (other as? ScriptModule)?.handle == handle }

  public override func push(_ stack: LuaStack) { _ = stack.push(handle) }

  /// Pushes the table; it is gone only where a script kept the container's insides and dropped the container.
  private func pushTable() throws -> LuaStack {
    let stack = state.stack
    guard stack.reserve(16) else { throw LuaError("stack overflow") }
    guard stack.push(handle) else { throw LuaError("\(name): this module is no longer alive") }
    return stack
  }

  public override var training: Bool {
    get {
      guard let stack = try? pushTable() else { return true }
      defer { stack.pop(2) }
      return stack.rawGet(-1, "training") == .boolean ? stack.boolean(at: -1) : true
    }
    set {
      guard let stack = try? pushTable() else { return }
      stack.push(newValue)
      stack.rawSet(-2, "training")
      stack.pop()
    }
  }

  // MARK: parts

  private enum Part {
    case parameter(Tensor), buffer(Tensor), module(Module)
  }

  /// The fields that are parts, in the order in which they were first set; lists are searched, their members named "layers.0".
  private func parts() throws -> [(name: String, part: Part)] {
    let stack = try pushTable()
    let base = stack.top - 1
    defer { stack.top = base }
    let table = stack.top
    var found: [(name: String, part: Part)] = []
    func look(_ name: String, _ index: Int32, _ depth: Int) {
      guard depth < 20, stack.reserve(8) else { return }
      if let tensor = try? Tensor.decode(stack, index) {
        found.append((name, tensor.requiresGrad && tensor.isLeaf ? .parameter(tensor) : .buffer(tensor)))
      } else if let module = try? Module.decode(stack, index) {
        found.append((name, .module(module)))
      } else if stack.type(at: index) == .table {
        for position in 0..<stack.length(at: index) {
          stack.rawGet(index, position + 1)
          look("\(name).\(position)", stack.top, depth + 1)
          stack.pop()
        }
      }
    }
    var names: [String] = []
    if stack.pushMetafield(table, "__fields") {  // weak table: instance -> list of names
      stack.copy(table)
      try stack.get(-2)
      if stack.type(at: -1) == .table { names = (try? [String].decode(stack, stack.top)) ?? [] }
      stack.pop(2)
    }
    for name in names {
      stack.rawGet(table, name)
      look(name, stack.top, 0)
      stack.pop()
    }
    return found
  }

  public override func ownParameters() throws -> [(name: String, tensor: Tensor)] {
    try parts().compactMap { if case .parameter(let tensor) = $0.part { ($0.name, tensor) } else { nil } }
  }
  /// Tensors without gradients that were declared by `self:register_buffer(name, tensor)`.
  public override func ownBuffers() throws -> [(name: String, tensor: Tensor)] {
    let stack = try pushTable()
    let base = stack.top - 1
    defer { stack.top = base }
    guard stack.pushMetafield(stack.top, "__buffers") else { return [] }
    stack.copy(base + 1)
    try stack.get(-2)
    guard stack.type(at: -1) == .table, let names = try? [String].decode(stack, stack.top) else { return [] }
    return try parts().compactMap { if case .buffer(let tensor) = $0.part, names.contains($0.name) { ($0.name, tensor) } else { nil } }
  }
  public override func ownChildren() throws -> [(name: String, module: Module)] {
    try parts().compactMap { if case .module(let module) = $0.part { ($0.name, module) } else { nil } }
  }

  // MARK: use

  public override func forward(_ x: Tensor) throws -> Tensor {
    let stack = try pushTable()
    let base = stack.top - 1
    defer { stack.top = base }
    x.push(stack)
    let results = try run(stack, stack.top..<stack.top + 1)
    guard results >= 1, let y = try? Tensor.decode(stack, stack.top - results + 1) else {
      throw LuaError("\(name): forward must return a tensor, got \(results < 1 ? "nothing" : stack.typeName(at: -results))")
    }
    return y
  }

  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 { try run(stack, arguments) }

  /// self:forward(…) with the values at `arguments`; the results are pushed.
  private func run(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    guard stack.reserve(Int32(arguments.count) + 8) else { throw LuaError("stack overflow") }
    let base = stack.top
    guard stack.push(handle) else { throw LuaError("\(name): this module is no longer alive") }
    let table = stack.top
    stack.push("forward")
    try stack.get(table)
    guard stack.type(at: -1) == .function else { throw LuaError("\(name): has no forward; write function \(name):forward(x) … end") }
    stack.copy(table)
    stack.remove(table)
    for index in arguments { stack.copy(index) }
    try stack.call(arguments: Int32(arguments.count) + 1, results: -1)
    return stack.top - base
  }
}
