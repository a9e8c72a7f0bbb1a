public import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

/// Gradient descent, with momentum.
///
///     v = momentum v + (1 - dampening) (g + weight_decay p);   p = p - lr v        (nesterov: p = p - lr (g + momentum v))
///
/// The first step takes v = g, as PyTorch does.
public final class SGD: Optimizer, @unchecked Sendable {
  private let name: String, momentum: Double, dampening: Double, weightDecay: Double, nesterov: Bool
  init(_ name: String, _ parameters: [Tensor], lr: Double, momentum: Double, dampening: Double, weightDecay: Double, nesterov: Bool) throws {
    guard momentum >= 0 else { throw LuaError("\(name): momentum must be 0 or more, got \(momentum)") }
    guard weightDecay >= 0 else { throw LuaError("\(name): weight_decay must be 0 or more, got \(weightDecay)") }
    guard !nesterov || (momentum > 0 && dampening == 0) else { throw LuaError("\(name): nesterov needs a momentum above 0 and no dampening") }
    (self.name, self.momentum, self.dampening, self.weightDecay, self.nesterov) = (name, momentum, dampening, weightDecay, nesterov)
    try super.init(parameters, lr: lr, name)
  }
  public override var kind: String { name }
  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ width: FloatWidth, t: Int, state: (String) throws -> UnsafeMutableRawPointer) throws {
    OptimizerKernels.sgd(
      width, parameter: parameter.pointer, gradient: gradient.pointer, velocity: momentum == 0 ? nil : try state("momentum_buffer"), parameter.count, lr: lr,
      momentum: momentum,
      dampening: dampening, weightDecay: weightDecay, nesterov: nesterov, first: t == 1)
  }

  private static let lr = Param.option("lr", default: 0.01, "learning rate")
  private static let decay = Param.option("weight_decay", default: 0.0, "λ of the penalty ½ λ p²")

  static let row = OptimizerLibrary.row(
    "SGD", "Gradient descent p = p - lr g, with momentum where asked for.", lr, .option("momentum", default: 0.0, "share of the last step that goes on"),
    .option("dampening", default: 0.0, "share of the gradient that is left out of the momentum"), .option("nesterov", default: false, "look ahead along the momentum"),
    decay
  ) { try SGD("SGD", $0, lr: $1, momentum: $2, dampening: $3, weightDecay: $5, nesterov: $4) }

  static let momentumRow = OptimizerLibrary.row(
    "Momentum", "Gradient descent with momentum, the book's name for it.", lr, .option("momentum", default: 0.9, "share of the last step that goes on"), decay
  ) {
    try SGD("Momentum", $0, lr: $1, momentum: $2, dampening: 0, weightDecay: $3, nesterov: false)
  }
  static let nesterovRow = OptimizerLibrary.row(
    "Nesterov", "Gradient descent with Nesterov's momentum.", lr, .option("momentum", default: 0.9, "share of the last step that goes on"), decay
  ) {
    try SGD("Nesterov", $0, lr: $1, momentum: $2, dampening: 0, weightDecay: $3, nesterov: true)
  }
}
