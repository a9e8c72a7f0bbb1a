package import LuaBridge

/// `nnlua.metrics`: how good predictions are.
package enum MetricsLibrary {
  package static let all: [Row] = [Accuracy.rows, Confusion.rows, R2.rows].flatMap { $0 }
  package static let library = Library("nnlua.metrics", "How good predictions are; every function takes the predictions first, then the truth.", rows: all)
}
