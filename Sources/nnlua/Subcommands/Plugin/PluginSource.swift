internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A plugin's sources: one Swift file, or a folder of them.
struct PluginSource {
  let name: String
  let folder: String
  let files: [String]
  /// Folders with a module map: C libraries that the plugin uses.
  let modules: [String]
  var library: String { "\(folder)/\(name).so" }

  /// - Errors: no such file; a folder without Swift files, or with several and none of the folder's name; a name that cannot be a plugin's.
  init(_ path: String) throws {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard let whole = Self.resolved(path) else { throw LuaError("there is no '\(path)'") }
    if Self.isFolder(whole) {
      folder = whole
      let swift = Self.entries(whole).filter { $0.hasSuffix(".swift") }
      let title = String(whole.split(separator: "/").last ?? "")
      guard !swift.isEmpty else { throw LuaError("'\(path)' has no Swift file: nnlua plugin new NAME writes one") }
      guard let main = swift.contains("\(title).swift") ? "\(title).swift" : swift.count == 1 ? swift[0] : nil else {
        throw LuaError("'\(path)' has several Swift files, and none is called \(title).swift, which would name the plugin")
      }
      name = String(main.dropLast(6))
      files = swift.map { "\(whole)/\($0)" }
    } else {
      guard whole.hasSuffix(".swift"), let slash = whole.lastIndex(of: "/") else { throw LuaError("'\(path)' is no Swift file, and no folder with one") }
      folder = String(whole[..<slash])
      name = String(whole[whole.index(after: slash)...].dropLast(6))
      files = [whole]
    }
    modules = Self.entries(folder).map { [folder] in "\(folder)/\($0)" }.filter { access("\($0)/module.modulemap", R_OK) == 0 }
    try Self.check(name: name)
  }

  /// - Errors: what is no name in Lua and Swift, or the name of a module that is there already.
  static func check(name: String) throws {
    let allowed = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    guard let first = name.first, allowed, !first.isNumber else {
      throw LuaError("a plugin's name consists of letters, digits and _, and begins with a letter: '\(name)' does not")
    }
    let taken = ["nnlua", "string", "table", "math", "io", "os", "debug", "coroutine", "utf8", "package", "test"]
    guard !taken.contains(name) else { throw LuaError("a plugin cannot be called '\(name)': that is another module's name") }
  }

  static func resolved(_ path: String) -> String? {
    realpath(path, nil).map { whole in
      defer { free(whole) }
      return String(cString: whole)
    }
  }
  static func isFolder(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }
  /// Names in a folder, sorted.
  static func entries(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
