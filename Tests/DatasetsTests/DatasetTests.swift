import Datasets
import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct DatasetTests {
  @Test func digitsAreWhole() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local train, test = data.digits(), data.digits{split = "test"}
      assert(#train == 1437 and #test == 360)
      assert(train.classes[1] == "0" and #train.classes == 10)
      assert(tostring(test) == "digits test: 360 samples, x {1,8,8}, 10 classes", tostring(test))
      local x, t = train.x, train.t
      assert(x.dtype == "float32" and #x.shape == 4 and x.shape[1] == 1437 and x.shape[2] == 1 and x.shape[4] == 8)
      assert(t.dtype == "int64" and #t.shape == 1)
      assert(data.digits{flatten = true}.x.shape[2] == 64)
      assert(#data.digits{limit = 10} == 10 and #data.digits{limit = 10000} == 1437)
      local hot = data.digits{split = "test", one_hot = true}.t
      assert(hot.shape[2] == 10 and hot.dtype == "float32" and hot:sum():item() == 360)
      """)
    let set = try lua.evaluate("return data.digits{split = 'test', flatten = true}", as: Dataset.self)
    let x = try set.allInputs().values(), t = try set.allTargets()!.values()
    #expect(x.max() == 1 && x.min() == 0 && x.allSatisfy { ($0 * 16).rounded() == $0 * 16 })
    // Of scikit-learn's array in the order that CResources/README.md tells.
    #expect(x[..<64].reduce(0, +) * 16 == 278)
    #expect(t[..<12] == [8, 7, 4, 8, 8, 4, 3, 9, 10, 4, 3, 7])
    let counts = (1...10).map { label in t.count { $0 == Double(label) } }
    #expect(counts == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36])
  }

  @Test func pixelsAreDividedExactly() throws {
    let folder = try Folder()
    try writeSmallMNIST(folder)
    try withEnvironment(["NNLUA_DATA": folder.path]) {
      let lua = try interpreter()
      let set = try lua.evaluate("return data.mnist()", as: Dataset.self)
      #expect(try set.allInputs().values()[..<4] == [0, Double(Float(51) / 255), Double(Float(102) / 255), 1])
      #expect(try set.allTargets()!.values() == [8, 1, 10])
      #expect(try lua.evaluate("return data.mnist{normalize = false}", as: Dataset.self).allInputs().values()[..<4] == [0, 51, 102, 255])
      try lua.run(
        """
        local set = data.mnist()
        assert(set.x.shape[2] == 1 and set.x.shape[3] == 2)
        -- One sample: a table, or both values.
        local s = set[2]
        assert(s.t == 1 and s[2] == 1 and s.x.shape[1] == 1 and #s.x.shape == 3)
        local x, t = set:get(-1)
        assert(t == 10 and math.type(t) == "integer" and x.shape[2] == 2)
        assert(set[-1].t == 10)
        fails("position 4 is out of range, the set has 3 samples", function() return set[4] end)
        fails("position 0 is out of range", function() return set[0] end)
        fails("Dataset has no 'clases'; did you mean 'classes'?", function() return set.clases end)
        local hot = data.mnist{one_hot = true}
        assert(hot[1].t.shape[1] == 10)
        -- x is made anew, not kept, but one while a script holds it.
        local held = set.x
        assert(same(set.x, held))
        """)
      ElementType.default = .float64
      defer { ElementType.default = .float32 }
      try lua.run("assert(data.mnist().x.dtype == 'float64' and data.mnist{one_hot = true}.t.dtype == 'float64')")
      #expect(try lua.evaluate("return data.mnist()", as: Dataset.self).allInputs().values()[1] == 0.2)
    }
  }

  @Test func badOptionsAndFiles() throws {
    let folder = try Folder()
    try writeSmallMNIST(folder)
    let lua = try interpreter()
    try withEnvironment(["NNLUA_DATA": folder.path]) {
      try lua.run(
        """
        fails('mnist: unknown split "validation" (known: train, test)', data.mnist, {split = "validation"})
        fails("mnist: unknown option 'one_hott'; did you mean 'one_hot'?", data.mnist, {one_hott = true})
        fails("mnist: limit must be at least 1, got 0", data.mnist, {limit = 0})
        fails("digits: limit must be at least 1", data.digits, {limit = -3})
        """)
      try writeSmallMNIST(folder, labels: idx(8, [2], [1, 2]))
      try lua.run("fails('mnist: 3 images in \(folder.path)/mnist/train-images-idx3-ubyte, but 2 labels', data.mnist)")
      try writeSmallMNIST(folder, labels: idx(8, [3], [1, 10, 2]))
      try lua.run("fails('label 10 at position 2 is outside 0..9', data.mnist)")
      try writeSmallMNIST(folder, labels: idx(8, [3, 1], [1, 1, 2]))
      try lua.run("fails('labels must be uint8 {n}, the file holds uint8 {3,1}', data.mnist)")
      try writeSmallMNIST(folder, images: idx(8, [3, 4], Array(0..<12)))
      try lua.run("fails('images must be uint8 {n,height,width}', data.mnist)")
      try writeSmallMNIST(folder, images: idx(8, [3, 2, 2], Array(0..<11)))
      try lua.run("fails('mnist: \(folder.path)/mnist/train-images-idx3-ubyte: cut short', data.mnist)")
    }
  }

  @Test func tensorsAreADataset() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local x, t = T.tensor{{1, 2}, {3, 4}, {5, 6}, {7, 8}}, T.tensor({10, 20, 30, 40}, {dtype = "int64"})
      local set = data.TensorDataset(x, t)
      assert(#set == 4 and set.classes == nil and same(set.x, x) and same(set.t, t))
      assert(set[3].t == 30 and set[3].x[2] == 6)
      local part = set:subset(2, -1)
      assert(#part == 3 and part.x[1][1] == 3 and part[1].t == 20 and part.t.shape[1] == 3)
      assert(#part:subset(2, 2) == 1 and part:subset(2, 2)[1].t == 30)
      local a, b = set:split(0.75, 3)
      assert(#a == 3 and #b == 1)
      local sum = a.t:sum():item() + b.t:sum():item()
      assert(sum == 100)
      local a2 = set:split(0.75, 3)
      assert(same(a2.t, a.t))
      -- What is no contiguous row is copied; every type goes.
      local y = data.TensorDataset(T.tensor{{1, 2}, {3, 4}}:t(), T.tensor({true, false}))
      assert(y[1].x[2] == 3 and y[1].t == true and y[2].t == false)
      fails("TensorDataset: x has 4 samples, t has 3 (x {4,2}, t {3})", data.TensorDataset, x, T.zeros(3))
      fails("its shape is {}", data.TensorDataset, T.tensor(3), x)
      fails("bad argument #2 to 'TensorDataset' (Tensor or table expected, got nil)", data.TensorDataset, x, nil)
      fails("bad argument #1 to 'TensorDataset' (Tensor or table expected, got string)", data.TensorDataset, "x")
      fails("subset: position 5 is out of range", set.subset, set, 1, 5)
      fails("subset: 3 comes after 2", set.subset, set, 3, 2)
      fails("the share must lie between 0 and 1, got 1", set.split, set, 1)
      assert(#data.TensorDataset(T.zeros(0, 2), T.zeros(0)) == 0)
      """)
  }

  @Test func tablesAreADataset() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local set = data.TensorDataset({{0, 0.5}, {1, 1}}, {1, 2}, {{1}, {0.5}})
      assert(#set == 2 and set.x.dtype == "float32" and set.t.dtype == "int64" and set[2].t == 2 and set[2][3][1] == 0.5 and set[2][4] == nil)
      local x, t, w = set:get(1)
      assert(x[2] == 0.5 and t == 1 and w[1] == 1)
      for x, t, w in data.DataLoader(set, {batch_size = 2}):batches() do assert(#x == 2 and t[2] == 2 and w[2][1] == 0.5) end
      assert(data.TensorDataset({{0}, {1}}, {0.5, 1}).t.dtype == "float32")
      assert(data.TensorDataset({{0}, {1}}, {{1}, {2}}).t.dtype == "float32")
      -- x alone
      local alone = data.TensorDataset(T.range(1, 4))
      assert(#alone == 4 and alone.t == nil and alone[3].x == 3 and alone[3].t == nil and alone:subset(2, 3).t == nil)
      for x, t in data.DataLoader(alone, {batch_size = 4}):batches() do assert(#x == 4 and t == nil) end
      fails("TensorDataset: tensor: row {2} has 1 element, row {1} has 2", data.TensorDataset, {{1, 2}, {3}}, {1, 2})
      fails("TensorDataset: x has 2 samples, t has 3", data.TensorDataset, {{1, 2}, {3, 4}}, {1, 2, 3})
      fails("TensorDataset: x has 2 samples, tensor 3 has 1", data.TensorDataset, {1, 2}, {1, 2}, {1})
      """)
  }

  @Test func irisShips() throws {
    let lua = try interpreter()
    try lua.run(
      """
      local set = data.iris()
      assert(#set == 150 and set.x.shape[2] == 4 and set.t.dtype == "int64" and tostring(set) == "iris: 150 samples, x {4}, 3 classes")
      assert(table.concat(set.columns, " ") == "sepal_length sepal_width petal_length petal_width")
      assert(table.concat(set.classes, " ") == "setosa versicolor virginica")
      for i = 1, 150 do assert(set[i].t == (i - 1) // 50 + 1) end
      -- The summary in scikit-learn's description of the set; rows 35 and 38 are Fisher's, not UCI's.
      local mean, low, high = set.x:mean(1), set.x:min(1), set.x:max(1)
      for j, m in ipairs{5.8433, 3.0573, 3.7580, 1.1993} do assert(math.abs(mean[j] - m) < 1e-4) end
      for j, m in ipairs{4.3, 2.0, 1.0, 0.1} do assert(math.abs(low[j] - m) < 1e-6) end
      for j, m in ipairs{7.9, 4.4, 6.9, 2.5} do assert(math.abs(high[j] - m) < 1e-6) end
      assert(math.abs(set[35].x[4] - 0.2) < 1e-6 and math.abs(set[38].x[2] - 3.6) < 1e-6 and math.abs(set[38].x[3] - 1.4) < 1e-6)
      local n = data.iris{normalize = true, one_hot = true}
      assert(n.t.shape[2] == 3 and n.t[{51, 2}] == 1 and n.t:sum():item() == 150)
      assert(n.x:mean(1):abs():max():item() < 1e-5 and (n.x:std(1, {correction = 0}) - 1):abs():max():item() < 1e-5)
      assert((n.x * n.std + n.mean - set.x):abs():max():item() < 1e-5 and set.mean == nil)
      assert(#data.iris{limit = 7} == 7)
      fails("iris: limit must be at least 1, got 0", data.iris, {limit = 0})
      """)
  }
}
