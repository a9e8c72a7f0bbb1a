internal import KernelTable
internal import Tensors

/// The gradients of batch and layer normalisation made of ops that the tape follows, for gradients of gradients;
/// without `create_graph` the kernels' fused forms are used.
///
///     x̂ = (x − mean) r,  r = 1 / √(variance + eps),  h = g weight
///     gx = r (h − mean(h) − x̂ mean(h x̂)) where mean and variance follow x, r h where they do not
enum NormalisationGradients {
  /// gx and x̂ where mean and variance are those of x over `dims`. `weight` broadcasts to x.
  static func following(_ x: Tensor, _ g: Tensor, weight: Tensor?, dims: [Int], eps: Double) throws -> (x: Tensor, hat: Tensor) {
    let centred = try Elementwise.sub(x, Reduction.mean(x, dims: dims, keep: true))
    let variance = try Reduction.mean(Elementwise.unary(.square, centred), dims: dims, keep: true)
    let r = try Elementwise.unary(.rsqrt, Elementwise.add(variance, eps)), hat = try Elementwise.mul(centred, r)
    let h = try weight.map { try Elementwise.mul(g, $0) } ?? g
    let along = try Elementwise.mul(hat, Reduction.mean(Elementwise.mul(h, hat), dims: dims, keep: true))
    let rest = try Elementwise.sub(Elementwise.sub(h, Reduction.mean(h, dims: dims, keep: true)), along)
    return (try Elementwise.mul(rest, r), hat)
  }

  /// gx and x̂ where mean and r are fixed numbers.
  static func fixed(_ x: Tensor, _ g: Tensor, weight: Tensor?, mean: Tensor, r: Tensor) throws -> (x: Tensor, hat: Tensor) {
    let h = try weight.map { try Elementwise.mul(g, $0) } ?? g
    return (try Elementwise.mul(h, r), try Elementwise.mul(Elementwise.sub(x, mean), r))
  }
}
