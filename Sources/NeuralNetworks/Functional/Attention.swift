internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// y = softmax(q kᵀ scale + mask) v: every query takes a mean of the values, weighted by how well their keys fit.
  ///
  /// - mask: bool, true where a query may look; or numbers that are added. A query that may look nowhere gets 0.
  /// - causal: query i looks at keys 1 … i only.
  /// - scale: 1 / √E where nil.
  /// - Shapes: q (…, L, E), k (…, S, E), v (…, S, Ev), mask broadcasts to (…, L, S); y (…, L, Ev). Dims in front broadcast.
  /// - Errors: other sizes; a mask beside causal; p outside 0 … 1.
  /// - Paper: Vaswani et al. 2017, arXiv:1706.03762
  public static func scaledDotProductAttention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, dropout: Double = 0, causal: Bool = false, scale: Double? = nil
  ) throws -> Tensor {
    guard mask == nil || !causal else { throw LuaError("scaled_dot_product_attention: give attn_mask or is_causal, not both") }
    return try attention(q, k, v, mask: mask, causal: causal, dropout: dropout, scale: scale, "scaled_dot_product_attention").y
  }

  /// The same with the weights {…, L, S}; `mask` and `causal` may meet.
  static func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, causal: Bool, dropout p: Double, scale: Double?, _ name: String
  ) throws -> (y: Tensor, weights: Tensor) {
    let isTimed = Profiler.begin(op: name)
    defer { if isTimed { Profiler.end() } }
    let shapes = "query \(q.shape), key \(k.shape), value \(v.shape)"
    guard q.rank >= 2, k.rank >= 2, v.rank >= 2 else { throw LuaError("\(name): query, key and value must have at least 2 dims, {…, L, E} (\(shapes))") }
    let features = q.shape[q.rank - 1], queries = q.shape[q.rank - 2], keys = k.shape[k.rank - 2]
    guard k.shape[k.rank - 1] == features else { throw LuaError("\(name): query has \(features) features, key \(k.shape[k.rank - 1]) (\(shapes))") }
    guard v.shape[v.rank - 2] == keys else { throw LuaError("\(name): there are \(keys) keys and \(v.shape[v.rank - 2]) values (\(shapes))") }
    guard p >= 0, p <= 1 else { throw LuaError("\(name): dropout_p must be between 0 and 1, got \(p.luaLiteral)") }
    if let mask, mask.type != .bool, !mask.type.isFloat {
      throw LuaError("\(name): attn_mask must be bool (true where a query may look) or float (added), got \(mask.type.name)")
    }
    let type = Swift.max(floatType(q, k, v), mask.map { $0.type.isFloat ? $0.type : .bool } ?? .bool)
    let scale = scale ?? (features > 0 ? 1 / Double(features).squareRoot() : 1)
    var scores = try Matrices.matmul(Elementwise.mul(q.to(type), scale), k.to(type).transposed(k.rank - 2, k.rank - 1), name: name)
    if let mask {
      guard let shape = try? Shape.broadcast(scores.shape, mask.shape, name), shape == scores.shape else {
        throw LuaError("\(name): attn_mask \(mask.shape) does not broadcast to \(scores.shape) (\(shapes))")
      }
      scores =
        try mask.type == .bool
        ? Elementwise.select(mask, .tensor(scores), .number(-.infinity)) : Elementwise.add(scores, mask)
    }
    if causal { scores = try Elementwise.select(triangle(queries, keys), .tensor(scores), .number(-.infinity)) }
    let closed = mask == nil ? nil : try closedRows(scores)
    if let closed { scores = try Elementwise.select(closed, .number(0), .tensor(scores)) }
    var weights = try Softmax.softmax(scores, dim: scores.rank - 1)
    if let closed { weights = try Elementwise.select(closed, .number(0), .tensor(weights)) }
    weights = try Functional.dropout(weights, p: p)
    return (try Matrices.matmul(weights, v.to(type), name: name), weights)
  }

  /// {L, S} of bool, true up to the diagonal.
  static func triangle(_ rows: Int, _ columns: Int) throws -> Tensor {
    let mask = try Tensor.zeros(Shape.checked([rows, columns], "is_causal"), .bool), base = mask.pointer(UInt8.self)
    for i in 0..<rows { (base + i &* columns).update(repeating: 1, count: min(i &+ 1, columns)) }
    return mask
  }

  /// {…, L, 1} of bool, true where all scores of a row are −∞, whose softmax would be NaN; nil where there is no such row.
  private static func closedRows(_ scores: Tensor) throws -> Tensor? {
    guard scores.count > 0 else { return nil }
    var shape = scores.shape
    let columns = shape[shape.count - 1]
    shape[shape.count - 1] = 1
    let source = try scores.contiguous(), largest = try Tensor(empty: shape, scores.type)
    Vector.reduce(.max, width(scores), source.pointer, largest.pointer, outer: largest.count, count: columns, inner: 1)
    let closed = try Tensor(empty: shape, .bool), flags = closed.pointer(UInt8.self)
    var any = false
    for i in 0..<closed.count {
      let value = largest.type == .float64 ? largest.pointer(Double.self)[i] : Double(largest.pointer(Float.self)[i])
      flags[i] = value == -.infinity ? 1 : 0
      any = any || flags[i] != 0
    }
    return any ? closed : nil
  }

  static let attentionRows = [
    Row(
      "scaled_dot_product_attention",
      """
      softmax(query keyᵀ scale + mask) value: every query takes a mean of the values, weighted by how well their keys fit. \
      A query that may look at no key gets 0.
      Shapes: query {…, L, E}, key {…, S, E}, value {…, S, Ev}, attn_mask broadcasts to {…, L, S}; result {…, L, Ev}. Dims in front broadcast.
      Errors: sizes that do not fit; attn_mask beside is_causal; dropout_p outside 0..1.
      Paper: Vaswani et al. 2017, arXiv:1706.03762
      """,
      Param("query", Tensor.self, "{…, L, E}"), Param("key", Tensor.self, "{…, S, E}"), Param("value", Tensor.self, "{…, S, Ev}"),
      Param("attn_mask", default: Tensor?.none, "bool: true where a query may look; float: added to the scores"),
      Param("dropout_p", default: 0.0, "share of weights dropped, whatever the mode"), Param("is_causal", default: false, "query i looks at keys 1 … i only"),
      Param.option("scale", default: Double?.none, "factor of the scores; 1 / √E where left out"), place: .function,
      example: "return F.scaled_dot_product_attention(T.rand(2, 3, 4), T.rand(2, 5, 4), T.rand(2, 5, 4))"
    ) { try scaledDotProductAttention($0, $1, $2, mask: $3, dropout: $4, causal: $5, scale: $6) }
  ]
}
