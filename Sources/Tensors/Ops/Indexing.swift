internal import LuaBridge

/// `x[key]` and `x[key] = value`; keys are a number, a tensor, or a table of numbers, ranges and tensors, one for each dim.
enum Indexing {
  /// Answers every key that is no method or property.
  static func read(_ stack: LuaStack) throws -> Int32 {
    let type = stack.type(at: 2)
    if type == .string { throw TensorLibrary.tensorClass.unknown(stack.string(at: 2) ?? "?") }
    let x = try tensor(stack)
    if type == .number {
      let position = try row(stack, x)
      if x.rank == 1, !Tape.follows(x) {
        Item(x, position &* x.strides[0]).push(stack)
      } else {
        try x.selected(0, position).push(stack)
      }
      return 1
    }
    if type == .table, !Tape.follows(x), let at = try element(stack, x) {
      Item(x, at).push(stack)
      return 1
    }
    try region(stack, x).read(x).push(stack)
    return 1
  }

  static func assign(_ stack: LuaStack) throws -> Int32 {
    let type = stack.type(at: 2)
    if type == .string {
      try Properties.set(stack, stack.string(at: 2) ?? "?")
      return 0
    }
    let x = try tensor(stack)
    let value = try value(stack)
    // One element and a number, with no one following: the way of scripts that fill a tensor in a loop.
    if x.node == nil || !Tape.isOn, value.tensor == nil {
      if type == .number, x.rank == 1 {
        try store(x, try row(stack, x) &* x.strides[0], value)
        return 0
      }
      if type == .table, let at = try element(stack, x) {
        try store(x, at, value)
        return 0
      }
    }
    if type == .number {
      try Region(parts: [.at(row(stack, x))]).assign(x, value)
    } else {
      try region(stack, x).assign(x, value)
    }
    return 0
  }

  private static func tensor(_ stack: LuaStack) throws -> Tensor {
    do { return try Tensor.decode(stack, 1) } catch is TypeMismatch { throw LuaError("index: the tensor was freed") }
  }

  private static func value(_ stack: LuaStack) throws -> Operand {
    if stack.type(at: 3) == .boolean { return .integer(stack.boolean(at: 3) ? 1 : 0) }
    do { return try Operand.decode(stack, 3) } catch is TypeMismatch {
      throw LuaError("index: number, boolean or Tensor expected as the value, got \(stack.typeName(at: 3))")
    }
  }

  /// The position that the number at 2 names along dim 1.
  private static func row(_ stack: LuaStack, _ x: Tensor) throws -> Int {
    guard let position = stack.integer(at: 2) else { throw LuaError("index: position \(Printing.plain(stack.number(at: 2) ?? 0)) is not a whole number") }
    guard x.rank > 0 else { throw LuaError("index: a tensor without dims has no position \(position); use item(), or fill_() to change it") }
    return try Positions.one(position, x.shape, 0, "index")
  }

  /// Where the one element stands that a table of whole numbers names; nil where the table says anything else.
  private static func element(_ stack: LuaStack, _ x: Tensor) throws -> Int? {
    let count = stack.length(at: 2)
    guard count == x.rank, count > 0, stack.reserve(4) else { return nil }
    var at = 0
    for dim in 0..<count {
      stack.rawGet(2, dim + 1)
      let position = stack.integer(at: -1)
      stack.pop()
      guard let position else { return nil }
      at &+= try Positions.one(position, x.shape, dim, "index") &* x.strides[dim]
    }
    return at
  }

  private static func store(_ x: Tensor, _ at: Int, _ value: Operand) throws {
    try x.checkWritable("index assignment")
    let address = x.pointer + at &* x.type.size
    switch (x.type, value) {
    case (.int64, .integer(let n)): address.storeBytes(of: Int64(n), as: Int64.self)
    case (.float32, _): address.storeBytes(of: Float(value.value), as: Float.self)
    case (.float64, _): address.storeBytes(of: value.value, as: Double.self)
    case (.int64, _): address.storeBytes(of: Int64(saturating: value.value), as: Int64.self)
    case (.uint8, _): address.storeBytes(of: UInt8(number: value.value), as: UInt8.self)
    case (.bool, _): address.storeBytes(of: value.value != 0 ? 1 : 0, as: UInt8.self)
    }
    x.storage.changed(by: "index assignment")
  }

  // MARK: keys

  private static func region(_ stack: LuaStack, _ x: Tensor) throws -> Region {
    var reader = Reader(stack: stack, x: x)
    switch stack.type(at: 2) {
    case .table:
      let count = stack.length(at: 2)
      if count == 0 { try reader.checkNoNames(2) }
      guard stack.reserve(8) else { throw LuaError("stack overflow") }
      for i in 0..<count {
        stack.rawGet(2, i + 1)
        defer { stack.pop() }
        try reader.add(stack.top, i + 1, of: count)
      }
    case .userdata: try reader.add(2, 1, of: 1)
    default: throw LuaError("index: a number, a table or a tensor expected, got \(stack.typeName(at: 2))")
    }
    return reader.region
  }

  private struct Reader {
    let stack: LuaStack
    let x: Tensor
    var region = Region()
    /// The next dim of the tensor, and of what the parts leave over.
    var dim = 0, left = 0

    init(stack: LuaStack, x: Tensor) {
      self.stack = stack
      self.x = x
    }

    mutating func add(_ index: Int32, _ number: Int, of count: Int) throws {
      let type = stack.type(at: index)
      if type == .userdata, let key = try? Tensor.decode(stack, index) { return try add(key, count) }
      guard dim < x.rank else { throw tooMany(count) }
      switch type {
      case .number:
        guard let position = stack.integer(at: index) else {
          throw LuaError("index: position \(Printing.plain(stack.number(at: index) ?? 0)) of dim \(dim + 1) is not a whole number")
        }
        region.parts.append(.at(try Positions.one(position, x.shape, dim, "index")))
        dim += 1
      case .table:
        region.parts.append(try range(index))
        dim += 1
        left += 1
      default:
        let hint = type == .nil ? "; {} stands for a whole dim" : ""
        throw LuaError("index: entry \(number) must be a number, a range or a tensor, got \(stack.typeName(at: index))\(hint)")
      }
    }

    private func tooMany(_ count: Int) -> LuaError { LuaError("index: \(count) entries for a tensor of \(x.rank) dims \(x.shape)") }

    private mutating func add(_ key: Tensor, _ count: Int) throws {
      let span = key.type == .bool ? key.rank : 1
      guard span > 0 else { throw LuaError("index: a mask needs at least one dim") }
      guard dim + span <= x.rank else { throw key.type == .bool ? doesNotFit(key) : tooMany(count) }
      if key.type == .bool {
        for i in 0..<span where key.shape[i] != x.shape[dim + i] { throw doesNotFit(key) }
        let list = try key.truePositions("index")
        region.picks.append(Region.Pick(dim: left, span: span, positions: list, shape: Shape(list.count)))
      } else {
        let positions = try Positions(key, "index")
        region.picks.append(Region.Pick(dim: left, span: 1, positions: try positions.resolved(x.shape, dim, "index"), shape: positions.shape))
      }
      for _ in 0..<span { region.parts.append(.whole) }
      dim += span
      left += span
    }

    private func doesNotFit(_ mask: Tensor) -> LuaError {
      LuaError("index: a mask of shape \(mask.shape) does not fit the tensor \(x.shape)\(dim > 0 ? " from dim \(dim + 1) on" : "")")
    }

    /// {} is all, {a, b} a to b, {a, b, step}; a range of nothing may begin one behind its end.
    private func range(_ index: Int32) throws -> Region.Part {
      let count = stack.length(at: index), size = x.shape[dim]
      if count == 0 {
        try checkNoNames(index)
        return .whole
      }
      guard count == 2 || count == 3 else {
        let got = "got \(count) number\(count == 1 ? "" : "s") at dim \(dim + 1)"
        throw LuaError("index: a range is {}, {first, last} or {first, last, step}, \(got); use a tensor to pick positions")
      }
      var numbers = (0, 0, 1)
      for i in 0..<count {
        stack.rawGet(index, i + 1)
        defer { stack.pop() }
        guard let n = stack.integer(at: -1) else { throw LuaError("index: a range is made of whole numbers, got \(stack.typeName(at: -1)) at dim \(dim + 1)") }
        if i == 0 { numbers.0 = n } else if i == 1 { numbers.1 = n } else { numbers.2 = n }
      }
      let step = numbers.2
      guard step != 0 else { throw LuaError("index: the step of a range is zero at dim \(dim + 1)") }
      let first = numbers.0 < 0 ? size + numbers.0 : numbers.0 - 1, last = numbers.1 < 0 ? size + numbers.1 : numbers.1 - 1
      if step > 0, first == last + 1, first >= 0, first <= size, numbers.0 != 0 { return .range(start: 0, length: 0, step: 1) }
      guard first >= 0, first < size, numbers.0 != 0 else { throw Positions.outOfRange(numbers.0, x.shape, dim, "index") }
      guard last >= 0, last < size, numbers.1 != 0 else { throw Positions.outOfRange(numbers.1, x.shape, dim, "index") }
      guard step > 0 ? first <= last : first >= last else { return .range(start: 0, length: 0, step: 1) }
      let length = (last - first) / step + 1
      return .range(start: first, length: length, step: length > 1 ? step : 1)
    }

    func checkNoNames(_ index: Int32) throws {
      stack.pushNil()
      guard stack.next(index) else { return }
      stack.pop(2)
      throw LuaError("index: a list was expected, got a table with names")
    }
  }
}
