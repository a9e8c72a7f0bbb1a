internal import LuaBridge
internal import Tensors

/// Small coloured pictures of ten kinds. Krizhevsky 2009, "Learning multiple layers of features from tiny images".
///
/// The binary version: for each picture one byte of label, then 1024 bytes of red, of green and of blue, row by row.
enum CIFAR {
  private static let pixels = 3 * 32 * 32, record = 1 + pixels

  /// Pictures (N, 3, 32, 32) and labels (N) of files, or of the files of these names in an archive; at least the first `limit`.
  static func read(_ paths: [String], _ names: [String], _ limit: Int) throws -> (Tensor, Tensor) {
    var batches: [[UInt8]] = [], count = 0
    func add(_ bytes: [UInt8], _ name: String) throws {
      guard !bytes.isEmpty, bytes.count % record == 0 else {
        throw LuaError("\(name): \(bytes.count) bytes are no whole number of pictures of \(record) bytes")
      }
      batches.append(bytes)
      count += bytes.count / record
    }
    if paths.count == 1, paths[0].hasSuffix(".tar.gz") {
      try naming(paths[0]) {
        var found: [String: [UInt8]] = [:]
        try Tar.files(InflateReader(ByteSource(path: paths[0]), .gzip)) { path, size, reader in
          let name = path.split(separator: "/").last.map(String.init) ?? ""
          guard names.contains(name) else { return .skipped }
          guard size <= WholeFile.most else { throw LuaError("\(name): \(size) bytes are too many") }
          found[name] = try reader.bytes(size)
          return found.count == names.count ? .enough : .taken
        }
        for name in names where count < limit {
          guard let bytes = found[name] else { throw LuaError("the archive lacks \(name)") }
          try add(bytes, name)
        }
      }
    } else {
      for path in paths where count < limit { try add(naming(path) { try WholeFile.read(path) }, path) }
    }
    let images = try Tensor(empty: Shape(count, 3, 32, 32), .uint8), labels = try Tensor(empty: Shape(count), .uint8)
    var row = 0
    for batch in batches {
      batch.withUnsafeBytes { bytes in
        for start in stride(from: 0, to: bytes.count, by: record) {
          labels.pointer(UInt8.self)[row] = bytes[start]
          (images.pointer + row * pixels).copyMemory(from: bytes.baseAddress! + start + 1, byteCount: pixels)
          row += 1
        }
      }
    }
    return (images, labels)
  }
}

extension ImageSet {
  static let cifar10 = ImageSet(
    name: "cifar10", title: "coloured pictures of ten kinds, 32×32",
    doc: """
      CIFAR-10: coloured pictures of 32×32 pixels, of ten kinds, 50000 to train, 10000 to test; from cifar-10-binary.tar.gz, or from its files where they are unpacked.
      """, paper: "Krizhevsky 2009, Learning multiple layers of features from tiny images",
    classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"], white: 255, download: 170_052_171,
    origin: .archive(
      RemoteFile("cifar-10-binary.tar.gz", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", isPacked: false),
      [("train", (1...5).map { "data_batch_\($0).bin" }), ("test", ["test_batch.bin"])], folders: ["cifar10", "cifar-10", "cifar-10-batches-bin"],
      mirrors: ["https://www.cs.toronto.edu/~kriz/"]))
}
