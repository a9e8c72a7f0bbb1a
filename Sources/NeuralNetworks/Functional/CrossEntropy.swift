internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// Softmax and the negative log-likelihood of the answer in one node: with p = softmax(x), w the class weights, ε the smoothing,
  ///
  ///     loss = −Σ_c w[c] q[c] log p[c],   q = (1 − ε) [c = label] + ε / C,   gx = p Σ w q − w q
  ///
  /// The mean divides by the sum of the labels' weights, as PyTorch's; of probabilities by their number.
  /// - Shapes: x (N, C), (N, C, …) or (C); labels (from 1) the same without C; or probabilities (one-hot rows among them) shaped as x.
  /// - Errors: labels outside 1 … C; targets of another shape; probabilities outside 0 … 1; the mean of an empty batch.
  public static func crossEntropy(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, labelSmoothing: Double = 0, ignoreIndex: Int = -100, reduction: LossReduction = .mean
  ) throws -> Tensor {
    let isTimed = Profiler.begin(op: "cross_entropy")
    defer { if isTimed { Profiler.end() } }
    guard labelSmoothing >= 0, labelSmoothing <= 1 else { throw LuaError("cross_entropy: label_smoothing must be between 0 and 1, got \(labelSmoothing.luaLiteral)") }
    let x = try x.to(floatType(x))
    if target.shape == x.shape, x.rank > 0 {
      return try crossEntropy(x, probabilities: target, weight: weight, smoothing: labelSmoothing, reduction)
    }
    let targets = try ClassTargets(x, target, weight: weight, ignoring: ignoreIndex, "cross_entropy")
    let scores = targets.scores, rows = targets.rows, classes = targets.classes, follows = Tape.follows(scores)
    let divisor = try targets.divisor(reduction, "cross_entropy")
    let losses = try Tensor(empty: Shape(rows), scores.type), likely = follows ? try Tensor(empty: scores.shape, scores.type) : nil
    let source = try scores.contiguous()
    withExtendedLifetime(source) {
      Vector.crossEntropy(
        width(scores), source.pointer, labels: targets.labels.positions.pointer(Int64.self), weights: targets.weights.map { UnsafeRawPointer($0.pointer) },
        smoothing: labelSmoothing, probabilities: likely?.pointer, loss: losses.pointer, rows: rows, classes: classes)
    }
    let y = try reduction == .none ? losses.reshaped(targets.shape) : total(losses, times: 1 / divisor)
    if let likely {
      let saving = [likely, targets.labels.positions, scores] + (targets.weights.map { [$0] } ?? []), weighted = targets.weights != nil
      let whole = reduction != .none
      try y.follow("cross_entropy", [scores], saving: saving) { node, g in
        let weights = weighted ? try node.saved(3) : nil, labels = try node.saved(1)
        if Tape.isOn {
          let g = try Elementwise.mul(g, 1 / divisor)
          return [try openGradient(node.saved(2), labels, weights, labelSmoothing, whole ? g : g.reshaped(Shape(rows, 1)))]
        }
        let likely = try node.saved(0), gx = try Tensor(empty: likely.shape, likely.type)
        let gradient = try whole ? scaled(g, by: 1 / divisor, into: Tensor(empty: Shape(), g.type)) : g.contiguous()
        withExtendedLifetime(gradient) {
          Vector.crossEntropyGradient(
            width(likely), probabilities: likely.pointer, labels: labels.pointer(Int64.self), weights: weights.map { UnsafeRawPointer($0.pointer) },
            smoothing: labelSmoothing, g: gradient.pointer, gStep: whole ? 0 : 1, gx: gx.pointer, rows: rows, classes: classes)
        }
        return [gx]
      }
    }
    return y
  }

  /// g (p Σ w q − w q) of ops that the tape follows, for gradients of gradients.
  private static func openGradient(_ scores: Tensor, _ labels: Tensor, _ weights: Tensor?, _ smoothing: Double, _ g: Tensor) throws -> Tensor {
    let classes = scores.shape[1], w = try weights?.values() ?? Array(repeating: 1, count: classes), positions = labels.pointer(Int64.self)
    var answers: [Double] = [], totals: [Double] = []
    for row in 0..<scores.shape[0] {
      let label = Int(positions[row])
      let answer = (0..<classes).map { label < 0 ? 0 : w[$0] * (smoothing / Double(classes) + ($0 == label ? 1 - smoothing : 0)) }
      answers += answer
      totals.append(answer.reduce(0, +))
    }
    let answer = try Tensor(answers, scores.shape[0], classes).to(scores.type), total = try Tensor(totals, scores.shape[0], 1).to(scores.type)
    return try Elementwise.mul(Elementwise.sub(Elementwise.mul(Softmax.softmax(scores, dim: 1), total), answer), g)
  }

  /// Answers given as probabilities: −Σ_c w[c] q[c] log p[c] of ops, so that the answers may have gradients too.
  private static func crossEntropy(
    _ x: Tensor, probabilities: Tensor, weight: Tensor?, smoothing: Double, _ reduction: LossReduction
  ) throws -> Tensor {
    let dim = try ClassTargets.classDim(x, "cross_entropy"), classes = x.shape[dim]
    var q = try probabilities.to(x.type)
    // What rounding leaves above 1 is no mistake.
    if let (index, value) = try firstOutside(q, 0, 1 + 1e-4) {
      throw LuaError(
        "cross_entropy: a target of the input's shape \(x.shape) holds probabilities (0..1), got \(value.luaLiteral) at position \(index + 1); "
          + "labels would have shape \(ClassTargets.labelShape(x.shape, dim))")
    }
    if smoothing > 0 { q = try Elementwise.add(Elementwise.mul(q, 1 - smoothing), smoothing / Double(classes)) }
    if let weights = try ClassTargets.weights(weight, classes, x.type, "cross_entropy") {
      var shape = Shape(repeating: 1, count: x.rank)
      shape[dim] = classes
      q = try Elementwise.mul(q, weights.reshaped(shape))
    }
    let losses = try Elementwise.neg(Reduction.sum(Elementwise.mul(Softmax.logSoftmax(x, dim: dim), q), dims: [dim]))
    return try reduction(losses, "cross_entropy")
  }

  static let crossEntropyDoc = """
    How far softmax(x) is from the answers: -log of the probability of the right class. The mean divides by the sum of the labels' weights.
    Shapes: x {N, C}, {N, C, …} or {C}, raw outputs; target labels 1 … C shaped as x without C, or probabilities (one-hot) shaped as x; weight {C}; y a single number, with reduction = "none" as the labels.
    Errors: labels outside 1 … C or of another shape; probabilities outside 0 … 1; a label_smoothing outside 0 … 1; the mean of an empty batch.
    Paper: Szegedy et al. 2015 (label smoothing), arXiv:1512.00567
    """

  static let crossEntropyRows = [
    Row(
      "cross_entropy", crossEntropyDoc,
      Param("x", Tensor.self, "raw outputs {N, C}, {N, C, …} or {C}"),
      Param("target", Tensor.self, "labels 1..C {N}, or probabilities (one-hot) shaped as x"),
      Param.option("weight", default: Tensor?.none, "{C}: weight of each class"),
      Param.option("label_smoothing", default: 0.0, "share of the answer spread over all classes"),
      Param.option("ignore_index", default: -100, "a label that is left out"), LossReduction.parameter, place: .function,
      example: "return F.cross_entropy(T.tensor({{2, 1, 0}, {0, 0, 1000}}), T.tensor({1, 3}))"
    ) { x, target, weight, smoothing, ignored, reduction in
      try crossEntropy(x, target, weight: weight, labelSmoothing: smoothing, ignoreIndex: ignored, reduction: reduction)
    }
  ]
}
