public import LuaBridge

/// `nnlua.tensor`: every op's rows, collected from their homes.
public enum TensorLibrary {
  public static let all: [Row] = [
    Making.rows,
    FromValues.rows,
    Drawing.rows,
    Choice.rows,
    Properties.rows,
    Gradients.rows,
    Arithmetic.rows,
    Unary.rows,
    Interpolation.rows,
    Comparison.rows,
    Logic.rows,
    Selection.rows,
    Cast.rows,
    DefaultType.rows,
    Reduction.rows,
    Products.rows,
    Cumulative.rows,
    Counting.rows,
    Extremes.rows,
    Variance.rows,
    Norm.rows,
    LogSumExp.rows,
    Median.rows,
    Sorting.rows,
    Unique.rows,
    Matrices.rows,
    Views.rows,
    TensorFiles.rows,
    Dims.rows,
    Copying.rows,
    Rearranging.rows,
    Joining.rows,
    Picking.rows,
    Scattering.rows,
    Diagonals.rows,
    Einsum.rows,
    TensorProducts.rows,
    CustomFunction.rows,
  ].flatMap { $0 }

  public static let tensorClass = LuaClass("Tensor", rows: all, operators: Arithmetic.operators + Properties.operators, index: Indexing.read, newIndex: Indexing.assign)

  public static let library = Library("nnlua.tensor", "Tensors, arithmetic and gradients.", rows: all, lua: ShippedFile.text("tensor.lua"), call: FromValues.tensor)
}
