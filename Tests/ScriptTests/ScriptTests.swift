import Foundation
import Testing

/// Scripts, their arguments, modules and errors.
struct ScriptTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func argumentsAsInLua() throws {
    let script = try folder.write("a.lua", "#!/usr/bin/env nnlua\nprint(arg[-3], arg[-2], arg[-1], arg[0], arg[1], arg[2], #arg, ...)")
    let outcome = try Command.run(["--threads", "1", script, "x", "-e"])
    #expect(outcome.output == "\(Command.binary.path)\t--threads\t1\t\(script)\tx\t-e\t2\tx\t-e\n")
    #expect(outcome.status == 0)
  }

  @Test func argumentsNeedNotBeUTF8() throws {
    let shell = Process()
    let output = Pipe()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = ["-c", "\(Command.binary.path) -e 'print(#arg[1], arg[1]:byte(1, -1))' - $'\\xff\\xe9' </dev/null"]
    shell.standardOutput = output
    try shell.run()
    #expect(String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self) == "2\t255\t233\n")
  }

  @Test func scriptsFolderComesFirst() throws {
    try folder.write("lib/helper.lua", "return 'beside the script'")
    try folder.write("helper.lua", "return 'in the working folder'")
    let script = try folder.write("lib/a.lua", "print((require 'helper'))")
    #expect(try Command.run([script], folder: folder.url).output == "beside the script\n")
    let path = folder.url.appendingPathComponent("other").path
    try folder.write("other/only.lua", "return 'by LUA_PATH'")
    let second = try folder.write("lib/b.lua", "print((require 'only'), (require 'helper'))")
    #expect(try Command.run([second], environment: ["LUA_PATH": "\(path)/?.lua"], folder: folder.url).output == "by LUA_PATH\tbeside the script\n")
    #expect(try Command.run(["-E", second], environment: ["LUA_PATH": "\(path)/?.lua"], folder: folder.url).status == 1)
  }

  @Test func modulesInC() throws {
    #expect(try Command.run(["-e", "print(require 'cjson'.encode{1, 2})"]).output == "[1,2]\n")
    #expect(try Command.run(["-e", "print(require 'lpeg'.match(1, 'x'))"]).output == "2\n")
  }

  @Test func nothingIsPutIntoGlobals() throws {
    let names = "local n = {} for k in pairs(_G) do n[#n + 1] = k end table.sort(n) print(table.concat(n, ' '))"
    let expected =
      "_G _VERSION arg assert collectgarbage coroutine debug dofile error getmetatable io ipairs load loadfile math next os package pairs pcall print rawequal rawget rawlen rawset require select setmetatable string table tonumber tostring type utf8 warn xpcall\n"
    #expect(try Command.run(["-e", "require 'nnlua' require 'nnlua.tensor'", "-e", names]).output == expected)
  }

  @Test func exitStatus() throws {
    for (code, status) in [("os.exit(7)", 7), ("os.exit(false)", 1), ("os.exit(true, true)", 0), ("os.exit()", 0), ("error 'x'", 1), ("x = = 1", 1)] {
      #expect(try Command.run(["-e", code]).status == Int32(status), "\(code)")
    }
  }

  @Test func buffersAreFlushedAndFinalizersRun() throws {
    let code = "setmetatable({}, {__gc = function() print 'gc' end}) io.write 'a' "
    #expect(try Command.run(["-e", code]).output == "agc\n")
    #expect(try Command.run(["-e", code + "os.exit(0, true)"]).output == "agc\n")
    #expect(try Command.run(["-e", code + "error 'x'"]).output == "agc\n")
  }

  @Test func tracebackWithTheScriptsLines() throws {
    let script = try folder.write("a.lua", "local function f(x)\n  return x.y\nend\n\nf(nil)\n")
    let outcome = try Command.run(["a.lua"], folder: folder.url)
    #expect(script.hasSuffix("a.lua"))
    #expect(
      outcome.errors.hasPrefix("nnlua: a.lua:2: attempt to index a nil value (local 'x')\nstack traceback:\n\ta.lua:2: in local 'f'\n\ta.lua:5: in main chunk\n"),
      "\(outcome.errors)")
    #expect(outcome.status == 1)
  }

  @Test(arguments: [
    ("error{}", "nnlua: (error object is a table value)"),
    ("error()", "nnlua: (error object is a nil value)"),
    ("error(setmetatable({}, {__tostring = function() return 'of my own' end}))", "nnlua: of my own\n"),
    ("error('no position', 0)", "nnlua: no position\n"),
    ("x = = 1", "nnlua: (command line):1: unexpected symbol near '='"),
    ("local function f() return 1 + f() end f()", "nnlua: (command line):1: stack overflow"),
    ("local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. 'x'] end print(t.a)", "C stack overflow"),
    ("local function f() return pcall(f) end print(select('#', f()) > 0) error 'end'", "end"),
    ("print(('x'):rep(1e12))", "resulting string too large"),
    ("require 'no.such.module'", "module 'no.such.module' not found:"),
    ("require 'nnlua'.tensr()", "(command line):1: nnlua has no 'tensr'"),
    ("require 'nnlua.tensor'.zeros(2, -1)", "(command line):1: "),
  ])
  func errorsEndWithStatusOne(_ code: String, _ expected: String) throws {
    let outcome = try Command.run(["-e", code])
    #expect(outcome.errors.contains(expected), "\(outcome.errors)")
    #expect(outcome.status == 1)
  }

  @Test func missingScript() throws {
    let outcome = try Command.run(["no-such.lua"])
    #expect(outcome.errors.hasPrefix("nnlua: cannot open no-such.lua"))
    #expect(outcome.status == 1)
    #expect(try Command.run(["Sources"]).status == 1)
  }

  @Test func unboundedRecursionLeavesThePcallAlive() throws {
    let code = "local function f() return 1 + f() end for i = 1, 3 do print(pcall(f)) end print 'alive'"
    #expect(try Command.run(["-e", code]).output.hasSuffix("alive\n"))
  }

  @Test func recursionThroughBoundFunctions() throws {
    // T.no_grad calls back into Lua: every level holds a Swift frame until Lua's own limit of nested C calls.
    let code = "local T = require 'nnlua.tensor' local function f() return T.no_grad(f) end local ok, e = pcall(f) print(ok, e:match 'overflow')"
    #expect(try Command.run(["-e", code]).output == "false\toverflow\n")
  }
}
