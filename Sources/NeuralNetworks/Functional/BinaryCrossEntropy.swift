internal import KernelTable
internal import LuaBridge
public import Tensors

extension Functional {
  /// −w (t log p + (1 − t) log(1 − p)) of probabilities p. Logarithms end at −100, so the loss is finite for a p of exactly 0 or 1.
  ///
  ///     gp = w (p − t) / max(p (1 − p), 10⁻¹²) g,  gt = w (log(1 − p) − log p) g
  ///
  /// - Errors: other shapes; a value outside 0 … 1, NaN among them.
  public static func bce(_ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean, _ name: String = "bce") throws -> Tensor {
    let isTimed = Profiler.begin(op: name)
    defer { if isTimed { Profiler.end() } }
    let (p, t) = try pair(x, target, name)
    if let (index, value) = try firstOutside(p, 0, 1) {
      throw LuaError("\(name): input \(value.luaLiteral) at position \(index + 1) is not a probability (0..1); use \(name)_with_logits for raw outputs")
    }
    try checkProbabilities(t, name)
    let losses = try Tape.recording(false) {
      let hit = try Elementwise.mul(t, clampedLog(p)), miss = try Elementwise.mul(complement(t), clampedLog(complement(p)))
      return try Elementwise.neg(Elementwise.add(hit, miss))
    }
    if Tape.follows(p, t) {
      try losses.follow(name, [p, t], saving: [p, t]) { node, g in
        let p = try node.saved(0), t = try node.saved(1)
        let scale = try Elementwise.maximum(Elementwise.mul(p, complement(p)), .number(1e-12))
        return [
          node.needs(0) ? try Elementwise.mul(g, Elementwise.div(Elementwise.sub(p, t), scale)) : nil,
          node.needs(1) ? try Elementwise.mul(g, Elementwise.sub(clampedLog(complement(p)), clampedLog(p))) : nil,
        ]
      }
    }
    return try reduction(weighted(losses, weight, name), name)
  }

  /// - Errors: targets outside 0 … 1: class labels, as a rule.
  private static func checkProbabilities(_ target: Tensor, _ name: String) throws {
    if let (index, value) = try firstOutside(target, 0, 1) {
      throw LuaError("\(name): target \(value.luaLiteral) at position \(index + 1) is not a probability (0..1); labels of classes go to cross_entropy")
    }
  }

  private static func complement(_ x: Tensor) throws -> Tensor { try Elementwise.add(Elementwise.neg(x), 1) }
  private static func clampedLog(_ x: Tensor) throws -> Tensor { try Elementwise.maximum(Elementwise.unary(.log, x), .number(-100)) }

  /// `bce(sigmoid(x), t)` from the raw outputs x, exact where the sigmoid rounds to 0 or 1:
  ///
  ///     w ((1 − t) x − (1 + (pos_weight − 1) t) log sigmoid(x))
  public static func bceWithLogits(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, posWeight: Tensor? = nil, reduction: LossReduction = .mean, _ name: String = "bce_with_logits"
  ) throws -> Tensor {
    let isTimed = Profiler.begin(op: name)
    defer { if isTimed { Profiler.end() } }
    let (x, t) = try pair(x, target, name)
    try checkProbabilities(t, name)
    var log = try Elementwise.unary(.logSigmoid, x, name: "logsigmoid")
    if let posWeight {
      guard try Shape.broadcast(x.shape, posWeight.shape, name) == x.shape else {
        throw LuaError("\(name): pos_weight \(posWeight.shape) does not broadcast to input \(x.shape)")
      }
      log = try Elementwise.mul(log, Elementwise.add(Elementwise.mul(t, Elementwise.add(posWeight.to(x.type), -1)), 1))
    }
    let losses = try Elementwise.sub(Elementwise.mul(complement(t), x), log)
    return try reduction(weighted(losses, weight, name), name)
  }

  /// The losses times a weight that broadcasts to them.
  static func weighted(_ losses: Tensor, _ weight: Tensor?, _ function: String) throws -> Tensor {
    guard let weight else { return losses }
    guard try Shape.broadcast(losses.shape, weight.shape, function) == losses.shape else {
      throw LuaError("\(function): weight \(weight.shape) does not broadcast to input \(losses.shape)")
    }
    return try Elementwise.mul(losses, weight.to(losses.type))
  }

  static let bceDoc = """
    Binary cross entropy of probabilities: -weight (target log x + (1 - target) log(1 - x)); logarithms end at -100, so it is finite for an x of exactly 0 or 1.
    Shapes: x any; target as x; weight broadcasts; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's; an x or target outside 0 … 1; the mean of nothing.
    """
  static let bceWithLogitsDoc = """
    Binary cross entropy of sigmoid(x), exact where the sigmoid rounds to 0 or 1: weight ((1 - t) x - (1 + (pos_weight - 1) t) log sigmoid(x)).
    Shapes: x any, raw outputs; target as x; weight, pos_weight broadcast; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's; a target outside 0 … 1; the mean of nothing.
    """

  static let binaryCrossEntropyRows =
    ["bce", "binary_cross_entropy"].map { name in
      Row(
        name, bceDoc, Param("x", Tensor.self, "probabilities, any shape"), Param("target", Tensor.self, "the same shape, 0 … 1"),
        Param.option("weight", default: Tensor?.none, "of each element; broadcasts"), LossReduction.parameter, place: .function,
        example: "return F.\(name)(T.tensor({0.2, 0.9}), T.tensor({0, 0.9}))"
      ) { x, target, weight, reduction in try bce(x, target, weight: weight, reduction: reduction, name) }
    }
    + ["bce_with_logits", "binary_cross_entropy_with_logits"].map { name in
      Row(
        name, bceWithLogitsDoc, Param("x", Tensor.self, "raw outputs, any shape"), Param("target", Tensor.self, "the same shape, 0 … 1"),
        Param.option("weight", default: Tensor?.none, "of each element; broadcasts"),
        Param.option("pos_weight", default: Tensor?.none, "of the positive examples; broadcasts"), LossReduction.parameter, place: .function,
        example: "return F.\(name)(T.tensor({-1.5, 800}), T.tensor({0, 0.9}))"
      ) { x, target, weight, posWeight, reduction in try bceWithLogits(x, target, weight: weight, posWeight: posWeight, reduction: reduction, name) }
    }
}
