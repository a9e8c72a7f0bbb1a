import LuaBridge
import Tensors
import Testing

@Test func backwardThroughArithmetic() throws {
  let x = try Tensor([1.0, 2.0, 3.0])
  try x.requireGrad()
  try Reduction.sum(Elementwise.mul(x, x)).backward()
  #expect(try x.grad!.values() == [2, 4, 6])
}

@Test func scriptsReachTensors() throws {
  let lua = try LuaState()
  lua.install(TensorLibrary.library)
  try lua.run(
    """
    local T = require "nnlua.tensor"
    local x = T.ones(2, 3, {requires_grad = true})
    local y = ((x * 2 + 1) ^ 2):sum()
    assert(y:item() == 54, tostring(y:item()))
    assert(x.shape[2] == 3 and x.dtype == "float32")
    local ok, e = pcall(T.add, x)
    print(e)
    print(pcall(x.add, x, nil))
    print(pcall(function() return x:add("a") end))
    print(pcall(function() return x + T.ones(4) end))
    print(pcall(function() return x.shap end))
    print(pcall(function() return T.ones(2, {dtyp = "float32"}) end))
    print(pcall(function() return T.ones(2, {dtype = "flot32"}) end))
    print(pcall(function() return T.zero(2) end))
    """)
}
