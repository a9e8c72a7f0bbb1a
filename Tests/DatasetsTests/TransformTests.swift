import Datasets
import Glibc
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct TransformTests {
  /// An interpreter with `seed(n)`, T.manual_seed without the rest of nnlua.
  func seeded() throws -> LuaState {
    let lua = try interpreter()
    lua.install(Library("random", "", rows: [Row(procedure: "begin", "", Param("seed", Int.self)) { RandomState.begin(seed: $0) }]))
    try lua.run("seed = require 'random'.begin")
    return lua
  }

  @Test func shiftsAndCropsAreWindows() throws {
    let lua = try seeded()
    try lua.run(
      """
      local n, c, h, w = 200, 2, 5, 7
      -- Every element tells its place, so that each result can be found again; 0 is outside.
      local x = T.range(1, n * c * h * w):reshape(n, c, h, w)
      local function check(f, H, W, low_y, high_y, low_x, high_x, fill, x)
        seed(1)
        local y = f(x)
        assert(y.shape[1] == n and y.shape[2] == c and y.shape[3] == H and y.shape[4] == W and y.dtype == x.dtype)
        local seen, count = {}, 0
        for i = 1, n do
          local a, b, found = x[i]:totable(), y[i]:totable(), 0
          for dy = low_y, high_y do
            for dx = low_x, high_x do
              local fits = true
              for k = 1, c do
                for r = 1, H do
                  for s = 1, W do
                    local row = a[k][r + dy]
                    if b[k][r][s] ~= (row and row[s + dx] or fill) then fits = false break end
                  end
                  if not fits then break end
                end
                if not fits then break end
              end
              if fits then
                found = found + 1
                if not seen[dy .. "," .. dx] then seen[dy .. "," .. dx] = true count = count + 1 end
              end
            end
          end
          assert(found == 1, found)
        end
        return count
      end
      assert(check(tf.random_shift(1), h, w, -1, 1, -1, 1, 0, x) == 9)
      assert(check(tf.random_shift({2, 0}, {fill = -1}), h, w, -2, 2, 0, 0, -1, x) == 5)
      assert(check(tf.random_shift({0, 1}, {fill = 0.5}), h, w, 0, 0, -1, 1, 0.5, x:double()) == 3)
      assert(check(tf.random_crop({4, 6}), 4, 6, 0, 1, 0, 1, 0, x) == 4)
      assert(check(tf.random_crop({h, w}, {padding = 1, fill = 7000}), h, w, -1, 1, -1, 1, 7000, x:long()) == 9)
      assert(check(tf.random_crop(3, {padding = {1, 0}}), 3, 3, -1, 3, 0, 4, 0, x) == 25)
      assert(check(tf.random_shift(0), h, w, 0, 0, 0, 0, 0, x) == 1)
      -- Further than the picture is wide.
      local far = tf.random_shift(1000)(x)
      assert(far.shape[4] == w)
      -- Bytes and truths; one sample; what is no contiguous tensor.
      seed(2)
      local a = tf.random_shift(2)(x[1])
      seed(2)
      local b = tf.random_shift(2)(x[{ {1, 1} }])
      assert(#a.shape == 3 and a:equal(b[1]))
      seed(2)
      assert(tf.random_shift(2)(x[1]:byte()):equal(a:byte()))
      seed(2)
      assert(tf.random_shift(2)(x[1]:gt(20)):equal(a:gt(20)))
      seed(3)
      a = tf.random_shift(1)(x:transpose(3, 4))
      seed(3)
      assert(a:equal(tf.random_shift(1)(x:transpose(3, 4):contiguous())))
      assert(tf.random_shift(1)(T.zeros(0, 1, 4, 4)).shape[1] == 0)
      """)
  }

  @Test func everyShiftIsAsLikely() throws {
    let lua = try seeded()
    let x = try lua.evaluate("seed(4); local x = T.zeros(9000, 1, 3, 3); x[{ {}, 1, 2, 2 }] = 1; return tf.random_shift(1)(x):sum(1):reshape(9)", as: Tensor.self)
    let counts = try x.values()
    // χ² of 8 degrees stays below 31 (p = 1.4·10⁻⁴).
    #expect(counts.reduce(0, +) == 9000 && counts.reduce(0.0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 } < 31)
  }

  @Test func flips() throws {
    let lua = try seeded()
    try lua.run(
      """
      local x = T.rand(40, 2, 3, 5)
      assert(tf.flip(1)(x):equal(x:flip(4)) and tf.flip{p = 1, direction = "vertical"}(x):equal(x:flip(3)) and tf.flip(1, "both")(x):equal(x:flip({3, 4})))
      assert(tf.flip(0)(x):equal(x) and tf.flip(1)(x[1]):equal(x[1]:flip(3)))
      for _, dtype in ipairs{"uint8", "int64", "float64", "bool"} do
        local y = (x * 10):to(dtype)
        assert(tf.flip(1)(y):equal(y:flip(4)))
      end
      -- Each picture by itself, whole.
      local y, turned = tf.flip()(x), 0
      for i = 1, 40 do
        if y[i]:equal(x[i]:flip(3)) then turned = turned + 1 else assert(y[i]:equal(x[i])) end
      end
      assert(turned > 8 and turned < 32)
      y = tf.flip(0.5, "both")(x)
      local kinds = {}
      for i = 1, 40 do
        for k, z in ipairs{x[i], x[i]:flip(3), x[i]:flip(2), x[i]:flip({2, 3})} do if y[i]:equal(z) then kinds[k] = true end end
      end
      assert(#kinds == 4)
      fails("flip: p must lie between 0 and 1, got 1.5", tf.flip, 1.5)
      fails('flip: unknown direction "up" (known: horizontal, vertical, both)', tf.flip, 1, "up")
      """)
  }

  @Test func rotationIsBilinear() throws {
    let lua = try seeded()
    try lua.run(
      """
      -- PyTorch 2.13: grid_sample(x, affine_grid(…), align_corners=False) by 30 degrees, counter-clockwise.
      local x = (T.range(0, 23):reshape(1, 1, 4, 6) ^ 2):fmod(17)
      local expected = {0, 1.73751, 7.68847, 14.04487, 8.04616, 0.6423, 0.47789, 6.07596, 11.64295, 10.22308, 3.40545, 0.85353, 2.14712, 14.59039, 11.25898,
        7.08494, 8.67404, 4.50129, 3.09679, 11.15386, 9.28109, 9.77692, 7.03848, 0}
      assert((tf.rotate({30, 30})(x):reshape(24) - T.tensor(expected)):abs():max():item() < 2e-5)
      assert((tf.rotate({30, 30})(x:double()):reshape(24) - T.tensor(expected)):abs():max():item() < 2e-5)
      -- Right becomes top.
      local z = T.zeros(1, 5, 5)
      z[{1, 3, 5}] = 1
      local turned = tf.rotate({90, 90})(z)
      assert(math.abs(turned[{1, 1, 3}] - 1) < 1e-5 and math.abs(turned:sum():item() - 1) < 1e-5)
      assert(tf.rotate(0)(x):equal(x) and tf.rotate({360, 360})(x):sub(x):abs():max():item() < 1e-4)
      -- Channels turn together, pictures by angles of their own; a seed fixes them.
      local many = x:expand(20, 3, 4, 6)
      seed(1)
      local y = tf.rotate(40)(many)
      seed(1)
      assert(y:equal(tf.rotate(40)(many)) and y[{1, 1}]:equal(y[{1, 3}]) and not y[1]:equal(y[2]))
      assert(tf.rotate({45, 45}, {fill = 9})(T.full({1, 6, 6}, 9)):sub(9):abs():max():item() < 1e-5)
      assert(tf.rotate(10)(T.ones(1, 4, 4, {dtype = "uint8"})).dtype == "float32")
      fails("rotate: degrees must be a number from 0, or {from, to} in this order, got {10, -10}", tf.rotate, -10)
      fails("rotate: degrees", tf.rotate, 0/0)
      fails("bad argument #1 to 'rotate' ({from, to} expected, got a list of 1)", tf.rotate, {1})
      """)
  }

  @Test func resizingIsAntialiased() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local x = (T.range(0, 19):reshape(1, 1, 4, 5) ^ 2):fmod(17)
      -- PyTorch 2.13: interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)
      for _, case in ipairs{
        {{2, 2}, {5.058442, 11.337662, 5.279221, 7.441558}},
        {{8, 3}, {0.428571, 4.444445, 12.999999, 1.678571, 6.25, 12.999999, 4.178572, 9.861112, 12.999999, 6.428572, 10.861111, 12.749999, 8.428572, 9.25, 12.25, 7.75,
          6.444445, 9.678572, 4.392858, 2.444444, 5.035714, 2.714286, 0.444444, 2.714285}},
        {{3, 7}, {2.4, 1.771429, 3.014286, 7.3, 9.371428, 12.3, 15.1, 11.5, 6.071429, 4.714287, 11.5, 13.642858, 13.0, 11.0, 7.299999, 3.871428, 1.614285, 2.399999,
          4.614285, 5.499999, 5.5}},
        {{1, 1}, {7.399123}},
      } do
        local y = tf.resize(case[1])(x)
        assert(y.shape[3] == case[1][1] and y.shape[4] == case[1][2])
        assert((y:reshape(#case[2]) - T.tensor(case[2])):abs():max():item() < 2e-5)
        assert((tf.resize(case[1])(x[1]:double()):reshape(#case[2]) - T.tensor(case[2])):abs():max():item() < 2e-5)
      end
      assert(tf.resize({4, 5})(x):equal(x))
      local batch = T.rand(3, 2, 6, 6)
      assert((tf.resize(4)(batch)[2] - tf.resize(4)(batch[2])):abs():max():item() == 0)
      fails("resize: size must lie between 1 and 65536, got 0", tf.resize, 0)
      fails("resize: pictures without pixels", tf.resize(3), T.zeros(1, 0, 3))
      """)
  }

  @Test func normalising() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local x = T.rand(4, 3, 2, 2)
      local y = tf.normalize({0.5, 0.4, 0.3}, {0.1, 0.2, 0.4})(x)
      for c, p in ipairs{{0.5, 0.1}, {0.4, 0.2}, {0.3, 0.4}} do
        assert((y:select(2, c) - (x:select(2, c) - p[1]) / p[2]):abs():max():item() < 1e-5)
      end
      assert((tf.normalize(0.5, 2)(x) - (x - 0.5) / 2):abs():max():item() < 1e-6)
      assert(tf.normalize({0.5, 0.4, 0.3}, 1)(x[1]):equal(tf.normalize({0.5, 0.4, 0.3}, 1)(x)[1]))
      -- Rows of features, by another set's mean and deviation.
      local set = data.iris()
      local by = tf.normalize(set.x:mean(1), set.x:std(1, {correction = 0}))
      assert((by(set.x) - data.iris{normalize = true}.x):abs():max():item() < 1e-5 and (by(set.x[3]) - by(set.x)[3]):abs():max():item() == 0)
      fails("normalize: mean has 2 numbers, x has 3 channels (x {4,3,2,2})", tf.normalize({1, 2}, 1), x)
      fails("normalize: std has 2 numbers, x has 4 features (x {150,4})", tf.normalize(1, {1, 2}), set.x)
      fails("normalize: std must not be 0, got {1, 0}", tf.normalize, 0, {1, 0})
      fails("normalize: mean and std need at least one number", tf.normalize, {}, 1)
      fails("a Tensor of one dim expected, got {1,2}", tf.normalize, T.ones(1, 2), 1)
      """)
  }

  @Test func oneHotAndCompose() throws {
    let lua = try seeded()
    try lua.run(
      """
      local hot = tf.one_hot(3)
      assert(hot(T.tensor({1, 3}, {dtype = "int64"})):equal(T.tensor{{1, 0, 0}, {0, 0, 1}}) and hot(2):equal(T.tensor{0, 1, 0}))
      local x, t = hot(T.ones(2, 2), T.tensor{3, 3})
      assert(x:equal(T.ones(2, 2)) and t[1][3] == 1)
      fails("one_hot: label 4 at position 2 is no whole number of 1..3", hot, T.tensor{1, 4})
      fails("one_hot: label 0 at position 1", hot, 0)
      fails("one_hot: labels expected, got nil", function() hot(nil) end)
      fails("one_hot: classes must lie between 1", tf.one_hot, 0)

      local both = tf.compose(tf.flip(1), function(x, t) return x * 2, t and t + 1 end, tf.compose{tf.normalize(1, 2), tf.one_hot(4)})
      assert(tostring(both) == "compose(flip(1), function, normalize(1, 2), one_hot(4))", tostring(both))
      local picture = T.rand(2, 1, 2, 2)
      x, t = both(picture, T.tensor{1, 2})
      assert((x - (picture:flip(4) * 2 - 1) / 2):abs():max():item() < 1e-6 and t:equal(T.tensor{{0, 1, 0, 0}, {0, 0, 1, 0}}))
      assert(select("#", tf.flip(0)(picture)) == 1 and tf.compose()(picture):equal(picture))
      -- As a loader's transform; the functions live as long as the loader.
      local loader = data.DataLoader(data.digits(), {batch_size = 10, transform = tf.compose(function(x) return x + 1 end, tf.one_hot(10))})
      collectgarbage() collectgarbage()
      for x, t in loader:batches() do
        assert(x:min():item() == 1 and t.shape[2] == 10)
        break
      end
      loader = data.DataLoader(data.digits(), {batch_size = 10, prefetch = 2, transform = tf.compose(tf.random_shift(1), tf.one_hot(10))})
      for x, t in loader:batches() do assert(x.shape[4] == 8 and t.shape[2] == 10 and t:sum():item() == #t) end
      assert(tostring(tf.random_crop(28, {padding = 4})) == "random_crop(28, padding = 4)" and tostring(tf.random_shift({1, 2})) == "random_shift({1, 2})")
      assert(tostring(tf.rotate(15)) == "rotate(15)" and tostring(tf.flip(0.5, "both")) == 'flip(0.5, "both")' and tostring(tf.resize(3)) == "resize(3)")

      -- Many samples of nothing; a window onto nothing.
      assert(tf.normalize(0, 1)(T.zeros(1 << 40, 0)).shape[1] == 1 << 40)
      assert(tf.random_crop(2, {padding = 1, fill = 5})(T.zeros(3, 1, 0, 2)):sum():item() == 60)
      fails("not enough memory", function() tf.flip()(T.zeros(1 << 40, 0, 2, 2)) end)

      fails("compose: number 2 is a number (transform or function expected)", tf.compose, tf.flip(), 3)
      fails("random_shift: pictures (N,C,H,W) or one (C,H,W) expected, got {3,4} (flattened?)", tf.random_shift(1), T.rand(3, 4))
      fails("random_shift: Tensor expected, got number", tf.random_shift(1), 3)
      fails("flip: a batch (N,C,H,W) or (N,F), or one sample (C,H,W) or (F), expected, got {1,1,1,1,1}", tf.flip(1), T.rand(1, 1, 1, 1, 1))
      fails("random_crop: a window {9,9} does not fit into pictures of {4,4} with padding {2,2} (x {1,1,4,4})", tf.random_crop(9, {padding = 2}), T.rand(1, 4, 4))
      fails("random_shift: pixels must lie between 0 and 65536, got -1", tf.random_shift, -1)
      fails("random_crop: size must lie between 1 and 65536, got 0", tf.random_crop, 0)
      fails("at most 268435456 elements are made at once", tf.random_crop(60000, {padding = 60000}), T.rand(1, 4, 4))
      fails("bad argument #1 to 'random_shift' (integer or {height, width} expected, got string)", tf.random_shift, "2")
      fails("random_shift: pictures", function()
        for _ in data.DataLoader(data.digits{flatten = true}, {batch_size = 4, transform = tf.random_shift(1)}):batches() do end
      end)
      fails("transforms has no 'random_shfit'; did you mean 'random_shift'?", function() return data.transforms.random_shfit end)
      """)
  }
}
