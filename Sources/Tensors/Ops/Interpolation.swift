internal import LuaBridge

/// y = start + weight (end - start)
enum Interpolation {
  /// From the nearer end, so that weight 0 gives `start` and weight 1 gives `end` exactly.
  static func lerp(_ start: Tensor, _ end: Tensor, _ weight: Operand) throws -> Tensor {
    let way = try Elementwise.sub(end, start)
    if weight.tensor == nil, weight.value >= 0.5 { return try Elementwise.sub(end, Elementwise.mul(way, 1 - weight.value)) }
    return try Elementwise.add(start, Arithmetic.mul.apply(.tensor(way), weight))
  }

  private static let end = Param("other", Tensor.self, "the end: what weight 1 gives")
  private static let weight = Param("weight", Operand.self, "a number or a tensor that broadcasts")

  static let rows: [Row] = [
    Row(
      "lerp",
      """
      The point between x and other, x + weight (other - x), element by element.
      Shapes: x, other and weight broadcast.
      Errors: shapes that do not broadcast.
      """, Param("x", Tensor.self, "the start: what weight 0 gives"), end, weight,
      example: "return T.zeros(2):lerp(T.ones(2), 0.25)"
    ) {
      x, end, weight in try lerp(x, end, weight)
    },
    Row(
      "lerp_",
      """
      The point between x and other, x + weight (other - x), in place.
      Shapes: other and weight broadcast to x.
      Errors: shapes that do not broadcast to x; a tensor whose gradients are recorded.
      """, Param("x", Tensor.self, "changed"), end, weight, place: .method, example: "return T.zeros(2):lerp_(T.ones(2), 0.25)"
    ) {
      x, end, weight in
      try x.checkWritable("lerp_")
      return try x.replace("lerp_", with: lerp(Tape.follows([x, end]) || weight.node != nil ? x.before() : x, end, weight))
    },
  ]
}
