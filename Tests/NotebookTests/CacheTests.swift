import Foundation
import LuaBridge
import Notebook
import Runtime
import Testing

/// A cell marked `cache=true` is not run again while nothing that it reads has changed.
@Suite(.serialized)
struct CacheTests {
  private let cache = CellCache(folder: FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-cells-\(UUID().uuidString)/a/b").path)

  private var entries: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: cache.folder)) ?? []).sorted() }

  /// Runs cells in a new session, of which those beginning with "--c" are kept; whether the last one of these was restored, what the last cell
  /// gave and what was printed.
  private func run(_ cells: [String], cache: CellCache? = nil) throws -> (isKept: Bool, last: String, errors: String, outcome: Outcome) {
    let notes = try Notes()
    var isKept = false, last = "", outcome = Outcome()
    for (i, cell) in cells.enumerated() {
      notes.recorder.all = ""
      notes.recorder.shown = []
      let isCached = cell.hasPrefix("--c")
      outcome = notes.recording { notes.session.run(cell, name: "@f.lua", firstLine: 100 * i + 1, cache: isCached ? cache ?? self.cache : nil) }
      if isCached { isKept = outcome.isKept }
      last = notes.recorder.all + notes.recorder.shown.joined()
      if let result = outcome.result { last += "=> \(result.text)" }
      if let failure = outcome.failure { last += "\(failure.kind): \(failure.message)" }
    }
    return (isKept, last, notes.recorder.errors, outcome)
  }

  private let head = "T = require('nnlua.tensor'); T.manual_seed(1)"

  @Test func unchangedCellsAreRestored() throws {
    let cells = [head, "local a = 2", "--c\nlocal b <const>, c = a + 0.5, {1, x = {true, 'é\\0\\255'}}\ng = T.rand(3)\nprint('out') io.stderr:write('err') a = 7\nb * 2"]
    let check = "print(a, b, c[1], c.x[1], #c.x[2], c.x[2]:byte(-1), g, T.rand(1), math.type(c[1])) c[1] = 5 g = nil return c[1], g"
    let first = try run(cells), second = try run(cells)
    #expect(!first.isKept && second.isKept)
    #expect(first.last == second.last && first.last.hasPrefix("out\nerr") && first.last.contains("5.0"), "\(first.last) | \(second.last)")
    let plain = try run(cells.map { $0.replacingOccurrences(of: "--c", with: "--") } + [check]), kept = try run(cells + [check])
    #expect(kept.isKept && plain.last == kept.last && kept.last.contains("7\t2.5\t1\ttrue\t4\t255"), "\(plain.last) | \(kept.last)")
    #expect(try run(cells + ["b = 1"]).outcome.failure?.message.contains("attempt to assign to const variable 'b'") == true)
  }

  @Test func whatChangesRunsAgain() throws {
    func kept(_ a: String = "2", text: String = "", lr: String = "1", seed: Int = 1, f: String = "x", weight: String = "1") throws -> Bool {
      try run([
        "T = require('nnlua.tensor'); nn = require('nnlua.nn'); T.manual_seed(\(seed))", "local a = \(a)\nlocal net = nn.Linear(2, 1)", "lr = \(lr)",
        "local function f(x) return \(f) + deep end\ndeep = 3", "T.no_grad(function() net.weight:fill_(\(weight)) end)",
        "--c\nlocal b = a ~= nil\nlocal d = T.rand(2):sum() + lr + f(1) + net(T.ones(1, 2)):sum():item()\(text)",
      ]).isKept
    }
    #expect(try !kept() && kept())
    #expect(try !kept("3") && kept("3") && kept())
    #expect(try !kept("{1, {2}}") && !kept("{1, {3}}") && kept("{1, {2}}") && !kept("{1, {2.0}}") && !kept("'2'"))
    #expect(try !kept("T.ones(2)") && kept("T.ones(2)") && !kept("T.ones(2, 1)") && !kept("T.ones(2, {dtype = 'float64'})"))
    #expect(try !kept(text: " ") && !kept(lr: "2") && !kept(seed: 2) && !kept(f: "x + 1") && !kept(weight: "2"))
    #expect(try kept())
  }

  @Test func whatDrawsNothingDoesNotAskTheSeed() throws {
    #expect(try !run(["T = require('nnlua.tensor'); T.manual_seed(1)", "--c\nlocal a = T.ones(2)"]).isKept)
    #expect(try run(["T = require('nnlua.tensor'); T.manual_seed(2)", "--c\nlocal a = T.ones(2)", "T.rand(1)"]).isKept)
    let drawn = try run(["T = require('nnlua.tensor'); T.manual_seed(2)", "--c\nlocal a = T.ones(2)", "T.rand(1)"])
    #expect(drawn.last == (try run(["T = require('nnlua.tensor'); T.manual_seed(2)", "T.rand(1)"]).last))
  }

  @Test func tensorsComeBackBitForBit() throws {
    let cell = """
      --c
      local strided = T.range(1, 12):view(3, 4):t()
      local list = {}
      for i, dtype in ipairs{'bool', 'uint8', 'int64', 'float32', 'float64'} do list[i] = T.tensor({0, 1, 1}, {dtype = dtype}) end
      local special = T.tensor{0/0, -1/0, -0.0, 1e-45}
      local empty, scalar = T.zeros(0, 3), T.tensor(2.5)
      local grad = T.ones(2, {requires_grad = true})
      local twice = {list, list}
      """
    let check = """
      local all = {tostring(strided), tostring(T.tensor(special)), 1 / special[3], special[4], tostring(empty), tostring(scalar), tostring(grad.requires_grad), tostring(twice[1] == list and twice[2] == list)}
      for i = 1, 5 do all[#all + 1] = list[i].dtype .. tostring(list[i]) end
      return table.concat(all, '|')
      """
    let first = try run([head, cell, check]), second = try run([head, cell, check])
    #expect(
      !first.isKept && second.isKept && first.last == second.last && first.outcome.failure == nil && first.last.contains("true|true") && first.last.contains("-inf|"),
      "\(first.last) | \(second.last)")
  }

  @Test func outputsAreReplayed() throws {
    let cells = [
      "plot, notebook = require('nnlua.plot'), require('nnlua.notebook')",
      "--c\nprint(1) notebook.html('<b>x</b>'); io.stderr:write('e') notebook.raw('image/png', '\\0\\255');\n{1, 2}",
    ]
    let first = try run(cells), second = try run(cells)
    #expect(
      second.isKept && first.last == second.last && first.outcome.result?.forms.map(\.type) == second.outcome.result?.forms.map(\.type), "\(first.last) | \(second.last)")
  }

  @Test func whatCannotBeKeptRunsAndSaysWhy() throws {
    let net = "local net = require('nnlua.nn').Linear(2, 1)"
    for (before, cell, reason) in [
      ("", "local f = function() end", "local 'f' is a function"), ("", "local a = {b = {f = function() end}}", "local 'a'.b.f is a function"),
      ("", "local a = {} a[1] = a", "a table that contains itself"), ("", net, "local 'net' is a "), ("", "h = io.tmpfile()", "global 'h' is a "),
      ("a = {}", "local b = a", "local 'b' is a table that was there before the cell"), ("a = {}", "a[1] = 2", "it changes 'a', which was there before it"),
      (net, "T.no_grad(function() net.weight:zero_() end)", "it changes 'net'"), ("", "local x = setmetatable({}, {})", "local 'x' is a table with a metatable"),
      ("", "local x = math.random()", "math.random"), ("", "_G.x = 1", "it names _G"), ("", "local x = T.ones(2, {requires_grad = true}) * 2", "gradients flow through"),
      ("", "local x <close> = setmetatable({}, {__close = function() end})", "local 'x' is to be closed"), ("", "local x = io.read()", "it reads input"),
    ] {
      for _ in 0..<2 {
        let ran = try run([head, before, "--c\n\(cell)"])
        #expect(
          !ran.isKept && ran.outcome.failure == nil && ran.errors.hasPrefix("cache=true: the cell is not kept: ") && ran.errors.contains(reason), "\(cell): \(ran.last)")
        #expect(ran.errors.filter { $0 == "\n" }.count == 1)
      }
    }
    let failed = ["--c\nprint(1) error('no')"]
    #expect(try !run(failed).isKept && !run(failed).isKept)
    #expect(try run(failed).errors.isEmpty && entries.isEmpty)
  }

  @Test func aCellThatRunsAgainIsRestored() throws {
    let notes = try Notes()
    let outcomes = (0..<3).map { _ in notes.recording { notes.session.run("x = 4\nlocal y = 5", name: "=In[1]", cell: "c", cache: cache) } }
    #expect(outcomes.map(\.isKept) == [false, true, true])
    #expect(notes.run("x + y") == "=> 9")
    _ = notes.run("x, y = 1, 1")
    #expect(notes.recording { notes.session.run("x = 4\nlocal y = 5", name: "=In[9]", cell: "c", cache: cache).isKept })
    #expect(notes.run("x + y") == "=> 9")
  }

  @Test func damagedEntriesCountAsNone() throws {
    let cells = [head, "--c\nlocal a = T.ones(100)", "a:sum():item()"]
    _ = try run(cells)
    let path = "\(cache.folder)/\(try #require(entries.first))", whole = try Data(contentsOf: URL(fileURLWithPath: path))
    var flipped = whole
    flipped[flipped.count - 5] ^= 1
    for damaged in [Data(), Data(whole.prefix(100)), flipped, Data(repeating: 0xFF, count: 200)] {
      try damaged.write(to: URL(fileURLWithPath: path))
      let again = try run(cells)
      #expect(!again.isKept && again.last == "=> 100.0")
      #expect(try run(cells).isKept)
    }
  }

  @Test func theOldestEntriesGo() throws {
    let small = CellCache(folder: cache.folder, mostBytes: 30_000)
    for i in 0..<6 { _ = try run([head, "--c\nlocal a = T.full({2500}, \(i))"], cache: small) }
    #expect(entries.count == 2 && entries.allSatisfy { $0.hasSuffix(".safetensors") }, "\(entries)")
    #expect(try run([head, "--c\nlocal a = T.full({2500}, 5)"], cache: small).isKept)
    #expect(try run([head, "--c\nlocal a = T.ones(10000)"], cache: small).errors.contains("0 MB"))
  }

  @Test func writersAtOnceDoNotDisturbEachOther() throws {
    // Whole programs beside each other: a session belongs to its thread.
    let folder = URL(fileURLWithPath: cache.folder), script = folder.appendingPathComponent("f.lua")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try "-- %%\nT = require 'nnlua.tensor'\n-- %% cache=true\nlocal a = T.ones(100000)\nprint('made')\n-- %%\nprint(a:sum():item())\n".write(
      to: script, atomically: true, encoding: .utf8)
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("nnlua")
    try #require(FileManager.default.isExecutableFile(atPath: program.path), "\(program.path)")
    let reports = (0..<4).map { folder.appendingPathComponent("out\($0).md") }
    func start(_ report: URL) throws -> Process {
      let process = Process()
      process.executableURL = program
      process.arguments = ["run", script.path, "--report", report.path]
      process.environment = ProcessInfo.processInfo.environment.merging(["XDG_CACHE_HOME": folder.path]) { $1 }
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    for process in try reports.map(start) {
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    let last = try start(reports[0])
    last.waitUntilExit()
    for report in reports { #expect(try String(contentsOf: report, encoding: .utf8).contains("made\n")) }
    #expect(try String(contentsOf: reports[0], encoding: .utf8).contains("*kept from an earlier run*"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("nnlua/cells").path).count == 1)
  }

  @Test func reports() throws {
    let cells = [Cell(.code, "n = 4"), Cell(.code, "local t = n * 2\nprint('worked', t)", metadata: ["cache": .bool(true)]), Cell(.code, "print(t)")]
    for isKept in [false, true] {
      let lua = try LuaState()
      Libraries.install(in: lua)
      let run = try ReportRun(
        CellDocument(cells: cells), path: "f.lua", in: Session(lua), .init(parameters: Parameters([]), cache: cache), recorder: OutputRecorder())
      #expect(run.parts.map(\.isKept) == [false, isKept, false])
      guard case .stream(.output, "worked\t8\n")? = run.parts[1].outputs.first, case .stream(.output, "8\n")? = run.parts[2].outputs.first else {
        Issue.record("\(run.parts.map(\.outputs))")
        continue
      }
    }
  }

  @Test func marks() {
    for text in ["-- cache=true\nx = 1", "--cache=true", "-- %% Train cache=true tags=[\"a\"]\nx"] { #expect(CellCache.isMarked(text), "\(text)") }
    for text in ["", "x = 1 -- cache=true", "x = 1\n-- cache=true", "-- cache=false", "-- %% Train", "-- see cache=true"] {
      #expect(!CellCache.isMarked(text), "\(text)")
    }
  }
}
