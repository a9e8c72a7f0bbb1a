internal import CShims
package import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// How `require` finds plugins: a searcher of its own in front of the one for Lua's C modules, over the same `package.cpath`.
///
/// Everything that can be said without running the plugin is said first: another build, another processor, another name.
package enum PluginLoader {
  private struct Loaded {
    var path: String
    var inode: UInt
    var device: UInt
    var plugin: Plugin
  }
  /// By name. A plugin is never unloaded: its classes are known to the Swift runtime for good.
  private nonisolated(unsafe) static var loaded: [String: Loaded] = [:]

  /// Makes plugins known to a state's `require`.
  package static func install(in state: LuaState) {
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
          if let known = stack.string(at: 1).flatMap({ loaded[$0] }), access(known.path, F_OK) != 0 {
            stack.push("plugin '\(known.plugin.name)' was loaded from \(known.path), and that file is gone: run nnlua plugin build")
          } else {
            stack.pushNil()
          }
          return 1
        }
        stack.state.push(
          FunctionBox("plugin loader") { stack in
            try plugin(name, path, stack).open(stack)
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
      try SharedLibraryFile.check(path, name)
      return PluginStamp.read(path) == nil ? nil : path
    }
    return nil
  }

  /// Loads a plugin's file, once in a process.
  private static func plugin(_ name: String, _ path: String, _ stack: LuaStack) throws -> Plugin {
    guard let stamp = PluginStamp.read(path) else { throw LuaError("plugin '\(name)' (\(path)) is gone") }
    try stamp.check(path, as: name)
    var info = stat()
    guard stat(path, &info) == 0 else { throw LuaError("plugin '\(name)' (\(path)) is gone") }
    if let known = loaded[name] {
      if known.inode == info.st_ino, known.device == info.st_dev { return known.plugin }
      let what = known.path == path ? "it was rebuilt since, and a running program keeps the one it has" : "and \(path) is another plugin of that name"
      throw LuaError("plugin '\(name)' is loaded from \(known.path), \(what): start nnlua anew, with one of them in its path")
    }
    // What Swift code of the plugin does may end the process; then the last words say which plugin, and where.
    nn_watch_traps(stack.L)
    nn_begin_loading(name, path)
    defer { nn_end_loading() }
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown error"
      throw LuaError("plugin '\(name)' cannot be loaded: \(explained(reason))")
    }
    guard let symbol = dlsym(handle, "nnlua_open_\(name)") else { throw LuaError("plugin '\(name)' (\(path)) lacks nnlua_open_\(name): run nnlua plugin build") }
    nn_note_plugin(name, path, symbol)
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
    if let start = reason.ranges(of: "undefined symbol: ").first?.upperBound {
      // Of Swift's symbols none can be missing while the stamp is right; of C's, a module map may have forgotten its library.
      return reason[start...].hasPrefix("$s")
        ? "\(reason). This nnlua does not have it: run nnlua plugin build"
        : "\(reason). No library that the plugin is linked with has it: `link \"NAME\"` in a module.modulemap names one"
    }
    if reason.contains("cannot open shared object file") { return "\(reason). A library that it needs is not installed" }
    return reason
  }
}
