internal import KernelTable
internal import LuaBridge

/// Truth values, element by element: a number is true where it is not 0 (NaN is true).
enum Logic {
  /// The elements as truth values.
  static func truth(_ x: Tensor) throws -> Tensor { x.type == .bool ? x : try Comparison.ne.apply(.tensor(x), .integer(0)) }
  static func truth(_ x: Operand) throws -> Tensor {
    if let x = x.tensor { return try truth(x) }
    return try Tensor.scalar(x.value != 0 ? 1 : 0, .bool)
  }

  private static func combine(_ a: Tensor, _ b: Tensor, _ name: String, _ f: (Int64, Int64) -> UInt8) throws -> Tensor {
    let shape = try Shape.broadcast(a.shape, b.shape, name)
    let y = try Tensor(empty: shape, .bool)
    try Elementwise.wholeNumbers(.tensor(a), .tensor(b), shape, into: y.pointer(UInt8.self), f)
    return y
  }
  static func and(_ a: Tensor, _ b: Tensor) throws -> Tensor { try combine(truth(a), truth(b), "logical_and") { UInt8(truncatingIfNeeded: $0 & $1) } }
  static func or(_ a: Tensor, _ b: Tensor) throws -> Tensor { try combine(truth(a), truth(b), "logical_or") { UInt8(truncatingIfNeeded: $0 | $1) } }
  static func xor(_ a: Tensor, _ b: Tensor) throws -> Tensor { try combine(truth(a), truth(b), "logical_xor") { UInt8(truncatingIfNeeded: $0 ^ $1) } }
  static func not(_ x: Tensor) throws -> Tensor {
    if x.type != .bool { return try Comparison.eq.apply(.tensor(x), .integer(0)) }
    return try Comparison.ne.apply(.tensor(x), .integer(1))
  }

  static func isNaN(_ x: Tensor) throws -> Tensor { try Comparison.ne.apply(.tensor(x), .tensor(x)) }
  static func isInfinite(_ x: Tensor) throws -> Tensor {
    if !x.type.isFloat { return try Tensor.zeros(x.shape, .bool) }
    return try Tape.recording(false) { try Comparison.eq.apply(.tensor(Unary.apply(.abs, x)), .number(.infinity)) }
  }
  static func isFinite(_ x: Tensor) throws -> Tensor {
    if !x.type.isFloat { return try Tensor.full(x.shape, 1, .bool) }
    return try Tape.recording(false) { try Comparison.lt.apply(.tensor(Unary.apply(.abs, x)), .number(.infinity)) }
  }

  /// |a - b| ≤ atol + rtol |b|, in float64; infinities are close to themselves only.
  static func isClose(_ a: Operand, _ b: Operand, _ relative: Double, _ absolute: Double, _ equalNaN: Bool, _ name: String = "isclose") throws -> Tensor {
    guard relative >= 0, absolute >= 0 else { throw LuaError("\(name): rtol and atol cannot be negative, got \(relative) and \(absolute)") }
    let shape = try Shape.broadcast(a.shape, b.shape, name)
    let y = try Tensor(empty: shape, .bool)
    func side(_ x: Operand) throws -> Tensor {
      try Elementwise.expanded(x.tensor?.converted(to: .float64) ?? x.converted(to: .float64), shape).contiguous()
    }
    let x = try side(a), z = try side(b)
    let p = x.pointer(Double.self), q = z.pointer(Double.self), target = y.pointer(UInt8.self)
    for i in 0..<y.count {
      let a = p[i], b = q[i]
      let near = a == b || (a.isFinite && b.isFinite && abs(a - b) <= absolute + relative * abs(b)) || (equalNaN && a.isNaN && b.isNaN)
      target[i] = near ? 1 : 0
    }
    return y
  }

  /// Same shape and all elements equal.
  static func equal(_ a: Tensor, _ b: Tensor) throws -> Bool {
    guard a.shape == b.shape else { return false }
    return allTrue(try Comparison.eq.apply(.tensor(a), .tensor(b)))
  }

  /// Whether a contiguous bool tensor has no 0.
  static func allTrue(_ x: Tensor) -> Bool {
    let bytes = x.pointer(UInt8.self)
    for i in 0..<x.count where bytes[i] == 0 { return false }
    return true
  }

  private static let a = Param("x", Operand.self, "a tensor or number")
  private static let b = Param("other", Operand.self, "a tensor or number that broadcasts with it")
  private static let rtol = Param.option("rtol", default: 1e-5, "share of |other| that may differ")
  private static let atol = Param.option("atol", default: 1e-8, "what may differ beside that")
  private static let equalNaN = Param.option("equal_nan", default: false, "count NaN as close to NaN")

  static let rows: [Row] = [
    Row(
      "logical_and",
      """
      True where both are true (not 0), as a bool tensor.
      Shapes: x and other broadcast; y of the joint shape.
      Errors: shapes that do not broadcast.
      """, a, b, example: "return T.ones(2):logical_and(0)"
    ) { a, b in try and(truth(a), truth(b)) },
    Row(
      "logical_or",
      """
      True where one of both is true (not 0), as a bool tensor.
      Shapes: x and other broadcast; y of the joint shape.
      Errors: shapes that do not broadcast.
      """, a, b, example: "return T.ones(2):logical_or(0)"
    ) { a, b in try or(truth(a), truth(b))
    },
    Row(
      "logical_xor",
      """
      True where exactly one of both is true (not 0), as a bool tensor.
      Shapes: x and other broadcast; y of the joint shape.
      Errors: shapes that do not broadcast.
      """, a, b, example: "return T.ones(2):logical_xor(1)"
    ) { a, b in
      try xor(truth(a), truth(b))
    },
    Row("logical_not", "True where x is 0, as a bool tensor.", Param("x", Tensor.self), example: "return T.ones(2):logical_not()") { x in try not(x) },
    Row("isnan", "True where x is NaN, as a bool tensor.", Param("x", Tensor.self), example: "return (T.zeros(2) / 0):isnan()") { x in try isNaN(x) },
    Row("isinf", "True where x is infinite, as a bool tensor.", Param("x", Tensor.self), example: "return (T.ones(2) / 0):isinf()") { x in try isInfinite(x) },
    Row("isfinite", "True where x is neither infinite nor NaN, as a bool tensor.", Param("x", Tensor.self), example: "return T.ones(2):isfinite()") { x in try isFinite(x)
    },
    Row(
      "isclose",
      """
      True where |x - other| ≤ atol + rtol |other|, as a bool tensor.
      Shapes: x and other broadcast.
      Errors: shapes that do not broadcast; a negative tolerance.
      """, a, b, rtol, atol, equalNaN,
      example: "return T.ones(2):isclose(1 + 1e-6)"
    ) { a, b, rtol, atol, nan in try isClose(a, b, rtol, atol, nan) },
    Row(
      "allclose",
      """
      Whether |x - other| ≤ atol + rtol |other| for all elements, as a Lua boolean.
      Shapes: x and other broadcast.
      Errors: shapes that do not broadcast; a negative tolerance.
      """, a, b, rtol, atol, equalNaN,
      example: "return T.ones(2):allclose(T.ones(2) + 1e-6)"
    ) { a, b, rtol, atol, nan in allTrue(try isClose(a, b, rtol, atol, nan, "allclose")) },
    Row(
      "equal", "Whether two tensors have the same shape and equal elements, as a Lua boolean; NaN equals nothing.", Param("x", Tensor.self), Param("other", Tensor.self),
      example: "return T.ones(2):equal(T.ones(2))"
    ) { a, b in try equal(a, b) },
  ]
}
