import Foundation
import LuaBridge
import Notebook
import Runtime
import Testing

/// What Tab offers, at the prompt and in notebooks.
@Suite(.serialized)
struct CompletionTests {
  let session: Session

  init() throws {
    let state = try LuaState()
    Libraries.install(in: state)
    session = Session(state)
    run("T = require 'nnlua.tensor' nn = require 'nnlua.nn' train = require 'nnlua.train'")
  }

  private func run(_ text: String) {
    let failure = session.run(text, name: "=test").failure
    #expect(failure == nil, "\(failure?.message ?? "")")
  }

  /// Completes where `|` stands, or at the end.
  private func complete(_ text: String) -> Session.Completion {
    let cursor = text.unicodeScalars.firstIndex(of: "|") ?? text.unicodeScalars.endIndex
    let code = String(text.unicodeScalars.filter { $0 != "|" })
    return session.complete(code, at: text.unicodeScalars.distance(from: text.unicodeScalars.startIndex, to: cursor))
  }
  private func names(_ text: String) -> [String] { complete(text).matches.map(\.text) }
  private func kind(_ text: String, _ name: String) -> String? { complete(text).matches.first { $0.text == name }?.kind }

  @Test func namesAndKeywords() throws {
    #expect(names("pri") == ["print"] && kind("pri", "print") == "function")
    #expect(names("whi") == ["while"] && kind("whi", "while") == "keyword")
    #expect(names("fun|ction") == ["function"])
    run("alpha_value = 1 function alpha_call() end")
    #expect(names("x = alpha_") == ["alpha_call", "alpha_value"])
    #expect(kind("alpha", "alpha_value") == "variable" && kind("T", "T") == "module")
    let all = names("")
    #expect(all.contains("print") && all.contains("end") && all.contains("T") && !all.contains("_G"))
    #expect(names("_") == ["_G", "_VERSION"])
  }

  @Test func offsetsAreCodePoints() throws {
    let completion = complete("s = '한국 👋🏽' pri| + 1")
    #expect(completion.matches.map(\.text) == ["print"])
    #expect(completion.start == 12 && completion.end == 15)
    #expect(complete("pri").start == 0 && complete("pri").end == 3)
    #expect(session.complete("pri", at: 99).end == 3 && session.complete("pri", at: -5).start == 0)
  }

  @Test func fieldsOfTables() throws {
    run("config = {rate = 0.1, raw = {deep = true}, ['not a name'] = 1, [1] = {inner = 1}, run = function() end, _hidden = 1}")
    #expect(names("config.") == ["rate", "raw", "run"])
    #expect(names("config.ra") == ["rate", "raw"])
    #expect(names("config.raw.") == ["deep"] && names("config['raw'].") == ["deep"] && names("config[1].") == ["inner"])
    #expect(names("config._") == ["_hidden"])
    #expect(names("config:") == ["run"] && kind("config:", "run") == "method")
    #expect(names("config.missing.") == [])
    #expect(names("config[\"ra") == ["rate", "raw"] && names("config['no") == ["not a name"])
    run("child = setmetatable({own = 1}, {__index = setmetatable({base = 1}, {__index = config})})")
    #expect(names("child.") == ["base", "own", "rate", "raw", "run"])
    #expect(names("math.ma") == ["max", "maxinteger"] && names("string.for") == ["format"])
  }

  @Test func localsOfTheTextBeingWritten() throws {
    #expect(names("local learning_rate <const>, other = 1, 2 print(learn").contains("learning_rate"))
    #expect(names("function f(first_argument, second) return fir").contains("first_argument"))
    #expect(names("for position, value in pairs{} do print(posi").contains("position"))
    #expect(names("local function helper_one() end help") == ["helper_one"])
    #expect(names("function Net:forward(x) return sel").contains("self"))
  }

  @Test func methodsAndGettersOfTensors() throws {
    run("x = T.rand(2, 3)")
    #expect(names("x:su").contains("sum") && kind("x:su", "sum") == "method")
    #expect(names("x.sh") == ["shape"] && kind("x.sh", "shape") == "property")
    #expect(!names("x:sh").contains("shape"))
    #expect(names("x.requires_g") == ["requires_grad"])
    #expect(names("x.relu").contains("relu"), "a method behind a dot where no property fits")
    #expect(names("x[1]:su").contains("sum"))
    #expect(names("x:relu():mea").contains("mean"))
    #expect(names("(x):mea").contains("mean"))
    #expect(names("x.grad:mea").contains("mean"))
    #expect(names("T.rand(2, 3):backw") == ["backward"])
    #expect(names("('abc'):up") == ["upper"] && names("x.dtype:up") == ["upper"])
  }

  @Test func modulesAndTheirParts() throws {
    run("net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())")
    #expect(names("nn.Lin").contains("Linear") && kind("nn.Lin", "Linear") == "class")
    #expect(names("net:para") == ["parameter_names", "parameters"])
    #expect(names("net[1].wei") == ["weight"] && kind("net[1].wei", "weight") == "property")
    #expect(names("net[1].weight:su").contains("sum"))
    #expect(names("net[1].training") == ["training"])
    #expect(names("net(x):su").contains("sum"))
    #expect(names("nn.functional.cross_e") == ["cross_entropy"])
    #expect(names("T.linalg.").contains("inv"))
    #expect(names("require('nnlua.nn').Line").contains("Linear"))
  }

  @Test func classesOfOnesOwn() throws {
    run(
      """
      Net = nn.class("Net")
      function Net:init() self.fc1 = nn.Linear(2, 3) end
      function Net:helper() end
      own = Net()
      """)
    #expect(names("own.fc") == ["fc1"])
    #expect(names("own.fc1.wei") == ["weight"])
    #expect(names("own:hel") == ["helper"] && names("own:para").contains("parameters"))
    #expect(names("Net():hel") == ["helper"])
    #expect(names("function Net:forward(x) return self:hel") == ["helper"])
    #expect(names("function Net:init() self.first = nn.Linear(2, 2) self.fir") == ["first"])
    #expect(names("function Net:init() self.first = nn.Linear(2, 2) self.first.wei").isEmpty, "which names a layer has is known when it is made")
    #expect(names("function Net:init() self.first = nn.Linear(2, 2) self.first:para").contains("parameters"))
  }

  @Test func whatHasNotRunYet() throws {
    #expect(names("local optim = require 'nnlua.optim' optim.Ad").contains("Adam"))
    #expect(names("local y = T.rand(2, 2) y:su").contains("sum"))
    #expect(names("local y <const> = T.rand(2, 2) y:su").contains("sum"))
    #expect(names("local y = T.rand(2, 2)\ny = y:relu()\ny:su").contains("sum"))
    #expect(names("local My = nn.class('My')\nlocal my = My()\nmy:para").contains("parameters"))
    #expect(names("local a = 1 + T.rand(2) a:su") == [], "an operator's value is not known")
    #expect(names("undefined_thing.").isEmpty && names("undefined_thing:").isEmpty)
  }

  @Test func options() throws {
    #expect(names("nn.Conv2d(1, 2, 3, {pad").first == "padding" && kind("nn.Conv2d(1, 2, 3, {pad", "padding") == "option")
    let mixed = names("nn.Conv2d{1, 2, 3, padding = 1, ")
    #expect(mixed.contains("stride") && !mixed.contains("padding") && mixed.contains("in_channels"))
    #expect(!names("nn.Conv2d(1, 2, 3, {").contains("in_channels"))
    #expect(names("x = T.rand(2) x:sum(1, {keep").first == "keepdim")
    #expect(names("train.fit(net, {epo").first == "epochs")
    #expect(names("nn.Conv2d{1, 2, padding = pri") == ["print"], "behind the sign is a value")
    #expect(names("nn.Conv2d{1, 2, f(").contains("print"))
    #expect(names("local t = {pri") == ["print"])
  }

  @Test func moduleNames() throws {
    #expect(names("require 'nnlua.te").first == "nnlua.tensor" && kind("require 'nnlua.te", "nnlua.tensor") == "module")
    #expect(names("require(\"nnlua.nn").contains("nnlua.nn.functional"))
    #expect(complete("require 'nnlua.te").start == 9)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-completion-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("inner"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["my_model.lua", "inner/part.lua", "a file.txt", ".hidden"] { try Data().write(to: folder.appendingPathComponent(name)) }
    run("package.path = '\(folder.path)/?.lua;' .. package.path")
    #expect(names("require 'my_") == ["my_model"])
    #expect(names("require 'inner.") == ["inner.part"])
    // File names in other strings.
    #expect(names("io.open('\(folder.path)/") == ["a file.txt", "inner/", "my_model.lua"])
    #expect(names("f(\"\(folder.path)/inner/p") == ["part.lua"])
    #expect(complete("f(\"\(folder.path)/my").end - complete("f(\"\(folder.path)/my").start == 2)
    #expect(names("io.open('\(folder.path)/.h") == [".hidden"])
    #expect(names("io.open('/no/such/folder/x").isEmpty)
  }

  @Test func nothingIsRunAndNothingRaised() throws {
    run(
      """
      ran = 0
      local function touch() ran = ran + 1 error 'touched' end
      trap = setmetatable({}, {__index = touch, __pairs = touch, __len = touch, __tostring = touch, __call = touch, __name = 'Trap'})
      loop = {} setmetatable(loop, {__index = loop})
      setmetatable(_G, {__index = function(t, k) rawset(_G, 'ran', ran + 1) end});
      """)
    for text in [
      "trap.", "trap:", "trap.x.", "trap().", "trap[1].", "loop.", "loop.a.b.", "nope", "nope.", "nope:x().", "T.nope.", "T.rand(", "T.nope(", "trap{", "trap(1, {",
    ] { _ = names(text) }
    #expect(try session.state.evaluate("return rawget(_G, 'ran')") == 0)
    run("do setmetatable(_G, nil) end")
    #expect(session.state.stack.top == 0)
  }

  @Test func oddTexts() throws {
    for text in [
      "-- a comm", "--[[ long\ncomm", "3.1", "0x1p", "x = 1 .. ", "[[", "[==[ a ]=] ", "'", "\"\\", "'\\'", "}", ")", "]", ".", ":", "..", "...", "a..b", "::", "::lab",
      "goto ", "#", "{{{{",
      "((((", "a.b.c.d.e.f(", "한국", "x.한", "\u{0}", "f(function() ", "#!/usr/bin", "x = {", "x[", "x[[", "local <", "local x <", "(a)(b)(c).", "a'b'c.", "x=1x.", "\t\n",
    ] {
      let completion = session.complete(text, at: text.unicodeScalars.count)
      #expect(completion.start <= completion.end && completion.end == text.unicodeScalars.count, "\(text)")
    }
    #expect(names("-- pri").isEmpty && names("--[[ pri").isEmpty && names("1.").isEmpty)
    #expect(names("--[[ x ]] pri") == ["print"])
    #expect(names("local x <") == ["close", "const"])
    let deep = String(repeating: "(", count: 20_000) + "x" + String(repeating: ")", count: 20_000) + "."
    #expect(names(deep).isEmpty)
    #expect(names(String(repeating: "f{", count: 20_000)).contains("print"))
  }
}
