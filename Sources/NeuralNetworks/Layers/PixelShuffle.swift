internal import LuaBridge
internal import Tensors

/// Channels become finer pixels: each group of r² channels fills an r × r block.
///
///     y[n, c, h r + i, w r + j] = x[n, c r² + i r + j, h, w]
///
/// - Shapes: x (N, C r², H, W), y (N, C, H r, W r).
/// - Errors: x is not of 4 dims, or its channels do not divide by r².
/// - Paper: Shi et al. 2016, arXiv:1609.05158
enum PixelShuffle {
  static func shuffle(_ x: Tensor, _ r: Int) throws -> Tensor {
    let (square, overflow) = r.multipliedReportingOverflow(by: r)
    guard x.rank == 4, !overflow, x.shape[1] % square == 0 else {
      throw LuaError("PixelShuffle: the input must be (N, C r², H, W) with r = \(r), got \(x.shape)")
    }
    let (n, c, h, w) = (x.shape[0], x.shape[1] / square, x.shape[2], x.shape[3])
    // Only an empty image can be that large.
    let (high, a) = h.multipliedReportingOverflow(by: r), (wide, b) = w.multipliedReportingOverflow(by: r)
    guard !a, !b else { throw LuaError("PixelShuffle: \(x.shape) by \(r) is larger than any tensor") }
    return try x.reshaped(Shape(n, c, r, r, h, w)).permuted([0, 1, 4, 2, 5, 3]).reshaped(Shape.checked([n, c, high, wide], "PixelShuffle"))
  }

  static let row = Row(
    "PixelShuffle",
    """
    Channels become finer pixels: y[n, c, h r + i, w r + j] = x[n, c r² + i r + j, h, w], counted from 0.
    Shapes: x (N, C r², H, W), y (N, C, H r, W r).
    Errors: an input that is not of 4 dims, or whose channels do not divide by r²; a factor below 1.
    Paper: Shi et al. 2016, arXiv:1609.05158
    """, Param("upscale_factor", Int.self, "r"), place: .function, mixed: true, example: "return nn.PixelShuffle(2)(T.rand(1, 4, 2, 3))", returns: "PixelShuffle"
  ) { r in
    guard r >= 1 else { throw LuaError("PixelShuffle: upscale_factor must be at least 1, got \(r)") }
    return FormulaLayer("PixelShuffle", "\(r)") { try shuffle($0, r) }
  }
}
