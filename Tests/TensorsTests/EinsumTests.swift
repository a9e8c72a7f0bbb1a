import LuaBridge
import Tensors
import Testing

/// Every index runs over its range, in Double: the definition itself.
private func naive(_ terms: [String], _ output: String, _ tensors: [Tensor]) throws -> [Double] {
  var sizes: [Character: Int] = [:]
  for (term, tensor) in zip(terms, tensors) { for (letter, size) in zip(term, tensor.shape) { sizes[letter] = max(sizes[letter] ?? 0, size) } }
  let letters = Array(output) + sizes.keys.filter { !output.contains($0) }.sorted()
  let values = try tensors.map { try $0.values() }
  var result = Array(repeating: 0.0, count: output.reduce(1) { $0 * sizes[$1]! })
  var position = Dictionary(uniqueKeysWithValues: letters.map { ($0, 0) })
  func walk(_ depth: Int) {
    guard depth < letters.count else {
      var product = 1.0
      for (k, term) in terms.enumerated() {
        var at = 0
        for (letter, size) in zip(term, tensors[k].shape) { at = at * size + (size == 1 ? 0 : position[letter]!) }
        product *= values[k][at]
      }
      return result[output.reduce(0) { $0 * sizes[$1]! + position[$1]! }] += product
    }
    for i in 0..<sizes[letters[depth]]! {
      position[letters[depth]] = i
      walk(depth + 1)
    }
  }
  if !sizes.values.contains(0) { walk(0) }
  return result
}

@Suite(.serialized) struct EinsumTests {
  static let equations = [
    "ij,jk->ik", "ij,jk->ki", "ij,kj->ik", "ji,jk->ik", "bij,bjk->bik", "ibj,jkb->kbi", "ii->i", "ii->", "iij->j", "iji->ij", "ij->", "ij->j", "ij->ji", "i,i->",
    "i,i->i", "i,j->ij", "i,j->ji",
    "bi,bj->bij", "ijk,jk->i", "ijk,ljk->il", "ij,jk,kl->il", "i,ij,j->", "ab,bc,cd,de->ae", "abc,bd,ce->ade", "ij,ij,ij->ij", "abcd,cdef->abef", "abcd,badc->cd",
    "i,ij->", "ij,k->j", ",ij->i",
    "aA,Ab->bA", "ii,ij->j",
  ]

  @Test(arguments: equations) func agreesWithTheDefinition(_ equation: String) throws {
    let sides = equation.split(separator: ">"), terms = sides[0].dropLast().split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let output = sides.count > 1 ? String(sides[1]) : ""
    var sizes: [Character: Int] = [:]
    for (i, letter) in Set(terms.joined()).sorted().enumerated() { sizes[letter] = [2, 3, 4, 2, 3, 2][i % 6] }
    let tensors = try terms.enumerated().map { k, term in
      let shape = term.map { sizes[$0]! }
      return try Tensor(scattered(shape.reduce(1, *), k + 1)).reshaped(Shape(shape)).copied()
    }
    let names = tensors.indices.map { "t\($0)" }, arguments = Array(zip(names, tensors))
    let found = try script("return T.einsum('\(equation)', \(names.joined(separator: ", ")))", arguments, as: Tensor.self)
    let want = try naive(terms, output, tensors)
    #expect(found.shape == Shape(output.map { sizes[$0]! }))
    for (a, b) in zip(try found.values(), want) { #expect(abs(a - b) < 1e-13) }
    // Operands with gaps in memory give the same.
    let turned = try tensors.map { x in
      let order = Array(x.shape.indices.reversed())
      return try x.permuted(order).copied().permuted(order)
    }
    let again = try script("return T.einsum('\(equation)', {\(names.joined(separator: ", "))})", Array(zip(names, turned)), as: Tensor.self)
    for (a, b) in zip(try again.values(), want) { #expect(abs(a - b) < 1e-13) }
    try checkGradient(tensors, "\(equation)") { x in
      let lua = try LuaState()
      lua.install(TensorLibrary.library)
      try lua.load("local T = require 'nnlua.tensor'; return T.einsum('\(equation)', ...)", name: "=einsum")
      for tensor in x { tensor.push(lua.stack) }
      try lua.stack.call(arguments: Int32(x.count), results: 1)
      return try Tensor.decode(lua.stack, lua.stack.top)
    }
  }

  @Test func implicitOutputsEllipsesAndRepeatedSizes() throws {
    try script(
      """
      local a, b = T.range(1, 6):reshape(2, 3), T.range(1, 12):reshape(3, 4)
      local function close(x, y) assert(T.allclose(x, y) and table.concat(x.shape, ",") == table.concat(y.shape, ","), tostring(x) .. tostring(y)) end
      close(T.einsum("ij,jk", a, b), a:matmul(b))
      close(T.einsum(" i j , j k -> i k ", a, b), a:matmul(b))
      close(T.einsum("ba", a), a:t())
      close(T.einsum("aB", a), a:t())
      close(T.einsum("ii", a:matmul(a:t())), a:matmul(a:t()):trace())
      close(T.einsum("...", a), a)
      close(T.einsum("...ij,...jk->...ik", T.ones(5, 1, 2, 3) * a, T.ones(6, 3, 4) * b), a:matmul(b):expand(5, 6, 2, 4))
      close(T.einsum("...ij,jk", T.ones(5, 1, 1) * a, b), a:matmul(b):expand(5, 2, 4))
      close(T.einsum("i...->...", a), a:sum(1))
      close(T.einsum("...j->j", a), a:sum(1))
      close(T.einsum("i...,...->i", a, T.ones(3)), a:sum(2))
      close(T.einsum("ij,jk->ik", T.ones(2, 1), b), T.ones(2, 3):matmul(b))
      close(T.einsum("ij,ij->ij", T.ones(2, 1), a), a)
      close(T.einsum("ij,kj->ik", T.zeros(2, 0), T.zeros(3, 0)), T.zeros(2, 3))
      close(T.einsum("bij,bjk->bik", T.zeros(0, 2, 3), T.zeros(0, 3, 4)), T.zeros(0, 2, 4))
      close(T.einsum("", T.tensor(3)), T.tensor(3))
      close(T.einsum(",", T.tensor(3), T.tensor(4)), T.tensor(12))
      same(T.einsum("ij,jk", long({{1, 2}, {3, 4}}), long({{1, 2}, {3, 4}})), {{7, 10}, {15, 22}})
      assert(T.einsum("ij,jk", long({{1, 2}, {3, 4}}), T.ones(2, 2)).dtype == "float32")
      """)
  }

  @Test func errorsNameTheIndex() throws {
    try script(
      """
      local a, b = T.ones(2, 3), T.ones(4, 5)
      fails('einsum: index \\'j\\' has size 3 in operand 1 and 4 in operand 2 (equation "ij,jk->ik", shapes {2,3} and {4,5})', T.einsum, "ij,jk->ik", a, b)
      fails("einsum: index 'm' of the output is in no operand", T.einsum, "ij,kl->ijm", a, b)
      fails("einsum: index 'i' stands twice in the output", T.einsum, "ij->ii", a)
      fails('einsum: operand 1 has 2 dims, 3 are named (equation "ijk->i", shape {2,3})', T.einsum, "ijk->i", a)
      fails("einsum: operand 1 has 2 dims, 1 is named", T.einsum, "i", a)
      fails("einsum: operand 2 has 2 dims, 3 are named", T.einsum, "ij,...ijk", a, a)
      fails("einsum: 2 operands named, 1 given", T.einsum, "ij,jk", a)
      fails("einsum: 1 operand named, 2 given", T.einsum, "ij", a, a)
      fails("einsum: '1' is no index", T.einsum, "i1", a)
      fails("einsum: '.' is no index", T.einsum, "..ij", a)
      fails('einsum: "..." stands twice in "...i..."', T.einsum, "...i...", a)
      fails("einsum: index 'i' has sizes 2 and 3 in operand 1", T.einsum, "ii", a)
      fails('einsum: "->" stands twice', T.einsum, "i->j->k", a)
      fails('dim -1 of "..." has size 2 in operand 1 and 4 in operand 2', T.einsum, "...i,...i", a, T.ones(4, 3))
      fails("einsum: bool tensors have no products; convert them first", T.einsum, "ij", a:gt(0))
      fails("einsum: no operands", T.einsum, "")
      fails("bad argument #3 to 'einsum' (Tensor expected, got number)", T.einsum, "i,i", T.ones(1), 3)
      fails("bad argument #2 to 'einsum' (Tensor expected, got number at position 2 of the list)", T.einsum, "i,i", {T.ones(1), 3})
      fails("einsum: a product on the way has 10 dims, at most 8 are possible", T.einsum, "abcde,fghij->abcdefghij", T.ones(1, 1, 1, 1, 2), T.ones(1, 1, 1, 1, 2))
      """)
  }
}
