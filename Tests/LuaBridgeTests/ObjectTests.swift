import LuaBridge
import Testing

/// Userdata: its life, `<close>`, scopes, anchors and handles.
extension LuaBridgeTests {
  @Suite struct ObjectTests {
    @Test func metatablesAreHidden() throws {
      let lua = try Bound.interpreter()
      try lua.run(
        """
        local t = b.thing(4)
        assert(getmetatable(t) == "nnlua.Thing")
        assert(not pcall(setmetatable, t, {}))
        assert(tostring(t):match("^Thing: "))
        assert(t.half == 2.0 and t:value() == 4)
        assert(failure(function() return t.broken end):find("broken: on purpose", 1, true))
        -- what debug.getmetatable gives away must not crash either
        local meta = debug.getmetatable(t)
        assert(meta.__name == "Thing")
        for _, name in ipairs {"__gc", "__close", "__index", "__newindex"} do
          for _, value in ipairs {1, "x", {}, io.stdout, print, false} do pcall(meta[name], value, value, value) end
          pcall(meta[name])
        end
        meta.__gc(t); meta.__gc(t); meta.__close(t)
        assert(failure(function() return t:value() end):find("bad argument #1 to 'value' (Thing expected, got one that was freed)", 1, true)
          or failure(function() return t:value() end):find("calling 'value' on bad self (Thing expected, got one that was freed)", 1, true))
        """)
    }

    @Test func collectedAndClosed() throws {
      let before = Thing.alive, closings = Thing.closings
      do {
        let lua = try Bound.interpreter()
        try lua.run("for i = 1, 1000 do b.thing(i) end")
        lua.collectAll()
        #expect(Thing.alive == before)
        #expect(Thing.closings == closings)  // the collector's way is not `<close>`
        try lua.run("do local t <close> = b.thing(1) end; for i = 1, 3 do local t <close> = b.thing(i) end")
        #expect(Thing.alive == before)
        #expect(Thing.closings == closings + 4)
        // An error leaves the block: closed too. So does the end of a coroutine.
        try lua.run(
          """
          failure(function() local t <close> = b.thing(1); error("x") end)
          local co = coroutine.create(function() local t <close> = b.thing(1); coroutine.yield() end)
          coroutine.resume(co); coroutine.close(co)
          """)
        #expect(Thing.alive == before)
        #expect(Thing.closings == closings + 6)
        try lua.run("kept = b.thing(1)")
      }
      #expect(Thing.alive == before)  // the state's end frees what is left
    }

    @Test func scopes() throws {
      let before = Thing.alive
      let lua = try Bound.interpreter()
      try lua.run(
        """
        outside = b.thing(0)
        -- returned values live, in tables too, the rest is closed at once
        a, t = b.scope(function() local x, y, z = b.thing(1), b.thing(2), b.thing(3); lost = z; return x, {inner = {y}} end)
        assert(a:value() == 1 and t.inner[1]:value() == 2 and outside:value() == 0)
        assert(failure(function() lost:value() end):find("freed", 1, true))
        -- keep
        b.scope(function(keep) k1 = keep(b.thing(4)); k2 = {b.thing(5)}; keep(k2, nil, 3); lost = b.thing(6) end)
        assert(k1:value() == 4 and k2[1]:value() == 5 and not pcall(lost.value, lost))
        -- nested: what the inner one gives out belongs to the outer one
        b.scope(function() inner = b.scope(function() return b.thing(7) end); assert(inner:value() == 7) end)
        assert(not pcall(inner.value, inner))
        -- an error closes as well, but not what it carries
        local e = failure(b.scope, function() lost = b.thing(8); error({thing = b.thing(9)}) end)
        assert(e.thing:value() == 9 and not pcall(lost.value, lost))
        -- keep outlives its scope only as an error
        b.scope(function(keep) later = keep end)
        assert(failure(later, 1):find("keep: its scope has ended", 1, true))
        -- self-containing and deep tables
        local loop = b.scope(function() local t = {b.thing(10)}; t.self = t; return t end)
        assert(loop[1]:value() == 10)
        b.scope(function() local t = {}; for _ = 1, 100000 do t = {t} end; return t end)
        assert(select("#", b.scope(function() return 1, nil, nil end)) == 3)
        assert(failure(b.scope, 3):find("function expected, got number", 1, true))
        -- inside a coroutine that ends half-way
        local co = coroutine.create(function() b.scope(function() coroutine.yield() end) end)
        assert(not coroutine.resume(co))
        b.scope(function() lost = b.thing(11) end)
        assert(not pcall(lost.value, lost))
        """)
      try lua.run("outside, a, t, k1, k2, inner, lost, later = nil")
      lua.collectAll()
      #expect(Thing.alive == before)
    }

    @Test func anchorsMakeNoCycles() throws {
      let holders = Holder.alive
      let lua = try Bound.interpreter()
      // The anchored closure captures its holder: Lua's collector sees the cycle.
      try lua.run("for i = 1, 1000 do local h; local f = function() return h end; h = b.holder(f); assert(h:get() == f and h:get()() == h) end")
      lua.collectAll()
      lua.collectAll()
      #expect(Holder.alive == holders)
      // Anchored values live as long as the userdata.
      try lua.run("h = b.holder({42}); collectgarbage(); collectgarbage(); assert(h:get()[1] == 42)")
      // A chain of anchors is freed to its end.
      try lua.run("h = b.holder(1 and {}); for i = 1, 10000 do h = b.holder(h) end; h = nil")
      for _ in 0..<3 { lua.collectAll() }
      #expect(Holder.alive == holders)
    }

    @Test func handlesAreWeakNames() throws {
      let lua = try Bound.interpreter()
      let stack = lua.stack
      try lua.load("return {1}", name: "=table")
      try stack.call(arguments: 0, results: 1)
      let handle = stack.handle(at: -1)
      #expect(stack.handle(at: -1) == handle)
      #expect(stack.push(handle) && stack.rawEqual(-1, -2))
      stack.pop(2)
      lua.collectAll()
      #expect(!stack.push(handle) && stack.type(at: -1) == .nil)
      stack.pop()
    }

    @Test func referencesMayOutliveTheState() throws {
      var reference: LuaReference?
      do {
        let lua = try Bound.interpreter()
        do { try lua.run("error({})") } catch let raised as LuaRaised { reference = raised.value }
      }
      #expect(reference != nil)
      reference = nil
    }

    @Test func resurrectedUserdata() throws {
      let lua = try Bound.interpreter()
      try lua.run(
        """
        -- a finalizer of the script's sees userdata that may be finalized already
        for i = 1, 100 do
          local t = b.thing(i)
          setmetatable({}, {__gc = function() local ok, e = pcall(t.value, t); assert(ok or e:find("freed", 1, true)); saved = t end})
        end
        collectgarbage(); collectgarbage()
        assert(pcall(tostring, saved))
        """)
    }
  }
}
