import Foundation
import LuaBridge
import Runtime
import Testing

/// Hostile arguments: each call returns or raises an error that a person can read, and the process lives.
extension CheckTests {
  @Suite struct FuzzTests {
    /// NNLUA_FUZZ_SEED and NNLUA_FUZZ_CALLS (calls for each row) make longer runs.
    static let seed = ProcessInfo.processInfo.environment["NNLUA_FUZZ_SEED"].flatMap { Int($0) } ?? 1
    static let calls = ProcessInfo.processInfo.environment["NNLUA_FUZZ_CALLS"].flatMap { Int($0) } ?? 60

    @Test(arguments: Libraries.all.filter { !$0.rows.isEmpty }.map(\.name) + ["classes"])
    func survives(_ library: String) throws {
      let folder = try Folder()
      let rows = try folder.write("rows.lua", Rows.luaTable(Rows.interpreter()))
      if let keep = ProcessInfo.processInfo.environment["NNLUA_FUZZ_ROWS"] { try? FileManager.default.copyItem(atPath: rows, toPath: keep) }
      let log = folder.path("log")
      // Figures start a program each.
      let calls = library == "nnlua.plot" ? max(1, Self.calls / 10) : Self.calls
      let child = try Child.run(
        [Child.script("fuzz.lua"), rows, library, "\(Self.seed)", "\(calls)", log], in: folder, memory: 4 << 20, seconds: 60 + calls * 10)
      let last = child.status == 0 ? "" : "last call: \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")"
      #expect(child.status == 0, "\(child.output.suffix(8000))\n\(last)")
    }
  }
}
