internal import KernelTable
internal import LuaBridge
public import Tensors

extension Functional {
  /// The cosine of the angle between vectors along a dim (from 0, of the broadcast shape): Σ a b / (max(‖a‖, eps) max(‖b‖, eps)).
  ///
  /// The squared norms are bounded before their roots are taken, so the gradient at a vector of zeros is finite.
  public static func cosineSimilarity(_ x1: Tensor, _ x2: Tensor, dim: Int, eps: Double = 1e-8) throws -> Tensor {
    let shape = try Shape.broadcast(x1.shape, x2.shape, "cosine_similarity"), type = floatType(x1, x2)
    let a = try x1.to(type).expanded(to: shape), b = try x2.to(type).expanded(to: shape)
    func norm(_ x: Tensor) throws -> Tensor {
      try Elementwise.unary(.sqrt, Elementwise.maximum(Reduction.sum(Elementwise.unary(.square, x), dims: [dim]), .number(eps * eps)))
    }
    return try Elementwise.div(Reduction.sum(Elementwise.mul(a, b), dims: [dim]), Elementwise.mul(norm(a), norm(b)))
  }

  static let cosineSimilarityDoc = """
    The cosine of the angle between vectors, Σ a b / (max(‖a‖, eps) max(‖b‖, eps)): 1 the same way, 0 across, -1 opposite.
    Shapes: x1, x2 that broadcast; y their shape without dim.
    Errors: shapes that do not broadcast; a dim they do not have.
    """

  static let cosineSimilarityRows = [
    Row(
      "cosine_similarity", cosineSimilarityDoc, Param("x1", Tensor.self, "any shape"),
      Param("x2", Tensor.self, "broadcasts with it"), Param("dim", default: 2, "the vectors' dim"), Param("eps", default: 1e-8, "the least norm"),
      place: .function, example: "return F.cosine_similarity(T.tensor({{1, 2}, {3, 4}}), T.tensor({{2, 1}, {3, 4}}))"
    ) { x1, x2, dim, eps in
      try cosineSimilarity(x1, x2, dim: Shape.broadcast(x1.shape, x2.shape, "cosine_similarity").dim(dim, "cosine_similarity"), eps: eps)
    }
  ]
}
