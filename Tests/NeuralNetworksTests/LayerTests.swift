import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// Layers as scripts make and call them: their functions with their own weights, their states' names, and every error's text.
  @Suite(.serialized) struct LayerTests {
    let lua: LuaState
    init() throws {
      lua = try LuaState()
      for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library] { lua.install(library) }
    }
    static let head = """
      local T, nn, F = require 'nnlua.tensor', require 'nnlua.nn', require 'nnlua.nn.functional'
      local function same(a, b) assert(T.equal(a, b), tostring(a) .. " is not " .. tostring(b)) end
      local function shape(x) return table.concat(x.shape, ",") end
      local function names(m) local list = {}; for name, x in m:named_parameters() do list[#list + 1] = name .. "{" .. shape(x) .. "}" end return table.concat(list, " ") end
      local function buffers(m) local list = {}; for name in pairs(m:named_buffers()) do list[#list + 1] = name end return table.concat(list, " ") end

      """
    func run(_ code: String, location: SourceLocation = #_sourceLocation) throws {
      do { try lua.run(Self.head + code) } catch { Issue.record("\(error)", sourceLocation: location) }
    }

    @Test func convolutions() throws {
      try run(
        """
        local c = nn.Conv1d(4, 6, 3, {stride = 2, padding = 1, dilation = 2, groups = 2})
        assert(names(c) == "weight{6,2,3} bias{6}", names(c))
        local x = T.randn(2, 4, 11)
        same(c(x), F.conv1d(x, c.weight, c.bias, {stride = 2, padding = 1, dilation = 2, groups = 2}))
        assert(tostring(c) == "Conv1d(4 -> 6, 3, stride 2, padding 1, dilation 2, groups 2)", tostring(c))
        assert(c.stride == 2 and c.padding == 1 and c.kernel_size == 3 and c.in_channels == 4 and c.groups == 2)
        assert(shape(nn.Conv1d(4, 6, 3, {padding = "same"})(x)) == "2,6,11" and nn.Conv1d(4, 6, 3, {padding = "same"}).padding == "same")
        local t = nn.ConvTranspose2d(4, 6, {3, 2}, {stride = {2, 3}, padding = {1, 0}, output_padding = {1, 2}, groups = 2, dilation = {1, 2}, bias = false})
        assert(names(t) == "weight{4,3,3,2}", names(t))
        local x = T.randn(2, 4, 3, 3)
        same(t(x), F.conv_transpose2d(x, t.weight, nil, {stride = {2, 3}, padding = {1, 0}, output_padding = {1, 2}, groups = 2, dilation = {1, 2}}))
        assert(t.bias == nil and t.output_padding[2] == 2)
        assert(shape(nn.ConvTranspose2d(4, 1, 2, {stride = 2})(x)) == "2,1,6,6")
        local conv = nn.Conv2d{in_channels = 1, out_channels = 2, kernel_size = {3, 2}, bias = false}
        assert(names(conv) == "weight{2,1,3,2}" and conv.bias == nil and conv.kernel_size[1] == 3 and conv.stride[1] == 1)
        -- the fan is out / groups · patch, as PyTorch's
        T.manual_seed(1)
        local w = nn.ConvTranspose2d(100, 50, 5).weight:abs():max():item()
        assert(w <= 1 / math.sqrt(50 * 25) and w > 0.99 / math.sqrt(50 * 25), w)
        """)
    }

    @Test func embeddingAndBilinear() throws {
      try run(
        """
        local e = nn.Embedding(6, 4, {padding_idx = 2})
        assert(names(e) == "weight{6,4}" and e.weight[2]:abs():sum():item() == 0 and e.padding_idx == 2 and nn.Embedding(2, 2).padding_idx == nil)
        local x = T.tensor({{1, 2}, {6, 1}}, {dtype = "int64"})
        local y = e(x)
        same(y, F.embedding(x, e.weight, 2))
        assert(shape(y) == "2,2,4")
        y:sum():backward()
        assert(e.weight.grad:sum(2):eq(T.tensor({8, 0, 0, 0, 0, 4})):all():item())
        assert(nn.Embedding(6, 4, {padding_idx = -1}).weight[6]:abs():sum():item() == 0)
        local small = nn.Embedding(6, 4, {max_norm = 0.5, init = 3})
        assert(small(x):norm(2, 3):max():item() <= 0.5 + 1e-6 and small.weight[3]:norm():item() > 0.5)
        assert(math.abs(nn.Embedding(300, 300).weight:std():item() - 1) < 0.01)
        assert(shape(nn.Sequential(nn.Embedding(7, 3), nn.Flatten())(x)) == "2,6")
        assert(nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 2)):summary(2, 5):find("{2,5,2}", 1, true))
        local b = nn.Bilinear(3, 4, 5)
        assert(names(b) == "weight{5,3,4} bias{5}" and b.in2_features == 4)
        local x1, x2 = T.randn(2, 3), T.randn(2, 4)
        local y = b(x1, x2)
        for o = 1, 5 do assert(T.allclose(y:select(2, o), (x1:matmul(b.weight[o]) * x2):sum(2) + b.bias[o], {atol = 1e-5})) end
        assert(nn.Bilinear(3, 4, 5, {bias = false}).bias == nil)
        """)
    }

    @Test func poolingAndUpsampling() throws {
      try run(
        """
        local x, line = T.randn(2, 3, 6, 8), T.randn(2, 3, 9)
        same(nn.MaxPool1d(3, {stride = 2, padding = 1, ceil_mode = true})(line), F.max_pool1d(line, 3, {stride = 2, padding = 1, ceil_mode = true}))
        same(nn.AvgPool1d(3, {padding = 1, count_include_pad = false})(line), F.avg_pool1d(line, 3, {padding = 1, count_include_pad = false}))
        same(nn.AdaptiveAvgPool1d(4)(line), F.adaptive_avg_pool1d(line, 4))
        same(nn.AdaptiveMaxPool1d(4)(line), F.adaptive_max_pool1d(line, 4))
        same(nn.AdaptiveAvgPool2d({4, 3})(x), F.adaptive_avg_pool2d(x, {4, 3}))
        same(nn.AdaptiveMaxPool2d{output_size = 2}(x), F.adaptive_max_pool2d(x, 2))
        assert(T.allclose(nn.GlobalAvgPool2d()(x), x:mean({3, 4}), {atol = 1e-6}) and shape(nn.GlobalAvgPool2d()(x[1])) == "3")
        assert(shape(nn.Sequential(nn.GlobalAvgPool2d(), nn.Flatten(), nn.Linear(3, 2))(x)) == "2,2")
        same(nn.Upsample{scale_factor = 2}(x), x:reshape(2, 3, 6, 1, 8, 1):expand(2, 3, 6, 2, 8, 2):reshape(2, 3, 12, 16))
        same(nn.Upsample{scale_factor = {2, 0.5}, mode = "bilinear", align_corners = true}(x), F.interpolate(x, {scale_factor = {2, 0.5}, mode = "bilinear", align_corners = true}))
        assert(shape(nn.Upsample({size = {3, 4}})(x)) == "2,3,3,4" and shape(nn.Upsample(5)(x)) == "2,3,5,5")
        assert(tostring(nn.Upsample{scale_factor = 2, mode = "bicubic"}) == "Upsample(scale_factor 2, bicubic)")
        same(F.upsample(x, {scale_factor = 2}), F.interpolate(x, {scale_factor = 2}))
        same(F.unfold(x, 2, 1, 0, 2), F.im2col(x, 2, 2, 0, 1))
        same(F.fold(F.unfold(x, 2, 1, 0, 2), {6, 8}, 2, {stride = 2}), x)
        """)
    }

    @Test func normalisation() throws {
      try run(
        """
        local x = T.randn(4, 6, 3, 5)
        local l = nn.LayerNorm({3, 5})
        assert(names(l) == "weight{3,5} bias{3,5}" and nn.LayerNorm(5, {elementwise_affine = false}).weight == nil and nn.LayerNorm(5, {bias = false}).bias == nil and nn.LayerNorm{5, eps = 1}.eps == 1)
        same(l(x), F.layer_norm(x, {3, 5}, l.weight, l.bias))
        local r = nn.RMSNorm(5, {eps = 1e-3})
        assert(names(r) == "weight{5}" and r.eps == 1e-3 and nn.RMSNorm(5).eps == nil)
        same(r(x), F.rms_norm(x, 5, r.weight, 1e-3))
        local g = nn.GroupNorm(3, 6)
        assert(names(g) == "weight{6} bias{6}" and nn.GroupNorm(3, 6, {affine = false}).weight == nil)
        same(g(x), F.group_norm(x, 3, g.weight, g.bias))
        local i = nn.InstanceNorm2d(6)
        assert(names(i) == "" and buffers(i) == "" and i.running_mean == nil)
        same(i(x), F.instance_norm(x))
        assert(T.allclose(i(x[2]), i(x)[2], {atol = 1e-6}))
        local t = nn.InstanceNorm2d(6, {affine = true, track_running_stats = true, momentum = 0.5})
        assert(names(t) == "weight{6} bias{6}" and buffers(t) == "running_mean running_var num_batches_tracked", buffers(t))
        t(x)
        assert(T.allclose(t.running_mean, x:mean({1, 3, 4}) * 0.5, {atol = 1e-6}) and t.num_batches_tracked:item() == 1)
        t:eval()
        assert(T.allclose(t(x), F.batch_norm(x, t.running_mean, t.running_var, t.weight, t.bias), {atol = 1e-6}))
        assert(shape(nn.InstanceNorm1d(3)(T.randn(2, 3, 4))) == "2,3,4")
        local b = nn.BatchNorm2d(6, {affine = false, track_running_stats = false})
        assert(b.weight == nil and b.running_mean == nil and names(b) == "" and b:eval()(x):mean():abs():item() < 1e-6)
        """)
    }

    @Test func noise() throws {
      try run(
        """
        T.manual_seed(3)
        local x = T.ones(20, 30, 4, 4)
        local y = nn.Dropout2d(0.3)(x):reshape(600, 16)
        local kept = 0
        for i = 1, 600 do local v = y[i][1]; kept = kept + (v > 0 and 1 or 0); assert(y[i]:eq(v):all():item() and (v == 0 or math.abs(v - 1 / 0.7) < 1e-6)) end
        assert(kept > 370 and kept < 470, kept)
        same(nn.Dropout2d(0.3):eval()(x), x)
        local noise = nn.GaussianNoise(0.5)
        local d = noise(x) - x
        assert(math.abs(d:std():item() - 0.5) < 0.02 and math.abs(d:mean():item()) < 0.02)
        same(noise:eval()(x), x)
        same(nn.GaussianNoise(0)(x), x)
        T.manual_seed(1); local a = nn.GaussianNoise()(x); T.manual_seed(1)
        same(a, nn.GaussianNoise()(x))
        assert(nn.Dropout(0.3).p == 0.3)
        """)
    }

    @Test func activationsTakeTheirOptions() throws {
      try run(
        """
        local x = T.tensor({-3, -0.5, 0, 0.5, 3, 30})
        same(nn.LeakyReLU{negative_slope = 0.2}(x), F.leaky_relu(x, 0.2))
        same(nn.ELU{alpha = 2}(x), F.elu(x, 2))
        same(nn.GELU{approximate = "tanh"}(x), F.gelu(x, {approximate = "tanh"}))
        same(nn.Softplus{beta = 2, threshold = 5}(x), F.softplus(x, {beta = 2, threshold = 5}))
        assert(nn.Softplus{beta = 2, threshold = 5}(x)[5] == 3)
        same(nn.Hardtanh{min_val = -2, max_val = 0.25}(x), x:clamp(-2, 0.25))
        same(nn.CELU{alpha = 2}(x), F.celu(x, {alpha = 2}))
        same(nn.Threshold{0.4, 7}(x), F.threshold(x, 0.4, 7))
        same(nn.Softmin(1)(x), F.softmax(-x, 1))
        same(nn.GLU(1)(x), F.glu(x, 1))
        for _, name in ipairs {"Mish", "Hardswish", "Hardsigmoid", "LogSigmoid", "SiLU", "SELU", "Softsign", "ReLU6", "Step", "Sigmoid", "Tanh", "ReLU"} do
          same(nn[name]()(x), F[name:lower()](x))
        end
        local p = nn.PReLU{num_parameters = 3, init = 0.5}
        assert(names(p) == "weight{3}" and p(T.full({2, 3}, -1))[{1, 2}]:item() == -0.5)
        assert(tostring(nn.Softplus(2)) == "Softplus(2, 20)" and tostring(nn.ReLU()) == "ReLU()")
        """)
    }

    @Test func lossesAreTheirFunctions() throws {
      try run(
        """
        local a, b, c = T.randn(4, 3), T.randn(4, 3), T.randn(4, 3)
        local signs = T.tensor({1, -1, -1, 1})
        same(nn.CosineEmbeddingLoss{margin = 0.3}(a, b, signs), F.cosine_embedding_loss(a, b, signs, {margin = 0.3}))
        same(nn.TripletMarginLoss{margin = 0.5, p = 1, swap = true, reduction = "none"}(a, b, c), F.triplet_margin_loss(a, b, c, {margin = 0.5, p = 1, swap = true, reduction = "none"}))
        local p, q = F.log_softmax(a, 2), F.softmax(b, 2)
        same(nn.KLDivLoss{reduction = "batchmean"}(p, q), F.kl_div(p, q, {reduction = "batchmean"}))
        assert(math.abs(F.kl_div(p, q, {reduction = "batchmean"}):item() - F.kl_div(p, q, {reduction = "sum"}):item() / 4) < 1e-6)
        same(nn.KLDivLoss{log_target = true}(p, b), F.kl_div(p, b, {log_target = true}))
        local y, t = F.sigmoid(a), T.rand(4, 3)
        same(F.binary_cross_entropy(y, t), F.bce(y, t))
        same(F.binary_cross_entropy_with_logits(a, t, {reduction = "sum"}), F.bce_with_logits(a, t, {reduction = "sum"}))
        same(nn.HuberLoss{delta = 0.3}(a, b), F.huber_loss(a, b, {delta = 0.3}))
        same(nn.SmoothL1Loss{beta = 0.3, reduction = "sum"}(a, b), F.smooth_l1_loss(a, b, {beta = 0.3, reduction = "sum"}))
        """)
    }

    /// Chunk and error, after the position.
    static let errors: [(String, String)] = [
      ("nn.Conv1d(0, 1, 3)", "Conv1d: channels must be at least 1, got 0 -> 1"),
      ("nn.Conv1d(1, 1, 0)", "Conv1d: kernel_size must be at least 1, got 0"),
      ("nn.Conv1d(4, 2, 3, {groups = 3})", "Conv1d: groups = 3 must divide 4 and 2 channels"),
      ("nn.Conv1d(4, 2, 3)(T.ones(2, 3, 9))", "conv1d: input has 3 channels, weight expects 4 (input {2,3,9}, weight {2,4,3})"),
      ("nn.Conv2d(1, 1, 3, {stride = {1, 0}})", "Conv2d: stride must be at least 1, got {1,0}"),
      ("nn.Conv2d(1, 1, 3, {padding = -1})", "Conv2d: padding cannot be negative, got -1"),
      ("nn.ConvTranspose2d(1, 1, 3, {output_padding = -1})", "ConvTranspose2d: output_padding cannot be negative, got -1"),
      ("nn.ConvTranspose2d(2, 1, 3, {output_padding = 1})(T.ones(1, 2, 3, 3))", "conv_transpose2d: output_padding 1 must be smaller than the stride 1"),
      ("nn.Embedding(0, 3)", "Embedding: sizes must be at least 1, got 0 rows of 3"),
      ("nn.Embedding(3, 3, {padding_idx = 4})", "Embedding: padding_idx 4 is outside 1..3"),
      ("nn.Embedding(3, 3, {max_norm = -1})", "Embedding: max_norm must be 0 or more, got -1"),
      ("nn.Embedding(3, 3)(T.tensor({{1, 2}, {3, 4}}))", "embedding: position 4 at position {2,2} is outside 1..3"),
      ("nn.Embedding(3, 3)(F.one_hot(T.tensor({1, 2}, {dtype = 'int64'}), 3))", "embedding: position 0 at position {1,2} is outside 1..3; positions count from 1"),
      ("nn.Bilinear(2, 3, 4)(T.ones(5, 2))", "Bilinear: takes x1 and x2, got 1 arguments"),
      ("nn.Bilinear(2, 3, 4)(T.ones(5, 3), T.ones(5, 3))", "bilinear: x1 has 3 features, weight expects 2 (x1 {5,3}, x2 {5,3}, weight {4,2,3})"),
      ("nn.Bilinear(2, 3, 4)(T.ones(4, 2), T.ones(5, 3))", "bilinear: x1 and x2 must agree in all dims but the last (x1 {4,2}, x2 {5,3}, weight {4,2,3})"),
      ("nn.MaxPool1d(3, {padding = 2})", "MaxPool1d: padding 2 must be 0 to half the kernel 3"),
      ("nn.AvgPool1d(0)", "AvgPool1d: kernel_size must be at least 1, got 0"),
      ("nn.AdaptiveAvgPool2d(0)", "AdaptiveAvgPool2d: output_size must be at least 1, got 0"),
      ("nn.AdaptiveMaxPool1d(-1)", "AdaptiveMaxPool1d: output_size must be at least 1, got -1"),
      ("nn.GlobalAvgPool2d()(T.ones(2, 3))", "GlobalAvgPool2d: input must be {N,C,H,W} or {C,H,W} with images of one element or more, got {2,3}"),
      ("nn.Upsample()", "Upsample: give either size or scale_factor"),
      ("nn.Upsample{size = 2, scale_factor = 2}", "Upsample: give either size or scale_factor"),
      (
        "nn.Upsample{scale_factor = 2, mode = 'cubic'}",
        "Upsample: bad option 'mode' (\"nearest\", \"nearest-exact\", \"linear\", \"bilinear\", \"bicubic\" or \"area\" expected, got \"cubic\")"
      ),
      ("F.interpolate(T.ones(1, 1, 4, 4), {scale_factor = 0})", "interpolate: scale_factor must be above 0 and give a size that fits, got 0"),
      ("F.interpolate(T.ones(1, 1, 4, 4), {scale_factor = 0/0})", "interpolate: scale_factor must be above 0 and give a size that fits, got nan"),
      ("F.interpolate(T.ones(1, 1, 4, 4), {scale_factor = 1e300})", "interpolate: scale_factor must be above 0 and give a size that fits, got 1e+300"),
      ("F.interpolate(T.ones(1, 1, 4, 4), {scale_factor = 0.1})", "interpolate: scale_factor 0.1 leaves nothing of size 4 (input {1,1,4,4})"),
      ("F.interpolate(T.ones(1, 1, 4, 4), {size = {1, 2, 3}})", "interpolate: size has 3 values for 2 axes (input {1,1,4,4})"),
      ("F.interpolate(T.ones(1, 1, 4, 4), 0)", "interpolate: size must be in 1..2147483647, got 0"),
      ("F.interpolate(T.ones(1, 1, 4), 3, {mode = 'bilinear'})", "interpolate: mode \"bilinear\" takes {N,C,H,W}, got {1,1,4}"),
      ("F.interpolate(T.ones(1, 4), 3)", "interpolate: input must be {N,C,L} or {N,C,H,W}, got {1,4}"),
      ("F.interpolate(T.ones(1, 1, 4), 3, {align_corners = true})", "interpolate: align_corners is for \"linear\", \"bilinear\" and \"bicubic\", not \"nearest\""),
      ("F.interpolate(T.ones(1, 1, 0), 3)", "interpolate: an empty image cannot be resized (input {1,1,0})"),
      ("nn.LayerNorm({})", "LayerNorm: sizes must be at least 1, got {}"),
      ("nn.LayerNorm(3, {eps = -1})", "LayerNorm: eps cannot be negative, got -1"),
      ("nn.LayerNorm(3)(T.ones(2, 4))", "layer_norm: input {2,4} does not end in the normalised shape {3}"),
      ("nn.GroupNorm(4, 6)", "GroupNorm: num_groups = 4 must divide 6 channels"),
      ("nn.GroupNorm(2, 6)(T.ones(2, 4, 3))", "group_norm: input has 4 channels, GroupNorm expects 6 (input {2,4,3})"),
      ("nn.InstanceNorm2d(3)(T.ones(2, 4, 3, 3))", "instance_norm: input has 4 channels, InstanceNorm2d expects 3 (input {2,4,3,3})"),
      ("nn.InstanceNorm2d(3)(T.ones(2, 3))", "instance_norm: InstanceNorm2d takes {N,C,H,W} or {C,H,W}, got shape {2,3}"),
      ("nn.InstanceNorm2d(3, {momentum = 2})", "InstanceNorm2d: momentum must be in 0..1, got 2"),
      ("F.instance_norm(T.ones(2, 3, 4), {use_input_stats = false})", "instance_norm: use_input_stats = false needs running_mean and running_var"),
      ("nn.Dropout2d(1.5)", "Dropout2d: p must be in 0..1, got 1.5"),
      ("nn.GaussianNoise(0/0)", "GaussianNoise: std must be 0 or more, got nan"),
      ("nn.GELU('erf')", "GELU: approximate must be \"none\" or \"tanh\", got \"erf\""),
      ("F.celu(T.ones(2), 0)", "celu: alpha cannot be 0"),
      ("F.glu(T.ones(2, 3))", "glu: dim 2 of size 3 cannot be halved (input {2,3})"),
      ("nn.TripletMarginLoss()(T.ones(2, 2), T.ones(2, 2))", "TripletMarginLoss: takes an anchor, a positive and a negative, got 2 arguments"),
      ("nn.MSELoss()(T.ones(2, 2), 3)", "MSELoss: Tensor expected as a target, got number"),
      (
        "nn.MSELoss()(T.ones(8, 10), T.ones(8))",
        "mse_loss: input {8,10} and target {8} must have the same shape; for labels of classes use cross_entropy, or make them one-hot rows: F.one_hot(target, 10)"
      ),
      ("nn.BCELoss()(T.full({2}, 0.5), T.tensor({1, 2}))", "bce: target 2 at position 2 is not a probability (0..1); labels of classes go to cross_entropy"),
      (
        "nn.NLLLoss()(T.ones(2, 3), F.one_hot(T.tensor({1, 2}, {dtype = 'int64'}), 3))",
        "nll_loss: labels for input {2,3} must have shape {2}, got {2,3}; make labels of one-hot rows with target:argmax(2)"
      ),
      ("nn.KLDivLoss{reduction = 'avg'}", "KLDivLoss: bad option 'reduction' (\"mean\", \"batchmean\", \"sum\" or \"none\" expected, got \"avg\")"),
      ("nn.KLDivLoss()(T.ones(4, 3), T.ones(4))", "kl_div: input {4,3} and target {4} must have the same shape; for labels of classes use cross_entropy"),
      ("nn.HingeLoss()(T.ones(4, 3), T.ones(4))", "hinge_loss: input {4,3} and target {4} must have the same shape"),
      ("F.pairwise_distance(T.tensor(1), T.tensor(2))", "pairwise_distance: inputs must have a dim, got single numbers"),
      ("nn.Parameter(T.ones(2, {dtype = 'int64'}))", "requires_grad_: only float32 and float64 tensors have gradients, this one is int64"),
    ]

    @Test func errorsSayWhat() throws {
      for (code, expected) in Self.errors {
        let text = message { try lua.run(Self.head + "return " + code) }
        #expect(text.contains(expected), "\(code)\ngave      \(text)\nexpected  \(expected)")
      }
    }
  }
}
