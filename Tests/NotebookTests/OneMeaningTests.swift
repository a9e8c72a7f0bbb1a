import LuaBridge
import Notebook
import Runtime
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Every example prints the same as a plain script and cell by cell.
@Suite(.serialized)
struct OneMeaningTests {
  /// Figures are written where the script runs.
  private let folder: String
  init() throws {
    var template = Array("/tmp/nnlua-one-meaning-XXXXXX\0".utf8CString)
    guard mkdtemp(&template) != nil else { throw LuaError("no temporary folder") }
    folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// What a script's run printed, and its error.
  private func run(_ path: String, _ body: (LuaState) -> String?) throws -> String {
    let state = try LuaState()
    Libraries.install(in: state)
    let recorder = Recorder()
    let stack = state.stack
    stack.pushGlobals()
    stack.newTable()
    for (i, text) in [path, "--quick"].enumerated() {
      stack.push(text)
      stack.rawSet(-2, i)
    }
    stack.rawSet(-2, "arg")
    stack.pop()
    try state.run("require('nnlua.tensor').manual_seed(1)")
    defer { try? state.run("require('nnlua.tensor').set_default_dtype('float32')") }  // the process's, which some examples change
    let before = getcwd(nil, 0)
    defer { free(before) }
    chdir(folder)
    state.frontEnd = recorder
    let failure = body(state)
    state.frontEnd = nil
    if let before { chdir(before) }
    return masked(recorder.output) + (failure.map { "\nfailed: \(masked($0))" } ?? "")
  }

  /// Times differ from run to run.
  private func masked(_ text: String) -> String {
    text.replacing(/[0-9]+(\.[0-9]+)?( ?(s|ms|µs|us|ns|seconds|minutes|hours|GFLOP\/s|MB\/s|times)\b)/, with: "…").replacing(/0x[0-9a-f]+/, with: "0x…").replacing(
      /figure-[0-9]+/, with: "figure-…"
    ).replacing(/(faster by|times as fast|against loops): [0-9.]+/, with: "faster")
  }

  @Test(arguments: Examples.all.filter { !$0.contains("/plugins/") && !$0.contains("/tools/") && !$0.hasSuffix("/check.lua") })
  func plainAndInCells(path: String) throws {
    let plain = try run(path) { state in
      do {
        try state.loadFile(path)
        state.stack.push("--quick")
        try state.run { try state.stack.call(arguments: 1, results: 0) }
        return nil
      } catch { return state.exitStatus.map { "exit \($0)" } ?? "\(error)" }
    }
    let text = try Examples.text(path)
    let cells = try run(path) { state in
      let session = Session(state)
      session.arguments = ["--quick"]
      for cell in CellDocument(lua: text).cells where cell.kind == .code {
        if let failure = session.run(cell.text, name: "@" + path, firstLine: cell.firstLine).failure {
          return failure.exitStatus.map { "exit \($0)" } ?? failure.message
        }
      }
      for failure in session.close() { return failure.message }
      return nil
    }
    #expect(plain == cells)
    #expect(!plain.isEmpty)
  }
}
