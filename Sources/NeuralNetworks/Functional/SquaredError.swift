internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// (x − t)², the mean of all elements or as `reduction` says. gx = 2 (x − t) g.
  public static func mseLoss(_ x: Tensor, _ target: Tensor, reduction: LossReduction = .mean) throws -> Tensor {
    try squaredError(x, target, factor: 1, reduction, "mse_loss")
  }

  /// ½ Σ (x − t)², the book's sum of squared errors (over the whole batch). gx = (x − t) g.
  public static func sseLoss(_ x: Tensor, _ target: Tensor, reduction: LossReduction = .sum) throws -> Tensor {
    try squaredError(x, target, factor: 0.5, reduction, "sse_loss")
  }

  /// factor · (x − t)² in one node.
  private static func squaredError(_ x: Tensor, _ target: Tensor, factor: Double, _ reduction: LossReduction, _ name: String) throws -> Tensor {
    let isTimed = Profiler.begin(op: name)
    defer { if isTimed { Profiler.end() } }
    let (x, target) = try pair(x, target, name)
    let count = x.count
    guard reduction != .mean || count > 0 else { throw LuaError("\(name): the mean of an empty batch (shape \(x.shape))") }
    let slope = factor / (reduction == .mean ? Double(count) : 1), a = try x.contiguous(), b = try target.contiguous()
    let squares = try Tensor(empty: x.shape, x.type)
    withExtendedLifetime((a, b)) {
      Vector.binary(
        .squaredDifference, width(x), a.pointer, aRow: 0, aColumn: 1, b.pointer, bRow: 0, bColumn: 1, squares.pointer, rows: 1, columns: count)
    }
    let y = try reduction == .none ? scaled(squares, by: slope, into: squares) : total(squares, times: slope)
    if Tape.follows(x, target) {
      try y.follow(name, [x, target], saving: [x, target]) { node, g in
        let gx = try Elementwise.mul(Elementwise.sub(node.saved(0), node.saved(1)), Elementwise.mul(g, 2 * slope))
        return [node.needs(0) ? gx : nil, node.needs(1) ? try Elementwise.neg(gx) : nil]
      }
    }
    return y
  }

  static let mseLossDoc = """
    The mean squared error (x - target)².
    Shapes: x any; target as x; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's (nothing broadcasts); the mean of nothing.
    """

  static let sseLossDoc = """
    The sum of squared errors ½ Σ (x - target)², over the whole batch.
    Shapes: x any; target as x; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's (nothing broadcasts).
    """

  static let squaredErrorRows = [
    Row(
      "mse_loss", mseLossDoc, Param("x", Tensor.self, "any shape"), Param("target", Tensor.self, "the same shape"),
      LossReduction.parameter, place: .function, example: "return F.mse_loss(T.tensor({1, 2, 3}), T.tensor({1, 1, 1}))"
    ) { x, target, reduction in try mseLoss(x, target, reduction: reduction) },
    Row(
      "sse_loss", sseLossDoc, Param("x", Tensor.self, "any shape"),
      Param("target", Tensor.self, "the same shape"), Param.option("reduction", default: LossReduction.sum, "\"sum\", \"mean\" or \"none\""), place: .function,
      example: "return F.sse_loss(T.tensor({1, 2, 3}), T.tensor({1, 1, 1}))"
    ) { x, target, reduction in try sseLoss(x, target, reduction: reduction) },
  ]
}
