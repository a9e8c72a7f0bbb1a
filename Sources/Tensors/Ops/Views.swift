internal import LuaBridge

/// Other looks at the same elements: no copy, the tape follows.
extension Tensor {
  /// The same elements in another shape: a view where the strides allow it, otherwise a copy.
  public func reshaped(_ target: Shape) throws -> Tensor {
    if target == shape { return self }
    guard target.elements == count else { throw LuaError("reshape: \(shape) has \(count) elements, \(target) would have \(target.elements)") }
    let source = try contiguous()
    let result = source.view(shape: target, strides: target.contiguousStrides)
    if Tape.follows(self) {
      let before = shape
      try result.follow("reshape", [self]) { _, g in [try g.reshaped(before)] }
    }
    return result
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
    let part = try narrowed(dim, position, 1)
    var sizes = shape
    sizes.remove(at: dim)
    return try part.withoutDim(dim, sizes)
  }

  private func withoutDim(_ dim: Int, _ sizes: Shape) throws -> Tensor {
    var steps = strides
    steps.remove(at: dim)
    let result = view(shape: sizes, strides: steps)
    if Tape.follows(self) {
      let before = shape
      try result.follow("select", [self]) { _, g in [try g.reshaped(before)] }
    }
    return result
  }
}

enum Views {
  static let rows: [Row] = [
    Row(
      "reshape", "The same elements, row by row, in another shape; one size may be -1 and is worked out. Shares memory where it can.",
      Param("x", Tensor.self), Param("shape", ShapeArgument.self, "sizes with the same number of elements"), example: "return T.range(1, 6):reshape(2, -1)"
    ) { x, shape in try x.reshaped(inferred(shape.sizes, x, "reshape")) }
  ]

  /// Sizes of which one may be -1.
  static func inferred(_ sizes: [Int], _ x: Tensor, _ function: String) throws -> Shape {
    var sizes = sizes
    let unknown = sizes.indices.filter { sizes[$0] == -1 }
    guard unknown.count <= 1 else { throw LuaError("\(function): only one size can be -1") }
    if let place = unknown.first {
      sizes[place] = 1
      let rest = try Shape.checked(sizes, function).elements
      guard rest > 0, x.count % rest == 0 else { throw LuaError("\(function): \(x.shape) has \(x.count) elements, which \(rest) does not divide") }
      sizes[place] = x.count / rest
    }
    let shape = try Shape.checked(sizes, function)
    guard shape.elements == x.count else { throw LuaError("\(function): \(x.shape) has \(x.count) elements, \(shape) would have \(shape.elements)") }
    return shape
  }
}
