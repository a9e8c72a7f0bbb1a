internal import KernelTable
internal import LuaBridge
public import Tensors

extension Functional {
  /// max(0, margin − t x) for answers t of −1 and 1: no loss once x is on the right side by `margin`.
  public static func hingeLoss(_ x: Tensor, _ target: Tensor, margin: Double = 1, reduction: LossReduction = .mean) throws -> Tensor {
    let (x, t) = try pair(x, target, "hinge_loss")
    try checkSigns(t, "hinge_loss")
    let short = try Elementwise.add(Elementwise.neg(Elementwise.mul(x, t)), margin)
    return try reduction(Elementwise.unary(.relu, short), "hinge_loss")
  }

  /// 1 − cos(x1, x2) where the answer is 1, max(0, cos(x1, x2) − margin) where it is −1.
  ///
  /// - Shapes: x1, x2 (N, D), target (N); or (D) and a single number.
  public static func cosineEmbeddingLoss(_ x1: Tensor, _ x2: Tensor, _ target: Tensor, margin: Double = 0, reduction: LossReduction = .mean) throws -> Tensor {
    let name = "cosine_embedding_loss"
    let (a, b) = try pair(x1, x2, name)
    guard a.rank == 1 || a.rank == 2 else { throw LuaError("\(name): inputs must be {N,D} or {D}, got \(a.shape)") }
    let shape = a.rank == 2 ? Shape(a.shape[0]) : Shape()
    guard target.shape == shape else { throw LuaError("\(name): target must have shape \(shape), got \(target.shape) (inputs \(a.shape))") }
    try checkSigns(target, name)
    // as PyTorch has it here: 10⁻¹² is added to the squared norms, where cosine_similarity bounds them
    func norm(_ x: Tensor) throws -> Tensor {
      try Elementwise.unary(.sqrt, Elementwise.add(Reduction.sum(Elementwise.unary(.square, x), dims: [x.rank - 1]), 1e-12))
    }
    let cosine = try Elementwise.div(Reduction.sum(Elementwise.mul(a, b), dims: [a.rank - 1]), Elementwise.mul(norm(a), norm(b)))
    let alike = try Elementwise.add(Elementwise.neg(cosine), 1), apart = try Elementwise.unary(.relu, Elementwise.add(cosine, -margin))
    return try reduction(Elementwise.select(Elementwise.greater(target, .integer(0)), .tensor(alike), .tensor(apart)), name)
  }

  /// max(0, d(anchor, positive) − d(anchor, negative) + margin), d(a, b) = (Σ |a − b + eps|^p)^(1/p) over the last dim.
  ///
  /// - swap: takes d(positive, negative) where it is smaller than d(anchor, negative) (Balntas et al. 2016).
  public static func tripletMarginLoss(
    _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2, eps: Double = 1e-6, swap: Bool = false,
    reduction: LossReduction = .mean
  ) throws -> Tensor {
    let name = "triplet_margin_loss"
    guard anchor.shape == positive.shape, anchor.shape == negative.shape, anchor.rank > 0 else {
      throw LuaError("\(name): anchor \(anchor.shape), positive \(positive.shape) and negative \(negative.shape) must have the same shape {N,D}")
    }
    guard p > 0, p.isFinite else { throw LuaError("\(name): p must be above 0, got \(p.luaLiteral)") }
    func distance(_ a: Tensor, _ b: Tensor) throws -> Tensor {
      let difference = try Elementwise.add(Elementwise.sub(a, b), eps), dims = [a.rank - 1]
      if p == 2 { return try Elementwise.unary(.sqrt, Reduction.sum(Elementwise.unary(.square, difference), dims: dims)) }
      let size = try Elementwise.unary(.abs, difference)
      if p == 1 { return try Reduction.sum(size, dims: dims) }
      return try Elementwise.pow(Reduction.sum(Elementwise.pow(size, p), dims: dims), 1 / p)
    }
    let type = floatType(anchor, positive, negative)
    let a = try anchor.to(type), b = try positive.to(type), c = try negative.to(type)
    var far = try distance(a, c)
    if swap {
      let other = try distance(b, c)
      far = try Elementwise.select(Elementwise.less(other, .tensor(far)), .tensor(other), .tensor(far))
    }
    return try reduction(Elementwise.unary(.relu, Elementwise.add(Elementwise.sub(distance(a, b), far), margin)), name)
  }

  static let hingeLossDoc = """
    max(0, margin - target · x) for targets -1 and 1: no loss once x is on the right side by margin.
    Shapes: x any; target as x; y a single number, with reduction = "none" as x.
    Errors: other shapes than each other's; a target that is not -1 or 1; the mean of nothing.
    """

  static let cosineEmbeddingLossDoc = """
    1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.
    Shapes: x1, x2 {N, D} or {D}; target {N} or a single number; y a single number, with reduction = "none" as target.
    Errors: other shapes; a target that is not -1 or 1; the mean of nothing.
    """

  static let tripletMarginLossDoc = """
    max(0, d(anchor, positive) - d(anchor, negative) + margin), d(a, b) = (Σ |a - b + eps|^p)^(1/p) over the last dim.
    Shapes: anchor, positive, negative {N, D} or {D}; y a single number, with reduction = "none" {N}.
    Errors: other shapes than each other's; a p that is not above 0; the mean of nothing.
    Paper: Balntas et al. 2016, "Learning local feature descriptors with triplets and shallow convolutional neural networks"
    """

  static let marginLossRows = [
    Row(
      "hinge_loss", hingeLossDoc, Param("x", Tensor.self, "any shape"),
      Param("target", Tensor.self, "the same shape, -1 or 1"), Param.option("margin", default: 1.0, "how far is far enough"), LossReduction.parameter,
      place: .function, example: "return F.hinge_loss(T.tensor({0.5, -2}), T.tensor({1, 1}))"
    ) { x, target, margin, reduction in try hingeLoss(x, target, margin: margin, reduction: reduction) },
    Row(
      "cosine_embedding_loss", cosineEmbeddingLossDoc, Param("x1", Tensor.self, "{N, D} or {D}"),
      Param("x2", Tensor.self, "the same shape"), Param("target", Tensor.self, "{N}, -1 or 1"), Param.option("margin", default: 0.0, "allowed likeness"),
      LossReduction.parameter, place: .function, example: "return F.cosine_embedding_loss(T.tensor({{1, 2}}), T.tensor({{2, 1}}), T.tensor({-1}))"
    ) { x1, x2, target, margin, reduction in try cosineEmbeddingLoss(x1, x2, target, margin: margin, reduction: reduction) },
    Row(
      "triplet_margin_loss", tripletMarginLossDoc, Param("anchor", Tensor.self, "{N, D}"),
      Param("positive", Tensor.self, "the same shape"), Param("negative", Tensor.self, "the same shape"), Param.option("margin", default: 1.0, "wanted difference"),
      Param.option("p", default: 2.0, "the norm's exponent"), Param.option("eps", default: 1e-6, "added to differences"),
      Param.option("swap", default: false, "take d(positive, negative) where it is smaller"), LossReduction.parameter, place: .function,
      example: "return F.triplet_margin_loss(T.tensor({{1, 2}}), T.tensor({{1, 1}}), T.tensor({{0, 2}}))"
    ) { anchor, positive, negative, margin, p, eps, swap, reduction in
      try tripletMarginLoss(anchor, positive, negative, margin: margin, p: p, eps: eps, swap: swap, reduction: reduction)
    },
  ]
}
