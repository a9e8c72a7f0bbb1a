internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

/// Gradient descent, with momentum.
///
///     v = momentum v + (1 - dampening) (g + weight_decay p);   p = p - lr v        (nesterov: p = p - lr (g + momentum v))
///
/// The first step takes v = g, as PyTorch does.
public final class SGD: Optimizer, @unchecked Sendable {
  private let name: String, dampening: Double, weightDecay: Double, nesterov: Bool
  private var share: Double
  init(
    _ name: String, _ parameters: [Tensor], lr: Double, momentum: Double, dampening: Double, weightDecay: Double, nesterov: Bool, maximize: Bool
  ) throws {
    guard momentum >= 0 else { throw LuaError("\(name): momentum must be 0 or more, got \(momentum.luaLiteral)") }
    guard weightDecay >= 0 else { throw LuaError("\(name): weight_decay must be 0 or more, got \(weightDecay.luaLiteral)") }
    guard !nesterov || (momentum > 0 && dampening == 0) else { throw LuaError("\(name): nesterov needs a momentum above 0 and no dampening") }
    (self.name, share, self.dampening, self.weightDecay, self.nesterov) = (name, momentum, dampening, weightDecay, nesterov)
    try super.init(parameters, lr: lr, maximize: maximize, name)
  }
  public override var kind: String { name }
  public override var momentum: Double? {
    get { share }
    set { if let newValue { share = newValue } }
  }
  public override var stateNames: [String] { ["momentum_buffer"] }

  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    let first = share != 0 && !state.has("momentum_buffer")
    OptimizerKernels.sgd(
      parameter.type.width ?? .float32, parameter: parameter.pointer, gradient: gradient.pointer,
      velocity: share == 0 ? nil : try state("momentum_buffer"), parameter.count, lr: lr, momentum: share, dampening: dampening, weightDecay: weightDecay,
      nesterov: nesterov, first: first)
  }

  private static let share = Param.option("momentum", default: 0.9, "share of the last step that goes on")
  private static let bookRate = Param.option("lr", default: 0.01, "learning rate")

  static let row = OptimizerLibrary.row(
    "SGD", "Gradient descent: v = momentum v + (1 - dampening) (g + weight_decay p), p = p - lr v; the first step takes v = g.",
    .option("lr", default: 0.001, "learning rate"), .option("momentum", default: 0.0, "share of the last step that goes on"),
    .option("dampening", default: 0.0, "share of the gradient that is left out of the momentum"), .option("nesterov", default: false, "look ahead along the momentum"),
    OptimizerLibrary.weightDecay, OptimizerLibrary.maximize
  ) { try SGD("SGD", $0, lr: $1, momentum: $2, dampening: $3, weightDecay: $5, nesterov: $4, maximize: $6) }

  static let momentumRow = OptimizerLibrary.row(
    "Momentum", "Gradient descent with momentum: v = momentum v + g, p = p - lr v.", bookRate, share, OptimizerLibrary.weightDecay, OptimizerLibrary.maximize
  ) { try SGD("Momentum", $0, lr: $1, momentum: $2, dampening: 0, weightDecay: $3, nesterov: false, maximize: $4) }

  static let nesterovRow = OptimizerLibrary.row(
    "Nesterov", "Gradient descent with Nesterov's momentum: v = momentum v + g, p = p - lr (g + momentum v).", bookRate, share, OptimizerLibrary.weightDecay,
    OptimizerLibrary.maximize
  ) { try SGD("Nesterov", $0, lr: $1, momentum: $2, dampening: 0, weightDecay: $3, nesterov: true, maximize: $4) }
}
