package import LuaBridge

/// `nnlua.tensor`: every op's rows, collected from their homes.
package enum TensorLibrary {
  /// Each op's rows under the title help lists them by.
  static let groups: [RowGroup] = [
    RowGroup("Making", Making.rows, FromValues.rows),
    RowGroup("Chance", Drawing.rows, Choice.rows),
    RowGroup("Looking", Properties.rows),
    RowGroup("Arithmetic and elementwise functions", Arithmetic.rows, Unary.rows, Interpolation.rows),
    RowGroup("Comparison and choice", Comparison.rows, Logic.rows, Selection.rows),
    RowGroup("Types", Cast.rows, DefaultType.rows),
    RowGroup(
      "Reductions", Reduction.rows, Products.rows, Cumulative.rows, Counting.rows, Extremes.rows, Variance.rows, Norm.rows, LogSumExp.rows, Softmax.rows, Median.rows),
    RowGroup("Order", Sorting.rows, Unique.rows),
    RowGroup("Matrices", Matrices.rows, Einsum.rows, TensorProducts.rows, Diagonals.rows),
    RowGroup("Shape", Views.rows, Dims.rows, Copying.rows, Rearranging.rows),
    RowGroup("Picking and joining", Joining.rows, Picking.rows, Scattering.rows),
    RowGroup("Gradients", Gradients.rows, CustomFunction.rows),
    RowGroup("Files", TensorFiles.rows),
  ]
  package static let all: [Row] = groups.flatMap(\.rows)

  package static let tensorClass = LuaClass(
    "Tensor",
    """
    An array of numbers of one type with a shape, and the gradients that are followed through it.
    `x[i]` is row i, a view; `x[{i, j}]` an element; `x[{ {1, 5}, {} }]` a range of rows with all columns (`{a, b, step}` takes every step-th); \
    `x[mask]` the elements where a bool tensor is true; `x[positions]` rows by an int64 tensor. All of them can be assigned to. \
    Positions count from 1, negative ones from the end; where every dim is fixed by a number the result is a Lua number.
    """, rows: all, operators: Arithmetic.operators + Properties.operators + [("__display", TensorDisplay.row)], index: Indexing.read, newIndex: Indexing.assign)

  package static let library = Library(
    "nnlua.tensor", "Tensors, arithmetic and gradients.", rows: all, groups: groups, types: [tensorClass, CustomFunction.type, CustomFunction.contextClass],
    lua: ShippedFile.text("tensor.lua"), call: FromValues.tensor, alias: "T")
}
