internal import KernelTable
public import LuaBridge
public import Tensors

/// Attention by several heads, each of which compares its own projections of queries and keys.
///
///     head i = softmax(q Wqᵢ (k Wkᵢ)ᵀ / √d) v Wvᵢ,   y = [head 1, …, head h] Woᵀ + bo,   d = E / h
///
/// - Shapes: query (L, N, E), key (S, N, kdim), value (S, N, vdim), y (L, N, E); N first with batch_first; without N for one sequence.
/// - Errors: other sizes; embed_dim that num_heads does not divide.
/// - Paper: Vaswani et al. 2017, arXiv:1706.03762
public final class MultiheadAttention: Module, @unchecked Sendable {
  let features: Int, heads: Int, drop: Double, batchFirst: Bool
  private let keyFeatures: Int, valueFeatures: Int
  /// Wq, Wk, Wv: one {3 E, E} where all have E features, else three.
  private let weights: [Tensor]
  private let bias: Tensor?
  private let output: Linear

  /// - Errors: sizes below 1; heads that do not divide the embedding; a dropout outside 0..1.
  public init(
    _ features: Int, _ heads: Int, dropout: Double = 0, bias: Bool = true, keyFeatures: Int? = nil, valueFeatures: Int? = nil, batchFirst: Bool = false
  ) throws {
    guard features > 0, heads > 0 else { throw LuaError("MultiheadAttention: embed_dim and num_heads must be at least 1, got \(features) and \(heads)") }
    guard features % heads == 0 else { throw LuaError("MultiheadAttention: embed_dim \(features) must be divisible by num_heads \(heads)") }
    guard (0...1).contains(dropout) else { throw LuaError("MultiheadAttention: dropout must be in 0..1, got \(dropout.luaLiteral)") }
    (self.features, self.heads, drop, self.batchFirst) = (features, heads, dropout, batchFirst)
    (self.keyFeatures, self.valueFeatures) = (keyFeatures ?? features, valueFeatures ?? features)
    guard self.keyFeatures > 0, self.valueFeatures > 0 else {
      throw LuaError("MultiheadAttention: kdim and vdim must be at least 1, got \(self.keyFeatures) and \(self.valueFeatures)")
    }
    func made(_ rows: Int, _ columns: Int) throws -> Tensor {
      let weight = try Tensor(empty: Shape.checked([rows, columns], "MultiheadAttention"), .default)
      let bound = (6 / (Double(rows) + Double(columns))).squareRoot()  // xavier_uniform_
      try Initializers.uniform(weight, -bound, bound)
      return weight
    }
    _ = try Shape.checked([3, features, features], "MultiheadAttention")
    let joined = self.keyFeatures == features && self.valueFeatures == features
    weights = joined ? [try made(3 * features, features)] : [try made(features, features), try made(features, self.keyFeatures), try made(features, self.valueFeatures)]
    self.bias = bias ? try Tensor.zeros(Shape(3 * features)) : nil
    output = try Linear(features, features, bias: bias)
    output.bias?.fill(0)
    super.init()
    if joined {
      try register(parameter: "in_proj_weight", weights[0])
    } else {
      for (name, weight) in zip(["q", "k", "v"], weights) { try register(parameter: "\(name)_proj_weight", weight) }
    }
    if let bias = self.bias { try register(parameter: "in_proj_bias", bias) }
    register(child: "out_proj", output)
  }

  public override var summaryLine: String { "\(features), \(heads) heads" + (batchFirst ? ", batch_first" : "") }
  public override func property(_ name: String) -> (any LuaValue)? {
    switch name {
    case "embed_dim": features
    case "num_heads": heads
    case "dropout": drop
    case "batch_first": batchFirst
    default: nil
    }
  }
  public override var propertyNames: [String] { ["embed_dim", "num_heads", "dropout", "batch_first"] }

  /// Which keys a query may not look at: bool, true where not; or numbers that are added to the scores.
  public struct Masks {
    /// (L, S) or (N · heads, L, S)
    public var attention: Tensor?
    /// (N, S): whole keys.
    public var padding: Tensor?
    /// Query i looks at keys 1 … i only.
    public var causal: Bool
    /// What may not look at what: nothing is hidden without masks.
    public init(attention: Tensor? = nil, padding: Tensor? = nil, causal: Bool = false) { (self.attention, self.padding, self.causal) = (attention, padding, causal) }
  }

  /// Self-attention, so that the layer fits into a `Sequential`.
  public override func forward(_ x: Tensor) throws -> Tensor { try attend(x, x, x).y }

  /// y, and the weights (N, heads, L, S).
  public func attend(_ query: Tensor, _ key: Tensor, _ value: Tensor, _ masks: Masks = Masks()) throws -> (y: Tensor, weights: Tensor) {
    let shapes = "query \(query.shape), key \(key.shape), value \(value.shape)", batched = query.rank == 3
    guard batched || query.rank == 2, key.rank == query.rank, value.rank == query.rank else {
      throw LuaError("multihead_attention: query, key and value must all be \(batchFirst ? "{N,L,E}" : "{L,N,E}") or all {L,E} (\(shapes))")
    }
    for (tensor, name, size) in [(query, "query", features), (key, "key", keyFeatures), (value, "value", valueFeatures)]
    where tensor.shape[tensor.rank - 1] != size {
      throw LuaError("multihead_attention: \(name) has \(tensor.shape[tensor.rank - 1]) features, the layer expects \(size) (\(shapes))")
    }
    // Places of samples and steps.
    let first = batched && batchFirst, sampleDim = first ? 0 : 1, stepDim = first ? 1 : 0
    func samples(_ x: Tensor) -> Int { batched ? x.shape[sampleDim] : 1 }
    guard samples(key) == samples(query), samples(value) == samples(query) else { throw LuaError("multihead_attention: the batches differ (\(shapes))") }
    guard key.shape[stepDim] == value.shape[stepDim] else {
      throw LuaError("multihead_attention: there are \(key.shape[stepDim]) keys and \(value.shape[stepDim]) values (\(shapes))")
    }
    let count = samples(query), queries = query.shape[stepDim], keys = key.shape[stepDim], size = features / heads
    /// (N, heads, steps, E / heads)
    func split(_ x: Tensor) throws -> Tensor {
      let steps = x.shape[stepDim]
      return try x.reshaped(first ? Shape(count, steps, heads, size) : Shape(steps, count, heads, size)).permuted(first ? [0, 2, 1, 3] : [1, 2, 0, 3])
    }
    let (q, k, v) = try projected(query, key, value)
    let type = Functional.floatType(q, k, v)
    let mask = try joined(masks, count, queries, keys, batched: batched, type)
    let (taken, weights) = try Functional.attention(
      split(q), split(k), split(v), mask: mask, causal: masks.causal, dropout: training ? drop : 0, scale: nil, "multihead_attention")
    let together = try taken.permuted(first ? [0, 2, 1, 3] : [2, 0, 1, 3])
    return (try output(together.reshaped(query.shape)), weights)
  }

  private func projected(_ query: Tensor, _ key: Tensor, _ value: Tensor) throws -> (Tensor, Tensor, Tensor) {
    if weights.count == 1, query === key, key === value {
      let all = try Functional.linear(query, weights[0], bias), dim = all.rank - 1
      return (try all.narrowed(dim, 0, features), try all.narrowed(dim, features, features), try all.narrowed(dim, 2 * features, features))
    }
    func part(_ x: Tensor, _ i: Int) throws -> Tensor {
      let weight = weights.count == 1 ? try weights[0].narrowed(0, i * features, features) : weights[i]
      return try Functional.linear(x, weight, bias?.narrowed(0, i * features, features))
    }
    return (try part(query, 0), try part(key, 1), try part(value, 2))
  }

  /// Both masks as numbers to add, broadcasting to (N, heads, L, S).
  private func joined(_ masks: Masks, _ count: Int, _ queries: Int, _ keys: Int, batched: Bool, _ type: ElementType) throws -> Tensor? {
    func added(_ mask: Tensor, _ name: String) throws -> Tensor {
      if mask.type.isFloat { return mask }
      guard mask.type == .bool else { throw LuaError("multihead_attention: \(name) must be bool (true where not to look) or float (added), got \(mask.type.name)") }
      return try Elementwise.select(mask, .tensor(Tensor.scalar(-.infinity, type)), .tensor(Tensor.scalar(0, type)))
    }
    var result: Tensor?
    if let mask = masks.attention {
      guard mask.shape == Shape(queries, keys) || mask.shape == Shape(count * heads, queries, keys) else {
        throw LuaError("multihead_attention: attn_mask must have shape {\(queries),\(keys)} or {\(count * heads),\(queries),\(keys)}, got \(mask.shape)")
      }
      result = try added(mask, "attn_mask")
      if mask.rank == 3 { result = try result?.reshaped(Shape(count, heads, queries, keys)) }
    }
    if let mask = masks.padding {
      let expected = batched ? Shape(count, keys) : Shape(keys)
      guard mask.shape == expected else { throw LuaError("multihead_attention: key_padding_mask must have shape \(expected), got \(mask.shape)") }
      let rows = try added(mask, "key_padding_mask").reshaped(Shape(count, 1, 1, keys))
      result = try result.map { try Elementwise.add($0, rows) } ?? rows
    }
    return result
  }

  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    let names = ["query", "key", "value", "key_padding_mask", "need_weights", "attn_mask", "average_attn_weights", "is_causal"]
    let call = try CallArguments(stack, arguments, kind, names)
    let query = try call.required("query"), batched = query.rank == 3
    let masks = Masks(
      attention: try call.tensor("attn_mask"), padding: try call.tensor("key_padding_mask"), causal: try call.flag("is_causal", default: false))
    let (y, weights) = try attend(query, call.required("key"), call.required("value"), masks)
    let average = try call.flag("average_attn_weights", default: true)
    y.push(stack)
    guard try call.flag("need_weights", default: true) else { return 1 }
    let shown = average ? try Reduction.mean(weights, dims: [1]) : weights
    try (batched ? shown : shown.selected(0, 0)).push(stack)
    return 2
  }

  static let row = Row(
    "MultiheadAttention",
    """
    Attention by several heads: every query takes a mean of the values, weighted by how well their keys fit, in each head by projections of its own. \
    attention(query, key, value, {attn_mask, key_padding_mask, need_weights = true, average_attn_weights = true, is_causal = false}) returns the output and, \
    unless need_weights is false, the weights. Masks are bool, true where a query may not look, or numbers that are added to the scores; \
    is_causal lets query i look at keys 1 … i only. A query that may look nowhere takes 0.
    Shapes: query {L, N, embed_dim}, key {S, N, kdim}, value {S, N, vdim}, output as query (all with N first with batch_first, or without N); \
    attn_mask {L, S} or {N · num_heads, L, S}; key_padding_mask {N, S}; weights {N, L, S}, of all heads {N, num_heads, L, S}.
    Training: dropout of weights; evaluation drops nothing.
    Errors: sizes that do not fit; embed_dim that num_heads does not divide.
    Paper: Vaswani et al. 2017, arXiv:1706.03762
    """,
    Param("embed_dim", Int.self, "features of queries and output"), Param("num_heads", Int.self, "heads, each of embed_dim / num_heads features"),
    Param.option("dropout", default: 0.0, "share of weights dropped"), Param.option("bias", default: true, "add learned biases"),
    Param.option("kdim", default: Int?.none, "features of keys; embed_dim where left out"),
    Param.option("vdim", default: Int?.none, "features of values; embed_dim where left out"),
    Param.option("batch_first", default: false, "samples, not steps, are dim 1"), place: .function, mixed: true,
    example: "local x = T.rand(4, 2, 6); return nn.MultiheadAttention(6, 3)(x, x, x)"
  ) { try MultiheadAttention($0, $1, dropout: $2, bias: $3, keyFeatures: $4, valueFeatures: $5, batchFirst: $6) }
}
