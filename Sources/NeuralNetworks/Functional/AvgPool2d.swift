internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// y = the mean of each window; its gradient spreads each value evenly over its window.
  ///
  /// - countIncludePad: padding counts as zeros; otherwise the mean is of the values within the image alone.
  /// - Shapes: x (N, C, H, W) or (C, H, W); y the same with H', W', sizes as `maxPool2d`. `stride` is the kernel's size where left out.
  /// - Errors: padding of more than half the kernel; a kernel larger than the padded image.
  public static func avgPool2d(
    _ x: Tensor, kernel: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false, countIncludePad: Bool = true
  ) throws -> Tensor {
    try avgPool(x, kernel: kernel, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad, "avg_pool2d")
  }

  static func avgPool(
    _ x: Tensor, kernel: Pair, stride: Pair?, padding: Pair, ceilMode: Bool, countIncludePad: Bool, _ name: String
  ) throws -> Tensor {
    let isTimed = Profiler.begin(op: name)
    defer { if isTimed { Profiler.end() } }
    let geometry = try PoolingOps.geometry(x, kernel: kernel, stride: stride, padding: padding, dilation: 1, ceilMode: ceilMode, name)
    return try average(x.to(floatType(x)), geometry, countIncludePad)
  }

  private static func average(_ x: Tensor, _ geometry: PoolingGeometry, _ counted: Bool) throws -> Tensor {
    let source = try x.contiguous(), y = try Tensor(empty: PoolingOps.resized(x.shape, geometry.outHeight, geometry.outWidth), x.type)
    withExtendedLifetime(source) { Pooling.average(width(x), geometry, x: source.pointer, y: y.pointer, countIncludePad: counted) }
    if Tape.follows(x) {
      try y.follow("avg_pool2d", [x]) { _, g in [try spread(g, geometry, counted)] }
    }
    return y
  }

  private static func spread(_ g: Tensor, _ geometry: PoolingGeometry, _ counted: Bool) throws -> Tensor {
    let source = try g.contiguous(), gx = try Tensor(empty: PoolingOps.resized(g.shape, geometry.inHeight, geometry.inWidth), g.type)
    withExtendedLifetime(source) {
      Pooling.averageBackward(width(g), geometry, gradOutput: source.pointer, gradInput: gx.pointer, countIncludePad: counted)
    }
    if Tape.follows(g) {
      try gx.follow("avg_pool2d", [g]) { _, h in [try average(h, geometry, counted)] }
    }
    return gx
  }

  static let avgPool2dDoc = """
    The mean of each window.
    Shapes: x {N, C, H, W} or {C, H, W}; y the same with H' = ⌊(H + 2 padding - kh) / stride⌋ + 1 (rounded up with ceil_mode), W' alike.
    Errors: another shape; padding of more than half the kernel; a kernel larger than the padded image.
    """

  static let avgPoolRows = [
    Row(
      "avg_pool2d", avgPool2dDoc, Param("x", Tensor.self, "{N, C, H, W} or {C, H, W}"),
      Param("kernel_size", Pair.self, "the window: a number or {h, w}"), Param("stride", default: Pair?.none, "step of the window; its size where left out"),
      Param("padding", default: Pair(0, 0), "zeros around the image, at most half the kernel"), Param("ceil_mode", default: false, "round the output's size up"),
      Param("count_include_pad", default: true, "whether padding counts in the mean"), place: .function,
      example: "return F.avg_pool2d(T.ones(1, 2, 4, 4), 2)"
    ) { x, kernel, stride, padding, ceil, counted in
      try avgPool2d(x, kernel: kernel, stride: stride, padding: padding, ceilMode: ceil, countIncludePad: counted)
    }
  ]
}
