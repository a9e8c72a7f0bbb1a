import Foundation
import LuaBridge
import NeuralNetworks
import Tensors
import Testing

extension NeuralNetworksTests {
  /// A state_dict saved by PyTorch loads into the same module here; results and gradients agree. `scripts/make-torch-fixtures` wrote the files.
  @Suite(.serialized) struct Interchange {
    /// File, module, options of the call.
    static let cases: [(file: String, module: String, options: String)] = [
      ("linear", "nn.Linear(5, 4)", ""),
      ("conv2d", "nn.Conv2d(2, 4, 3, {stride = 2, padding = 1, groups = 2})", ""),
      ("batch_norm", "nn.BatchNorm2d(3)", ""),
      ("conv_net", "nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4))", ""),
      ("rnn", "nn.RNN(3, 4)", ""),
      ("rnn_relu", "nn.RNN(3, 4, {num_layers = 2, nonlinearity = 'relu', bidirectional = true, bias = false})", ""),
      ("lstm", "nn.LSTM(3, 4)", ""),
      ("lstm_two", "nn.LSTM(3, 4, {num_layers = 2, bidirectional = true, batch_first = true})", ""),
      ("lstm_one_sequence", "nn.LSTM(3, 4, {bias = false})", ""),
      ("gru", "nn.GRU(3, 4)", ""),
      ("gru_two", "nn.GRU(3, 4, 2, {bidirectional = true})", ""),
      ("lstm_cell", "nn.LSTMCell(3, 4)", ""),
      ("gru_cell", "nn.GRUCell(3, 4)", ""),
      ("rnn_cell", "nn.RNNCell(3, 4, {nonlinearity = 'relu'})", ""),
      ("attention", "nn.MultiheadAttention(6, 3)", ""),
      ("attention_masks", "nn.MultiheadAttention(6, 3, {kdim = 4, vdim = 5, batch_first = true})", "average_attn_weights = false"),
      ("attention_alone", "nn.MultiheadAttention(6, 2, {bias = false})", ""),
      ("encoder_layer", "nn.TransformerEncoderLayer(6, 2, {dim_feedforward = 7, dropout = 0})", ""),
      (
        "encoder_layer_norm_first",
        "nn.TransformerEncoderLayer(6, 3, {dim_feedforward = 7, dropout = 0, activation = 'gelu', batch_first = true, norm_first = true})", ""
      ),
      ("dot_product", "", "scale = 0.3"),
      ("dot_product_mask", "", ""),
      ("dot_product_added", "", ""),
      ("dot_product_causal", "", "is_causal = true"),
    ]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures").path

    @Test(arguments: cases.indices, ["float64", "float32"]) func agreesWithPyTorch(_ place: Int, _ type: String) throws {
      let (file, module, options) = Self.cases[place]
      let functional = module.isEmpty  // of scaled_dot_product_attention
      try lua().run(
        prelude + """
          local f = T.load("\(Self.folder)/\(file).safetensors")
          local state, grads, options = {}, {}, {\(options)}
          for key, x in pairs(f) do
            local part, rest = key:match("^(%w+)%.(.*)$")
            if part == "state" then state[rest] = x
            elseif part == "grad" then grads[rest] = x
            elseif part == "option" then options[rest] = x.dtype == "bool" and x or x:to("\(type)") end
          end
          local inputs, outputs, slopes = {}, {}, {}
          for i = 0, 3 do
            local x = f["input." .. i]
            inputs[#inputs + 1] = x and x:to("\(type)"):requires_grad_()
            outputs[#outputs + 1], slopes[#slopes + 1] = f["output." .. i], f["slope." .. i]
          end
          local function flat(v, list)
            list = list or {}
            if type(v) == "table" then for _, e in ipairs(v) do flat(e, list) end else list[#list + 1] = v end
            return list
          end
          local arguments = {table.unpack(inputs)}
          if next(options) then arguments[#arguments + 1] = options end
          local results, net
          if \(functional) then
            results = flat{F.scaled_dot_product_attention(table.unpack(arguments))}
          else
            net = (\(functional ? "nil" : module)):to("\(type)"):eval()
            net:load_state_dict(state)
            results = flat{net(table.unpack(arguments))}
          end
          assert(#results == #outputs, #results .. " results instead of " .. #outputs)
          local compared = 0
          local function compare(found, wanted, what)
            if table.concat(found.shape, ",") ~= table.concat(wanted.shape, ",") then error(what .. ": shape {" .. table.concat(found.shape, ",") .. "}") end
            local scale = math.max(1, wanted:abs():max():item())
            local distance = (found:double() - wanted:double()):abs():max():item()
            compared = compared + 1
            -- What the file holds as float32 is known no better.
            local exact = "\(type)" == "float64" and wanted.dtype == "float64"
            if not (distance <= (exact and 1e-12 or 1e-5) * scale) then error(("%s: off by %g"):format(what, distance)) end
          end
          local total = 0
          for i, y in ipairs(results) do
            compare(y, outputs[i], "output " .. i)
            total = total + (y * slopes[i]:to("\(type)")):sum()
          end
          total:backward()
          for name, p in (net or nn.Identity()):named_parameters() do compare(p.grad, grads[name], name) end
          for i, x in ipairs(inputs) do compare(x.grad, grads["input." .. i - 1], "gradient of input " .. i) end
          local known = 0
          for _ in pairs(grads) do known = known + 1 end
          assert(compared == #outputs + known, compared .. " comparisons")
          """, name: "=\(file)")
    }

    /// Positions count from 0 in PyTorch.
    @Test func embeddingAgrees() throws {
      try lua().run(
        prelude + """
          local f = T.load("\(Self.folder)/embedding.safetensors")
          local net = nn.Embedding(7, 3)
          net:load_state_dict({weight = f["state.weight"]})
          local y = net(f["input.0"] + 1)
          assert(T.equal(y, f["output.0"]))
          y:backward(f["slope.0"])
          assert(T.allclose(net.weight.grad, f["grad.weight"], {atol = 1e-6}))
          """)
    }

    /// A whole encoder, its parameters under PyTorch's names.
    @Test func encoderAgrees() throws {
      try lua().run(
        prelude + """
          local f = T.load("\(Self.folder)/encoder.safetensors")
          local state = {}
          for key, x in pairs(f) do state[key:match("^state%.(.*)$") or ""] = x end
          state[""] = nil
          local net = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, {dim_feedforward = 5, dropout = 0}), 2, {norm = nn.LayerNorm(4)})
          collectgarbage()
          net:load_state_dict(state)
          assert(T.allclose(net(f["input.0"]:float()), f["output.0"]:float(), {atol = 1e-5}))
          """)
    }

    @Test func everyFileIsUsed() throws {
      let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
      #expect(files == (Self.cases.map(\.file) + ["embedding", "encoder"]).map { $0 + ".safetensors" }.sorted())
    }

    private let prelude = "local T, nn, F = require 'nnlua.tensor', require 'nnlua.nn', require 'nnlua.nn.functional'; "
    private func lua() throws -> LuaState {
      let lua = try LuaState()
      for library in [TensorLibrary.library, ModuleLibrary.library, FunctionalLibrary.library, Initializers.library, Utilities.library] { lua.install(library) }
      return lua
    }
  }
}
