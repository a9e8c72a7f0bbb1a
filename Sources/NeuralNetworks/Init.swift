package import LuaBridge
internal import Tensors

/// `nnlua.nn.init`: values for parameters, in place.
package enum Initializers {
  static func uniform(_ x: Tensor, _ low: Double, _ high: Double) throws { try x.load(RandomState.uniform(x.shape, low: low, high: high, floatType(x)), "uniform_") }
  static func normal(_ x: Tensor, _ mean: Double, _ std: Double) throws { try x.load(RandomState.normal(x.shape, mean: mean, std: std, floatType(x)), "normal_") }
  private static func floatType(_ x: Tensor) -> ElementType { x.type == .float64 ? .float64 : .float32 }

  /// Inputs and outputs that a weight of shape (out, in, …) connects to.
  private static func fans(_ x: Tensor, _ function: String) throws -> (in: Double, out: Double) {
    guard x.rank >= 2 else { throw LuaError("\(function): fan_in and fan_out need at least 2 dims, got shape \(x.shape)") }
    let patch = x.shape.array.dropFirst(2).reduce(1.0) { $0 * Double($1) }
    return (max(Double(x.shape[1]) * patch, 1), max(Double(x.shape[0]) * patch, 1))
  }

  /// PyTorch's gain of a nonlinearity.
  private static func gain(_ name: String, _ slope: Double, _ function: String) throws -> Double {
    switch name {
    case "linear", "sigmoid", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "identity": return 1
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

  private static let xavierPaper = "\nPaper: Glorot & Bengio 2010, \"Understanding the difficulty of training deep feedforward neural networks\""
  private static let kaimingPaper = "\nPaper: He et al. 2015, arXiv:1502.01852"
  private static let fanErrors = "Shapes: x {out, in, …}.\nErrors: fewer than 2 dims; whole numbers."

  static let rows: [Row] = [
    row("zeros_", "All 0.\nShapes: x any.") { x in try x.load(Tensor.zeros(x.shape, x.type), "zeros_") },
    row("ones_", "All 1.\nShapes: x any.") { x in try x.load(Tensor.full(x.shape, 1, x.type), "ones_") },
    Row(
      "constant_", "All one value.\nShapes: x any.", Param("x", Tensor.self, "changed"), Param("value", Double.self, "the value"), place: .function,
      example: "return nn.init.constant_(T.zeros(3, 3), 2)"
    ) { x, value in
      try Tape.recording(false) { try x.checkWritable("constant_") }
      try x.load(Tensor.full(x.shape, value, x.type), "constant_")
      return x
    },
    row("eye_", "1 on the diagonal, else 0.\nShapes: x {n, m}.\nErrors: another number of dims.") { x in
      guard x.rank == 2 else { throw LuaError("eye_: needs 2 dims, got shape \(x.shape)") }
      let values = try Tensor.zeros(x.shape, .float64)
      for i in 0..<min(x.shape[0], x.shape[1]) { values.pointer(Double.self)[i * x.shape[1] + i] = 1 }
      try x.load(values, "eye_")
    },
    row(
      "normal_", "Normal numbers.\nShapes: x any.\nErrors: an std below 0.", Param("mean", default: 0.0, "their mean"),
      Param("std", default: 1.0, "their standard deviation")
    ) { x, mean, std in
      guard std >= 0 else { throw LuaError("normal_: std must be 0 or more, got \(std.luaLiteral)") }
      try normal(x, mean, std)
    },
    row(
      "uniform_", "Even over a ≤ x < b.\nShapes: x any.\nErrors: an a above b.", Param("a", default: 0.0, "the least"), Param("b", default: 1.0, "the end")
    ) { x, a, b in
      guard a <= b else { throw LuaError("uniform_: a must not be above b, got \(a.luaLiteral) and \(b.luaLiteral)") }
      try uniform(x, a, b)
    },
    row("xavier_normal_", "Normal, std = gain √(2 / (fan_in + fan_out)).\n" + fanErrors + xavierPaper, Param("gain", default: 1.0, "calculate_gain's")) { x, gain in
      let fans = try fans(x, "xavier_normal_")
      try normal(x, 0, checked(gain, "xavier_normal_") * (2 / (fans.in + fans.out)).squareRoot())
    },
    row("xavier_uniform_", "Even over ± gain √(6 / (fan_in + fan_out)).\n" + fanErrors + xavierPaper, Param("gain", default: 1.0, "calculate_gain's")) { x, gain in
      let fans = try fans(x, "xavier_uniform_")
      let bound = try checked(gain, "xavier_uniform_") * (6 / (fans.in + fans.out)).squareRoot()
      try uniform(x, -bound, bound)
    },
    row(
      "kaiming_normal_", "Normal, std = gain / √fan.\n" + fanErrors + kaimingPaper, Param("a", default: 0.0, "slope of leaky_relu"),
      Param("mode", default: "fan_in", "\"fan_in\" or \"fan_out\""), Param("nonlinearity", default: "leaky_relu", "as calculate_gain knows it")
    ) { x, a, mode, kind in
      try normal(x, 0, gain(kind, a, "kaiming_normal_") / fan(x, mode, "kaiming_normal_").squareRoot())
    },
    row(
      "kaiming_uniform_", "Even over ± gain √(3 / fan).\n" + fanErrors + kaimingPaper, Param("a", default: 0.0, "slope of leaky_relu"),
      Param("mode", default: "fan_in", "\"fan_in\" or \"fan_out\""), Param("nonlinearity", default: "leaky_relu", "as calculate_gain knows it")
    ) { x, a, mode, kind in
      let bound = try gain(kind, a, "kaiming_uniform_") * (3 / fan(x, mode, "kaiming_uniform_")).squareRoot()
      try uniform(x, -bound, bound)
    },
    row(
      "trunc_normal_", "Normal numbers, drawn again where they fall outside a … b.\nShapes: x any.\nErrors: limits that hold (almost) nothing of that distribution.",
      Param("mean", default: 0.0, "their mean"), Param("std", default: 1.0, "their standard deviation"), Param("a", default: -2.0, "the least"),
      Param("b", default: 2.0, "the largest")
    ) { x, mean, std, low, high in
      try truncatedNormal(x, mean, std, low, high)
    },
    row(
      "orthogonal_",
      "Rows (or columns, whichever are fewer) of length gain at right angles.\nShapes: x {n, …}, taken as a matrix of n rows.\nErrors: fewer than 2 dims.\nPaper: Saxe, McClelland & Ganguli 2013, arXiv:1312.6120",
      Param("gain", default: 1.0, "their length")
    ) { x, gain in try orthogonal(x, gain) },
    Row(
      "calculate_gain",
      "By how much a nonlinearity's weights are drawn wider: √2 for relu, 5/3 for tanh, √(2 / (1 + param²)) for leaky_relu.\nErrors: an unknown nonlinearity.",
      Param("nonlinearity", String.self, "\"linear\", \"sigmoid\", \"tanh\", \"relu\", \"leaky_relu\", \"selu\" or a convolution"),
      Param("param", default: 0.01, "slope of leaky_relu"), place: .function, example: "return nn.init.calculate_gain(\"relu\")"
    ) { name, slope in try gain(name, slope, "calculate_gain") },
  ]

  private static func checked(_ gain: Double, _ function: String) throws -> Double {
    guard gain >= 0 else { throw LuaError("\(function): gain must be 0 or more, got \(gain.luaLiteral)") }
    return gain
  }

  private static func fan(_ x: Tensor, _ mode: String, _ function: String) throws -> Double {
    let fans = try fans(x, function)
    switch mode {
    case "fan_in": return fans.in
    case "fan_out": return fans.out
    default: throw LuaError("\(function): mode must be \"fan_in\" or \"fan_out\", got \"\(mode)\"")
    }
  }

  private static func truncatedNormal(_ x: Tensor, _ mean: Double, _ std: Double, _ low: Double, _ high: Double) throws {
    guard low < high else { throw LuaError("trunc_normal_: a must be below b, got \(low.luaLiteral) and \(high.luaLiteral)") }
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
      try LuaState.checkInterrupt()
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
      try LuaState.checkInterrupt()
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

  package static let library = Library("nnlua.nn.init", "Values for parameters, in place.", rows: rows)
}
