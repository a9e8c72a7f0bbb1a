import LuaBridge
import NeuralNetworks
import Tensors
import Testing

/// Beside scikit-learn 1.9's values for the same.
@Suite(.serialized) struct MetricsTests {
  private func lua() throws -> LuaState {
    let lua = try LuaState()
    for library in [TensorLibrary.library, MetricsLibrary.library] { lua.install(library) }
    try lua.run(
      """
      T, metrics = require "nnlua.tensor", require "nnlua.metrics"
      function labels(list) return T.tensor(list, {dtype = "int64"}) end
      t, y = labels{1, 2, 3, 1, 2, 3, 3, 1, 5, 2}, labels{1, 2, 1, 1, 3, 3, 3, 2, 2, 2}
      function near(a, b) return math.abs(a - b) < 1e-12 end
      """)
    return lua
  }

  @Test func accuracyOfEveryForm() throws {
    try lua().run(
      """
      assert(metrics.accuracy(y, t) == 0.6)
      local rows, truth = T.zeros(10, 5), T.zeros(10, 5)
      for i = 1, 10 do rows[i][y[i]] = 0.5; truth[i][t[i]] = 1 end
      assert(metrics.accuracy(rows, t) == 0.6)
      assert(metrics.accuracy(rows, truth) == 0.6)
      assert(metrics.accuracy(y, truth) == 0.6)
      assert(metrics.accuracy(rows:double(), truth:long()) == 0.6)
      assert(metrics.accuracy(rows, truth:bool()) == 0.6)
      assert(metrics.accuracy(y:float(), t:byte()) == 0.6)
      -- views with gaps, and a map of classes {N, C, H}
      assert(metrics.accuracy(rows:t():contiguous():t(), t) == 0.6)
      local map = T.stack({rows, rows}, 3)
      assert(metrics.accuracy(map, T.stack({t, y}, 2)) == 0.8)
      -- matrices of labels, one of them all ones and zeros in rows
      assert(metrics.accuracy(labels{{1, 2}, {3, 3}}, labels{{1, 2}, {3, 1}}) == 0.75)
      -- of equal scores the first counts, as in argmax
      assert(metrics.accuracy(T.tensor({{1, 1}}), labels{1}) == 1)
      assert(metrics.accuracy(T.tensor({{0, 0/0, 1}}), labels{2}) == 1)
      """)
  }

  @Test func topK() throws {
    try lua().run(
      """
      local scores = T.tensor({{0.1, 0.6, 0.3}, {0.8, 0.15, 0.05}, {0.2, 0.3, 0.5}, {0.4, 0.35, 0.25}, {0.3, 0.45, 0.25}})
      local truth = labels{3, 3, 3, 2, 1}
      for k, value in ipairs{0.2, 0.8, 1} do assert(metrics.top_k(scores, truth, k) == value) end
      assert(metrics.top_k(T.tensor({{1, 1, 1}}), labels{2}, 1) == 0 and metrics.top_k(T.tensor({{1, 1, 1}}), labels{2}, 2) == 1)
      assert(metrics.top_k(scores, T.eye(3)[{ {1, 3}, {} }]:index_select(1, truth), 2) == 0.8)
      """)
  }

  @Test func confusion() throws {
    try lua().run(
      """
      local m = metrics.confusion_matrix(y, t)
      assert(m.dtype == "int64")
      assert(T.equal(m, labels{{2, 1, 0, 0, 0}, {0, 2, 1, 0, 0}, {1, 0, 2, 0, 0}, {0, 0, 0, 0, 0}, {0, 1, 0, 0, 0}}))
      assert(metrics.confusion_matrix(y, t, 7):size(1) == 7 and metrics.confusion_matrix(y, t, {classes = 6}):size(2) == 6)
      assert(metrics.confusion_matrix(T.eye(4), labels{1, 1, 1, 1}):size(1) == 4)
      """)
  }

  @Test func precisionRecallF1() throws {
    try lua().run(
      """
      local function is(options, p, r, f)
        local a, b, c = metrics.precision_recall_f1(y, t, options)
        assert(near(a, p) and near(b, r) and near(c, f), tostring(options and options.average))
      end
      is(nil, 0.45833333333333326, 0.5, 0.47619047619047616)
      is({average = "macro"}, 0.45833333333333326, 0.5, 0.47619047619047616)
      is({classes = 5}, 0.3666666666666666, 0.4, 0.38095238095238093)
      is({average = "micro"}, 0.6, 0.6, 0.6)
      is({average = "weighted"}, 0.55, 0.6, 0.5714285714285714)
      local p, r, f = metrics.precision_recall_f1(y, t, {average = "none"})
      for i, v in ipairs{2 / 3, 0.5, 2 / 3, 0, 0} do assert(near(p[i], v)) end
      for i, v in ipairs{2 / 3, 2 / 3, 2 / 3, 0, 0} do assert(near(r[i], v)) end
      for i, v in ipairs{2 / 3, 0.5714285714285714, 2 / 3, 0, 0} do assert(near(f[i], v)) end
      """)
  }

  @Test func r2() throws {
    try lua().run(
      """
      assert(near(metrics.r2(T.tensor({2.5, 0, 2, 8}, {dtype = "float64"}), T.tensor({3, -0.5, 2, 7}, {dtype = "float64"})), 0.9486081370449679))
      assert(near(metrics.r2(T.tensor({{0, 2}, {-1, 2}, {8, -5}}), T.tensor({{0.5, 1}, {-1, 1}, {7, -6}})), 0.9368005266622779))
      assert(metrics.r2(labels{1, 2}, labels{1, 1}) == 0 and metrics.r2(labels{1, 1}, labels{1, 1}) == 1)
      """)
  }

  @Test(arguments: [
    ("metrics.accuracy(T.ones(8, 10), labels{1, 2})", "accuracy: y {8,10} and t {2} do not belong together"),
    ("metrics.accuracy(T.ones(2, 3), labels{1, 4})", "accuracy: label 4 of t at position 2 is outside 1..3"),
    ("metrics.accuracy(T.ones(2, 3), labels{0, 1})", "accuracy: label 0 of t at position 1 is outside 1..3"),
    ("metrics.accuracy(T.tensor({1.5, 1}), labels{1, 1})", "accuracy: label 1.5 of y at position 1 is not a whole number"),
    ("metrics.accuracy(T.tensor({0/0, 1}), labels{1, 1})", "accuracy: label nan of y at position 1 is not a whole number"),
    ("metrics.accuracy(T.zeros(0), T.zeros(0))", "accuracy: there are no samples"),
    ("metrics.accuracy(T.tensor(1), T.tensor(1))", "must have a dim of samples, got shapes {} and {}"),
    ("metrics.accuracy(3, y)", "bad argument #1 to 'accuracy' (Tensor expected, got number)"),
    ("metrics.top_k(T.ones(2, 3), labels{1, 2}, 4)", "top_k: k must be in 1..3, the number of classes, got 4"),
    ("metrics.top_k(y, t, 1)", "top_k: y must be scores {N,C}, got shape {10}"),
    ("metrics.confusion_matrix(y, t, 3)", "confusion_matrix: label 5 of t at position 9 is outside 1..3"),
    ("metrics.confusion_matrix(y, t, 0)", "classes must be at least 1, got 0"),
    ("metrics.precision_recall_f1(y, t, {average = 'mean'})", "average must be \"macro\", \"micro\", \"weighted\" or \"none\", got \"mean\""),
    ("metrics.r2(T.ones(2), T.ones(3))", "r2: y {2} and t {3} must have one shape"),
    ("metrics.r2(T.ones(1), T.ones(1))", "r2: at least 2 samples are needed"),
  ])
  func mistakesAreNamed(_ code: String, _ message: String) throws {
    let found = try lua().evaluate("local ok, message = pcall(function() return \(code) end) return ok and 'no error' or message", as: String.self)
    #expect(found.contains(message), "\(found)")
  }
}
