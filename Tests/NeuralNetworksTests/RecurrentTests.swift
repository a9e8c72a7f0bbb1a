import Kernels
import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// Recurrent layers against each other and against plain loops; PyTorch's values are in `Interchange`.
  @Suite(.serialized) struct Recurrent {
    private func run(_ code: String) throws {
      let lua = try LuaState()
      for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library] { lua.install(library) }
      try lua.run(
        """
        local T, nn, F = require 'nnlua.tensor', require 'nnlua.nn', require 'nnlua.nn.functional'
        local function near(a, b, atol) if not T.allclose(a, b, {atol = atol or 1e-6, rtol = 1e-5}) then error(tostring(a) .. tostring(b), 2) end end
        local function fails(want, f, ...)
          local ok, message = pcall(f, ...)
          if ok then error("no error; want " .. want, 2) end
          if not tostring(message):find(want, 1, true) then error("got '" .. tostring(message) .. "', want '" .. want .. "'", 2) end
        end
        -- Central differences of a score that is itself made of gradients.
        local function check(leaves, slopes)
          local found = T.grad(slopes(), leaves)
          for i, x in ipairs(leaves) do
            local flat = x:detach():view(-1)
            for k = 1, x:numel() do
              local value = flat[k]
              flat[k] = value + 1e-5
              local above = slopes():item()
              flat[k] = value - 1e-5
              local below = slopes():item()
              flat[k] = value
              local wanted, got = (above - below) / 2e-5, found[i]:reshape(-1)[k]
              assert(math.abs(got - wanted) <= 1e-6 * math.max(1, math.abs(wanted)), ("leaf %d[%d]: %g, differences %g"):format(i, k, got, wanted))
            end
          end
        end
        T.manual_seed(3)

        """ + code)
    }

    /// The formulas by ops of whole tensors; 600 hidden features are more than the kernel takes in one block.
    @Test func formulas() throws {
      try run(
        """
        local function double(...) return T.randn(..., {dtype = "float64"}) end
        for _, size in ipairs {{2, 1, 3, 1}, {3, 2, 5, 7}, {2, 19, 4, 33}, {2, 3, 5, 600}, {1, 0, 2, 3}} do
          local steps, samples, inputs, hidden = table.unpack(size)
          local x, h0, c0 = double{steps, samples, inputs}, double{1, samples, hidden}, double{1, samples, hidden}
          local function gates(net, x, h) return F.linear(x, net.weight_ih_l0, net.bias_ih_l0), F.linear(h, net.weight_hh_l0, net.bias_hh_l0) end
          local function part(p, k) return p:narrow(2, (k - 1) * hidden + 1, hidden) end

          local rnn, h, list = nn.RNN(inputs, hidden):to("float64"), h0[1], {}
          for t = 1, steps do local a, b = gates(rnn, x[t], h); h = (a + b):tanh(); list[t] = h end
          local y, last = rnn(x, h0)
          near(y, T.stack(list), 1e-12); near(last[1], h, 1e-12)

          local lstm, c = nn.LSTM(inputs, hidden):to("float64"), c0[1]
          h, list = h0[1], {}
          for t = 1, steps do
            local a, b = gates(lstm, x[t], h)
            local p = a + b
            c = part(p, 2):sigmoid() * c + part(p, 1):sigmoid() * part(p, 3):tanh()
            h = part(p, 4):sigmoid() * c:tanh()
            list[t] = h
          end
          local y, states = lstm(x, {h0, c0})
          near(y, T.stack(list), 1e-12); near(states[1][1], h, 1e-12); near(states[2][1], c, 1e-12)

          local gru = nn.GRU(inputs, hidden):to("float64")
          h, list = h0[1], {}
          for t = 1, steps do
            local a, b = gates(gru, x[t], h)
            local r, z = (part(a, 1) + part(b, 1)):sigmoid(), (part(a, 2) + part(b, 2)):sigmoid()
            local n = (part(a, 3) + r * part(b, 3)):tanh()
            h = (1 - z) * n + z * h
            list[t] = h
          end
          local y, last = gru(x, h0)
          near(y, T.stack(list), 1e-12); near(last[1], h, 1e-12)
        end
        """)
    }

    /// The gradients' own gradients, against central differences.
    @Test(arguments: [
      "nn.RNN(2, 3)", "nn.RNN(2, 3, {nonlinearity = 'relu'})", "nn.LSTM(2, 3, {bidirectional = true})", "nn.GRU(2, 3, {bias = false, bidirectional = true})",
      "nn.LSTM(2, 2, 2)",
    ])
    func secondDerivatives(_ layer: String) throws {
      try run(
        """
        local net = (\(layer)):to("float64")
        local x = T.randn(3, 2, 2, {dtype = "float64"}):requires_grad_()
        local leaves = net:parameters()
        table.insert(leaves, x)
        local function score()
          local y, states = net(x)
          local total = (y * T.range(1, y:numel()):sin():double():reshape(y.shape)):sum()
          for i, s in ipairs(type(states) == "table" and states or {states}) do total = total + (s * s):sum() * i end
          return total
        end
        local function slopes()
          local total = 0
          for i, g in ipairs(T.grad(score(), leaves, {create_graph = true})) do total = total + (g * T.range(1, g:numel()):cos():double():reshape(g.shape)):sum() end
          return total
        end
        -- The way by ops gives what the fused way gives.
        local open, fused = T.grad(score(), leaves, {create_graph = true}), T.grad(score(), leaves)
        for i = 1, #leaves do near(open[i], fused[i], 1e-12) end
        check(leaves, slopes)
        """)
    }

    @Test func anyNumberOfThreadsGivesTheSameBits() throws {
      let before = Parallel.threads
      defer { Parallel.threads = before }
      for layer in ["RNN", "LSTM", "GRU"] {
        var results: [[Double]] = []
        for count in [1, 4] {
          Parallel.threads = count
          let lua = try LuaState()
          for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library] { lua.install(library) }
          let y = try lua.evaluate(
            """
            local T, nn = require 'nnlua.tensor', require 'nnlua.nn'
            T.manual_seed(1)
            local net, x = nn.\(layer)(20, 160), T.randn(12, 45, 20):requires_grad_()
            local y = net(x)
            y:square():sum():backward()
            return T.cat({y:detach():flatten(), x.grad:flatten(), net.weight_hh_l0.grad:flatten(), net.bias_ih_l0.grad})
            """, as: Tensor.self)
          results.append(try y.values())
        }
        #expect(results[0] == results[1], "\(layer)")
      }
    }

    @Test func statesGoOn() throws {
      try run(
        """
        local x = T.randn(6, 2, 3)
        for _, net in ipairs {nn.RNN(3, 4, 2), nn.LSTM(3, 4, 2), nn.GRU(3, 4, 2)} do
          local whole, last = net(x)
          local first, states = net(x:narrow(1, 1, 4))
          local second, final = net(x:narrow(1, 5, 2), states)
          near(T.cat({first, second}, 1), whole)
          if type(last) == "table" then
            near(final[1], last[1]); near(final[2], last[2])
            near((net(x, states[1], states[2])), (net(x, states)))
          else
            near(final, last)
          end
        end
        """)
    }

    @Test func cellsAreTheLayersSteps() throws {
      try run(
        """
        for _, name in ipairs {"RNN", "LSTM", "GRU"} do
          local net, cell = nn[name](3, 4), nn[name .. "Cell"](3, 4)
          for _, p in ipairs {"weight_ih", "weight_hh", "bias_ih", "bias_hh"} do cell[p] = net[p .. "_l0"] end
          local x, h, c = T.randn(5, 2, 3)
          local y = net(x)
          for t = 1, 5 do
            if name == "LSTM" then h, c = cell(x[t], h and {h, c}) else h = cell(x[t], h) end
            near(h, y[t])
          end
          near((cell(x[1][1])), (cell(x[1]))[1])
          assert(#cell(x[1][1]).shape == 1)
        end
        """)
    }

    @Test func shapesAndDirections() throws {
      try run(
        """
        local net = nn.LSTM(3, 4, {num_layers = 2, bidirectional = true})
        local names = {}
        for name in net:named_parameters() do names[#names + 1] = name end
        assert(table.concat(names, " ", 1, 9) == "weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0 weight_ih_l0_reverse weight_hh_l0_reverse bias_ih_l0_reverse "
          .. "bias_hh_l0_reverse weight_ih_l1", table.concat(names, " "))
        assert(net.weight_ih_l1.shape[1] == 16 and net.weight_ih_l1.shape[2] == 8 and net.num_layers == 2)
        local x = T.randn(5, 2, 3)
        local y, states = net(x)
        assert(table.concat(y.shape, ",") == "5,2,8" and table.concat(states[1].shape, ",") == "4,2,4" and table.concat(states[2].shape, ",") == "4,2,4")
        near(states[1][3], y[{5, {}, {1, 4}}]); near(states[1][4], y[{1, {}, {5, 8}}])

        local batch = nn.LSTM(3, 4, {num_layers = 2, bidirectional = true, batch_first = true})
        batch:load_state_dict(net:state_dict())
        local by, bstates = batch(x:transpose(1, 2), states)
        local cy, cstates = net(x, states)
        near(by:transpose(1, 2), cy); near(bstates[1], cstates[1])

        local one, ostates = net(x:select(2, 1))
        near(one, y:select(2, 1)); near(ostates[1], states[1]:select(2, 1))
        near(batch(x:select(2, 1)), one)  -- one sequence has no batch to put first

        local back, forth = nn.GRU(3, 4, {bidirectional = true}), nn.GRU(3, 4)
        for _, p in ipairs {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"} do forth[p] = back[p .. "_reverse"] end
        near(back(x)[{ {}, {}, {5, 8} }], forth(x:flip(1)):flip(1))

        -- a batch of nothing
        local y, h = nn.GRU(3, 4, 2)(T.zeros(5, 0, 3, {requires_grad = true}))
        assert(table.concat(y.shape, ",") == "5,0,4" and table.concat(h.shape, ",") == "2,0,4")
        y:sum():backward()
        local b = math.sqrt(1 / 4)
        assert(net.weight_hh_l1:abs():max():item() <= b and net.weight_hh_l1:abs():max():item() > 0.9 * b)
        -- in a chain the output alone goes on; whole numbers become floats
        assert(table.concat(nn.Sequential(nn.LSTM(3, 4), nn.Linear(4, 2))(x).shape, ",") == "5,2,2")
        near(nn.Sequential(net)(T.ones(2, 1, 3, {dtype = "int64"})), (net(T.ones(2, 1, 3))))
        assert(tostring(net) == "LSTM(3 -> 4, 2 layers, bidirectional)", tostring(net))
        """)
    }

    @Test func dropoutBetweenLayers() throws {
      try run(
        """
        local net, x = nn.LSTM(3, 8, {num_layers = 2, dropout = 0.5}), T.randn(5, 2, 3)
        local function drawn(seed) T.manual_seed(seed); return (net(x)) end
        assert(T.equal(drawn(1), drawn(1)) and not T.equal(drawn(1), drawn(2)))
        net:eval()
        assert(T.equal(drawn(1), drawn(2)))
        -- the last layer's output is not dropped: with everything dropped between, the second layer reads zeros
        local all = nn.RNN(3, 8, {num_layers = 2, dropout = 1})
        near(all(x)[1][1], (all.bias_ih_l1 + all.bias_hh_l1):tanh())
        assert(T.equal(nn.GRU(3, 4, {dropout = 1})(x):eq(0):any(), T.tensor(false)), "one layer drops nothing")
        """)
    }

    @Test func mistakesAreNamed() throws {
      try run(
        """
        local net, x = nn.LSTM(3, 4), T.randn(5, 2, 3)
        fails("lstm: input must be {T,N,in} or one sequence {T,in}, got {3}", net, T.ones(3))
        fails("gru: input must be {N,T,in} or one sequence {T,in}, got {1,1,1,3}", nn.GRU(3, 4, {batch_first = true}), T.ones(1, 1, 1, 3))
        fails("lstm: input has 2 features, the layer expects 3 (input {5,2,2})", net, T.ones(5, 2, 2))
        fails("lstm: a sequence needs at least 1 step (input {0,2,3})", net, T.ones(0, 2, 3))
        fails("lstm: h must have shape {1,2,4}, got {2,4} (input {5,2,3})", net, x, {T.ones(2, 4), T.ones(1, 2, 4)})
        fails("lstm: c must have shape {1,2,4}, got {1,2,3}", net, x, T.ones(1, 2, 4), T.ones(1, 2, 3))
        fails("LSTM: give both states, {h, c}, or none", net, x, T.ones(1, 2, 4))
        fails("LSTM: the states must be {h, c}, got a list of 1", net, x, {T.ones(1, 2, 4)})
        fails("LSTM: c: Tensor expected, got number", net, x, {T.ones(1, 2, 4), 3})
        fails("LSTM: input: Tensor expected, got nothing", net)
        fails("LSTM: input: Tensor expected, got table", net, {x})
        fails("GRU: takes input and h, got 3 arguments", nn.GRU(3, 4), x, T.ones(1, 2, 4), T.ones(1, 2, 4))
        fails("GRU: h: Tensor expected, got table", nn.GRU(3, 4), x, {T.ones(1, 2, 4)})
        fails("lstm_cell: h must have shape {2,4}, got {4} (input {2,3})", nn.LSTMCell(3, 4), T.ones(2, 3), T.ones(4), T.ones(2, 4))
        fails("rnn_cell: input has 4 features, the cell expects 3", nn.RNNCell(3, 4), T.ones(2, 4))
        fails("rnn_cell: input must be {N,in} or {in}", nn.RNNCell(3, 4), T.ones(1, 2, 3))
        fails("RNN: nonlinearity must be \\"tanh\\" or \\"relu\\", got \\"gelu\\"", nn.RNN, 3, 4, {nonlinearity = "gelu"})
        fails("LSTM: unknown option 'num_layer'; did you mean 'num_layers'?", nn.LSTM, 3, 4, {num_layer = 2})
        fails("LSTM: num_layers must be in 1..1000, got 0", nn.LSTM, 3, 4, 0)
        fails("LSTM: dropout must be in 0..1, got 2", nn.LSTM, 3, 4, {dropout = 2})
        fails("GRU: sizes must be at least 1, got input_size 0, hidden_size 4", nn.GRU, 0, 4)
        fails("LSTM: not enough memory", nn.LSTM, 3, 1 << 22)
        fails("too many elements", nn.LSTM, 3, 1 << 40)
        fails("too many elements", nn.GRUCell, math.maxinteger, 3)
        fails("not enough memory", nn.RNN(1, 1 << 11), T.zeros(1, 1, 1):expand(1 << 20, 1 << 14, 1))
        -- what backward needs has been changed
        local y = nn.RNN(3, 4)(x)
        T.no_grad(function() y:mul_(2) end)
        fails("backward: 'rnn' needs a tensor", function() y:sum():backward() end)
        """)
    }
  }
}
