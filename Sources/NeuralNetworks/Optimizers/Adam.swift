internal import KernelTable
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
  private var beta1: Double
  private let beta2: Double, eps: Double, weightDecay: Double, decoupled: Bool, amsgrad: Bool
  private let name: String
  init(
    _ name: String, _ parameters: [Tensor], lr: Double, betas: [Double], eps: Double, weightDecay: Double, decoupled: Bool, amsgrad: Bool, maximize: Bool
  ) throws {
    (beta1, beta2) = try Self.checked(betas, name)
    guard eps >= 0 else { throw LuaError("\(name): eps must be 0 or more, got \(eps.luaLiteral)") }
    guard weightDecay >= 0 else { throw LuaError("\(name): weight_decay must be 0 or more, got \(weightDecay.luaLiteral)") }
    (self.name, self.eps, self.weightDecay, self.decoupled, self.amsgrad) = (name, eps, weightDecay, decoupled, amsgrad)
    try super.init(parameters, lr: lr, maximize: maximize, name)
  }
  /// β₁ and β₂ as a script gives them.
  static func checked(_ betas: [Double], _ name: String) throws -> (Double, Double) {
    guard betas.count == 2, betas.allSatisfy({ $0 >= 0 && $0 < 1 }) else { throw LuaError("\(name): betas must be two numbers in 0..1, got \(betas.luaLiteral)") }
    return (betas[0], betas[1])
  }

  public override var kind: String { name }
  public override var momentum: Double? {
    get { beta1 }
    set { if let newValue { beta1 = newValue } }
  }
  public override var stateNames: [String] { ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] }

  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    OptimizerKernels.adam(
      parameter.type.width ?? .float32, parameter: parameter.pointer, gradient: gradient.pointer, m: try state("exp_avg"), v: try state("exp_avg_sq"),
      largest: amsgrad ? try state("max_exp_avg_sq") : nil,
      parameter.count, lr: lr, beta1: beta1, beta2: beta2, eps: eps, weightDecay: weightDecay, decoupled: decoupled, t: t)
  }

  private static let lr = Param.option("lr", default: 0.001, "learning rate")
  private static let betas = Param.option("betas", default: [0.9, 0.999], "decay of the two running means")
  private static let eps = Param.option("eps", default: 1e-8, "added to the root")
  private static let amsgrad = Param.option("amsgrad", default: false, "use the largest v so far")

  static let row = OptimizerLibrary.row(
    "Adam",
    """
    Steps scaled by running means of the gradient and its square: m = β₁ m + (1 - β₁) g, v = β₂ v + (1 - β₂) g², p = p - lr m̂ / (√v̂ + eps) with m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).
    Paper: Kingma & Ba 2014, arXiv:1412.6980
    """, lr, betas, eps, OptimizerLibrary.weightDecay, amsgrad, .option("decoupled_weight_decay", default: false, "weight decay apart from the gradient, as in AdamW"),
    OptimizerLibrary.maximize
  ) { try Adam("Adam", $0, lr: $1, betas: $2, eps: $3, weightDecay: $4, decoupled: $6, amsgrad: $5, maximize: $7) }

  static let decoupledRow = OptimizerLibrary.row(
    "AdamW", "Adam with weight decay apart from the gradient: p = p (1 - lr weight_decay) first.\nPaper: Loshchilov & Hutter 2017, arXiv:1711.05101", lr, betas, eps,
    .option("weight_decay", default: 0.01, "share of p, times lr, that each step takes away"), amsgrad, OptimizerLibrary.maximize
  ) { try Adam("AdamW", $0, lr: $1, betas: $2, eps: $3, weightDecay: $4, decoupled: true, amsgrad: $5, maximize: $6) }
}
