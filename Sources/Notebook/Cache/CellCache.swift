internal import FoundationEssentials
internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where the work of cells marked `cache=true` is kept: one file for each state of a cell, named by its key.
///
/// A file is a .safetensors: the tensors, and in its metadata what the cell put out and which names hold what. A sum over both tells damage.
public struct CellCache: Sendable {
  public let folder: String
  /// All entries together; beyond it those longest unused go.
  let mostBytes: Int

  public init(folder: String, mostBytes: Int = 1 << 30) {
    self.folder = folder
    self.mostBytes = mostBytes
  }

  /// `$XDG_CACHE_HOME/nnlua/cells`, or the same in `~/.cache`; nil where neither variable is set.
  public static var user: CellCache? {
    let environment = ProcessInfo.processInfo.environment
    func value(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    return (value("XDG_CACHE_HOME") ?? value("HOME").map { $0 + "/.cache" }).map { CellCache(folder: $0 + "/nnlua/cells") }
  }

  /// Whether a cell's text asks for it itself, where no file says so: its first line is `-- cache=true` or `-- %% … cache=true`.
  public static func isMarked(_ text: String) -> Bool {
    let first = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
    if first.wholeMatch(of: #/\s*--\s*cache=true\s*/#) != nil { return true }
    guard let marker = first.wholeMatch(of: #/\s*--\s*%%(.*)/#) else { return false }
    return CellOptions(String(marker.1)).metadata["cache"] == .bool(true)
  }

  /// What was kept of a cell.
  struct Entry {
    var content: JSON
    var tensors: [String: Tensor]
  }

  private static let member = "nnlua-cell"
  private func path(_ key: String) -> String { "\(folder)/\(key).safetensors" }

  /// Over names, types, shapes and elements of the tensors and the text.
  private static func sum(_ text: String, _ tensors: [(name: String, tensor: Tensor)]) throws -> String {
    let sum = SHA256()
    sum.add(text)
    for (name, tensor) in tensors.sorted(by: { $0.name < $1.name }) {
      sum.add(name)
      try ValueDigest.add(tensor, to: sum)
    }
    return sum.finish()
  }

  /// nil where there is none, and where it is damaged.
  func entry(_ key: String) -> Entry? {
    guard let (tensors, metadata) = try? Safetensors.readAll(ByteSource(path: path(key))), let text = metadata[Self.member],
      let sum = try? Self.sum(key + text, tensors), sum == metadata["sum"], let content = try? JSON(parsing: text)
    else { return nil }
    utimes(path(key), nil)  // used now
    return Entry(content: content, tensors: Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first }))
  }

  /// - Errors: a folder that cannot be written; more than fits.
  func write(_ entry: Entry, _ key: String) throws {
    let tensors = entry.tensors.map { (name: $0.key, tensor: $0.value) }.sorted { $0.name < $1.name }
    let text = entry.content.text()
    let size = tensors.reduce(text.utf8.count) { $0 + $1.tensor.count * $1.tensor.type.size }
    guard size <= mostBytes else { throw LuaError("\(size >> 20) MB are more than the cache's \(mostBytes >> 20) MB") }
    var part = ""
    for name in folder.split(separator: "/") {
      part += "/\(name)"
      mkdir(part, 0o700)
    }
    let file = try AtomicFile(path: path(key))
    try Safetensors.write(tensors, metadata: [Self.member: text, "sum": Self.sum(key + text, tensors)], to: file)
    try file.commit()
    trim(keeping: "\(key).safetensors")
  }

  /// Takes away the entries longest unused, until the rest fits. The one just written stays.
  private func trim(keeping newest: String) {
    guard let handle = opendir(folder) else { return }
    defer { closedir(handle) }
    var files: [(path: String, size: Int, used: (Int, Int))] = [], total = 0
    while let item = readdir(handle) {
      let name = withUnsafePointer(to: &item.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
      var info = stat()
      guard name.hasSuffix(".safetensors"), stat("\(folder)/\(name)", &info) == 0 else { continue }
      total += Int(info.st_size)
      if name != newest { files.append(("\(folder)/\(name)", Int(info.st_size), (info.st_mtim.tv_sec, info.st_mtim.tv_nsec))) }
    }
    for file in files.sorted(by: { $0.used < $1.used }) where total > mostBytes {
      if unlink(file.path) == 0 { total -= file.size }
    }
  }
}
