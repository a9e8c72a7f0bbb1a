internal import KernelTable
internal import LuaBridge
public import Tensors

extension Functional {
  /// |x − t|; the gradient at 0 is 0.
  public static func l1Loss(_ x: Tensor, _ target: Tensor, reduction: LossReduction = .mean) throws -> Tensor {
    let (x, target) = try pair(x, target, "l1_loss")
    return try reduction(Elementwise.unary(.abs, Elementwise.sub(x, target)), "l1_loss")
  }

  /// ½ d² / β where |d| < β, else |d| − ½ β, d = x − t: smooth at 0, straight beyond.
  /// - Paper: Girshick 2015, arXiv:1504.08083
  public static func smoothL1Loss(_ x: Tensor, _ target: Tensor, beta: Double = 1, reduction: LossReduction = .mean) throws -> Tensor {
    guard beta >= 0 else { throw LuaError("smooth_l1_loss: beta must be 0 or more, got \(beta.luaLiteral)") }
    if beta == 0 { return try l1Loss(x, target, reduction: reduction) }
    return try reduction(Elementwise.mul(huber(x, target, beta, "smooth_l1_loss"), 1 / beta), "smooth_l1_loss")
  }

  /// ½ d² where |d| < δ, else δ (|d| − ½ δ), d = x − t.
  /// - Paper: Huber 1964, "Robust Estimation of a Location Parameter"
  public static func huberLoss(_ x: Tensor, _ target: Tensor, delta: Double = 1, reduction: LossReduction = .mean) throws -> Tensor {
    guard delta > 0 else { throw LuaError("huber_loss: delta must be above 0, got \(delta.luaLiteral)") }
    return try reduction(huber(x, target, delta, "huber_loss"), "huber_loss")
  }

  private static func huber(_ x: Tensor, _ target: Tensor, _ delta: Double, _ name: String) throws -> Tensor {
    let (x, target) = try pair(x, target, name)
    let difference = try Elementwise.sub(x, target), size = try Elementwise.unary(.abs, difference)
    let inside = try Elementwise.mul(Elementwise.unary(.square, difference), 0.5)
    let outside = try Elementwise.mul(Elementwise.add(size, -0.5 * delta), delta)
    return try Elementwise.select(Elementwise.less(size, .number(delta)), .tensor(inside), .tensor(outside))
  }

  static let l1LossDoc = """
    The mean absolute error |x - target|; its gradient at 0 is 0.
    Shapes: x any; target as x; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's (nothing broadcasts); the mean of nothing.
    """

  static let smoothL1LossDoc = """
    ½ d² / beta where |d| < beta, else |d| - ½ beta, d = x - target: smooth at 0, straight beyond.
    Shapes: x any; target as x; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's (nothing broadcasts); a beta below 0; the mean of nothing.
    Paper: Girshick 2015, arXiv:1504.08083
    """

  static let huberLossDoc = """
    ½ d² where |d| < delta, else delta (|d| - ½ delta), d = x - target.
    Shapes: x any; target as x; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's (nothing broadcasts); a delta that is not above 0; the mean of nothing.
    Paper: Huber 1964, doi:10.1214/aoms/1177703732
    """

  static let absoluteErrorRows = [
    Row(
      "l1_loss", l1LossDoc, Param("x", Tensor.self, "any shape"), Param("target", Tensor.self, "the same shape"),
      LossReduction.parameter, place: .function, example: "return F.l1_loss(T.tensor({1, 2, 3}), T.tensor({1, 1, 1}))"
    ) { x, target, reduction in try l1Loss(x, target, reduction: reduction) },
    Row(
      "smooth_l1_loss", smoothL1LossDoc, Param("x", Tensor.self, "any shape"),
      Param("target", Tensor.self, "the same shape"), Param.option("beta", default: 1.0, "where the parabola ends"), LossReduction.parameter,
      place: .function, example: "return F.smooth_l1_loss(T.tensor({1, 1.5, 3}), T.tensor({1, 1, 1}))"
    ) { x, target, beta, reduction in try smoothL1Loss(x, target, beta: beta, reduction: reduction) },
    Row(
      "huber_loss", huberLossDoc, Param("x", Tensor.self, "any shape"),
      Param("target", Tensor.self, "the same shape"), Param.option("delta", default: 1.0, "where the parabola ends"), LossReduction.parameter,
      place: .function, example: "return F.huber_loss(T.tensor({1, 1.5, 3}), T.tensor({1, 1, 1}))"
    ) { x, target, delta, reduction in try huberLoss(x, target, delta: delta, reduction: reduction) },
  ]
}
