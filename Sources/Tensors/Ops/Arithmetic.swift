internal import KernelTable
internal import LuaBridge

/// The functions of two operands, a row each.
enum Arithmetic {
  static let add: BinaryOperation = BinaryOperation(
    name: "add", doc: "The sum x + other, element by element.", op: .add, whole: { $0 &+ $1 },
    da: .init { _, _, g in g }, db: .init { _, _, g in g })

  static let sub: BinaryOperation = BinaryOperation(
    name: "sub", doc: "The difference x - other, element by element.", op: .sub, whole: { $0 &- $1 },
    da: .init { _, _, g in g }, db: .init { _, _, g in try Elementwise.neg(g) })

  static let mul: BinaryOperation = BinaryOperation(
    name: "mul", doc: "The product x · other, element by element.", op: .mul, whole: { $0 &* $1 },
    da: .init(readsB: true) { _, b, g in try mul.apply(.tensor(g), b!) },
    db: .init(readsA: true) { a, _, g in try mul.apply(.tensor(g), a!) })

  static let div: BinaryOperation = BinaryOperation(
    name: "div", doc: "The quotient x / other, element by element; whole numbers give the default float type.", op: .div, whole: nil,
    da: .init(readsB: true) { _, b, g in try div.apply(.tensor(g), b!) },
    db: .init(readsA: true, readsB: true) { a, b, g in
      // -g (a / b) / b: b² would overflow first
      try Elementwise.neg(Elementwise.mul(g, div.apply(.tensor(div.apply(a!, b!)), b!)))
    })

  /// ∂/∂a = b a^(b-1), 0 where b is 0; ∂/∂b = a^b log a, 0 where a is 0 and b is not negative.
  ///
  /// Where a factor would be infinite beside a 0, its base or exponent is replaced by 1: masking the product afterwards would leave NaN in
  /// second derivatives. Numbers are made tensors of the gradient's type first: two of them would meet in the default type.
  static let pow: BinaryOperation = BinaryOperation(
    name: "pow", doc: "Raises x to the power of other, element by element.", op: .pow, whole: { try integerPower($0, $1) },
    da: .init(readsA: true, readsB: true) { a, b, g in
      let slope: Tensor
      if let exponent = b!.tensor {
        let none = try Logic.and(Comparison.eq.apply(b!, .integer(0)), Logic.not(Logic.isFinite(Unary.apply(.reciprocal, a!.converted(to: g.type)))))
        let safe = try Selection.select(none, .integer(1), b!)
        slope = try Elementwise.mul(exponent, pow.apply(a!, .tensor(Elementwise.add(safe, -1))))
      } else {
        let exponent = b!.value
        slope = try exponent == 0 ? Tensor.zeros(g.shape, g.type) : Elementwise.mul(pow.apply(a!, .number(exponent - 1)), exponent)
      }
      return try Elementwise.mul(g, slope)
    },
    db: .init(readsA: true, readsB: true) { a, b, g in
      let a = try Operand.tensor(a!.converted(to: g.type))
      let flat = try Logic.and(Comparison.eq.apply(a, .integer(0)), Comparison.ge.apply(b!, .integer(0)))
      let base = try Selection.select(flat, .integer(1), a)
      return try Elementwise.mul(g, Elementwise.mul(pow.apply(a, b!), Unary.apply(.log, base)))
    })

  static let atan2: BinaryOperation = BinaryOperation(
    name: "atan2", doc: "The angle of the point (other, x), in radians from -π to π.", op: .atan2, whole: nil,
    da: .init(readsA: true, readsB: true) { a, b, g in try mul.apply(.tensor(Elementwise.div(g, squaredRadius(a!, b!, g.type))), b!) },
    db: .init(readsA: true, readsB: true) { a, b, g in
      try Elementwise.neg(mul.apply(.tensor(Elementwise.div(g, squaredRadius(a!, b!, g.type))), a!))
    })
  /// a² + b²; 1 where that is 0, so that the gradient there is 0.
  private static func squaredRadius(_ a: Operand, _ b: Operand, _ type: ElementType) throws -> Tensor {
    let square = try Elementwise.add(Unary.apply(.square, a.converted(to: type)), Unary.apply(.square, b.converted(to: type)))
    return try Selection.select(Comparison.eq.apply(.tensor(square), .integer(0)), .integer(1), .tensor(square))
  }

  /// Where both are equal each gets half of the gradient; where one is NaN neither loses and both get all of it, as in PyTorch.
  private static func share(_ a: Operand, _ b: Operand, _ g: Tensor, _ loses: Comparison) throws -> Tensor {
    let lost = try loses.apply(a, b).converted(to: g.type)
    let tie = try Elementwise.mul(Comparison.eq.apply(a, b).converted(to: g.type), 0.5)
    return try Elementwise.mul(g, Elementwise.add(Elementwise.neg(Elementwise.add(lost, tie)), 1))
  }
  static let maximum: BinaryOperation = BinaryOperation(
    name: "maximum", doc: "The larger of x and other, element by element; NaN wins.", op: .maximum, whole: { max($0, $1) },
    da: .init(readsA: true, readsB: true) { a, b, g in try share(a!, b!, g, Comparison.lt) },
    db: .init(readsA: true, readsB: true) { a, b, g in try share(b!, a!, g, Comparison.lt) })
  static let minimum: BinaryOperation = BinaryOperation(
    name: "minimum", doc: "The smaller of x and other, element by element; NaN wins.", op: .minimum, whole: { min($0, $1) },
    da: .init(readsA: true, readsB: true) { a, b, g in try share(a!, b!, g, Comparison.gt) },
    db: .init(readsA: true, readsB: true) { a, b, g in try share(b!, a!, g, Comparison.gt) })

  static let fmod: BinaryOperation = BinaryOperation(
    name: "fmod", doc: "The rest of x / other with the sign of x, as C's fmod.", op: .fmod,
    whole: { a, b in b == 0 ? try zeroDivisor("fmod") : b == -1 ? 0 : a % b },
    da: .init { _, _, g in g },
    db: .init(readsA: true, readsB: true) { a, b, g in try Elementwise.neg(Elementwise.mul(g, Unary.apply(.trunc, div.apply(a!, b!)))) })
  static let remainder: BinaryOperation = BinaryOperation(
    name: "remainder", doc: "The rest of x / other with the sign of other, as Lua's %.", op: .remainder,
    whole: { a, b in
      if b == 0 { return try zeroDivisor("remainder") }
      if b == -1 { return 0 }
      let rest = a % b
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    },
    da: .init { _, _, g in g },
    db: .init(readsA: true, readsB: true) { a, b, g in try Elementwise.neg(Elementwise.mul(g, Unary.apply(.floor, div.apply(a!, b!)))) })
  static let floorDivide: BinaryOperation = BinaryOperation(
    name: "floor_divide", doc: "The quotient rounded down, floor(x / other), as Lua's //; its gradient is 0.", op: .floorDivide,
    whole: { a, b in
      if b == 0 { return try zeroDivisor("floor_divide") }
      if b == -1 { return 0 &- a }
      let quotient = a / b
      return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
    })

  private static func zeroDivisor(_ name: String) throws -> Int64 { throw LuaError("\(name): division of whole numbers by zero") }

  private static func integerPower(_ base: Int64, _ exponent: Int64) throws -> Int64 {
    guard exponent >= 0 else { throw LuaError("pow: a whole number to a negative power (\(base)^\(exponent)); use x:float() first") }
    var result: Int64 = 1, square = base, left = exponent
    while left > 0 {
      if left & 1 == 1 { result = result &* square }
      square = square &* square
      left >>= 1
    }
    return result
  }

  static let all: [BinaryOperation] = [add, sub, mul, div, pow, atan2, maximum, minimum, fmod, remainder, floorDivide]
  static let rows: [Row] = all.flatMap { $0.rows }

  /// `a + b` and the like between tensors and numbers.
  static let operators: [(String, Row)] =
    [("__add", add), ("__sub", sub), ("__mul", mul), ("__div", div), ("__pow", pow), ("__mod", remainder), ("__idiv", floorDivide)].map { name, op in
      (name, Row(op.name, op.doc, Param("a", Operand.self), Param("b", Operand.self), place: []) { a, b in try op.apply(a, b) })
    } + [
      ("__unm", Row("neg", "The negative -x, element by element.", Param("x", Tensor.self), Param("again", LuaAny.self), place: []) { x, _ in try Unary.apply(.neg, x) })
    ]
}
