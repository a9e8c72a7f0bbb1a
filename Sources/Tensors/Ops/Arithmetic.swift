internal import KernelTable
internal import Kernels
internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// One op of two operands: its kernel, its form for whole numbers, its gradients.
struct BinaryOperation: Sendable {
  let name: String
  let doc: String
  let op: BinaryOp
  /// nil: whole numbers become the default float type first.
  let whole: (@Sendable (Int64, Int64) throws -> Int64)?
  /// Which of a, b and y the gradients need.
  var saves: (a: Bool, b: Bool) = (false, false)
  /// ∂/∂a and ∂/∂b times g, from (a, b, g); not asked for where no one follows that side.
  var da: (@Sendable (Tensor?, Tensor?, Tensor) throws -> Tensor)?
  var db: (@Sendable (Tensor?, Tensor?, Tensor) throws -> Tensor)?

  func apply(_ a: Operand, _ b: Operand) throws -> Tensor {
    let type = Operand.promote(a, b)
    guard type.isFloat else {
      guard let whole else { return try compute(a.converted(to: .default), b.converted(to: .default)) }
      return try compute(a.converted(to: type), b.converted(to: type), whole)
    }
    return try compute(a.converted(to: type), b.converted(to: type))
  }

  private func compute(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let y = try Tensor(empty: try Shape.broadcast(a.shape, b.shape, name), a.type)
    try run(a, b, into: y)
    if Tape.follows(a, b) { try record(a, b, y) }
    return y
  }

  private func run(_ a: Tensor, _ b: Tensor, into y: Tensor) throws {
    let width = a.type.width ?? .float32, target = y.pointer
    try Elementwise.pieces(a, b, y.shape) { p, pRow, pColumn, q, qRow, qColumn, first, rows, columns in
      Vector.binary(
        op, width, p, aRow: pRow, aColumn: pColumn, q, bRow: qRow, bColumn: qColumn, target + first &* width.stride, rows: rows, columns: columns)
    }
  }

  private func record(_ a: Tensor, _ b: Tensor, _ y: Tensor) throws {
    let aShape = a.shape, bShape = b.shape, saves = saves, da = da, db = db
    var saving: [Tensor] = []
    if saves.a { saving.append(a) }
    if saves.b { saving.append(b) }
    try y.follow(name, [a, b], saving: saving) { node, g in
      let a = saves.a ? try node.saved(0) : nil, b = saves.b ? try node.saved(saves.a ? 1 : 0) : nil
      return [
        node.needs(0) ? try da.map { try Elementwise.reduced($0(a, b, g), to: aShape) } : nil,
        node.needs(1) ? try db.map { try Elementwise.reduced($0(a, b, g), to: bShape) } : nil,
      ]
    }
  }

  private func compute(_ a: Tensor, _ b: Tensor, _ f: (Int64, Int64) throws -> Int64) throws -> Tensor {
    let shape = try Shape.broadcast(a.shape, b.shape, name), type = a.type
    let result = try Tensor(empty: shape, .int64)
    let x = try Elementwise.expanded(a, shape).converted(to: .int64).contiguous(), z = try Elementwise.expanded(b, shape).converted(to: .int64).contiguous()
    let p = x.pointer(Int64.self), q = z.pointer(Int64.self), y = result.pointer(Int64.self)
    for i in 0..<shape.elements { y[i] = try f(p[i], q[i]) }
    return try result.converted(to: type)
  }

  /// x:name_(other): the result is written into x, whose type it takes.
  func applyInPlace(_ x: Tensor, _ other: Operand) throws -> Tensor {
    try x.replace(name + "_", with: try apply(.tensor(x), other))
  }

  var rows: [Row] {
    [
      Row(name, doc, Param("x", Operand.self, "a tensor or number"), Param("other", Operand.self, "a tensor or number that broadcasts with it")) { a, b in
        try apply(a, b)
      },
      Row(name + "_", doc + " Changes the tensor in place and returns it.", Param("x", Tensor.self, "changed"), Param("other", Operand.self), place: .method) { x, other in
        try applyInPlace(x, other)
      },
    ]
  }
}

enum Arithmetic {
  static let add: BinaryOperation = BinaryOperation(
    name: "add", doc: "x + other, element by element.", op: .add, whole: { $0 &+ $1 },
    da: { _, _, g in g }, db: { _, _, g in g })

  static let sub: BinaryOperation = BinaryOperation(
    name: "sub", doc: "x - other, element by element.", op: .sub, whole: { $0 &- $1 },
    da: { _, _, g in g }, db: { _, _, g in try Elementwise.neg(g) })

  static let mul: BinaryOperation = BinaryOperation(
    name: "mul", doc: "x · other, element by element.", op: .mul, whole: { $0 &* $1 }, saves: (true, true),
    da: { _, b, g in try Elementwise.mul(g, b!) }, db: { a, _, g in try Elementwise.mul(g, a!) })

  static let div: BinaryOperation = BinaryOperation(
    name: "div", doc: "x / other, element by element; whole numbers give the default float type.", op: .div, whole: nil, saves: (true, true),
    da: { _, b, g in try Elementwise.div(g, b!) },
    db: { a, b, g in try Elementwise.neg(Elementwise.div(Elementwise.mul(g, a!), Elementwise.mul(b!, b!))) })

  /// ∂/∂a = b a^(b-1), 0 where b is 0; ∂/∂b = a^b log a, 0 where a is 0 and b is not negative.
  static let pow: BinaryOperation = BinaryOperation(
    name: "pow", doc: "x to the power of other, element by element.", op: .pow, whole: { try integerPower($0, $1) }, saves: (true, true),
    da: { a, b, g in
      let slope = try Elementwise.mul(b!, pow.apply(.tensor(a!), .tensor(Elementwise.add(b!, -1))))
      return try Elementwise.mul(g, Selection.select(Comparison.ne.apply(.tensor(b!), .integer(0)), .tensor(slope), .integer(0)))
    },
    db: { a, b, g in
      let slope = try Elementwise.mul(pow.apply(.tensor(a!), .tensor(b!)), Unary.apply(.log, a!))
      return try Elementwise.mul(g, Selection.select(Comparison.ne.apply(.tensor(a!), .integer(0)), .tensor(slope), .integer(0)))
    })

  static let atan2: BinaryOperation = BinaryOperation(
    name: "atan2", doc: "The angle of the point (other, x), in radians from -π to π.", op: .atan2, whole: nil, saves: (true, true),
    da: { a, b, g in try Elementwise.div(Elementwise.mul(g, b!), Elementwise.add(Elementwise.mul(a!, a!), Elementwise.mul(b!, b!))) },
    db: { a, b, g in
      try Elementwise.neg(Elementwise.div(Elementwise.mul(g, a!), Elementwise.add(Elementwise.mul(a!, a!), Elementwise.mul(b!, b!))))
    })

  /// Where both are equal each gets half of the gradient, as in PyTorch.
  private static func share(_ a: Tensor, _ b: Tensor, _ g: Tensor, _ wins: Comparison) throws -> Tensor {
    let whole = try wins.apply(.tensor(a), .tensor(b)).converted(to: g.type)
    let tie = try Elementwise.mul(Comparison.eq.apply(.tensor(a), .tensor(b)).converted(to: g.type), 0.5)
    return try Elementwise.mul(g, Elementwise.add(whole, tie))
  }
  static let maximum: BinaryOperation = BinaryOperation(
    name: "maximum", doc: "The larger of x and other, element by element; NaN wins.", op: .maximum, whole: { max($0, $1) }, saves: (true, true),
    da: { a, b, g in try share(a!, b!, g, Comparison.gt) }, db: { a, b, g in try share(b!, a!, g, Comparison.gt) })
  static let minimum: BinaryOperation = BinaryOperation(
    name: "minimum", doc: "The smaller of x and other, element by element; NaN wins.", op: .minimum, whole: { min($0, $1) }, saves: (true, true),
    da: { a, b, g in try share(a!, b!, g, Comparison.lt) }, db: { a, b, g in try share(b!, a!, g, Comparison.lt) })

  static let fmod: BinaryOperation = BinaryOperation(
    name: "fmod", doc: "The rest of x / other with the sign of x, as C's fmod.", op: .fmod,
    whole: { a, b in b == 0 ? try zeroDivisor("fmod") : b == -1 ? 0 : a % b }, saves: (true, true),
    da: { _, _, g in g }, db: { a, b, g in try Elementwise.neg(Elementwise.mul(g, Unary.apply(.trunc, Elementwise.div(a!, b!)))) })
  static let remainder: BinaryOperation = BinaryOperation(
    name: "remainder", doc: "The rest of x / other with the sign of other, as Lua's %.", op: .remainder,
    whole: { a, b in
      if b == 0 { return try zeroDivisor("remainder") }
      if b == -1 { return 0 }
      let rest = a % b
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    }, saves: (true, true),
    da: { _, _, g in g }, db: { a, b, g in try Elementwise.neg(Elementwise.mul(g, Unary.apply(.floor, Elementwise.div(a!, b!)))) })
  static let floorDivide: BinaryOperation = BinaryOperation(
    name: "floor_divide", doc: "floor(x / other), as Lua's //; it has no gradient.", op: .floorDivide,
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
    } + [("__unm", Row("neg", "-x", Param("x", Tensor.self), Param("again", LuaAny.self), place: []) { x, _ in try Unary.apply(.neg, x) })]
}

extension Tensor {
  /// Writes `result` over this tensor's elements, as `op` in place: the tape, the version and the type are kept right.
  /// - Errors: `result` has another shape, or a type this tensor's cannot hold.
  func replace(_ op: String, with result: Tensor) throws -> Tensor {
    try checkWritable(op)
    guard result.shape == shape else { throw LuaError("\(op): the result has shape \(result.shape) and does not fit into \(shape)") }
    guard result.type <= type || (result.type.isFloat && type.isFloat) else {
      throw LuaError("\(op): a \(result.type.name) result does not fit into a \(type.name) tensor; convert it first, for example x:float()")
    }
    let values = try result.to(type)
    let recorded = Tape.isOn && (values.node != nil || node != nil)
    if recorded, isView { throw LuaError("\(op): gradients cannot be followed through a change of a view; change the whole tensor, or use the form without '_'") }
    write(values)
    storage.changed(by: op, recorded: recorded)
    if Tape.isOn { node = values.node }
    return self
  }

  /// Copies elements of the same shape and type over this tensor's.
  func write(_ values: Tensor) {
    guard let source = try? values.contiguous() else { return }
    scatter(from: source.pointer)
  }
}
