import Foundation
import LuaBridge
import Notebook
import Runtime
import Testing

/// What is told about a name, in a notebook and after `?` at the prompt.
@Suite(.serialized)
struct InspectionTests {
  let session: Session

  init() throws {
    let state = try LuaState()
    Libraries.install(in: state)
    session = Session(state)
    run("T = require 'nnlua.tensor' nn = require 'nnlua.nn'")
  }

  private func run(_ text: String, name: String = "=test") {
    let failure = session.run(text, name: name).failure
    #expect(failure == nil, "\(failure?.message ?? "")")
  }

  /// Where `|` stands, or at the end.
  private func inspect(_ text: String) -> DisplayBundle? {
    let cursor = text.unicodeScalars.firstIndex(of: "|") ?? text.unicodeScalars.endIndex
    let code = String(text.unicodeScalars.filter { $0 != "|" })
    return session.inspect(code, at: text.unicodeScalars.distance(from: text.unicodeScalars.startIndex, to: cursor))
  }
  private func text(_ code: String) -> String { inspect(code)?.text ?? "nothing" }

  @Test func functionsFromTheirRows() throws {
    let page = text("nn.Conv|2d(1, 30, 5)")
    #expect(page.hasPrefix("nn.Conv2d  nnlua.nn") && page.contains("in_channels") && page.contains("Shapes"))
    #expect(text("x = T.rand(2) x:su|m()").contains("Tensor"))
    #expect(text("nn.Conv2d(1, |") == page && text("nn.Conv2d{1, padding = |") == page, "inside the brackets: the call")
    #expect(text("f(nn.Conv2d(1, 2, 3), |") == "nothing")
    #expect(text("require 'nnlua.op|tim'").contains("Adam"))
    #expect(text("T|").contains("nnlua.tensor"))
  }

  @Test func forms() throws {
    let bundle = try #require(inspect("nn.Conv2d"))
    guard case .text(let html)? = bundle["text/html"], case .text(let markdown)? = bundle["text/markdown"] else {
      Issue.record("a form is missing")
      return
    }
    #expect(html.hasPrefix("<h3>nn.Conv2d</h3>") && html.contains("<td><code>in_channels</code></td>") && html.contains("-&gt;"))
    #expect(!html.contains("->"), "what Lua writes is escaped")
    #expect(markdown.hasPrefix("### nn.Conv2d\n") && markdown.contains("```lua\n") && markdown.contains("| `in_channels` |"))
  }

  @Test func liveTensors() throws {
    run("x = T.tensor{{-1, 2, 3}, {4, 5, 0.5}}")
    let page = text("x:sum() + |x")
    #expect(page.hasPrefix("x: Tensor float32 {2,3}"))
    for fact in ["elements  6", "range     -1 … 5", "mean      2.25"] { #expect(page.contains(fact), "\(page.prefix(300))") }
    run("y = T.tensor{1, 0/0, math.huge}")
    #expect(text("y").contains("not finite  2") && text("y").contains("1 … 1"))
    run("e = T.zeros(0, 3) p = T.ones(2, {requires_grad = true})")
    #expect(text("e").hasPrefix("e: Tensor float32 {0,3}") && text("p").contains("requires_grad  true"))
    #expect(text("x[1]").contains("Tensor"))
  }

  @Test func liveModules() throws {
    run("net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())")
    let page = text("net")
    #expect(page.contains("parameters  9") && page.contains("[1]         Linear(2 -> 3)"), "\(page.prefix(300))")
    #expect(text("net[1].wei|ght").contains("Tensor float32 {3,2}"))
    #expect(text("net[1]").hasPrefix("net[1]: Linear(2 -> 3)"))
    #expect(text("nn.Linear(2, 3)|").hasPrefix("nn.Linear  nnlua.nn"), "behind a call its function")
  }

  @Test func functionsOfOnesOwn() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-inspection-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("own.lua")
    try Data("-- %% a cell\n--- Doubles.\n-- Twice the number.\nfunction twice(x, ...)\n  return x * 2\nend\nfunction bare() end\n".utf8).write(to: file)
    run("dofile '\(file.path)'")
    #expect(text("tw|ice(3)") == "twice = function(x, ...)\nDoubles.\nTwice the number.\nDefined at \(file.path):4.")
    #expect(text("bare") == "bare = function()\nDefined at \(file.path):7.")
    try FileManager.default.removeItem(at: file)
    #expect(text("twice").hasPrefix("twice = function(x, ...)\nDefined at"))
    #expect(text("print") == "print: function of Lua's or another C library")
  }

  @Test func plainValues() throws {
    run("s = 'text' n = 3 f = 1.5 b = true t = {1, 'two', x = {}, net = nn.ReLU(), f = function(a) end} huge = {} for i = 1, 1000 do huge['k' .. i] = i end")
    #expect(text("s") == "s: string of 4 bytes\ntext" && text("n") == "n: integer\n3" && text("f") == "f: float\n1.5" && text("b") == "b: boolean\ntrue")
    #expect(text("t") == "t: table of 2 items and 3 names\n  [1]  1\n  [2]  \"two\"\n  f    function(a)\n  net  ReLU()\n  x    table")
    #expect(text("huge").contains("huge: table of 1000 names") && text("huge").contains("1000 names in all"))
  }

  @Test func nothingForWhatIsNotKnown() throws {
    for code in ["undefined", "nil", "end", "T.undefined", "x.y.z", "", "   ", "1 + 2", "-- print", "'print'", "T.", "("] { #expect(inspect(code) == nil, "\(code)") }
    #expect(session.inspect("print", at: 99) != nil && session.inspect("print", at: -3) != nil)
  }

  @Test func nothingIsRun() throws {
    run(
      """
      ran = 0
      local function touch() ran = ran + 1 error 'touched' end
      trap = setmetatable({}, {__index = touch, __pairs = touch, __len = touch, __tostring = touch, __call = touch, __display = touch})
      debug.setmetatable(1, {__tostring = touch});
      """)
    for code in ["trap", "trap.x", "trap()", "trap(|", "ran", "trap[1]"] { _ = inspect(code) }
    run("debug.setmetatable(1, nil);")
    #expect(try session.state.evaluate("return ran") == 0)
    #expect(session.state.stack.top == 0)
  }

  @Test func hints() throws {
    func hint(_ code: String) -> String? { session.run(code, name: "=test").failure.flatMap { session.hint(for: $0) } }
    #expect(hint("prnt(1)") == "did you mean 'print'?")
    #expect(hint("optim.Adam()") == "is it the module? local optim = require \"nnlua.optim\"")
    #expect(hint("if x = 1 then end") == "'==' compares, '=' assigns")
    #expect(hint("if x != 1 then end") == "not equal is written ~=, and not is written 'not'")
    #expect(hint("n = 1 n += 1") == "there is no x += y: write x = x + y")
    #expect(hint("for i = 1, 2 do") == "a block has no 'end'")
    #expect(hint("f(1,") == "the text ends in the middle of a statement")
    #expect(hint("end") == "there is one 'end' too many")
    #expect(hint("error 'mine'") == nil && hint("local t = {} t.x.y = 1") == nil)
  }
}
