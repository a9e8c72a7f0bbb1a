import NNLua

/// Steps of one size, in the direction of a mean of gradients.
///
///     c = β₁ m + (1 - β₁) g
///     p = p - lr (sign(c) + weight_decay p)
///     m = β₂ m + (1 - β₂) g
///
/// - Paper: Chen et al. 2023, arXiv:2302.06675
final class Lion: Optimizer, @unchecked Sendable {
  private let betas: [Double], weightDecay: Double

  init(_ parameters: [Tensor], lr: Double, betas: [Double], weightDecay: Double) throws {
    guard betas.count == 2, betas.allSatisfy({ $0 >= 0 && $0 < 1 }) else { throw LuaError("Lion: betas must be two numbers in 0..1, got \(betas.luaLiteral)") }
    guard weightDecay >= 0 else { throw LuaError("Lion: weight_decay must be 0 or more, got \(weightDecay.luaLiteral)") }
    (self.betas, self.weightDecay) = (betas, weightDecay)
    try super.init(parameters, lr: lr, "Lion")
  }

  override var stateNames: [String] { ["exp_avg"] }

  override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    let mean = try state("exp_avg")
    if parameter.type == .float32 { step(Float.self, parameter, gradient, mean) } else { step(Double.self, parameter, gradient, mean) }
  }

  private func step<R: RealElement>(_: R.Type, _ parameter: Tensor, _ gradient: Tensor, _ mean: UnsafeMutableRawPointer) {
    let p = parameter.pointer(R.self), g = gradient.pointer(R.self), m = mean.assumingMemoryBound(to: R.self)
    let (b1, b2, lr, decay) = (R(number: betas[0]), R(number: betas[1]), R(number: self.lr), R(number: weightDecay))
    for i in 0..<parameter.count {
      let c: R = b1 * m[i] + (1 - b1) * g[i]
      let sign: R = c > 0 ? 1 : c < 0 ? -1 : 0
      p[i] -= lr * (sign + decay * p[i])
      m[i] = b2 * m[i] + (1 - b2) * g[i]
    }
  }

  static let row = OptimizerLibrary.row(
    "Lion",
    """
    Steps of one size in the direction of a mean of gradients: p = p - lr (sign(β₁ m + (1 - β₁) g) + weight_decay p), then m = β₂ m + (1 - β₂) g.
    Errors: betas outside 0..1; a weight_decay below 0.
    Paper: Chen et al. 2023, arXiv:2302.06675
    """, Param.option("lr", default: 1e-4, "the size of a step: a third to a tenth of Adam's"),
    Param.option("betas", default: [0.9, 0.99], "shares of the mean that stay"),
    Param.option("weight_decay", default: 0.0, "share of p, times lr, that each step takes away"), library: "require('lion')"
  ) { try Lion($0, lr: $1, betas: $2, weightDecay: $3) }
}

let plugin = Plugin("lion", version: "0.1.0", "The optimizer Lion, also as optim.Lion.", optimizers: [Lion.row], into: [.optimizers])
