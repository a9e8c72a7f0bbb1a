import Foundation
import LuaBridge
import Testing

extension TrainingTests {
  /// Files that training goes on from.
  @Suite struct CheckpointTests {
    let folder: Folder
    init() throws { folder = try Folder() }

    private func lua() throws -> LuaState {
      let lua = try TrainingTests.lua()
      try lua.run("path = '\(folder.path("state.ckpt"))'")
      return lua
    }

    @Test func plainValuesComeBack() throws {
      try lua().run(
        """
        local values = {
          epoch = 3, lr = 0.1, whole = 1.0, zero = -0.0, huge = math.huge, low = -math.huge, nan = 0/0, tiny = 5e-324, big = math.maxinteger, small = math.mininteger,
          name = 'quotes " and \\\\ and \\n and \\0 and é', bytes = "\\255\\0\\254", yes = true, no = false, empty = {}, list = {1, 2.5, "x", {true}}, ["$mark"] = {["$tensor"] = "x"},
          mixed = {10, 20, x = 1, [7] = "seven", [2.5] = "half", [false] = 0}, gap = {[1] = 1, [3] = 3}, deep = {{{{{{1}}}}}},
          tensors = {T.tensor({1.5, -0.0}), T.tensor({{1}, {2}}, {dtype = "int64"}), T.tensor(true), T.zeros(0, 3), T.tensor(2, {dtype = "float64"}), T.ones(2, {dtype = "uint8"})},
        }
        train.save(path, values)
        local function same(a, b, place)
          if type(a) == "table" then
            assert(type(b) == "table", place)
            for k, v in pairs(a) do same(v, b[k], place .. "." .. tostring(k)) end
            for k in pairs(b) do assert(a[k] ~= nil, place .. "." .. tostring(k)) end
          elseif type(a) == "userdata" then
            assert(a.dtype == b.dtype and T.equal(a, b), place)
          else
            assert(math.type(a) == math.type(b) and (a == b or a ~= a and b ~= b), place .. ": " .. tostring(b))
          end
        end
        same(values, train.load(path), "values")
        assert(1 / train.load(path).zero == -math.huge)
        -- one readable format
        os.rename(path, path .. ".safetensors")
        local tensors = T.load(path .. ".safetensors")
        assert(T.equal(tensors["tensors.1"], values.tensors[1]))
        """)
    }

    /// Every part of a run, saved in the middle: the rest has the same bits.
    @Test(arguments: ["shuffle = true", "shuffle = true, seed = 4"]) func goesOnBitForBit(_ order: String) throws {
      try lua().run(
        """
        local function start(seed)
          T.manual_seed(seed)
          local run = {net = network(0.4)}
          run.loader = loaders{\(order)}
          run.optimizer = optim.Adam(run.net, {lr = 0.02, amsgrad = true})
          run.scheduler = optim.schedule.CosineAnnealingLR(run.optimizer, 6)
          return run
        end
        local function epochs(run, first, last)
          for epoch = first, last do
            for x, t in run.loader:batches() do
              run.optimizer:zero_grad()
              F.cross_entropy(run.net(x), t):backward()
              run.optimizer:step()
            end
            run.scheduler:step()
            run.epoch = epoch
          end
        end
        local whole = start(1)
        epochs(whole, 1, 6)
        local first = start(1)
        epochs(first, 1, 3)
        train.save(path, first)
        local second = start(99)
        local saved = train.load(path, second)
        assert(saved.epoch == 3 and saved.net == second.net and saved.optimizer == second.optimizer and saved.loader.epoch == 3)
        epochs(second, saved.epoch + 1, 6)
        assert(bits(whole.net) == bits(second.net))
        assert(T.rand(1):item() == T.rand(1):item() or true)
        -- chance is left alone where that is asked for, or where nothing goes on
        T.manual_seed(8); local a = T.rand(1):item()
        T.manual_seed(8); train.load(path); assert(T.rand(1):item() == a)
        T.manual_seed(8); train.load(path, {net = second.net}, {random = false}); assert(T.rand(1):item() == a)
        T.manual_seed(8); train.load(path, {net = second.net}); assert(T.rand(1):item() ~= a)
        """)
    }

    @Test func fitGoesOnBitForBit() throws {
      try lua().run(
        """
        local function run(seed, epochs, options)
          T.manual_seed(seed)
          local net = network(0.4)
          local tr, te = loaders()
          local opt = optim.Adam(net, {lr = 0.02})
          local all = {train = tr, test = te, epochs = epochs, optimizer = opt, scheduler = optim.schedule.OneCycleLR(opt, 0.05, 6 * #tr), early_stop = 4}
          for name, value in pairs(options or {}) do all[name] = value end
          return net, fit(net, all)
        end
        local whole, h = run(1, 6)
        run(1, 4, {checkpoint = path})
        local rest, h2 = run(77, 6, {checkpoint = path, resume = true})
        assert(bits(whole) == bits(rest))
        for _, name in ipairs{"train_loss", "test_loss", "train_accuracy", "test_accuracy", "lr"} do
          assert(#h2[name] == 6, name)
          for i = 1, 6 do assert(h[name][i] == h2[name][i], name .. i) end
        end
        assert(h2.epochs == 6 and tostring(h2):find("^History"))
        -- nothing is left to do; then two more epochs than the cycle has
        local _, h3 = run(5, 6, {checkpoint = path, resume = true})
        assert(h3.epochs == 6 and #h3.train_loss == 6)
        assert(message(run, 5, 8, {checkpoint = path, resume = true}):find("total_steps"))
        -- without resume the run begins anew
        local _, h4 = run(1, 1, {checkpoint = path})
        assert(#h4.train_loss == 1 and train.load(path).epoch == 1)
        """)
    }

    @Test func earlyStopGoesOn() throws {
      try lua().run(
        """
        local tr, te = loaders()
        local net = network()
        local opt = optim.SGD(net, {lr = 0})
        local function run(epochs) return fit(net, {train = tr, test = te, optimizer = opt, epochs = epochs, early_stop = 3, checkpoint = path, resume = true}) end
        assert(run(2).epochs == 2)
        local h = run(10)
        assert(h.epochs == 4 and h.stopped == "early_stop")
        h = run(10)
        assert(h.epochs == 4 and h.stopped == "early_stop" and #h.test_loss == 4)
        """)
    }

    /// After an error nothing has changed: not the parts that came before it, not chance, not the file.
    @Test func allOrNothing() throws {
      try lua().run(
        """
        local net, other = network(), nn.Linear(2, 3)
        local opt = optim.Adam(net)
        train.save(path, {a = net, b = opt, c = T.ones(3), epoch = 1})
        local before = {}
        for i = 1, 4 do before[i] = T.zeros(1) end
        local function refuses(into, text)
          T.manual_seed(9)
          local fresh = network()
          local state = bits(fresh)
          into.a = into.a or fresh
          local here = T.rand(1):item()
          T.manual_seed(9); network()
          local found = message(train.load, path, into)
          assert(found:find(text, 1, true), found)
          assert(T.rand(1):item() == here and bits(fresh) == state)
        end
        refuses({b = optim.SGD(network())}, "load: " .. path .. ": 'b': the file holds the state of Adam, SGD is given")
        refuses({b = optim.Adam(other)}, "'b': load_state_dict: '2.step' does not belong to Adam of 2 parameters; '3.step'")
        refuses({c = T.ones(4)}, "'c': the tensor saved has shape {3}, the one given {4}")
        refuses({d = net, e = net}, "holds no 'd', 'e' (it has: a, b, c, epoch)")
        refuses({epoch = net}, "'epoch': a module is given, but the file holds no state of one under that name")
        refuses({epoch = 3}, "'epoch': a number cannot be restored")
        refuses({a = other}, "'a': load_state_dict: missing: weight, bias; unexpected: 0.bias")
        refuses({b = net}, "'b': a module is given")
        assert(not pcall(train.save, path, {f = print}))
        assert(train.load(path).epoch == 1)
        local x = T.zeros(3)
        train.load(path, {c = x})
        assert(x:sum():item() == 3)
        """)
    }

    @Test func mistakesAreNamed() throws {
      try lua().run(
        """
        local function is(text, f, ...)
          local found = message(f, ...)
          assert(found:find(text, 1, true), found)
        end
        is("field 'a.b.2' is a function, which cannot be saved", train.save, path, {a = {b = {1, print}}})
        is("field 'f' is a Figure, which cannot be saved", train.save, path, {f = nnlua.plot.figure()})
        is("table 'a' has a key that is a table", train.save, path, {a = {[{}] = 1}})
        local cycle = {}
        cycle.again = cycle
        is("nested too deep (does a table contain itself?)", train.save, path, cycle)
        is("bad argument #2 to 'save' (table expected, got no value)", train.save, path)
        is("bad argument #2 to 'load' (table expected, got number)", train.load, path, 3)
        is("load: " .. path .. ": cannot open: No such file or directory", train.load, path)
        T.save(path .. ".safetensors", {x = T.ones(2)})
        is("holds no training state, only tensors", train.load, path .. ".safetensors")
        """)
    }

    /// Whatever stands in a file: an error or values, never code that runs, and never the end of the process.
    @Test func brokenFiles() throws {
      let lua = try lua()
      try lua.run("train.save(path, {net = network(), optimizer = optim.Adam(network()), list = {1, 2.5}, epoch = 2})")
      let whole = try Data(contentsOf: URL(fileURLWithPath: folder.path("state.ckpt")))
      let broken = folder.path("broken.ckpt")
      func loads(_ data: Data) throws -> String {
        try data.write(to: URL(fileURLWithPath: broken))
        return message(lua, "hit = nil; train.load('\(broken)')")
      }
      for length in stride(from: 0, to: whole.count, by: max(whole.count / 60, 1)) { #expect(try loads(whole.prefix(length)) != "no error") }
      var chance: UInt64 = 7
      for _ in 0..<500 {
        var data = whole
        for _ in 0..<3 {
          chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          data[8 + Int(chance >> 33) % 1500] = UInt8(truncatingIfNeeded: chance >> 20)
        }
        _ = try loads(data)
      }
      /// A file of this metadata and no tensors.
      func metadata(_ text: String) throws -> String {
        let quoted = String(decoding: try JSONEncoder().encode(["nnlua": text]), as: UTF8.self)
        let header = Data("{\"__metadata__\":\(quoted)}".utf8)
        return try loads(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header)
      }
      func values(_ text: String) throws -> String { try metadata("{\"version\":1,\"random\":{\"seed\":1,\"offset\":0},\"values\":\(text)}") }
      #expect(try values("{\"a\":1}") == "no error")
      #expect(try metadata("os.exit(3)").contains("its training state is broken (not valid JSON)"))
      #expect(try metadata("{\"version\":2,\"values\":{}}").contains("has version 2; this nnlua reads version 1"))
      #expect(try metadata("[]").contains("its training state is broken (no version)"))
      #expect(try values("3").contains("its training state is no table"))
      #expect(try values("{\"a\":{\"$tensor\":\"x\"}}").contains("'values.a' lacks its tensor 'x'"))
      #expect(try values("{\"a\":{\"$code\":\"os.exit()\"}}").contains("'values.a' holds an unknown mark '$code'"))
      #expect(try values("{\"a\":{\"$float\":\"x\"}}").contains("'values.a' is no number"))
      #expect(try values("{\"a\":{\"$bytes\":\"0g\"}}").contains("'values.a' holds no bytes"))
      #expect(try values("{\"a\":{\"$table\":[[null,1]]}}").contains("'values.a' has a key that cannot be one"))
      #expect(try values("{\"a\":{\"$table\":[[{\"$float\":\"nan\"},1]]}}").contains("'values.a' has a key that cannot be one"))
      #expect(try values("{\"a\":{\"$table\":[[1]]}}").contains("'values.a' is a broken table"))
      #expect(try values(String(repeating: "[", count: 100_000)) != "no error")
      #expect(try values(String(repeating: "[", count: 300) + String(repeating: "]", count: 300)).contains("nested too deep"))
    }
  }
}
