public import LuaBridge

/// `nnlua.tensor`: every op's rows, collected from their homes.
public enum TensorLibrary {
  public static let all: [Row] = [
    Making.rows, Properties.rows, Matrices.rows, Gradients.rows, Arithmetic.rows, Unary.rows, Comparison.rows, Selection.rows, Cast.rows, Reduction.rows, Views.rows,
    TensorFiles.rows,
  ].flatMap { $0 }

  public static let tensorClass = LuaClass("Tensor", rows: all, operators: Arithmetic.operators + Properties.operators)

  public static let library = Library("nnlua.tensor", "Tensors, arithmetic and gradients.", rows: all)
}
