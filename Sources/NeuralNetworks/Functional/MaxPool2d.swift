internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// y = the largest value of each window; padding never wins. The gradient goes to the place that won, the first of equals.
  ///
  ///     size of y = (size + 2 padding − dilation (kernel − 1) − 1) / stride + 1, rounded down (up with `ceilMode`)
  ///
  /// - Shapes: x (N, C, H, W) or (C, H, W); y the same with H', W'. `stride` is the kernel's size where left out.
  /// - Errors: padding of more than half the kernel; a kernel larger than the padded image.
  public static func maxPool2d(
    _ x: Tensor, kernel: Pair, stride: Pair? = nil, padding: Pair = 0, dilation: Pair = 1, ceilMode: Bool = false
  ) throws -> Tensor {
    try maxPool(x, kernel: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode, "max_pool2d")
  }

  static func maxPool(
    _ x: Tensor, kernel: Pair, stride: Pair?, padding: Pair, dilation: Pair, ceilMode: Bool, _ name: String
  ) throws -> Tensor {
    let isTimed = Profiler.begin(op: name)
    defer { if isTimed { Profiler.end() } }
    let geometry = try PoolingOps.geometry(x, kernel: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode, name)
    let x = try x.to(floatType(x)), source = try x.contiguous()
    let y = try Tensor(empty: PoolingOps.resized(x.shape, geometry.outHeight, geometry.outWidth), x.type)
    let positions = try PoolingOps.positions(y.shape)
    withExtendedLifetime(source) {
      Pooling.max(width(x), geometry, x: source.pointer, y: y.pointer, positions: PoolingOps.pointer(positions))
    }
    if Tape.follows(x) {
      let shape = x.shape
      try y.follow(name, [x], saving: [positions]) { node, g in [try PoolingOps.scatter(g, node.saved(0), to: shape, name)] }
    }
    return y
  }

  /// `maxPool2d` along one axis: x (N, C, L) or (C, L).
  public static func maxPool1d(_ x: Tensor, kernel: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false) throws -> Tensor {
    try asRows(x, "max_pool1d") { rows in
      try maxPool(
        rows, kernel: Pair(1, kernel), stride: Pair(1, stride ?? kernel), padding: Pair(0, padding), dilation: Pair(1, dilation), ceilMode: ceilMode, "max_pool1d")
    }
  }

  static let maxPool2dDoc = """
    The largest value of each window; the gradient goes to the place that won, the first of equals. Padding never wins.
    Shapes: x {N, C, H, W} or {C, H, W}; y the same with H' = ⌊(H + 2 padding - dilation (kh - 1) - 1) / stride⌋ + 1 (rounded up with ceil_mode), W' alike.
    Errors: another shape; padding of more than half the kernel; a kernel larger than the padded image.
    """

  static let maxPool1dDoc = """
    The largest value of each window along the last dim; padding never wins.
    Shapes: x {N, C, L} or {C, L}; y the same with L' = ⌊(L + 2 padding - dilation (k - 1) - 1) / stride⌋ + 1 (rounded up with ceil_mode).
    Errors: another shape; padding of more than half the kernel; a kernel longer than the padded sequence.
    """

  static let maxPoolRows = [
    Row(
      "max_pool2d", maxPool2dDoc, Param("x", Tensor.self, "{N, C, H, W} or {C, H, W}"),
      Param("kernel_size", Pair.self, "the window: a number or {h, w}"), Param("stride", default: Pair?.none, "step of the window; its size where left out"),
      Param("padding", default: Pair(0, 0), "places around the image that never win, at most half the kernel"),
      Param("dilation", default: Pair(1, 1), "distance between the window's points"),
      Param("ceil_mode", default: false, "round the output's size up"), place: .function,
      example: "return F.max_pool2d(T.ones(1, 2, 4, 4), 2)"
    ) { x, kernel, stride, padding, dilation, ceil in
      try maxPool2d(x, kernel: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceil)
    },
    Row(
      "max_pool1d", maxPool1dDoc, Param("x", Tensor.self, "{N, C, L} or {C, L}"),
      Param("kernel_size", Int.self, "the window"), Param("stride", default: Int?.none, "step of the window; its size where left out"),
      Param("padding", default: 0, "places at both ends that never win, at most half the kernel"),
      Param("dilation", default: 1, "distance between the window's points"), Param("ceil_mode", default: false, "round the output's size up"),
      place: .function, example: "return F.max_pool1d(T.ones(1, 2, 6), 3)"
    ) { x, kernel, stride, padding, dilation, ceil in
      try maxPool1d(x, kernel: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceil)
    },
  ]
}
