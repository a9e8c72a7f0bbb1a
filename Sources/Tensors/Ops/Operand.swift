public import LuaBridge

/// What arithmetic takes: a tensor or a Lua number.
public enum Operand {
  case tensor(Tensor)
  case integer(Int)
  case number(Double)

  /// The tensor, where it is one.
  public var tensor: Tensor? { if case .tensor(let x) = self { x } else { nil } }
  /// Its shape; no dimensions for a number.
  public var shape: Shape { tensor?.shape ?? Shape() }
  /// Where it stands on the tape.
  public var node: Node? { tensor?.node }
  /// The value of a number.
  var value: Double {
    switch self {
    case .tensor(let x): x.number()
    case .integer(let n): Double(n)
    case .number(let x): x
    }
  }

  /// The type two operands meet in: tensors promote, a number never widens a float tensor,
  /// a whole-number tensor with a fraction gives the default float type.
  public static func promote(_ a: Operand, _ b: Operand) -> ElementType {
    switch (a, b) {
    case (.tensor(let x), .tensor(let y)): max(x.type, y.type)
    case (.tensor(let x), .integer), (.integer, .tensor(let x)): x.type == .bool ? .int64 : x.type
    case (.tensor(let x), .number), (.number, .tensor(let x)): x.type.isFloat ? x.type : .default
    case (.integer, .integer): .int64
    default: .default
    }
  }

  /// Whole numbers as the default float type.
  func floating() throws -> Operand {
    switch self {
    case .tensor(let x): .tensor(x.type.isFloat ? x : try x.converted(to: .default))
    case .integer(let n): .number(Double(n))
    case .number: self
    }
  }

  /// As a tensor of the type; numbers become 0-dim tensors. Conversions of followed tensors are followed.
  public func converted(to type: ElementType) throws -> Tensor {
    switch self {
    case .tensor(let x): try x.to(type)
    case .integer(let n):
      switch type {
      case .int64: try Tensor([Int64(n)]).reshaped(Shape())
      default: try Tensor.scalar(Double(n), type)
      }
    case .number(let x): try Tensor.scalar(x, type)
    }
  }
}

extension Operand: LuaValue {
  public static var luaName: String { "Tensor or number" }
  @inline(__always)
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Operand {
    switch stack.type(at: index) {
    case .userdata:
      if let x = try? Tensor.decode(stack, index) { return .tensor(x) }
    case .number:
      if let n = stack.integer(at: index) { return .integer(n) }
      if let x = stack.number(at: index) { return .number(x) }
    default: break
    }
    throw TypeMismatch(luaName)
  }
  public func push(_ stack: LuaStack) {
    switch self {
    case .tensor(let x): x.push(stack)
    case .integer(let n): stack.push(n)
    case .number(let x): stack.push(x)
    }
  }
  public var luaLiteral: String {
    switch self {
    case .tensor(let x): x.description
    case .integer(let n): "\(n)"
    case .number(let x): x.luaLiteral
    }
  }
}
