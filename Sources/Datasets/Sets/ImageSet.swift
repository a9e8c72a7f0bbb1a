internal import FoundationEssentials
internal import LuaBridge
internal import Tensors

/// Pictures with labels: in the four files of MNIST, in the archive of CIFAR-10, or shipped with nnlua.
struct ImageSet: Sendable {
  enum Origin: Sendable {
    /// File names by split, in the order images, labels; the folders' names; where to fetch them.
    case files([(split: String, files: [RemoteFile])], folders: [String], mirrors: [String])
    /// CIFAR-10's archive and the files of each split in it; the folders' names; where to fetch it.
    case archive(RemoteFile, [(split: String, files: [String])], folders: [String], mirrors: [String])
    /// One pair of shipped files, and the rows of each split.
    case shipped(images: String, labels: String, splits: [(split: String, rows: Range<Int>)])
  }
  var name: String
  var title: String
  var doc: String
  var paper: String?
  var classes: [String]
  /// The value of a white pixel: stored pixels divided by it lie in 0 ... 1.
  var white: Float
  /// Bytes to download, about.
  var download = 0
  var origin: Origin

  var splits: [String] {
    switch origin {
    case .files(let list, _, _): list.map(\.split)
    case .archive(_, let list, _, _): list.map(\.split)
    case .shipped(_, _, let list): list.map(\.split)
    }
  }

  func load(split: String, flatten: Bool, normalize: Bool, oneHot: Bool, limit: Int?) throws -> Dataset {
    try naming(name) {
      guard splits.contains(split) else { throw LuaError("unknown split \"\(split)\" (known: \(splits.joined(separator: ", ")))") }
      if let limit, limit < 1 { throw LuaError("limit must be at least 1, got \(limit)") }
      let (images, labels, rows) = try read(split, limit)
      let count = min(limit ?? .max, rows.count)
      // What is left out is given back.
      let whole = count == images.shape[0]
      let inputs = whole ? images : try images.narrowed(0, rows.lowerBound, count).copied()
      let targets = whole ? labels : try labels.narrowed(0, rows.lowerBound, count).copied()
      let picture = Shape((images.rank == 3 ? [1] : []) + images.shape.array.dropFirst())
      var details = Dataset.Details()
      details.classes = classes
      return Dataset(
        "\(name) \(split)",
        [
          Column(inputs, .scaled(by: normalize ? white : 1), sample: flatten ? Shape(picture.elements) : picture),
          Column(targets, oneHot ? .oneHot(classes: classes.count) : .positions),
        ], details)
    }
  }

  private func read(_ split: String, _ limit: Int?) throws -> (Tensor, Tensor, Range<Int>) {
    var images: Tensor, labels: Tensor, rows: Range<Int>?
    switch origin {
    case .files(let list, _, _):
      let paths = try find(list.first { $0.split == split }!.files)
      images = try naming(paths[0]) { try Self.images(ByteSource(path: paths[0])) }
      labels = try naming(paths[1]) { try self.labels(ByteSource(path: paths[1])) }
      guard images.shape[0] == labels.shape[0] else {
        throw LuaError("\(images.shape[0]) images in \(paths[0]), but \(labels.shape[0]) labels in \(paths[1])")
      }
    case .archive(_, let list, _, _):
      (images, labels) = try CIFAR.read(locate(split), list.first { $0.split == split }!.files, limit ?? .max)
      try check(labels)
    case .shipped(let imageFile, let labelFile, let list):
      images = try Self.images(ByteSource(memory: ShippedFile.bytes(imageFile)))
      labels = try self.labels(ByteSource(memory: ShippedFile.bytes(labelFile)))
      rows = list.first { $0.split == split }!.rows
    }
    return (images, labels, rows ?? 0..<images.shape[0])
  }

  private static func images(_ source: ByteSource) throws -> Tensor {
    let images = try IDX.read(source)
    guard images.type == .uint8, images.rank == 3, images.count > 0 else {
      throw LuaError("images must be uint8 {n,height,width}, the file holds \(images.description)")
    }
    return images
  }

  private func labels(_ source: ByteSource) throws -> Tensor {
    let labels = try IDX.read(source)
    guard labels.type == .uint8, labels.rank == 1 else { throw LuaError("labels must be uint8 {n}, the file holds \(labels.description)") }
    try check(labels)
    return labels
  }

  private func check(_ labels: Tensor) throws {
    let bytes = labels.pointer(UInt8.self)
    for i in 0..<labels.count where bytes[i] >= classes.count {
      throw LuaError("label \(bytes[i]) at position \(i + 1) is outside 0..\(classes.count - 1)")
    }
  }

  // MARK: files

  /// The folder that holds every file of every split, where there is one.
  func folder() -> String? {
    let paths: [String]?
    switch origin {
    case .files(let list, let folders, _): paths = DataFolders(folders).find(list.flatMap { $0.files.map(\.name) })
    case .archive(let archive, let list, let folders, _): paths = Self.unpacked(list.flatMap(\.files), folders) ?? DataFolders(folders).find([archive.name])
    case .shipped: return "in nnlua"
    }
    return paths.map { String($0[0][..<$0[0].lastIndex(of: "/")!]) }
  }

  /// Makes sure that all files are on this machine.
  func fetch() throws {
    switch origin {
    case .files(let list, _, _): _ = try find(list.flatMap(\.files))
    case .archive: for split in splits { _ = try locate(split) }
    case .shipped: break
    }
  }

  /// Files of CIFAR-10 that were unpacked: in the set's folder, or in the one that the archive makes in it.
  private static func unpacked(_ files: [String], _ folders: [String]) -> [String]? {
    DataFolders(folders).find(files) ?? DataFolders(folders).find(files.map { "cifar-10-batches-bin/\($0)" })
  }

  /// The files of a split, or the one archive that holds them.
  private func locate(_ split: String) throws -> [String] {
    guard case .archive(let archive, let list, let names, let mirrors) = origin else { return [] }
    let files = list.first { $0.split == split }!.files
    if let paths = Self.unpacked(files, names) { return paths }
    return try find([archive], names, mirrors, shown: "\(archive.name), or unpacked \(files.joined(separator: ", "))")
  }

  /// Paths of the files: found on this machine, or fetched.
  func find(_ files: [RemoteFile]) throws -> [String] {
    guard case .files(_, let names, let mirrors) = origin else { return [] }
    return try find(files, names, mirrors, shown: "\(files.map(\.name).joined(separator: ", ")) (plain or .gz)")
  }

  private func find(_ files: [RemoteFile], _ names: [String], _ mirrors: [String], shown: String) throws -> [String] {
    let environment = ProcessInfo.processInfo.environment
    let folders = DataFolders(names)
    if let paths = folders.find(files.map(\.name)) { return paths }
    var tried = "nowhere: neither HOME nor XDG_CACHE_HOME says where downloads may go"
    if let cache = folders.cache {
      let own = environment["NNLUA_MIRROR"].flatMap { $0.isEmpty ? nil : $0.hasSuffix("/") ? $0 : $0 + "/" }
      let download = Download(mirrors: own.map { [$0 + name, $0] } ?? mirrors)
      do { return try files.map { try download.fetch($0, into: cache) } } catch let error as LuaError {
        if LuaState.isInterrupted { throw error }
        tried = error.message
      }
    }
    throw LuaError(
      """
      not found on this machine, and not to be downloaded
        files: \(shown)
        looked in: \(folders.places.map { "\($0.path) (\($0.reason))" }.joined(separator: ", "))\(environment["NNLUA_DATA"] == nil ? "; NNLUA_DATA is not set" : "")
        tried: \(tried)
      Put the files into one of these folders, or set NNLUA_DATA to the folder that holds '\(names[0])/'. \
      data.digits() needs no files: 8×8 digits that ship with nnlua.
      """)
  }

  /// The set as a row of `nnlua.data`.
  var row: Row {
    let set = self
    return Row(
      name,
      "\(doc)\nShapes: x \(shapes); t (N) labels from 1, or (N, \(classes.count)) one-hot.\nErrors: an unknown split; files that are neither found nor fetched, or damaged."
        + (paper.map { "\nPaper: \($0)" } ?? ""),
      Param("split", default: "train", splits.map { "\"\($0)\"" }.joined(separator: " or ")),
      Param.option("flatten", default: false, "x is (N, all numbers of a picture)"),
      Param.option("normalize", default: true, "pixels from 0 to 1 instead of 0 to \(Int(white))"),
      Param.option("one_hot", default: false, "t is (N, \(classes.count)) of zeros and a one instead of labels 1..\(classes.count)"),
      Param.option("limit", default: Int?.none, "only the first so many samples"), place: .function,
      example: folderless ? "return data.\(name){split = \"test\"}.x" : ""
    ) { split, flatten, normalize, oneHot, limit in
      try set.load(split: split, flatten: flatten, normalize: normalize, oneHot: oneHot, limit: limit)
    }
  }
  private var shapes: String {
    switch origin {
    case .files: "(N, 1, 28, 28), or (N, 784) flattened"
    case .archive: "(N, 3, 32, 32), or (N, 3072) flattened"
    case .shipped: "(N, 1, 8, 8), or (N, 64) flattened"
    }
  }
  private var folderless: Bool { if case .shipped = origin { true } else { false } }
}
