internal import LuaBridge
public import Tensors

extension Functional {
  /// −w[label] · x[label] of log-probabilities x, as `log_softmax` gives them; the mean divides by the sum of the labels' weights.
  ///
  /// - Shapes: x (N, C), (N, C, …) or (C); labels (from 1) the same without C.
  /// - Errors: labels outside 1 … C, of another shape, one-hot; the mean of an empty batch.
  public static func nllLoss(_ x: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: LossReduction = .mean) throws -> Tensor {
    let x = try x.to(floatType(x)), targets = try ClassTargets(x, target, weight: weight, ignoring: ignoreIndex, "nll_loss")
    let divisor = try targets.divisor(reduction, "nll_loss")
    var losses = try Elementwise.neg(picked(targets.scores, targets.labels.positions))
    if let weights = targets.weights { losses = try Elementwise.mul(losses, rowWeights(weights, targets.labels.positions)) }
    switch reduction {
    case .none: return try losses.reshaped(targets.shape)
    case .sum: return try Reduction.sum(losses)
    case .mean: return try Elementwise.div(Reduction.sum(losses), Tensor.scalar(divisor, losses.type))
    }
  }

  private static func rowWeights(_ weights: Tensor, _ labels: Tensor) throws -> Tensor {
    let values = try weights.values(), positions = labels.pointer(Int64.self)
    return try Tensor((0..<labels.count).map { positions[$0] < 0 ? 0 : values[Int(positions[$0])] }).to(weights.type)
  }

  /// y[r] = x[r, labels[r]], 0 where the label is −1.
  private static func picked(_ x: Tensor, _ labels: Tensor) throws -> Tensor {
    let y = try Tensor.zeros(Shape(x.shape[0]), x.type), classes = x.shape[1]
    if x.type == .float64 { pick(Double.self, x, labels, y) } else { pick(Float.self, x, labels, y) }
    if Tape.follows(x) {
      try y.follow("nll_loss", [x], saving: [labels]) { node, g in [try placed(g, node.saved(0), classes)] }
    }
    return y
  }
  private static func pick<E: Element>(_: E.Type, _ x: Tensor, _ labels: Tensor, _ y: Tensor) {
    let source = x.pointer(E.self), target = y.pointer(E.self), positions = labels.pointer(Int64.self)
    for row in 0..<y.count where positions[row] >= 0 { target[row] = source[row &* x.strides[0] &+ Int(positions[row]) &* x.strides[1]] }
  }

  /// y[r, labels[r]] = g[r], 0 elsewhere: the gradient of `picked`.
  private static func placed(_ g: Tensor, _ labels: Tensor, _ classes: Int) throws -> Tensor {
    let y = try Tensor.zeros(Shape(g.count, classes), g.type)
    if g.type == .float64 { place(Double.self, g, labels, y) } else { place(Float.self, g, labels, y) }
    if Tape.follows(g) {
      try y.follow("nll_loss", [g], saving: [labels]) { node, h in [try picked(h, node.saved(0))] }
    }
    return y
  }
  private static func place<E: Element>(_: E.Type, _ g: Tensor, _ labels: Tensor, _ y: Tensor) {
    let source = g.pointer(E.self), target = y.pointer(E.self), positions = labels.pointer(Int64.self), classes = y.shape[1]
    for row in 0..<g.count where positions[row] >= 0 { target[row &* classes &+ Int(positions[row])] = source[row &* g.strides[0]] }
  }

  static let nllLossDoc = """
    The negative log-probability of the right class, -weight[label] · x[label]. The mean divides by the sum of the labels' weights.
    Shapes: x {N, C}, {N, C, …} or {C}, log-probabilities; target labels 1 … C shaped as x without C; weight {C}; y a single number, with reduction = "none" as the labels.
    Errors: labels outside 1 … C, of another shape, or one-hot; the mean of an empty batch.
    """

  static let nllLossRows = [
    Row(
      "nll_loss", nllLossDoc, Param("x", Tensor.self, "log-probabilities {N, C}, {N, C, …} or {C}"),
      Param("target", Tensor.self, "labels 1..C {N}"), Param.option("weight", default: Tensor?.none, "{C}: weight of each class"),
      Param.option("ignore_index", default: -100, "a label that is left out"), LossReduction.parameter, place: .function,
      example: "return F.nll_loss(F.log_softmax(T.tensor({{2, 1, 0}, {0, 0, 3}}), 2), T.tensor({1, 3}))"
    ) { x, target, weight, ignored, reduction in try nllLoss(x, target, weight: weight, ignoreIndex: ignored, reduction: reduction) }
  ]
}
