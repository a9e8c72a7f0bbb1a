internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Several tensors to one, one to several.
enum Joining {
  static let rows: [Row] = [
    Row(
      "cat",
      """
      Tensors joined along a dim; all other sizes are the same. Types promote.
      Shapes: tensors (…, nᵢ, …), the same but for the dim; y (…, Σ nᵢ, …).
      Errors: an empty list; tensors without dims; sizes that differ elsewhere.
      """, Param("tensors", [Tensor].self), Param("dim", default: 1),
      place: .function, example: "return T.cat({T.zeros(2, 3), T.ones(1, 3)}, 1)"
    ) { list, dim in
      guard let first = list.first(where: { $0.shape != Shape(0) }) ?? list.first else { throw LuaError("cat: the list of tensors is empty") }
      guard first.rank > 0 else { throw LuaError("cat: tensors without dims cannot be joined; use stack") }
      return try cat(list, first.shape.dim(dim, "cat"), "cat")
    },
    Row(
      "stack",
      """
      Tensors of one shape along a new dim.
      Shapes: k tensors of one shape; y of that shape with k in a new dim.
      Errors: an empty list; shapes that differ.
      """, Param("tensors", [Tensor].self), Param("dim", default: 1, "the new dim's place"), place: .function,
      example: "return T.stack({T.zeros(3), T.ones(3)})"
    ) { list, dim in
      guard let first = list.first else { throw LuaError("stack: the list of tensors is empty") }
      return try stack(list, first.shape.dim(dim, "stack", extra: 1), "stack")
    },
    Row(
      "unbind",
      """
      A list of all slices along a dim, which goes. They share memory.
      Errors: a tensor without dims.
      """,
      Param("x", Tensor.self), Param("dim", default: 1), example: "return #T.zeros(3, 2):unbind()"
    ) { x, dim in
      let dim = try x.shape.dim(dim, "unbind")
      try checkParts(x.shape[dim], "unbind", x)
      return try (0..<x.shape[dim]).map { try x.selected(dim, $0) }
    },
    Row(
      "split",
      """
      A list of parts along a dim: all of one size (the last may be smaller), or of the sizes in a list. They share memory.
      Errors: a size below 1; a list of sizes that do not add up to the dim.
      """, Param("x", Tensor.self),
      Param("size", SizesArgument.self, "a size or a list of sizes"), Param("dim", default: 1), example: "return #T.zeros(5, 2):split(2)"
    ) { x, size, dim in
      let dim = try x.shape.dim(dim, "split"), n = x.shape[dim]
      if size.single {
        guard size.sizes[0] > 0 else { throw LuaError("split: the size must be positive, got \(size.sizes[0])") }
        try checkParts(n / size.sizes[0], "split", x)
        return try parts(x, dim, n == 0 ? [0] : Swift.stride(from: 0, to: n, by: min(size.sizes[0], n)).map { min(size.sizes[0], n - $0) })
      }
      guard size.sizes.allSatisfy({ $0 >= 0 && $0 <= n }), size.sizes.reduce(0, &+) == n else {
        throw LuaError("split: sizes {\(size.sizes.map(String.init).joined(separator: ","))} do not add up to size \(n) of dim \(dim + 1) (shape \(x.shape))")
      }
      return try parts(x, dim, size.sizes)
    },
    Row(
      "chunk",
      """
      A list of at most n parts of the same size along a dim (the last may be smaller). They share memory.
      Errors: an n below 1.
      """, Param("x", Tensor.self),
      Param("n", Int.self, "how many parts at most"), Param("dim", default: 1), example: "return #T.zeros(6, 2):chunk(3)"
    ) { x, n, dim in
      let dim = try x.shape.dim(dim, "chunk"), size = x.shape[dim]
      guard n > 0 else { throw LuaError("chunk: the number of parts must be positive, got \(n)") }
      let each = max((size - 1) / n + 1, 1)
      try checkParts(size / each, "chunk", x)
      return try parts(x, dim, size == 0 ? Array(repeating: 0, count: min(n, 1)) : Swift.stride(from: 0, to: size, by: each).map { min(each, size - $0) })
    },
    Row(
      results: "meshgrid",
      """
      For each list of coordinates a tensor of the grid they span. With indexing = "ij" the first runs along dim 1, with "xy" along dim 2.
      Shapes: vectors (a), (b), …; each result (a, b, …), or (b, a, …) for "xy".
      Errors: tensors that are no vectors; another indexing.
      """,
      Param("tensors", LuaRest.self, "vectors, or one list of vectors; an option table may follow"), place: .function,
      example: "local X, Y = T.meshgrid(T.range(1, 2), T.range(1, 3)); return X", returns: "Tensor, …"
    ) { stack, rest in
      let grids = try meshgrid(stack, rest.indices)
      guard stack.reserve(Int32(grids.count) + 4) else { throw LuaError("stack overflow") }
      for grid in grids { grid.push(stack) }
      return Int32(grids.count)
    },
  ]

  /// Each part is a tensor of its own: a few million fill the memory, whatever their size.
  private static func checkParts(_ count: Int, _ function: String, _ x: Tensor) throws {
    guard count <= 1 << 22 else { throw LuaError("\(function): \(count) parts are too many (shape \(x.shape))") }
  }

  private static func parts(_ x: Tensor, _ dim: Int, _ sizes: [Int]) throws -> [Tensor] {
    var start = 0
    return try sizes.map { size in
      defer { start += size }
      return try x.narrowed(dim, start, size)
    }
  }

  /// y = the tensors one behind the other along `dim` (from 0); its gradient is cut into their parts.
  static func cat(_ list: [Tensor], _ dim: Int, _ function: String) throws -> Tensor {
    // A vector of nothing fits beside any shape, so that a loop can begin with one.
    let list = list.contains { $0.rank != 1 } ? list.filter { $0.shape != Shape(0) } : list
    let type = list.reduce(ElementType.bool) { max($0, $1.type) }
    var shape = list[0].shape, total = 0
    for (i, x) in list.enumerated() {
      guard x.rank == shape.count, shape.indices.allSatisfy({ $0 == dim || x.shape[$0] == shape[$0] }) else {
        throw LuaError("\(function): tensor \(i + 1) has shape \(x.shape), tensor 1 \(shape): they may differ at dim \(dim + 1) only")
      }
      total = total.plus(x.shape[dim])
    }
    shape[dim] = total
    shape = try Shape.checked(shape.array, function)
    let result = try Tensor(empty: shape, type), parts = try list.map { try $0.to(type) }
    var outer = 1, inner = type.size
    for i in shape.indices { if i < dim { outer &*= shape[i] } else if i > dim { inner &*= shape[i] } }
    let row = total &* inner
    var start = 0
    for part in parts where part.count > 0 {
      let source = try part.contiguous(), length = part.shape[dim] &* inner
      for o in 0..<outer { memcpy(result.pointer + o &* row + start, source.pointer + o &* length, length) }
      start += length
    }
    if Tape.follows(parts) {
      let sizes = parts.map { $0.shape[dim] }
      try result.follow(function, parts) { node, g in
        var start = 0
        return try sizes.enumerated().map { i, size in
          defer { start += size }
          return node.needs(i) ? try g.narrowed(dim, start, size) : nil
        }
      }
    }
    return result
  }

  static func stack(_ list: [Tensor], _ dim: Int, _ function: String) throws -> Tensor {
    for (i, x) in list.enumerated() where x.shape != list[0].shape {
      throw LuaError("\(function): tensor \(i + 1) has shape \(x.shape), tensor 1 \(list[0].shape)")
    }
    return try cat(list.map { try $0.unsqueezed(dim) }, dim, function)
  }

  private static func meshgrid(_ stack: LuaStack, _ indices: Range<Int32>) throws -> [Tensor] {
    var list: [Tensor] = [], xy = false
    for index in indices {
      if stack.type(at: index) == .table, index == indices.upperBound - 1 {
        let given = stack.rawGet(index, "indexing") != .nil, name = stack.string(at: -1)
        stack.pop()
        if given {
          guard name == "ij" || name == "xy" else { throw LuaError("meshgrid: indexing is \"ij\" or \"xy\"") }
          xy = name == "xy"
          continue
        }
      }
      do {
        if stack.type(at: index) == .table, index == indices.lowerBound {
          list = try [Tensor].decode(stack, index)
        } else {
          list.append(try Tensor.decode(stack, index))
        }
      } catch let error as TypeMismatch {
        throw ArgumentError(Int(index), error.detail ?? "Tensor expected, got \(stack.typeName(at: index))")
      }
    }
    guard list.count <= Shape.maximumRank else { throw LuaError("meshgrid: at most \(Shape.maximumRank) vectors, got \(list.count)") }
    for (i, x) in list.enumerated() where x.rank > 1 { throw LuaError("meshgrid: vector \(i + 1) has shape \(x.shape)") }
    if xy, list.count >= 2 { list.swapAt(0, 1) }
    let shape = try Shape.checked(list.map(\.count), "meshgrid")
    var grids = try list.enumerated().map { i, x in
      var sizes = Shape(repeating: 1, count: list.count)
      sizes[i] = x.count
      return try x.reshaped(sizes).expanded(to: shape)
    }
    if xy, grids.count >= 2 { grids.swapAt(0, 1) }
    return grids
  }
}

extension Int {
  /// The difference, or an end of the range where it would overflow.
  func minus(_ other: Int) -> Int {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }
  /// The sum, or the largest number where it would overflow; `Shape.checked` refuses that.
  func plus(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
