internal import LuaBridge

/// Changes of a tensor's own elements: what they all share, and those that only set values.
extension Tensor {
  /// Writes `result` over this tensor's elements, as `op` in place: the tape, the version and the type are kept right.
  /// - Errors: `result` has another shape, or a type this tensor's cannot hold.
  func replace(_ op: String, with result: Tensor) throws -> Tensor {
    try checkWritable(op)
    guard result.shape == shape else { throw LuaError("\(op): the result has shape \(result.shape) and does not fit into \(shape)") }
    let fits = result.type <= type || (result.type.isFloat && type.isFloat) || (!result.type.isFloat && type != .bool)
    guard fits else {
      let remedy = type == .bool ? "x:long()" : "x:float()"
      throw LuaError("\(op): a \(result.type.name) result does not fit into a \(type.name) tensor; convert it first, for example \(remedy)")
    }
    let values = try result.to(type)
    try noteChange(op, values.node)
    write(values)
    return self
  }

  /// The tensor as it is now, at its place on the tape, for an op whose gradient reads what is about to be overwritten.
  func before() throws -> Tensor {
    let copy = try copied()
    copy.node = node
    return copy
  }

  /// Lets `draw` fill the elements with values that do not depend on any tensor; `draw` gets a contiguous tensor of this shape and type.
  func overwrite(_ op: String, _ draw: (Tensor) throws -> Void) throws -> Tensor {
    try checkWritable(op)
    try noteChange(op, nil)
    if isContiguous {
      try draw(self)
    } else {
      let values = try Tensor(empty: shape, type)
      try draw(values)
      write(values)
    }
    return self
  }

  private func noteChange(_ op: String, _ result: Node?) throws {
    let recorded = Tape.isOn && (result != nil || node != nil)
    if recorded, isView {
      throw LuaError("\(op): gradients cannot be followed through a change of a view; change the whole tensor, or use the form without '_'")
    }
    storage.changed(by: op, recorded: recorded)
    if Tape.isOn { node = result }
  }

  /// Copies elements of the same shape and type over this tensor's.
  public func write(_ values: Tensor) {
    guard let source = try? values.contiguous() else { return }
    scatter(from: source.pointer)
  }
}

enum InPlace {
  static func fill(_ x: Tensor, _ value: Operand) throws -> Tensor {
    guard value.shape.elements == 1 else { throw LuaError("fill_: the value must be one number, got a tensor of shape \(value.shape)") }
    if value.node != nil { return try copy(x, value.tensor!.reshaped(Shape()), "fill_") }
    if x.type == .int64, case .integer(let n) = value {
      return try x.overwrite("fill_") { $0.pointer(Int64.self).update(repeating: Int64(n), count: $0.count) }
    }
    let number = value.value
    return try x.overwrite("fill_") { $0.fill(number) }
  }

  static func copy(_ x: Tensor, _ source: Tensor, _ op: String = "copy_") throws -> Tensor {
    guard try Shape.broadcast(x.shape, source.shape, op) == x.shape else {
      throw LuaError("\(op): shape \(source.shape) does not broadcast to \(x.shape)")
    }
    return try x.replace(op, with: source.to(x.type).expanded(to: x.shape))
  }

  static let rows: [Row] = [
    Row("zero_", "Sets every element to 0, in place.", Param("x", Tensor.self, "changed"), place: .method, example: "return T.ones(2):zero_()") { x in
      try x.overwrite("zero_") { $0.fill(0) }
    },
    Row(
      "fill_", "Sets every element to one value, in place.", Param("x", Tensor.self, "changed"), Param("value", Operand.self, "a number or a tensor of one element"),
      place: .method, example: "return T.zeros(2):fill_(7)"
    ) { x, value in try fill(x, value) },
    Row(
      "copy_", "Copies the elements of another tensor over these, broadcast and converted to this type.", Param("x", Tensor.self, "changed"),
      Param("source", Tensor.self, "broadcasts to the shape of x"), place: .method, example: "return T.zeros(2, 3):copy_(T.ones(3))"
    ) { x, source in try copy(x, source) },
  ]
}
