internal import KernelTable
internal import Kernels
public import LuaBridge
public import Tensors

/// Changes parameters by their gradients: `step()` after `backward()`.
///
/// A subclass gives the update of one tensor; which tensors, their state and the count of steps are kept here.
open class Optimizer: LuaObject, @unchecked Sendable {
  /// What messages call it.
  open var kind: String { "\(Self.self)" }
  /// The learning rate.
  open var lr: Double
  /// The share of the last step that goes on, β₁ of Adam's kin: what `OneCycleLR` turns. nil where there is none.
  open var momentum: Double? {
    get { nil }
    set {}
  }
  /// The learning rate before any scheduler changed it: what schedulers count from.
  var initialLR: Double?
  let parameters: [Tensor]
  /// Climbs instead of descending: the gradient's sign is turned.
  private let maximize: Bool
  var states: [ParameterState]
  /// Two parameters look into one block of memory: they step one after the other.
  private let overlaps: Bool

  /// - kind: the optimizer's name, for errors.
  /// - Errors: no parameters; tensors that are no leaves with gradients; a learning rate below 0.
  public init(_ parameters: [Tensor], lr: Double, maximize: Bool = false, _ kind: String) throws {
    guard !parameters.isEmpty else { throw LuaError("\(kind): there are no parameters to change") }
    for (place, parameter) in parameters.enumerated() where !parameter.isLeaf || !parameter.requiresGrad {
      throw LuaError(
        "\(kind): parameter \(place + 1) \(parameter.shape) \(parameter.isLeaf ? "does not require gradients" : "is a result of '\(parameter.node?.op ?? "")', not a parameter")"
      )
    }
    guard lr >= 0, lr.isFinite else { throw LuaError("\(kind): lr must be 0 or more, got \(lr.luaLiteral)") }
    var seen: Set<ObjectIdentifier> = []
    self.parameters = parameters.filter { seen.insert(ObjectIdentifier($0)).inserted }
    self.lr = lr
    self.maximize = maximize
    overlaps = Set(self.parameters.map { ObjectIdentifier($0.storage) }).count < self.parameters.count
    states = self.parameters.map { ParameterState($0) }
  }

  /// The parts with settings of their own; this one alone, unless groups were given.
  open var groups: [Optimizer] { [self] }

  // MARK: steps

  /// One tensor's step, the `t`-th from 1. `parameter` and `gradient` are contiguous and of one type; `state(name)` is a tensor of their shape
  /// that begins as zeros.
  open func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {}

  /// Names of the tensors that `update` asks its state for.
  open var stateNames: [String] { [] }
  /// Names of the numbers it keeps there.
  open var stateNumbers: [String] { [] }

  /// Changes every parameter that has a gradient, all in one sweep over memory.
  open func step() throws {
    // The sweep comes after the last `update`: what it reads lives until then.
    var sources: [Tensor] = []
    sources.reserveCapacity(parameters.count)
    defer { withExtendedLifetime(sources) {} }
    try OptimizerKernels.sweep {
      for i in 0..<parameters.count {
        let parameter = parameters[i]
        guard let gradient = parameter.grad else { continue }
        guard gradient.shape == parameter.shape else {
          throw LuaError("\(kind): the gradient of parameter \(i + 1) has shape \(gradient.shape), the parameter \(parameter.shape)")
        }
        var source = try gradient.converted(to: parameter.type).contiguous()
        if maximize {
          let turned = try Tensor(empty: source.shape, source.type)
          Vector.unary(.neg, source.type.width ?? .float32, source.pointer, turned.pointer, source.count)
          source = turned
        }
        sources.append(source)
        let target = try parameter.contiguous(), state = states[i]
        try update(target, source, state, t: state.steps + 1)
        state.steps += 1
        if overlaps || target !== parameter { OptimizerKernels.finishSweep() }
        if target !== parameter { parameter.write(target) }
        parameter.storage.changed(by: "step")
      }
    }
  }

  /// A step around a function that computes the loss and its gradients; most optimizers call it once and then step.
  open func step(_ closure: () throws -> Double?) throws {
    _ = try closure()
    try step()
  }

  /// Drops the gradients of all parameters.
  open func zeroGrad() { for parameter in parameters { parameter.grad = nil } }

  // MARK: state

  /// Everything needed to go on: by the number of the parameter (from 0) and the name of its state.
  open func state() throws -> [(name: String, tensor: Tensor)] {
    var entries: [(name: String, tensor: Tensor)] = [("lr", try Tensor.scalar(lr, .float64))]
    if let momentum { entries.append(("momentum", try Tensor.scalar(momentum, .float64))) }
    if let initialLR { entries.append(("initial_lr", try Tensor.scalar(initialLR, .float64))) }
    for (i, state) in states.enumerated() {
      entries.append(("\(i).step", try Tensor([Int64(state.steps)]).reshaped(Shape())))
      for (name, tensor) in state.tensors.sorted(by: { $0.key < $1.key }) { entries.append(("\(i).\(name)", tensor)) }
      for (name, value) in state.numbers.sorted(by: { $0.key < $1.key }) { entries.append(("\(i).\(name)", try Tensor.scalar(value, .float64))) }
    }
    return entries
  }

  /// Takes over a state, all or nothing.
  /// - Errors: names, shapes and values that do not belong to these parameters, all in one message; nothing is changed then.
  public final func load(_ entries: [(name: String, tensor: Tensor)]) throws { try prepared(entries)() }

  /// Checks a state and makes all that is needed; what comes back takes it over and cannot fail.
  open func prepared(_ entries: [(name: String, tensor: Tensor)]) throws -> () -> Void {
    var faults: [String] = [], numbers: [String: Double] = [:]
    let states = parameters.map { ParameterState($0) }
    var counted: Set<Int> = []
    func number(_ name: String, _ tensor: Tensor) throws -> Double? {
      if tensor.count == 1 { return try tensor.values()[0] }
      faults.append("'\(name)' has shape \(tensor.shape), a number is expected")
      return nil
    }
    for (name, tensor) in entries {
      if name == "lr" || name == "initial_lr" || name == "momentum" && momentum != nil {
        guard let value = try number(name, tensor) else { continue }
        if value >= 0, value.isFinite { numbers[name] = value } else { faults.append("'\(name)' is \(value.luaLiteral)") }
        continue
      }
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2, let i = Int(parts[0]), parameters.indices.contains(i) else {
        faults.append("'\(name)' does not belong to \(kind) of \(parameters.count) parameter\(parameters.count == 1 ? "" : "s")")
        continue
      }
      if parts[1] == "step" {
        guard let value = try number(name, tensor) else { continue }
        if value >= 0, value < 1e15, value == value.rounded() {
          states[i].steps = Int(value)
        } else {
          faults.append("'\(name)' is \(value.luaLiteral), no count of steps")
        }
        counted.insert(i)
      } else if stateNumbers.contains(parts[1]) {
        if let value = try number(name, tensor) { states[i].numbers[parts[1]] = value }
      } else if !stateNames.contains(parts[1]) {
        let known = (["step"] + stateNames + stateNumbers).joined(separator: ", ")
        faults.append("'\(name)' is no state of \(kind) (known: \(known))")
      } else if tensor.shape != parameters[i].shape {
        faults.append("'\(name)' has shape \(tensor.shape), its parameter \(parameters[i].shape)")
      } else {
        let values = try tensor.converted(to: parameters[i].type)
        states[i].tensors[parts[1]] = values === tensor ? try values.copied() : try values.contiguous()
      }
    }
    if numbers["lr"] == nil { faults.append("'lr' is missing") }
    for i in parameters.indices where !counted.contains(i) { faults.append("'\(i).step' is missing") }
    if !faults.isEmpty { throw LuaError("load_state_dict: \(faults.prefix(20).joined(separator: "; "))\(faults.count > 20 ? "; and \(faults.count - 20) more" : "")") }
    return { [self] in
      self.states = states
      lr = numbers["lr"] ?? lr
      initialLR = numbers["initial_lr"]
      if let value = numbers["momentum"] { momentum = value }
    }
  }

  /// "Adam(lr 0.001, 6 tensors)"
  open var title: String { "\(kind)(lr \(lr.luaLiteral), \(parameters.count) tensor\(parameters.count == 1 ? "" : "s"))" }

  public static var luaName: String { "Optimizer" }
  public static var keepsIdentity: Bool { true }
  public var luaClass: LuaClass { OptimizerLibrary.optimizerClass }
}
