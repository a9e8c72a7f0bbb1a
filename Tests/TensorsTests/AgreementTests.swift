import LuaBridge
import Tensors
import Testing

/// What `scripts/compare-torch` found to differ from PyTorch; the numbers are formulas or PyTorch 2.13's results.
@Suite(.serialized) struct AgreementTests {
  @Test func numbersKeepTheirDigitsInFloat64Gradients() throws {
    try script(
      """
      local function near(a, b) assert(math.abs(a - b) <= 1e-14 * math.abs(b), a .. " is not " .. b) end
      local function gradient(f)
        local x = T.tensor({0.3}, {dtype = "float64", requires_grad = true})
        f(x):backward(T.tensor({1}, {dtype = "float64"}))
        return x.grad:item()
      end
      near(gradient(function(x) return T.pow(1.685, x) end), 1.685 ^ 0.3 * math.log(1.685))
      near(gradient(function(x) return T.atan2(0.975, x) end), -0.975 / (0.975 ^ 2 + 0.3 ^ 2))
      near(gradient(function(x) return T.atan2(x, 0.975) end), 0.975 / (0.975 ^ 2 + 0.3 ^ 2))
      """)
  }

  @Test func gradientsWhereAFunctionHasNone() throws {
    try script(
      """
      local nan = 0 / 0
      local function gradients(f, a, b)
        local x, y = T.tensor({a}, {requires_grad = true}), T.tensor({b}, {requires_grad = true})
        f(x, y):sum():backward()
        return {x.grad[1], y.grad[1]}
      end
      local g = gradients(T.atan2, 0, 0)
      assert(g[1] == 0 and g[2] == 0)
      for _, f in ipairs{T.maximum, T.minimum} do
        same(gradients(f, nan, 2), {1, 1})
        same(gradients(f, 2, nan), {1, 1})
        same(gradients(f, 2, 2), {0.5, 0.5})
      end
      same(gradients(T.maximum, 3, 2), {1, 0})
      same(gradients(T.minimum, 3, 2), {0, 1})
      """)
  }

  @Test func slopeOfAPowerWhereTheExponentIsZero() throws {
    // ∂/∂b (b x^(b-1)) = 1 / x at b = 0; nothing infinite for x = 0
    try script(
      """
      local x = T.tensor({4, 0}, {dtype = "float64", requires_grad = true})
      local b = T.zeros(2, {dtype = "float64", requires_grad = true})
      local gx = T.grad(x:pow(b), x, {grad_output = T.ones(2, {dtype = "float64"}), create_graph = true})
      same(gx, {0, 0})
      assert(T.grad(gx:sum(), b)[1] == 0.25)
      """)
  }

  @Test func gradientsOfNarrowedCopiesAreSummedInTheSourcesType() throws {
    // 1 + 2⁻³⁰ is no float32: a sum in float32 would lose the last digits of 1,000 float32 gradients
    try script(
      """
      local g = T.range(1, 1000) * 1e-3 + 16
      local want = g:double():sum():item()
      local function check(write)
        local source, x = T.zeros(1, {dtype = "float64", requires_grad = true}), T.zeros(1000)
        write(x, source)
        x:backward(g)
        assert(source.grad:item() == want, ("%.17g is not %.17g"):format(source.grad:item(), want))
      end
      check(function(x, source) x:copy_(source) end)
      check(function(x, source) x[{ {} }] = source end)
      """)
  }

  @Test func varianceOfEqualNumbersAndOfTooFew() throws {
    try script(
      """
      for _, dtype in ipairs{"float32", "float64"} do
        local x = T.full({2, 7}, 0.1, {dtype = dtype}):requires_grad_()
        local s = x:std(2)
        same(s, {0, 0})
        s:sum():backward()
        same(x.grad, {{0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}})
      end
      assert(T.tensor({1, 2}):var({correction = 2}):item() == math.huge)
      assert(T.tensor({1, 2}):var({correction = 3}):item() == math.huge)
      assert(T.tensor({3}):var():isnan():item())
      """)
  }

  @Test func secondDerivativesOfProductsWithZeros() throws {
    // y = a b c: ∂²y/∂a∂b = c and so on; z[k] = the running product
    try script(
      """
      local function hessian(f, values)
        local x = T.tensor(values, {dtype = "float64", requires_grad = true})
        local g = T.grad(f(x), x, {create_graph = true})
        local rows = {}
        for i = 1, #values do rows[i] = T.grad(g[i], x, {retain_graph = true}):totable() end
        return rows
      end
      same(hessian(function(x) return x:prod() end, {0, 2, 3}), {{0, 3, 2}, {3, 0, 0}, {2, 0, 0}})
      same(hessian(function(x) return x:prod() end, {0, 0, 3}), {{0, 3, 0}, {3, 0, 0}, {0, 0, 0}})
      same(hessian(function(x) return x:reshape(1, 3, 1):prod({3, 2}):sum() end, {0, 2, 3}), {{0, 3, 2}, {3, 0, 0}, {2, 0, 0}})
      -- a + a b + a b c
      same(hessian(function(x) return x:cumprod(1):sum() end, {2, 0, 3}), {{0, 4, 0}, {4, 0, 2}, {0, 2, 0}})
      same(hessian(function(x) return x:reshape(1, 3, 1):cumprod(2):sum() end, {0, 0, 3}), {{0, 4, 0}, {4, 0, 0}, {0, 0, 0}})
      """)
  }

  @Test func slopesKeepTheirDigitsFarOut() throws {
    // exp(-30): y + 1 of expm1 would leave 9e-14 of it in float64 and nothing in float32
    try script(
      """
      for _, dtype in ipairs{"float32", "float64"} do
        local x = T.tensor({-30}, {dtype = dtype, requires_grad = true})
        local g = T.grad(x:expm1(), x, {grad_output = T.ones(1, {dtype = dtype}), create_graph = true})
        local want, near = math.exp(-30), dtype == "float32" and 1e-6 or 1e-14
        assert(math.abs(g[1]:item() / want - 1) < near)
        assert(math.abs(T.grad(g:sum(), x)[1] / want - 1) < near)
      end
      """)
  }

  @Test func infinityInOneColumnOfLogSumExp() throws {
    try script(
      """
      local inf = math.huge
      same(T.tensor({{inf, -3e38, -inf}, {4, 88, -inf}}):logsumexp(1), {inf, 88, -inf})
      same(T.tensor({{inf, -3e38}, {4, 88}}):logsumexp(2), {inf, 88})
      """)
  }

  @Test func gradientOfAnEmptyMatrixBesideABatch() throws {
    try script(
      """
      local a, b = T.ones(2, 1, 0, {requires_grad = true}), T.ones(0, 2, {requires_grad = true})
      local y = a:matmul(b)
      same(y, {{{0, 0}}, {{0, 0}}})
      y:sum():backward()
      same(a.grad.shape, {2, 1, 0})
      same(b.grad.shape, {0, 2})
      """)
  }

  @Test func emptyVectorsInCatAreFollowed() throws {
    try script(
      """
      local a, b = T.zeros(0, {requires_grad = true}), T.ones(2, {requires_grad = true})
      local ga, gb = table.unpack(T.grad(T.cat({a, b}):sum(), {a, b}))
      same(ga.shape, {0})
      same(gb, {1, 1})
      same(T.cat({T.zeros(0), T.ones(1, 2)}), {{1, 1}})
      """)
  }
}
