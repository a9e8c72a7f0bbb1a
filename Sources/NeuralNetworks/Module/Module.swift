public import LuaBridge
public import Tensors

/// A part of a network: parameters, buffers, children and a formula.
///
/// A layer registers its tensors by `register`, and composes ops in `forward`; it has no backward of its own.
open class Module: LuaObject, @unchecked Sendable {
  /// "Linear": the class's name in Lua.
  open var kind: String { "\(Self.self)" }
  /// What stands between the brackets of its description: "784 -> 100".
  open var summaryLine: String { "" }
  /// Training mode: dropout drops, batch normalisation uses the batch.
  open var training = true

  private var ownParameterList: [(name: String, tensor: Tensor)] = []
  private var ownBufferList: [(name: String, tensor: Tensor)] = []
  private var ownChildList: [(name: String, module: Module)] = []

  /// Subclasses register their parameters, buffers and children after it.
  public init() { Module.alive &+= 1 }
  deinit { Module.alive &-= 1 }
  /// Modules alive, for tests of leaks.
  public nonisolated(unsafe) private(set) static var alive = 0

  // MARK: what it is made of

  /// Makes a tensor a parameter: it will require gradients. The order of registration is the order everywhere.
  @discardableResult
  public func register(parameter name: String, _ tensor: Tensor) throws -> Tensor {
    try tensor.requireGrad()
    ownParameterList.append((name, tensor))
    return tensor
  }
  /// Makes a tensor part of the state without gradients.
  @discardableResult
  public func register(buffer name: String, _ tensor: Tensor) -> Tensor {
    ownBufferList.append((name, tensor))
    return tensor
  }
  /// Names follow PyTorch's (a Sequential's children are "0", "1", …), so that states interchange.
  @discardableResult
  public func register<M: Module>(child name: String, _ module: M) -> M {
    ownChildList.append((name, module))
    return module
  }
  /// Puts other children in the place of all.
  func replaceChildren(_ children: [(name: String, module: Module)]) { ownChildList = children }

  /// This module's own, without its children's.
  open func ownParameters() throws -> [(name: String, tensor: Tensor)] { ownParameterList }
  /// Buffers of this module alone, without those of its children.
  open func ownBuffers() throws -> [(name: String, tensor: Tensor)] { ownBufferList }
  /// The modules directly inside this one.
  open func ownChildren() throws -> [(name: String, module: Module)] { ownChildList }

  /// The same module, though reached by another Swift object (a Lua module is wrapped anew each time).
  open func isSame(as other: Module) -> Bool { self === other }

  // MARK: use

  /// The formula for one input.
  open func forward(_ x: Tensor) throws -> Tensor { throw LuaError("\(kind) has no forward") }

  /// How a script's `module(…)` runs: one tensor to one tensor, unless a module says otherwise. Arguments stand at `arguments`; results are pushed.
  open func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    guard arguments.count == 1 else { throw LuaError("\(kind): takes one tensor, got \(arguments.count) arguments") }
    do {
      try forward(Tensor.decode(stack, arguments.lowerBound)).push(stack)
    } catch let error as TypeMismatch {
      throw LuaError("\(kind): \(error.detail ?? "\(error.expected) expected, got \(stack.typeName(at: arguments.lowerBound))")")
    }
    return 1
  }

  /// The arguments of a forward that takes several tensors, named for its errors.
  func tensors(_ names: [String], _ stack: LuaStack, _ arguments: Range<Int32>) throws -> [Tensor] {
    guard arguments.count == names.count else {
      throw LuaError("\(kind): takes \(names.dropLast().joined(separator: ", ")) and \(names.last ?? ""), got \(arguments.count) arguments")
    }
    return try zip(arguments, names).map { index, name in
      guard let tensor = try? Tensor.decode(stack, index) else { throw LuaError("\(kind): Tensor expected as \(name), got \(stack.given(at: index))") }
      return tensor
    }
  }

  /// Runs the module on a tensor; an error says where in the network it arose.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try ModuleCalls.inside(self) {
      let y = try forward(x)
      ModuleCalls.observer?(self, y)
      return y
    }
  }

  /// A field of a script's `module.name` beyond parameters, buffers and children.
  open func property(_ name: String) throws -> (any LuaValue)? { nil }
  /// Names that `property` answers, for suggestions and completion.
  open var propertyNames: [String] { [] }
  /// Tensors that a layer may be made without: reading them then gives nil.
  open var optionalNames: [String] { ["bias"] }
  /// Methods that modules of this kind have besides those of all modules.
  open var ownMethods: [Row] { [] }

  /// Sets training mode here and below.
  public func setTraining(_ on: Bool) throws { for entry in try namedModules() { entry.module.training = on } }

  /// "Linear(784 -> 100)"
  public var title: String { "\(kind)(\(summaryLine))" }

  // MARK: Lua

  open class var luaName: String { "Module" }
  public static var keepsIdentity: Bool { true }
  public static var userValues: Int32 { 1 }
  public var luaClass: LuaClass { ModuleLibrary.luaClass(kind, ownMethods) }

  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Self {
    if let module = stack.object(at: index) as? Self { return module }
    if stack.type(at: index) == .table, let module = ScriptModule.wrapping(stack, index) as? Self { return module }
    throw TypeMismatch(luaName)
  }
  open func push(_ stack: LuaStack) { stack.push(object: self) }
}

extension Module {
  /// Every parameter here and below with its path, each tensor once: "0.weight".
  public func namedParameters() throws -> [(name: String, tensor: Tensor)] {
    var seen: Set<ObjectIdentifier> = []
    return try collect { try $0.ownParameters() }.filter { seen.insert(ObjectIdentifier($0.tensor)).inserted }
  }
  /// All parameters, those of children too.
  public func parameters() throws -> [Tensor] { try namedParameters().map(\.tensor) }
  /// All buffers with their paths, those of children too.
  public func namedBuffers() throws -> [(name: String, tensor: Tensor)] { try collect { try $0.ownBuffers() } }

  /// This module and all below it, parents first, each once.
  public func namedModules() throws -> [(name: String, module: Module)] {
    var found: [(name: String, module: Module)] = []
    func walk(_ module: Module, _ path: String, _ depth: Int) throws {
      guard depth < 100 else { throw LuaError("\(kind): modules are nested too deep (does one contain itself?)") }
      guard !found.contains(where: { $0.module.isSame(as: module) }) else { return }
      found.append((path, module))
      for child in try module.ownChildren() { try walk(child.module, path.isEmpty ? child.name : "\(path).\(child.name)", depth + 1) }
    }
    try walk(self, "", 0)
    return found
  }

  private func collect(_ own: (Module) throws -> [(name: String, tensor: Tensor)]) throws -> [(name: String, tensor: Tensor)] {
    try namedModules().flatMap { path, module in
      try own(module).map { (path.isEmpty ? $0.name : "\(path).\($0.name)", $0.tensor) }
    }
  }

  /// Lines of the tree as `tostring` shows it.
  func treeLines(depth: Int = 0) throws -> [String] {
    guard depth < 100 else { throw LuaError("tostring: modules are nested too deep (does one contain itself?)") }
    let children = try ownChildren()
    guard !children.isEmpty else { return [title] }
    var lines = [summaryLine.isEmpty ? "\(kind)(" : "\(kind)(\(summaryLine);"]
    for child in children {
      let label = Int(child.name).map { "[\($0 + 1)]" } ?? child.name
      for (i, line) in try child.module.treeLines(depth: depth + 1).enumerated() { lines.append(i == 0 ? "  \(label) \(line)" : "  " + line) }
    }
    return lines + [")"]
  }
}
