import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  @Suite(.serialized) struct PixelShuffling {
    private func run(_ code: String) throws {
      let lua = try LuaState()
      for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library] { lua.install(library) }
      try lua.run("local T, nn = require 'nnlua.tensor', require 'nnlua.nn'\n" + code, name: "=PixelShuffle")
    }

    /// Against the formula, element by element.
    @Test func formula() throws {
      try run(
        """
        local N, C, r, H, W = 2, 3, 2, 2, 3
        local x = T.rand(N, C * r * r, H, W)
        local y = nn.PixelShuffle(r)(x)
        assert(table.concat(y.shape, ",") == "2,3,4,6")
        for n = 1, N do for c = 0, C - 1 do for h = 0, H - 1 do for w = 0, W - 1 do for i = 0, r - 1 do for j = 0, r - 1 do
          assert(y[{n, c + 1, h * r + i + 1, w * r + j + 1}] == x[{n, c * r * r + i * r + j + 1, h + 1, w + 1}])
        end end end end end end
        """)
    }

    @Test(arguments: [
      ("nn.PixelShuffle(2)(T.rand(1, 6, 2, 2))", "the input must be (N, C r², H, W) with r = 2, got {1,6,2,2}"),
      ("nn.PixelShuffle(2)(T.rand(4, 2, 2))", "got {4,2,2}"), ("nn.PixelShuffle(0)", "upscale_factor must be at least 1, got 0"),
      ("nn.PixelShuffle(math.maxinteger)(T.rand(1, 4, 2, 2))", "the input must be"),
    ])
    func mistakes(_ code: String, _ expected: String) throws {
      do {
        try run(code)
        Issue.record("no error")
      } catch { #expect("\(error)".contains(expected), "\(error)") }
    }
  }
}
