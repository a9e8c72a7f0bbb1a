internal import LuaBridge

/// Tensors of random numbers from the global stream.
enum Drawing {
  /// A new tensor of a float type, filled by `draw`.
  private static func floats(
    _ function: String, _ shape: Shape, _ type: ElementType?, _ grad: Bool, _ draw: (Tensor) throws -> Void
  ) throws -> Tensor {
    let type = type ?? .default
    guard type.isFloat else { throw LuaError("\(function): dtype must be float32 or float64, got \(type.name)") }
    let x = try Tensor(empty: shape, type)
    try draw(x)
    return try Making.finish(x, grad)
  }

  private static func uniform(_ x: Tensor) { RandomState.fillUniform(x) }
  private static func normal(_ x: Tensor) { RandomState.fillNormal(x) }

  static func integers(_ low: Int, _ high: Int, _ shape: Shape, _ type: ElementType) throws -> Tensor {
    guard low <= high else { throw LuaError("randint: low must not be above high, got \(low) and \(high)") }
    if type == .uint8 || type == .bool, low < 0 || high > (type == .bool ? 1 : 255) {
      throw LuaError("randint: \(low)..\(high) does not fit into \(type.name)")
    }
    return try RandomState.integers(shape, low: Int64(low), high: Int64(high)).converted(to: type)
  }

  static func probability(_ p: Double, _ function: String) throws {
    guard p >= 0, p <= 1 else { throw LuaError("\(function): p must be 0..1, got \(p.luaLiteral)") }
  }

  /// 0s and 1s: 1 with probability p, one for all or one an element.
  static func bernoulli(_ p: Operand, _ sizes: ShapeArgument, _ type: ElementType?, _ grad: Bool) throws -> Tensor {
    guard let chances = p.tensor else {
      try probability(p.value, "bernoulli")
      return try Making.finish(RandomState.bernoulli(sizes.shape("bernoulli"), p: p.value).converted(to: type ?? .default), grad)
    }
    let x = try chances.converted(to: chances.type.isFloat ? chances.type : .default)
    let shape = sizes.sizes.isEmpty ? x.shape : try sizes.shape("bernoulli")
    guard try Shape.broadcast(x.shape, shape, "bernoulli") == shape else { throw LuaError("bernoulli: p of shape \(x.shape) does not broadcast to \(shape)") }
    guard try x.values().allSatisfy({ $0 >= 0 && $0 <= 1 }) else { throw LuaError("bernoulli: every p must be 0..1 (p \(x.shape))") }
    let draws = try Tensor(empty: shape, x.type)
    uniform(draws)
    return try Making.finish(Comparison.lt.apply(.tensor(draws), .tensor(x)).converted(to: type ?? x.type), grad)
  }

  private static let shape = Param("shape", ShapeArgument.self, "sizes, or one list of sizes")
  private static let dtype = Param.option("dtype", default: ElementType?.none, "the default float type where left out")
  private static let grad = Param.option("requires_grad", default: false, "follow gradients through the result")
  private static let like = Param("x", Tensor.self, "gives the shape, and the type where it is a float type")

  private static func like(_ name: String, _ doc: String, _ draw: @escaping @Sendable (Tensor) -> Void) -> Row {
    Row(name, "\(doc), with the shape and type of another tensor.", like, dtype, grad, example: "return T.\(name)(T.zeros(2, 3))") { x, type, grad in
      try floats(name, x.shape, type ?? (x.type.isFloat ? x.type : nil), grad, draw)
    }
  }

  static let rows: [Row] = [
    Row(
      procedure: "manual_seed", "Starts the random numbers anew: the same seed gives the same numbers on any machine and with any number of threads.",
      Param("seed", Int.self, "any whole number"), place: .function, example: "T.manual_seed(42); return T.rand(2)"
    ) { seed in RandomState.begin(seed: seed) },
    Row("get_rng_state", "The state of the random numbers, for set_rng_state: a list of seed and place.", place: .function, example: "return T.get_rng_state()") {
      () throws -> [Int] in
      [Int(Int64(bitPattern: RandomState.seed)), Int(Int64(bitPattern: RandomState.offset))]
    },
    Row(
      procedure: "set_rng_state",
      """
      Goes on with the random numbers from where get_rng_state was called.
      Errors: anything but a list of two numbers.
      """, Param("state", [Int].self, "what get_rng_state gave"),
      place: .function, example: "local state = T.get_rng_state(); local a = T.rand(2); T.set_rng_state(state); return a:equal(T.rand(2))"
    ) { state in
      guard state.count == 2 else { throw LuaError("set_rng_state: a list of seed and place expected, got \(state.count) numbers") }
      RandomState.restore(seed: UInt64(bitPattern: Int64(state[0])), offset: UInt64(bitPattern: Int64(state[1])))
    },
    Row("rand", "Random numbers, even over 0 ≤ x < 1.", shape, dtype, grad, place: .function, example: "return T.rand(2, 3)") { shape, type, grad in
      try floats("rand", shape.shape("rand"), type, grad, uniform)
    },
    Row(
      "randn", "Random numbers from the normal distribution with mean 0 and standard deviation 1.", shape, dtype, grad, place: .function, example: "return T.randn(2, 3)"
    ) {
      shape, type, grad in try floats("randn", shape.shape("randn"), type, grad, normal)
    },
    like("rand_like", "Random numbers, even over 0 ≤ x < 1", uniform),
    like("randn_like", "Random numbers from the standard normal distribution", normal),
    Row(
      "randint",
      """
      Random whole numbers from low to high, both included, as math.random.
      Errors: low above high; a type that cannot hold the numbers.
      """, Param("low", Int.self, "the least"), Param("high", Int.self, "the greatest"), shape,
      Param.option("dtype", default: ElementType.int64, "the element type"), place: .function, example: "return T.randint(1, 6, 10)"
    ) { low, high, shape, type in try integers(low, high, shape.shape("randint"), type) },
    Row(
      "bernoulli",
      """
      1 with probability p, otherwise 0. A tensor p gives every element its own, and the shape.
      Errors: a p outside of 0..1; a tensor p that does not broadcast to the shape.
      """, Param("p", Operand.self, "0..1"), shape, dtype, grad,
      place: .function,
      example: "return T.bernoulli(0.3, 2, 3)"
    ) { p, shape, type, grad in try bernoulli(p, shape, type, grad) },
    Row(
      "uniform_",
      """
      Fills the tensor with random numbers, even over low ≤ x < high.
      Errors: low above high; a bound that is not finite; a tensor of whole numbers.
      """, Param("x", Tensor.self, "changed; a float tensor"), Param("low", default: 0.0, "the least, included"),
      Param("high", default: 1.0, "the bound above, not included"),
      place: .method, example: "return T.zeros(3):uniform_(-1, 1)"
    ) { x, low, high in
      guard low <= high, low.isFinite, high.isFinite else { throw LuaError("uniform_: low must not be above high, got \(low.luaLiteral) and \(high.luaLiteral)") }
      return try overFloats(x, "uniform_") { RandomState.fillUniform($0, low: low, high: high) }
    },
    Row(
      "normal_",
      """
      Fills the tensor with random numbers from the normal distribution.
      Errors: a negative std; a tensor of whole numbers.
      """, Param("x", Tensor.self, "changed; a float tensor"), Param("mean", default: 0.0, "the mean"),
      Param("std", default: 1.0, "the standard deviation"), place: .method, example: "return T.zeros(3):normal_(10, 0.1)"
    ) { x, mean, deviation in
      guard deviation >= 0 else { throw LuaError("normal_: std must not be negative, got \(deviation.luaLiteral)") }
      return try overFloats(x, "normal_") { RandomState.fillNormal($0, mean: mean, std: deviation) }
    },
    Row(
      "bernoulli_",
      """
      Fills the tensor with 1 with probability p, otherwise 0.
      Errors: a p outside of 0..1.
      """, Param("x", Tensor.self, "changed"), Param("p", default: 0.5, "0..1"), place: .method,
      example: "return T.zeros(3):bernoulli_(0.5)"
    ) { x, p in
      try probability(p, "bernoulli_")
      return try x.overwrite("bernoulli_") { x in x.write(try RandomState.bernoulli(x.shape, p: p).converted(to: x.type)) }
    },
  ]

  private static func overFloats(_ x: Tensor, _ function: String, _ draw: (Tensor) -> Void) throws -> Tensor {
    guard x.type.isFloat else { throw LuaError("\(function): only float32 and float64 tensors can hold these numbers, this one is \(x.type.name)") }
    return try x.overwrite(function, draw)
  }
}
