import LuaBridge
import Testing

/// What is raised on one side arrives on the other as it was.
extension LuaBridgeTests {
  @Suite struct LuaErrorTests {
    @Test(arguments: ["'text'", "{1, 2}", "io.stdout", "nil", "false", "42", "1.5", "print", "coroutine.create(print)", "b.thing(3)"])
    func anyValuePassesThroughSwift(_ value: String) throws {
      let lua = try Bound.interpreter()
      try lua.run(
        """
        local value = \(value)
        local function raise() error(value, 0) end
        -- one Swift frame, nested ones, and frames in a coroutine
        assert(rawequal(failure(b.through, raise), value))
        assert(rawequal(failure(b.through, b.through, b.through, raise), value))
        assert(rawequal(failure(function() b.through(function() local ok, e = pcall(b.through, raise); assert(not ok and rawequal(e, value)); error(e, 0) end) end), value))
        local co = coroutine.create(function() b.through(raise) end)
        local ok, e = coroutine.resume(co)
        assert(not ok and rawequal(e, value))
        if type(value) ~= "string" then assert(rawequal(failure(coroutine.wrap(function() b.through(raise) end)), value)) end
        assert(rawequal(select(2, xpcall(b.through, function(e) return e end, raise)), value))
        """)
      #expect(lua.stack.top == 0)
    }

    @Test func swiftCanCatch() throws {
      #expect(try evaluate("return b.quiet(function() error('x', 0) end)", as: String.self) == "caught x")
      #expect(try evaluate("return b.quiet(function() error({}) end)", as: String.self) == "caught (error object is a table value)")
      #expect(try evaluate("return b.quiet(function() error() end)", as: String.self) == "caught (error object is a nil value)")
      #expect(try evaluate("return b.quiet(function() return 'fine' end)", as: String.self) == "fine")
      #expect(try failure("b.quiet(function() return {} end)").hasSuffix("quiet: the function must return string, got table"))
    }

    @Test func positionsAreTheScripts() throws {
      let lua = try Bound.interpreter()
      try lua.load("local x = 1\n\nb.fail()", name: "@dir/script.lua")
      #expect(throws: LuaRaised.self) { try lua.stack.call(arguments: 0, results: 0) }
      try lua.load("return select(2, pcall(function()\n  b.fail() end))", name: "@dir/script.lua")
      try lua.stack.call(arguments: 0, results: 1)
      #expect(lua.stack.string(at: -1) == "dir/script.lua:2: fail: no luck")
      lua.stack.pop()
      // Called by pcall itself there is no line to name.
      #expect(try lua.evaluate("return select(2, pcall(b.fail))", as: String.self) == "fail: no luck")
      // A tail call has lost its line too; the message stays whole.
      #expect(try lua.evaluate("return select(2, pcall(function() return b.fail() end))", as: String.self).hasSuffix("fail: no luck"))
    }

    @Test func everyKindOfSwiftError() throws {
      #expect(try failure("b.mismatch()") == "script:1: mismatch: shoe expected")
      #expect(try failure("b.argument(2)") == "script:1: bad argument #2 to 'argument' (too red)")
      #expect(try failure("b.foreign()") == "script:1: foreign: out of paper")
      #expect(try failure("b.fail('100% %s %d')") == "script:1: 100% %s %d")
      #expect(try failure("b.fail('')") == "script:1: ")
    }

    @Test func longMessagesAreCut() throws {
      let message = try failure("b.fail(('x'):rep(1000000))")
      #expect(message.utf8.count < 5000 && message.hasPrefix("script:1: xxx") && message.contains(" … "))
    }

    @Test func tracebacksShowTheScriptsLines() throws {
      let lua = try Bound.interpreter()
      do {
        try lua.run("local function inner()\n  b.fail()\nend\nb.through(inner)", name: "@s.lua", traceback: true)
        Issue.record("no error")
      } catch {
        let text = "\(error)"
        #expect(text.hasPrefix("s.lua:2: fail: no luck\nstack traceback:"))
        #expect(text.contains("in function"))
        #expect(text.contains("s.lua:4: in main chunk"))
      }
      // A table without __tostring is named, one with it is shown.
      for (value, shown) in [
        ("{}", "(error object is a table value)"), ("setmetatable({}, {__tostring = function() return 'mine' end})", "mine"), ("nil", "(error object is a nil value)"),
      ] {
        do { try lua.run("error(\(value))", traceback: true) } catch { #expect("\(error)".contains(shown)) }
      }
    }

    @Test func yieldsAcrossSwiftAreRefused() throws {
      let lua = try Bound.interpreter()
      #expect(
        try lua.evaluate("local co = coroutine.wrap(function() b.through(coroutine.yield, 1) end); return failure(co)", as: String.self).contains(
          "attempt to yield across a C-call boundary"))
      // A coroutine that begins inside the Swift frame may yield.
      #expect(try lua.evaluate("return b.through(function() local co = coroutine.wrap(function() coroutine.yield(5) end); return co() end)", as: Int.self) == 5)
    }

    @Test func errorsInFinalizersAndMetamethods() throws {
      #expect(try failure("b.text_of(setmetatable({}, {__tostring = function() error('in tostring', 0) end}))") == "in tostring")
      #expect(try failure("b.text_of(setmetatable({}, {__tostring = function() return {} end}))").contains("'__tostring' must return a string"))
      #expect(try failure("b.text_of(setmetatable({}, {__tostring = function() local t = nil; return t.x end}))").contains("attempt to index a nil value"))
    }
  }
}
