public import LuaBridge

/// What a tensor tells of itself, and the fields that can be set.
enum Properties {
  static let rows: [Row] = [
    Row(getter: "shape", "The sizes of all dims, as a list.", example: "return T.zeros(2, 3).shape[2]", of: Tensor.self) { $0.shape },
    Row(getter: "dtype", "The type of the elements: \"float32\", \"float64\", \"int64\", \"uint8\" or \"bool\".", example: "return T.zeros(2).dtype", of: Tensor.self) {
      $0.type
    },
    Row(
      getter: "grad",
      """
      The gradient gathered by backward, or nil. It can be set.
      Errors: setting it to a tensor of another shape or type; a tensor that does not ask for gradients.
      """,
      example: "local x = T.ones(2, {requires_grad = true}); x:sum():backward(); return x.grad", of: Tensor.self
    ) { $0.grad },
    Row(
      getter: "requires_grad", "Whether gradients are followed through it. It can be set.", example: "return T.zeros(2).requires_grad", of: Tensor.self
    ) { $0.requiresGrad },
    Row(getter: "is_leaf", "Whether it is no result of an op that gradients are followed through.", example: "return T.ones(2).is_leaf", of: Tensor.self) { $0.isLeaf },
    Row(
      "is_tensor", "Whether a value is a tensor.", Param("value", LuaAny.self, "anything"), place: .function, example: "return T.is_tensor(T.ones(2))"
    ) { value in (try? Tensor.decode(value.stack, value.index)) != nil },
    Row(
      results: "size",
      """
      The sizes of all dims as a list, or the size of one.
      Errors: a dim the tensor does not have.
      """, Param("x", Tensor.self), Param("dim", default: Int?.none, "a dim; all sizes where left out"), place: .method,
      example: "return T.zeros(2, 3):size(2)", returns: "list of integers or integer"
    ) { stack, x, dim in
      if let dim { stack.push(x.shape[try x.shape.dim(dim, "size")]) } else { x.shape.push(stack) }
      return 1
    },
    Row("dim", "The number of dims.", Param("x", Tensor.self), place: .method, example: "return T.zeros(2, 3):dim()") { $0.rank },
    Row("numel", "The number of elements.", Param("x", Tensor.self), place: .method, example: "return T.zeros(2, 3):numel()") { $0.count },
    Row(
      "is_contiguous", "Whether the elements lie row by row without gaps.", Param("x", Tensor.self), place: .method,
      example: "return T.zeros(2, 3):t():is_contiguous()"
    ) { $0.isContiguous },
    Row(
      "item",
      """
      The only element, as a Lua number (a boolean for bool).
      Errors: any other number of elements.
      """, Param("x", Tensor.self, "exactly one element"), place: .method,
      example: "return T.tensor(3):item()"
    ) { x in try item(x) },
    Row(
      results: "totable", "The elements as nested Lua tables; a number for a tensor without dims.", Param("x", Tensor.self), place: .method,
      example: "return T.tensor({{1, 2}, {3, 4}}):totable()", returns: "table"
    ) { stack, x in
      guard stack.reserve(Int32(x.rank) + 4) else { throw LuaError("stack overflow") }
      pushTable(stack, x, 0, 0)
      return 1
    },
  ]

  static func item(_ x: Tensor) throws -> Item {
    guard x.count == 1 else { throw LuaError("item: the tensor has \(x.count) elements (shape \(x.shape)), item() takes exactly one") }
    return Item(x, 0)
  }

  private static func pushTable(_ stack: LuaStack, _ x: Tensor, _ dim: Int, _ at: Int) {
    guard dim < x.rank else { return Item(x, at).push(stack) }
    stack.newTable(list: x.shape[dim])
    for i in 0..<x.shape[dim] {
      pushTable(stack, x, dim + 1, at &+ i &* x.strides[dim])
      stack.rawSet(-2, i + 1)
    }
  }

  static let operators: [(String, Row)] = [
    (
      "__len",
      Row("len", "The size of the first dim.", Param("x", Tensor.self), Param("again", LuaAny.self), place: []) { x, _ in
        guard x.rank > 0 else { throw LuaError("#: a tensor without dims has no length; use item()") }
        return x.shape[0]
      }
    ),
    // Two userdata may hold the same tensor: `w.grad == w.grad`.
    (
      "__eq",
      Row("eq", "Whether both are the same tensor (compare elements with eq and equal).", Param("a", LuaAny.self), Param("b", LuaAny.self), place: []) { a, b in
        guard let x = try? Tensor.decode(a.stack, a.index), let y = try? Tensor.decode(b.stack, b.index) else { return false }
        return x === y
      }
    ),
    ("__tostring", Row("tostring", "The tensor as text, cut where it is long.", Param("x", Tensor.self), place: []) { Printing.text($0) }),
    (
      "__concat",
      Row("concat", "Text joined with the tensor's.", Param("a", LuaAny.self), Param("b", LuaAny.self), place: []) { a, b in
        try a.stack.description(at: a.index) + b.stack.description(at: b.index)
      }
    ),
  ]

  /// `x.grad = nil`, `x.requires_grad = false`.
  static func set(_ stack: LuaStack, _ name: String) throws {
    let x = try Tensor.decode(stack, 1)
    switch name {
    case "grad":
      if stack.type(at: 3) == .nil {
        x.grad = nil
        return
      }
      guard let g = try? Tensor.decode(stack, 3) else { throw LuaError("grad: Tensor or nil expected, got \(stack.typeName(at: 3))") }
      guard x.node is Leaf else { throw LuaError("grad: only a tensor made with requires_grad holds a gradient; set x.requires_grad = true first") }
      guard g.shape == x.shape else { throw LuaError("grad: the gradient has shape \(g.shape), the tensor \(x.shape)") }
      guard g.type == x.type else { throw LuaError("grad: the gradient is \(g.type.name), the tensor \(x.type.name)") }
      x.grad = g
    case "requires_grad":
      guard stack.type(at: 3) == .boolean else { throw LuaError("requires_grad: boolean expected, got \(stack.typeName(at: 3))") }
      try x.requireGrad(stack.boolean(at: 3))
    default:
      if ["shape", "dtype"].contains(name) { throw LuaError("Tensor: '\(name)' cannot be set; use \(name == "shape" ? "reshape" : "to")") }
      let hint = closest(to: name, in: ["grad", "requires_grad"]).map { "; did you mean '\($0)'?" } ?? " (grad and requires_grad can be set)"
      throw LuaError("Tensor has no field '\(name)' to set\(hint)")
    }
  }
}

/// The sizes as a list; pushed without a detour through an array, for `x.shape` is asked for everywhere.
extension Shape: LuaValue {
  public static var luaName: String { "list of integers" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Shape { try Shape.checked([Int].decode(stack, index), "shape") }
  public func push(_ stack: LuaStack) {
    stack.newTable(list: count)
    for i in 0..<count {
      stack.push(self[i])
      stack.rawSet(-2, i + 1)
    }
  }
}

/// An element as a Lua value: whole numbers stay whole.
enum Item: LuaValue {
  case number(Double), integer(Int), truth(Bool)
  static var luaName: String { "number or boolean" }
  /// The element `index` elements behind the tensor's first in memory.
  init(_ x: Tensor, _ index: Int) {
    switch x.type {
    case .bool: self = .truth(x.number(at: index) != 0)
    case .int64: self = .integer(Int((x.storage.pointer + (x.offset &+ index) &* 8).load(as: Int64.self)))
    case .uint8: self = .integer(Int(x.number(at: index)))
    case .float32, .float64: self = .number(x.number(at: index))
    }
  }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Item {
    switch stack.type(at: index) {
    case .boolean: return .truth(stack.boolean(at: index))
    case .number:
      if stack.isInteger(at: index), let n = stack.integer(at: index) { return .integer(n) }
      if let x = stack.number(at: index) { return .number(x) }
    default: break
    }
    throw TypeMismatch(luaName)
  }
  func push(_ stack: LuaStack) {
    switch self {
    case .number(let x): stack.push(x)
    case .integer(let n): stack.push(n)
    case .truth(let b): stack.push(b)
    }
  }
  var luaLiteral: String {
    switch self {
    case .number(let x): x.luaLiteral
    case .integer(let n): "\(n)"
    case .truth(let b): "\(b)"
    }
  }
  var number: Double {
    switch self {
    case .number(let x): x
    case .integer(let n): Double(n)
    case .truth(let b): b ? 1 : 0
    }
  }
  /// What a tensor of such values is: booleans bool, numbers the default float type.
  var naturalType: ElementType { if case .truth = self { .bool } else { .default } }
}

extension Operand {
  /// The number itself; for operands that are no tensor.
  var item: Item { if case .integer(let n) = self { .integer(n) } else { .number(value) } }
}
