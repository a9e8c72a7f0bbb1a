internal import LuaBridge
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Adam that looks ahead along its momentum, as Nesterov's does.
///
///     μₜ = β₁ (1 - ½ 0.96^(t ψ)),   ψ = momentum_decay;   m, v as in Adam
///     p = p - lr ((1 - μₜ) / (1 - ∏ μᵢ) · g + μₜ₊₁ / (1 - μₜ₊₁ ∏ μᵢ) · m) / (√(v / (1 - β₂ᵗ)) + eps),   i = 1 … t
///
/// - Paper: Dozat 2016, Incorporating Nesterov Momentum into Adam
public final class NAdam: Optimizer, @unchecked Sendable {
  private var beta1: Double
  private let beta2: Double, eps: Double, weightDecay: Double, momentumDecay: Double, decoupled: Bool
  init(
    _ parameters: [Tensor], lr: Double, betas: [Double], eps: Double, weightDecay: Double, momentumDecay: Double, decoupled: Bool, maximize: Bool
  ) throws {
    (beta1, beta2) = try Adam.checked(betas, "NAdam")
    guard eps >= 0, weightDecay >= 0, momentumDecay >= 0 else { throw LuaError("NAdam: eps, weight_decay and momentum_decay must be 0 or more") }
    (self.eps, self.weightDecay, self.momentumDecay, self.decoupled) = (eps, weightDecay, momentumDecay, decoupled)
    try super.init(parameters, lr: lr, maximize: maximize, "NAdam")
  }
  public override var momentum: Double? {
    get { beta1 }
    set { if let newValue { beta1 = newValue } }
  }
  public override var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }
  public override var stateNumbers: [String] { ["mu_product"] }

  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    let v = FlatVectors(parameter)
    if decoupled, weightDecay != 0 { v.scale(parameter.pointer, by: 1 - lr * weightDecay) }
    let g = try v.decayed(gradient, parameter, decoupled ? 0 : weightDecay)
    let mean = try state("exp_avg"), square = try state("exp_avg_sq")
    let root = try Tensor(empty: parameter.shape, parameter.type), scratch = try Tensor(empty: parameter.shape, parameter.type)

    func mu(_ step: Int) -> Double { beta1 * (1 - 0.5 * pow(0.96, Double(step) * momentumDecay)) }
    let now = mu(t), next = mu(t + 1)
    let product = (state.numbers["mu_product"] ?? 1) * now
    state.numbers["mu_product"] = product

    v.average(mean, g.pointer, decay: beta1)
    v.averageSquare(square, g.pointer, decay: beta2, scratch: scratch.pointer)
    v.set(root.pointer, to: 1 / (1 - pow(beta2, Double(t))), square)
    v.root(root.pointer)
    v.shift(root.pointer, by: eps)
    v.divide(g.pointer, by: root.pointer, into: scratch.pointer)
    v.add(-lr * (1 - now) / (1 - product), scratch.pointer, to: parameter.pointer)
    v.divide(mean, by: root.pointer, into: scratch.pointer)
    v.add(-lr * next / (1 - product * next), scratch.pointer, to: parameter.pointer)
    withExtendedLifetime((g, root, scratch)) {}
  }

  static let row = OptimizerLibrary.row(
    "NAdam", "Adam that looks ahead along its momentum, as Nesterov's does.\nPaper: Dozat 2016, Incorporating Nesterov Momentum into Adam",
    .option("lr", default: 0.002, "learning rate"), .option("betas", default: [0.9, 0.999], "decay of the two running means"),
    .option("eps", default: 1e-8, "added to the root"), OptimizerLibrary.weightDecay,
    .option("momentum_decay", default: 0.004, "how fast the momentum rises to its full share"),
    .option("decoupled_weight_decay", default: false, "weight decay apart from the gradient, as in AdamW"), OptimizerLibrary.maximize
  ) { try NAdam($0, lr: $1, betas: $2, eps: $3, weightDecay: $4, momentumDecay: $5, decoupled: $6, maximize: $7) }
}
