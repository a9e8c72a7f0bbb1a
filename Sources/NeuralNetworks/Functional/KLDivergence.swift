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

  static let klReduction = Param.option(
    "reduction", default: "mean", "\"mean\", \"batchmean\" (the sum divided by the batch: the divergence of distributions), \"sum\" or \"none\"")

  /// The reduction, and whether it is the batch's mean.
  static func klReduction(_ name: String, _ function: String) throws -> (LossReduction, Bool) {
    if name == "batchmean" { return (.sum, true) }
    guard let known = LossReduction(rawValue: name) else {
      throw LuaError("\(function): bad option 'reduction' (\"mean\", \"batchmean\", \"sum\" or \"none\" expected, got \"\(name)\")")
    }
    return (known, false)
  }

  static let klDivDoc = """
    The Kullback-Leibler divergence target · (log target - x), element by element; 0 where the target is 0.
    Shapes: x any, log-probabilities; target as x, probabilities (with log_target their logarithms); y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's; the mean of nothing.
    Paper: Kullback & Leibler 1951, "On Information and Sufficiency"
    """

  static let klDivRows = [
    Row(
      "kl_div", klDivDoc, Param("x", Tensor.self, "log-probabilities, any shape"),
      Param("target", Tensor.self, "probabilities, the same shape"), Param.option("log_target", default: false, "target holds logarithms too"),
      klReduction, place: .function,
      example: "return F.kl_div(T.tensor({{-1.2, -0.4}}), T.tensor({{0.5, 0.5}}), {reduction = \"batchmean\"})"
    ) { x, target, log, reduction in
      let (known, batchMean) = try klReduction(reduction, "kl_div")
      return try klDiv(x, target, logTarget: log, batchMean: batchMean, reduction: known)
    }
  ]
}
