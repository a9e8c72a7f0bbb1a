internal import LuaBridge
internal import Tensors

/// Which classes are taken for which, and what follows from it.
///
///     precision = TP / (TP + FP);   recall = TP / (TP + FN);   F₁ = 2 TP / (2 TP + FP + FN)       (0 where nothing was counted)
enum Confusion {
  /// counts[t][y], row by row; `size` classes.
  private static func count(_ y: Tensor, _ t: Tensor, _ classes: Int?, _ function: String) throws -> (counts: Tensor, size: Int) {
    let found = try Classes(y, t, classes: classes, function)
    let size = found.count ?? max(found.predicted.max() ?? 0, found.truth.max() ?? 0) + 1
    let counts = try Tensor.zeros(Shape.checked([size, size], function), .int64), cell = counts.pointer(Int64.self)
    for (predicted, truth) in zip(found.predicted, found.truth) { cell[truth * size + predicted] += 1 }
    return (counts, size)
  }

  enum Average: String {
    case macro, micro, weighted, none
  }

  private static func scores(_ y: Tensor, _ t: Tensor, _ average: Average, _ classes: Int?) throws -> [[Double]] {
    let (counts, size) = try count(y, t, classes, "precision_recall_f1")
    let cell = counts.pointer(Int64.self)
    func share(_ part: Double, _ whole: Double) -> Double { whole == 0 ? 0 : part / whole }
    func three(_ hits: Double, _ predicted: Double, _ true: Double) -> [Double] { [share(hits, predicted), share(hits, `true`), share(2 * hits, predicted + `true`)] }
    var hits = Array(repeating: 0.0, count: size), predicted = hits, truth = hits
    for i in 0..<size {
      hits[i] = Double(cell[i * size + i])
      for j in 0..<size {
        predicted[j] += Double(cell[i * size + j])
        truth[i] += Double(cell[i * size + j])
      }
    }
    if average == .micro {
      let all = three(hits.reduce(0, +), predicted.reduce(0, +), truth.reduce(0, +))
      return all.map { [$0] }
    }
    let each = (0..<size).map { three(hits[$0], predicted[$0], truth[$0]) }
    if average == .none { return (0..<3).map { k in each.map { $0[k] } } }
    // A class that nobody predicted and that never came has no part in the mean, unless the script named the number of classes.
    let weights = (0..<size).map { i in average == .weighted ? truth[i] : classes != nil || predicted[i] + truth[i] > 0 ? 1.0 : 0 }
    let total = weights.reduce(0, +)
    return (0..<3).map { k in [share(zip(each, weights).reduce(0) { $0 + $1.0[k] * $1.1 }, total)] }
  }

  private static let shapes = "Shapes: y scores {N, C} or labels {N}; t labels {N} from 1, or one-hot {N, C}"
  private static let errors = "Errors: shapes that do not belong together; labels that are no whole numbers, or outside 1..C; no samples."
  private static let classes = Param("classes", default: Int?.none, "how many; else the columns of scores, or the largest label")

  static let rows: [Row] = [
    Row(
      "confusion_matrix",
      """
      Counts what was taken for what: element [i][j] is how often class i was taken for class j.
      \(shapes); the result int64 {C, C}.
      \(errors)
      """, Param("y", Tensor.self, "predictions"), Param("t", Tensor.self, "truth"), classes, place: .function,
      example: "return nnlua.metrics.confusion_matrix(T.tensor({1, 2, 2}, {dtype = \"int64\"}), T.tensor({1, 1, 2}, {dtype = \"int64\"}))"
    ) { try count($0, $1, $2, "confusion_matrix").counts },
    Row(
      results: "precision_recall_f1",
      """
      Precision TP / (TP + FP), recall TP / (TP + FN) and their harmonic mean F1; 0 where nothing was counted. "macro" is the mean over the classes, "weighted" that mean
      with each class's true count as weight, "micro" counts all classes together, "none" gives a float64 tensor with one value for each class.
      \(shapes).
      \(errors)
      """, Param("y", Tensor.self, "predictions"), Param("t", Tensor.self, "truth"),
      .option("average", default: "macro", "\"macro\", \"micro\", \"weighted\" or \"none\""),
      .option("classes", default: Int?.none, "how many; else those that occur in y or t"), place: .function,
      example: "return nnlua.metrics.precision_recall_f1(T.tensor({1, 2, 2}, {dtype = \"int64\"}), T.tensor({1, 1, 2}, {dtype = \"int64\"}))",
      returns: "number or Tensor, number or Tensor, number or Tensor"
    ) { (stack: LuaStack, y: Tensor, t: Tensor, average: String, classes: Int?) in
      guard let kind = Average(rawValue: average) else {
        throw LuaError("precision_recall_f1: average must be \"macro\", \"micro\", \"weighted\" or \"none\", got \"\(average)\"")
      }
      for values in try scores(y, t, kind, classes) {
        if kind == .none { try Tensor(values, values.count).push(stack) } else { stack.push(values[0]) }
      }
      return 3
    },
  ]
}
