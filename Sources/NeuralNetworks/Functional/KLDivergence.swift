internal import KernelTable
internal import LuaBridge
public import Tensors

extension Functional {
  /// t (log t − x) of log-probabilities x and probabilities t (0 where t is 0), or exp(t) (t − x) where t are logarithms too.
  ///
  /// - batchMean: the sum divided by the size of dim 1, the divergence of distributions; the plain mean is over all elements.
  public static func klDiv(_ x: Tensor, _ target: Tensor, logTarget: Bool = false, batchMean: Bool = false, reduction: LossReduction = .mean) throws -> Tensor {
    let (x, t) = try pair(x, target, "kl_div")
    let losses: Tensor
    if logTarget {
      losses = try Elementwise.mul(Elementwise.unary(.exp, t), Elementwise.sub(t, x))
    } else {
      let positive = try Elementwise.select(Elementwise.greater(t, .integer(0)), .tensor(t), .number(1))
      losses = try Elementwise.mul(t, Elementwise.sub(Elementwise.unary(.log, positive), x))
    }
    guard batchMean else { return try reduction(losses, "kl_div") }
    guard x.rank > 0, x.shape[0] > 0 else { throw LuaError("kl_div: batchmean needs a batch, got input \(x.shape)") }
    return try Elementwise.mul(Reduction.sum(losses), 1 / Double(x.shape[0]))
  }

  static let klDivRows = [
    Row(
      "kl_div", "Kullback-Leibler divergence target · (log target - x), element by element.", Param("x", Tensor.self, "log-probabilities, any shape"),
      Param("target", Tensor.self, "probabilities, the same shape"), Param.option("log_target", default: false, "target holds logarithms too"),
      Param.option("reduction", default: "mean", "\"mean\", \"batchmean\" (the sum divided by the batch), \"sum\" or \"none\""), place: .function,
      example: "return F.kl_div(T.tensor({{-1.2, -0.4}}), T.tensor({{0.5, 0.5}}), {reduction = \"batchmean\"})"
    ) { x, target, log, reduction in
      if reduction == "batchmean" { return try klDiv(x, target, logTarget: log, batchMean: true) }
      guard let known = LossReduction(rawValue: reduction) else {
        throw LuaError("kl_div: bad option 'reduction' (\"mean\", \"batchmean\", \"sum\" or \"none\" expected, got \"\(reduction)\")")
      }
      return try klDiv(x, target, logTarget: log, reduction: known)
    }
  ]
}
