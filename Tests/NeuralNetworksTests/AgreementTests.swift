import LuaBridge
import NeuralNetworks
import Tensors
import Testing

/// What `scripts/compare-torch` found to differ from PyTorch in the functions of layers.
@Suite(.serialized) struct LayerAgreementTests {
  private func script(_ code: String) throws {
    let lua = try LuaState()
    for library in [TensorLibrary.library, FunctionalLibrary.library] { lua.install(library) }
    try lua.run("local T, F = require 'nnlua.tensor', require 'nnlua.nn.functional'\n" + code)
  }

  @Test func geluOfLargeNegativeNumbersIsZero() throws {
    try script(
      """
      local y = F.gelu(T.tensor({-8, -1000, -3e38, 1000}))
      for i = 1, 3 do assert(y[i] == 0, y[i]) end
      assert(y[4] == 1000)
      """)
  }

  @Test func seluFallsAsTheExponential() throws {
    // λ α exp(-14): y + λ α in float32 would be a quarter of a last digit of 1.76
    try script(
      """
      local x = T.tensor({-14}, {requires_grad = true})
      F.selu(x):sum():backward()
      assert(math.abs(x.grad[1] / (1.0507009873554805 * 1.6732632423543772 * math.exp(-14)) - 1) < 1e-6)
      """)
  }

  @Test func secondDerivativesOfEluAndSelu() throws {
    // as in PyTorch 0 at the bend, and no 0 · ∞ where exp(x) overflows
    try script(
      """
      for name, scale in pairs{elu = 1, selu = 1.0507009873554805 * 1.6732632423543772} do
        local x = T.tensor({-1, 0, 100}, {requires_grad = true})
        local g = T.grad(F[name](x), x, {grad_output = T.ones(3), create_graph = true})
        local second = T.grad(g:sum(), x)
        assert(math.abs(second[1] - scale * math.exp(-1)) < 1e-6)
        assert(second[2] == 0 and second[3] == 0)
      end
      """)
  }

  @Test func smallLossesOfLargeOutputsKeepTheirDigits() throws {
    // -log p of the right class is log(1 + exp(-13)), whatever is added to both outputs
    try script(
      """
      local y = F.cross_entropy(T.tensor({{1024, 1011}}, {dtype = "float64"}), T.tensor({1}))
      assert(math.abs(y:item() / (math.exp(-13) - math.exp(-26) / 2) - 1) < 1e-10)
      """)
  }

  @Test func cosineEmbeddingLossOfShortVectors() throws {
    // 10⁻¹² beside the squared norms 2.5 · 10⁻¹¹: cos = 2.4 · 10⁻¹¹ / 2.6 · 10⁻¹¹
    try script(
      """
      local a, b = T.tensor({{3e-6, 4e-6}}, {dtype = "float64"}), T.tensor({{4e-6, 3e-6}}, {dtype = "float64"})
      local y = F.cosine_embedding_loss(a, b, T.tensor({1}))
      assert(math.abs(y:item() - (1 - 2.4 / 2.6)) < 1e-14)
      """)
  }

  @Test func celuLeavesPositiveNumbersAlone() throws {
    // x / 0.327 · 0.327 overflows for the largest, and rounds others
    try script(
      """
      local x = T.tensor({3.4e38, 0.1, 1e-3, -0.5}, {requires_grad = true})
      local y = F.celu(x, {alpha = 0.327})
      for i = 1, 3 do assert(y[i]:item() == x[i]:item()) end
      assert(math.abs(y[4]:item() - 0.327 * (math.exp(-0.5 / 0.327) - 1)) < 1e-7)
      y:sum():backward()
      assert(x.grad[1] == 1 and x.grad[3] == 1 and math.abs(x.grad[4] - math.exp(-0.5 / 0.327)) < 1e-6)
      """)
  }

  @Test func meanOfALargeImage() throws {
    // 1/3 in float32, 90,000 times: a running sum in float32 would be off from the sixth digit on
    try script(
      """
      local y = F.adaptive_avg_pool2d(T.full({1, 300, 300}, 1 / 3), 1)
      assert(y:item() == T.tensor({1 / 3}):item())
      """)
  }

  @Test func ceilModeTakesAWindowLargerThanTheData() throws {
    // PyTorch: max_pool1d(tensor([[1., 9., 2., 3., 4.]]), 4, dilation=2, ceil_mode=True) is [[4.]]
    try script(
      """
      local y = F.max_pool1d(T.tensor({{1, 9, 2, 3, 4}}), 4, {dilation = 2, ceil_mode = true})
      assert(#y.shape == 2 and y:numel() == 1 and y:item() == 4)
      local ok, message = pcall(F.max_pool1d, T.tensor({{1, 9, 2, 3, 4}}), 4, {dilation = 4, ceil_mode = true})
      assert(not ok and message:find("larger than the padded image", 1, true), message)
      """)
  }
}
