package import LuaBridge

/// `nnlua.data.transforms`: augmentation and normalising, as functions of a batch or of one sample.
package enum TransformLibrary {
  static let all: [Row] = [
    RandomWindow.shift, RandomWindow.crop, Flip.row, Rotate.row, Resize.row, Normalize.row, OneHot.row, Compose.row,
  ]
  package static let library = Library("nnlua.data.transforms", "What is done with samples before they are learned from.", rows: all, types: [Transform.type])
}
