/// Handwritten digits, 8×8, that ship with nnlua: Alpaydin & Kaynak 1998, UCI Machine Learning Repository; see CResources/README.md.
extension ImageSet {
  static let digits = ImageSet(
    name: "digits", title: "handwritten digits, 8×8, ship with nnlua",
    doc: "1797 handwritten digits of 8×8 pixels that ship with nnlua: 1437 to train, 360 to test, every digit in the same share in both.",
    classes: (0...9).map(String.init), white: 16,
    origin: .shipped(
      images: "digits-images-idx3-ubyte.gz", labels: "digits-labels-idx1-ubyte.gz", splits: [("train", 0..<1437), ("test", 1437..<1797)]))
}
