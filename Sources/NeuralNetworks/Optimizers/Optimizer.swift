public import KernelTable
public import LuaBridge
public import Tensors

/// Changes parameters by their gradients: `step()` after `backward()`.
///
/// A subclass gives the update of one tensor; which tensors, their state and the count of steps are kept here.
open class Optimizer: LuaObject, @unchecked Sendable {
  open var kind: String { "\(Self.self)" }
  /// The learning rate.
  open var lr: Double
  let parameters: [Tensor]
  private var states: [[String: Tensor]]
  private var steps: [Int]

  init(_ parameters: [Tensor], lr: Double, _ kind: String) throws {
    guard !parameters.isEmpty else { throw LuaError("\(kind): there are no parameters to change") }
    for (place, parameter) in parameters.enumerated() where !parameter.isLeaf || !parameter.requiresGrad {
      throw LuaError(
        "\(kind): parameter \(place + 1) \(parameter.shape) \(parameter.isLeaf ? "does not require gradients" : "is a result of '\(parameter.node?.op ?? "")', not a parameter")"
      )
    }
    guard lr >= 0, lr.isFinite else { throw LuaError("\(kind): lr must be 0 or more, got \(lr)") }
    var seen: Set<ObjectIdentifier> = []
    self.parameters = parameters.filter { seen.insert(ObjectIdentifier($0)).inserted }
    self.lr = lr
    states = Array(repeating: [:], count: self.parameters.count)
    steps = Array(repeating: 0, count: self.parameters.count)
  }

  /// One tensor's step, the `t`-th from 1; `state(name)` is a tensor of the parameter's shape that begins as zeros.
  open func update(_ parameter: Tensor, _ gradient: Tensor, _ width: FloatWidth, t: Int, state: (String) throws -> UnsafeMutableRawPointer) throws {}

  /// Changes every parameter that has a gradient.
  open func step() throws {
    for (i, parameter) in parameters.enumerated() {
      guard let gradient = parameter.grad else { continue }
      guard gradient.shape == parameter.shape else {
        throw LuaError("\(kind): the gradient of parameter \(i + 1) has shape \(gradient.shape), the parameter \(parameter.shape)")
      }
      let width: FloatWidth = parameter.type == .float64 ? .float64 : .float32
      let source = try gradient.converted(to: parameter.type).contiguous()
      let target = try parameter.contiguous()
      steps[i] += 1
      try update(target, source, width, t: steps[i]) { name in
        if let known = states[i][name], known.type == parameter.type, known.shape == parameter.shape { return known.pointer }
        let made = try states[i][name]?.converted(to: parameter.type) ?? Tensor.zeros(parameter.shape, parameter.type)
        states[i][name] = made
        return made.pointer
      }
      if target !== parameter { parameter.write(target) }
      parameter.storage.changed(by: "step")
    }
  }

  open func zeroGrad() { for parameter in parameters { parameter.grad = nil } }

  /// Everything needed to go on: by the number of the parameter (from 0) and the name of its state.
  open func state() throws -> [(name: String, tensor: Tensor)] {
    var entries: [(name: String, tensor: Tensor)] = [("lr", try Tensor.scalar(lr, .float64))]
    for i in parameters.indices {
      entries.append(("\(i).step", try Tensor([Int64(steps[i])]).reshaped(Shape())))
      for (name, tensor) in states[i].sorted(by: { $0.key < $1.key }) { entries.append(("\(i).\(name)", tensor)) }
    }
    return entries
  }

  /// - Errors: names or shapes that do not belong to these parameters; nothing is changed then.
  open func load(_ entries: [(name: String, tensor: Tensor)]) throws {
    var states = self.states, steps = self.steps, lr = self.lr
    for (name, tensor) in entries {
      if name == "lr", tensor.count == 1 {
        lr = try tensor.values()[0]
        continue
      }
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2, let i = Int(parts[0]), parameters.indices.contains(i) else {
        throw LuaError("load_state_dict: '\(name)' does not belong to \(kind) of \(parameters.count) parameters")
      }
      if parts[1] == "step", tensor.count == 1 {
        let value = try tensor.values()[0]
        guard value >= 0, value < 1e15 else { throw LuaError("load_state_dict: '\(name)' is \(value), no count of steps") }
        steps[i] = Int(value)
      } else {
        guard tensor.shape == parameters[i].shape else { throw LuaError("load_state_dict: '\(name)' has shape \(tensor.shape), its parameter \(parameters[i].shape)") }
        states[i][parts[1]] = try tensor.converted(to: parameters[i].type).copied()
      }
    }
    (self.states, self.steps, self.lr) = (states, steps, lr)
  }

  /// "Adam(lr 0.001, 6 tensors)"
  open var title: String { "\(kind)(lr \(lr.luaLiteral), \(parameters.count) tensors)" }

  public static var luaName: String { "Optimizer" }
  public static var keepsIdentity: Bool { true }
  public var luaClass: LuaClass { OptimizerLibrary.optimizerClass }
}

/// Several groups of parameters, each with its own settings, stepped together.
final class OptimizerGroups: Optimizer, @unchecked Sendable {
  private let groups: [Optimizer]
  override var kind: String { groups[0].kind }
  init(_ groups: [Optimizer]) throws {
    self.groups = groups
    try super.init(groups.flatMap(\.parameters), lr: groups[0].lr, groups[0].kind)
  }
  /// The first group's; setting it scales nothing, it sets all.
  override var lr: Double {
    get { super.lr }
    set {
      super.lr = newValue
      for group in groups { group.lr = newValue }
    }
  }
  override func step() throws { for group in groups { try group.step() } }
  override func state() throws -> [(name: String, tensor: Tensor)] {
    try groups.enumerated().flatMap { i, group in try group.state().map { ("group\(i).\($0.name)", $0.tensor) } }
  }
  override func load(_ entries: [(name: String, tensor: Tensor)]) throws {
    for (i, group) in groups.enumerated() {
      let prefix = "group\(i)."
      try group.load(entries.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) })
    }
  }
}
