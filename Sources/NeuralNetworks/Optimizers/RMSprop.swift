internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

/// Steps scaled by a running mean of squared gradients.
///
///     s = alpha s + (1 - alpha) g²;   p = p - lr g / (√s + eps)
///
/// - Paper: Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6e
public final class RMSprop: Optimizer, @unchecked Sendable {
  private let alpha: Double, eps: Double, centered: Bool, weightDecay: Double
  private var share: Double
  init(_ parameters: [Tensor], lr: Double, alpha: Double, eps: Double, momentum: Double, centered: Bool, weightDecay: Double, maximize: Bool) throws {
    guard alpha >= 0, eps >= 0, momentum >= 0, weightDecay >= 0 else { throw LuaError("RMSprop: alpha, eps, momentum and weight_decay must be 0 or more") }
    (self.alpha, self.eps, share, self.centered, self.weightDecay) = (alpha, eps, momentum, centered, weightDecay)
    try super.init(parameters, lr: lr, maximize: maximize, "RMSprop")
  }
  public override var momentum: Double? {
    get { share }
    set { if let newValue { share = newValue } }
  }
  public override var stateNames: [String] { ["square_avg", "grad_avg", "momentum_buffer"] }

  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    OptimizerKernels.rmsprop(
      parameter.type.width ?? .float32, parameter: parameter.pointer, gradient: gradient.pointer, square: try state("square_avg"),
      mean: centered ? try state("grad_avg") : nil, buffer: share > 0 ? try state("momentum_buffer") : nil, parameter.count, lr: lr, alpha: alpha, eps: eps,
      momentum: share, weightDecay: weightDecay)
  }

  static let row = OptimizerLibrary.row(
    "RMSprop",
    "Steps scaled by a running mean of squared gradients: s = alpha s + (1 - alpha) g², p = p - lr g / (√s + eps).\nPaper: Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6e",
    .option("lr", default: 0.01, "learning rate"), .option("alpha", default: 0.99, "decay of the running mean"), .option("eps", default: 1e-8, "added to the root"),
    .option("momentum", default: 0.0, "share of the last step that goes on"), .option("centered", default: false, "take the mean of g from its square"),
    OptimizerLibrary.weightDecay, OptimizerLibrary.maximize
  ) { try RMSprop($0, lr: $1, alpha: $2, eps: $3, momentum: $4, centered: $5, weightDecay: $6, maximize: $7) }
}
