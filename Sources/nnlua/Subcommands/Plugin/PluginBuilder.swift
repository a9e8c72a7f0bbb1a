internal import LuaBridge
internal import NNLua

#if canImport(Glibc)
  internal import Glibc
#endif

/// Compiles a plugin against the modules that stand beside this program.
struct PluginBuilder {
  let source: PluginSource
  private let compiler: String
  private let compilerVersion: String

  /// - Errors: no Swift compiler; no modules beside this program.
  init(_ source: PluginSource) throws {
    self.source = source
    let wanted = getenv("NNLUA_SWIFTC").map { String(cString: $0) } ?? "swiftc"
    guard let compiler = ChildProgram.find(wanted) else {
      throw LuaError("'\(wanted)' is not on the PATH: plugins are compiled by Swift, https://www.swift.org/install/linux/ (NNLUA_SWIFTC names another compiler)")
    }
    self.compiler = compiler
    let answer = try ChildProgram.run(compiler, ["--version"])
    guard let start = answer.output.ranges(of: "Swift version ").first?.upperBound, let version = answer.output[start...].split(separator: " ").first else {
      throw LuaError("'\(compiler)' is no Swift compiler: \(answer.output.prefix(200))")
    }
    compilerVersion = String(version)
    if let ours = try Self.modulesVersion(), ours != compilerVersion {
      throw LuaError(
        "this nnlua was built by Swift \(ours), and '\(compiler)' is Swift \(compilerVersion), which cannot read its modules: "
          + "put Swift \(ours) on the PATH, name it by NNLUA_SWIFTC, or build nnlua anew with Swift \(compilerVersion)")
    }
  }

  /// The compiler that made the modules: they say "Swift version 6.3.1 (swift-6.3.1-RELEASE)".
  private static func modulesVersion() throws -> String? {
    FileSearch.texts(after: "Swift version ", in: "\(try modulesFolder())/NNLua.swiftmodule") { $0.split(separator: " ", maxSplits: 1).first.map(String.init) }
  }

  private static func modulesFolder() throws -> String {
    let folder = String(ChildProgram.own[..<(ChildProgram.own.lastIndex(of: "/") ?? ChildProgram.own.startIndex)])
    let modules = "\(folder)/Modules"
    guard access("\(modules)/NNLua.swiftmodule", R_OK) == 0 else {
      throw LuaError("the modules that plugins are compiled against are not beside this nnlua (\(modules)/NNLua.swiftmodule): install it with scripts/install")
    }
    return modules
  }

  /// Where modules are: beside an installed nnlua all in one folder; in the build folder of the source tree where SwiftPM leaves them.
  private static func searchPaths() throws -> [String] {
    let modules = try modulesFolder()
    if access("\(modules)/CShims/module.modulemap", R_OK) == 0 {
      return ["-I", modules, "-I", "\(modules)/CShims"]
    }
    var lua: [String] = []
    if let tool = ChildProgram.find("pkg-config") {
      lua = try ChildProgram.run(tool, ["--cflags-only-I", "lua5.4"]).output.split { $0 == " " || $0 == "\n" }.flatMap { ["-Xcc", String($0)] }
    }
    return ["-I", modules, "-I", "\(modules)/../CShims.build"] + lua
  }

  /// Returns the compiler's warnings.
  ///
  /// The library takes its place by a rename: a running program keeps the file it has loaded.
  /// - Errors: what the compiler says.
  func build() throws -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    guard let made = mkdtemp(strdup("\(parent)/nnlua-plugin-XXXXXX")) else { throw LuaError("no temporary folder in \(parent): \(String(cString: strerror(errno)))") }
    let work = String(cString: made)
    free(made)
    let stamp = PluginStamp.current(name: source.name, swift: compilerVersion)
    let entry = "\(work)/nnlua_entry.swift", stubs = "\(work)/module.modulemap", half = "\(source.library).\(getpid())"
    defer {
      unlink(entry)
      unlink(stubs)
      unlink(half)
      rmdir(work)
    }
    try write(
      """
      import NNLua

      // Written by nnlua plugin build.
      @c public func nnlua_open_\(source.name)() -> UnsafeRawPointer { plugin.entry() }
      @c public func nnlua_stamp_\(source.name)() -> UnsafePointer<UInt8> { ("\(stamp.text.replacing("\u{1}", with: "\\u{1}"))" as StaticString).utf8Start }

      """, to: entry)
    // C modules that nnlua's own modules are made with: the compiler asks for their names, a plugin for nothing in them.
    try write(["CCrypto", "CImages", "CIntrinsics", "CLua", "CResources", "CZlib"].map { "module \($0) {}\n" }.joined(), to: stubs)
    var arguments = ["-I", work, "-O", "-wmo", "-swift-version", "6", "-enforce-exclusivity=unchecked", "-emit-library", "-parse-as-library"]
    arguments += ["-module-name", "NNLuaPlugin_\(source.name)"] + (try Self.searchPaths())
    // The level this processor runs: the stamp says which.
    if stamp.level >= 1 { arguments += ["-Xcc", "-march=x86-64-v\(stamp.level + 2)", "-Xcc", "-fno-math-errno"] }
    if stamp.level == 2 { arguments += ["-Xcc", "-mprefer-vector-width=512"] }
    arguments += source.modules.flatMap { ["-I", $0] } + ["-o", half] + source.files + [entry]
    let outcome = try ChildProgram.run(compiler, arguments)
    guard outcome.status == 0 else { throw LuaError(explained(outcome.output)) }
    guard rename(half, source.library) == 0 else { throw LuaError("\(source.library): \(String(cString: strerror(errno)))") }
    return outcome.output
  }

  private func explained(_ output: String) -> String {
    var text = "plugin '\(source.name)' does not compile:\n\(output)"
    if output.contains("cannot find 'plugin' in scope") {
      text += "\nA plugin's file has a global `let plugin = Plugin(\"\(source.name)\", version: \"0.1.0\", …)`, which lists its rows."
    }
    return text
  }

  private func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "wxe") else { throw LuaError("\(path): \(String(cString: strerror(errno)))") }
    defer { fclose(file) }
    guard fputs(text, file) >= 0 else { throw LuaError("\(path): \(String(cString: strerror(errno)))") }
  }
}
