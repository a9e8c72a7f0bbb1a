import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// Attention and Transformer layers; PyTorch's values are in `Interchange`.
  @Suite(.serialized) struct Attention {
    private func run(_ code: String) throws {
      let lua = try LuaState()
      for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library] { lua.install(library) }
      try lua.run(
        """
        local T, nn, F = require 'nnlua.tensor', require 'nnlua.nn', require 'nnlua.nn.functional'
        local attend = F.scaled_dot_product_attention
        local function near(a, b, atol) if not T.allclose(a, b, {atol = atol or 1e-6, rtol = 1e-5}) then error(tostring(a) .. tostring(b), 2) end end
        local function shape(x) return table.concat(x.shape, ",") end
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

    @Test func dotProducts() throws {
      try run(
        """
        local q, k, v = T.randn(2, 3, 4, 5), T.randn(2, 3, 6, 5), T.randn(2, 3, 6, 2)
        local function plain(added, scale) return F.softmax(q:matmul(k:transpose(3, 4)) * (scale or 1 / math.sqrt(5)) + (added or 0), 4):matmul(v) end
        near(attend(q, k, v), plain())
        near(attend(q, k, v, {scale = 2}), plain(nil, 2))
        local added = T.randn(4, 6)
        near(attend(q, k, v, added), plain(added))
        -- true: may look
        local mask = T.rand(2, 1, 4, 6):gt(0.4)
        mask[{ {}, {}, {}, 1 }] = true
        near(attend(q, k, v, {attn_mask = mask}), plain(T.where(mask, T.zeros(1), T.full({1}, -math.huge))))
        local causal = attend(q, k, v, {is_causal = true})
        near(causal, attend(q, k, v, T.ones(4, 6):tril():gt(0)))
        near(causal:select(3, 1), v:select(3, 1))
        -- dims in front broadcast
        near(attend(q, k[1], v[1][1])[2], attend(q[2], k[1], v[1][1]:expand(3, 6, 2)))
        -- a query that may look nowhere gets 0, and no gradient is lost in NaN
        mask[{1, 1, 2, {}}] = false
        local leaves = {q:clone():requires_grad_(), k:clone():requires_grad_(), v:clone():requires_grad_()}
        local y = attend(leaves[1], leaves[2], leaves[3], mask)
        assert(y[{1, {}, 2, {}}]:abs():sum():item() == 0 and y[{2, {}, 2, {}}]:abs():sum():item() > 0)
        y:sum():backward()
        for _, x in ipairs(leaves) do assert(x.grad:isfinite():all():item()) end
        assert(leaves[1].grad[{1, {}, 2, {}}]:abs():sum():item() == 0)
        local far = attend(q, k, v, T.full({4, 6}, -math.huge))
        assert(far:abs():sum():item() == 0)
        -- NaN stays visible
        local bad = q:clone()
        bad[{1, 1, 1, 1}] = 0/0
        assert(attend(bad, k, v, mask):isnan():any():item())
        -- dropout as seeded
        T.manual_seed(5)
        local a = attend(q, k, v, {dropout_p = 0.5})
        T.manual_seed(5)
        assert(T.equal(a, attend(q, k, v, {dropout_p = 0.5})) and not T.equal(a, attend(q, k, v)))
        assert(attend(q, k, v, {dropout_p = 1}):abs():sum():item() == 0)
        -- of nothing
        assert(shape(attend(T.zeros(2, 0, 5), T.zeros(2, 3, 5), T.zeros(2, 3, 4))) == "2,0,4")
        assert(attend(T.zeros(2, 3, 5), T.zeros(2, 0, 5), T.zeros(2, 0, 4)):abs():sum():item() == 0)
        assert(attend(q:double(), k:double(), v:double()).dtype == "float64")
        """)
    }

    @Test func heads() throws {
      try run(
        """
        local net = nn.MultiheadAttention(6, 3)
        assert(net.in_proj_bias:abs():sum():item() == 0 and net.out_proj.bias:abs():sum():item() == 0 and shape(net.in_proj_weight) == "18,6")
        local names = {}
        for name in nn.MultiheadAttention(6, 3, {kdim = 4}):named_parameters() do names[#names + 1] = name end
        assert(table.concat(names, " ") == "q_proj_weight k_proj_weight v_proj_weight in_proj_bias out_proj.weight out_proj.bias", table.concat(names, " "))
        local x = T.randn(5, 2, 6)
        local y, weights = net(x, x, x)
        assert(shape(y) == "5,2,6" and shape(weights) == "2,5,5")
        near(weights:sum(3), T.ones(2, 5))
        local z, all = net(x, x:clone(), x:clone(), {average_attn_weights = false})  -- three tensors: projected one by one
        near(y, z); near(all:mean(2), weights); assert(shape(all) == "2,3,5,5")
        assert(select("#", net(x, x, x, {need_weights = false})) == 1)
        near(net(x, x, x, {is_causal = true}), (net(x, x, x, {attn_mask = T.ones(5, 5):triu(1):gt(0)})))  -- true: may not look
        near(net(x, x, x, nil, true, T.ones(5, 5):triu(1):gt(0)), (net(x, x, x, {is_causal = true})))  -- PyTorch's order
        local padding = T.tensor({{false, false, false, false, false}, {false, false, false, true, true}})
        local masked, shown = net(x, x, x, {key_padding_mask = padding})
        assert(shown[{2, {}, {4, 5}}]:abs():sum():item() == 0 and shown[{1, {}, {4, 5}}]:abs():sum():item() > 0)
        near(masked:select(2, 2), (net(x:select(2, 2), x[{ {1, 3}, 2 }], x[{ {1, 3}, 2 }])))
        near(net(x, x, x, {key_padding_mask = T.where(padding, T.full({1}, -math.huge), T.zeros(1))}), masked)
        local each = T.randn(6, 5, 5)
        local _, per = net(x, x, x, {attn_mask = each, average_attn_weights = false})
        local _, one = net(x:select(2, 2), x:select(2, 2), x:select(2, 2), {attn_mask = each[5], average_attn_weights = false})
        near(per[{2, 2}], one[2])  -- sample 2, head 2 is matrix (2 - 1) · 3 + 2
        local batch = nn.MultiheadAttention(6, 3, {batch_first = true})
        batch:load_state_dict(net:state_dict())
        local t = x:transpose(1, 2)
        near(batch(t, t, t):transpose(1, 2), y)
        near(nn.Sequential(net)(x), y)
        local lone = net(x:select(2, 1), x:select(2, 1), x:select(2, 1))
        near(lone, y:select(2, 1))
        assert(shape((net(T.zeros(5, 0, 6), T.zeros(4, 0, 6), T.zeros(4, 0, 6)))) == "5,0,6")
        -- dropout in training alone
        local drop = nn.MultiheadAttention(6, 3, {dropout = 0.5})
        drop:load_state_dict(net:state_dict())
        T.manual_seed(1); local a = drop(x, x, x); T.manual_seed(1); local b = drop(x, x, x)
        assert(T.equal(a, b) and not T.allclose(a, y))
        near(drop:eval()(x, x, x), y)
        """)
    }

    @Test func secondDerivatives() throws {
      try run(
        """
        for _, make in ipairs {
          function() local m = nn.MultiheadAttention(4, 2); return m, function(x) return (m(x, x, x, {is_causal = true})) end end,
          function() local m = nn.TransformerEncoderLayer(4, 2, {dim_feedforward = 3, dropout = 0, activation = "gelu"}); return m, m end,
        } do
          local net, f = make()
          net:to("float64")
          local x = T.randn(3, 2, 4, {dtype = "float64"}):requires_grad_()
          local leaves = {x, net:parameters()[1]}
          local function slopes()
            local y, total = f(x), 0
            for _, g in ipairs(T.grad((y * y * T.range(1, y:numel()):sin():double():reshape(y.shape)):sum(), leaves, {create_graph = true})) do
              total = total + (g * T.range(1, g:numel()):cos():double():reshape(g.shape)):sum()
            end
            return total
          end
          check(leaves, slopes)
        end
        """)
    }

    @Test func transformers() throws {
      try run(
        """
        local layer = nn.TransformerEncoderLayer(8, 2, {dim_feedforward = 16, dropout = 0.5})
        local names = table.concat(layer:parameter_names(), " ")
        assert(names == "self_attn.in_proj_weight self_attn.in_proj_bias self_attn.out_proj.weight self_attn.out_proj.bias linear1.weight linear1.bias "
          .. "linear2.weight linear2.bias norm1.weight norm1.bias norm2.weight norm2.bias", names)
        local x = T.randn(5, 2, 8)
        assert(not T.equal(layer(x), layer(x)))
        layer:eval()
        local y = layer(x)
        near(y, layer(x)); near(layer(x:select(2, 1)), y:select(2, 1))
        local causal = layer(x, {is_causal = true})
        near(causal, layer(x, T.ones(5, 5):triu(1):gt(0)))
        local changed = x:clone()
        changed[{5, {}, {}}] = 9
        near(layer(changed, {is_causal = true})[{ {1, 4} }], causal[{ {1, 4} }])  -- the past does not know the future
        assert(not T.allclose(layer(changed)[{ {1, 4} }], y[{ {1, 4} }]))
        assert(nn.TransformerEncoderLayer(8, 2):num_parameters() == 4 * 8 * 8 + 4 * 8 + 2 * 8 * 2048 + 2048 + 8 + 4 * 8)
        assert(nn.TransformerEncoderLayer(8, 2, {dim_feedforward = 16, bias = false}):num_parameters() == 4 * 8 * 8 + 2 * 8 * 16 + 2 * 8)

        local encoder = nn.TransformerEncoder(layer, 2)
        assert(encoder:parameter_names()[13] == "layers.1.self_attn.in_proj_weight", encoder:parameter_names()[13])
        near(encoder(x, {mask = T.ones(5, 5):triu(1):gt(0)}), layer(causal, {is_causal = true}))
        T.no_grad(function() encoder["layers.0"].linear1.weight:zero_() end)
        assert(encoder["layers.1"].linear1.weight:abs():sum():item() > 0 and layer.linear1.weight:abs():sum():item() > 0, "copies stand alone")
        -- a norm written in Lua lives as long as the encoder
        local Norm = nn.class("Norm")
        function Norm:init() self.scale = T.full({8}, 3):requires_grad_() end
        function Norm:forward(x) return x * self.scale end
        local ended = nn.TransformerEncoder(layer, 1, Norm())
        collectgarbage()
        near(ended(x), y * 3); assert(ended:parameter_names()[13] == "norm.scale")
        assert(not encoder["layers.1"].self_attn.training and encoder:train()["layers.1"].self_attn.training)
        """)
    }

    @Test func places() throws {
      try run(
        """
        local net = nn.PositionalEncoding(5, {max_len = 7, dropout = 0})
        assert(shape(net.pe) == "7,5" and net:state_dict().pe ~= nil and net:num_parameters() == 0)
        local y = net(T.ones(3, 2, 5))
        for t = 0, 2 do
          for i = 0, 4 do
            local angle = t / 10000 ^ ((i // 2 * 2) / 5)
            local wave = i % 2 == 0 and math.sin(angle) or math.cos(angle)
            assert(math.abs(y[{t + 1, 2, i + 1}] - 1 - wave) < 1e-6)
          end
        end
        near(nn.PositionalEncoding(5, 7, 0, {batch_first = true})(T.ones(2, 3, 5)), y:transpose(1, 2))
        near(net(T.ones(3, 5)), y:select(2, 1))
        local drop = nn.PositionalEncoding(5)
        assert(drop(T.ones(40, 20, 5)):eq(0):double():mean():item() > 0.05)
        near(drop:eval()(T.ones(3, 2, 5)), y)
        fails("positional_encoding: 8 steps, max_len is 7 (input {8,2,5})", net, T.ones(8, 2, 5))
        fails("positional_encoding: input must be {T,N,5} or {T,5}, got {3,2,4}", net, T.ones(3, 2, 4))
        fails("PositionalEncoding: d_model and max_len must be at least 1, got 0 and 5000", nn.PositionalEncoding, 0)
        fails("too many elements", nn.PositionalEncoding, 1 << 40, 1 << 40)
        """)
    }

    @Test func mistakesAreNamed() throws {
      try run(
        """
        local q, k, v = T.ones(2, 4, 5), T.ones(2, 6, 5), T.ones(2, 6, 3)
        fails("scaled_dot_product_attention: query has 5 features, key 3 (query {2,4,5}, key {2,6,3}, value {2,6,3})", attend, q, v, v)
        fails("scaled_dot_product_attention: there are 6 keys and 4 values", attend, q, k, q)
        fails("at least 2 dims", attend, T.ones(5), k, v)
        fails("attn_mask {4,5} does not broadcast to {2,4,6}", attend, q, k, v, T.ones(4, 5))
        fails("attn_mask {3,2,4,6} does not broadcast to {2,4,6}", attend, q, k, v, T.ones(3, 2, 4, 6))
        fails("attn_mask must be bool (true where a query may look) or float (added), got int64", attend, q, k, v, T.ones(4, 6, {dtype = "int64"}))
        fails("give attn_mask or is_causal, not both", attend, q, k, v, {attn_mask = T.ones(4, 6), is_causal = true})
        fails("dropout_p must be between 0 and 1, got -1", attend, q, k, v, {dropout_p = -1})

        local net, x = nn.MultiheadAttention(6, 3), T.ones(5, 2, 6)
        fails("multihead_attention: query, key and value must all be {L,N,E} or all {L,E} (query {5,2,6}, key {2,6}, value {5,2,6})", net, x, x[1], x)
        fails("multihead_attention: key has 4 features, the layer expects 6", net, x, T.ones(5, 2, 4), x)
        fails("multihead_attention: the batches differ", net, x, T.ones(5, 3, 6), T.ones(5, 3, 6))
        fails("multihead_attention: there are 4 keys and 5 values", net, x, T.ones(4, 2, 6), x)
        fails("attn_mask must have shape {5,5} or {6,5,5}, got {5,4}", net, x, x, x, {attn_mask = T.ones(5, 4)})
        fails("key_padding_mask must have shape {2,5}, got {5,2}", net, x, x, x, {key_padding_mask = T.ones(5, 2):gt(0)})
        fails("key_padding_mask must be bool (true where not to look) or float (added), got uint8", net, x, x, x, {key_padding_mask = T.ones(2, 5, {dtype = "uint8"})})
        fails("MultiheadAttention: value: Tensor expected, got nothing", net, x, x)
        fails("MultiheadAttention: key: Tensor expected, got number", net, x, 3, x)
        fails("MultiheadAttention: need_weights: boolean expected, got number", net, x, x, x, {need_weights = 1})
        fails("MultiheadAttention: unknown option 'mask'", net, x, x, x, {mask = x})
        fails("MultiheadAttention: unknown option 'atn_mask'; did you mean 'attn_mask'?", net, x, x, x, {atn_mask = x})
        fails("MultiheadAttention: takes at most 8 arguments, got 9", net, x, x, x, nil, nil, nil, nil, nil, x)
        fails("MultiheadAttention: embed_dim 6 must be divisible by num_heads 4", nn.MultiheadAttention, 6, 4)
        fails("MultiheadAttention: embed_dim and num_heads must be at least 1", nn.MultiheadAttention, 0, 0)
        fails("MultiheadAttention: kdim and vdim must be at least 1, got -1 and 6", nn.MultiheadAttention, 6, 3, {kdim = -1})
        fails("not enough memory", nn.MultiheadAttention, 1 << 20, 1)
        fails("too many elements", nn.MultiheadAttention, 1 << 40, 1)
        fails('TransformerEncoderLayer: activation must be "relu" or "gelu", got "tanh"', nn.TransformerEncoderLayer, 8, 2, {activation = "tanh"})
        fails("TransformerEncoderLayer: src: Tensor expected, got nothing", nn.TransformerEncoderLayer(8, 2), {src_mask = x})
        fails("in net.self_attn MultiheadAttention(8, 2 heads): multihead_attention: query has 6 features", nn.TransformerEncoderLayer(8, 2), x)
        fails("TransformerEncoder: num_layers must be in 1..1000, got 0", nn.TransformerEncoder, nn.TransformerEncoderLayer(8, 2), 0)
        fails("bad argument #1 to 'TransformerEncoder'", nn.TransformerEncoder, nn.Linear(2, 2), 1)
        """)
    }
  }
}
