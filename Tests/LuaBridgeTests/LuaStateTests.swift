import LuaBridge
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The interpreter as a whole: memory, collectors, coroutines, endless recursion.
extension LuaBridgeTests {
  @Suite struct LuaStateTests {
    @Test func runsLua() throws {
      let lua = try LuaState()
      #expect(try lua.evaluate("return 1 + 1", as: Int.self) == 2)
      #expect(throws: LuaRaised.self) { try lua.run("x x") }
      #expect(lua.stack.top == 0)
    }

    @Test func statesAreApart() throws {
      let one = try Bound.interpreter(), two = try Bound.interpreter()
      try one.run("x = b.thing(1)")
      #expect(try two.evaluate("return x == nil", as: Bool.self))
      #expect(try one.evaluate("return x:value()", as: Int.self) == 1)
    }

    @Test func memoryLimit() throws {
      let lua = try Bound.interpreter(memoryLimit: 8 << 20)
      #expect(try lua.evaluate("local ok, e = pcall(string.rep, 'x', 64 << 20); return tostring(e)", as: String.self).contains("not enough memory"))
      #expect(
        try lua.evaluate("local ok, e = pcall(function() local t = {}; while true do t[#t + 1] = {} end end); return tostring(e)", as: String.self).contains(
          "not enough memory"))
      // Inside Swift nothing is refused; the call raises when it returns.
      #expect(
        try lua.evaluate(
          "local s = ('x'):rep(3 << 20); local ok, e = pcall(function() local t = {}; for i = 1, 10 do t[i] = b.text(s .. i) end end); return tostring(e)",
          as: String.self
        )
        .contains("not enough memory"))
      lua.collectAll()
      #expect(lua.luaBytes < 1 << 20)
      #expect(try lua.evaluate("return b.add(1, 2)", as: Double.self) == 3)
    }

    @Test func recursionWithoutEnd() throws {
      let lua = try Bound.interpreter()
      try lua.run(
        """
        local function deep() return 1 + deep() end
        assert(tostring(failure(deep)):find("stack overflow", 1, true))
        local function through() b.through(through) end
        assert(tostring(failure(through)):find("stack overflow", 1, true))
        local function scoped() b.scope(scoped) end
        assert(tostring(failure(scoped)):find("stack overflow", 1, true))
        local function caught() local ok, e = pcall(b.through, caught); error(e, 0) end
        assert(tostring(failure(caught)):find("stack overflow", 1, true))
        local t = setmetatable({}, {}); getmetatable(t).__tostring = function(x) return b.text_of(x) end
        assert(tostring(failure(b.text_of, t)):find("stack overflow", 1, true))
        local function woven() return coroutine.wrap(function() b.through(woven) end)() end
        assert(tostring(failure(woven)):find("stack overflow", 1, true))
        assert(b.add(1, 2) == 3)
        """)
    }

    @Test(arguments: ["generational", "incremental"])
    func collectors(_ mode: String) throws {
      setenv("NNLUA_GC", mode, 1)
      defer { unsetenv("NNLUA_GC") }
      let before = Thing.alive, holders = Holder.alive
      let lua = try Bound.interpreter()
      #expect(try lua.evaluate("local now = collectgarbage('incremental'); collectgarbage(now); return now", as: String.self) == mode)
      // Old tables that are given young objects, closures, coroutines and strings, all through bound calls.
      try lua.run(
        """
        local old, ring = {}, {}
        for i = 1, 200000 do
          local t = b.thing(i)
          ring[i % 100 + 1] = {t, b.holder(ring), function() return t end}
          if i % 1000 == 0 then
            old[#old + 1] = coroutine.wrap(function() local mine = b.thing(i); while true do coroutine.yield(mine:value()) end end)
            for k, f in ipairs(old) do assert(f() == k * 1000) end
          end
          local r = ring[(i * 7) % 100 + 1]
          if r then assert(r[1]:value() == r[3]():value() and r[2]:get() == ring) end
        end
        """)
      for _ in 0..<3 { lua.collectAll() }
      #expect(Thing.alive == before && Holder.alive == holders)
    }

    @Test func coroutinesCallBoundFunctions() throws {
      let lua = try Bound.interpreter()
      try lua.run(
        """
        local list = {}
        for i = 1, 10000 do list[i] = coroutine.create(function(x) while true do x = coroutine.yield(b.thing(x):plus(i)) end end) end
        for round = 1, 5 do
          for i = 1, #list do
            local ok, y = coroutine.resume(list[i], round)
            assert(ok and y == round + i)
          end
        end
        local co = coroutine.wrap(function() b.fail("in a coroutine") end)
        assert(failure(co):find("in a coroutine", 1, true))
        assert(select(2, coroutine.resume(coroutine.create(function() b.add({}) end))):find("bad argument #1 to 'add' (number expected, got table)", 1, true))
        assert(not pcall(coroutine.resume, 3))
        assert(failure(coroutine.wrap, 3):find("bad argument #1", 1, true))
        local dead = coroutine.create(function() end); coroutine.resume(dead)
        assert(select(2, coroutine.resume(dead)):find("cannot resume dead coroutine", 1, true))
        """)
    }
  }
}
