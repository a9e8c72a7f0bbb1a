import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct TensorProductsTests {
  @Test func products() throws {
    try script(
      """
      same(T.kron(T.tensor {{1, 2}, {3, 4}}, T.tensor {{0, 1}}), {{0, 1, 0, 2}, {0, 3, 0, 4}})
      same(T.kron(T.tensor {1, 2}, T.tensor {{1, 1}}), {{1, 1, 2, 2}})
      same(T.cross(T.tensor {1, 2, 3}, T.tensor {4, 5, 6}), {-3, 6, -3})
      same(T.cross(T.tensor {{1, 0}, {0, 1}, {0, 0}}, T.tensor {{0, 0}, {1, 0}, {0, 1}}, 1), {{0, 1}, {0, 0}, {1, 0}})
      local a, b = T.range(1, 6):reshape(1, 2, 3), T.range(1, 12):reshape(2, 3, 2)
      same(T.tensordot(a, b, 2), {{161, 182}})
      same(T.tensordot(a, b, {{3, 2}, {2, 1}}), T.tensordot(a, b, 2):totable())
      assert(T.tensordot(a, b, 0):dim() == 6)
      assert(T.allclose(T.tensordot(a, b, {{3}, {2}}), T.einsum("abc,dce->abde", a, b)))
      local m, n = T.ones(2, 1, 3), T.ones(2, 3, 2)
      same(T.baddbmm(T.tensor {1, 2}, m, n, {beta = 2, alpha = 10}), {{{32, 34}}, {{32, 34}}})
      fails("kron: tensors of at most 4 dims", T.kron, T.ones(1, 1, 1, 1, 1), T.ones(1))
      fails("cross: dim 2 must have size 3", T.cross, T.ones(3, 2), T.ones(3, 2))
      fails("tensordot: dim 3 of {1,2,3} has size 3, dim 1 of {2,3,2} size 2", T.tensordot, a, b, 1)
      fails("bad argument #3 to 'tensordot'", T.tensordot, a, b, "x")
      fails("baddbmm: takes two batches of matrices, got shapes {2,2} and {2,2}", T.baddbmm, T.ones(1), T.ones(2, 2), T.ones(2, 2))
      """)
  }

  @Test func diagonals() throws {
    try script(
      """
      local x = T.range(1, 6):reshape(2, 3)
      same(x:diagonal(), {1, 5})
      same(x:diagonal(1), {2, 6})
      same(x:diagonal(2), {3})
      same(x:diagonal(-1), {4})
      for _, k in ipairs {3, -2, 100, -100, math.maxinteger, math.mininteger} do assert(x:diagonal(k):numel() == 0) end
      local y = T.range(1, 18):reshape(2, 3, 3)
      same(y:diagonal(0, 2, 3), {{1, 5, 9}, {10, 14, 18}})
      same(y:diagonal(1, -2, -1), {{2, 6}, {11, 15}})
      same(y:diagonal(-1, 1, 3), {{10}, {13}, {16}})
      same(y:diagonal(0, 3, 1), {{1, 11}, {4, 14}, {7, 17}})
      same(T.tensor {{1, 2}, {3, 4}}:diag_embed(), {{{1, 0}, {0, 2}}, {{3, 0}, {0, 4}}})
      same(T.tensor {1, 2}:diag_embed(-1), {{0, 0, 0}, {1, 0, 0}, {0, 2, 0}})
      same(T.tensor {1, 2}:diag_embed(1), {{0, 1, 0}, {0, 0, 2}, {0, 0, 0}})
      assert(T.zeros(2, 0):diag_embed():numel() == 0)
      fails("diagonal: dim1 and dim2 are both dim 2", T.diagonal, x, 0, 2, -1)
      fails("diag_embed: diagonal", T.diag_embed, x, math.mininteger)
      """)
    try checkGradient("return function(x) return x:diagonal(1, 3, 1) end", [[3, 2, 4]])
    try checkGradient("return function(x) return x:diag_embed(-2) end", [[2, 3]])
  }

  @Test func otherForms() throws {
    try script(
      """
      local x = T.range(1, 24):reshape(2, 3, 4)
      local function sized(x, want) if table.concat(x.shape, ",") ~= want then error(table.concat(x.shape, ","), 2) end end
      sized(x:movedim(1, -1), "3,4,2")
      sized(x:movedim({1, 2}, {3, 1}), "3,4,2")
      sized(T.movedim(x, 3, 1), "4,2,3")
      assert(x:movedim(1, 3)[{2, 3, 1}] == x[{1, 2, 3}])
      fails("movedim: a dim is named twice", T.movedim, x, {1, -3}, {1, 2})
      fails("movedim: 2 dims for 1 places", T.movedim, x, {1, 2}, 1)
      local list = x:unbind(2)
      assert(#list == 3)
      same(list[2], x:select(2, 2):totable())
      fails("unbind: dim 1 is out of range, the tensor has no dims", T.unbind, T.tensor(3))
      sized(T.ones(3, 1):expand_as(x[1]), "3,4")
      same(T.tensor {{1, 5}, {7, 2}}:amax(2), {5, 7})
      same(T.tensor {{1, 5}, {7, 2}}:amin({1, 2}), 1)
      fails("amax: nothing to choose from", T.amax, T.zeros(0))
      same(T.view(x, 24)[{ {1, 3} }], {1, 2, 3})
      assert(T.contiguous(x:transpose(1, 2)):is_contiguous())
      local leaf = T.ones(2, {requires_grad = true})
      assert(not T.detach(leaf * 2).requires_grad and leaf.is_leaf and not (leaf * 2).is_leaf and T.detach(leaf).is_leaf)
      assert(T.is_tensor(leaf) and not T.is_tensor(3) and not T.is_tensor(nil))
      assert(T.empty(2, 3, {dtype = "int64"}).dtype == "int64")
      local z = T.zeros(2, 3)
      same(z:scatter(2, long {{1}, {3}}, 7), {{7, 0, 0}, {0, 0, 7}})
      same(z:scatter_add(2, long {{1, 1}, {3, 1}}, T.ones(2, 2)), {{2, 0, 0}, {1, 0, 1}})
      same(z:index_add(1, {2, 2}, T.ones(2, 3), {alpha = 2}), {{0, 0, 0}, {4, 4, 4}})
      same(z, {{0, 0, 0}, {0, 0, 0}})
      fails("index_add: the source has shape {2,3}, 1 positions of dim 1 of {2,3} need {1,3}", T.index_add, z, 1, {2}, T.ones(2, 3))
      """)
    try checkGradient("return function(x, y) return x:index_add(1, {2, 2}, y, {alpha = 3}) end", [[2, 3], [2, 3]])
    try checkGradient("return function(x, y) return x:scatter(2, long {{1, 3}, {2, 1}}, y) end", [[2, 3], [2, 2]])
    try checkGradient("return function(x, y) return x:scatter_add(2, long {{1, 1}, {2, 1}}, y) end", [[2, 3], [2, 2]])
  }
}
