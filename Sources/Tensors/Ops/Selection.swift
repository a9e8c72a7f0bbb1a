internal import LuaBridge

/// y[i] = cond[i] ? a[i] : b[i]
enum Selection {
  static func select(_ condition: Tensor, _ a: Operand, _ b: Operand) throws -> Tensor {
    let type = Operand.promote(a, b)
    let x = try a.converted(to: type), z = try b.converted(to: type)
    let shape = try Shape.broadcast(Shape.broadcast(condition.shape, x.shape, "where"), z.shape, "where")
    let mask = try Elementwise.expanded(condition.type == .bool ? condition : Comparison.ne.apply(.tensor(condition), .integer(0)), shape).contiguous()
    let y = try Tensor(empty: shape, type)
    let p = try Elementwise.expanded(x, shape).contiguous(), q = try Elementwise.expanded(z, shape).contiguous()
    type.dispatch { type in choose(mask, p, q, y, type) }
    if Tape.follows(x, z) {
      let xShape = x.shape, zShape = z.shape
      try y.follow("where", [x, z], saving: [mask]) { node, g in
        let mask = try node.saved(0)
        return [
          node.needs(0) ? try Elementwise.reduced(select(mask, .tensor(g), .integer(0)), to: xShape) : nil,
          node.needs(1) ? try Elementwise.reduced(select(mask, .integer(0), .tensor(g)), to: zShape) : nil,
        ]
      }
    }
    return y
  }

  private static func choose<E: Element>(_ mask: Tensor, _ a: Tensor, _ b: Tensor, _ y: Tensor, _: E.Type) {
    let m = mask.pointer(UInt8.self), p = a.pointer(E.self), q = b.pointer(E.self), target = y.pointer(E.self)
    for i in 0..<y.count { target[i] = m[i] != 0 ? p[i] : q[i] }
  }

  static let rows: [Row] = [
    Row(
      "where", "Elements of a where the condition holds, of b elsewhere; all three broadcast.", Param("condition", Tensor.self, "bool, or numbers that are not 0"),
      Param("a", Operand.self), Param("b", Operand.self), example: "local x = T.tensor({-1, 2}); return T.where(x:gt(0), x, 0)"
    ) { condition, a, b in try select(condition, a, b) }
  ]
}
