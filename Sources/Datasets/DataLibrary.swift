package import LuaBridge

/// `nnlua.data`: data sets and loaders.
package enum DataLibrary {
  package static let all: [Row] = [
    DataCatalog.images.map(\.row), [Iris.row, CSV.row, ImageFolder.row, TensorDataset.row, DataLoader.row], ImageRows.rows, IDX.rows, Toys.rows,
  ].flatMap { $0 }
  package static let library = Library(
    "nnlua.data", "Data sets, loaders and transforms.", rows: all, types: [Dataset.type, DataLoader.type, BatchIterator.type],
    lua: ShippedFile.text("data.lua"))
}
