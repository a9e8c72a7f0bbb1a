import Testing

@Suite(.serialized) struct MakingTests {
  @Test func tables() throws {
    try script(
      """
      same(T{{1, 2}, {3, 4}}, {{1, 2}, {3, 4}})
      same(T.tensor(3), 3)
      assert(T{1}.dtype == "float32" and T{true, false}.dtype == "bool" and T(true):item() == true)
      assert(T.tensor({1, 2}, {dtype = "int64"}).dtype == "int64" and T{1, 2, dtype = "uint8"}.dtype == "uint8")
      assert(T.tensor({1.5}, {requires_grad = true}).requires_grad)
      assert(T{1, 2, requires_grad = true}.requires_grad)
      assert(long{9007199254740993}[1] == 9007199254740993)
      same(T{}.shape, {0}); same(T{{}, {}}.shape, {2, 0}); same(T{{{1}}}.shape, {1, 1, 1})
      same(T.tensor({true, false}, {dtype = "float32"}), {1, 0})
      local x = T{1, 2}
      local y = T.tensor(x); y[1] = 9; assert(x[1] == 1)
      assert(T.tensor(x, {dtype = "int64"}).dtype == "int64")
      same(T{x, T{3, 4}}, {{1, 2}, {3, 4}})
      same(T{{x, {3, 4}}, {{5, 6}, x}}, {{{1, 2}, {3, 4}}, {{5, 6}, {1, 2}}})
      same(T{T.tensor(1), 2, 3}, {1, 2, 3})
      same(T{0, T.tensor(1)}, {0, 1})
      local w = T.tensor({2, 3}, {requires_grad = true})
      assert(T{w[1], 7, w[2]}.requires_grad)
      """)
  }

  @Test func wrongTables() throws {
    try script(
      """
      fails("tensor: row {2} has 3 elements, row {1} has 2", T, {{1, 2}, {3, 4, 5}})
      fails("tensor: row {2,1} has 1 element, row {1,1} has 2", T, {{{1, 2}}, {{3}}})
      fails("tensor: {2} is nil", T, {1, nil, 3})
      fails("tensor: {1} is nil", T, {nil, 2})
      fails("tensor: {1,2} is a string", T, {{1, "2"}})
      fails("tensor: {2} is a boolean, the elements before it are numbers", T, {1, true})
      fails("tensor: {2} is a number, the elements before it are booleans", T, {true, 1})
      fails("tensor: {2} is a table", T, {1, {2}})
      fails("tensor: {2} is a number, the elements before it are tables", T, {{1}, 2})
      local t = {}; t[1] = t
      fails("nested deeper than 8", T, t)
      fails("nested deeper than 8", T, {{{{{{{{{1}}}}}}}}})
      fails("with the key 'x'", T, {x = 1})
      fails("with the key 'x'", T, {{1}, {2}, {}} and {{x = 1}})
      fails("tensor: {2} has shape {2}, the elements before it have {1}", T, {T{1}, T{1, 2}})
      fails("number, boolean, table or Tensor expected, got string", T, "1")
      fails("bad argument #1 to 'tensor'", T)
      fails("unknown dtype", T.tensor, {1}, {dtype = "float16"})
      fails("only float32 and float64", T.tensor, {true}, {requires_grad = true})
      """)
  }

  @Test func constants() throws {
    try script(
      """
      same(T.zeros(2, 3), {{0, 0, 0}, {0, 0, 0}}); same(T.ones({2}), {1, 1})
      same(T.full({2, 2}, 0.5), {{0.5, 0.5}, {0.5, 0.5}}); same(T.full(2, 3), {3, 3})
      assert(T.full(2, true).dtype == "bool" and T.full(2, 1, {dtype = "int64"}).dtype == "int64")
      assert(T.full(1, math.maxinteger, {dtype = "int64"})[1] == math.maxinteger)
      same(T.eye(2), {{1, 0}, {0, 1}}); same(T.eye(2, 3), {{1, 0, 0}, {0, 1, 0}}); same(T.eye(3, 1), {{1}, {0}, {0}}); same(T.eye(0).shape, {0, 0})
      same(T.range(1, 4), {1, 2, 3, 4}); same(T.range(4, 1, -1.5), {4, 2.5, 1}); same(T.range(0, 0.3, 0.1), {0, 0.1, 0.2, 0.3})
      assert(T.range(1, 3).dtype == "float32" and T.range(1, 3, {dtype = "int64"}).dtype == "int64")
      same(T.range(3, 1), {})
      assert(T.range(0, 1, 1e-6).shape[1] == 1000001)
      same(T.linspace(0, 1, 5), {0, 0.25, 0.5, 0.75, 1}); same(T.linspace(3, 9, 1), {3}); same(T.linspace(3, 9, 0), {})
      assert(T.linspace(0, 0.7, 8, {dtype = "float64"})[8] == 0.7)
      same(T.logspace(0, 3, 4), {1, 10, 100, 1000}); same(T.logspace(0, 2, 3, 2), {1, 2, 4})
      local x = T.ones(2, 1, {dtype = "float64"})
      assert(T.zeros_like(x).dtype == "float64" and x:ones_like({dtype = "bool"}).dtype == "bool")
      same(T.full_like(x, 7), {{7}, {7}})
      """)
  }

  @Test func impossibleShapes() throws {
    try script(
      """
      fails("not enough memory", T.zeros, 1e12, 8)
      fails("too many elements", T.zeros, 1 << 40, 1 << 40)
      fails("cannot be negative", T.ones, 2, -1)
      fails("at most 8 dims", T.zeros, 1, 1, 1, 1, 1, 1, 1, 1, 1)
      fails("bad argument #1 to 'zeros' (integer or list of integers expected", T.zeros, "2")
      fails("number has no integer representation", T.zeros, 1.5)
      fails("range: step is zero", T.range, 1, 2, 0)
      fails("finite", T.range, 1, math.huge)
      fails("too many elements", T.range, 1, 1e300)
      fails("cannot be negative", T.linspace, 0, 1, -1)
      fails("cannot be negative", T.eye, -1)
      fails("not enough memory", T.eye, 1 << 28)
      """)
  }

  @Test func stackedTablesAreFollowed() throws {
    try checkGradient("return function(a) return T.tensor({a[1] * a[2], 3, a[2]}, {dtype = 'float64'}) end", [[2]])
  }
}
