internal import LuaBridge
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Adds to every step a pattern that tells its place, for attention does not know the order of what it reads.
///
///     pe[t, 2i] = sin(t / 10000^(2i / d)),  pe[t, 2i + 1] = cos(t / 10000^(2i / d)),  t and i from 0;   y = x + pe
///
/// - Shapes: x, y (T, N, d), (N, T, d) with batch_first, or (T, d).
/// - Training: dropout of y; evaluation drops nothing.
/// - Errors: more steps than max_len.
/// - Paper: Vaswani et al. 2017, arXiv:1706.03762
public final class PositionalEncoding: Module, @unchecked Sendable {
  private let drop: Double, batchFirst: Bool
  private let table: Tensor

  init(_ features: Int, maxLength: Int, dropout: Double, batchFirst: Bool) throws {
    guard features > 0, maxLength > 0 else {
      throw LuaError("PositionalEncoding: d_model and max_len must be at least 1, got \(features) and \(maxLength)")
    }
    guard (0...1).contains(dropout) else { throw LuaError("PositionalEncoding: dropout must be in 0..1, got \(dropout.luaLiteral)") }
    (drop, self.batchFirst) = (dropout, batchFirst)
    let waves = try Tensor(empty: Shape.checked([maxLength, features], "PositionalEncoding"), .float64), values = waves.pointer(Double.self)
    for i in 0..<features {
      let frequency = pow(10_000, -Double(i / 2 * 2) / Double(features))
      for t in 0..<maxLength { values[t &* features &+ i] = i % 2 == 0 ? sin(Double(t) * frequency) : cos(Double(t) * frequency) }
    }
    table = try waves.converted(to: .default)
    super.init()
    register(buffer: "pe", table)
  }

  public override var summaryLine: String { "\(table.shape[1]), at most \(table.shape[0]) steps" + (batchFirst ? ", batch_first" : "") }
  public override func forward(_ x: Tensor) throws -> Tensor {
    guard x.rank == 3 || x.rank == 2, x.shape[x.rank - 1] == table.shape[1] else {
      throw LuaError("positional_encoding: input must be \(batchFirst ? "{N,T,\(table.shape[1])}" : "{T,N,\(table.shape[1])}") or {T,\(table.shape[1])}, got \(x.shape)")
    }
    let steps = x.shape[x.rank == 3 && batchFirst ? 1 : 0]
    guard steps <= table.shape[0] else { throw LuaError("positional_encoding: \(steps) steps, max_len is \(table.shape[0]) (input \(x.shape))") }
    let part = try table.narrowed(0, 0, steps)
    let y = try Elementwise.add(x.to(Functional.floatType(x)), x.rank == 3 && !batchFirst ? part.unsqueezed(1) : part)
    return try Functional.dropout(y, p: drop, training: training)
  }

  static let row = Row(
    "PositionalEncoding",
    """
    Adds to every step a pattern of waves that tells its place: pe[t, 2i] = sin(t / 10000^(2i / d_model)), pe[t, 2i + 1] the cosine, t and i from 0.
    Shapes: input and result {T, N, d_model}, {N, T, d_model} with batch_first, or {T, d_model}.
    Training: dropout of the sum; evaluation drops nothing.
    Errors: more steps than max_len; other features than d_model.
    Paper: Vaswani et al. 2017, arXiv:1706.03762
    """,
    Param("d_model", Int.self, "features of a step"), Param("max_len", default: 5000, "the most steps"),
    Param("dropout", default: 0.1, "share of values dropped"), Param.option("batch_first", default: false, "samples, not steps, are dim 1"), place: .function,
    mixed: true, example: "return nn.PositionalEncoding(8)(T.rand(3, 2, 8))"
  ) { try PositionalEncoding($0, maxLength: $1, dropout: $2, batchFirst: $3) }
}
