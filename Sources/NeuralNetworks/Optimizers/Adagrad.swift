internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

/// Steps that shrink with the sum of squared gradients.
///
///     s = s + g²;   p = p - lr / (1 + (t - 1) lr_decay) · g / (√s + eps)
///
/// - Paper: Duchi, Hazan & Singer 2011, jmlr.org/papers/v12/duchi11a.html
public final class Adagrad: Optimizer, @unchecked Sendable {
  private let lrDecay: Double, eps: Double, weightDecay: Double, initial: Double
  init(_ parameters: [Tensor], lr: Double, lrDecay: Double, eps: Double, weightDecay: Double, initial: Double, maximize: Bool) throws {
    guard lrDecay >= 0, eps >= 0, weightDecay >= 0, initial >= 0 else {
      throw LuaError("Adagrad: lr_decay, eps, weight_decay and initial_accumulator_value must be 0 or more")
    }
    (self.lrDecay, self.eps, self.weightDecay, self.initial) = (lrDecay, eps, weightDecay, initial)
    try super.init(parameters, lr: lr, maximize: maximize, "Adagrad")
  }
  public override var stateNames: [String] { ["sum"] }

  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    let width = parameter.type.width ?? .float32, first = !state.has("sum"), sum = try state("sum")
    if first, initial > 0 { Vector.fill(width, sum, parameter.count, value: initial) }
    OptimizerKernels.adagrad(
      width, parameter: parameter.pointer, gradient: gradient.pointer, sum: sum, parameter.count, lr: lr, lrDecay: lrDecay, eps: eps, weightDecay: weightDecay, t: t)
  }

  static let row = OptimizerLibrary.row(
    "Adagrad",
    "Steps that shrink with the sum of squared gradients: s = s + g², p = p - lr / (1 + (t - 1) lr_decay) · g / (√s + eps).\nPaper: Duchi, Hazan & Singer 2011, jmlr.org/papers/v12/duchi11a.html",
    .option("lr", default: 0.01, "learning rate"), .option("lr_decay", default: 0.0, "decay of lr by step"),
    .option("eps", default: 1e-10, "added to the root"), OptimizerLibrary.weightDecay,
    .option("initial_accumulator_value", default: 0.0, "s at the beginning"), OptimizerLibrary.maximize
  ) { try Adagrad($0, lr: $1, lrDecay: $2, eps: $3, weightDecay: $4, initial: $5, maximize: $6) }
}
