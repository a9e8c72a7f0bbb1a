internal import LuaBridge
public import Tensors

extension Functional {
  /// y = x > 0 ? x : weight · x, the slope learned: one for all, or one for each channel.
  ///
  /// - Shapes: x any, with channels in dim 2; weight (1) or (C).
  /// - Paper: He et al. 2015, arXiv:1502.01852
  public static func prelu(_ x: Tensor, _ weight: Tensor) throws -> Tensor {
    let channels = x.rank > 1 ? x.shape[1] : 1
    guard weight.rank <= 1, weight.count == 1 || weight.count == channels else {
      throw LuaError("prelu: weight must have 1 value or one for each of \(channels) channels, got \(weight.shape) (input \(x.shape))")
    }
    let type = floatType(x, weight), x = try x.to(type)
    var shape = Shape(repeating: 1, count: Swift.max(x.rank, 1))
    if weight.count != 1 { shape[1] = channels }
    let slope = try weight.to(type).reshaped(weight.count == 1 ? Shape() : shape)
    return try Elementwise.select(Elementwise.greater(x, .integer(0)), .tensor(x), .tensor(Elementwise.mul(x, slope)))
  }

  static let preluDoc = """
    x where x > 0, else weight · x; the slope is learned: one for all, or one for each channel.
    Shapes: x {N, C, …} or any with one weight; weight {1} or {C}; y as x.
    Errors: another number of weights than 1 or C.
    Paper: He et al. 2015, arXiv:1502.01852
    """

  static let preluRows = [
    Row(
      "prelu", preluDoc, Param("x", Tensor.self, "{N, C, …}"),
      Param("weight", Tensor.self, "{1} or {C}"), place: .function, example: "return F.prelu(T.tensor({-1.5, 0.5}), T.tensor({0.25}))"
    ) { x, weight in try prelu(x, weight) }
  ]
}
