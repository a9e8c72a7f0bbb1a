import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// Functions of layers as scripts call them: examples, defaults, options and every error's text.
  @Suite(.serialized) struct FunctionalLua {
    let lua: LuaState
    init() throws {
      lua = try LuaState()
      lua.install(TensorLibrary.library)
      lua.install(FunctionalLibrary.library)
    }
    static let head = "local T, F = require 'nnlua.tensor', require 'nnlua.nn.functional'\n"
    func run(_ code: String, location: SourceLocation = #_sourceLocation) throws {
      do { try lua.run(Self.head + code) } catch { Issue.record("\(error)", sourceLocation: location) }
    }

    @Test func examplesRun() throws {
      var names: Set<String> = []
      for row in FunctionalLibrary.all {
        #expect(names.insert(row.name).inserted, "\(row.name) is listed twice")
        #expect(!row.doc.isEmpty && !row.example.isEmpty && row.place.contains(.function), "\(row.name) lacks help or an example")
        try run("local r = (function() \(row.example) end)()\nassert(type(r) == 'userdata' and r.dtype, 'no tensor')")
      }
    }

    @Test func optionsAndDefaults() throws {
      try run(
        """
        local x, w = T.ones(1, 1, 4, 4), T.ones(1, 1, 2, 2)
        local function shape(y) return table.concat(y.shape, ",") end
        assert(shape(F.conv2d(x, w)) == "1,1,3,3")
        assert(shape(F.conv2d(x, w, nil, 2)) == "1,1,2,2")
        assert(shape(F.conv2d(x, w, nil, {2, 1}, {1, 0})) == "1,1,3,3")
        assert(shape(F.conv2d(x, w, {stride = {2, 1}, padding = {1, 0}})) == "1,1,3,3")
        assert(shape(F.conv2d(x, w, {padding = "same"})) == "1,1,4,4")
        assert(shape(F.max_pool2d(x, 2)) == "1,1,2,2")
        assert(shape(F.max_pool2d(x, {2, 1}, {stride = 1})) == "1,1,3,4")
        assert(shape(F.max_pool2d(T.ones(1, 5, 5), 2, {ceil_mode = true})) == "1,3,3")
        assert(shape(F.avg_pool2d(x, 3, 1, 1)) == "1,1,4,4")
        assert(F.avg_pool2d(x, 3, 1, {padding = 1})[{1, 1, 1, 1}] < 0.5 and F.avg_pool2d(x, 3, 1, {padding = 1, count_include_pad = false})[{1, 1, 1, 1}] == 1)
        assert(F.softmax(T.tensor({{1, 2}, {3, 4}})):sum():item() == 2)
        assert(F.softmax(T.tensor({{1, 1}, {1, 1}}), 1)[{1, 1}] == 0.5)
        assert(F.sse_loss(T.tensor({1, 2, 3}), T.tensor({1, 1, 1})):item() == 2.5)
        assert(F.mse_loss(T.tensor({1, 2, 3}), T.tensor({1, 1, 1}), {reduction = "none"}).shape[1] == 3)
        -- labels from 1, as floats too, and one-hot
        local logits = T.tensor({{0, 0, 9}, {9, 0, 0}})
        local a = F.cross_entropy(logits, T.tensor({3, 1})):item()
        assert(a == F.cross_entropy(logits, T.tensor({3, 1}, {dtype = "int64"})):item() and a < 1e-3)
        assert(math.abs(a - F.cross_entropy(logits, T.tensor({{0, 0, 1}, {1, 0, 0}})):item()) < 1e-7)
        assert(F.cross_entropy(logits, T.tensor({3, 1}), {ignore_index = 3}):item() == F.cross_entropy(logits[2], T.tensor(1)):item())
        assert(F.embedding(T.tensor({2}), T.tensor({{1, 2}, {3, 4}}))[{1, 2}] == 4)
        -- exact zeros and ones stay finite
        assert(F.bce(T.tensor({0, 1}), T.tensor({1, 0})):item() == 100)
        assert(F.bce_with_logits(T.tensor({-1000, 1000}), T.tensor({0, 1})):item() == 0)
        assert(F.cross_entropy(T.tensor({{-1000, 1000}}), T.tensor({1})):item() == 2000)
        -- dropout
        local x = T.ones(1000)
        assert(F.dropout(x, 0.5, false):sum():item() == 1000 and F.dropout(x, 0):sum():item() == 1000 and F.dropout(x, 1):sum():item() == 0)
        local y = F.dropout(x, 0.25)
        local kept = y:gt(0):sum():item()
        assert(kept > 680 and kept < 820, kept)
        assert(math.abs(y:sum():item() - kept / 0.75) < 0.01)
        local z = F.dropout2d(T.ones(2, 50, 3, 3)):reshape(100, 9):sum(2)
        for i = 1, 100 do assert(z[i] == 0 or z[i] == 18) end
        """)
    }

    /// Chunk and error, after the position; every error of these functions once.
    static let errors: [(String, String)] = [
      ("F.linear(T.ones(2, 3), T.ones(5, 4))", "linear: input has 3 features, weight expects 4 (input {2,3}, weight {5,4})"),
      ("F.linear(T.ones(2, 3), T.ones(3))", "linear: weight must have shape {out, in}, got {3}"),
      ("F.linear(T.tensor(1), T.ones(3, 3))", "linear: input has no features, weight expects 3 (input {}, weight {3,3})"),
      ("F.linear(T.ones(2, 3), T.ones(5, 3), T.ones(4))", "linear: bias must have shape {5}, got {4} (weight {5,3})"),
      ("F.conv2d(T.ones(8, 3, 28, 28), T.ones(30, 1, 5, 5))", "conv2d: input has 3 channels, weight expects 1 (input {8,3,28,28}, weight {30,1,5,5})"),
      (
        "F.conv2d(T.ones(1, 3, 8, 8), T.ones(4, 2, 3, 3), {groups = 2})",
        "conv2d: input has 3 channels, weight expects 4 (2 in each of 2 groups) (input {1,3,8,8}, weight {4,2,3,3})"
      ),
      ("F.conv2d(T.ones(1, 4, 8, 8), T.ones(3, 2, 3, 3), {groups = 2})", "conv2d: 3 output channels cannot be split into 2 groups (input {1,4,8,8}, weight {3,2,3,3})"),
      ("F.conv2d(T.ones(1, 1, 3, 3), T.ones(2, 1, 5, 5))", "conv2d: the kernel {5,5} is larger than the padded image {3,3} (input {1,1,3,3}, weight {2,1,5,5})"),
      (
        "F.conv2d(T.ones(1, 1, 3, 3), T.ones(2, 1, 3, 3), {dilation = 2})",
        "conv2d: the kernel {5,5} (spread by dilation 2) is larger than the padded image {3,3} (input {1,1,3,3}, weight {2,1,3,3})"
      ),
      ("F.conv2d(T.ones(3, 3), T.ones(2, 1, 3, 3))", "conv2d: input must be {N,C,H,W} or {C,H,W}, got {3,3}"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 3, 3))", "conv2d: weight must be {out, in/groups, kh, kw}, got {2,3,3}"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), T.ones(3))", "conv2d: bias must have shape {2}, got {3} (input {1,3,3}, weight {2,1,3,3})"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {stride = 0})", "conv2d: stride must be at least 1, got 0"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {padding = {1, -1}})", "conv2d: padding must be 0 or more, got {1,-1}"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {padding = math.maxinteger})", "conv2d: padding must be 0 or more, got 9223372036854775807"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {groups = 0})", "conv2d: groups must be at least 1, got 0"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {stride = 2, padding = \"same\"})", "conv2d: padding \"same\" needs stride 1, got 2"),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 0, 3))", "conv2d: an empty kernel (input {1,3,3}, weight {2,1,0,3})"),
      (
        "F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {padding = \"full\"})",
        "conv2d: bad option 'padding' (integer, {height, width} or \"same\" expected, got \"full\")"
      ),
      (
        "F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {stride = {1, 2, 3}})",
        "conv2d: bad option 'stride' (integer or {height, width} expected, got a list of 3)"
      ),
      (
        "F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {strid = 1})",
        "conv2d: unknown option 'strid'; did you mean 'stride'? (options: x, weight, bias, stride, padding, dilation, groups)"
      ),
      ("F.conv2d(T.ones(1, 3, 3), T.ones(2, 1, 3, 3), {padding = 1000000000})", "conv2d: the shape {1,2,2000000001,2000000001} has too many elements"),
      ("F.conv1d(T.ones(1, 2, 9), T.ones(4, 3, 3))", "conv1d: input has 2 channels, weight expects 3 (input {1,2,9}, weight {4,3,3})"),
      ("F.conv1d(T.ones(9), T.ones(4, 3, 3))", "conv1d: input must be {N,C,L} or {C,L}, got {9}"),
      ("F.conv_transpose2d(T.ones(1, 2, 3, 3), T.ones(3, 1, 2, 2))", "conv_transpose2d: input has 2 channels, weight expects 3 (input {1,2,3,3}, weight {3,1,2,2})"),
      (
        "F.conv_transpose2d(T.ones(1, 2, 3, 3), T.ones(2, 1, 2, 2), {output_padding = 1})",
        "conv_transpose2d: output_padding 1 must be smaller than the stride 1"
      ),
      (
        "F.conv_transpose2d(T.ones(1, 2, 2, 2), T.ones(2, 1, 1, 1), {padding = 1})",
        "conv_transpose2d: the result would be empty: {0,0} (input {1,2,2,2}, weight {2,1,1,1})"
      ),
      ("F.max_pool2d(T.ones(2, 2), 2)", "max_pool2d: input must be {N,C,H,W} or {C,H,W}, got {2,2}"),
      ("F.max_pool2d(T.ones(1, 2, 2), 3)", "max_pool2d: the kernel {3,3} is larger than the padded image {2,2} (input {1,2,2})"),
      ("F.max_pool2d(T.ones(1, 4, 4), 2, {padding = 2})", "max_pool2d: padding 2 must be at most half the kernel 2"),
      ("F.max_pool2d(T.ones(1, 4, 4), 0)", "max_pool2d: kernel_size must be at least 1, got 0"),
      ("F.max_pool2d(T.ones(1, 0, 4), 1)", "max_pool2d: images of 0 x 4 cannot be pooled (input {1,0,4})"),
      ("F.max_pool2d(T.ones(1, 4, 4))", "bad argument #2 to 'max_pool2d' (integer or {height, width} expected, got no value)"),
      ("F.avg_pool2d(T.ones(1, 4, 4), 2, 0)", "avg_pool2d: stride must be at least 1, got 0"),
      ("F.adaptive_avg_pool2d(T.ones(1, 4, 4), 0)", "adaptive_avg_pool2d: output_size must be at least 1, got 0"),
      ("F.im2col(T.ones(1, 4, 4), 5)", "im2col: the kernel {5,5} is larger than the padded image {4,4} (input {1,4,4})"),
      ("F.col2im(T.ones(1, 10, 4), {4, 4}, 3)", "col2im: 10 rows are no multiple of the kernel's 3 x 3 (columns {1,10,4})"),
      ("F.col2im(T.ones(1, 9, 5), {4, 4}, 3)", "col2im: an image of {4,4} has 2 x 2 windows, the columns {1,9,5} hold 5"),
      ("F.batch_norm(T.ones(1, 3), nil, nil, {training = true})", "batch_norm: expected more than 1 value per channel when training, got input {1,3}"),
      ("F.batch_norm(T.ones(4, 3))", "batch_norm: evaluation needs running_mean and running_var; give both, or {training = true}"),
      ("F.batch_norm(T.ones(4, 3), T.ones(4), T.ones(3))", "batch_norm: running_mean must have shape {3}, got {4} (input {4,3})"),
      ("F.batch_norm(T.ones(4), nil, nil)", "batch_norm: input must be {N,C}, {N,C,L} or {N,C,H,W}, got {4}"),
      ("F.layer_norm(T.ones(4, 3), 4)", "layer_norm: input {4,3} does not end in the normalised shape {4}"),
      ("F.layer_norm(T.ones(4, 3), {3}, T.ones(4))", "layer_norm: weight must have shape {3}, got {4}"),
      ("F.group_norm(T.ones(4, 3), 2)", "group_norm: 3 channels cannot be split into 2 groups (input {4,3})"),
      ("F.group_norm(T.ones(2, 0), math.maxinteger)", "group_norm: 0 channels cannot be split into 9223372036854775807 groups (input {2,0})"),
      ("F.group_norm(T.ones(4, 4), 2, T.ones(2))", "group_norm: weight must have shape {4}, got {2} (input {4,4})"),
      ("F.instance_norm(T.ones(4, 3, 1))", "instance_norm: expected more than 1 value per channel, got input {4,3,1}"),
      ("F.instance_norm(T.ones(4, 3))", "instance_norm: input must be {N,C,L} or {N,C,H,W}, got {4,3}"),
      ("F.rms_norm(T.ones(4, 3), 4)", "rms_norm: input {4,3} does not end in the normalised shape {4}"),
      ("F.softmax(T.ones(2, 3), 3)", "softmax: dim 3 is out of range 1..2 (or -2..-1) of shape {2,3}"),
      ("F.softmax(T.ones(2, 3), 0)", "softmax: dim 0 is out of range 1..2 (or -2..-1) of shape {2,3}"),
      ("F.hardtanh(T.ones(2), 1, -1)", "hardtanh: min_val 1 is larger than max_val -1"),
      ("F.gelu(T.ones(2), {approximate = \"erf\"})", "gelu: approximate must be \"none\" or \"tanh\", got \"erf\""),
      ("F.prelu(T.ones(2, 3), T.ones(2))", "prelu: weight must have 1 value or one for each of 3 channels, got {2} (input {2,3})"),
      ("F.dropout(T.ones(2), 1.5)", "dropout: p must be between 0 and 1, got 1.5"),
      ("F.dropout(T.ones(2), 0/0)", "dropout: p must be between 0 and 1, got"),
      ("F.dropout2d(T.ones(2), 0.5)", "dropout2d: input must be {N,C,H,W} or {C,H,W}, got {2}"),
      ("F.mse_loss(T.ones(4, 1), T.ones(4))", "mse_loss: input {4,1} and target {4} must have the same shape; reshape one of them"),
      ("F.mse_loss(T.ones(0), T.ones(0))", "mse_loss: the mean of an empty batch (shape {0})"),
      (
        "F.mse_loss(T.ones(2), T.ones(2), {reduction = \"avg\"})",
        "mse_loss: bad option 'reduction' (\"mean\", \"sum\" or \"none\" expected, got \"avg\")"
      ),
      ("F.huber_loss(T.ones(2), T.ones(2), {delta = 0})", "huber_loss: delta must be above 0, got 0"),
      ("F.smooth_l1_loss(T.ones(2), T.ones(2), {beta = -1})", "smooth_l1_loss: beta must be 0 or more, got -1"),
      ("F.bce(T.tensor({0.5, 1.5}), T.ones(2))", "bce: input 1.5 at position 2 is not a probability (0..1); use bce_with_logits for raw outputs"),
      ("F.bce_with_logits(T.ones(2), T.ones(2), {weight = T.ones(3)})", "bce_with_logits: shapes {2} and {3} do not broadcast: size 2 against 3 at dim 1"),
      ("F.cross_entropy(T.ones(8, 10), T.tensor({1, 2, 3, 4, 5, 6, 11, 8}))", "cross_entropy: label 11 at position 7 is outside 1..10"),
      ("F.cross_entropy(T.ones(2, 10), T.tensor({0, 1}))", "cross_entropy: label 0 at position 1 is outside 1..10"),
      ("F.cross_entropy(T.ones(2, 10), T.tensor({1.5, 1}))", "cross_entropy: label 1.5 at position 1 is not a whole number"),
      ("F.cross_entropy(T.ones(2, 10), T.tensor({1, 0/0}))", "cross_entropy: label "),
      ("F.cross_entropy(T.ones(2, 10), T.tensor({true, false}))", "cross_entropy: labels must be whole numbers from 1, got a bool tensor {2}"),
      ("F.cross_entropy(T.ones(2, 3, 2), T.tensor({{1, 2}, {4, 1}}))", "cross_entropy: label 4 at position {2,1} is outside 1..3"),
      ("F.cross_entropy(T.ones(2, 10), T.ones(3))", "cross_entropy: labels for input {2,10} must have shape {2}, got {3}"),
      ("F.cross_entropy(T.ones(2, 10), T.ones(2, 1))", "cross_entropy: labels for input {2,10} must have shape {2}, got {2,1}; reshape them"),
      (
        "F.cross_entropy(T.ones(2, 2), T.tensor({{1, 2}, {1, 1}}))",
        "cross_entropy: a target of the input's shape {2,2} holds probabilities (0..1), got 2 at position 2; labels would have shape {2}"
      ),
      ("F.cross_entropy(T.ones(2, 3), T.tensor({1, 2}), {weight = T.ones(2)})", "cross_entropy: weight must have one value for each class, {3}, got {2}"),
      ("F.cross_entropy(T.ones(2, 3), T.tensor({1, 2}), {label_smoothing = 2})", "cross_entropy: label_smoothing must be between 0 and 1, got 2"),
      ("F.cross_entropy(T.ones(0, 3), T.ones(0))", "cross_entropy: the mean of an empty batch (labels {0})"),
      ("F.cross_entropy(T.tensor(1), T.tensor(1))", "cross_entropy: input must be {N,C}, {N,C,…} or {C}, got a single number"),
      ("F.cross_entropy(T.ones(2, 0), T.ones(2))", "cross_entropy: input {2,0} has no classes"),
      ("F.cross_entropy(T.ones(2, 3), nil)", "bad argument #2 to 'cross_entropy' (Tensor expected, got nil)"),
      ("F.nll_loss(T.ones(2, 3), T.tensor({1, 4}))", "nll_loss: label 4 at position 2 is outside 1..3"),
      (
        "F.nll_loss(T.ones(2, 3), T.tensor({{1, 0, 0}, {0, 1, 0}}))",
        "nll_loss: labels for input {2,3} must have shape {2}, got {2,3}; make labels of one-hot rows with target:argmax(2)"
      ),
      (
        "F.kl_div(T.ones(2), T.ones(2), {reduction = \"avg\"})",
        "kl_div: bad option 'reduction' (\"mean\", \"batchmean\", \"sum\" or \"none\" expected, got \"avg\")"
      ),
      ("F.hinge_loss(T.ones(2), T.tensor({1, 0}))", "hinge_loss: target 0 at position 2 must be -1 or 1"),
      ("F.cosine_embedding_loss(T.ones(2, 3), T.ones(2, 3), T.ones(3))", "cosine_embedding_loss: target must have shape {2}, got {3} (inputs {2,3})"),
      (
        "F.triplet_margin_loss(T.ones(2, 3), T.ones(2, 3), T.ones(2, 4))",
        "triplet_margin_loss: anchor {2,3}, positive {2,3} and negative {2,4} must have the same shape {N,D}"
      ),
      ("F.cosine_similarity(T.ones(2), T.ones(2))", "cosine_similarity: dim 2 is out of range 1..1 (or -1..-1) of shape {2}"),
      ("F.embedding(T.tensor({1, 4}), T.ones(3, 2))", "embedding: position 4 at position 2 is outside 1..3"),
      ("F.embedding(T.tensor({1}), T.ones(3))", "embedding: weight must be {V,D}, got {3}"),
      ("F.embedding(T.tensor({1}), T.ones(3, 2), {padding_idx = 4})", "embedding: padding_idx 4 is outside 1..3"),
      ("F.embedding(T.tensor({1}), T.ones(0, 2))", "embedding: position 1 at position 1 cannot be: there is nothing to choose from"),
    ]

    @Test func errorsSayWhat() throws {
      for (code, expected) in Self.errors {
        let text = message { try lua.run(Self.head + "return " + code) }
        #expect(text.contains(expected), "\(code)\ngave      \(text)\nexpected  \(expected)")
      }
    }

    @Test func emptyAndOddTensors() throws {
      try run(
        """
        assert(#F.linear(T.ones(0, 3), T.ones(2, 3)) == 0)
        assert(F.linear(T.ones(2, 0), T.ones(3, 0), T.ones(3)):sum():item() == 6)
        assert(#F.conv2d(T.ones(0, 1, 4, 4), T.ones(2, 1, 3, 3)) == 0)
        assert(#F.max_pool2d(T.ones(0, 1, 4, 4), 2) == 0 and #F.avg_pool2d(T.ones(0, 1, 4, 4), 2) == 0)
        assert(#F.softmax(T.ones(0, 3)) == 0 and F.softmax(T.ones(3, 0)).shape[2] == 0)
        assert(#F.relu(T.ones(0)) == 0 and F.relu(T.tensor(-1)):item() == 0)
        assert(F.cross_entropy(T.ones(0, 3), T.ones(0), {reduction = "sum"}):item() == 0)
        assert(#F.embedding(T.ones(0), T.ones(3, 2)) == 0)
        assert(F.mse_loss(T.ones(0), T.ones(0), {reduction = "sum"}):item() == 0)
        -- whole numbers become floats, mixed types meet
        assert(F.linear(T.ones(2, 3, {dtype = "int64"}), T.ones(2, 3)).dtype == "float32")
        assert(F.linear(T.ones(2, 3), T.ones(2, 3, {dtype = "float64"})).dtype == "float64")
        assert(F.conv2d(T.ones(1, 4, 4, {dtype = "uint8"}), T.ones(1, 1, 3, 3)).dtype == "float32")
        assert(F.softmax(T.ones(3, {dtype = "int64"})).dtype == "float32" and F.relu(T.ones(3, {dtype = "int64"})).dtype == "int64")
        assert(F.max_pool2d(T.ones(1, 4, 4, {dtype = "int64"}), 2):sum():item() == 4)
        -- gradients of empty batches are zeros
        local w = T.ones(2, 1, 3, 3, {requires_grad = true})
        F.conv2d(T.ones(0, 1, 4, 4), w):sum():backward()
        assert(w.grad:sum():item() == 0)
        local w = T.ones(2, 3, {requires_grad = true})
        F.linear(T.ones(0, 3), w):sum():backward()
        assert(w.grad:sum():item() == 0)
        local x = T.ones(2, 3, {requires_grad = true})
        F.linear(x, T.ones(0, 3)):sum():backward()
        assert(x.grad:sum():item() == 0)
        assert(F.prelu(T.ones(2, 0, 3), T.ones(0)).shape[2] == 0)
        """)
    }
  }
}
