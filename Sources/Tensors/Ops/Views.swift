internal import LuaBridge

/// Other looks at the same elements: no copy, the tape follows.
extension Tensor {
  /// The same elements in another shape: a view where the strides allow it, otherwise a copy.
  public func reshaped(_ target: Shape) throws -> Tensor {
    if target == shape { return self }
    guard target.elements == count else { throw LuaError("reshape: \(shape) has \(count) elements, \(target) would have \(target.elements)") }
    let result =
      if let steps = viewStrides(target) { view(shape: target, strides: steps) } else { try copied().view(shape: target, strides: target.contiguousStrides) }
    if Tape.follows(self) {
      let before = shape
      try result.follow("reshape", [self]) { _, g in [try g.reshaped(before)] }
    }
    return result
  }

  /// The strides with which another shape sees the same elements in the same order; nil where no strides do.
  ///
  /// Old dims that lie evenly in memory form blocks; each block must be filled by whole new dims.
  func viewStrides(_ target: Shape) -> Shape? {
    if isContiguous || count == 0 { return target.contiguousStrides }
    var steps = Shape(repeating: 1, count: target.count)
    var place = target.count - 1, dim = rank - 1
    while dim >= 0 {
      var block = shape[dim]
      let step = strides[dim]
      while dim > 0, shape[dim - 1] == 1 || strides[dim - 1] == block &* step {
        block = block &* shape[dim - 1]
        dim -= 1
      }
      var filled = 1
      while place >= 0, filled < block || target[place] == 1 {
        steps[place] = filled &* step
        filled = filled &* target[place]
        place -= 1
      }
      guard filled == block else { return nil }
      dim -= 1
    }
    return steps
  }

  /// Dims of size 1 repeated to a larger shape, without a copy.
  public func expanded(to target: Shape) throws -> Tensor {
    if target == shape { return self }
    guard try Shape.broadcast(shape, target, "expand") == target else { throw LuaError("expand: shape \(shape) does not expand to \(target)") }
    let result = Elementwise.expanded(self, target)
    if Tape.follows(self) {
      let before = shape
      try result.follow("expand", [self]) { _, g in [try Elementwise.reduced(g, to: before)] }
    }
    return result
  }

  /// Dims in another order: `order[i]` is the dim (from 0) that comes to place i.
  public func permuted(_ order: [Int]) throws -> Tensor {
    let result = view(shape: Shape(order.map { shape[$0] }), strides: Shape(order.map { strides[$0] }))
    if Tape.follows(self) {
      var inverse = order
      for (place, dim) in order.enumerated() { inverse[dim] = place }
      try result.follow("permute", [self]) { _, g in [try g.permuted(inverse)] }
    }
    return result
  }

  /// Two dims (from 0) exchanged.
  public func transposed(_ a: Int, _ b: Int) throws -> Tensor {
    if !Tape.follows(self) {
      var sizes = shape, steps = strides
      (sizes[a], sizes[b], steps[a], steps[b]) = (shape[b], shape[a], strides[b], strides[a])
      return view(shape: sizes, strides: steps)
    }
    var order = Array(shape.indices)
    order.swapAt(a, b)
    return try permuted(order)
  }

  /// A part of a dim (from 0): `length` positions from `start`, every `step`-th.
  public func narrowed(_ dim: Int, _ start: Int, _ length: Int, step: Int = 1) throws -> Tensor {
    var sizes = shape, steps = strides
    sizes[dim] = length
    steps[dim] = strides[dim] &* step
    let result = view(offset: offset &+ start &* strides[dim], shape: sizes, strides: steps)
    if Tape.follows(self) {
      let before = shape
      try result.follow("narrow", [self]) { _, g in [try g.embedded(in: before, dim, start, step)] }
    }
    return result
  }

  /// The gradient of `narrowed`: zeros of `shape` with this tensor in its place.
  private func embedded(in shape: Shape, _ dim: Int, _ start: Int, _ step: Int) throws -> Tensor {
    let result = try Tensor.zeros(shape, type)
    try Tape.recording(false) { try result.narrowed(dim, start, self.shape[dim], step: step).write(self) }
    if Tape.follows(self) {
      let length = self.shape[dim]
      try result.follow("narrow backward", [self]) { _, g in [try g.narrowed(dim, start, length, step: step)] }
    }
    return result
  }

  /// One position (from 0) of a dim; the dim goes.
  public func selected(_ dim: Int, _ position: Int) throws -> Tensor {
    var sizes = shape, steps = strides
    sizes.remove(at: dim)
    steps.remove(at: dim)
    let result = view(offset: offset &+ position &* strides[dim], shape: sizes, strides: steps)
    if Tape.follows(self) {
      let before = shape
      try result.follow("select", [self]) { _, g in
        var kept = before
        kept[dim] = 1
        return [try g.reshaped(kept).embedded(in: before, dim, position, 1)]
      }
    }
    return result
  }

  /// A new dim (from 0) of size 1.
  public func unsqueezed(_ dim: Int) throws -> Tensor {
    guard rank < Shape.maximumRank else { throw LuaError("unsqueeze: a tensor has at most \(Shape.maximumRank) dims") }
    var sizes = shape
    sizes.insert(1, at: dim)
    return try reshaped(sizes)
  }
}

enum Views {
  static let rows: [Row] = [
    Row(
      "reshape",
      """
      The same elements, row by row, in another shape; one size may be -1 and is worked out. Shares memory where it can.
      Errors: another number of elements; more than one -1.
      """,
      Param("x", Tensor.self), Param("shape", ShapeArgument.self, "sizes with the same number of elements"), example: "return T.range(1, 6):reshape(2, -1)"
    ) { x, shape in try x.reshaped(inferred(shape.sizes, x, "reshape")) },
    Row(
      "view",
      """
      As reshape, but always shares memory: an error where the elements' order in memory does not allow it.
      Errors: another number of elements; strides that no view can have: use reshape.
      """,
      Param("x", Tensor.self), Param("shape", ShapeArgument.self, "sizes with the same number of elements"),
      example: "return T.range(1, 6):view(2, 3)"
    ) { x, sizes in
      let shape = try inferred(sizes.sizes, x, "view")
      guard x.viewStrides(shape) != nil else {
        throw LuaError("view: a tensor \(x.shape) with strides \(x.strides) cannot be seen as \(shape) without a copy; use reshape")
      }
      return try x.reshaped(shape)
    },
    Row(
      "flatten",
      """
      Joins the dims from first to last (all of them) into one.
      Shapes: x (…, a, …, b, …); y (…, a ⋯ b, …).
      Errors: a dim the tensor does not have; first behind last.
      """, Param("x", Tensor.self), Param("first", default: 1, "the first dim that is joined"), Param("last", default: -1, "the last dim that is joined"),
      example: "return T.zeros(2, 3, 4):flatten(2)"
    ) { x, first, last in
      if x.rank == 0 { return try x.reshaped(Shape(1)) }
      let a = try x.shape.dim(first, "flatten"), b = try x.shape.dim(last, "flatten")
      guard a <= b else { throw LuaError("flatten: first dim \(first) comes after last dim \(last) (shape \(x.shape))") }
      return try x.joined(a, b)
    },
    Row(
      "unflatten",
      """
      Takes one dim apart into several; one size may be -1.
      Shapes: x (…, n, …); y (…, sizes, …), whose product is n.
      Errors: sizes whose product is not n.
      """, Param("x", Tensor.self), Param("dim", Int.self),
      Param("sizes", SizesArgument.self, "the new sizes, one of them may be -1"), example: "return T.zeros(6, 2):unflatten(1, {2, -1})"
    ) { x, dim, sizes in
      let dim = try x.shape.dim(dim, "unflatten")
      let part = try inferred(sizes.sizes, count: x.shape[dim], "size \(x.shape[dim]) of dim \(dim + 1)", "unflatten").array
      return try x.reshaped(Shape.checked(Array(x.shape.array[..<dim]) + part + Array(x.shape.array[(dim + 1)...]), "unflatten"))
    },
    Row(
      "squeeze",
      """
      Takes away dims of size 1: all of them, or those named (others stay).
      Errors: a dim the tensor does not have.
      """, Param("x", Tensor.self),
      Param("dim", default: DimsArgument?.none, "a dim or a list of dims"), example: "return T.zeros(1, 2, 1):squeeze()"
    ) { x, dims in
      let gone = try dims?.positions(in: x.shape, "squeeze") ?? Array(x.shape.indices)
      return try x.reshaped(Shape(x.shape.indices.filter { x.shape[$0] != 1 || !gone.contains($0) }.map { x.shape[$0] }))
    },
    Row(
      "unsqueeze",
      """
      A new dim of size 1 at a place.
      Shapes: x of d dims; y of d + 1.
      Errors: a place outside of 1 … d + 1; more than 8 dims.
      """, Param("x", Tensor.self), Param("dim", Int.self, "the new dim's place, 1 … dims + 1"),
      example: "return T.zeros(2, 3):unsqueeze(1)"
    ) { x, dim in try x.unsqueezed(x.shape.dim(dim, "unsqueeze", extra: 1)) },
  ]

  /// Sizes of which one may be -1.
  static func inferred(_ sizes: [Int], _ x: Tensor, _ function: String) throws -> Shape {
    try inferred(sizes, count: x.count, "\(x.shape)", function)
  }
  private static func inferred(_ sizes: [Int], count: Int, _ what: String, _ function: String) throws -> Shape {
    var sizes = sizes
    let unknown = sizes.indices.filter { sizes[$0] == -1 }
    guard unknown.count <= 1 else { throw LuaError("\(function): only one size can be -1") }
    if let place = unknown.first {
      sizes[place] = 1
      let rest = try Shape.checked(sizes, function).elements
      guard rest > 0, count % rest == 0 else { throw LuaError("\(function): \(what) has \(count) elements, which \(rest) does not divide") }
      sizes[place] = count / rest
    }
    let shape = try Shape.checked(sizes, function)
    guard shape.elements == count else { throw LuaError("\(function): \(what) has \(count) elements, \(shape) would have \(shape.elements)") }
    return shape
  }
}

extension Tensor {
  /// The dims from `first` to `last` (from 0) as one.
  func joined(_ first: Int, _ last: Int) throws -> Tensor {
    var sizes = Shape()
    for i in shape.indices {
      if i > first, i <= last { sizes[first] = sizes[first] &* shape[i] } else { sizes.append(shape[i]) }
    }
    return try reshaped(sizes)
  }
}
