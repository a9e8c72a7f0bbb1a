internal import LuaBridge
internal import NNLua
internal import Runtime

#if canImport(Glibc)
  internal import Glibc
#endif

/// A plugin's file.
struct InstalledPlugin {
  let path: String
  let stamp: PluginStamp
  var name: String { stamp.name }
  /// The name of its file, by which `require` finds it.
  var file: String { path.split(separator: "/").last.map { String($0.dropLast(3)) } ?? "" }

  /// - Errors: no plugin.
  init(_ path: String) throws {
    guard let stamp = PluginStamp.read(path) else { throw LuaError(access(path, R_OK) == 0 ? "'\(path)' is no plugin" : "there is no '\(path)'") }
    self.path = path
    self.stamp = stamp
  }

  /// Those in a folder, and in folders of their own below it.
  static func all(in folder: String) -> [InstalledPlugin] {
    PluginSource.entries(folder).flatMap { name in
      name.hasSuffix(".so") ? ["\(folder)/\(name)"] : ["\(folder)/\(name)/\(name).so"]
    }.compactMap { try? InstalledPlugin($0) }
  }

  /// Loads it in a process of its own: its version, or why it cannot be loaded.
  func trial() throws -> (status: Int32, says: String) {
    let outcome = try ChildProgram.run(ChildProgram.own, ["-E", "--plugin", path, "-e", "io.write(require('nnlua.plugins')['\(file)'].version)"])
    if let death = outcome.death { return (outcome.status, "it ends the process by \(death)") }
    let text = outcome.output.split(separator: "\n").first.map(String.init) ?? ""
    var says = text[...]
    for known in ["nnlua: ", "plugin '\(file)' cannot be loaded: "] where outcome.status != 0 && says.hasPrefix(known) { says = says.dropFirst(known.count) }
    return (outcome.status, String(says))
  }
}

/// Where plugins are looked for.
enum PluginFolders {
  /// The folders of NNLUA_PLUGINS, then the user's own.
  static var common: [String] {
    (getenv("NNLUA_PLUGINS").map { String(cString: $0).split(separator: ":").map(String.init) } ?? []) + (user.map { [$0] } ?? [])
  }
  static var user: String? {
    if let data = getenv("XDG_DATA_HOME"), data.pointee != 0 { return String(cString: data) + "/nnlua/plugins" }
    return getenv("HOME").map { String(cString: $0) + "/.local/share/nnlua/plugins" }
  }
  static func all(script folder: String) -> [String] { [folder] + common }

  /// The folder that `--plugin PATH` adds: PATH, or where the file of that name stands.
  static func folder(of path: String) -> String {
    guard path.hasSuffix(".so") else { return path }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Loads the plugin that `--plugin FILE.so` names, so that what it adds to nnlua's modules is there.
  static func require(_ path: String, _ state: LuaState) throws {
    guard access(path, R_OK) == 0 else { throw LuaError("--plugin: there is no '\(path)'") }
    let stack = state.stack
    stack.pushGlobals()
    stack.rawGet(-1, "require")
    stack.remove(-2)
    stack.push(String(path.split(separator: "/").last?.dropLast(3) ?? ""))
    try stack.call(arguments: 1, results: 0)
  }

  /// A state in which plugins are loaded: their .so, or their folders.
  static func session(_ plugins: [String]) throws -> LuaState {
    let state = try LuaState()
    Libraries.install(in: state)
    let files = try plugins.map { $0.hasSuffix(".so") ? $0 : try PluginSource($0).library }
    SearchPath.extend(state, script: nil, plugins: files)
    for file in files { try require(file, state) }
    return state
  }

  /// Entries of `package.cpath` for a folder: NAME.so in it, or in a folder of its own.
  static func patterns(_ folder: String) -> [String] { ["\(folder)/?.so", "\(folder)/?/?.so"] }
}
