import Datasets
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct DataLoaderTests {
  @Test func dealsEverySampleOnce() throws {
    let lua = try interpreter()
    lua.install(Library("random", "", rows: [Row(procedure: "begin", "", Param("seed", Int.self)) { RandomState.begin(seed: $0) }]))
    try lua.run(
      """
      local begin = require "random".begin
      local set = data.TensorDataset(T.range(1, 10):reshape(10, 1), T.range(1, 10))
      local function deal(loader)
        local sizes, list = {}, {}
        for x, t in loader:batches() do
          assert(x.shape[1] == t.shape[1] and x.shape[2] == 1)
          sizes[#sizes + 1] = t.shape[1]
          for i = 1, t.shape[1] do
            assert(x[i][1] == t[i])
            list[#list + 1] = math.tointeger(t[i])
          end
        end
        return table.concat(list, " "), table.concat(sizes, " ")
      end
      local list, sizes = deal(data.DataLoader(set, {batch_size = 4}))
      assert(list == "1 2 3 4 5 6 7 8 9 10" and sizes == "4 4 2")
      list, sizes = deal(data.DataLoader(set, {batch_size = 4, drop_last = true}))
      assert(list == "1 2 3 4 5 6 7 8" and sizes == "4 4")
      assert(#data.DataLoader(set) == 10 and #data.DataLoader(set, {batch_size = 4}) == 3 and #data.DataLoader(set, {batch_size = 99}) == 1)
      assert(#data.DataLoader(set, {batch_size = 4, drop_last = true}) == 2)
      assert(#data.DataLoader{set, batch_size = 4} == 3 and #data.DataLoader(set, 4) == 3)

      -- A seed fixes all epochs, and no two are alike.
      local function sorted(s)
        local t = {}
        for n in s:gmatch("%d+") do t[#t + 1] = tonumber(n) end
        table.sort(t)
        return table.concat(t, " ")
      end
      local options = {batch_size = 3, shuffle = true, seed = 5}
      local a, b = data.DataLoader(set, options), data.DataLoader(set, options)
      local first, second = deal(a), deal(a)
      assert(first ~= second and first ~= list and sorted(first) == "1 2 3 4 5 6 7 8 9 10")
      assert(deal(b) == first and deal(b) == second)
      assert(deal(data.DataLoader(set, {batch_size = 3, shuffle = true, seed = 6})) ~= first)
      b.epoch = 1
      assert(deal(b) == second and b.epoch == 2)

      -- Without one, T.manual_seed does.
      local c = data.DataLoader(set, {batch_size = 3, shuffle = true})
      begin(1)
      first, second = deal(c), deal(c)
      begin(1)
      assert(first ~= second and deal(c) == first and deal(c) == second)

      -- Numbers, a batch by hand, and an end that stays one.
      local seen = 0
      for i, x, t in data.DataLoader(set, {batch_size = 4}):enumerate() do
        seen = seen + 1
        assert(i == seen and x.shape[1] == t.shape[1])
      end
      assert(seen == 3)
      local batches = data.DataLoader(set, {batch_size = 6}):batches()
      assert(#batches == 2)
      local x, t = batches()
      assert(x.shape[1] == 6 and t[6] == 6 and #batches == 1)
      batches()
      assert(batches() == nil and batches() == nil)
      fails("DataLoader: the dataset is empty", data.DataLoader, data.TensorDataset(T.zeros(0, 2), T.zeros(0)))
      for _ in data.DataLoader(set, {batch_size = 11, drop_last = true}):batches() do error("a batch of too few") end
      """)
  }

  @Test func transformsSeeEveryBatch() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local set = data.TensorDataset(T.range(1, 4):reshape(4, 1), T.range(1, 4))
      local made = setmetatable({}, {__mode = "v"})
      do
        -- Neither the loader nor the function is held by anyone but the pass.
        local batches = data.DataLoader(set, {batch_size = 2, transform = function(x, t) return x * 2, t + 1 end}):batches()
        collectgarbage() collectgarbage()
        local x, t = batches()
        assert(x[2][1] == 4 and t[2] == 3)
        for x, t in batches do assert(x[1][1] == 6 and t[1] == 4) end
      end
      -- A transform that holds its own loader is collected with it.
      do
        local loader
        local held = {}
        made[1] = held
        loader = data.DataLoader(set, {transform = function(x, t) return x, t, loader, held end})
        for x, t in loader:batches() do assert(x.shape[1] == 1) end
      end
      collectgarbage() collectgarbage() collectgarbage()
      assert(made[1] == nil, "the transform lives on")
      -- x alone leaves t as it is.
      local loader = data.DataLoader(set, {batch_size = 4, transform = function(x) return x + 1 end})
      for x, t in loader:batches() do assert(x[1][1] == 2 and t[1] == 1) end
      loader = data.DataLoader(set, {transform = function(x, t) end})
      fails("DataLoader: the transform must return x and t, or x, it returned nil", function() for _ in loader:batches() do end end)
      loader = data.DataLoader(set, {transform = function() error({code = 7}) end})
      local ok, e = pcall(function() for _ in loader:batches() do end end)
      assert(not ok and e.code == 7)
      """)
  }

  /// What a run with these options deals: sums of batches, and of numbers drawn between them.
  static let deal = """
    function deal(options, epochs, loader)
      loader = loader or data.DataLoader(data.digits{limit = 500}, options)
      local list = {}
      for _ = 1, epochs do
        for x, t in loader:batches() do
          list[#list + 1] = ("%.9g %d %.9g"):format((x * T.range(1, x:numel()):reshape(x.shape)):sum():item(), t:sum():item(), T.rand(1):item())
        end
      end
      return table.concat(list, "\\n"), loader
    end
    """

  @Test func prefetchChangesNothing() throws {
    let lua = try interpreter()
    lua.install(Library("random", "", rows: [Row(procedure: "begin", "", Param("seed", Int.self)) { RandomState.begin(seed: $0) }]))
    try lua.run(Self.deal)
    try lua.run(
      """
      local begin = require "random".begin
      for _, transform in ipairs{tf.compose(tf.random_shift(1), tf.rotate(20), tf.flip(0.5)), function(x) return x + T.rand(x.shape) end, tf.normalize(0.5, 0.5), false} do
        for _, seed in ipairs{7, false} do
          local runs = {}
          for k, prefetch in ipairs{0, 1, 3, 100} do
            begin(5)
            runs[k] = deal({batch_size = 64, shuffle = true, seed = seed or nil, prefetch = prefetch, transform = transform or nil}, 2)
          end
          assert(runs[1] == runs[2] and runs[1] == runs[3] and runs[1] == runs[4])
          begin(5)
          assert(runs[1] ~= deal({batch_size = 64, shuffle = true, seed = 8, transform = transform or nil}, 2))
        end
      end
      -- A pass that is left, or collected, while batches are being made.
      for i = 1, 20 do
        local loader = data.DataLoader(data.digits(), {batch_size = 100, prefetch = 8, transform = tf.rotate(10)})
        for x in loader:batches() do break end
        local pass <close> = loader:batches()
        pass()
      end
      collectgarbage() collectgarbage()
      """)
  }

  @Test func aResumedRunGoesOnAsTheUnbrokenOne() throws {
    let lua = try interpreter()
    lua.install(
      Library(
        "random", "",
        rows: [
          Row(procedure: "begin", "", Param("seed", Int.self)) { RandomState.begin(seed: $0) },
          Row("place", "") { () throws -> [Int] in [Int(RandomState.seed), Int(RandomState.offset)] },
          Row(procedure: "go", "", Param("place", [Int].self)) { RandomState.restore(seed: UInt64($0[0]), offset: UInt64($0[1])) },
        ]))
    try lua.run(Self.deal)
    try lua.run(
      """
      local random = require "random"
      for _, seed in ipairs{3, false} do
        local options = {batch_size = 100, shuffle = true, seed = seed or nil, transform = tf.random_shift(2)}
        random.begin(1)
        local _, loader = deal(options, 2)
        local state, place = loader:state_dict(), random.place()
        assert(state.epoch == 2 and state.seed == (seed or nil))
        local unbroken = deal(options, 2, loader)
        random.begin(99)
        random.go(place)
        local other = data.DataLoader(data.digits{limit = 500}, options)
        other:load_state_dict(state)
        assert(deal(options, 2, other) == unbroken and other.epoch == 4)
        other:load_state_dict{epoch = T.tensor(2), seed = seed and T.tensor({seed}) or nil}
        assert(other.epoch == 2)
      end
      local loader = data.DataLoader(data.digits(), {seed = 4})
      fails("load_state_dict: the state needs a whole number 'epoch'", loader.load_state_dict, loader, {})
      fails("load_state_dict: the state needs a whole number 'epoch'", loader.load_state_dict, loader, {epoch = 1.5})
      fails("load_state_dict: the state is of a loader with seed 5, this one has seed 4", loader.load_state_dict, loader, {epoch = 1, seed = 5})
      fails("load_state_dict: the state is of a loader with no seed, this one has seed 4", loader.load_state_dict, loader, {epoch = 1})
      fails("bad argument #1 to 'load_state_dict' (table expected", function() loader:load_state_dict(3) end)
      """)
  }

  @Test func scriptsHaveSetsOfTheirOwn() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local function all(set, size)
        local xs, ts = {}, {}
        for x, t in data.DataLoader(set, {batch_size = size or 2}):batches() do
          xs[#xs + 1], ts[#ts + 1] = x, t
        end
        return xs, ts
      end
      -- An object with methods.
      local Squares = {}
      Squares.__index, Squares.__len = Squares, function(self) return self.n end
      function Squares:get(i) return T.full({2}, i), i * i end
      local xs, ts = all(setmetatable({n = 3}, Squares))
      assert(#xs == 2 and xs[1].shape[1] == 2 and xs[1].shape[2] == 2 and xs[2][1][1] == 3 and ts[1].dtype == "int64" and ts[2][1] == 9)
      -- Plain functions, a list of pairs, names, x alone, a tensor.
      xs, ts = all({length = 3, get = function(i) return {i, i / 2}, i / 2 end})
      assert(xs[1][2][2] == 1 and ts[1].dtype == "float32" and ts[2][1] == 1.5)
      xs, ts = all({length = function(self) return self.n end, n = 2, get = function(i) return i > 1, i end})
      assert(xs[1].dtype == "bool" and xs[1][1] == false and xs[1][2] == true)
      xs, ts = all({{{0, 0}, 1}, {{0, 1}, 2}, {{1, 1}, 1}})
      assert(xs[1][2][2] == 1 and ts[2][1] == 1 and #xs == 2)
      xs, ts = all({{x = {1, 2}, t = 3}, {x = {3, 4}, t = 4.5}})
      assert(xs[1][2][1] == 3 and ts[1][2] == 4.5)
      xs, ts = all({5, 6, 7})
      assert(xs[1][2] == 6 and #ts == 0)
      xs = all(T.range(1, 3))
      assert(xs[2][1] == 3)
      xs, ts = all({{T.ones(2, {dtype = "uint8"}), T.tensor(1)}, {T.ones(2), T.tensor(2)}})
      assert(xs[1].dtype == "float32" and #ts[1].shape == 1)
      -- The same set shuffled, with a transform; it may grow between epochs.
      local list = {1, 2, 3, 4}
      local loader = data.DataLoader(list, {batch_size = 2, shuffle = true, seed = 1, transform = function(x) return x * 10 end})
      local sum = 0
      for x in loader:batches() do sum = sum + x:sum():item() end
      assert(sum == 100 and #loader == 2 and loader.dataset == list)
      list[5] = 5
      for x in loader:batches() do sum = sum + x:sum():item() end
      assert(sum == 250 and #loader == 3)
      assert(tostring(loader) == "DataLoader(5 items; 3 batches of 2, shuffled, function)", tostring(loader))
      do  -- The set is held by the loader, the loader by the pass.
        local pass = data.DataLoader(setmetatable({n = 2}, Squares)):batches()
        collectgarbage() collectgarbage()
        assert(pass() and pass() and not pass())
      end

      local function deal(set) for _ in data.DataLoader(set, {batch_size = 9}):batches() do end end
      fails("DataLoader: the dataset is empty", data.DataLoader, {})
      fails("DataLoader: item 2 of the dataset is nil", deal, {length = 2, get = function(i) if i == 1 then return 1 end end})
      fails("DataLoader: item 2 of the dataset has 1 parts, item 1 has 2", deal, {{1, 2}, {3}})
      fails("DataLoader: x of item 2 has shape {3}, that of item 1 {2}", deal, {{{1, 2}, 1}, {{1, 2, 3}, 1}})
      fails("DataLoader: t of item 2 is of another kind than that of item 1", deal, {{1, 2}, {1, true}})
      fails("DataLoader: x of item 2 is of another kind", deal, {1, {{1, 2}}})
      fails("DataLoader: item 1 of the dataset holds a string (Tensor, table of numbers, number or boolean expected)", deal, {"a"})
      fails("DataLoader: item 2 of the dataset is a table without x and t", deal, {{1, 2}, {}})
      fails("DataLoader: item 1 of the dataset: tensor: row {2} has 1 element, row {1} has 2", deal, {{{{1, 2}, {3}}, 1}})
      fails("DataLoader: the length of the dataset must be a whole number, got 1.5", deal, {length = 1.5})
      fails("DataLoader: the length of the dataset must be a whole number, got a string", deal, setmetatable({}, {__len = function() return "3" end}))
      fails("DataLoader: item 1 of the dataset has more than 100 parts", deal, {length = 1, get = function() local t = {} for i = 1, 200 do t[i] = i end return table.unpack(t) end})
      fails("mine", deal, {length = 1, get = function() error("mine") end})
      fails("mine", deal, setmetatable({}, {__len = function() error("mine") end}))
      """)
  }

  @Test func badArguments() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local set = data.digits()
      fails("DataLoader: batch_size must be at least 1, got 0", data.DataLoader, set, {batch_size = 0})
      fails("batch_size", data.DataLoader, set, {batch_size = 1.5})
      fails("bad argument #1 to 'DataLoader' (Dataset expected, got nil)", data.DataLoader, nil)
      fails("bad argument #1 to 'DataLoader' (Dataset expected, got string)", data.DataLoader, "digits")
      fails("batch_size must be at least 1, got -1", data.DataLoader, set, {batch_size = -1})
      assert(#data.DataLoader(set, {batch_size = math.maxinteger}) == 1)
      fails("DataLoader: unknown option 'batch_sise'", function() return data.DataLoader{set, batch_sise = 3} end)
      fails("unknown option 'suffle'; did you mean 'shuffle'?", data.DataLoader, set, {suffle = true})
      fails("DataLoader: prefetch must lie between 0 and 1000, got -1", data.DataLoader, set, {prefetch = -1})
      fails("bad option 'transform' (function expected, got number)", data.DataLoader, set, {transform = 3})
      fails("did you mean 'batches'?", function() return data.DataLoader(set).batchs end)
      assert(tostring(data.DataLoader(set, {batch_size = 100, shuffle = true}))
        == "DataLoader(digits train: 1437 samples, x {1,8,8}, 10 classes; 15 batches of 100, shuffled)")
      """)
  }

  @Test func orderIsAPermutationWithoutPreference() throws {
    // Each of the 24 orders of 4 comes up about as often: χ² of 23 degrees stays below 60 (p = 4·10⁻⁵).
    let set = try Dataset(Tensor([1.0, 2, 3, 4], 4, 1), Tensor([1.0, 2, 3, 4]))
    let loader = try DataLoader(set, batchSize: 4, shuffle: true, seed: 11)
    let lua = try interpreter()
    loader.push(lua.stack)
    lua.stack.pop()
    var counts: [[Int]: Int] = [:]
    for _ in 0..<4800 { counts[try loader.order(), default: 0] += 1 }
    #expect(counts.count == 24)
    let chi = counts.values.reduce(0.0) { $0 + Double(($1 - 200) * ($1 - 200)) / 200 }
    #expect(chi < 60)
  }
}
