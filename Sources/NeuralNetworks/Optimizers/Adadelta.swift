internal import LuaBridge
public import Tensors

/// Steps as long as the last ones were, in the parameter's own unit: no learning rate to choose.
///
///     s = rho s + (1 - rho) g²;   d = √(a + eps) / √(s + eps) · g;   a = rho a + (1 - rho) d²;   p = p - lr d
///
/// - Paper: Zeiler 2012, arXiv:1212.5701
public final class Adadelta: Optimizer, @unchecked Sendable {
  private let rho: Double, eps: Double, weightDecay: Double
  init(_ parameters: [Tensor], lr: Double, rho: Double, eps: Double, weightDecay: Double, maximize: Bool) throws {
    guard rho >= 0, rho <= 1 else { throw LuaError("Adadelta: rho must be in 0..1, got \(rho.luaLiteral)") }
    guard eps >= 0, weightDecay >= 0 else { throw LuaError("Adadelta: eps and weight_decay must be 0 or more") }
    (self.rho, self.eps, self.weightDecay) = (rho, eps, weightDecay)
    try super.init(parameters, lr: lr, maximize: maximize, "Adadelta")
  }
  public override var stateNames: [String] { ["square_avg", "acc_delta"] }

  public override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
    let v = FlatVectors(parameter)
    let g = try v.decayed(gradient, parameter, weightDecay)
    let square = try state("square_avg"), moved = try state("acc_delta")
    let d = try Tensor(empty: parameter.shape, parameter.type), scratch = try Tensor(empty: parameter.shape, parameter.type)
    v.averageSquare(square, g.pointer, decay: rho, scratch: scratch.pointer)
    v.set(d.pointer, to: 1, moved)
    v.shift(d.pointer, by: eps)
    v.root(d.pointer)
    v.set(scratch.pointer, to: 1, square)
    v.shift(scratch.pointer, by: eps)
    v.root(scratch.pointer)
    v.divide(d.pointer, by: scratch.pointer, into: d.pointer)
    v.multiply(d.pointer, g.pointer, into: d.pointer)
    v.averageSquare(moved, d.pointer, decay: rho, scratch: scratch.pointer)
    v.add(-lr, d.pointer, to: parameter.pointer)
    withExtendedLifetime((g, d, scratch)) {}
  }

  static let row = OptimizerLibrary.row(
    "Adadelta",
    "Steps as long as the last ones were, in the parameter's own unit: d = √(a + eps) / √(s + eps) · g, p = p - lr d, with running means s of g² and a of d².\nPaper: Zeiler 2012, arXiv:1212.5701",
    .option("lr", default: 1.0, "learning rate"), .option("rho", default: 0.9, "decay of the two running means"),
    .option("eps", default: 1e-6, "added under the roots"), OptimizerLibrary.weightDecay, OptimizerLibrary.maximize
  ) { try Adadelta($0, lr: $1, rho: $2, eps: $3, weightDecay: $4, maximize: $5) }
}
