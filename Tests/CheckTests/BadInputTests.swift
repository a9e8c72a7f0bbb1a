import Foundation
import LuaBridge
import Testing

/// Wrong use of every kind: an error that says what is wrong, and the interpreter goes on.
extension CheckTests {
  @Suite struct BadInputTests {
    /// A snippet and what its message contains.
    static let cases: [(String, String)] = [
      // shapes
      ("return T.ones(2, 3) + T.ones(4)", "add: shapes {2,3} and {4} do not broadcast: size 3 against 4 at dim 2"),
      ("T.ones(2, 3):matmul(T.ones(4, 5))", "matmul: "),
      ("T.ones(2, 3):reshape(4, 2)", "reshape: "),
      ("T.ones(2, 3):reshape(-1, -1)", "reshape: "),
      ("T.cat({T.ones(2, 3), T.ones(2, 4)}, 1)", "cat: "),
      ("nn.Linear(784, 10)(T.ones(8, 28))", "linear: input has 28 features, weight expects 784 (input {8,28}, weight {10,784})"),
      ("nn.Conv2d(1, 30, 5)(T.ones(8, 3, 28, 28))", "conv2d: input has 3 channels, weight expects 1 (input {8,3,28,28}, weight {30,1,5,5})"),
      ("nn.Conv2d(1, 3, 5)(T.ones(28, 28))", "conv2d: "),
      (
        "nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Linear(4, 2)))(T.ones(1, 4))",
        "in net[2][2] Linear(4 -> 2): linear: input has 3 features, weight expects 4"
      ),
      ("nn.MSELoss()(T.ones(2, 3), T.ones(2, 4))", "mse_loss: input {2,3} and target {2,4} must have the same shape"),
      ("T.ones(2, 3).grad = 3", "grad: Tensor or nil expected, got number"),
      // types
      ("T.matmul(T.ones(2, 2), nil)", "bad argument #2 to 'matmul' (Tensor expected, got nil)"),
      ("T.ones(2, 2):matmul()", "bad argument #1 to 'matmul' (Tensor expected, got no value)"),
      ("T.ones('2')", "bad argument #1 to 'ones'"),
      ("T.ones(2.5)", "number has no integer representation"),
      ("nn.Linear('a', 2)", "bad argument #1 to 'Linear' (integer expected, got string)"),
      ("nn.Linear(2, 3).forward(nil)", "bad argument #1 to 'forward' (Module expected, got nil)"),
      ("nn.Linear(2, 3):forward(nil)", "Tensor expected, got nil"),
      ("nn.Linear(2, 3)({1, 2})", "Tensor expected, got table"),
      ("nn.Linear(2, 3).forward(io.stdout)", "(Module expected, got FILE*)"),
      ("T.sum(io.stdout)", "(Tensor expected, got FILE*)"),
      ("T.ones(2).sum(nn.Linear(1, 1))", "(Tensor expected, got Linear)"),
      ("T.ones(2):to('flaot32')", "unknown dtype \"flaot32\"; did you mean \"float32\"?"),
      ("T.tensor({1, 'x'})", "string"),
      ("T.tensor({true, 1})", "tensor: "),
      ("return T.ones(2) + {}", "table"),
      ("return T.ones(2) + nil", "nil"),
      ("return T.ones(2) < T.ones(2)", "attempt to compare two Tensor values"),
      ("do local x <close> = T.ones(2); y = x end; y:sum()", "Tensor expected, got one that was freed"),
      ("do local x <close> = T.ones(2); y = x end; return y + 1", "freed"),
      ("do local x <close> = T.ones(2); y = x end; return T.ones(2) + y", "freed"),
      ("do local x <close> = T.ones(2); y = x end; return y.shape", "freed"),
      ("do local x <close> = T.ones(2); y = x end; return #y", "freed"),
      ("do local x <close> = nn.Linear(2, 2); y = x end; y(T.ones(2))", "freed"),
      // labels
      ("F.cross_entropy(T.ones(8, 10), T.tensor({1, 2, 3, 4, 5, 6, 11, 8}, {dtype = 'int64'}))", "cross_entropy: label 11 at position 7 is outside 1..10"),
      ("F.cross_entropy(T.ones(2, 10), T.tensor({0, 1}, {dtype = 'int64'}))", "cross_entropy: label 0 at position 1 is outside 1..10"),
      ("F.cross_entropy(T.ones(2, 10), T.tensor({0/0, 1}))", "cross_entropy: label nan at position 1 is not a whole number"),
      ("F.nll_loss(T.ones(2, 10), T.tensor({1, 2.5}))", "nll_loss: label 2.5 at position 2 is not a whole number"),
      ("F.cross_entropy(T.ones(2, 10), T.tensor({1, 2, 3}, {dtype = 'int64'}))", "cross_entropy: "),
      ("F.embedding(T.tensor({1, 4}, {dtype = 'int64'}), T.ones(3, 2))", "embedding: "),
      ("T.tensor({1, 7}, {dtype = 'int64'}):one_hot(3)", "one_hot: "),
      // options
      ("nn.Conv2d(1, 2, 3, {pading = 1})", "Conv2d: unknown option 'pading'; did you mean 'padding'?"),
      ("T.ones(2, {dtpye = 'float32'})", "ones: unknown option 'dtpye'; did you mean 'dtype'?"),
      ("optim.SGD(nn.Linear(2, 2), {lr = -1})", "lr"),
      ("optim.SGD(nn.Linear(2, 2), {lr = 0/0})", "lr"),
      ("optim.Adam(nn.Linear(2, 2), {learning_rate = 1})", "Adam: unknown option 'learning_rate'"),
      ("optim.Adam({}, {lr = 1})", "Adam: "),
      ("nn.MSELoss{reduction = 'avg'}", "reduction"),
      ("nn.Conv2d(1, 2, 3, {groups = 2})", "groups"),
      ("nn.Conv2d(1, 2, 0)", "kernel"),
      ("nn.Dropout(1.5)", "Dropout: "),
      ("nn.Linear(2, -1)", "Linear: "),
      // dims
      ("T.ones(2, 3):sum(0)", "sum: dim 0 is out of range 1..2 (or -2..-1) of shape {2,3}"),
      ("T.ones(2, 3):sum(3)", "sum: dim 3 is out of range 1..2"),
      ("T.ones(2, 3):sum({1, 1})", "sum: dim 1 is named twice"),
      ("T.tensor(1):sum(1)", "sum: dim 1 is out of range, the tensor has no dims"),
      ("T.ones(2, 3):transpose(1, 3)", "transpose: dim 3 is out of range 1..2"),
      ("T.ones(2, 3):permute(1, 1)", "permute: "),
      ("T.ones(1, 1, 1, 1, 1, 1, 1, 1, 1)", "ones: a tensor has at most 8 dims, got 9"),
      ("T.ones(1, 1, 1, 1, 1, 1, 1, 1):unsqueeze(1)", "unsqueeze: "),
      // indices
      ("return T.ones(2, 3)[0]", "position 0"),
      ("return T.ones(2, 3)[3]", "position 3"),
      ("return T.ones(2, 3)[{1, 4}]", "position 4"),
      ("T.ones(2, 3)[{ {1, 3}, {} }] = 0", "dim 1"),
      ("T.ones(2, 3)[0] = 1", "position 0"),
      ("return T.ones(2, 3)[1.5]", "index: position 1.5 is not a whole number"),
      ("return T.ones(2, 3)[{1, 1, 1}]", "{2,3}"),
      ("return T.ones(2, 3)[T.ones(3):gt(0)]", "mask"),
      ("T.ones(2, 3):select(1, 5)", "select: "),
      ("T.ones(2, 3):narrow(2, 3, 2)", "narrow: "),
      ("T.ones(2, 3):index_select(1, T.tensor({3}, {dtype = 'int64'}))", "index_select: "),
      ("return T.ones(2, 3):gather(1, T.zeros(1, 3, {dtype = 'int64'}))", "gather: "),
      ("return nn.Sequential(nn.ReLU())[2]", "Sequential: position 2 is out of range 1..1"),
      // tables
      ("T.tensor({{1, 2}, {3}})", "tensor: "),
      ("T.tensor({{1, 2}, 3})", "tensor: "),
      ("T.tensor({{1, {2}}, {3, 4}})", "tensor: "),
      ("local t = {}; t[1] = t; T.tensor(t)", "tensor: "),
      ("local t = {1}; t[2] = t; T.tensor(t)", "tensor: "),
      ("local t = {T.ones(2)}; t[2] = T.ones(3); T.tensor(t)", "tensor: "),
      // sizes
      ("T.zeros(1e12)", "zeros: not enough memory: a tensor of 3 TB was asked for"),
      ("T.zeros(1 << 40, 1 << 40)", "zeros: the shape {1099511627776,1099511627776} has too many elements"),
      ("T.zeros(math.maxinteger, 2, 2)", "has too many elements"),
      ("T.zeros(1 << 62)", "has too many elements"),
      ("T.zeros(-1)", "zeros: sizes cannot be negative, got {-1}"),
      ("T.ones(1):expand(1 << 30, 1 << 28):clone()", "not enough memory"),
      ("T.eye(1 << 31)", "eye: the shape {2147483648,2147483648} has too many elements"),
      ("T.eye(1 << 20)", "not enough memory"),
      ("T.range(1, 1e15)", "not enough memory"),
      ("T.range(1, 10, 0)", "range: "),
      ("T.linspace(0, 1, 1 << 50)", "not enough memory"),
      ("T.randperm(1 << 50)", "not enough memory"),
      ("nn.Linear(1 << 32, 1 << 32)", "Linear: the shape {4294967296,4294967296} has too many elements"),
      ("nn.Linear(1 << 20, 1 << 22)", "not enough memory"),
      ("F.pad(T.ones(2), {1 << 60, 1 << 60})", "pad: "),
      ("T.ones(2):tile(1 << 62)", "tile: "),
      ("T.ones(10, {dtype = 'int64'}):one_hot(1 << 55)", "not enough memory"),
      // convolution and pooling
      ("F.conv2d(T.ones(1, 1, 3, 3), T.ones(1, 1, 5, 5))", "conv2d: "),
      ("F.max_pool2d(T.ones(1, 1, 2, 2), 3)", "max_pool2d: "),
      ("nn.Conv2d(1, 1, 3, {stride = 0})(T.ones(1, 1, 5, 5))", "stride"),
      ("nn.BatchNorm1d(3)(T.ones(1, 3))", "batch_norm: "),
      ("nn.BatchNorm2d(3)(T.ones(1, 3, 1, 1))", "batch_norm: "),
      // gradients
      ("T.ones(3, {requires_grad = true}):exp():backward()", "backward: a gradient can be started from one element only, this tensor has shape {3}"),
      (
        "local y = T.ones(3, {requires_grad = true}):exp():sum(); y:backward(); y:backward()", "has been used and freed; pass {retain_graph = true} to the first backward"
      ),
      ("T.ones(1):backward()", "backward: nothing here requires gradients"),
      ("T.ones(3, {requires_grad = true}):exp():backward(T.ones(4))", "backward: the gradient has shape {4}, the tensor {3}"),
      ("T.ones(3, {requires_grad = true, dtype = 'int64'})", "only float32 and float64 tensors have gradients"),
      ("T.ones(3, {requires_grad = true}):add_(1)", "add_: a tensor that requires gradients cannot be changed in place"),
      ("local x = T.ones(3, {requires_grad = true}); local y = x:exp(); y:mul_(2); y:sum():backward()", "exp"),
      ("T.ones(1, 3):expand(4, 3):add_(1)", "clone() it first"),
      ("T.grad(T.ones(1, {requires_grad = true}):sum(), T.ones(1, {requires_grad = true}))", "grad: y does not depend on x[1]"),
      ("T.no_grad(function() error('mine') end)", "mine"),
      // modules
      ("local m = nn.ModuleList(nn.ReLU()); m(T.ones(2))", "ModuleList has no forward"),
      ("nn.class('M')()(T.ones(2))", "M: has no forward; write function M:forward(x)"),
      ("nn.class(3)", "bad argument #1 to 'class' (string expected, got number)"),
      ("local M = nn.class('M'); function M:init() self.inner = self end; function M:forward(x) return self.inner(x) end; M()(T.ones(2))", "without end"),
      ("local M = nn.class('M'); function M:init() self.inner = nn.Residual(self) end; function M:forward(x) return self.inner(x) end; M()(T.ones(2))", "without end"),
      ("local M = nn.class('M'); function M:forward(x) return x:nothing() end; nn.Sequential(nn.ReLU(), M())(T.ones(2))", "Tensor has no 'nothing'"),
      ("nn.Linear(2, 2):load_state_dict({weight = T.ones(2, 2)})", "bias"),
      ("nn.Linear(2, 2):load_state_dict({weight = T.ones(2, 3), bias = T.ones(2)})", "{2,3}"),
      ("nn.Linear(2, 2).wieght = 1", "Linear has no field 'wieght'"),
      ("return nn.Linear(2, 2).wieght", "Linear has no 'wieght'; did you mean 'weight'?"),
      ("T.onse(2)", "did you mean 'ones'?"),
      ("T.ones(2):smu()", "did you mean 'sum'?"),
      ("require 'nnlua.tesnor'", "module 'nnlua.tesnor' not found"),
    ]

    @Test func messages() throws {
      let lua = try Rows.interpreter()
      for (code, expected) in Self.cases {
        do {
          try lua.run(Rows.locals + "local y; " + code, name: "=script")
          Issue.record("no error: \(code)")
        } catch {
          let message = "\(error)"
          #expect(message.contains(expected), "\(code)\n\(message)")
          #expect(message.contains("script:"), "\(code)\n\(message)")
        }
      }
      #expect(lua.stack.top == 0)
      #expect(try lua.evaluate("return 1 + 1", as: Int.self) == 2)
    }

    @Test func emptyTensorsWork() throws {
      let lua = try Rows.interpreter()
      try lua.run(
        Rows.locals + """
          for _, shape in ipairs {{0}, {0, 3}, {2, 0}, {2, 0, 3}} do
            local x = T.zeros(shape, {requires_grad = true})
            assert(x:numel() == 0)
            local y = (x:exp() + x * 2):sum()
            assert(y:item() == 0)
            y:backward()
            assert(x.grad:numel() == 0)
            assert(T.cat({x, x}, 1):numel() == 0 and #tostring(x) > 0 and x:clone():equal(x))
          end
          -- a batch of no images
          local net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 13 * 13, 10))
          local y = net(T.zeros(0, 1, 28, 28))
          assert(y.shape[1] == 0 and y.shape[2] == 10)
          y:sum():backward()
          assert(net[1].weight.grad:abs():sum():item() == 0)
          assert(T.zeros(0, 3):matmul(T.zeros(3, 4)).shape[2] == 4)
          assert(T.zeros(2, 0):matmul(T.zeros(0, 4)):sum():item() == 0)
          assert(T.zeros(0):mean():item() ~= T.zeros(0):mean():item())  -- NaN, as in PyTorch
          """)
      for code in ["T.zeros(0):max()", "T.zeros(0):argmax()", "T.zeros(0, 3):min(1)"] {
        #expect(throws: LuaRaised.self, "\(code)") { try lua.run(Rows.locals + code) }
      }
    }

    @Test(arguments: [
      ("return 1 +", "script.lua:1: unexpected symbol near <eof>"), ("local function f() return f() + 1 end f()", "stack overflow"), ("error()", "nil"),
      ("error({})", "error object is a table value"),
      ("error(setmetatable({}, {__tostring = function() return 'mine' end}))", "mine"),
      ("local function f() require('nnlua.tensor').no_grad(f) end f()", "stack overflow"),
      ("local T = require 'nnlua.tensor'\nlocal x = T.ones(2)\nlocal y = x + T.ones(3)", "script.lua:3: add: shapes {2} and {3} do not broadcast"),
      ("local f; f = function() return coroutine.wrap(f)() end f()", "C stack overflow"),
      ("local t = setmetatable({}, {}); getmetatable(t).__index = function(t, k) return t[k] end; return t.x", "stack overflow"),
      ("local s = 'x'; while true do s = s .. s end", "not enough memory"), ("\\0\\1\\2", "script.lua:1:"), ("goto nowhere", "no visible label 'nowhere'"),
    ])
    func scripts(_ code: String, _ expected: String) throws {
      let folder = try Folder()
      try folder.write("script.lua", code)
      let child = try Child.run(["script.lua"], in: folder, memory: 4 << 20)
      #expect(child.status == 1, "\(child.output.suffix(2000))")
      #expect(child.output.hasPrefix("nnlua: ") && child.output.contains(expected), "\(child.output.prefix(2000))")
      #expect(child.output.utf8.count < 20_000)
    }

    @Test func scriptsThatAreMissing() throws {
      let folder = try Folder()
      let child = try Child.run(["missing.lua"], in: folder)
      #expect(child.status == 1 && child.output.contains("cannot open missing.lua"), "\(child.output)")
      #expect(try Child.run(["."], in: folder).status == 1)
    }
  }
}
