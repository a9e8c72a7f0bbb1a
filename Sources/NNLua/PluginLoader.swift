internal import CShims
public import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// How `require` finds plugins: a searcher of its own in front of the one for Lua's C modules, over the same `package.cpath`.
///
/// Everything that can be said without running the plugin is said first: another build, another processor, another name.
public enum PluginLoader {
  private struct Loaded {
    var path: String
    var inode: UInt
    var device: UInt
    var plugin: Plugin
  }
  /// By name. A plugin is never unloaded: its classes are known to the Swift runtime for good.
  private nonisolated(unsafe) static var loaded: [String: Loaded] = [:]

  /// Makes plugins known to a state's `require`.
  public static func install(in state: LuaState) {
    let stack = state.stack
    guard stack.reserve(8) else { return }
    let top = stack.top
    defer { stack.top = top }
    stack.pushGlobals()
    guard stack.rawGet(-1, "package") == .table, stack.rawGet(-1, "searchers") == .table else { return }
    let searchers = stack.top, count = stack.length(at: searchers)
    guard count >= 2 else { return }
    for position in stride(from: count, through: 3, by: -1) {
      stack.rawGet(searchers, position)
      stack.rawSet(searchers, position + 1)
    }
    state.push(
      FunctionBox("plugin searcher") { stack in
        guard let name = stack.string(at: 1), let path = try find(name, stack) else {
          stack.pushNil()
          return 1
        }
        stack.state.push(
          FunctionBox("plugin loader") { stack in
            try plugin(name, path).open(stack)
            return 1
          })
        stack.push(path)
        return 2
      })
    stack.rawSet(searchers, 3)
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    stack.rawGet(-1, "preload")
    state.push(
      FunctionBox("nnlua.plugins") { stack in
        pushLoaded(stack)
        return 1
      })
    stack.rawSet(-2, "nnlua.plugins")
  }

  /// `require "nnlua.plugins"`, for `nnlua plugin check`: by name what is loaded, `{version=, path=, rows={{name=, doc=, example=, parameters={…}}, …}}`.
  private static func pushLoaded(_ stack: LuaStack) {
    guard stack.reserve(12) else { return stack.pushNil() }
    func set(_ pairs: KeyValuePairs<String, String>) {
      for (key, value) in pairs {
        stack.push(value)
        stack.rawSet(-2, key)
      }
    }
    stack.newTable()
    for (path, plugin) in all {
      stack.newTable()
      set(["version": plugin.version, "path": path, "doc": plugin.library.doc])
      stack.newTable()
      for (place, row) in plugin.library.rows.enumerated() {
        stack.newTable()
        set(["name": row.name, "doc": row.doc, "example": row.example])
        stack.newTable()
        for (place, parameter) in row.signature.parameters.enumerated() {
          stack.newTable()
          set(["name": parameter.name, "type": parameter.type, "doc": parameter.doc])
          stack.push(parameter.named)
          stack.rawSet(-2, "named")
          stack.rawSet(-2, place + 1)
        }
        stack.rawSet(-2, "parameters")
        stack.rawSet(-2, place + 1)
      }
      stack.rawSet(-2, "rows")
      stack.rawSet(-2, plugin.name)
    }
  }

  /// The first file of that name in `package.cpath`, where it is a plugin.
  private static func find(_ name: String, _ stack: LuaStack) throws -> String? {
    guard stack.reserve(4), !name.contains(".") else { return nil }
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    stack.rawGet(-1, "cpath")
    defer { stack.pop(3) }
    for template in (stack.string(at: -1) ?? "").split(separator: ";") where template.contains("?") {
      let path = String(template.replacing("?", with: name))
      guard access(path, R_OK) == 0 else { continue }
      return PluginStamp.read(path) == nil ? nil : path
    }
    return nil
  }

  /// Loads a plugin's file, once in a process.
  private static func plugin(_ name: String, _ path: String) throws -> Plugin {
    guard let stamp = PluginStamp.read(path) else { throw LuaError("plugin '\(name)' (\(path)) is gone") }
    try checkMachine(path, name)
    try stamp.check(path, as: name)
    var info = stat()
    guard stat(path, &info) == 0 else { throw LuaError("plugin '\(name)' (\(path)) is gone") }
    if let known = loaded[name] {
      if known.inode == info.st_ino, known.device == info.st_dev { return known.plugin }
      let what = known.path == path ? "it was rebuilt since, and a running program keeps the one it has" : "and \(path) is another plugin of that name"
      throw LuaError("plugin '\(name)' is loaded from \(known.path), \(what): start nnlua anew, with one of them in its path")
    }
    // What Swift code of the plugin does while it is loaded may end the process; then the last words say why.
    nn_watch_trap("nnlua: plugin '\(name)' (\(path)) trapped while it was loaded: a precondition of its Swift code failed\n")
    defer { nn_end_trap_watch() }
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown error"
      throw LuaError("plugin '\(name)' cannot be loaded: \(explained(reason))")
    }
    guard let symbol = dlsym(handle, "nnlua_open_\(name)") else { throw LuaError("plugin '\(name)' (\(path)) lacks nnlua_open_\(name): run nnlua plugin build") }
    typealias Open = @convention(c) () -> UnsafeRawPointer
    let plugin = Unmanaged<Plugin>.fromOpaque(unsafeBitCast(symbol, to: Open.self)()).takeRetainedValue()
    guard plugin.name == name else { throw LuaError("plugin '\(name)' (\(path)) calls itself Plugin(\"\(plugin.name)\"): both names must be the same") }
    loaded[name] = Loaded(path: path, inode: info.st_ino, device: info.st_dev, plugin: plugin)
    return plugin
  }

  /// The plugins of this process, by name.
  package static var all: [(path: String, plugin: Plugin)] { loaded.sorted { $0.key < $1.key }.map { ($0.value.path, $0.value.plugin) } }

  /// What the dynamic linker's words mean for a plugin.
  private static func explained(_ reason: String) -> String {
    if reason.contains("undefined symbol") { return "\(reason). It needs something that this nnlua does not have: run nnlua plugin build" }
    if reason.contains("cannot open shared object file") { return "\(reason). A library that it needs is not installed" }
    return reason
  }

  /// - Errors: an ELF file for another processor.
  private static func checkMachine(_ path: String, _ name: String) throws {
    func machine(_ path: String) -> [UInt8]? {
      guard let file = fopen(path, "rb") else { return nil }
      defer { fclose(file) }
      var header = [UInt8](repeating: 0, count: 20)
      return fread(&header, 1, 20, file) == 20 ? header : nil
    }
    guard let theirs = machine(path), theirs.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw LuaError("plugin '\(name)' (\(path)) is no shared library: run nnlua plugin build")
    }
    guard let ours = machine("/proc/self/exe") else { return }
    func title(_ header: [UInt8]) -> String {
      let number = Int(header[18]) | Int(header[19]) << 8
      return [62: "x86-64", 183: "ARM64", 243: "RISC-V", 3: "x86 (32 bits)", 40: "ARM (32 bits)"][number] ?? "machine \(number)"
    }
    // Class (32 or 64 bits), byte order, machine.
    if theirs[4] != ours[4] || theirs[5] != ours[5] || theirs[18...19] != ours[18...19] {
      throw LuaError("plugin '\(name)' (\(path)) was built for \(title(theirs)), this nnlua runs on \(title(ours)): run nnlua plugin build here")
    }
  }
}
