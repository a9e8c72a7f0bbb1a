import Foundation
import LuaBridge
import Runtime
import Testing

/// All suites of this target: tensors belong to one thread.
@Suite(.serialized) enum TrainingTests {
  /// An interpreter with every library, and a small problem that is quickly learnt: which of four points in the plane is near.
  static func lua() throws -> LuaState {
    let lua = try LuaState()
    Libraries.install(in: lua)
    try lua.run(
      """
      nnlua = require "nnlua"
      T, nn, F, optim, data, train, metrics = nnlua.tensor, nnlua.nn, nnlua.nn.functional, nnlua.optim, nnlua.data, nnlua.train, nnlua.metrics
      T.manual_seed(3)
      local x = T.randn(120, 2) * 2
      local t = (x[{ {}, {1, 1} }]:gt(0):long() + 2 * x[{ {}, {2, 2} }]:gt(0):long() + 1):reshape(120)
      set, more = data.TensorDataset(x[{ {1, 80} }], t[{ {1, 80} }]), data.TensorDataset(x[{ {81, 120} }], t[{ {81, 120} }])
      function loaders(options)
        options = options or {shuffle = true}
        options.batch_size = options.batch_size or 16
        return data.DataLoader(set, options), data.DataLoader(more, {batch_size = 25})
      end
      function network(drop) return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(drop or 0), nn.Linear(16, 4)) end
      -- fit without a bar
      function fit(net, options) options.progress = false; return train.fit(net, options) end
      function message(f, ...)
        local ok, text = pcall(f, ...)
        return ok and "no error" or tostring(text)
      end
      -- every bit of a network, as text
      function bits(net)
        local parts = {}
        for name, p in net:named_parameters() do for _, v in ipairs(p:reshape(-1):totable()) do parts[#parts + 1] = ("%a"):format(v) end end
        return table.concat(parts, " ")
      end
      """)
    return lua
  }

  static func message(_ lua: LuaState, _ code: String) -> String {
    do {
      try lua.run(code)
      return "no error"
    } catch { return "\(error)" }
  }
}

/// A folder of a test's own, removed with it.
final class Folder {
  let url: URL
  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("nnlua-training-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: url) }
  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
