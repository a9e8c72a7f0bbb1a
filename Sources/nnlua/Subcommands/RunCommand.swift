internal import ArgumentParser
internal import Kernels
internal import LuaBridge
internal import Notebook
internal import Runtime

#if canImport(Glibc)
  internal import Glibc
#endif

/// `nnlua run script.lua`: a script cell by cell, into a report where one is asked for.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a script cell by cell, into a report.",
    discussion: "Without --report the script prints as it does when it is run plainly.")
  @Argument(help: "the script, its cells marked by `-- %%`, or a notebook") var script: String
  @Argument(parsing: .allUnrecognized, help: "the script's own arguments, `arg` in Lua: options that `run` does not know, and all that stands after `--`") var arguments:
    [String] = []
  @Option(help: ArgumentHelp("write code, text, results and pictures into one file that ends in .html, .ipynb or .md", valueName: "path")) var report: String?
  @Option(name: .shortAndLong, help: ArgumentHelp("a value in the place of the one that the cell tagged \"parameters\" gives", valueName: "name=value"))
  var parameter: [String] = []
  @Flag(help: "go on behind a cell that failed") var keepGoing = false
  @Option(help: "begin all chance at this number") var seed: Int?
  @Option(help: "work on at most so many threads") var threads: Int?

  func run() throws {
    do {
      Glibc.exit(try execute())
    } catch let error as LuaError {
      throw ValidationError(error.message)
    } catch let error as LuaRaised {
      throw ValidationError(error.description)
    }
  }

  private func execute() throws -> Int32 {
    let format = try report.map { try Report.Format(path: $0) }
    if let report { try ReportFile.check(report) }
    let parameters = try Parameters(parameter)
    if let threads { try RuntimeLibrary.setThreads(threads) }
    let document = try read()
    for warning in document.warnings { complain("\(script): \(warning)") }

    let state = try Interpreter.state(for: script, arguments: arguments, Subcommands.options!)
    if let seed { try state.run("require('nnlua.tensor').manual_seed(\(seed))", name: "=--seed") }
    let session = Session(state), recorder = report == nil ? nil : OutputRecorder()
    session.arguments = arguments
    let showsProgress = recorder != nil && isatty(2) != 0
    let run = try ReportRun(
      document, path: script, in: session, .init(parameters: parameters, keepsGoing: keepGoing, cache: recorder == nil ? nil : .user), recorder: recorder
    ) { number, total, title in
      if showsProgress { complain("\r\u{1B}[Kcell \(number) of \(total)  \(title)", prefix: false, ends: "") }
    }
    if showsProgress { complain("\r\u{1B}[K", prefix: false, ends: "") }
    if let failure = run.failure { complain(([failure.message] + failure.traceback.map { "\t" + $0 }).joined(separator: "\n")) }
    if let report, let format {
      try Report(document, path: script, run, facts: facts(run, state)).write(to: report, format)
      print("\(report)\(run.failure == nil ? "" : " (with an error)")")
    }
    return run.exitStatus
  }

  /// A script's cells, or a notebook's.
  private func read() throws -> CellDocument {
    guard let bytes = try FileBytes.read(script) else { throw LuaError("cannot open \(script): \(String(cString: strerror(errno)))") }
    let text = String(decoding: bytes, as: UTF8.self)
    return try script.hasSuffix(".ipynb") ? CellDocument(notebook: text) : CellDocument(lua: text)
  }

  private func facts(_ run: ReportRun, _ state: LuaState) -> [(name: String, value: String)] {
    var facts = [
      ("script", script), ("nnlua", "\(RuntimeLibrary.version), Lua \(LuaState.luaVersion)"),
      ("machine", "\(Kernels.level), \(Parallel.threads) of \(RuntimeLibrary.cores) cores"),
    ]
    if !parameter.isEmpty { facts.append(("parameters", parameter.joined(separator: ", "))) }
    // The script itself may have begun chance anew.
    if let seed = try? state.evaluate("local T = package.loaded['nnlua.tensor'] return T and T.get_rng_state()[1]", as: Int?.self) { facts.append(("seed", "\(seed)")) }
    facts += [("date", Self.date()), ("run time", Report.duration(run.seconds))]
    return facts.map { (name: $0.0, value: $0.1) }
  }

  private static func date() -> String {
    var now = time(nil), parts = tm()
    localtime_r(&now, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      strftime(buffer.baseAddress!, 64, "%Y-%m-%d %H:%M:%S %Z", &parts)
      return String(cString: buffer.baseAddress!)
    }
  }
}
