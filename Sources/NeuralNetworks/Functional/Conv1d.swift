internal import LuaBridge
public import Tensors

extension Functional {
  /// One-dimensional convolution: `conv2d` of images one row high.
  ///
  /// - Shapes: x (N, in, L) or (in, L); weight (out, in / groups, k); bias (out); y (N, out, L') or (out, L').
  /// - Errors: as `conv2d`.
  public static func conv1d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Padding = .size(0), dilation: Int = 1, groups: Int = 1
  ) throws -> Tensor {
    guard x.rank == 3 || x.rank == 2 else { throw LuaError("conv1d: input must be {N,C,L} or {C,L}, got \(x.shape)") }
    guard weight.rank == 3 else { throw LuaError("conv1d: weight must be {out, in/groups, k}, got \(weight.shape)") }
    let sizes = x.shape.array.suffix(2)
    let rows = try x.reshaped(Shape([x.rank == 3 ? x.shape[0] : 1, sizes[sizes.startIndex], 1, sizes[sizes.startIndex + 1]]))
    let kernel = try weight.reshaped(Shape(weight.shape[0], weight.shape[1], 1, weight.shape[2]))
    var padding = padding
    if case .size(let pair) = padding { padding = .size(Pair(0, pair.width)) }
    let call = ConvolutionCall(name: "conv1d", input: x.shape, weight: weight.shape)
    let y = try convolve(rows, kernel, bias, stride: Pair(1, stride), padding: padding, dilation: Pair(1, dilation), groups: groups, call)
    return try y.reshaped(x.rank == 3 ? Shape(y.shape[0], y.shape[1], y.shape[3]) : Shape(y.shape[1], y.shape[3]))
  }

  static let conv1dDoc = """
    One-dimensional convolution: y[n, o, i] = bias[o] + Σ x[n, c, i·stride + u·dilation - padding] · weight[o, c, u].
    Shapes: x {N, in, L} or {in, L}; weight {out, in / groups, k}; bias {out}; y {N, out, L'} or {out, L'}, L' = ⌊(L + 2 padding - dilation (k - 1) - 1) / stride⌋ + 1.
    Errors: channels that do not fit; a kernel longer than the padded sequence; "same" with a stride.
    """

  static let conv1dRows = [
    Row(
      "conv1d", conv1dDoc, Param("x", Tensor.self, "{N, in, L} or {in, L}"),
      Param("weight", Tensor.self, "{out, in / groups, k}"), Param("bias", default: Tensor?.none, "{out}"),
      Param("stride", default: 1, "step of the kernel"), Param("padding", default: Padding.size(0), "zeros at both ends: a number or \"same\""),
      Param("dilation", default: 1, "distance between the kernel's points"), Param("groups", default: 1, "groups of channels that are kept apart"),
      place: .function, example: "return F.conv1d(T.ones(1, 2, 6), T.ones(3, 2, 3), nil, {padding = \"same\"})"
    ) { x, weight, bias, stride, padding, dilation, groups in
      try conv1d(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
  ]
}
