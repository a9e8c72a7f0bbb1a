internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// New tensors of one value, ranges, identity matrices. `T.tensor` stands in FromValues.swift.
enum Making {
  static let dtype = Param<ElementType?>.option("dtype", default: nil, "the element type; the default float type where left out")
  static let requiresGrad = Param.option("requires_grad", default: false, "gather gradients in `grad`")

  static let rows: [Row] = [
    Row(
      "zeros",
      """
      A tensor of zeros.
      Errors: a negative size; more than 8 dims; more memory than there is.
      """, Param("shape", ShapeArgument.self, "sizes, or one list of sizes"), dtype, requiresGrad, place: .function, example: "return T.zeros(2, 3)"
    ) {
      shape, type, grad in try finish(Tensor.zeros(shape.shape("zeros"), type ?? .default), grad)
    },
    Row(
      "ones",
      """
      A tensor of ones.
      Errors: a negative size; more than 8 dims; more memory than there is.
      """, Param("shape", ShapeArgument.self, "sizes, or one list of sizes"), dtype, requiresGrad, place: .function, example: "return T.ones(2, 3)"
    ) {
      shape, type, grad in try finish(Tensor.full(shape.shape("ones"), 1, type ?? .default), grad)
    },
    Row(
      "empty", "A tensor whose elements are about to be written: zeros until then.", Param("shape", ShapeArgument.self, "sizes, or one list of sizes"), dtype,
      requiresGrad, place: .function,
      example: "return T.empty(2, 3)"
    ) {
      shape, type, grad in try finish(Tensor.zeros(shape.shape("empty"), type ?? .default), grad)
    },
    Row(
      "full",
      """
      A tensor of one value; a boolean gives a bool tensor.
      Errors: a negative size; more than 8 dims; more memory than there is.
      """, Param("shape", SizesArgument.self, "a size or a list of sizes"),
      Param("value", Item.self, "a number or boolean"), dtype, requiresGrad, place: .function, example: "return T.full({2, 3}, 0.5)"
    ) { shape, value, type, grad in
      try finish(Tensor(empty: Shape.checked(shape.sizes, "full"), type ?? value.naturalType).filled(value), grad)
    },
    Row(
      "eye",
      """
      The identity matrix: ones on the diagonal, zeros elsewhere.
      Shapes: y (n, m).
      Errors: a negative size.
      """, Param("n", Int.self, "rows"), Param("m", default: Int?.none, "columns; n where left out"),
      dtype, requiresGrad, place: .function, example: "return T.eye(3)"
    ) { n, m, type, grad in
      let shape = try Shape.checked([n, m ?? n], "eye")
      let x = try Tensor.zeros(shape, type ?? .default)
      Tensor(x.storage, offset: 0, shape: Shape(min(shape[0], shape[1])), strides: Shape(shape[1] &+ 1), type: x.type).fill(1)
      return try finish(x, grad)
    },
    Row(
      "range",
      """
      Numbers from first to last, both included, as Lua's for counts; the default float type, unless dtype says otherwise.
      Shapes: y (n), n = ⌊(last - first) / step⌋ + 1.
      Errors: a step of 0; a bound or step that is not finite. A step that leads away from last gives no elements.
      """,
      Param("first", Double.self, "the first number"), Param("last", Double.self, "the last, where steps reach it"),
      Param("step", default: 1.0, "from one to the next, negative to count down"), dtype, requiresGrad, place: .function,
      example: "return T.range(1, 2, 0.25)"
    ) { first, last, step, type, grad in try finish(range(first, last, step, type ?? .default), grad) },
    Row(
      "linspace",
      """
      n numbers at equal distances from first to last, both included.
      Shapes: y (n).
      Errors: a negative n.
      """, Param("first", Double.self, "the first number"), Param("last", Double.self, "the last number"),
      Param("n", Int.self, "how many"), dtype, requiresGrad, place: .function, example: "return T.linspace(0, 1, 5)"
    ) { first, last, n, type, grad in
      try finish(spaced(first, last, n, "linspace").to(type ?? .default), grad)
    },
    Row(
      "logspace",
      """
      Numbers from base^first to base^last whose exponents have equal distances.
      Shapes: y (n).
      Errors: a negative n.
      """, Param("first", Double.self, "the first exponent"), Param("last", Double.self, "the last exponent"),
      Param("n", Int.self, "how many"), Param("base", default: 10.0, "what the exponents are of"), dtype, requiresGrad, place: .function,
      example: "return T.logspace(0, 3, 4)"
    ) { first, last, n, base, type, grad in
      let x = try spaced(first, last, n, "logspace"), p = x.pointer(Double.self)
      for i in 0..<x.count { p[i] = pow(base, p[i]) }
      return try finish(x.to(type ?? .default), grad)
    },
    Row(
      "zeros_like", "Zeros in the shape and type of another tensor.", Param("x", Tensor.self), dtype, requiresGrad, example: "return T.zeros_like(T.ones(2, 3))"
    ) { x, type, grad in try finish(Tensor.zeros(x.shape, type ?? x.type), grad) },
    Row(
      "ones_like", "Ones in the shape and type of another tensor.", Param("x", Tensor.self), dtype, requiresGrad, example: "return T.ones_like(T.zeros(2, 3))"
    ) { x, type, grad in try finish(Tensor.full(x.shape, 1, type ?? x.type), grad) },
    Row(
      "full_like", "One value in the shape and type of another tensor.", Param("x", Tensor.self), Param("value", Item.self, "a number or boolean"), dtype, requiresGrad,
      example: "return T.full_like(T.zeros(2), 7)"
    ) { x, value, type, grad in try finish(Tensor(empty: x.shape, type ?? x.type).filled(value), grad) },
  ]

  static func finish(_ x: Tensor, _ grad: Bool) throws -> Tensor {
    if grad { try x.requireGrad() }
    return x
  }

  /// first, first + step, … as far as last.
  private static func range(_ first: Double, _ last: Double, _ step: Double, _ type: ElementType) throws -> Tensor {
    guard step != 0 else { throw LuaError("range: step is zero") }
    guard first.isFinite, last.isFinite, step.isFinite else { throw LuaError("range: first, last and step must be finite, got \(first), \(last), \(step)") }
    // (0.3 - 0) / 0.1 is 2.9999999999999996: a last that is missed by rounding alone belongs to the range.
    let steps = (last - first) / step
    let whole = (steps + min(abs(steps) * 1e-12, 1e-3)).rounded(.down)
    guard whole >= 0 else { return try Tensor(empty: Shape(0), type) }
    let x = try Tensor(empty: Shape.checked([whole < 0x1p60 ? Int(whole) + 1 : .max], "range"), type)
    type.dispatch { type in count(x, first, step, type) }
    return x
  }
  private static func count<E: Element>(_ x: Tensor, _ first: Double, _ step: Double, _: E.Type) {
    let p = x.pointer(E.self)
    for i in 0..<x.count { p[i] = E(number: first + Double(i) * step) }
  }

  /// n float64 numbers from first to last; the second half is counted from last, so that both ends are exact.
  private static func spaced(_ first: Double, _ last: Double, _ n: Int, _ function: String) throws -> Tensor {
    let x = try Tensor(empty: Shape.checked([n], function), .float64), p = x.pointer(Double.self)
    let step = n > 1 ? (last - first) / Double(n - 1) : 0
    for i in 0..<n { p[i] = i < (n + 1) / 2 ? first + Double(i) * step : last - Double(n - 1 - i) * step }
    return x
  }
}

extension Tensor {
  /// This tensor with every element set; for tensors just made.
  func filled(_ value: Item) -> Tensor {
    fill(value)
    return self
  }
  /// Sets every element; large whole numbers reach int64 tensors unharmed.
  func fill(_ value: Item) {
    guard type == .int64, case .integer(let n) = value else { return fill(value.number) }
    forEachRun { base, step, length in
      let p = base.assumingMemoryBound(to: Int64.self)
      for i in 0..<length { p[i &* step] = Int64(n) }
    }
  }
}

/// A shape as one argument, for functions with other arguments behind it: `full({2, 3}, 7)`.
struct SizesArgument: LuaValue {
  static var luaName: String { "size or list of sizes" }
  let sizes: [Int]
  /// A number, not a list of one.
  let single: Bool
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> SizesArgument {
    SizesArgument(sizes: try ShapeArgument.decode(stack, index).sizes, single: stack.type(at: index) == .number)
  }
  func push(_ stack: LuaStack) { sizes.push(stack) }
  var luaLiteral: String { sizes.luaLiteral }
}
