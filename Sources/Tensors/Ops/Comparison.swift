internal import KernelTable
internal import Kernels
internal import LuaBridge

/// a ? b, element by element, as a bool tensor.
struct Comparison: Sendable {
  let name: String
  let symbol: String
  let op: CompareOp
  private let whole: @Sendable (Int64, Int64) -> Bool

  func apply(_ a: Operand, _ b: Operand) throws -> Tensor {
    let shape = try Shape.broadcast(a.shape, b.shape, name), type = Operand.promote(a, b)
    let y = try Tensor(empty: shape, .bool), target = y.pointer(UInt8.self), count = y.count
    guard let width = type.width else {
      try Elementwise.wholeNumbers(a, b, shape, into: target) { whole($0, $1) ? 1 : 0 }
      return y
    }
    switch (a, b) {
    case (.tensor(let x), .tensor(let z)):
      let x = try x.converted(to: type), z = try z.converted(to: type)
      try Elementwise.pieces(x, z, shape) { p, pRow, pColumn, q, qRow, qColumn, first, rows, columns in
        Vector.compare(op, width, p, aRow: pRow, aColumn: pColumn, q, bRow: qRow, bColumn: qColumn, target + first, rows: rows, columns: columns)
      }
    case (_, .tensor(let z)):
      let q = try z.converted(to: type).contiguous()
      Elementwise.withNumber(a.value, width) { p in
        Vector.compare(op, width, p, aRow: 0, aColumn: 0, q.pointer, bRow: 0, bColumn: 1, target, rows: 1, columns: count)
      }
    default:
      let p = try (a.tensor?.converted(to: type) ?? a.converted(to: type)).contiguous()
      Elementwise.withNumber(b.value, width) { q in
        Vector.compare(op, width, p.pointer, aRow: 0, aColumn: 1, q, bRow: 0, bColumn: 0, target, rows: 1, columns: count)
      }
    }
    return y
  }

  static let eq = Comparison(name: "eq", symbol: "=", op: .eq) { $0 == $1 }
  static let ne = Comparison(name: "ne", symbol: "≠", op: .ne) { $0 != $1 }
  static let lt = Comparison(name: "lt", symbol: "<", op: .lt) { $0 < $1 }
  static let le = Comparison(name: "le", symbol: "≤", op: .le) { $0 <= $1 }
  static let gt = Comparison(name: "gt", symbol: ">", op: .gt) { $0 > $1 }
  static let ge = Comparison(name: "ge", symbol: "≥", op: .ge) { $0 >= $1 }

  private init(name: String, symbol: String, op: CompareOp, _ whole: @escaping @Sendable (Int64, Int64) -> Bool) {
    self.name = name
    self.symbol = symbol
    self.op = op
    self.whole = whole
  }

  static let rows: [Row] = [eq, ne, lt, le, gt, ge].map { comparison in
    Row(
      comparison.name,
      """
      Where x \(comparison.symbol) other, element by element, as a bool tensor; Lua's own comparisons cannot compare tensors element by element.
      Shapes: x and other broadcast; y of the joint shape.
      Errors: shapes that do not broadcast.
      """,
      Param("x", Operand.self, "a tensor or number"), Param("other", Operand.self, "a tensor or number that broadcasts with it"),
      example: "return T.ones(3):\(comparison.name)(2)"
    ) { a, b in try comparison.apply(a, b) }
  }
}
