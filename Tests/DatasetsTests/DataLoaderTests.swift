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
      assert(#data.DataLoader(data.TensorDataset(T.zeros(0, 2), T.zeros(0))) == 0)
      for _ in data.DataLoader(data.TensorDataset(T.zeros(0, 2), T.zeros(0))):batches() do error("a batch of nothing") end
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
      local loader = data.DataLoader(set, {transform = function(x, t) return x end})
      fails("the transform must return x and t, it returned Tensor and nil", function() for _ in loader:batches() do end end)
      loader = data.DataLoader(set, {transform = function() error({code = 7}) end})
      local ok, e = pcall(function() for _ in loader:batches() do end end)
      assert(not ok and e.code == 7)
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
      fails("unknown option 'suffle'; did you mean 'shuffle'?", data.DataLoader, set, {suffle = true})
      fails("prefetch cannot be negative", data.DataLoader, set, {prefetch = -1})
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
