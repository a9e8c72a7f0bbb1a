internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Writes the reference into a folder, which is made where it is missing.
public enum ReferenceFiles {
  /// One page a module; answers how many files were written.
  public static func writeMarkdown(to folder: String) throws -> Int {
    let files = ReferenceMarkdown().files
    for file in files { try write(file.text, folder, file.name) }
    return files.count
  }

  /// Definitions for lua-language-server and its settings; answers what is to be said of them.
  ///
  /// Settings that are somebody's own stay as they are: ours then stand beside them.
  public static func writeEditor(to folder: String) throws -> [String] {
    let files = ReferenceEditor().files
    for file in files { try write(file.text, folder, file.name) }
    let said = "\(files.count) definition files in \(folder)/library"
    let own = "\(folder)/.luarc.json", ours = ReferenceEditor.settings
    guard let bytes = try? bytes(of: own), bytes != Array(ours.utf8) else {
      try write(ours, folder, ".luarc.json")
      return ["\(said), and \(own)"]
    }
    try write(ours, folder, "nnlua.luarc.json")
    return [said, "\(own) is yours and stays as it is: take \"runtime.version\" and \"workspace.library\" over from \(folder)/nnlua.luarc.json"]
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    let source = try ByteSource(path: path)
    return Array(try source.bytes(at: 0, count: source.count))
  }

  private static func write(_ text: String, _ folder: String, _ name: String) throws {
    let path = "\(folder)/\(name)"
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      end = path.index(after: slash)
      guard slash > path.startIndex else { continue }
      if mkdir(String(path[..<slash]), 0o777) != 0, errno != EEXIST { throw LuaError("help: cannot make the folder '\(path[..<slash])': \(SystemError.text)") }
    }
    try naming("help: \(path)") {
      let file = try AtomicFile(path: path)
      try file.write(Array(text.utf8))
      try file.commit()
    }
  }
}
