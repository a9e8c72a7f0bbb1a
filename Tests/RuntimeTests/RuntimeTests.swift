import LuaBridge
import Runtime
import Testing

/// `require "nnlua"`: modules by name, the machine, display and progress.
@Suite(.serialized)
struct RuntimeTests {
  let lua: LuaState

  init() throws {
    lua = try LuaState()
    Libraries.install(in: lua)
    try lua.run("nnlua = require 'nnlua'")
  }

  private func message(_ code: String) -> String {
    do {
      try lua.run(code)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func everyLibraryLoads() throws {
    for library in Libraries.all { try lua.run("assert(type(require '\(library.name)') == 'table')") }
  }

  @Test func modulesByName() throws {
    for name in ["tensor", "nn", "optim", "data", "plot", "train", "metrics", "notebook"] {
      #expect(try lua.evaluate("return nnlua.\(name) == require 'nnlua.\(name)'"), "\(name)")
    }
    #expect(message("nnlua.tensr()").hasPrefix("script:1: nnlua has no 'tensr'"))
  }

  @Test func theMachine() throws {
    #expect(try lua.evaluate("return nnlua.version") == RuntimeLibrary.version)
    #expect(try lua.evaluate("local a = nnlua.clock() local b = nnlua.clock() return b >= a and a > 0"))
    #expect(try lua.evaluate("local i = nnlua.info() return i.version .. i.lua .. i.cpu .. i.cores .. i.threads .. i.memory", as: String.self).count > 10)
    #expect(try lua.evaluate("local m = nnlua.memory() return m.live >= 0 and m.peak >= m.live and m.cached >= 0 and m.allocations >= 0 and m.lua > 0"))
  }

  @Test func memoryFollowsTensors() throws {
    try lua.run(
      """
      local before = nnlua.memory().live
      local x = nnlua.tensor.zeros(1000, 1000)
      assert(nnlua.memory().live - before >= 4e6 and nnlua.memory().live - before < 6e6)
      """)
  }

  @Test func threads() throws {
    try lua.run("local before = nnlua.threads() assert(nnlua.threads(2) == 2 and nnlua.threads() == 2) nnlua.threads(before)")
    #expect(message("nnlua.threads(0)").contains("from 1 to 1024, got 0"))
    #expect(message("nnlua.threads('x')").contains("bad argument #1 to 'threads' (integer expected, got string)"))
  }

  @Test func textForms() throws {
    func text(_ code: String) throws -> String { try lua.evaluate("return require 'nnlua.display'.text(\(code))") }
    #expect(
      try text("{1, 'a\\n\"b', true, {x = 1, [2.5] = 'y', ['no name'] = 0, ['end'] = 1}}") == #"{1, "a\n\"b", true, {[2.5] = "y", ["end"] = 1, ["no name"] = 0, x = 1}}"#)
    #expect(try text("'plain'") == "plain")
    #expect(try text("{{{{{{}}}}}}") == "{{{{{}}}}}" || text("{{{{{{}}}}}}").contains("…"))
    #expect(try text("(function() local t = {1} t.self = t return t end)()") == "{1, self = <cycle>}")
    #expect(try text("(function() local t = {} for i = 1, 1000 do t[i] = i end return t end)()").contains("… (1000 in all)"))
    #expect(try text("setmetatable({}, {__tostring = function() return 'mine' end})") == "mine")
    #expect(try text("nil") == "nil")
  }

  @Test func progressCounts() throws {
    try lua.run(
      """
      local bar = nnlua.progress(3, {title = "t"})
      for i = 1, 3 do bar:step{loss = i / 2, accuracy = "high"} end
      assert(bar.count == 3 and bar.closed)
      assert(tostring(bar):find("t  3  loss 1.5000  accuracy high", 1, true), tostring(bar))
      """)
  }

  @Test func progressPassesItsIteratorThrough() throws {
    try lua.run(
      """
      local seen = {}
      for a, b in nnlua.progress(pairs{10, 20, x = 1}) do seen[a] = b end
      assert(seen[1] == 10 and seen[2] == 20 and seen.x == 1)
      local sum = 0
      for i, v in nnlua.progress{4, 5, 6} do sum = sum + i * v end
      assert(sum == 32)
      local count = 0
      for i in nnlua.progress(5) do count = count + i end
      assert(count == 15)
      local bar = nnlua.progress(string.gmatch("a b c", "%a"), {title = "letters", total = 3})
      local letters = ""
      for letter in bar do letters = letters .. letter; bar:set{last = letter} end
      assert(letters == "abc" and bar.count == 3 and bar.closed)
      for i in nnlua.progress(5, {unit = "images"}) do if i == 2 then break end end
      assert(not pcall(function() for i in nnlua.progress(5) do error "x" end end))
      """)
  }

  @Test func progressMistakes() throws {
    #expect(message("nnlua.progress()").contains("bad argument #1 to 'progress' (number, iterator, list or loader expected, got nil)"))
    #expect(message("nnlua.progress(3, {titel = 'x'})").contains("unknown option 'titel' (options: title, unit, total)"))
    #expect(message("nnlua.progress(3, {unit = {}, title = 'x'})").contains("progress: unit is a string, got table"))
    #expect(message("nnlua.progress(3).step(1)").contains("call it with a colon"))
    #expect(message("nnlua.progress(3):step('x')").contains("bad argument #1 to 'step' (number or table expected, got string)"))
  }

  @Test func helpFindsRows() {
    let text = ReferenceText()
    #expect(text.help("clock")?.contains("nnlua.clock()") == true)
    #expect(text.help("nnlua.tensor.zeros")?.contains("T.zeros(2, 3)") == true)
    #expect(text.help("no such") == nil)
  }
}
