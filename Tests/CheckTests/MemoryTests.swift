import Foundation
import LuaBridge
import NeuralNetworks
import Tensors
import Testing

/// Nothing stays behind: errors, temporaries, graphs, cycles.
extension CheckTests {
  @Suite struct MemoryTests {
    /// What is alive now, after everything unreachable is gone.
    static func alive(_ lua: LuaState) -> [Int] {
      for _ in 0..<3 { lua.collectAll() }
      return [Node.alive, Storage.alive, Tensor.alive, Module.alive]
    }

    @Test func errorsLeaveNothing() throws {
      let lua = try Rows.interpreter()
      let kinds = [
        "T.ones(2, 3) + T.ones(4)", "T.ones(2):matmul(T.ones(3))", "F.conv2d(x, x)", "T.ones(2, {requires_grad = true}):exp():backward()", "T.zeros(1e12)",
        "net(T.ones(3, 7))", "T.tensor({{1}, {1, 2}})",
        "T.ones(2).nothing()", "T.no_grad(function() local y = net(x); error(y) end)", "T.scope(function(keep) keep(T.ones(3)); error({T.ones(4)}) end)",
        "nn.Sequential(3)", "optim.SGD({}, {lr = 'x'})",
        "net:apply(function(m) error(m) end)", "nn.Lambda(function(y) return nil end)(x)", "T.ones(2)[{3, 1}]",
        "nn.CrossEntropyLoss()(x, T.tensor({9, 9}, {dtype = 'int64'}))",
      ]
      try lua.run(
        Rows.locals + """
          local net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
          local x = T.ones(2, 3, {requires_grad = true})
          local kinds = {\(kinds.map { "function() \($0.hasPrefix("T.") || $0.hasPrefix("F.") || $0.hasPrefix("n") || $0.hasPrefix("o") ? "return " : "")\($0) end" }.joined(separator: ", "))}
          function fail(n)
            for i = 1, n do
              local ok, e = pcall(kinds[i % #kinds + 1])
              assert(not ok, i % #kinds + 1)
            end
          end
          fail(2000)
          """)
      let before = Self.alive(lua), bytes = lua.luaBytes, live = ExternalMemory.live
      try lua.run("fail(100000)")
      #expect(Self.alive(lua) == before)
      #expect(ExternalMemory.live == live)
      #expect(abs(lua.luaBytes - bytes) < 16 << 10, "Lua's own memory: \(bytes) before, \(lua.luaBytes) after")
    }

    /// 100 GB of temporaries with 20 MB in use, as the process sees it.
    @Test(arguments: ["generational", "incremental"])
    func temporariesAreGivenBack(_ mode: String) throws {
      let folder = try Folder()
      let script = try folder.write(
        "a.lua",
        """
        local T, nnlua = require "nnlua.tensor", require "nnlua"
        local live, n = {}, 20
        for i = 1, n do live[i] = T.zeros(262144) end      -- 1 MB each
        for i = 1, 100000 do
          local x = T.zeros(262144)
          if i % 100 == 0 then live[i // 100 % n + 1] = x end
        end
        local status = io.open("/proc/self/status"):read("a")
        print(nnlua.memory().peak // 2^20, tonumber(status:match("VmHWM:%s*(%d+)")) // 1024)
        """)
      let child = try Child.run(["--threads", "1", script], in: folder, environment: ["NNLUA_GC": mode])
      let words = child.output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
      try #require(words.count == 2, "\(child.output)")
      #expect(words[0] < 60, "tensors' peak, MB")
      #expect(words[1] < 120, "the process's peak, MB")
    }

    /// A training loop that has found its pace takes no memory from the system.
    @Test func steadyLoopsAllocateNothing() throws {
      let lua = try Rows.interpreter()
      try lua.run(
        Rows.locals + """
          T.manual_seed(1)
          local nets = {
            nn.Sequential(
              nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(16), nn.Flatten(), nn.Dropout(0.5),
              nn.Linear(16 * 6 * 6, 10)),
            nn.Sequential(nn.Flatten(), nn.Linear(196, 100), nn.BatchNorm1d(100), nn.Sigmoid(), nn.Linear(100, 10)),
          }
          for i, net in ipairs(nets) do
            local opt, loss = optim.Adam(net), nn.CrossEntropyLoss()
            local x, t = T.rand(50, 1, 14, 14), T.randint(1, 10, {50})
            local function steps(n)
              for _ = 1, n do
                opt:zero_grad()
                loss(net(x), t):backward()
                opt:step()
              end
            end
            steps(200)
            local before = nnlua.memory().allocations
            steps(60)
            assert(nnlua.memory().allocations == before, ("network %d: %d blocks in 60 steps"):format(i, nnlua.memory().allocations - before))
          end
          """)
    }

    @Test func longChains() throws {
      let lua = try Rows.interpreter()
      let before = Self.alive(lua)
      #expect(
        try lua.evaluate(
          Rows.locals + """
            local x = T.ones(1, {requires_grad = true})
            local y = x
            for i = 1, 100000 do y = y + 1 end
            y:sum():backward()
            return x.grad:item()
            """, as: Double.self) == 1)
      // Freed without backward, by the collector; and as the leaves' many users.
      try lua.run(Rows.locals + "local x = T.ones(1, {requires_grad = true}); local y = x; for i = 1, 200000 do y = y * x end; y = nil")
      try lua.run(Rows.locals + "local x = T.ones(1, {requires_grad = true}); local y = x; for i = 1, 200000 do y = y:exp():log() end; local z <close> = y")
      // A diamond a step: backward visits each node once.
      #expect(
        try lua.evaluate(
          Rows.locals
            + "local x = T.ones(1, {requires_grad = true, dtype = 'float64'}); local y = x; for i = 1, 1000 do y = y * 0.5 + y * 0.5 end; y:sum():backward(); return x.grad:item()",
          as: Double.self) == 1)
      #expect(Self.alive(lua) == before)
    }

    /// A training loop that has found its blocks of memory asks the system for no more.
    @Test func steadyTrainingAllocatesNothing() throws {
      let networks = [
        "nn.Linear(784, 50), nn.Sigmoid(), nn.Linear(50, 10)",
        """
        nn.Linear(784, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Dropout(0.2), nn.Linear(100, 100), nn.BatchNorm1d(100), nn.ReLU(), nn.Dropout(0.2), nn.Linear(100, 10)
        """,
        "nn.Unflatten(2, {1, 28, 28}), nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10)",
        """
        nn.Unflatten(2, {1, 28, 28}), nn.Conv2d(1, 16, 3, {padding = 1}), nn.ReLU(), nn.Conv2d(16, 16, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 36, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10)
        """,
      ]
      for network in networks {
        for optimizer in ["SGD(net, {lr = 0.1})", "Adam(net)"] {
          let lua = try Rows.interpreter()
          try lua.run(
            Rows.locals + """
              local net = nn.Sequential(\(network))
              local optimizer, loss = optim.\(optimizer), nn.CrossEntropyLoss()
              local x, t = T.randn(20, 784), T.randint(1, 10, {20})
              local function steps(n)
                for _ = 1, n do
                  optimizer:zero_grad()
                  loss(net(x), t):backward()
                  optimizer:step()
                end
                return nnlua.memory().allocations
              end
              local warm = steps(200)  -- some rounds of Lua's collector
              local later = steps(200)
              assert(later == warm, (later - warm) .. " blocks in 200 steps")
              """)
        }
      }
    }

    @Test func retainedGraphsAndGradientsOfGradients() throws {
      let lua = try Rows.interpreter()
      let before = Self.alive(lua)
      try lua.run(
        Rows.locals + """
          for i = 1, 200 do
            local x = T.rand(3, 3, {requires_grad = true})
            local y = (x:exp() * x):sum()
            y:backward({retain_graph = true}); y:backward({create_graph = true})
            local g = T.grad((x ^ 3):sum(), x, {create_graph = true})
            g:sum():backward()
          end
          """)
      #expect(Self.alive(lua) == before)
    }

    @Test func cyclesThroughModulesAreCollected() throws {
      let lua = try Rows.interpreter()
      let before = Self.alive(lua)
      try lua.run(
        Rows.locals + """
          for i = 1, 200 do
            local net
            net = nn.Sequential(nn.Linear(3, 3), nn.Lambda(function(x) return x * #net end))
            assert(net(T.ones(1, 3)).shape[2] == 3)
            local Own = nn.class("Own")
            function Own:init() self.inner = nn.Lambda(function(x) return self.scale * x end); self.scale = T.ones(1, {requires_grad = true}) end
            function Own:forward(x) return self.inner(x) end
            local own = Own()
            own.list = {own.inner, nn.Residual(nn.Sequential(own.inner))}
            own(T.ones(2)):sum():backward()
            local opt = optim.Adam(net, {lr = 0.1}); opt:step()
          end
          """)
      #expect(Self.alive(lua) == before)
    }

    @Test func coroutinesCallTensorOps() throws {
      let lua = try Rows.interpreter()
      let before = Self.alive(lua)
      try lua.run(
        Rows.locals + """
          local list = {}
          for i = 1, 2000 do
            list[i] = coroutine.create(function(x)
              local y = x
              while true do
                y = y:matmul(x) * 0.1
                coroutine.yield(T.scope(function() return (y:exp() - 1):sum() end), x)
              end
            end)
          end
          for round = 1, 10 do
            for i = 1, #list do
              local ok, y = coroutine.resume(list[i], T.rand(8, 8))
              assert(ok and y:item() == y:item())
            end
          end
          -- half of them end by an error inside an op, half are dropped
          for i = 1, #list, 2 do coroutine.close(list[i]) end
          """)
      #expect(Self.alive(lua) == before)
      // The first object of every class made inside a coroutine.
      try Rows.interpreter().run(
        "coroutine.wrap(function() " + Rows.locals + """
          local net = nn.Sequential(nn.Linear(2, 2)); net(T.ones(1, 2)):sum():backward(); optim.SGD(net, {lr = 0.1}):step()
          optim.SGD({{params = net}, {params = nn.Linear(2, 2), lr = 1}}, {lr = 0.1}):step()
          for x in data.DataLoader(data.TensorDataset(T.ones(4, 2), T.ones(4)), {batch_size = 2}):batches() do assert(#x == 2) end
          T.scope(function(keep) keep(T.ones(2)) end)
          coroutine.wrap(function() net:summary(1, 2) end)()
          end)()
          """)
    }

    @Test func scopesFreeAtOnce() throws {
      let lua = try Rows.interpreter()
      try lua.run(Rows.locals + "scope, zeros, memory = T.scope, T.zeros, nnlua.memory")
      let live = ExternalMemory.live
      try lua.run("collectgarbage('stop'); scope(function() for i = 1, 100 do zeros(262144) end end)")
      #expect(ExternalMemory.live == live)
      try lua.run("for i = 1, 100 do local x <close> = zeros(262144) end")
      #expect(ExternalMemory.live == live)
    }
  }
}
