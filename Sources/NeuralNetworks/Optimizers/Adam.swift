public import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

/// Steps scaled by running means of the gradient and its square.
///
///     m = β₁ m + (1 - β₁) g;   v = β₂ v + (1 - β₂) g²
///     p = p - lr / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + eps)
///
/// - Paper: Kingma & Ba 2014, arXiv:1412.6980; with decoupled weight decay (AdamW) Loshchilov & Hutter 2017, arXiv:1711.05101
public final class Adam: Optimizer, @unchecked Sendable {
  private let beta1: Double, beta2: Double, eps: Double, weightDecay: Double, decoupled: Bool, amsgrad: Bool
  init(_ parameters: [Tensor], lr: Double, betas: [Double], eps: Double, weightDecay: Double, decoupled: Bool, amsgrad: Bool) throws {
    let name = decoupled ? "AdamW" : "Adam"
    guard betas.count == 2, betas.allSatisfy({ $0 >= 0 && $0 < 1 }) else { throw LuaError("\(name): betas must be two numbers in 0..1, got \(betas.luaLiteral)") }
    guard eps >= 0 else { throw LuaError("\(name): eps must be 0 or more, got \(eps)") }
    guard weightDecay >= 0 else { throw LuaError("\(name): weight_decay must be 0 or more, got \(weightDecay)") }
    (beta1, beta2, self.eps, self.weightDecay, self.decoupled, self.amsgrad) = (betas[0], betas[1], eps, weightDecay, decoupled, amsgrad)
    try super.init(parameters, lr: lr, name)
  }
  public override var kind: String { decoupled ? "AdamW" : "Adam" }
  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ width: FloatWidth, t: Int, state: (String) throws -> UnsafeMutableRawPointer) throws {
    OptimizerKernels.adam(
      width, parameter: parameter.pointer, gradient: gradient.pointer, m: try state("exp_avg"), v: try state("exp_avg_sq"),
      largest: amsgrad ? try state("max_exp_avg_sq") : nil,
      parameter.count, lr: lr, beta1: beta1, beta2: beta2, eps: eps, weightDecay: weightDecay, decoupled: decoupled, t: t)
  }

  private static func row(_ name: String, _ doc: String, decay: Double, decoupled: Bool) -> Row {
    OptimizerLibrary.row(
      name, doc, .option("lr", default: 0.001, "learning rate"), .option("betas", default: [0.9, 0.999], "decay of the two running means"),
      .option("eps", default: 1e-8, "added to the root"), .option("weight_decay", default: decay, "weight decay λ"),
      .option("amsgrad", default: false, "use the largest v so far")
    ) { try Adam($0, lr: $1, betas: $2, eps: $3, weightDecay: $4, decoupled: decoupled, amsgrad: $5) }
  }
  static let row = row("Adam", "Steps scaled by running means of the gradient and its square. Kingma & Ba 2014, arXiv:1412.6980.", decay: 0, decoupled: false)
  static let decoupledRow = row("AdamW", "Adam with weight decay apart from the gradient. Loshchilov & Hutter 2017, arXiv:1711.05101.", decay: 0.01, decoupled: true)
}
