import Testing

@Suite(.serialized) struct ViewsTests {
  @Test func shapes() throws {
    try script(
      """
      local x = T.range(1, 24):reshape(2, 3, 4)
      same(x:flatten().shape, {24}); same(x:flatten(2).shape, {2, 12}); same(x:flatten(1, -2).shape, {6, 4}); same(T.tensor(1):flatten(), {1})
      same(x:unflatten(3, {2, -1}).shape, {2, 3, 2, 2}); same(x:view(-1, 8).shape, {3, 8})
      same(T.zeros(1, 2, 1):squeeze().shape, {2}); same(T.zeros(1, 2, 1):squeeze(1).shape, {2, 1}); same(T.zeros(1, 2, 1):squeeze(2).shape, {1, 2, 1})
      same(x:unsqueeze(1).shape, {1, 2, 3, 4}); same(x:unsqueeze(-1).shape, {2, 3, 4, 1})
      same(x:permute(3, 1, 2).shape, {4, 2, 3}); same(x:permute({-1, 1, 2})[1], {{1, 5, 9}, {13, 17, 21}})
      same(x:transpose(1, -1).shape, {4, 3, 2}); same(T{{1, 2}, {3, 4}}:t(), {{1, 3}, {2, 4}}); same(T{1}:t(), {1})
      same(T{{1}, {2}}:expand(-1, 3), {{1, 1, 1}, {2, 2, 2}}); same(T{1, 2}:expand(2, -1), {{1, 2}, {1, 2}}); same(T{1, 2}:broadcast_to(2, 2), {{1, 2}, {1, 2}})
      same(T{1, 2}:tile(2), {1, 2, 1, 2}); same(T{{1, 2}}:tile(2, 2), {{1, 2, 1, 2}, {1, 2, 1, 2}}); same(T{1, 2}:tile(2, 1, 2).shape, {2, 1, 4}); same(T{1}:tile(0).shape, {0})
      same(x:transpose(1, 2):contiguous():flatten(), x:transpose(1, 2):flatten():totable())
      same(T.zeros(0, 3):reshape(3, 0).shape, {3, 0})
      """)
  }

  @Test func sharing() throws {
    try script(
      """
      local x = T.zeros(2, 3)
      x:view(6)[1] = 1; x:t()[2][1] = 2; x[2][3] = 3; x:unsqueeze(1)[1][1][3] = 4
      same(x, {{1, 2, 4}, {0, 0, 3}})
      -- a view where the strides allow it
      local y = T.range(1, 24):reshape(2, 3, 4):permute(2, 1, 3)
      y:view(3, 2, 2, 2)[1][1][1][1] = 100; assert(y[1][1][1] == 100)
      T.range(1, 12):reshape(3, 4)[{{1, 3}, {1, 2}}]:view(3, 2, 1)
      fails("view: a tensor {3,2,4} with strides {4,12,1} cannot be seen as {6,4} without a copy; use reshape", y.view, y, 6, 4)
      fails("view: {3,2,4} has 24 elements, which 7 does not divide", y.view, y, 7, -1)
      local c, d = x:clone(), x:detach()
      c[1][1] = 50; assert(x[1][1] == 1); d[1][1] = 60; assert(x[1][1] == 60)
      same(T.zeros(2, 2):fill_(3), {{3, 3}, {3, 3}}); same(T.ones(2):zero_(), {0, 0}); same(T.zeros(2, 2):copy_(long{1, 2}), {{1, 2}, {1, 2}})
      assert(T.zeros(1, {dtype = "int64"}):fill_(math.maxinteger)[1] == math.maxinteger)
      fails("copy_: shape {3} does not expand to {2}", x.copy_, T.zeros(2), T.zeros(3))
      fails("share memory; clone() it first", function() T.zeros(1):expand(3):fill_(1) end)
      """)
  }

  @Test func wrongShapes() throws {
    try script(
      """
      local x = T.zeros(2, 3)
      fails("flatten: dim 3 is out of range 1..2", x.flatten, x, 3)
      fails("flatten: first dim 2 comes after last dim 1", x.flatten, x, 2, 1)
      fails("unflatten: size 3 of dim 2 has 3 elements", x.unflatten, x, 2, {2, -1})
      fails("unsqueeze: dim 4 is out of range 1..3", x.unsqueeze, x, 4)
      fails("at most 8 dims", function() return T.zeros(1, 1, 1, 1, 1, 1, 1, 1):unsqueeze(1) end)
      fails("permute: 1 dims named, the tensor {2,3} has 2", x.permute, x, 1)
      fails("permute: a dim is named twice", x.permute, x, 1, 1)
      fails("t: a tensor of at most 2 dims expected, got {1,2,3}", T.t, T.zeros(1, 2, 3))
      fails("expand: shape {2,3} does not expand to {4,3}", x.expand, x, 4, 3)
      fails("expand: shape {1,3} does not expand to {2,1}", T.expand, T.zeros(1, 3), 2, 1)
      fails("-1 cannot stand for a new dim", x.expand, x, -1, 2, 3)
      fails("too many elements", x.tile, x, 1 << 40, 1 << 40)
      """)
  }

  @Test func rearranged() throws {
    try script(
      """
      local x = T{{1, 2, 3}, {4, 5, 6}}
      same(x:flip(1), {{4, 5, 6}, {1, 2, 3}}); same(x:flip({1, 2}), {{6, 5, 4}, {3, 2, 1}}); same(x:t():flip(-1), {{4, 1}, {5, 2}, {6, 3}})
      same(x:roll(1, 2), {{3, 1, 2}, {6, 4, 5}}); same(x:roll(1), {{6, 1, 2}, {3, 4, 5}}); same(x:roll({1, -1}, {1, 2}), {{5, 6, 4}, {2, 3, 1}}); same(x:roll(-7, 2), x:roll(2, 2):totable())
      same(x:pad({1, 0}), {{0, 1, 2, 3}, {0, 4, 5, 6}}); same(x:pad({0, -1, 1, 0}, {value = 9}), {{9, 9}, {1, 2}, {4, 5}})
      same(T.range(1, 3):pad({2, 2}, {mode = "reflect"}), {3, 2, 1, 2, 3, 2, 1}); same(T.range(1, 3):pad({2, 1}, {mode = "replicate"}), {1, 1, 1, 2, 3, 3})
      same(T.range(1, 3):pad({2, 1}, {mode = "circular"}), {2, 3, 1, 2, 3, 1}); same(T{true}:pad({1, 0}), {false, true})
      fails("widths come in pairs", x.pad, x, {1}); fails("cut more than size 3", x.pad, x, {-2, -2}); fails("the tensor {2,3} has 2", x.pad, x, {1, 1, 1, 1, 1, 1})
      fails("unknown mode", x.pad, x, {1, 1}, {mode = "mirror"}); fails("too large", x.pad, x, {math.maxinteger, 1}); fails("do not suit mode \\"reflect\\"", x.pad, x, {3, 0}, {mode = "reflect"})
      same(T.diag(T{1, 2}), {{1, 0}, {0, 2}}); same(T.diag(T{1}, -1), {{0, 0}, {1, 0}}); same(x:diag(), {1, 5}); same(x:diag(1), {2, 6}); same(x:diag(-1), {4}); same(x:diag(5), {})
      assert(x:trace():item() == 6)
      local y = T.ones(3, 3)
      same(y:tril(), {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}}); same(y:triu(1), {{0, 1, 1}, {0, 0, 1}, {0, 0, 0}}); same(y:tril(-5), T.zeros(3, 3):totable()); same(y:triu(-5), y:totable())
      same(T.ones(2, 1, 2):triu(), {{{1, 1}}, {{1, 1}}}); same(y:tril(math.mininteger), T.zeros(3, 3):totable()); same(T.ones(0, 2):tril().shape, {0, 2})
      """)
  }

  @Test func gradients() throws {
    for body in [
      "a:view(3, 2)", "a:flatten()", "a:t()", "a:unsqueeze(2):expand(2, 4, 3)", "a:tile(2, 3)", "a:t():contiguous()", "a:clone()", "a:t():reshape(6)", "a:flip(2)",
      "a:roll(1)", "a:roll({1, 1}, {1, 2})", "a:pad({1, -1, 0, 2})", "a:pad({1, 1}, {mode = 'reflect'})", "a:diag()", "a:trace()", "a:tril()", "a:triu(1)",
      "a:flatten():diag(1)",
      "a:squeeze()", "a:permute(2, 1)", "a:broadcast_to(2, 2, 3)",
    ] { try checkGradient("return function(a) return \(body) end", [[2, 3]]) }
    try checkGradient("return function(a, b) local x = a * 2; x:copy_(b); return x * a end", [[2, 3], [3]])
    try checkGradient("return function(a) local x = a * 2; x:fill_(3); return x * a end", [[2, 3]])
  }
}
