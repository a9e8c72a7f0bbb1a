internal import LuaBridge
internal import Tensors

/// The share of samples whose class was found.
enum Accuracy {
  static func accuracy(_ y: Tensor, _ t: Tensor) throws -> Double {
    let classes = try Classes(y, t, "accuracy")
    return Double(zip(classes.predicted, classes.truth).count { $0 == $1 }) / Double(classes.truth.count)
  }

  /// The share of samples whose true class is among the k with the highest scores; of equal scores the first counts as higher.
  static func topK(_ y: Tensor, _ t: Tensor, _ k: Int) throws -> Double {
    guard y.rank == 2 else { throw LuaError("top_k: y must be scores {N,C}, got shape \(y.shape)") }
    guard k >= 1, k <= y.shape[1] else { throw LuaError("top_k: k must be in 1..\(y.shape[1]), the number of classes, got \(k)") }
    let classes = try Classes(y, t, "top_k"), scores = try y.values(), columns = y.shape[1]
    var hits = 0
    for (row, label) in classes.truth.enumerated() {
      let own = scores[row * columns + label]
      var above = 0
      for (place, other) in scores[row * columns..<(row + 1) * columns].enumerated() where place != label {
        if own.isNaN ? other.isNaN && place < label : !(other <= own) || other == own && place < label { above += 1 }
      }
      if above < k { hits += 1 }
    }
    return Double(hits) / Double(classes.truth.count)
  }

  private static let errors = "Errors: shapes that do not belong together; labels that are no whole numbers, or outside 1..C; no samples."

  static let rows: [Row] = [
    Row(
      "accuracy",
      """
      The share of samples whose class was found. Scores and one-hot rows count as the label of their largest value.
      Shapes: y scores {N, C} or labels {N}; t labels {N} from 1, or one-hot {N, C}.
      \(errors)
      """, Param("y", Tensor.self, "predictions"), Param("t", Tensor.self, "truth"), place: .function,
      example: "return nnlua.metrics.accuracy(T.tensor({{0.1, 0.9}, {0.8, 0.2}}), T.tensor({2, 2}, {dtype = \"int64\"}))", returns: "number"
    ) { try accuracy($0, $1) },
    Row(
      "top_k",
      """
      The share of samples whose true class is among the k with the highest scores. Of equal scores the first class counts as higher, as in argmax.
      Shapes: y {N, C}; t labels {N} from 1, or one-hot {N, C}.
      \(errors)
      """, Param("y", Tensor.self, "scores"), Param("t", Tensor.self, "truth"), Param("k", Int.self, "1 is accuracy"), place: .function,
      example: "return nnlua.metrics.top_k(T.tensor({{0.1, 0.6, 0.3}, {0.8, 0.2, 0}}), T.tensor({3, 3}, {dtype = \"int64\"}), 2)", returns: "number"
    ) { try topK($0, $1, $2) },
    Row(
      "is_one_hot", "Whether every row of a matrix is zeros with a single one.", Param("t", Tensor.self, "targets of any shape"), place: .function,
      example: "return nnlua.metrics.is_one_hot(T.eye(3))"
    ) { Classes.isOneHot($0) },
  ]
}
