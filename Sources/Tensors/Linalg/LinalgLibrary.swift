package import LuaBridge

/// `nnlua.tensor.linalg`: matrices beyond products, collected from their homes. `T.linalg` is the same table.
package enum LinalgLibrary {
  package static let all: [Row] = [
    LinearSolve.rows, Triangular.rows, Determinant.rows, Cholesky.rows, QR.rows, SymmetricEigen.rows, SVD.rows, PseudoInverse.rows, MatrixNorms.rows,
  ].flatMap { $0 }

  package static let library = Library("nnlua.tensor.linalg", "Linear algebra: equations, factors, eigenvalues, singular values.", rows: all, alias: "T.linalg")
}
