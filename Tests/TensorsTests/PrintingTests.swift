import Testing

@Suite(.serialized) struct PrintingTests {
  @Test func small() throws {
    try script(
      """
      local function shows(x, want) assert(tostring(x) == want, tostring(x)) end
      shows(T{{1, 2}, {3, 4}}, "tensor({{1.0000, 2.0000},\\n        {3.0000, 4.0000}})")
      shows(T{-1, 10.5}, "tensor({-1.0000, 10.5000})")
      shows(T.tensor(3.14159265), "tensor(3.1416)")
      shows(long{{1, -20}, {3, 4}}, "tensor({{  1, -20},\\n        {  3,   4}}, dtype=int64)")
      shows(T{true, false}, "tensor({ true, false})")
      shows(T.zeros(2), "tensor({0.0000, 0.0000})")
      shows(T{0 / 0, math.huge, -math.huge, 1}, "tensor({   nan,    inf,   -inf, 1.0000})")
      shows(T{1e-6, 1}, "tensor({1.0000e-06, 1.0000e+00})")
      shows(T{1e9}, "tensor({1.0000e+09})")
      shows(T{}, "tensor({})"); shows(T.zeros(0, 3), "tensor({}, shape={0,3})")
      shows(T.tensor({1.5}, {dtype = "float64", requires_grad = true}), "tensor({1.5000}, dtype=float64, requires_grad=true)")
      shows(T.zeros(2, 1, 1), "tensor({{{0.0000}},\\n\\n        {{0.0000}}})")
      shows(T.full(1, math.mininteger, {dtype = "int64"}), "tensor({-9223372036854775808}, dtype=int64)")
      assert("x = " .. T{1} == "x = tensor({1.0000})" and T{1} .. "!" == "tensor({1.0000})!")
      """)
  }

  @Test func large() throws {
    try script(
      """
      local t = tostring(T.range(1, 1001))
      assert(t == "tensor({1.0000e+00, 2.0000e+00, 3.0000e+00, ..., 9.9900e+02, 1.0000e+03,\\n        1.0010e+03}, shape={1001})", t)
      t = tostring(T.zeros(40, 40))
      assert(select(2, t:gsub("0.0000", "")) == 36 and select(2, t:gsub("%.%.%.", "")) == 7, t)
      assert(#tostring(T.zeros(7, 7, 7, 7, 7, 7, 7, 7)) < 40000)
      assert(#tostring(T.zeros(1):expand(1 << 50)) < 100)
      local wide = tostring(T.zeros(100))
      for line in wide:gmatch("[^\\n]+") do assert(#line <= 82, #line) end
      assert(select(2, wide:gsub("0.0000", "")) == 100)
      """)
  }
}
