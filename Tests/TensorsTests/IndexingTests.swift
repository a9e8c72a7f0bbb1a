import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct IndexingTests {
  @Test func numbersAndRanges() throws {
    try script(
      """
      local x = T.range(1, 12):reshape(3, 4)
      same(x[1], {1, 2, 3, 4}); same(x[-1], {9, 10, 11, 12}); assert(x[2][3] == 7 and x[{2, 3}] == 7 and x[{-1, -1}] == 12 and x[2.0][1] == 5)
      assert(math.type(long{5}[1]) == "integer" and T{true}[1] == true)
      same(x[{2}], {5, 6, 7, 8}); same(x[{{}, 2}], {2, 6, 10}); same(x[{{2, 3}}], {{5, 6, 7, 8}, {9, 10, 11, 12}}); same(x[{{1, 2}, {3, -1}}], {{3, 4}, {7, 8}})
      same(x[{{}, {1, 4, 2}}], {{1, 3}, {5, 7}, {9, 11}}); same(x[{{1, -1, 2}, 1}], {1, 9}); same(x[{2, {4, 1, -1}}], {8, 7, 6, 5}); same(x[{{3, 1, -2}}], {{9, 10, 11, 12}, {1, 2, 3, 4}})
      same(x[{}], x:totable()); same(x[{{}, {}}], x:totable()); same(x[{{2, 1}}].shape, {0, 4}); same(x[{{4, 3}}].shape, {0, 4}); same(x[{{1, 0}}].shape, {0, 4})
      same(T.zeros(0, 2)[{{}, 1}], {})
      x[1][1] = 100; assert(x[{1, 1}] == 100); x[{{}, 1}][2] = 50; assert(x[2][1] == 50)
      """)
  }

  @Test func tensorsAsKeys() throws {
    try script(
      """
      local x = T.range(1, 12):reshape(3, 4)
      same(x[long{3, 1}], {{9, 10, 11, 12}, {1, 2, 3, 4}}); same(x[T{-1}], {{9, 10, 11, 12}}); same(x[long{{1, 2}}].shape, {1, 2, 4}); same(x[T.tensor(2, {dtype = "int64"})], {5, 6, 7, 8})
      same(x[x:gt(10)], {11, 12}); same(x[T{true, false, true}], {{1, 2, 3, 4}, {9, 10, 11, 12}}); same(x[T.zeros(3):bool()].shape, {0, 4})
      same(x[{{}, long{4, 1}}], {{4, 1}, {8, 5}, {12, 9}}); same(x[{2, long{4, 1}}], {8, 5}); same(x[{T{3, -3}, 2}], {10, 2})
      same(x[{long{1, 3}, long{2, 4}}], {2, 12}); same(x[{long{{1}, {3}}, long{2, 4}}], {{2, 4}, {10, 12}})
      same(x[{T{true, false, true}, {1, 2}}], {{1, 2}, {9, 10}}); same(x[{{2, 3}, T{false, true, false, true}}], {{6, 8}, {10, 12}})
      local y = T.range(1, 24):reshape(2, 3, 4)
      same(y[{long{1, 2}, {}, long{1, 4}}], {{1, 5, 9}, {16, 20, 24}}); same(y[{{}, long{1, 3}, long{2, 2}}], {{2, 10}, {14, 22}}); same(y[{{}, y[1]:gt(10)}], {{11, 12}, {23, 24}})
      same(y[{1, long{{3}, {1}}, {1, 2}}], {{{9, 10}}, {{1, 2}}})
      same(y:permute(3, 1, 2)[{{1, 2}, 2, long{3, 1}}], {{21, 13}, {22, 14}})
      """)
  }

  @Test func assignments() throws {
    try script(
      """
      local x = T.zeros(2, 3)
      x[1] = 5; x[2] = T{1, 2, 3}; same(x, {{5, 5, 5}, {1, 2, 3}}); x[{2, 2}] = -1; x[{{}, 3}] = 0; same(x, {{5, 5, 0}, {1, -1, 0}})
      x[{{}, {1, 2}}] = T{{7}, {8}}; same(x, {{7, 7, 0}, {8, 8, 0}}); x[x:eq(7)] = 1; same(x, {{1, 1, 0}, {8, 8, 0}}); x[x:gt(0)] = T{1, 2, 3, 4}; same(x, {{1, 2, 0}, {3, 4, 0}})
      x[{{}, long{3, 1}}] = T{{10, 20}, {30, 40}}; same(x, {{20, 2, 10}, {40, 4, 30}}); x[{long{1, 2}, long{2, 3}}] = 0; same(x, {{20, 0, 10}, {40, 4, 0}})
      x[{}] = 3; same(x, {{3, 3, 3}, {3, 3, 3}}); x[{1, {3, 1, -1}}] = T{1, 2, 3}; same(x[1], {3, 2, 1}); x[2] = x[1]; x[{{}, {2, 3}}] = x[{{}, {1, 2}}]; same(x, {{3, 3, 2}, {3, 3, 2}})
      x[1] = T{{1, 2, 3}}; same(x[1], {1, 2, 3}); x[1][2] = 9; assert(x[1][2] == 9); x:t()[1] = T{0, 0}; same(x[{{}, 1}], {0, 0})
      local i = T.zeros(2, {dtype = "int64"}); i[1] = math.maxinteger; i[2] = 1.9; assert(i[1] == math.maxinteger and i[2] == 1); i[{{}}] = T{2.5, 3}; same(i, {2, 3})
      local b = T.zeros(3):bool(); b[1] = true; b[{{2, 3}}] = true; b[2] = false; same(b, {true, false, true})
      local u = T.zeros(2):byte(); u[1] = 200; same(u, {200, 0}); local z = T.tensor(1); z[{}] = 4; assert(z:item() == 4)
      local d = T.zeros(2, 3):double(); d[{long{2, 1}, {}, }] = T{1, 2, 3}; same(d, {{1, 2, 3}, {1, 2, 3}})
      local y = T.zeros(2, 3, 4); y[{long{1, 2}, {}, long{1, 4}}] = T{{1, 2, 3}, {4, 5, 6}}; same(y[{{}, {}, 1}], {{1, 2, 3}, {0, 0, 0}}); same(y[{2, {}, 4}], {4, 5, 6})
      """)
  }

  @Test func errors() throws {
    try script(
      """
      local x = T.zeros(3, 4)
      fails("index: position 4 is out of range for dim 1 of size 3 (shape {3,4})", function() return x[4] end)
      fails("index: position 0 is out of range for dim 1 of size 3 (shape {3,4}); positions start at 1", function() return x[0] end)
      fails("index: position -5 is out of range for dim 2 of size 4", function() return x[{1, -5}] end)
      fails("index: position 5 is out of range for dim 2 of size 4", function() x[{{}, {1, 5}}] = 1 end)
      fails("index: position 7 is out of range for dim 1 of size 3", function() return x[long{1, 7}] end)
      fails("index: position 9 is out of range for dim 1", function() x[9] = 1 end)
      fails("index: position 1.5 is not a whole number", function() return x[1.5] end)
      fails("index: 3 entries for a tensor of 2 dims {3,4}", function() return x[{1, 2, 3}] end)
      fails("index: a tensor without dims has no position 1", function() return T.tensor(1)[1] end)
      fails("index: a mask of shape {4} does not fit the tensor {3,4}", function() return x[T.ones(4):bool()] end)
      fails("index: a mask of shape {3} does not fit the tensor {3,4} from dim 2 on", function() return x[{1, T.ones(3):bool()}] end)
      fails("index: positions are int64, got uint8", function() return x[T.ones(1):byte()] end)
      fails("index: a range is {}, {first, last} or {first, last, step}, got 1 number at dim 1", function() return x[{{1}}] end)
      fails("the step of a range is zero", function() return x[{{1, 2, 0}}] end)
      fails("entry 1 must be a number, a range or a tensor, got nil; {} stands for a whole dim", function() return x[{nil, 1}] end)
      fails("entry 1 must be a number, a range or a tensor, got string", function() return x[{"a"}] end)
      fails("index: a number, a table or a tensor expected, got boolean", function() return x[true] end)
      fails("index: a number, a table or a tensor expected, got nil", function() return x[nil] end)
      fails("a list was expected, got a table with names", function() return x[{a = 1}] end)
      fails("shapes {2} and {3} do not broadcast", function() return x[{long{1, 2}, long{1, 2, 3}}] end)
      fails("index: a value of shape {3} cannot be assigned to a part of shape {4} (of a tensor {3,4})", function() x[1] = T{1, 2, 3} end)
      fails("number, boolean or Tensor expected as the value, got string", function() x[1] = "a" end)
      fails("number, boolean or Tensor expected as the value, got nil", function() x[1] = nil end)
      for _, k in ipairs{math.maxinteger, math.mininteger} do
        assert(not pcall(function() return x[k] end) and not pcall(function() return x[{{k, k}}] end) and not pcall(function() return x[{{1, 2, k}, k}] end))
        same(x[{{1, 2, k}}].shape, {k > 0 and 1 or 0, 4})
      end
      """)
  }

  @Test func tape() throws {
    try script(
      """
      local w = T.tensor({1, 2, 3}, {requires_grad = true})
      assert(w[1]:dim() == 0 and w[{2}].requires_grad and T.no_grad(function() return w[1] end) == 1)
      fails("do it inside T.no_grad", function() w[1] = 5 end)
      fails("do it inside T.no_grad", function() w[{{1, 2}}] = 5 end)
      T.no_grad(function() w[1] = 5 end); same(w, {5, 2, 3})
      local y = w * 2
      y[2] = w[1] * 3
      y:sum():backward(); same(w.grad, {5, 0, 2})
      local z = (w * 2):reshape(1, 3)
      fails("gradients cannot be followed through a change of a view", function() z[1][1] = 3 end)
      local out = T.zeros(2, 2)
      out[1] = w[1]; assert(out.requires_grad)
      local a = w * 1; local s = a * a; a[1] = 0
      fails("'index assignment' has changed it in place since", function() s:sum():backward() end)
      """)
  }

  @Test func gradients() throws {
    for key in [
      "2", "{2, 3}", "{{}, 2}", "{{1, 2}, {1, 4, 2}}", "{2, {4, 1, -1}}", "T{2, 2, 1}", "{{}, T{4, 4, 1}}", "{T{1, 1, 3}, T{2, 2, 4}}", "{T{{1}, {3}}, T{2, 4}}",
      "T{true, false, true}",
      "{{2, 3}, T{false, true, true, false}}", "{}", "{{2, 1}}", "T.ones(3, 4):bool()",
    ] {
      try checkGradient("return function(a) return a[\(key)] + 0 end", [[3, 4]])
      try checkGradient("return function(a) local x = a * 2; x[\(key)] = 3; return x * a end", [[3, 4]])
    }
    for key in ["2", "{{1, 2}, {}}", "{{3, 1, -1}}", "{1, {}}", "{T{3, 1}}", "{T{false, true, false}}"] {
      try checkGradient("return function(a, b) local x = a * 2; x[\(key)] = b * b; return x * a end", [[3, 4], [4]])
    }
    try checkGradient(
      "return function(a, b) local x = T.zeros(3, 4, {dtype = 'float64'}); x[{{}, T{2, 4}}] = a:t(); x[{1, 1}] = b[{1}]; return x * x end", [[2, 3], [2]])
    try checkGradient(
      "return function(a) local y = T.zeros(2, 3, 4, {dtype = 'float64'}); y[{T{1, 2}, {}, T{1, 4}}] = a; return y[{{}, T{3, 1}, {1, 4, 3}}] * 2 end", [[2, 3]])
  }

  /// Second derivatives go through reading and writing.
  @Test func secondGradients() throws {
    try script(
      """
      local x = T.tensor({{1, 2}, {3, 4}}, {requires_grad = true, dtype = "float64"})
      local function f() local y = x * 1; y[{1, 2}] = x[{2, 1}] ^ 3; return (y[{{}, T{2, 1}}] * y):sum() end
      local g = T.grad(f(), x, {create_graph = true})
      local h = T.grad(g[{2, 1}] * 1, x)
      -- f = 2 y11 y12 + 2 y21 y22 with y12 = x21³: ∂f/∂x21 = 6 x11 x21² + 2 x22
      assert(math.abs(g[{2, 1}]:item() - (6 * 9 + 8)) < 1e-9)
      same(h, {{54, 0}, {36, 2}})
      """)
  }
}
