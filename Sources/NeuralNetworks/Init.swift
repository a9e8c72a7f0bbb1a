public import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

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

  static let doc = "\"default\", \"he\", \"xavier\", or a number: the standard deviation"
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

  func fill(_ weight: Tensor, _ bias: Tensor?, fanIn: Int, fanOut: Int) throws {
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

/// `nnlua.nn.init`: values for parameters, in place.
public enum Initializers {
  static func uniform(_ x: Tensor, _ low: Double, _ high: Double) throws { try x.load(RandomState.uniform(x.shape, low: low, high: high, floatType(x)), "init") }
  static func normal(_ x: Tensor, _ mean: Double, _ std: Double) throws { try x.load(RandomState.normal(x.shape, mean: mean, std: std, floatType(x)), "init") }
  private static func floatType(_ x: Tensor) -> ElementType { x.type == .float64 ? .float64 : .float32 }

  /// Inputs and outputs that a weight of shape (out, in, …) connects to.
  private static func fans(_ x: Tensor, _ function: String) throws -> (in: Double, out: Double) {
    guard x.rank >= 2 else { throw LuaError("\(function): fan_in and fan_out need at least 2 dims, got shape \(x.shape)") }
    let patch = x.shape.array.dropFirst(2).reduce(1, *)
    return (Double(max(x.shape[1] * patch, 1)), Double(max(x.shape[0] * patch, 1)))
  }

  /// PyTorch's gain of a nonlinearity.
  private static func gain(_ name: String, _ slope: Double, _ function: String) throws -> Double {
    switch name {
    case "linear", "sigmoid", "conv1d", "conv2d", "identity": return 1
    case "tanh": return 5.0 / 3
    case "relu": return 2.0.squareRoot()
    case "leaky_relu": return (2 / (1 + slope * slope)).squareRoot()
    case "selu": return 0.75
    default: throw LuaError("\(function): unknown nonlinearity '\(name)' (known: linear, sigmoid, tanh, relu, leaky_relu, selu)")
    }
  }

  private static func row<each A: LuaValue>(
    _ name: String, _ doc: String, _ parameters: repeat Param<each A>, body: @escaping @Sendable (Tensor, repeat each A) throws -> Void
  ) -> Row {
    Row(name, doc, Param("x", Tensor.self, "changed"), repeat each parameters, place: .function, example: "return nn.init.\(name)(T.zeros(3, 3))") {
      (x: Tensor, rest: repeat each A) in
      try Tape.recording(false) {
        try x.checkWritable(name)
        try body(x, repeat each rest)
      }
      return x
    }
  }

  static let rows: [Row] = [
    row("zeros_", "All 0.") { x in try x.load(Tensor.zeros(x.shape, x.type), "zeros_") },
    row("ones_", "All 1.") { x in try x.load(Tensor.full(x.shape, 1, x.type), "ones_") },
    Row(
      "constant_", "All one value.", Param("x", Tensor.self, "changed"), Param("value", Double.self), place: .function,
      example: "return nn.init.constant_(T.zeros(3, 3), 2)"
    ) { x, value in
      try Tape.recording(false) { try x.checkWritable("constant_") }
      try x.load(Tensor.full(x.shape, value, x.type), "constant_")
      return x
    },
    row("normal_", "Normal numbers.", Param("mean", default: 0.0), Param("std", default: 1.0)) { x, mean, std in try normal(x, mean, std) },
    row("uniform_", "Even over low ≤ x < high.", Param("low", default: 0.0), Param("high", default: 1.0)) { x, low, high in try uniform(x, low, high) },
    row("xavier_normal_", "Normal, std = gain √(2 / (fan_in + fan_out)). Glorot & Bengio 2010.", Param("gain", default: 1.0)) { x, gain in
      let fans = try fans(x, "xavier_normal_")
      try normal(x, 0, gain * (2 / (fans.in + fans.out)).squareRoot())
    },
    row("xavier_uniform_", "Even over ± gain √(6 / (fan_in + fan_out)). Glorot & Bengio 2010.", Param("gain", default: 1.0)) { x, gain in
      let fans = try fans(x, "xavier_uniform_")
      let bound = gain * (6 / (fans.in + fans.out)).squareRoot()
      try uniform(x, -bound, bound)
    },
    row(
      "kaiming_normal_", "Normal, std = gain / √fan. He et al. 2015, arXiv:1502.01852.", Param("a", default: 0.0, "slope of leaky_relu"),
      Param("mode", default: "fan_in"), Param("nonlinearity", default: "leaky_relu")
    ) { x, a, mode, kind in
      try normal(x, 0, gain(kind, a, "kaiming_normal_") / fan(x, mode, "kaiming_normal_").squareRoot())
    },
    row(
      "kaiming_uniform_", "Even over ± gain √(3 / fan). He et al. 2015, arXiv:1502.01852.", Param("a", default: 0.0, "slope of leaky_relu"),
      Param("mode", default: "fan_in"), Param("nonlinearity", default: "leaky_relu")
    ) { x, a, mode, kind in
      let bound = try gain(kind, a, "kaiming_uniform_") * (3 / fan(x, mode, "kaiming_uniform_")).squareRoot()
      try uniform(x, -bound, bound)
    },
    row(
      "trunc_normal_", "Normal numbers, drawn again where they fall outside low … high.", Param("mean", default: 0.0), Param("std", default: 1.0),
      Param("low", default: -2.0), Param("high", default: 2.0)
    ) { x, mean, std, low, high in
      try truncatedNormal(x, mean, std, low, high)
    },
    row("orthogonal_", "Rows (or columns, whichever are fewer) of length gain at right angles. Saxe et al. 2013, arXiv:1312.6120.", Param("gain", default: 1.0)) {
      x, gain in try orthogonal(x, gain)
    },
  ]

  private static func fan(_ x: Tensor, _ mode: String, _ function: String) throws -> Double {
    let fans = try fans(x, function)
    switch mode {
    case "fan_in": return fans.in
    case "fan_out": return fans.out
    default: throw LuaError("\(function): mode must be \"fan_in\" or \"fan_out\", got \"\(mode)\"")
    }
  }

  private static func truncatedNormal(_ x: Tensor, _ mean: Double, _ std: Double, _ low: Double, _ high: Double) throws {
    guard low < high else { throw LuaError("trunc_normal_: low must be below high, got \(low) and \(high)") }
    guard std > 0, mean + 8 * std > low, mean - 8 * std < high else { throw LuaError("trunc_normal_: nothing of that normal distribution lies in \(low)..\(high)") }
    let result = try Tensor(empty: x.shape, .float64)
    var found = 0, rounds = 0
    while found < x.count {
      let drawn = try RandomState.normal(Shape(max(x.count - found, 64)), mean: mean, std: std, .float64)
      for value in try drawn.values() where value >= low && value <= high && found < x.count {
        result.pointer(Double.self)[found] = value
        found += 1
      }
      rounds += 1
      if rounds > 10_000 { throw LuaError("trunc_normal_: too little of that normal distribution lies in \(low)..\(high)") }
      if LuaState.isInterrupted { throw LuaError("interrupted!") }
    }
    try x.load(result, "trunc_normal_")
  }

  /// Gram–Schmidt, twice, on normal numbers in float64.
  private static func orthogonal(_ x: Tensor, _ gain: Double) throws {
    guard x.rank >= 2, x.count > 0 else { throw LuaError("orthogonal_: needs at least 2 dims and one element, got shape \(x.shape)") }
    guard gain.isFinite else { throw LuaError("orthogonal_: gain must be finite, got \(gain.luaLiteral)") }
    let rows = x.shape[0], columns = x.count / rows
    let (count, length) = rows <= columns ? (rows, columns) : (columns, rows)
    var vectors: [[Double]] = []
    while vectors.count < count {
      if LuaState.isInterrupted { throw LuaError("interrupted!") }
      var v = try RandomState.normal(Shape(length), .float64).values()
      for _ in 0..<2 {
        for other in vectors {
          let along = zip(v, other).reduce(0) { $0 + $1.0 * $1.1 }
          for i in v.indices { v[i] -= along * other[i] }
        }
      }
      let size = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if size > 1e-6 { vectors.append(v.map { $0 / size }) }
    }
    let flat = rows <= columns ? vectors.flatMap { $0.map { $0 * gain } } : (0..<rows).flatMap { row in vectors.map { $0[row] * gain } }
    try x.load(Tensor(flat).reshaped(x.shape), "orthogonal_")
  }

  public static let library = Library("nnlua.nn.init", "Values for parameters, in place.", rows: rows)
}
