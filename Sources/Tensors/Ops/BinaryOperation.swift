internal import KernelTable
internal import Kernels
internal import LuaBridge

/// One op of two operands: its kernel, its form for whole numbers, its gradients. A class, for each call would copy a struct's five references.
final class BinaryOperation: Sendable {
  /// One side's gradient: what it reads of the operands, and g times the derivative as ops that the tape follows.
  struct Slope: Sendable {
    typealias Rule = @Sendable (_ a: Operand?, _ b: Operand?, _ g: Tensor) throws -> Tensor
    var readsA = false, readsB = false
    let rule: Rule
  }

  let name: String
  let doc: String
  let op: BinaryOp
  /// nil: whole numbers become the default float type first.
  let whole: (@Sendable (Int64, Int64) throws -> Int64)?
  /// ∂/∂a and ∂/∂b; nil where the op is flat.
  let da: Slope?
  let db: Slope?

  init(
    name: String, doc: String, op: BinaryOp, whole: (@Sendable (Int64, Int64) throws -> Int64)?, da: Slope? = nil, db: Slope? = nil
  ) {
    (self.name, self.doc, self.op, self.whole, self.da, self.db) = (name, doc, op, whole, da, db)
  }

  func apply(_ a: Operand, _ b: Operand) throws -> Tensor {
    // The usual case, which needs none of what follows.
    if case .tensor(let x) = a, case .tensor(let z) = b, x.type == z.type, let width = x.type.width, x.isContiguous, z.isContiguous, x.shape == z.shape {
      let y = try Tensor(empty: x.shape, x.type)
      Vector.binary(op, width, x.pointer, aRow: 0, aColumn: 1, z.pointer, bRow: 0, bColumn: 1, y.pointer, rows: 1, columns: y.count)
      if Tape.isOn, x.node != nil || z.node != nil { try record(a, b, y) }
      return y
    }
    let type = Operand.promote(a, b)
    guard type.isFloat else {
      guard let whole else { return try apply(a.floating(), b.floating()) }
      return try compute(a, b, type, whole)
    }
    // A number stays a number: no tensor is made of it.
    switch (a, b) {
    case (.tensor(let x), .tensor(let z)): return try compute(.tensor(x.to(type)), .tensor(z.to(type)), type)
    case (.tensor(let x), _): return try compute(.tensor(x.to(type)), b, type)
    case (_, .tensor(let z)): return try compute(a, .tensor(z.to(type)), type)
    default: return try compute(.tensor(a.converted(to: type)), b, type)
    }
  }

  private func compute(_ a: Operand, _ b: Operand, _ type: ElementType) throws -> Tensor {
    let y = try Tensor(empty: Shape.broadcast(a.shape, b.shape, name), type)
    try run(a, b, into: y)
    if Tape.isOn, a.node != nil || b.node != nil { try record(a, b, y) }
    return y
  }

  /// `y` may be a or b itself, where those are contiguous and as large.
  private func run(_ a: Operand, _ b: Operand, into y: Tensor) throws {
    guard let width = y.type.width else { return }
    let target = y.pointer, count = y.count
    switch (a, b) {
    case (.tensor(let x), .tensor(let z)):
      try Elementwise.pieces(x, z, y.shape) { p, pRow, pColumn, q, qRow, qColumn, first, rows, columns in
        Vector.binary(
          op, width, p, aRow: pRow, aColumn: pColumn, q, bRow: qRow, bColumn: qColumn, target + first &* width.stride, rows: rows, columns: columns)
      }
    case (.tensor(let x), _):
      let p = try x.contiguous().pointer
      switch op {
      case .add: Vector.unary(.addScalar, width, p, target, count, b.value)
      case .sub: Vector.unary(.addScalar, width, p, target, count, -b.value)
      case .mul: Vector.unary(.mulScalar, width, p, target, count, b.value)
      case .pow: Vector.unary(.powScalar, width, p, target, count, b.value)
      default:
        Elementwise.withNumber(b.value, width) { q in
          Vector.binary(op, width, p, aRow: 0, aColumn: 1, q, bRow: 0, bColumn: 0, target, rows: 1, columns: count)
        }
      }
    default:
      guard let z = b.tensor else { return }
      let q = try z.contiguous().pointer
      Elementwise.withNumber(a.value, width) { p in
        Vector.binary(op, width, p, aRow: 0, aColumn: 0, q, bRow: 0, bColumn: 1, target, rows: 1, columns: count)
      }
    }
  }

  private func record(_ a: Operand, _ b: Operand, _ y: Tensor) throws {
    let da = a.node == nil ? nil : da, db = b.node == nil ? nil : db
    let readsA = da?.readsA == true || db?.readsA == true, readsB = da?.readsB == true || db?.readsB == true
    let inputs: [Tensor]
    if let x = a.tensor { inputs = if let z = b.tensor { [x, z] } else { [x] } } else { inputs = if let z = b.tensor { [z] } else { [] } }
    var saving: [Tensor] = []
    if readsA, let x = a.tensor { saving.append(x) }
    let atB = saving.count
    if readsB, let z = b.tensor { saving.append(z) }
    // Only numbers and shapes are captured.
    let aNumber = a.tensor == nil ? a : nil, bNumber = b.tensor == nil ? b : nil, aShape = a.shape, bShape = b.shape
    try y.follow(name, inputs, saving: saving) { node, g in
      let a = try readsA ? aNumber ?? .tensor(node.saved(0)) : nil, b = try readsB ? bNumber ?? .tensor(node.saved(atB)) : nil
      let ga = try da.map { try Elementwise.reduced($0.rule(a, b, g), to: aShape) }, gb = try db.map { try Elementwise.reduced($0.rule(a, b, g), to: bShape) }
      return aNumber != nil ? [gb] : bNumber != nil ? [ga] : [ga, gb]
    }
  }

  private func compute(_ a: Operand, _ b: Operand, _ type: ElementType, _ f: (Int64, Int64) throws -> Int64) throws -> Tensor {
    let shape = try Shape.broadcast(a.shape, b.shape, name)
    let result = try Tensor(empty: shape, .int64)
    try Elementwise.wholeNumbers(a, b, shape, into: result.pointer(Int64.self), f)
    return try result.converted(to: type)
  }

  /// x:name_(other): the result is written into x, whose type it takes.
  func applyInPlace(_ x: Tensor, _ other: Operand) throws -> Tensor {
    let inPlace = name + "_"
    try x.checkWritable(inPlace)
    let followed = Tape.isOn && (x.node != nil || other.node != nil)
    let apart = other.tensor.map { $0.storage !== x.storage || ($0.shape == x.shape && $0.isContiguous && $0.offset == x.offset) } ?? true
    if !followed, apart, x.type.isFloat, x.isContiguous, other.tensor == nil || other.tensor?.type == x.type,
      try Shape.broadcast(x.shape, other.shape, inPlace) == x.shape
    {
      try run(.tensor(x), other, into: x)
      x.storage.changed(by: inPlace)
      return x
    }
    guard followed else { return try x.replace(inPlace, with: apply(.tensor(x), other)) }
    let before = try x.before()
    return try x.replace(inPlace, with: apply(.tensor(before), other.tensor === x ? .tensor(before) : other))
  }

  var rows: [Row] {
    [
      Row(
        name,
        """
        \(doc)
        Shapes: x and other broadcast; y of the joint shape.
        Errors: shapes that do not broadcast.
        """, Param("x", Operand.self, "a tensor or number"), Param("other", Operand.self, "a tensor or number that broadcasts with it"),
        example: "return T.ones(2, 3):\(name)(2)"
      ) { a, b in try self.apply(a, b) },
      Row(
        name + "_",
        """
        \(doc) Changes the tensor in place and returns it.
        Shapes: other broadcasts to x.
        Errors: shapes that do not broadcast to x; a tensor whose gradients are recorded.
        """, Param("x", Tensor.self, "changed"),
        Param("other", Operand.self, "a tensor or number that broadcasts to its shape"), place: .method, example: "return T.ones(2, 3):\(name)_(2)"
      ) { x, other in try self.applyInPlace(x, other) },
    ]
  }
}
