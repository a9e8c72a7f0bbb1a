internal import FoundationEssentials
internal import Kernels
internal import LuaBridge
internal import Synchronization
internal import Tensors

/// `data.image_folder`: a folder for each class, with PNG and JPEG files in it and below it.
enum ImageFolder {
  struct Options {
    var size: Pair?
    var channels: Int
    var skip: Bool
  }

  /// Folders are looked through so deep: a link may lead to its own folder.
  private static let deepest = 16
  /// Numbers in a picture, and in one that is half resized.
  private static let largest = 1 << 28

  private static func names(_ path: String) throws -> [String] {
    do { try Sandbox.checkReading(path) } catch { throw LuaError("image_folder: \(path) \(error)") }
    do { return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted() } catch {
      throw LuaError("image_folder: cannot read the folder \(path)")
    }
  }
  private static func isFolder(_ path: String) -> Bool {
    var folder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder
  }

  private static func pictures(_ path: String, depth: Int = 0) throws -> [String] {
    guard depth < deepest else { return [] }
    var found: [String] = []
    for name in try names(path) {
      let file = "\(path)/\(name)"
      if isFolder(file) {
        found += try pictures(file, depth: depth + 1)
      } else if [".png", ".jpg", ".jpeg"].contains(where: { name.lowercased().hasSuffix($0) }) {
        found.append(file)
      }
    }
    return found
  }

  /// One picture as bytes (channels, height, width).
  private static func read(_ file: ImageFile, _ options: Options, _ size: Pair, into target: UnsafeMutablePointer<UInt8>) {
    let (h, w, c) = (file.height, file.width, options.channels)
    let planes = UnsafeMutablePointer<Float>.allocate(capacity: c * h * w), sized = UnsafeMutablePointer<Float>.allocate(capacity: c * size.h * size.w)
    defer {
      planes.deallocate()
      sized.deallocate()
    }
    file.planes(c, into: planes)
    Resampling.planes(planes, sized, c, h: h, w: w, to: size)
    for i in 0..<c * size.h * size.w { target[i] = UInt8(min(max(sized[i] * 255 + 0.5, 0), 255)) }
  }

  /// The memory that threads write to, each its own rows.
  private struct Rows: @unchecked Sendable {
    let bytes: UnsafeMutablePointer<UInt8>
  }

  static func load(_ path: String, _ options: Options, classes wanted: [String]?, limit: Int?, normalize: Bool, flatten: Bool, oneHot: Bool) throws -> Dataset {
    guard options.channels == 1 || options.channels == 3 else { throw LuaError("image_folder: channels must be 1 or 3, got \(options.channels)") }
    if let limit, limit < 1 { throw LuaError("image_folder: limit must be at least 1, got \(limit)") }
    guard isFolder(path) else { throw LuaError("image_folder: there is no folder \(path)") }
    let classes = try wanted ?? names(path).filter { isFolder("\(path)/\($0)") }
    guard !classes.isEmpty else { throw LuaError("image_folder: \(path) has no folders; one for each class is expected") }
    var files: [String] = [], labels: [Int] = []
    for (label, name) in classes.enumerated() {
      guard isFolder("\(path)/\(name)") else { throw LuaError("image_folder: there is no folder \(path)/\(name) for the class '\(name)'") }
      let found = try pictures("\(path)/\(name)")
      guard !found.isEmpty else { throw LuaError("image_folder: no .png, .jpg or .jpeg in \(path)/\(name)") }
      files += found
      labels += Array(repeating: label + 1, count: found.count)
    }
    if let limit, limit < files.count { (files, labels) = (Array(files[..<limit]), Array(labels[..<limit])) }

    // Without a size the first picture that can be read decides.
    var size = options.size
    if size == nil {
      for file in files {
        do {
          let image = try ImageFile.read(path: file)
          size = Pair(h: image.height, w: image.width)
          break
        } catch let error as LuaError { if !options.skip { throw LuaError("image_folder: \(file): \(error.message)") } }
      }
    }
    guard let size else { throw LuaError("image_folder: none of the \(files.count) files in \(path) can be read") }
    guard size.h * size.w * options.channels <= largest else { throw LuaError("image_folder: pictures of \(size.h)×\(size.w) pixels are too large") }
    let sample = Shape(options.channels, size.h, size.w)
    let x = try Tensor(empty: Shape.checked([files.count] + sample.array, "image_folder"), .uint8)

    let target = Rows(bytes: x.pointer(UInt8.self)), width = sample.elements, list = files
    // What is wrong with each file: any order of finding gives the same list.
    let failures = Mutex<[Int: String]>([:])
    Parallel.run(files.count) { i in
      do {
        let file = try ImageFile.read(path: list[i])
        guard options.size != nil || (file.height == size.h && file.width == size.w) else {
          throw LuaError("is \(file.height)×\(file.width) pixels, those before it are \(size.h)×\(size.w); pass size = {height, width}")
        }
        guard options.channels * file.width * size.h <= largest else { throw LuaError("is too wide to be resized to \(size.h)×\(size.w)") }
        read(file, options, size, into: target.bytes + i * width)
      } catch let error as LuaError { failures.withLock { $0[i] = error.message } } catch { failures.withLock { $0[i] = "\(error)" } }
    }
    try LuaState.checkInterrupt()
    let failed = failures.withLock { $0 }
    if let first = failed.keys.min(), !options.skip { throw LuaError("image_folder: \(files[first]): \(failed[first]!)") }
    let kept = files.indices.filter { failed[$0] == nil }
    guard !kept.isEmpty else { throw LuaError("image_folder: none of the \(files.count) files in \(path) can be read") }

    var details = Dataset.Details()
    details.classes = classes
    details.files = files
    details.skipped = failed.keys.sorted().map { "\(files[$0]): \(failed[$0]!)" }
    let targets = try Tensor(labels.map(Int64.init))
    return Dataset(
      path.split(separator: "/").last.map(String.init) ?? path,
      [
        Column(x, .scaled(by: normalize ? 255 : 1), sample: flatten ? Shape(width) : sample),
        Column(targets, oneHot ? .oneHot(classes: classes.count) : .stored),
      ], details, rows: failed.isEmpty ? nil : kept)
  }

  static let row = Row(
    "image_folder",
    """
    Pictures from folders, one folder for each class: `set.classes` are the folders' names, sorted. PNG and JPEG files (by their ending) in and below each folder \
    are read in the order of their names, other files are passed over. `set.files` names the samples' files. Pictures are kept as bytes.
    Shapes: x (N, channels, H, W), t (N) labels from 1.
    Errors: a class without pictures; a file that cannot be read, named; pictures of several sizes where no size is given.
    """, Param("path", String.self, "the folder of the folders"), Param.option("size", default: Pair?.none, "{height, width} that all are resized to"),
    Param.option("channels", default: 3, "3 for colours, 1 for grey"), Param.option("normalize", default: true, "pixels from 0 to 1 instead of 0 to 255"),
    Param.option("flatten", default: false, "x is (N, channels × H × W)"), Param.option("one_hot", default: false, "t is (N, classes) of zeros and a one"),
    Param.option("classes", default: [String]?.none, "names of the folders, in the order of their labels; others are left out"),
    Param.option("limit", default: Int?.none, "only the first so many files"),
    Param.option("skip", default: false, "leave out files that cannot be read, and name them in `set.skipped`"), place: .function,
    example: Dataset.pictures + "return data.image_folder(\"pictures\", {channels = 1}).x"
  ) { path, size, channels, normalize, flatten, oneHot, classes, limit, skip in
    try load(
      path, Options(size: size?.checked("image_folder", "size", from: 1), channels: channels, skip: skip), classes: classes, limit: limit, normalize: normalize,
      flatten: flatten, oneHot: oneHot)
  }
}
