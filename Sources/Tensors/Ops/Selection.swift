internal import KernelTable
internal import Kernels
internal import LuaBridge

/// y[i] = cond[i] ? a[i] : b[i]
enum Selection {
  static func select(_ condition: Tensor, _ a: Operand, _ b: Operand) throws -> Tensor {
    let type = Operand.promote(a, b)
    let shape = try Shape.broadcast(Shape.broadcast(condition.shape, a.shape, "where"), b.shape, "where")
    let mask = try Elementwise.expanded(Logic.truth(condition), shape).contiguous()
    let y = try Tensor(empty: shape, type)
    let a = try a.tensor.map { .tensor(try $0.to(type)) } ?? a, b = try b.tensor.map { .tensor(try $0.to(type)) } ?? b
    let (p, pStep) = try side(a, shape, type), (q, qStep) = try side(b, shape, type)
    if let width = type.width {
      Vector.select(width, mask: mask.pointer(UInt8.self), p.pointer, aStep: pStep, q.pointer, bStep: qStep, y.pointer, y.count)
    } else {
      type.dispatch { type in choose(mask, p, pStep, q, qStep, y, type) }
    }
    if Tape.isOn, a.node != nil || b.node != nil { try record(mask, a, b, y) }
    return y
  }

  /// One value repeated (step 0) or elements in the result's shape (step 1).
  private static func side(_ x: Operand, _ shape: Shape, _ type: ElementType) throws -> (Tensor, Int) {
    guard let x = x.tensor else { return (try x.converted(to: type), 0) }
    return x.count == 1 ? (x, 0) : (try Elementwise.expanded(x, shape).contiguous(), 1)
  }

  private static func record(_ mask: Tensor, _ a: Operand, _ b: Operand, _ y: Tensor) throws {
    let aShape = a.tensor?.shape, bShape = b.tensor?.shape, aFollowed = a.node != nil, bFollowed = b.node != nil
    try y.follow("where", [a.tensor, b.tensor].compactMap { $0 }, saving: [mask]) { node, g in
      let mask = try node.saved(0)
      var gradients: [Tensor?] = []
      if let aShape { gradients.append(aFollowed ? try Elementwise.reduced(select(mask, .tensor(g), .integer(0)), to: aShape) : nil) }
      if let bShape { gradients.append(bFollowed ? try Elementwise.reduced(select(mask, .integer(0), .tensor(g)), to: bShape) : nil) }
      return gradients
    }
  }

  private static func choose<E: Element>(_ mask: Tensor, _ a: Tensor, _ aStep: Int, _ b: Tensor, _ bStep: Int, _ y: Tensor, _: E.Type) {
    let m = mask.pointer(UInt8.self), p = a.pointer(E.self), q = b.pointer(E.self), target = y.pointer(E.self)
    for i in 0..<y.count { target[i] = m[i] != 0 ? p[i &* aStep] : q[i &* bStep] }
  }

  static let rows: [Row] = [
    Row(
      "where",
      """
      Elements of a where the condition holds, of b elsewhere; all three broadcast.
      Shapes: condition, a and b broadcast; y of the joint shape.
      Errors: shapes that do not broadcast.
      """, Param("condition", Tensor.self, "bool, or numbers that are not 0"),
      Param("a", Operand.self), Param("b", Operand.self), example: "local x = T.ones(2, 2); return T.where(x:gt(0), x, 0)"
    ) { condition, a, b in try select(condition, a, b) }
  ]
}
