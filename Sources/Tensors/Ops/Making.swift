internal import LuaBridge

/// New tensors: from values, of one value, ranges.
enum Making {
  static let rows: [Row] = [
    Row(
      "zeros", "A tensor of zeros.", Param("shape", ShapeArgument.self), Param.option("dtype", default: ElementType?.none), Param.option("requires_grad", default: false),
      place: .function, example: "return T.zeros(2, 3)"
    ) { shape, type, grad in try finish(Tensor.zeros(shape.shape("zeros"), type ?? .default), grad) },
    Row(
      "ones", "A tensor of ones.", Param("shape", ShapeArgument.self), Param.option("dtype", default: ElementType?.none), Param.option("requires_grad", default: false),
      place: .function, example: "return T.ones(2, 3)"
    ) { shape, type, grad in try finish(Tensor.full(shape.shape("ones"), 1, type ?? .default), grad) },
  ]

  static func finish(_ x: Tensor, _ grad: Bool) throws -> Tensor {
    if grad { try x.requireGrad() }
    return x
  }
}
