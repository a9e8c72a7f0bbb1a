import Foundation
import LuaBridge
import Notebook
import Runtime
import Testing

@Suite(.serialized)
struct ReportTests {
  private func run(_ cells: [Cell], parameters: [String] = [], keepsGoing: Bool = false, header: String? = nil) throws -> (Report, ReportRun) {
    let lua = try LuaState()
    Libraries.install(in: lua)
    var document = CellDocument(cells: cells)
    document.header = header
    let run = try ReportRun(
      document, path: "train.lua", in: Session(lua), .init(parameters: Parameters(parameters), keepsGoing: keepsGoing), recorder: OutputRecorder())
    return (Report(document, path: "train.lua", run, facts: [(name: "seed", value: "7")]), run)
  }
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch { return "\(error)" }
  }
  private func written(_ report: Report, _ ending: String) throws -> (text: String, folder: URL) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("out.\(ending)").path
    try report.write(to: path, Report.Format(path: path))
    return (try String(contentsOfFile: path, encoding: .utf8), folder)
  }

  private let cells = [
    Cell(.markdown, "# The < net\n\nLoss $L$ and `code`", firstLine: 1),
    Cell(.code, "x = 1\nprint('out <1>')\nio.stderr:write('warned\\n')", title: "Begin", firstLine: 10),
    Cell(.markdown, "## Second"),
    Cell(.code, "require('nnlua.notebook').html('<b>bold</b>')", firstLine: 20),
    Cell(.code, "\n\nlocal y = nil + x", firstLine: 30),
    Cell(.code, "print('behind')", firstLine: 40),
    Cell(.raw, "raw <text>"),
  ]

  @Test func aPageHoldsEverything() throws {
    let (report, run) = try run(cells)
    #expect(run.exitStatus == 1 && run.failure?.message.hasPrefix("train.lua:32: ") == true, "\(run.failure?.message ?? "none")")
    let (page, _) = try written(report, "html")
    for part in [
      "<title>The &lt; net</title>", "<h1 id=\"the-net\">The &lt; net</h1>", "<math", "<h3 id=\"begin\">Begin</h3>", "<li class=\"d3\"><a href=\"#begin\">",
      "out &lt;1&gt;", "output stderr\"><pre>warned", "<div class=\"output\"><b>bold</b></div>", "output error", "--first:9", "--first:31", "<span class=\"l bad\">",
      "not run", "raw &lt;text&gt;", "<dt>seed</dt><dd>7</dd>",
    ] { #expect(page.contains(part), "\(part)") }
    #expect(!page.contains("<pre>behind"))
    #expect(page.matches(of: #/(?:src|href)="(?!data:|#)/#).isEmpty && !page.contains("@import") && !page.contains("url("), "nothing is fetched")
  }

  @Test func keepGoing() throws {
    let (report, run) = try run(cells, keepsGoing: true)
    #expect(run.exitStatus == 1)
    #expect(try written(report, "html").text.contains("<pre>behind"))
    #expect(run.parts.filter { $0.seconds != nil }.count == 4)
  }

  @Test func markdown() throws {
    let (report, _) = try run(
      [
        Cell(.markdown, "# Title"), Cell(.code, "print('```')", title: "Code"), Cell(.code, "require('nnlua.plot').figure():line{1, 2}"), Cell(.code, "{1, 2}"),
        Cell(.code, "error('x', 0)"),
      ])
    let (text, folder) = try written(report, "md")
    #expect(text.hasPrefix("# Title\n\n### Code\n\n```lua\nprint('```')\n```".replacing("```lua\nprint('```')\n```", with: "````lua\nprint('```')\n````")))
    #expect(text.contains("````text\n```\n````") && text.contains("](<out_files/figure-1.svg>)") && text.contains("```text\n{1, 2}\n```") && text.contains("**Error**"))
    #expect(try String(contentsOf: folder.appendingPathComponent("out_files/figure-1.svg"), encoding: .utf8).contains("<svg"))
  }

  @Test func notebook() throws {
    let (report, _) = try run(
      [
        Cell(.markdown, "# Title"), Cell(.code, "n = 1", metadata: tagged), Cell(.code, "print(n) io.stderr:write('e')"), Cell(.code, "n + 1"),
        Cell(.code, "require('nnlua.notebook').raw('image/png', '\\0\\255') require('nnlua.notebook').raw('application/json', '{\"a\": [1]}')"),
        Cell(.code, "error('x', 0)"),
        Cell(.code, "print 'not run'"),
      ], parameters: ["n=41"])
    let notebook = try JSON(parsing: written(report, "ipynb").text)
    let cells = notebook["cells"]?.array ?? []
    #expect(cells.count == 8 && notebook["nbformat_minor"]?.int == 5)
    #expect(cells[2]["metadata"]?["tags"]?.array == [.string("injected-parameters")])
    #expect(cells.map { $0["execution_count"]?.int } == [nil, 1, 2, 3, 4, 5, 6, nil])
    func output(_ cell: Int, _ place: Int) -> JSON { cells[cell]["outputs"]?.array.flatMap { $0.indices.contains(place) ? $0[place] : nil } ?? .null }
    #expect(output(3, 0)["text"] == .string("41\n") && output(3, 1)["name"] == .string("stderr"))
    #expect(output(4, 0)["output_type"] == .string("execute_result") && output(4, 0)["data"]?["text/plain"] == .string("42"))
    #expect(output(5, 0)["data"]?["image/png"] == .string("AP8=") && output(5, 1)["data"]?["application/json"]?["a"]?.array?.count == 1)
    #expect(output(6, 0)["output_type"] == .string("error") && output(6, 0)["evalue"] == .string("x"))
    #expect(cells[7]["outputs"]?.array == [])
  }

  @Test func exitEndsTheRun() throws {
    let (_, run) = try run([Cell(.code, "print(1) os.exit(3)"), Cell(.code, "print(2)")])
    #expect(run.exitStatus == 3 && run.failure == nil && run.parts[1].seconds == nil)
    #expect(try self.run([Cell(.code, "os.exit(true)")]).1.exitStatus == 0)
  }

  private let tagged = JSONObject(dictionaryLiteral: ("tags", .array([.string("parameters")])))

  @Test func parametersTakeTheTaggedCellsPlace() throws {
    let cells = [Cell(.code, "lr, name, quick = 0.1, 'a', false\nother = {}", metadata: tagged), Cell(.code, "print(lr, math.type(lr), name, quick)")]
    func printed(_ parameters: String...) throws -> String {
      let (_, run) = try run(cells, parameters: parameters)
      guard case .stream(_, let text)? = run.parts.last?.outputs.first else { return "nothing" }
      return text
    }
    #expect(try printed() == "0.1\tfloat\ta\tfalse\n")
    #expect(try printed("lr=1e-3", "name=1 \"x\"", "quick=true") == "0.001\tfloat\t1 \"x\"\ttrue\n")
    #expect(try printed("lr=-2") == "-2\tinteger\ta\tfalse\n")
    #expect(try printed("name=") == "0.1\tfloat\t\tfalse\n")
    for (parameter, text) in [
      ("l=1", "does not set 'l'; did you mean 'lr'? (it sets: lr, name, other, quick)"), ("lr=fast", "'lr' is a number"), ("quick=1", "'quick' is true or false"),
      ("other=1", "'other' is a table; only numbers, strings and booleans can be given"), ("lr", "expected name=value"), ("a b=1", "'a b' is no name"),
      ("=1", "'' is no name"),
      ("end=1", "'end' is no name"), ("lr=1;os.exit()", "'lr' is a number"), ("lr=0x", "'lr' is a number"), ("print=1", "does not set 'print'"),
    ] {
      let said = message { _ = try run(cells, parameters: [parameter]) }
      #expect(said.contains(text), "\(parameter): \(said)")
    }
    #expect(message { _ = try run([Cell(.code, "lr = 1")], parameters: ["lr=1"]) }.contains("train.lua has no cell tagged parameters (-- %% tags=[\"parameters\"])"))
  }

  @Test func titles() throws {
    for (header, text, title) in [("title: \"From above\"\njupyter:", "# A", "From above"), (nil, "text\n\n# A *b* #", "A *b*"), (nil, "## none", "train.lua")]
      as [(String?, String, String)]
    {
      #expect(try written(run([Cell(.markdown, text)], header: header).0, "html").text.contains("<title>\(title)</title>"), "\(title)")
    }
  }

  @Test func pathsAreCheckedBeforeAnythingRuns() {
    #expect(message { _ = try Report.Format(path: "out.txt") }.contains(".html, .ipynb, .md, got 'out.txt'"))
    #expect(message { _ = try Report.Format(path: "html") }.contains("must end in"))
    #expect(message { try ReportFile.check("/no/such/folder/out.html") }.contains("No such file or directory"))
    #expect(message { try ReportFile.check("/tmp") }.contains("Is a directory"))
  }

  @Test func nothingCanBeReadFromAPerson() throws {
    let (_, run) = try run([Cell(.code, "return io.read()")])
    #expect(run.failure?.message.contains("nothing can be read here") == true || run.failure == nil, "\(run.failure?.message ?? "none")")
  }
}
