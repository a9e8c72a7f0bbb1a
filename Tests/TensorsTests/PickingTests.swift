import Testing

@Suite(.serialized) struct PickingTests {
  @Test func joining() throws {
    try script(
      """
      local x, y = T{{1, 2}, {3, 4}}, T{{5, 6}}
      same(T.cat({x, y}), {{1, 2}, {3, 4}, {5, 6}}); same(T.cat({x, x:t()}, 2), {{1, 2, 1, 3}, {3, 4, 2, 4}}); same(T.cat({T{}, T{1}, T{}}), {1}); same(T.cat({x, T{}}), x:totable())
      assert(T.cat({long{1}, T{0.5}}).dtype == "float32")
      same(T.stack({T{1, 2}, T{3, 4}}), {{1, 2}, {3, 4}}); same(T.stack({T{1, 2}, T{3, 4}}, -1), {{1, 3}, {2, 4}}); same(T.stack({T.tensor(1), T.tensor(2)}), {1, 2})
      local parts = T.range(1, 5):split(2); assert(#parts == 3); same(parts[1], {1, 2}); same(parts[3], {5})
      parts = T.range(1, 5):split({1, 4}); same(parts[2], {2, 3, 4, 5}); assert(#x:split(9) == 1 and #T.zeros(0):split(2) == 1)
      parts = x:split(1, 2); same(parts[2], {{2}, {4}})
      parts = T.range(1, 5):chunk(3); assert(#parts == 3); same(parts[3], {5}); assert(#T.range(1, 4):chunk(8) == 4)
      local X, Y = T.meshgrid(T{1, 2}, T{3, 4, 5}); same(X, {{1, 1, 1}, {2, 2, 2}}); same(Y, {{3, 4, 5}, {3, 4, 5}})
      X, Y = T.meshgrid({T{1, 2}, T{3, 4, 5}}, {indexing = "xy"}); same(X, {{1, 2}, {1, 2}, {1, 2}}); same(Y, {{3, 3}, {4, 4}, {5, 5}})
      fails("cat: tensor 2 has shape {2,3}, tensor 1 {2,2}: they may differ at dim 1 only", T.cat, {x, T.zeros(2, 3)})
      fails("cat: the list of tensors is empty", T.cat, {}); fails("use stack", T.cat, {T.tensor(1)})
      fails("Tensor expected, got number at position 2", T.cat, {x, 1})
      fails("stack: tensor 2 has shape {1,2}, tensor 1 {2,2}", T.stack, {x, y})
      fails("split: the size must be positive, got 0", x.split, x, 0); fails("do not add up to size 2 of dim 1", x.split, x, {1, 2}); fails("must be positive", x.chunk, x, 0)
      """)
  }

  @Test func picking() throws {
    try script(
      """
      local x = T{{1, 2, 3}, {4, 5, 6}}
      same(x:narrow(2, 2, 2), {{2, 3}, {5, 6}}); same(x:narrow(2, -1, 1), {{3}, {6}}); same(x:narrow(1, 3, 0).shape, {0, 3}); same(x:select(2, -1), {3, 6})
      same(x:index_select(1, {2, 1, 2}), {{4, 5, 6}, {1, 2, 3}, {4, 5, 6}}); same(x:index_select(2, long{-1}), {{3}, {6}}); same(x:t():index_select(1, T{3, 1}), {{3, 6}, {1, 4}})
      same(x:bool():index_select(2, 1), {{true}, {true}}); same(x:index_select(1, long{}).shape, {0, 3}); same(x:double():index_select(2, {3, 3}), {{3, 3}, {6, 6}})
      same(x:gather(2, long{{3, 1}, {2, 2}}), {{3, 1}, {5, 5}}); same(x:gather(1, long{{2, 1, 2}}), {{4, 2, 6}}); same(x:t():gather(1, long{{3, 1}}), {{3, 4}})
      same(x:take({1, 6, -1}), {1, 6, 6}); same(x:take(long{{2}, {3}}), {{2}, {3}})
      same(x:masked_select(x:gt(2)), {3, 4, 5, 6}); same(x:masked_select(T{true, false, true}), {1, 3, 4, 6})
      same(T{{0, 2}, {3, 0}}:nonzero(), {{1, 2}, {2, 1}}); same(T.zeros(2):nonzero().shape, {0, 1}); assert(T{1}:nonzero().dtype == "int64")
      same(T.one_hot(long{1, 3}, 3), {{1, 0, 0}, {0, 0, 1}}); same(long{{2}}:one_hot().shape, {1, 1, 2}); assert(long{1}:one_hot(2, {dtype = "float32"}).dtype == "float32")
      fails("narrow: 3 positions from 2 do not fit into dim 2 of size 3", x.narrow, x, 2, 2, 3)
      fails("select: position 3 is out of range for dim 1 of size 2 (shape {2,3})", x.select, x, 1, 3)
      fails("index_select: position 0 is out of range for dim 1 of size 2 (shape {2,3}); positions start at 1", x.index_select, x, 1, {1, 0})
      fails("gather: position 4 is out of range for dim 2 of size 3", x.gather, x, 2, long{{4}})
      fails("gather: positions {1} must have as many dims as the tensor {2,3}", x.gather, x, 2, long{1})
      fails("gather: positions {3,1} are larger than the tensor {2,3} at dim 1", x.gather, x, 2, T.ones(3, 1):long())
      fails("take: position 7 is out of range for 6 elements", x.take, x, {7})
      fails("masked_select: a mask must be bool, got float32", x.masked_select, x, x)
      fails("position 1.5 is not a whole number", x.index_select, x, 1, T{1.5})
      fails("one_hot: label 4 at position 2 is outside 1..3", T.one_hot, long{1, 4}, 3)
      fails("one_hot: label 0 at position 1", T.one_hot, long{0}, 3)
      """)
  }

  @Test func scattering() throws {
    try script(
      """
      same(T.zeros(2, 3):scatter_(2, long{{3}, {1}}, 5), {{0, 0, 5}, {5, 0, 0}}); same(T.zeros(3):scatter_(1, long{2, 2}, T{1, 7}), {0, 7, 0})
      same(T.zeros(3, 2):t():scatter_(2, long{{3}}, T{{4, 9}}), {{0, 0, 4}, {0, 0, 0}})
      same(T.ones(3):scatter_add_(1, long{1, 1, 3}, T{1, 2, 3}), {4, 1, 4}); same(long{1, 1}:scatter_add_(1, long{2}, 5), {1, 6})
      same(T.ones(3, 2):index_add_(1, {1, 1, 3}, T{{1, 2}, {3, 4}, {5, 6}}), {{5, 7}, {1, 1}, {6, 7}}); same(T.zeros(2, 3):t():index_add_(2, {2}, T.ones(3, 1), {alpha = 2}), {{0, 2}, {0, 2}, {0, 2}})
      local x = T{1, -2, 3}
      same(x:masked_fill(x:lt(0), 9), {1, 9, 3}); same(x, {1, -2, 3}); same(x:masked_fill_(x:lt(0), T.tensor(8)), {1, 8, 3}); same(x, {1, 8, 3})
      same(long{1, 2}:masked_fill(T{true, false}, 7), {7, 2}); same(T.zeros(2, 2):masked_fill(T{true, false}, 1), {{1, 0}, {1, 0}})
      fails("scatter_: position 4 is out of range for dim 1 of size 3", x.scatter_, x, 1, long{4}, 1)
      fails("scatter_: the source {1} is smaller than positions {2}", x.scatter_, x, 1, long{1, 2}, T{1})
      fails("index_add_: the source has shape {2}, 1 positions of dim 1 of {3} need {1}", x.index_add_, x, 1, {1}, T{1, 2})
      fails("masked_fill: shape {2} does not expand to {3}", x.masked_fill, x, T{true, false}, 1)
      fails("the value must have one element", x.masked_fill, x, x:gt(0), x)
      local w = T.ones(3, {requires_grad = true})
      fails("do it inside T.no_grad", w.scatter_, w, 1, long{1}, 1)
      """)
  }

  @Test func gradients() throws {
    for body in [
      "T.cat({a, b}, 2)", "T.cat({a, b, a}, 1)", "T.stack({a, b}, 3)", "a:split(2, 2)[2] * b:chunk(3, 2)[1]", "a:narrow(2, 2, 2)", "a:select(2, 3)",
      "a:index_select(2, {3, 1, 3})",
      "a:index_select(1, {2, 2})", "a:gather(2, long{{1, 1}, {3, 2}})", "a:t():gather(1, long{{1, 1}, {3, 2}})", "a:take({1, 6, 6})",
      "a:masked_select(T{true, false, true})",
      "a:masked_fill(T{true, false, true}, 3)", "a:masked_fill(T{true, false, true}, b[{1, 1}])", "(a * 2):masked_fill_(T{true, false, true}, b[{1, 1}])",
      "(a * 2):scatter_(2, long{{1, 3}, {2, 1}}, b)", "(a * 2):scatter_(2, long{{1}, {2}}, 4)", "(a * 2):scatter_add_(2, long{{1, 1}, {2, 1}}, b * b)",
      "T.zeros_like(a):scatter_(2, long{{2}, {1}}, b)",
      "(a * 2):index_add_(2, {1, 1, 2}, b, {alpha = 3})",
      "select(2, T.meshgrid(a:flatten(), b:flatten()))",
    ] { try checkGradient("return function(a, b) return \(body) * 1 + 0 * (a:sum() + b:sum()) end", [[2, 3], [2, 3]]) }
  }
}
