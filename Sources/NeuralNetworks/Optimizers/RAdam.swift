internal import LuaBridge
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Adam whose first steps, when v is known from few gradients only, are plain momentum.
///
///     ρ∞ = 2 / (1 - β₂) - 1;   ρₜ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ);   m, v as in Adam, m̂ = m / (1 - β₁ᵗ)
///     ρₜ > 5:   p = p - lr r m̂ √(1 - β₂ᵗ) / (√v + eps),   r = √((ρₜ - 4) (ρₜ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρₜ))
///     else:     p = p - lr m̂
///
/// - Paper: Liu et al. 2019, arXiv:1908.03265
public final class RAdam: Optimizer, @unchecked Sendable {
  private var beta1: Double
  private let beta2: Double, eps: Double, weightDecay: Double, decoupled: Bool
  init(_ parameters: [Tensor], lr: Double, betas: [Double], eps: Double, weightDecay: Double, decoupled: Bool, maximize: Bool) throws {
    (beta1, beta2) = try Adam.checked(betas, "RAdam")
    guard eps >= 0, weightDecay >= 0 else { throw LuaError("RAdam: eps and weight_decay must be 0 or more") }
    (self.eps, self.weightDecay, self.decoupled) = (eps, weightDecay, decoupled)
    try super.init(parameters, lr: lr, maximize: maximize, "RAdam")
  }
  public override var momentum: Double? {
    get { beta1 }
    set { if let newValue { beta1 = newValue } }
  }
  public override var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    let v = FlatVectors(parameter)
    if decoupled, weightDecay != 0 { v.scale(parameter.pointer, by: 1 - lr * weightDecay) }
    let g = try v.decayed(gradient, parameter, decoupled ? 0 : weightDecay)
    let mean = try state("exp_avg"), square = try state("exp_avg_sq")
    let scratch = try Tensor(empty: parameter.shape, parameter.type)
    v.average(mean, g.pointer, decay: beta1)
    v.averageSquare(square, g.pointer, decay: beta2, scratch: scratch.pointer)

    let power = pow(beta2, Double(t)), correction1 = 1 - pow(beta1, Double(t)), correction2 = 1 - power
    let last = 2 / (1 - beta2) - 1, length = last - 2 * Double(t) * power / correction2
    if length > 5 {
      let rectified = ((length - 4) * (length - 2) * last / ((last - 4) * (last - 2) * length)).squareRoot()
      v.set(scratch.pointer, to: 1, square)
      v.root(scratch.pointer)
      v.shift(scratch.pointer, by: eps)
      v.divide(mean, by: scratch.pointer, into: scratch.pointer)
      v.add(-lr * rectified * correction2.squareRoot() / correction1, scratch.pointer, to: parameter.pointer)
    } else {
      v.add(-lr / correction1, mean, to: parameter.pointer)
    }
    withExtendedLifetime((g, scratch)) {}
  }

  static let row = OptimizerLibrary.row(
    "RAdam", "Adam whose first steps, when the mean square is known from few gradients only, are plain momentum.\nPaper: Liu et al. 2019, arXiv:1908.03265",
    .option("lr", default: 0.001, "learning rate"), .option("betas", default: [0.9, 0.999], "decay of the two running means"),
    .option("eps", default: 1e-8, "added to the root"), OptimizerLibrary.weightDecay,
    .option("decoupled_weight_decay", default: false, "weight decay apart from the gradient, as in AdamW"), OptimizerLibrary.maximize
  ) { try RAdam($0, lr: $1, betas: $2, eps: $3, weightDecay: $4, decoupled: $5, maximize: $6) }
}
