import LuaBridge
import Tensors
import Testing

private let prelude = """
  local D = {dtype = "float64"}
  local function leaf(t) return T.tensor(t, {dtype = "float64", requires_grad = true}) end
  local cube = T.custom{name = "cube", forward = function(ctx, x) ctx:save(x); return x * x * x end,
    backward = function(ctx, g) local x = ctx.saved[1]; return 3 * g * x * x end}
  local x = leaf {1, 2, 3}
  local function bad(backward) return T.custom{name = "bad", forward = function(ctx, x, n) return x * 2 end, backward = backward} end
  """

private func custom(_ code: String) throws { try script(prelude.split(separator: "\n").joined(separator: " ") + " " + code) }

@Suite(.serialized) struct CustomFunctionTests {
  @Test func valuesAndGradients() throws {
    try custom(
      """
      local y = cube(x)
      same(y, {1, 8, 27})
      y:sum():backward()
      same(x.grad, {3, 12, 27})
      assert(T.gradcheck(cube, x))
      local wrong = T.custom{forward = function(ctx, x) return x * x end, backward = function(ctx, g) return g end}
      local ok, report = T.gradcheck(wrong, x)
      assert(not ok and report:find("backward gives"), report)
      assert(tostring(cube) == "CustomFunction(cube)" and cube.name == "cube" and wrong.name == "custom")
      """)
  }

  @Test func secondDerivatives() throws {
    try custom(
      """
      local function twice(f, x) local g = T.grad(f(x):sum(), x, {create_graph = true}); return T.grad(g:sum(), x) end
      same(twice(cube, x), {6, 12, 18})
      -- A saved result is followed too, alone or beside others.
      local exp = T.custom{forward = function(ctx, x) local y = x:exp(); ctx:save(y); return y end, backward = function(ctx, g) return g * ctx.saved[1] end}
      assert(T.allclose(twice(exp, x), x:exp()))
      local both = T.custom{forward = function(ctx, x) local a, b = x:exp(), x * x; ctx:save(b, a); return a, b end,
        backward = function(ctx, ga, gb) return ga * ctx.saved[2] + 2 * gb * ctx.saved[1]:sqrt() end}
      assert(T.allclose(twice(function(x) local a, b = both(x); return a * 3 + b end, x), x:exp() * 3 + 2))
      assert(T.allclose(twice(function(x) local a = both(x); return a end, x), x:exp()))
      local third = T.grad(T.grad(T.grad(exp(x):sum(), x, {create_graph = true}):sum(), x, {create_graph = true}):sum(), x)
      assert(T.allclose(third, x:exp()))
      """)
  }

  @Test func severalResultsAndOtherArguments() throws {
    try custom(
      """
      local y = leaf {0.1, 0.2}
      local needs
      local f = T.custom{name = "two", forward = function(ctx, x, k, y, flag)
        needs = needs or ctx.needs_input_grad
        ctx:save(x, nil, y)
        assert(ctx.saved[1] and ctx.saved.n == 3)
        ctx.k = k
        return x:sin(), "text", (y * k):exp():float(), flag
      end, backward = function(ctx, gs, nothing, ge)
        assert(nothing == nil and ctx.saved.n == 3 and ctx.saved[2] == nil and ge.dtype == "float32" and gs.dtype == "float64")
        local x, y = ctx.saved[1], ctx.saved[3]
        return gs * x:cos(), nil, ge:double() * ctx.k * (y * ctx.k):exp()
      end}
      local s, text, e, flag = f(x, 2, y, true)
      same(needs, {true, false, true, false})
      assert(text == "text" and flag == true and s.requires_grad and e.requires_grad)
      assert(T.gradcheck(function(x, y) local s, _, e = f(x, 2, y, true); return T.cat({s * s, e:double():log()}) end, {x, y}, {atol = 1e-2}))
      e:sum():backward()
      assert(T.allclose(y.grad, 2 * (2 * y):exp(), {rtol = 1e-5}))
      same(x.grad:abs(), {0, 0, 0})  -- no gradient reached that result
      """)
  }

  @Test func missingGradientsAreNone() throws {
    try custom(
      """
      local y = leaf {1, 1, 1}
      local f = T.custom{forward = function(ctx, a, b) return a * b end, backward = function(ctx, g) return g, nil end};
      f(x, y):sum():backward()
      same(x.grad, {1, 1, 1})
      assert(y.grad == nil)
      -- What comes after the last argument that needs one may be left out.
      bad(function(ctx, g) return g * 2 end)(x, 3):sum():backward()
      same(x.grad, {3, 3, 3})
      local one = leaf {5}
      bad(function(ctx, g) return g:sum():reshape(1) end)(one):sum():backward()
      same(one.grad, {1})
      """)
  }

  @Test func errorsNameTheFunction() throws {
    try custom(
      """
      local function run(backward, ...) local y = bad(backward)(...); return function() y:sum():backward() end end
      fails("custom 'bad': backward returned a gradient of shape {2} for argument 1 of shape {3}", run(function() return T.ones(2) end, x))
      fails("custom 'bad': backward returned 0 gradients for 1 argument; return one for each argument of forward, nil where there is none", run(function() end, x))
      fails("custom 'bad': backward returned 2 gradients for 1 argument", run(function(ctx, g) return g, g end, x))
      fails("custom 'bad': backward returned a gradient for argument 2, which is not a tensor; return nil for it", run(function(ctx, g) return g, g end, x, 3))
      fails("custom 'bad': backward returned a table for argument 1, expected a Tensor or nil", run(function() return {} end, x))
      fails("mine", run(function() error("mine") end, x))
      local keeps = T.custom{name = "keeps", forward = function(ctx, x) ctx:save(x); return x * 2 end, backward = function(ctx, g) return g * ctx.saved[1] end}
      local u = x * 1
      local v = keeps(u)
      u:add_(1)
      fails("backward: 'keeps' needs a tensor {3} as it was, but 'add_' has changed it in place since", function() v:sum():backward() end)
      local w = keeps(x)
      w:sum():backward()
      fails("backward: the graph of 'keeps' has been used and freed", function() w:sum():backward() end)
      fails("custom: ctx:save takes tensors, got number at place 2; keep other values in fields of ctx",
        T.custom{forward = function(ctx, x) ctx:save(x, 3) end, backward = print}, x)
      fails("bad argument #1 to 'custom' (function expected, got no value)", T.custom, {backward = print})
      fails("unknown option 'backwrd'; did you mean 'backward'?", T.custom, {forward = print, backwrd = print})
      -- An error in forward leaves recording as it was.
      pcall(T.custom{forward = function() error("x") end, backward = print}, x)
      assert((x * 2).requires_grad)
      """)
  }

  @Test func recordsOnlyWhereSomeoneFollows() throws {
    try custom(
      """
      assert(cube(x).requires_grad and not T.no_grad(function() return cube(x) end).requires_grad and not cube(x:detach()).requires_grad)
      -- Its ops are not recorded: only backward counts.
      local constant = T.custom{forward = function(ctx, x) assert(not (x * 2).requires_grad); return x * 2 end, backward = function(ctx, g) return g * 0 end}
      constant(x):sum():backward()
      same(x.grad, {0, 0, 0})
      -- A function that gives back its argument has a gradient of its own.
      x.grad = nil
      T.custom{forward = function(ctx, x) return x end, backward = function(ctx, g) return g * 5 end}(x):sum():backward()
      same(x.grad, {5, 5, 5})
      local y = cube(x):sum()
      x.grad = nil
      y:backward(nil, {retain_graph = true})
      y:backward()
      same(x.grad, {6, 24, 54})
      """)
  }

  @Test func outlivesWhatMadeIt() throws {
    try custom(
      """
      local function make()
        local factor = leaf {2, 2, 2}
        return T.custom{forward = function(ctx, x) return x * factor end, backward = function(ctx, g) return g * factor end}
      end
      local y = make()(x)
      local z = T.scope(function() local half = T.ones(3, D) / 2; return make()(T.custom{forward = function(ctx, x) ctx:save(half); return x * 1 end,
        backward = function(ctx, g) return g * ctx.saved[1] end}(x)) end)
      for _ = 1, 3 do collectgarbage() end
      y:sum():backward()
      same(x.grad, {2, 2, 2})
      """)
  }

  /// Graphs that are dropped are freed with all that they hold, whether or not backward ran.
  @Test func nothingLeaks() throws {
    let code = """
      local T = require "nnlua.tensor"
      for i = 1, 50 do
        local x = T.ones(1000, {requires_grad = true})
        local f
        f = T.custom{forward = function(ctx, x) local y = x * 2; ctx:save(x, y); ctx.x, ctx.y, ctx.ctx = x, y, ctx; return y, y * 1 end,
          backward = function(ctx, g) assert(f); return g * 2 end}
        local a, b = f(x)
        f(a)
        if i % 2 == 0 then (a + b):sum():backward() end
      end
      local module = {}
      for i = 1, 50 do  -- the closure reaches its own result: backward frees the graph
        module.f = T.custom{forward = function(ctx, x) return x * 2 end, backward = function(ctx, g) return g * (module.out and 2 or 1) end}
        module.out = module.f(T.ones(1000, {requires_grad = true}))
        module.out:sum():backward()
      end
      """
    let tensors = Tensor.alive, nodes = Node.alive, blocks = Storage.alive
    do {
      let lua = try LuaState()
      lua.install(TensorLibrary.library)
      try lua.run(code)
      for _ in 0..<6 {
        lua.collectAll()
        try lua.run("local T = require 'nnlua.tensor'; T.ones(1)")
      }
      lua.collectAll()
      #expect(Tensor.alive == tensors && Node.alive == nodes && Storage.alive == blocks, "\(Tensor.alive - tensors) tensors, \(Node.alive - nodes) nodes")
    }
    #expect(Tensor.alive == tensors && Node.alive == nodes && Storage.alive == blocks)
  }

  /// A graph that outlives its interpreter raises instead of running.
  @Test func aClosedStateIsAnError() throws {
    var y: Tensor?
    do {
      let lua = try LuaState()
      lua.install(TensorLibrary.library)
      y = try lua.evaluate(
        "local T = require 'nnlua.tensor'; return T.custom{name = 'late', forward = function(ctx, x) return x * 2 end, backward = function(ctx, g) return g end}(T.ones(2, {requires_grad = true}))",
        as: Tensor.self)
    }
    #expect(throws: LuaError.self) { try Reduction.sum(#require(y)).backward() }
    y = nil
  }
}
