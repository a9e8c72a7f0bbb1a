internal import LuaBridge
internal import Tensors

/// How much of the targets' variance predictions explain.
///
///     R² = 1 - Σ (t - y)² / Σ (t - mean t)²,  the mean over the columns of {N, M}
///
/// For targets that are all equal: 1 where they are met exactly, else 0.
enum R2 {
  static func score(_ y: Tensor, _ t: Tensor) throws -> Double {
    guard y.shape == t.shape else { throw LuaError("r2: y \(y.shape) and t \(t.shape) must have one shape") }
    guard y.rank > 0, y.shape[0] >= 2, y.count > 0 else { throw LuaError("r2: at least 2 samples are needed, got shape \(y.shape)") }
    let predicted = try y.values(), truth = try t.values(), rows = y.shape[0], columns = y.count / rows
    var total = 0.0
    for column in 0..<columns {
      let places = stride(from: column, to: y.count, by: columns)
      let mean = places.reduce(0) { $0 + truth[$1] } / Double(rows)
      var left = 0.0, all = 0.0
      for i in places {
        left += (truth[i] - predicted[i]) * (truth[i] - predicted[i])
        all += (truth[i] - mean) * (truth[i] - mean)
      }
      total += all != 0 ? 1 - left / all : left == 0 ? 1 : 0
    }
    return total / Double(columns)
  }

  static let rows: [Row] = [
    Row(
      "r2",
      """
      How much of the targets' variance predictions explain: 1 - Σ (t - y)² / Σ (t - mean)², the mean over columns; 1 is perfect, 0 as good as the mean.
      Shapes: y, t {N} or {N, M}.
      Errors: different shapes; fewer than 2 samples.
      """, Param("y", Tensor.self, "predictions"), Param("t", Tensor.self, "truth"), place: .function,
      example: "return nnlua.metrics.r2(T.tensor({1, 2, 3.5}), T.tensor({1, 2, 3}))", returns: "number"
    ) { try score($0, $1) }
  ]
}
