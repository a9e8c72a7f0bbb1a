/// Handwritten digits, 28×28, 60000 to train and 10000 to test.
/// LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document recognition".
extension ImageSet {
  static let mnist = ImageSet(
    name: "mnist", title: "handwritten digits, 28×28",
    doc: "MNIST: handwritten digits of 28×28 pixels, 60000 to train, 10000 to test. Label 1 is digit 0: see `classes`.",
    paper: "LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition",
    classes: (0...9).map(String.init), white: 255, download: 11_594_722,
    origin: .files(
      files([
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
      ]), folders: ["mnist"],
      mirrors: ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"]))

  /// Clothes, in files of the same names and sizes. Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.
  static let fashionMNIST = ImageSet(
    name: "fashion_mnist", title: "pictures of clothes, 28×28",
    doc: "Fashion-MNIST: clothes of ten kinds, 28×28 pixels, 60000 to train, 10000 to test. Debian: apt install dataset-fashion-mnist.",
    paper: "Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747",
    classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"], white: 255, download: 30_878_645,
    origin: .files(
      files([
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
      ]), folders: ["fashion_mnist", "fashion-mnist"], mirrors: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]))

  private static func files(_ sums: [String]) -> [(split: String, files: [RemoteFile])] {
    [
      ("train", [RemoteFile("train-images-idx3-ubyte", 16 + 60000 * 784, sums[0]), RemoteFile("train-labels-idx1-ubyte", 8 + 60000, sums[1])]),
      ("test", [RemoteFile("t10k-images-idx3-ubyte", 16 + 10000 * 784, sums[2]), RemoteFile("t10k-labels-idx1-ubyte", 8 + 10000, sums[3])]),
    ]
  }
}
