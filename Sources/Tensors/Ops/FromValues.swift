package import LuaBridge

/// `T.tensor`: nested tables, numbers, booleans and tensors become a tensor.
enum FromValues {
  static let tensor = Row(
    "tensor",
    """
    A new tensor from a number, a boolean, a nested table of them, or a tensor (copied). Numbers give the default float type, booleans bool. Tensors \
    inside tables are stacked, and gradients are followed into them. T{…} is short for T.tensor{…}.
    Errors: a ragged table, a hole, or elements of other types: the place is named.
    """,
    Param("values", LuaAny.self, "number, boolean, tensor or nested table"), Making.dtype, Making.requiresGrad, place: .function,
    example: "return T.tensor({{1, 2}, {3, 4}}, {dtype = \"float64\"})", returns: "Tensor"
  ) { values, type, grad in try make(values.stack, values.index, type, grad) }

  static let rows: [Row] = [tensor]

  fileprivate static func make(_ stack: LuaStack, _ index: Int32, _ type: ElementType?, _ grad: Bool) throws -> Tensor {
    var type = type, grad = grad
    switch stack.type(at: index) {
    case .number, .boolean:
      let item = try Item.decode(stack, index)
      return try Making.finish(Tensor(empty: Shape(), type ?? item.naturalType).filled(item), grad)
    case .table:
      // T{1, 2, dtype = "int64"}: options may stand beside the list.
      if stack.rawGet(index, "dtype") != .nil {
        type = try decode(stack, "dtype")
      }
      stack.pop()
      if stack.rawGet(index, "requires_grad") != .nil { grad = try decode(stack, "requires_grad") }
      stack.pop()
      var reader = Reader(stack)
      let x = try reader.read(index, type)
      return try Making.finish(x, grad)
    default:
      guard let x = try? Tensor.decode(stack, index) else {
        throw ArgumentError(1, "number, boolean, table or Tensor expected, got \(stack.typeName(at: index))")
      }
      return try Making.finish(x.type == (type ?? x.type) ? x.copied() : x.converted(to: type ?? x.type), grad)
    }
  }

  private static func decode<V: LuaValue>(_ stack: LuaStack, _ name: String) throws -> V {
    do { return try V.decode(stack, stack.top) } catch let error as TypeMismatch {
      throw LuaError("tensor: bad option '\(name)' (\(error.detail ?? "\(error.expected) expected, got \(stack.typeName(at: -1))"))")
    }
  }

  /// Reads one nested table: first its shape along the first elements, then every element against that shape.
  private struct Reader {
    let stack: LuaStack
    /// Where the reader stands, for errors: `{2,3}`.
    var place: [Int] = []
    /// The first leaf, which says what all others are.
    var first: Item?

    init(_ stack: LuaStack) { self.stack = stack }

    var here: String { "{\(place.map(String.init).joined(separator: ","))}" }

    mutating func read(_ index: Int32, _ type: ElementType?) throws -> Tensor {
      var sizes: [Int] = [], tensors = false
      try measure(index, &sizes, &tensors)
      if tensors { return try stacked(index, type, depth: 0) }
      // A tensor may also hide behind a number: `{0, x}`.
      let shape = try Shape.checked(sizes, "tensor")
      let result = try Tensor(empty: shape, type ?? first?.naturalType ?? .default)
      let whole = try result.type.dispatch { type in try fill(index, shape, 0, result.pointer, type) }
      if whole { return result }
      place = []
      return try stacked(index, type, depth: 0)
    }

    /// Sizes along the first elements.
    private mutating func measure(_ index: Int32, _ sizes: inout [Int], _ tensors: inout Bool) throws {
      guard sizes.count < Shape.maximumRank else {
        throw LuaError("tensor: tables are nested deeper than \(Shape.maximumRank), the most dims a tensor has (does a table contain itself?)")
      }
      guard stack.reserve(4) else { throw LuaError("stack overflow") }
      let count = stack.length(at: index)
      if count == 0 { try checkEmpty(index, sizes.isEmpty) }
      sizes.append(count)
      guard count > 0 else { return }
      stack.rawGet(index, 1)
      defer { stack.pop() }
      switch stack.type(at: -1) {
      case .table: try measure(stack.top, &sizes, &tensors)
      case .number, .boolean: first = try Item.decode(stack, stack.top)
      case .userdata: tensors = true
      default: break  // named by `fill`
      }
    }

    /// A table without a list part must have no other keys either (but the options in the outermost).
    private func checkEmpty(_ index: Int32, _ outermost: Bool) throws {
      stack.pushNil()
      while stack.next(index) {
        stack.pop()
        let key = stack.type(at: -1) == .string ? stack.string(at: -1) : nil
        if let key, outermost, key == "dtype" || key == "requires_grad" { continue }
        let text = key.map { "'\($0)'" } ?? (stack.integer(at: -1).map { "[\($0)]" } ?? "a \(stack.typeName(at: -1))")
        stack.pop()
        throw LuaError("tensor: a list was expected, got a table with the key \(text) and nothing at 1")
      }
    }

    /// Writes the table's elements; false where a tensor turns up among them.
    private mutating func fill<E: Element>(_ index: Int32, _ shape: Shape, _ dim: Int, _ target: UnsafeMutableRawPointer, _ type: E.Type) throws -> Bool {
      var next = target.assumingMemoryBound(to: E.self)
      return try fillRows(index, shape, dim, &next)
    }

    private mutating func fillRows<E: Element>(_ index: Int32, _ shape: Shape, _ dim: Int, _ next: inout UnsafeMutablePointer<E>) throws -> Bool {
      guard stack.reserve(4) else { throw LuaError("stack overflow") }
      let count = stack.length(at: index)
      guard count == shape[dim] else { throw ragged(count, shape, dim) }
      if count == 0, dim > 0 { try checkEmpty(index, false) }
      let leaf = dim == shape.count - 1
      for i in 0..<count {
        let type = stack.rawGet(index, i + 1)
        defer { stack.pop() }
        place.append(i + 1)
        if leaf, type == .number {
          if case .truth? = first { throw mixed("number") }
          if let n = stack.isInteger(at: -1) ? stack.integer(at: -1) : nil {
            next.pointee = E(integer: Int64(n))
          } else {
            next.pointee = E(number: stack.number(at: -1) ?? 0)
          }
          next += 1
        } else if leaf, type == .boolean {
          guard case .truth? = first else { throw mixed("boolean") }
          next.pointee = E(integer: stack.boolean(at: -1) ? 1 : 0)
          next += 1
        } else if !leaf, type == .table {
          guard try fillRows(stack.top, shape, dim + 1, &next) else { return false }
        } else if type == .userdata, (try? Tensor.decode(stack, stack.top)) != nil {
          return false
        } else {
          throw unexpected(type, leaf)
        }
        place.removeLast()
      }
      return true
    }

    private func ragged(_ count: Int, _ shape: Shape, _ dim: Int) -> LuaError {
      let other = "{\(Array(repeating: "1", count: dim).joined(separator: ","))}"
      return LuaError("tensor: row \(here) has \(count) element\(count == 1 ? "" : "s"), row \(other) has \(shape[dim])")
    }
    private func mixed(_ got: String) -> LuaError {
      LuaError("tensor: \(here) is a \(got), the elements before it are \(got == "number" ? "booleans" : "numbers")")
    }
    private func unexpected(_ type: LuaType, _ leaf: Bool) -> LuaError {
      switch type {
      case .nil: LuaError("tensor: \(here) is nil; a table of numbers must have no holes")
      case .table: LuaError("tensor: \(here) is a table, the elements before it are numbers")
      case .number, .boolean: LuaError("tensor: \(here) is a \(stack.typeName(at: -1)), the elements before it are tables")
      default: LuaError("tensor: \(here) is a \(stack.typeName(at: -1)) (number, boolean, table or Tensor expected)")
      }
    }

    /// A table with tensors in it: every element becomes a tensor, then they are stacked along a new first dim.
    private mutating func stacked(_ index: Int32, _ type: ElementType?, depth: Int) throws -> Tensor {
      guard depth < Shape.maximumRank else { throw LuaError("tensor: tables are nested deeper than \(Shape.maximumRank) (does a table contain itself?)") }
      guard stack.reserve(4) else { throw LuaError("stack overflow") }
      var parts: [Tensor] = [], promoted = ElementType.bool
      for i in 0..<stack.length(at: index) {
        let kind = stack.rawGet(index, i + 1)
        defer { stack.pop() }
        place.append(i + 1)
        let part: Tensor
        switch kind {
        case .table: part = try stacked(stack.top, type, depth: depth + 1)
        case .number, .boolean:
          let item = try Item.decode(stack, stack.top)
          part = try Tensor(empty: Shape(), type ?? item.naturalType).filled(item)
        default:
          guard let x = try? Tensor.decode(stack, stack.top) else { throw unexpected(kind, true) }
          part = x
        }
        if let one = parts.first, one.shape != part.shape {
          throw LuaError("tensor: \(here) has shape \(part.shape), the elements before it have \(one.shape)")
        }
        parts.append(part)
        promoted = max(promoted, part.type)
        place.removeLast()
      }
      guard !parts.isEmpty else { return try Tensor(empty: Shape(0), type ?? .default) }
      return try Joining.stack(parts.map { try $0.to(type ?? promoted) }, 0, "tensor")
    }
  }
}

extension Tensor {
  /// What `T.tensor` makes of the value at an index.
  package static func from(_ stack: LuaStack, _ index: Int32, _ type: ElementType? = nil) throws -> Tensor { try FromValues.make(stack, index, type, false) }
}
