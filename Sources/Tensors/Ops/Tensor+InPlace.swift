internal import LuaBridge

/// What changes of a tensor's own elements share.
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
