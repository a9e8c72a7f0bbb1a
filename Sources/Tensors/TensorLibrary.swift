public import LuaBridge

/// `nnlua.tensor`: every op's rows, collected from their homes.
public enum TensorLibrary {
  public static let all: [Row] = [
    Making.rows,
    Properties.rows,
    Matrices.rows,
    Gradients.rows,
    Arithmetic.rows,
    Unary.rows,
    Comparison.rows,
    Selection.rows,
    Cast.rows,
    Reduction.rows,
    Views.rows,
    Logic.rows,
    Interpolation.rows,
    InPlace.rows,
    FromValues.rows,
    Dims.rows,
    Copying.rows,
    Rearranging.rows,
    Joining.rows,
    Picking.rows,
    Scattering.rows,
    Diagonals.rows,
    TensorFiles.rows,
  ].flatMap { $0 }

  public static let tensorClass = LuaClass("Tensor", rows: all, operators: Arithmetic.operators + Properties.operators, index: Indexing.read, newIndex: Indexing.assign)

  public static let library = Library("nnlua.tensor", "Tensors, arithmetic and gradients.", rows: all, call: FromValues.tensor)
}
