internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where `require` looks: the script's folder, then LUA_PATH (or Lua's defaults), then the user's LuaRocks tree.
/// For plugins: what `--plugin` names, the script's folder (without a script: the current one) and those below it, NNLUA_PLUGINS, the user's folder of plugins.
enum SearchPath {
  static func extend(_ state: LuaState, script: UnsafePointer<CChar>?, plugins: [String]) {
    let stack = state.stack
    stack.pushGlobals()
    guard stack.rawGet(-1, "package") == .table else { return stack.pop(2) }
    let folder = script.map { path -> String in
      let text = String(cString: path)
      guard let slash = text.lastIndex(of: "/") else { return "." }
      return slash == text.startIndex ? "/" : String(text[..<slash])
    }
    let home = getenv("HOME").map { String(cString: $0) } ?? ""
    let rocks = home + "/.luarocks"
    let hasRocks = !home.isEmpty && access(rocks, R_OK) == 0
    for (name, forms, tree) in [("path", ["?.lua", "?/init.lua"], "share/lua/5.4"), ("cpath", ["?.so"], "lib/lua/5.4")] {
      stack.rawGet(-1, name)
      var entries = [stack.string(at: -1) ?? ""]
      stack.pop()
      if let folder { entries.insert(contentsOf: forms.map { form in "\(folder)/\(form)" }, at: 0) }
      if hasRocks { entries += forms.map { form in "\(rocks)/\(tree)/\(form)" } }
      if name == "cpath" {
        let given = plugins.flatMap { PluginFolders.patterns(PluginFolders.folder(of: $0)) }
        entries = given + entries + ["\(folder ?? ".")/?/?.so"] + PluginFolders.common.flatMap(PluginFolders.patterns)
      }
      stack.push(entries.joined(separator: ";"))
      stack.rawSet(-2, name)
    }
    stack.pop(2)
  }
}
