import LuaBridge
import NeuralNetworks
import Tensors
import Testing

/// Modules, containers, states and classes, as scripts see them.
@Suite(.serialized) struct ModuleTests {
  private func lua() throws -> LuaState {
    let lua = try LuaState()
    for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library, OptimizerLibrary.library] {
      lua.install(library)
    }
    return lua
  }

  private func run(_ code: String) throws {
    try lua().run("local T, nn, F, optim = require 'nnlua.tensor', require 'nnlua.nn', require 'nnlua.nn.functional', require 'nnlua.optim'\n" + code)
  }

  @Test func sequentialIsItsParts() throws {
    try run(
      """
      local a, b = nn.Linear(3, 4), nn.Linear(4, 2)
      local net = nn.Sequential(a, nn.Tanh(), b)
      local x = T.randn(5, 3)
      assert(T.equal(net(x), b(a(x):tanh())))
      assert(#net == 3 and net[1] == a and net[-1] == b)
      assert(net:num_parameters() == 3 * 4 + 4 + 4 * 2 + 2)
      local names = {}
      for name in net:named_parameters() do names[#names + 1] = name end
      assert(table.concat(names, " ") == "0.weight 0.bias 2.weight 2.bias", table.concat(names, " "))
      local named = nn.Sequential{{"first", a}, {"second", nn.ReLU()}}
      assert(named.first == a and named:named_parameters()["first.weight"].shape[1] == 4)
      assert(tostring(net):find("[3] Linear(4 -> 2)", 1, true), tostring(net))
      """)
  }

  /// Convolution and ReLU as one kernel, with pooling and without, give what they give one by one: values, every gradient, and gradients of gradients.
  @Test(arguments: ["1, 4, 3", "2, 5, {3, 2}, {stride = 2, padding = 1}", "2, 4, 3, {groups = 2, padding = \"same\"}", "1, 3, 3, {bias = false, dilation = 2}"])
  func fusedChainIsItsParts(_ options: String) throws {
    try run(
      """
      T.manual_seed(3)
      local conv = nn.Conv2d(\(options))
      local channels = conv.weight.shape[2] * (tostring(conv):find("groups") and 2 or 1)
      local pool, relu = nn.MaxPool2d(2), nn.ReLU()
      local x = T.randn(3, channels, 13, 12, {requires_grad = true})
      local weights
      local function gradients(y)
        weights = weights or T.randn(y.shape)
        conv:zero_grad(); x.grad = nil
        (y * weights):sum():backward()
        local list = {y:detach(), x.grad}
        for _, p in ipairs(conv:parameters()) do list[#list + 1] = p.grad end
        return list
      end
      local function same(fused, plain)
        for i = 1, #plain do assert(T.allclose(fused[i], plain[i], {rtol = 1e-5, atol = 1e-5}), i .. ": " .. tostring(fused[i]) .. tostring(plain[i])) end
      end
      same(gradients(nn.Sequential(conv, relu, pool)(x)), gradients(pool(relu(conv(x)))))
      weights = nil
      local net = nn.Sequential(conv, relu)
      local fused, plain = gradients(net(x)), gradients(relu(conv(x)))
      same(fused, plain)
      assert(fused[1]:eq(plain[1]):all():item())
      x = x:detach()  -- a first layer: weights alone have a gradient
      same(gradients(net(x)), gradients(relu(conv(x))))
      x:requires_grad_()
      local function twice(y) return T.grad((T.grad((y * y):sum(), {x}, {create_graph = true})[1] ^ 2):sum(), conv:parameters()) end
      same(twice(net(x)), twice(relu(conv(x))))
      """)
  }

  /// A dense layer and ReLU as one product give what they give one by one, to the bit: values and every gradient; and gradients of gradients.
  @Test(arguments: ["{7, 5}", "{5}", "{2, 3, 5}", "{0, 5}", "{200, 5}", "{128, 5, 3}"])
  func fusedDenseLayerIsItsParts(_ shape: String) throws {
    for (type, options) in [("float32", ""), ("float64", ", {bias = false}"), ("float64", "")] {
      try run(
        """
        T.manual_seed(3)
        local shape = T.zeros(\(shape)).shape
        local x = T.randn(shape, {dtype = "\(type)"})
        if #shape == 3 and shape[1] == 128 then x = x:transpose(2, 3) end      -- not contiguous, 384 rows
        x:requires_grad_()
        local dense, relu = nn.Linear(5, 6\(options)):to("\(type)"), nn.ReLU()
        if dense.bias then T.no_grad(function() dense.bias[1] = -100; dense.bias[2] = 100 end) end      -- all below 0, all above
        local net = nn.Sequential(dense, relu, nn.Linear(6, 2):to("\(type)"))
        local function open(x) return net[3](relu(dense(x))) end
        local function gradients(y)
          net:zero_grad(); x.grad = nil
          (y * y):sum():backward()
          local list = {y:detach(), x.grad}
          for _, p in ipairs(net:parameters()) do list[#list + 1] = p.grad end
          return list
        end
        local fused, plain = gradients(net(x)), gradients(open(x))
        assert(#fused == #plain and #fused > 4)
        for i = 1, #plain do assert(T.equal(fused[i], plain[i]), i .. ": " .. tostring(fused[i]) .. tostring(plain[i])) end
        T.no_grad(function() assert(T.equal(net(x), open(x))) end)
        net:eval()
        assert(T.equal(net(x):detach(), open(x):detach()))
        local function twice(y) return T.grad((T.grad((y * y):sum(), {x}, {create_graph = true})[1] ^ 2):sum(), {x, dense.weight, net[3].weight}) end
        local a, b = twice(net(x)), twice(open(x))
        for i = 1, #a do assert(T.allclose(a[i], b[i], {rtol = 1e-5, atol = 1e-5}), i) end
        """)
    }
  }

  @Test func fusedDenseLayerKeepsItsPartsVisible() throws {
    try run(
      """
      local net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
      local ok, message = pcall(net, T.zeros(2, 5))
      assert(message:find("in net[1] Linear(3 -> 4): linear: input has 5 features", 1, true), message)
      -- NaN goes through both, and whole numbers become floats
      assert(T.isnan(net(T.full({1, 3}, 0 / 0))):all():item())
      assert(T.equal(net(T.ones(2, 3, {dtype = "int64"})), net(T.ones(2, 3))))
      -- what backward needs may not be changed under it
      local h = nn.Sequential(nn.Linear(3, 4), nn.ReLU())(T.ones(2, 3))
      T.no_grad(function() h:add_(1) end)
      ok, message = pcall(function() h:sum():backward() end)
      assert(not ok and message:find("'linear, relu' needs a tensor {2,4} as it was", 1, true), message)
      """)
  }

  @Test func classesInLua() throws {
    try run(
      """
      local Base = nn.class("Base")
      function Base:init(n) self.fc1 = nn.Linear(3, n); self.layers = {nn.Linear(n, n), nn.ReLU()} end
      function Base:forward(x) for _, l in ipairs(self.layers) do x = l(x) end return x end
      local Net = nn.class("Net", Base)
      function Net:init(n)
        Base.init(self, n)
        self.scale = T.ones(1, {requires_grad = true})
        self:register_buffer("count", T.zeros(1))
      end
      function Net:forward(x) return Base.forward(self, self.fc1(x)) * self.scale end
      local net = Net(4)
      local names = {}
      for name in net:named_parameters() do names[#names + 1] = name end
      assert(table.concat(names, " ") == "fc1.weight fc1.bias layers.0.weight layers.0.bias scale" or table.concat(names, " ") == "scale fc1.weight fc1.bias layers.0.weight layers.0.bias", table.concat(names, " "))
      assert(#net:buffers() == 1 and #net:children() == 3)
      net:eval()
      assert(net.training == false and net.layers[1].training == false)
      net:train()
      local outer = nn.Sequential(net, nn.Linear(4, 1))
      outer(T.randn(2, 3)):sum():backward()
      assert(net.scale.grad ~= nil)
      local ok, message = pcall(outer, T.zeros(2, 5))
      assert(message:find("in net[1].fc1 Linear(3 -> 4): linear: input has 5 features", 1, true), message)
      local state = outer:state_dict()
      assert(state["0.layers.0.weight"] and state["0.count"])
      local twin = nn.Sequential(Net(4), nn.Linear(4, 1))
      twin:load_state_dict(state)
      local x = T.randn(2, 3)
      assert(T.equal(outer(x), twin(x)))
      assert(not pcall(nn.class, 5) and not pcall(nn.class, "X", {}))
      """)
  }

  @Test func statesThatDoNotFitSayAllAtOnce() throws {
    try run(
      """
      local net = nn.Linear(3, 2)
      local before = net.weight:clone()
      local ok, message = pcall(net.load_state_dict, net, {weight = T.zeros(3, 3), other = T.zeros(1)})
      assert(message:find("missing: bias; unexpected: other; of another shape: weight ({3,3} given, {2,3} here)", 1, true), message)
      assert(T.equal(net.weight, before))
      net:load_state_dict({weight = T.ones(2, 3), other = T.zeros(1)}, {strict = false})
      assert(net.weight:sum():item() == 6)
      """)
  }

  @Test func modulesChangeTypeInPlace() throws {
    try run(
      """
      local net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
      local opt = optim.SGD(net, {lr = 0.1})
      net:to("float64")
      assert(net[1].weight.dtype == "float64" and net[2].running_mean.dtype == "float64")
      local before = net[1].weight:clone()
      net(T.randn(4, 3, {dtype = "float64"})):square():sum():backward()
      opt:step()
      assert(not T.equal(net[1].weight, before), "the optimizer follows")
      """)
  }

  @Test func initialValuesHaveTheirSpread() throws {
    try run(
      """
      T.manual_seed(1)
      local function std(init) return nn.Linear(400, 300, {init = init}).weight:std():item() end
      assert(math.abs(std(0.01) - 0.01) < 2e-4)
      assert(math.abs(std("he") - math.sqrt(2 / 400)) < 1e-3)
      assert(math.abs(std("xavier") - math.sqrt(2 / 700)) < 1e-3)
      assert(math.abs(std("default") - 1 / math.sqrt(400) / math.sqrt(3)) < 1e-3)
      assert(nn.Linear(4, 3, {init = "he"}).bias:abs():sum():item() == 0)
      local q = nn.init.orthogonal_(T.zeros(3, 5))
      assert(T.allclose(q:matmul(q:t()), T.eye(3), {atol = 1e-5}))
      local w = nn.init.trunc_normal_(T.zeros(50, 50), 0, 1, -0.5, 0.5)
      assert(w:abs():max():item() <= 0.5)
      """)
  }

  @Test func batchNormKeepsRunningValues() throws {
    try run(
      """
      local norm = nn.BatchNorm1d(2)
      local x = T.tensor({{1, 10}, {3, 30}})
      local y = norm(x)
      assert(T.allclose(y, T.tensor({{-1, -1}, {1, 1}}), {atol = 1e-4}))
      -- mean 2, 20; unbiased variance 2, 200
      assert(T.allclose(norm.running_mean, T.tensor({0.2, 2})) and T.allclose(norm.running_var, T.tensor({0.9 + 0.2, 0.9 + 20})))
      assert(norm.num_batches_tracked:item() == 1)
      norm:eval()
      norm(x)
      assert(norm.num_batches_tracked:item() == 1)
      norm:train()
      local ok, message = pcall(norm, T.ones(1, 2))
      assert(not ok and message:find("batch_norm"), message)
      """)
  }
}
