internal import LuaBridge

/// Copies, and writing of whole tensors in place.
enum Copying {
  static let rows: [Row] = [
    Row(
      "contiguous", "The tensor with its elements row by row without gaps; itself where they lie so.", Param("x", Tensor.self),
      example: "return T.zeros(2, 3):t():contiguous()"
    ) { x in x.isContiguous ? x : try x.cloned("contiguous") },
    Row("clone", "A copy with memory of its own; gradients are followed through it.", Param("x", Tensor.self), example: "return T.ones(2):clone()") {
      x in try x.cloned("clone")
    },
    Row("detach", "The same elements in the same memory, but gradients stop here.", Param("x", Tensor.self), example: "return T.ones(2):detach()") {
      x in x.alias()
    },
    Row(
      "fill_",
      """
      Sets every element to a value and returns the tensor.
      Errors: a tensor whose gradients are recorded.
      """, Param("x", Tensor.self), Param("value", Item.self, "a number or boolean"), place: .method,
      example: "return T.zeros(2):fill_(3)"
    ) { x, value in try fill(x, value, "fill_") },
    Row(
      "zero_",
      """
      Sets every element to 0 and returns the tensor.
      Errors: a tensor whose gradients are recorded.
      """, Param("x", Tensor.self), place: .method, example: "return T.ones(2):zero_()"
    ) { x in
      try fill(x, .integer(0), "zero_")
    },
    Row(
      "copy_",
      """
      Copies the elements of another tensor, which is broadcast and converted, and returns the tensor.
      Errors: a source that does not broadcast to x; a tensor whose gradients are recorded.
      """, Param("x", Tensor.self),
      Param("source", Operand.self, "a tensor or number that broadcasts to x"), place: .method, example: "return T.zeros(2, 2):copy_(T.tensor({1, 2}))"
    ) { x, source in
      try copy(x, source)
      return x
    },
  ]

  private static func fill(_ x: Tensor, _ value: Item, _ op: String) throws -> Tensor {
    let shape = x.shape, type = x.type
    try x.change(op, rule: { _, _ in [try Tensor.zeros(shape, type)] }) { x.fill(value) }
    return x
  }

  static func copy(_ x: Tensor, _ source: Operand) throws {
    // converted last: the gradient is then summed over repeated dims in the source's type, not in a narrower one
    let value = try Dims.expand(source.tensor ?? source.converted(to: x.type), x.shape, "copy_").to(x.type)
    let alone = try value.storage === x.storage ? value.copied() : value.contiguous()
    let shape = x.shape, type = x.type
    try x.change("copy_", with: [value], rule: { node, g in [node.needs(0) ? try Tensor.zeros(shape, type) : nil, g] }) {
      x.scatter(from: alone.pointer)
    }
  }
}

extension Tensor {
  /// A contiguous copy that the tape follows.
  func cloned(_ op: String = "clone") throws -> Tensor {
    let result = try copied()
    if Tape.follows(self) { try result.follow(op, [self]) { _, g in [g] } }
    return result
  }

  /// Changes elements in place: `write` touches memory only and cannot fail, `rule` gives the gradients of this tensor as it was and of `others`.
  ///
  /// - Errors: what the tape forbids: a leaf whose gradients are recorded, a view that gradients are followed through, an expanded tensor.
  func change(_ op: String, with others: [Tensor] = [], rule: @escaping Node.Rule, _ write: () -> Void) throws {
    try checkWritable(op)
    let recorded = Tape.isOn && type.isFloat && (node != nil || others.contains { $0.node != nil })
    if recorded {
      guard !isView else {
        throw LuaError(
          "\(op): gradients cannot be followed through a change of a view \(shape); "
            + "change the whole tensor (x[{i, j}] = v instead of x[i][j] = v), clone() the view first, or do it inside T.no_grad(function() … end)")
      }
      try follow(op, [self] + others, rule: rule)
    }
    write()
    storage.changed(by: op, recorded: recorded)
  }
}
