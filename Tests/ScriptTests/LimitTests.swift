import Foundation
import Testing

/// What `--memory-limit`, `--time-limit` and `--sandbox` keep a script from.
struct LimitTests {
  @Test(arguments: [
    ("local s = string.rep('A', 1e9)", "not enough memory"),
    ("local t = {} while true do t[#t + 1] = {} end", "not enough memory"),
    ("local T, t = require 'nnlua.tensor', {} while true do t[#t + 1] = T.zeros(1000, 1000) end", "in use, the limit is 50 MB"),
    // Lua's values and tensors count together.
    ("local T = require 'nnlua.tensor' local a, s = T.zeros(8e6), string.rep('A', 30e6)", "not enough memory"),
  ])
  func memory(_ code: String, _ message: String) throws {
    let outcome = try Command.run(["--memory-limit", "50M", "-e", code])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test func garbageDoesNotCount() throws {
    let code = "local T = require 'nnlua.tensor' for i = 1, 300 do local t = T.zeros(1000, 1000) end print(pcall(T.zeros, 1e8)) print(#T.zeros(1e6))"
    let outcome = try Command.run(["--memory-limit", "50M", "-e", code])
    #expect(outcome.output.hasPrefix("false\t"))
    #expect(outcome.output.hasSuffix("1000000\n"))
    #expect(outcome.status == 0)
  }

  @Test(arguments: [
    "while true do end", "while true do pcall(function() while true do end end) end", "coroutine.wrap(function() while true do pcall(error) end end)()",
    "local T = require 'nnlua.tensor' local a = T.zeros(3000, 3000) while true do pcall(T.matmul, a, a) end", "io.read() while true do end",
  ])
  func time(_ code: String) throws {
    let outcome = try Command.run(["--time-limit", "200ms", "-e", code])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("the time limit of 200ms is over"), "\(outcome.errors)")
  }

  @Test(arguments: [
    (["--memory-limit", "many"], "--memory-limit: expected a size such as 500M or 2G, got 'many'"),
    (["--memory-limit", "1M"], "--memory-limit: at least 8M are needed, got '1M'"),
    (["--memory-limit=-5G"], "--memory-limit: expected a size such as 500M or 2G, got '-5G'"),
    (["--time-limit", "0"], "--time-limit: expected a time such as 60s, 5m or 500ms, got '0'"),
    (["--sandbox", "--plugin", "x.so"], "--plugin: native code cannot be loaded in the sandbox (--sandbox)"),
  ])
  func wrongLimits(_ options: [String], _ message: String) throws {
    let outcome = try Command.run(options + ["-e", "print 'ran'"])
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors == "nnlua: \(message)\n")
  }

  @Test(
    arguments: [
      ("os.execute('true')", "os.execute is not allowed in the sandbox (--sandbox)"), ("io.popen('true')", "io.popen is not allowed"),
      ("os.remove('x')", "os.remove is not allowed"), ("package.loadlib('x', 'y')", "package.loadlib is not allowed"),
      ("assert(io.open('/etc/passwd'))", "/etc/passwd: is outside of what the sandbox lets a script read (--sandbox)"),
      ("for l in io.lines('/etc/passwd') do end", "is outside of"), ("io.input('/etc/passwd')", "is outside of"), ("dofile('/etc/passwd')", "is outside of"),
      ("assert(loadfile('/etc/passwd'))", "is outside of"), ("package.path = '/etc/?' require 'passwd'", "is outside of"),
      ("assert(io.open('written', 'w'))", "written: files can only be read in the sandbox"), ("io.output('written')", "files can only be read"),
      ("assert(load(string.dump(function() end)))", "attempt to load a binary chunk"), ("assert(load('return 1', 'c', 'b'))()", nil),
      ("debug.setmetatable(1, {})", "attempt to call a nil value (field 'setmetatable')"), ("assert(os.getenv 'HOME')", "assertion failed!"),
      ("local T = require 'nnlua.tensor' T.save('written.npy', T.ones(2))", "files cannot be written in the sandbox (--sandbox)"),
      ("require('nnlua.tensor').load('/dev/../etc/passwd.npy')", "cannot open: No such file or directory"),
      ("local plot = require 'nnlua.plot' plot.line{1, 2} plot.save('written.svg')", "save: files cannot be written in the sandbox"),
      ("require('nnlua.data').image_folder('/etc')", "is outside of what the sandbox"),
    ] as [(String, String?)])
  func sandbox(_ code: String, _ message: String?) throws {
    let outcome = try Command.run(["--sandbox", "-e", code])
    if let message {
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
    } else {
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
  }

  /// Everything else works, of what ships in Lua too.
  @Test func sandboxedScript() throws {
    let folder = try TemporaryFolder()
    try folder.write("part.lua", "return {answer = 42}")
    let script = try folder.write(
      "main.lua",
      """
      local T, nn, nnlua = require "nnlua.tensor", require "nnlua.nn", require "nnlua"
      local x, t = require("nnlua.data").digits().x, 1
      nnlua.display({require("part").answer, load("return ...", "=c", "t", {})(7), load("return answer", "=c", "t", {answer = 8})()})
      for i in nnlua.progress(2) do t = t + i end
      print(t, nn.Linear(2, 3)(T.ones(1, 2)):size(2), io.open("\(folder.url.path)/part.lua"):read("a"))
      """)
    let outcome = try Command.run(["--sandbox", script])
    #expect(outcome.output == "{42, 7, 8}\n4\t3\treturn {answer = 42}\n")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }
}
