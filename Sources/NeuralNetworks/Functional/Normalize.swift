internal import KernelTable
internal import LuaBridge
public import Tensors

extension Functional {
  /// x / max(‖x‖ₚ, eps) along a dim (from 0): vectors of length 1.
  public static func normalize(_ x: Tensor, p: Double = 2, dim: Int, eps: Double = 1e-12) throws -> Tensor {
    let x = try x.to(floatType(x))
    return try Elementwise.div(x, Elementwise.maximum(Reduction.norm(x, p, dims: [dim], keep: true), .number(eps)))
  }

  /// ‖x1 − x2 + eps‖ₚ over the last dim.
  public static func pairwiseDistance(_ x1: Tensor, _ x2: Tensor, p: Double = 2, eps: Double = 1e-6, keep: Bool = false) throws -> Tensor {
    let name = "pairwise_distance", type = floatType(x1, x2)
    guard try Shape.broadcast(x1.shape, x2.shape, name).count > 0 else { throw LuaError("\(name): inputs must have a dim, got single numbers") }
    let difference = try Elementwise.add(Elementwise.sub(x1.to(type), x2.to(type)), eps)
    return try Reduction.norm(difference, p, dims: [difference.rank - 1], keep: keep)
  }

  static let normalizeRows = [
    Row(
      "normalize",
      """
      Vectors of length 1: x / max(‖x‖ₚ, eps) along a dim.
      Shapes: x any; y as x.
      Errors: a dim that x does not have; a p that is NaN.
      """, Param("x", Tensor.self, "any shape"), Param("p", default: 2.0, "the norm's exponent"), Param("dim", default: 2, "the vectors' dim"),
      Param("eps", default: 1e-12, "the least norm"), place: .function, example: "return F.normalize(T.tensor({{3, 4}, {0, 2}}))"
    ) { x, p, dim, eps in try normalize(x, p: p, dim: x.shape.dim(dim, "normalize"), eps: eps) },
    Row(
      "pairwise_distance",
      """
      The distance between vectors, ‖x1 - x2 + eps‖ₚ over the last dim.
      Shapes: x1, x2 {N, D} or {D}, or any that broadcast; y their shape without the last dim.
      Errors: shapes that do not broadcast; a p that is NaN.
      """, Param("x1", Tensor.self, "{N, D}"), Param("x2", Tensor.self, "broadcasts with it"), Param("p", default: 2.0, "the norm's exponent"),
      Param("eps", default: 1e-6, "added to the differences"), Param("keepdim", default: false, "keep the last dim with size 1"), place: .function,
      example: "return F.pairwise_distance(T.tensor({{1, 2}}), T.tensor({{4, 6}}))"
    ) { x1, x2, p, eps, keep in try pairwiseDistance(x1, x2, p: p, eps: eps, keep: keep) },
  ]
}
