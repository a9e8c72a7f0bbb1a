internal import LuaBridge
public import Tensors

extension Functional {
  /// Every sample's channels in groups, each group brought to mean 0 and variance 1; then every channel scaled and shifted.
  ///
  /// - Shapes: x, y (N, C, …); weight, bias (C).
  /// - Errors: channels that the groups do not divide.
  /// - Paper: Wu & He 2018, arXiv:1803.08494
  public static func groupNorm(_ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) throws -> Tensor {
    try groupNorm(x, groups: groups, weight: weight, bias: bias, eps: eps, "group_norm")
  }

  static func groupNorm(_ x: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, eps: Double, _ name: String) throws -> Tensor {
    guard x.rank >= 2 else { throw LuaError("\(name): input must be {N,C,…}, got \(x.shape)") }
    let channels = x.shape[1]
    guard groups >= 1, groups <= Swift.max(channels, 1), channels % groups == 0 else {
      throw LuaError("\(name): \(channels) channels cannot be split into \(groups) groups (input \(x.shape))")
    }
    for (tensor, label) in [(weight, "weight"), (bias, "bias")] {
      if let tensor, tensor.shape != Shape(channels) { throw LuaError("\(name): \(label) must have shape {\(channels)}, got \(tensor.shape) (input \(x.shape))") }
    }
    let type = floatType(x, weight, bias), x = try x.to(type)
    let size = x.count / Swift.max(x.shape[0] * groups, 1)
    var y = try layerNorm(x.reshaped(Shape(x.shape[0], groups, size)), shape: [size], eps: eps).reshaped(x.shape)
    var column = Shape(repeating: 1, count: x.rank)
    column[1] = channels
    if let weight { y = try Elementwise.mul(y, weight.to(type).reshaped(column)) }
    if let bias { y = try Elementwise.add(y, bias.to(type).reshaped(column)) }
    return y
  }

  static let groupNormDoc = """
    Brings every sample's groups of channels to mean 0 and variance 1, then scales and shifts every channel: y = (x - mean) / √(variance + eps) · weight + bias.
    Shapes: x, y {N, C, …}; weight, bias {C}.
    Errors: channels that the groups do not divide; a weight or bias of another shape.
    Paper: Wu & He 2018, arXiv:1803.08494
    """

  static let groupNormRows = [
    Row(
      "group_norm", groupNormDoc, Param("x", Tensor.self, "{N, C, …}"), Param("num_groups", Int.self, "groups of channels"),
      Param("weight", default: Tensor?.none, "{C}"), Param("bias", default: Tensor?.none, "{C}"), Param("eps", default: 1e-5, "added to the variance"),
      place: .function, example: "return F.group_norm(T.tensor({{1, 2, 3, 5}, {4, 4, 0, 1}}), 2, T.ones(4), T.zeros(4))"
    ) { x, groups, weight, bias, eps in try groupNorm(x, groups: groups, weight: weight, bias: bias, eps: eps) }
  ]
}
