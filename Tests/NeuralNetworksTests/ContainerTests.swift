import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// Containers, what every module can do, and the names scripts get wrong.
  @Suite(.serialized) struct ContainerTests {
    let lua: LuaState
    init() throws {
      lua = try LuaState()
      for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library, OptimizerLibrary.library] {
        lua.install(library)
      }
    }
    static let head = """
      local T, nn, F, optim = require 'nnlua.tensor', require 'nnlua.nn', require 'nnlua.nn.functional', require 'nnlua.optim'
      local function keys(t) local list = {}; for name in pairs(t) do list[#list + 1] = tostring(name) end return table.concat(list, " ") end
      local function fails(expected, f, ...)
        local ok, message = pcall(f, ...)
        assert(not ok and message:find(expected, 1, true), tostring(message) .. "\\n" .. expected)
      end

      """
    func run(_ code: String, location: SourceLocation = #_sourceLocation) throws {
      do { try lua.run(Self.head + code) } catch { Issue.record("\(error)", sourceLocation: location) }
    }

    @Test func lists() throws {
      try run(
        """
        local a, b, c = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
        local list = nn.ModuleList()
        assert(#list == 0 and list:append(a) == list and #list == 1)
        list:append(c):insert(2, b)
        assert(list[1] == a and list[2] == b and list[3] == c and list[-1] == c and #list == 3)
        assert(keys(list:named_parameters()) == "0.weight 0.bias 2.weight 2.bias", keys(list:named_parameters()))
        local seen = {}
        for i, m in ipairs(list) do seen[i] = m end
        assert(#seen == 3 and seen[1] == a and seen[3] == c)
        seen = {}
        for i, m in pairs(list) do seen[i] = m end
        assert(#seen == 3 and seen[2] == b)
        list[2] = nn.Tanh()
        assert(tostring(list[2]) == "Tanh()")
        assert(#list:extend({nn.ReLU(), nn.ReLU()}) == 5 and #list:extend(nn.Sequential(nn.Tanh())) == 6)
        fails("position 9 is out of range 1..6", function() return list[9] end)
        fails("position 7 is out of range 1..6", function() return list[7] end)
        assert(select("#", table.unpack(list, 1, #list)) == 6)
        fails("position 0 is out of range 1..6", function() return list[0] end)
        fails("position 7 is out of range 1..6", function() list[7] = a end)
        fails("insert: position 8 is out of range 1..7", list.insert, list, 8, a)
        fails("ModuleList has no forward", list, T.ones(1))
        fails("ModuleList: Module expected, got number", function() list[1] = 3 end)
        fails("extend: Module expected at position 2, got string", list.extend, list, {a, "b"})
        local net = nn.Sequential(a, b):append(c)
        assert(net(T.ones(1, 2)).shape[2] == 1)
        local named = nn.Sequential{{"first", a}, {"last", b}}
        assert(keys(named) == "first last" and #named:append(c) == 3 and keys(named) == "first last 3")
        fails("insert: the members of this Sequential have names; new ones can only be appended", named.insert, named, 1, c)
        fails("ModuleList: a module cannot contain itself", list.append, list, list)
        fails("Sequential: a module cannot contain itself", net.append, net, nn.Sequential(nn.Residual(net)))
        """)
    }

    @Test func dictionaries() throws {
      try run(
        """
        local d = nn.ModuleDict({{"conv", nn.Conv2d(1, 2, 3)}, {"act", nn.ReLU()}})
        assert(#d == 2 and keys(d) == "conv act" and d.act == d["act"] and d:contains("conv") and not d:contains("x"))
        assert(table.concat(d:keys(), " ") == "conv act" and d:values()[2] == d.act)
        d.fc = nn.Linear(2, 3)
        assert(keys(d) == "conv act fc" and keys(d:named_parameters()) == "conv.weight conv.bias fc.weight fc.bias")
        local other = nn.Tanh()
        d.act = other
        assert(keys(d) == "conv act fc" and d.act == other)
        d.conv = nil
        assert(keys(d) == "act fc" and #d == 2)
        assert(keys(nn.ModuleDict({b = nn.ReLU(), a = nn.Tanh()})) == "a b" and #nn.ModuleDict() == 0)
        local Net = nn.class("Net")
        function Net:init() self.parts = nn.ModuleDict({{"one", nn.Linear(2, 2)}}) end
        function Net:forward(x) return self.parts.one(x) end
        assert(keys(Net():state_dict()):find("parts.one.weight", 1, true))
        fails("ModuleDict has no 'cov'; did you mean 'conv'?", function() return nn.ModuleDict({conv = nn.ReLU()}).cov end)
        fails("ModuleDict: Module expected at 'a', got number", nn.ModuleDict, {a = 3})
        fails("ModuleDict: member 1 must be {name, module}", nn.ModuleDict, {nn.ReLU()})
        fails("ModuleDict: the name 'a' is used twice", nn.ModuleDict, {{"a", nn.ReLU()}, {"a", nn.ReLU()}})
        fails("ModuleDict: 'train' is a method of every ModuleDict", nn.ModuleDict, {train = nn.ReLU()})
        fails("a name is not empty and holds no dot, got \\"a.b\\"", nn.ModuleDict, {["a.b"] = nn.ReLU()})
        fails("ModuleDict: a module cannot contain itself", function() d.me = d end)
        fails("bad argument #1 to 'ModuleDict' (table of Modules expected, got number)", nn.ModuleDict, 3)
        """)
    }

    /// Lua modules that only their container holds live as long as it does, however they came in.
    @Test func membersAreKept() throws {
      try run(
        """
        local Net = nn.class("Net")
        function Net:init(v) self.v = v end
        function Net:forward(x) return x + self.v end
        local list, dict = nn.ModuleList(), nn.ModuleDict()
        list:append(Net(1)); list:insert(1, Net(2)); list:extend({Net(3)}); list[2] = Net(4)
        dict.a = Net(5)
        local chain = nn.Sequential():append(nn.Lambda(function(x) return x * 2 end)):append(Net(7))
        for _ = 1, 3 do collectgarbage() end
        assert(list[1].v == 2 and list[2].v == 4 and list[3].v == 3 and dict.a.v == 5)
        assert(chain(T.ones(1))[1] == 9)
        """)
    }

    @Test func everyModuleDoesIt() throws {
      try run(
        """
        local net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Residual(nn.Linear(4, 4)))
        assert(keys(net:named_modules()) == " 0 1 2 2.inner", keys(net:named_modules()))
        assert(keys(net:named_children()) == "0 1 2" and net:named_children()["2"] == net[3])
        assert(keys(net:named_buffers()) == "1.running_mean 1.running_var 1.num_batches_tracked")
        local n = 0
        for name, p in net:named_parameters() do n = n + p:numel() end
        assert(n == net:num_parameters() and #net:modules() == 5 and #net:children() == 3 and #net:buffers() == 3)
        assert(net:double() == net and net[1].weight.dtype == "float64" and net[2].num_batches_tracked.dtype == "int64")
        assert(net:float()[1].weight.dtype == "float32" and net:to("float64")[1].bias.dtype == "float64")
        fails("to: parameters can be float32 or float64, not int64", net.to, net, "int64")
        net:float()
        assert(net:eval().training == false and net[3].inner.training == false and net:train()[3].inner.training)
        net.training = false
        assert(net[1].training == false)
        net:requires_grad_(false)
        assert(not net[1].weight.requires_grad and #net:parameters() == 6 and not net(T.ones(2, 3)).requires_grad)
        net:requires_grad_(true):train()
        net(T.randn(5, 3)):sum():backward()
        assert(net[1].weight.grad and net:zero_grad()[1].weight.grad == nil)
        local kinds = {}
        assert(net:apply(function(m) kinds[#kinds + 1] = tostring(m):match("^%w+") end) == net)
        assert(table.concat(kinds, " ") == "Linear Residual BatchNorm1d Linear Sequential", table.concat(kinds, " "))
        local text = net:summary(2, 3)
        assert(text:find("total parameters: 44", 1, true) and text:find("[3].inner Linear(4 -> 4)  {2,4}", 1, true), text)
        local layer = nn.Identity()
        layer:register_buffer("count", T.zeros(2))
        assert(layer.count:sum():item() == 0 and layer:state_dict().count)
        fails("register_buffer: Identity has a 'count' already", layer.register_buffer, layer, "count", T.ones(1))
        fails("register_buffer: 'train' is a method of every Identity", layer.register_buffer, layer, "train", T.ones(1))
        local Net = nn.class("Net")
        function Net:init() self.w = nn.Parameter(T.zeros(3)); self.fixed = nn.Parameter(T.zeros(3), false) end
        assert(keys(Net():named_parameters()) == "w")
        local one = Net()
        one:register_buffer("seen", T.zeros(1)); one:register_buffer("seen", T.ones(2))
        assert(keys(one:named_buffers()) == "seen" and one.seen:numel() == 2)
        fails("bad argument", one.register_buffer, one, nil, T.ones(1))
        fails("bad argument", one.register_buffer, one, "x", 3)
        fails("register_buffer: Net has a 'w' already", one.register_buffer, one, "w", T.ones(1))
        """)
    }

    /// Modules that contain themselves are a mistake that ends nothing.
    @Test func cyclesEndInErrors() throws {
      try run(
        """
        local Net = nn.class("Net")
        function Net:init() self.fc = nn.Linear(2, 2) end
        local net = Net()
        net.me = net
        net:eval()
        assert(net.fc.training == false and #net:parameters() == 2)
        fails("modules are nested too deep", tostring, net)
        fails("modules are nested too deep", net.state_dict, net)
        """)
    }

    @Test func states() throws {
      try run(
        """
        local net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
        local before = net:state_dict()
        local copy = {}
        for name, x in pairs(before) do copy[name] = x:clone() end
        local state = {["0.weight"] = T.zeros(3, 3), ["0.bias"] = T.ones(2), extra = T.zeros(1), ["1.running_var"] = T.zeros(3), other = T.zeros(2)}
        fails("load_state_dict: missing: 1.weight, 1.bias, 1.running_mean, 1.num_batches_tracked; unexpected: extra, other; "
          .. "of another shape: 0.weight ({3,3} given, {2,3} here), 1.running_var ({3} given, {2} here)", net.load_state_dict, net, state)
        fails("of another shape: 0.weight", net.load_state_dict, net, state, {strict = false})
        for name, x in pairs(net:state_dict()) do assert(T.equal(x, copy[name]), name) end
        fails("load_state_dict", net.load_state_dict, net, {["0.weight"] = 3})
        -- a part in two places has both names; one of them is enough
        local shared = nn.Linear(2, 2)
        local twins = nn.Sequential(shared, nn.ReLU(), shared)
        assert(keys(twins:state_dict()):find("2.weight", 1, true) and #twins:parameters() == 2)
        twins:load_state_dict({["0.weight"] = T.ones(2, 2), ["2.bias"] = T.zeros(2)})
        assert(shared.weight:sum():item() == 4)
        fails("missing: 0.bias, 2.bias", twins.load_state_dict, twins, {["0.weight"] = T.ones(2, 2)})
        """)
    }

    @Test func namesThatAreNearlyRight() throws {
      try run(
        """
        local net, x = nn.Sequential(nn.Linear(2, 3)), T.ones(2)
        local opt = optim.SGD(net, {lr = 0.1})
        fails("nn has no 'Conv2D'; did you mean 'Conv2d'?", function() return nn.Conv2D end)
        fails("nn has no 'LayrNorm'; did you mean 'LayerNorm'?", function() return nn.LayrNorm(3) end)
        fails("functional has no 'cros_entropy'; did you mean 'cross_entropy'?", function() return F.cros_entropy end)
        fails("init has no 'xavier_normal'; did you mean 'xavier_normal_'?", function() return nn.init.xavier_normal end)
        fails("utils has no 'clip_grad_norm'; did you mean 'clip_grad_norm_'?", function() return nn.utils.clip_grad_norm end)
        fails("Sequential has no 'parametres'; did you mean 'parameters'?", function() net:parametres() end)
        fails("Sequential has no 'apend'; did you mean 'append'?", function() net:apend(net) end)
        fails("Linear has no 'wieght'; did you mean 'weight'?", function() return net[1].wieght end)
        fails("Linear has no field 'wieght' to set; did you mean 'weight'?", function() net[1].wieght = x end)
        fails("Linear has no field 'x1' to set; write a module of your own with nn.class to hold more", function() net[1].x1 = x end)
        fails("Linear has no field [1] to set", function() net[1][1] = x end)
        fails("Linear cannot be indexed by a boolean value", function() return net[1][true] end)
        fails("Tensor has no 'transpos'; did you mean 'transpose'?", function() x:transpos() end)
        fails("Tensor has no 'shap'; did you mean 'shape'?", function() return x.shap end)
        fails("Optimizer has no 'stepp'; did you mean 'step'?", function() opt:stepp() end)
        fails("Conv2d: unknown option 'strid'; did you mean 'stride'? (options: in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, init)",
          nn.Conv2d, 1, 2, 3, {strid = 2})
        fails("Conv2d: unknown option 'padding_mode' (options: in_channels", nn.Conv2d, 1, 2, 3, {padding_mode = "reflect"})
        fails("Upsample: unknown option 'scale_factr'; did you mean 'scale_factor'? (options: size, scale_factor, mode, align_corners)", nn.Upsample, {scale_factr = 2})
        fails("sum: unknown option 'keepdin'; did you mean 'keepdim'? (options: x, dim, keepdim)", x.sum, x, {keepdin = true})
        fails("SGD: unknown option 'momentm'; did you mean 'momentum'?", optim.SGD, net, {momentm = 1})
        fails("clip_grad_norm_: unknown option 'norm'", nn.utils.clip_grad_norm_, net, 1, {norm = 1})
        """)
    }
  }
}
