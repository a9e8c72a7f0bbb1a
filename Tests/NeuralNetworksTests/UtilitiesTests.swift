import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// `nn.utils` and `nn.init`.
  @Suite(.serialized) struct UtilitiesTests {
    func run(_ code: String, location: SourceLocation = #_sourceLocation) throws {
      let lua = try LuaState()
      for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library] { lua.install(library) }
      do { try lua.run(Self.head + code) } catch { Issue.record("\(error)", sourceLocation: location) }
    }
    static let head = """
      local T, nn = require 'nnlua.tensor', require 'nnlua.nn'
      local utils, init = nn.utils, nn.init
      local function near(a, b, e) assert(math.abs(a - b) <= (e or 1e-6), a .. " is not " .. b) end
      local function fails(expected, f, ...)
        local ok, message = pcall(f, ...)
        assert(not ok and message:find(expected, 1, true), tostring(message) .. "\\n" .. expected)
      end
      local function with(...)
        local list = {}
        for i, g in ipairs {...} do
          list[i] = T.zeros(#g, {requires_grad = true, dtype = "float64"})
          list[i].grad = T.tensor(g, {dtype = "float64"})
        end
        return list
      end

      """

    @Test func normsAreCut() throws {
      try run(
        """
        local p = with({3, 0}, {0, 4, 0})
        local g = p[1].grad
        near(utils.clip_grad_norm_(p, 1), 5)
        near(g[1], 0.6, 1e-6); near(p[2].grad[2], 0.8, 1e-6)   -- in place
        near(utils.get_total_norm({p[1].grad, p[2].grad}), 1)
        p = with({3, 0}, {0, 4, 0})
        near(utils.clip_grad_norm_(p, 10), 5)
        assert(p[1].grad[1] == 3 and p[2].grad[2] == 4)
        near(utils.clip_grad_norm_(with({3, -1}, {0, 4, 0}), 1, {norm_type = 1}), 8)
        near(utils.clip_grad_norm_(with({3, -7}, {0, 4, 0}), 1, {norm_type = math.huge}), 7)
        near(utils.clip_grad_norm_(with({3, -7}, {0, 4, 0}), 1, 3), (27 + 343 + 64) ^ (1 / 3))
        -- a tensor twice in the list counts once; parameters without gradients not at all; a module, one tensor
        local p = with({3, 4})
        near(utils.clip_grad_norm_({p[1], p[1], T.ones(2, {requires_grad = true})}, 1), 5)
        near(p[1].grad:norm():item(), 1)
        near(utils.clip_grad_norm_(with({3, 4})[1], 1), 5)
        assert(utils.clip_grad_norm_(nn.Linear(2, 2), 1) == 0 and utils.clip_grad_norm_({}, 1) == 0)
        local net = nn.Linear(2, 1)
        net(T.ones(1, 2)):sum():backward()
        near(utils.clip_grad_norm_(net, 0), math.sqrt(3))
        assert(net.weight.grad:abs():sum():item() == 0)
        -- squares that overflow or vanish
        near(utils.clip_grad_norm_(with({3e200, 4e200}), 1) / 5e200, 1)
        near(utils.clip_grad_norm_(with({3e-200, 4e-200}), 1) * 1e200, 5)
        """)
    }

    @Test func gradientsThatAreNotFinite() throws {
      try run(
        """
        local p = with({0/0, 1}, {2})
        local norm = utils.clip_grad_norm_(p, 1)
        assert(norm ~= norm and p[2].grad[1] ~= p[2].grad[1], "as in PyTorch all become NaN")
        p = with({1/0, 1}, {2})
        assert(utils.clip_grad_norm_(p, 1) == math.huge and p[2].grad[1] == 0)
        p = with({1/0, 1})
        fails("clip_grad_norm_: the gradients' norm is math.huge; one of them is not finite", utils.clip_grad_norm_, p, 1, {error_if_nonfinite = true})
        assert(p[1].grad[2] == 1, "nothing has changed")
        p = with({0/0, -5, 5, 0.1, -1/0})
        utils.clip_grad_value_(p, 0.5)
        local g = p[1].grad
        assert(g[1] ~= g[1] and g[2] == -0.5 and g[3] == 0.5 and g[4] == 0.1 and g[5] == -0.5)
        fails("clip_grad_norm_: max_norm must be 0 or more, got -1", utils.clip_grad_norm_, p, -1)
        fails("clip_grad_norm_: max_norm must be 0 or more, got nan", utils.clip_grad_norm_, p, 0/0)
        fails("clip_grad_norm_: norm_type must be above 0, got 0", utils.clip_grad_norm_, p, 1, {norm_type = 0})
        fails("clip_grad_value_: clip_value must be 0 or more, got -1", utils.clip_grad_value_, p, -1)
        fails("bad argument #1 to 'clip_grad_norm_' (Module, Tensor or list of Tensors expected, got number)", utils.clip_grad_norm_, 3, 1)
        """)
    }

    @Test func parametersAsOneVector() throws {
      try run(
        """
        local net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        local v = utils.parameters_to_vector(net)
        assert(v:numel() == 13 and T.equal(v[{ {1, 6} }], net[1].weight:detach():reshape(6)))
        v:square():sum():backward()
        assert(T.allclose(net[1].weight.grad, net[1].weight:detach() * 2))
        utils.vector_to_parameters(T.range(1, 13), net)
        assert(net[1].weight[{3, 2}]:item() == 6 and net[2].bias:sum():item() == 13)
        fails("vector_to_parameters: vector must have shape {13}, as many values as the parameters, got {12}", utils.vector_to_parameters, T.zeros(12), net)
        fails("parameters_to_vector: there are no parameters", utils.parameters_to_vector, {})
        """)
    }

    @Test func initialValues() throws {
      try run(
        """
        T.manual_seed(5)
        near(init.calculate_gain("relu"), math.sqrt(2)); near(init.calculate_gain("tanh"), 5 / 3); near(init.calculate_gain("leaky_relu", 0.2), math.sqrt(2 / 1.04))
        fails("calculate_gain: unknown nonlinearity 'swish'", init.calculate_gain, "swish")
        local function std(name, ...) return init[name](T.zeros(300, 200, 2), ...):std():item() end
        near(std("xavier_normal_", 2), 2 * math.sqrt(2 / 1000), 1e-3)
        near(std("xavier_uniform_", {gain = 2}), 2 * math.sqrt(2 / 1000), 1e-3)
        near(std("kaiming_normal_", {nonlinearity = "relu", mode = "fan_out"}), math.sqrt(2 / 600), 1e-3)
        near(std("kaiming_uniform_", {a = math.sqrt(5)}), math.sqrt(1 / 3 / 400), 1e-3)
        local u = init.uniform_(T.zeros(5000), {a = -2, b = -1})
        assert(u:min():item() >= -2 and u:max():item() < -1)
        local t = init.trunc_normal_(T.zeros(5000), {std = 2, a = -1, b = 0.5})
        assert(t:min():item() >= -1 and t:max():item() <= 0.5)
        assert(T.equal(init.eye_(T.zeros(2, 3)), T.tensor({{1, 0, 0}, {0, 1, 0}})))
        assert(init.ones_(T.zeros(3)):sum():item() == 3 and init.zeros_(T.ones(3)):sum():item() == 0 and init.constant_(T.zeros(3), 2):sum():item() == 6)
        local q = init.orthogonal_(T.zeros(4, 2, 3), {gain = 2}):reshape(4, 6)
        assert(T.allclose(q:matmul(q:t()), T.eye(4) * 4, {atol = 1e-5}))
        -- a parameter may be filled, a view keeps the rest
        local net = nn.Linear(3, 3)
        assert(init.zeros_(net.weight) == net.weight or net.weight:abs():sum():item() == 0)
        fails("normal_: std must be 0 or more, got -1", init.normal_, T.zeros(3), 0, -1)
        fails("uniform_: a must not be above b, got 1 and 0", init.uniform_, T.zeros(3), 1, 0)
        fails("xavier_normal_: fan_in and fan_out need at least 2 dims, got shape {3}", init.xavier_normal_, T.zeros(3))
        fails("kaiming_normal_: mode must be \\"fan_in\\" or \\"fan_out\\", got \\"in\\"", init.kaiming_normal_, T.zeros(3, 3), {mode = "in"})
        fails("trunc_normal_: a must be below b, got 2 and 1", init.trunc_normal_, T.zeros(3), 0, 1, 2, 1)
        fails("eye_: needs 2 dims, got shape {3}", init.eye_, T.zeros(3))
        for _, value in ipairs {"he", "xavier", "default", 0.02} do assert(nn.ConvTranspose2d(2, 3, 3, {init = value}).weight:isfinite():all():item()) end
        fails("Conv1d: bad option 'init'", nn.Conv1d, 1, 1, 1, {init = "hee"})
        """)
    }
  }
}
