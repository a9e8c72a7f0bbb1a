public import LuaBridge
public import Tensors

/// What a layer's weights begin with: the option `init`.
public enum InitialValues: LuaValue, Sendable {
  /// PyTorch's: weights and bias even over ±1/√fan_in.
  case `default`
  /// Normal with standard deviation √(2 / fan_in), bias 0. He et al. 2015, arXiv:1502.01852
  case he
  /// Normal with standard deviation √(2 / (fan_in + fan_out)), bias 0. Glorot & Bengio 2010, proceedings.mlr.press/v9/glorot10a
  case xavier
  /// Normal with this standard deviation, bias 0.
  case std(Double)

  /// What the option's documentation says.
  public static let doc = "\"default\", \"he\", \"xavier\", or a number: the standard deviation"
  public static var luaName: String { "\"default\", \"he\", \"xavier\" or number" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> InitialValues {
    if let std = stack.number(at: index) {
      guard std >= 0, std.isFinite else { throw TypeMismatch(luaName, detail: "a standard deviation cannot be \(std)") }
      return .std(std)
    }
    switch stack.string(at: index) {
    case "default": return .default
    case "he": return .he
    case "xavier": return .xavier
    case let name?: throw TypeMismatch(luaName, detail: "\(luaName) expected, got \"\(name)\"")
    default: throw TypeMismatch(luaName)
    }
  }
  public func push(_ stack: LuaStack) {
    if case .std(let std) = self { stack.push(std) } else { stack.push("\(self)") }
  }
  public var luaLiteral: String { if case .std(let std) = self { std.luaLiteral } else { "\"\(self)\"" } }

  /// Draws a weight and a bias that are still empty.
  public func fill(_ weight: Tensor, _ bias: Tensor?, fanIn: Int, fanOut: Int) throws {
    let fan = Double(max(fanIn, 1))
    switch self {
    case .default:
      let bound = 1 / fan.squareRoot()
      try Initializers.uniform(weight, -bound, bound)
      if let bias { try Initializers.uniform(bias, -bound, bound) }
      return
    case .he: try Initializers.normal(weight, 0, (2 / fan).squareRoot())
    case .xavier: try Initializers.normal(weight, 0, (2 / Double(fanIn + fanOut)).squareRoot())
    case .std(let std): try Initializers.normal(weight, 0, std)
    }
    bias?.fill(0)
  }
}
