internal import LuaBridge

/// What a tensor tells of itself.
enum Properties {
  static let rows: [Row] = [
    Row(getter: "shape", "The sizes of all dims, as a list.", of: Tensor.self) { $0.shape.array },
    Row(getter: "dtype", "The type of the elements: \"float32\" …", of: Tensor.self) { $0.type },
    Row(getter: "grad", "The gradient gathered by backward, or nil.", of: Tensor.self) { $0.grad },
    Row(getter: "requires_grad", "Whether gradients are followed through it.", of: Tensor.self) { $0.requiresGrad },
    Row("item", "The only element, as a Lua number (a boolean for bool).", Param("x", Tensor.self, "exactly one element"), place: .method, example: "return T.tensor(3):item()") { x in
      try item(x)
    },
  ]

  static func item(_ x: Tensor) throws -> Item {
    guard x.count == 1 else { throw LuaError("item: the tensor has \(x.count) elements (shape \(x.shape)), item() takes exactly one") }
    return Item(x, 0)
  }

  static let operators: [(String, Row)] = []
}

/// An element as a Lua value: whole numbers stay whole.
enum Item: LuaValue {
  case number(Double), integer(Int), truth(Bool)
  static var luaName: String { "number" }
  init(_ x: Tensor, _ index: Int) {
    switch x.type {
    case .bool: self = .truth(x.number(at: index) != 0)
    case .int64: self = .integer(Int((x.storage.pointer + (x.offset &+ index) &* 8).load(as: Int64.self)))
    case .uint8: self = .integer(Int(x.number(at: index)))
    case .float32, .float64: self = .number(x.number(at: index))
    }
  }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Item { .number(try Double.decode(stack, index)) }
  func push(_ stack: LuaStack) {
    switch self {
    case .number(let x): stack.push(x)
    case .integer(let n): stack.push(n)
    case .truth(let b): stack.push(b)
    }
  }
}
