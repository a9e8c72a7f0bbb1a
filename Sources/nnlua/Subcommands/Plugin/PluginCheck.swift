internal import ArgumentParser
internal import LuaBridge
internal import NNLua

#if canImport(Glibc)
  internal import Glibc
#endif

extension PluginCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What built-in functions are tested for: gradients, saving and loading, documentation, wrong arguments.",
      discussion: "PATH is a plugin (.so, its folder or Swift file), or a Lua module with `examples = {Name = \"return …\"}` for its layers.")
    @Argument(help: "the plugin's folder or file, or a Lua module's file") var path: String = "."
    @Option(help: "calls of every function with wrong arguments") var calls: Int = 200

    func validate() throws {
      if !(0...1_000_000 ~= calls) { throw ValidationError("--calls: from 0 to 1000000, got \(calls)") }
    }

    func run() throws {
      try PluginCommand.reporting {
        let file = path.hasSuffix(".so") || path.hasSuffix(".lua") ? path : try PluginSource(path).library
        guard let whole = PluginSource.resolved(file), let slash = whole.lastIndex(of: "/") else {
          throw LuaError(path == file ? "there is no '\(path)'" : "'\(file)' is not built yet: run nnlua plugin build")
        }
        let isPlugin = whole.hasSuffix(".so")
        if isPlugin {
          let trial = try InstalledPlugin(whole).trial()
          guard trial.status == 0 else { throw LuaError(trial.says) }
        }
        let name = String(whole[whole.index(after: slash)...].dropLast(isPlugin ? 3 : 4)), folder = String(whole[..<slash])
        let log = "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/nnlua-plugin-check-\(getpid())"
        defer { unlink(log) }
        // In a process of its own: a trap is a fault of the plugin, to be reported with the call that caused it.
        let quoted = { (text: String) in "[==[\(text)]==]" }
        let code = """
          io.stdout:setvbuf("line") package.path = \(quoted(folder + "/?.lua;")) .. package.path
          assert(load(\(quoted(ShippedFile.text("plugin_check.lua"))), "=plugin check"))(\(quoted(name)), \(calls), \(quoted(log)))
          """
        let outcome = try ChildProgram.run(ChildProgram.own, ["-E"] + (isPlugin ? ["--plugin", whole] : []) + ["-e", code])
        print(outcome.output, terminator: "")
        if let death = outcome.death {
          let call = (try? String(reading: log)) ?? "?"
          throw LuaError("the process was ended by \(death), in the call \(call)")
        }
        if outcome.status != 0 { throw ExitCode(1) }
      }
    }
  }
}

extension String {
  fileprivate init(reading path: String) throws {
    guard let file = fopen(path, "rb") else { throw LuaError("\(path): \(Swift.String(cString: strerror(errno)))") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    self = Swift.String(decoding: bytes[..<count], as: UTF8.self)
  }
}
