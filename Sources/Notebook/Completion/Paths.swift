internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Names of files and modules, as far as they lie on disk.
enum Paths {
  /// The entries of the folder that a path begins with, folders with a line at the end. At most as many as anyone would look at.
  static func files(_ path: String, most: Int = 500) -> [String] {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? "./"
    let begin = slash.map { String(path[path.index(after: $0)...]) } ?? path
    return entries(folder).filter {
      $0.name.hasPrefix(begin) && (!$0.name.hasPrefix(".") || begin.hasPrefix(".")) && $0.name.allSatisfy { $0 != "\"" && $0 != "\\" && $0 != "\n" }
    }
    .prefix(most).map { $0.isFolder ? $0.name + "/" : $0.name }
  }

  /// Modules that require finds: built in, loaded, and those in the folders of package.path.
  static func modules(_ state: LuaState, prefix: String) -> [String] {
    let stack = state.stack
    guard stack.reserve(20) else { return [] }
    var names = Set(state.installed.filter { !$0.rows.isEmpty || !$0.types.isEmpty }.map(\.name))
    let insides = Set(state.installed.map(\.name)).subtracting(names)
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    let package = stack.top
    for list in ["loaded", "preload"] {
      guard stack.rawGet(package, list) == .table else { continue }
      let table = stack.top
      stack.pushNil()
      while stack.next(table) {
        stack.pop()
        if stack.type(at: -1) == .string, let name = stack.string(at: -1), name != "_G", !insides.contains(name) { names.insert(name) }
      }
    }
    stack.rawGet(package, "path")
    // "a.b" lies in the folder a of every place.
    let inner = prefix.lastIndex(of: ".").map { String(prefix[..<$0]).replacing(".", with: "/") + "/" } ?? ""
    let outer = inner.replacing("/", with: ".")
    for pattern in (stack.string(at: -1) ?? "").split(separator: ";") where pattern.hasSuffix("?.lua") {
      for entry in entries(String(pattern.dropLast(5)) + inner) {
        if entry.isFolder {
          if access("\(pattern.dropLast(5))\(inner)\(entry.name)/init.lua", R_OK) == 0 { names.insert(outer + entry.name) }
        } else if entry.name.hasSuffix(".lua") {
          names.insert(outer + entry.name.dropLast(4))
        }
      }
    }
    return names.filter { $0.hasPrefix(prefix) }.sorted()
  }

  private static func entries(_ folder: String) -> [(name: String, isFolder: Bool)] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var found: [(String, Bool)] = []
    while found.count < 10_000, let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)) }
      if name == "." || name == ".." { continue }
      var isFolder = entry.pointee.d_type == UInt8(DT_DIR)
      if entry.pointee.d_type == UInt8(DT_LNK) || entry.pointee.d_type == UInt8(DT_UNKNOWN) {
        var status = stat()
        isFolder = stat(folder + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      }
      found.append((name, isFolder))
    }
    return found.sorted { $0.0 < $1.0 }
  }
}
