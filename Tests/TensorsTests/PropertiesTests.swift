import Testing

@Suite(.serialized) struct PropertiesTests {
  @Test func look() throws {
    try script(
      """
      local x = T.zeros(2, 3, 4)
      same(x.shape, {2, 3, 4}); same(x:size(), {2, 3, 4}); assert(x:size(-1) == 4 and x:dim() == 3 and x:numel() == 24 and #x == 2)
      assert(x:is_contiguous() and not x:transpose(1, 2):is_contiguous())
      same(T.tensor(2):totable(), 2); same(T{{1, 2}, {3, 4}}:t():totable(), {{1, 3}, {2, 4}}); same(T.zeros(2, 0):totable(), {{}, {}})
      assert(T{true}:item() == true and math.type(long{3}:item()) == "integer")
      fails("size: dim 4 is out of range 1..3", x.size, x, 4)
      fails("has no length", function() return #T.tensor(1) end)
      fails("item: the tensor has 24 elements (shape {2,3,4})", x.item, x)
      fails("Tensor has no 'shap'; did you mean 'shape'?", function() return x.shap end)
      """)
  }

  @Test func fields() throws {
    try script(
      """
      local x = T{1, 2}
      x.requires_grad = true
      assert(x.requires_grad and x.grad == nil)
      x.grad = T{3, 4}; same(x.grad, {3, 4}); assert(x.grad == x.grad and x.grad ~= x)
      x.grad = nil; assert(x.grad == nil)
      x.requires_grad = false; assert(not x.requires_grad)
      assert(x:requires_grad_().requires_grad and not x:requires_grad_(false).requires_grad)
      fails("only a tensor made with requires_grad", function() x.grad = T{1, 2} end)
      x.requires_grad = true
      fails("the gradient has shape {1}, the tensor {2}", function() x.grad = T{1} end)
      fails("the gradient is int64, the tensor float32", function() x.grad = long{1, 2} end)
      fails("Tensor or nil expected, got number", function() x.grad = 1 end)
      fails("boolean expected, got number", function() x.requires_grad = 1 end)
      fails("Tensor has no field 'gard' to set; did you mean 'grad'?", function() x.gard = 1 end)
      fails("'shape' cannot be set", function() x.shape = {1} end)
      fails("only float32 and float64", function() long{1}.requires_grad = true end)
      fails("cannot stop requiring gradients", function() (x * 2).requires_grad = false end)
      """)
  }
}
