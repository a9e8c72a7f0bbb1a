internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// The transposed convolution: what `conv2d` does to the gradient of its input. It spreads every value of x over a kernel's window.
  ///
  ///     y[n, o, i·stride + u·dilation − padding, …] += x[n, c, i, j] · weight[c, o, u, v]
  ///     size of y = (size − 1) stride − 2 padding + dilation (kernel − 1) + output_padding + 1
  ///
  /// - Shapes: x (N, in, H, W) or (in, H, W); weight (in, out / groups, kh, kw); bias (out).
  /// - Errors: channels that do not fit; `outputPadding` not below the stride; an empty result.
  public static func convTranspose2d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0, groups: Int = 1,
    dilation: Pair = 1
  ) throws -> Tensor {
    let name = "conv_transpose2d"
    guard x.rank == 4 || x.rank == 3 else { throw LuaError("\(name): input must be {N,C,H,W} or {C,H,W}, got \(x.shape)") }
    guard weight.rank == 4 else { throw LuaError("\(name): weight must be {in, out/groups, kh, kw}, got \(weight.shape)") }
    let type = floatType(x, weight, bias)
    let images = try (x.rank == 4 ? x : x.reshaped(Shape([1] + x.shape.array))).to(type), shapes = "input \(x.shape), weight \(weight.shape)"
    let stride = try stride.checked("stride", atLeast: 1, name), padding = try padding.checked("padding", atLeast: 0, name)
    let dilation = try dilation.checked("dilation", atLeast: 1, name), extra = try outputPadding.checked("output_padding", atLeast: 0, name)
    guard extra.height < stride.height, extra.width < stride.width else {
      throw LuaError("\(name): output_padding \(extra.luaLiteral) must be smaller than the stride \(stride.luaLiteral)")
    }
    guard groups >= 1, images.shape[1] % groups == 0 else {
      throw LuaError("\(name): \(images.shape[1]) input channels cannot be split into \(groups) groups (\(shapes))")
    }
    guard images.shape[1] == weight.shape[0] else {
      throw LuaError("\(name): input has \(images.shape[1]) channels, weight expects \(weight.shape[0]) (\(shapes))")
    }
    guard weight.count > 0, images.shape[2] > 0, images.shape[3] > 0 else { throw LuaError("\(name): an empty kernel or image (\(shapes))") }
    _ = try Pair(weight.shape[2], weight.shape[3]).checked("kernel", atLeast: 1, name)
    _ = try Pair(images.shape[2], images.shape[3]).checked("image", atLeast: 1, name)
    let outputs = weight.shape[1].multipliedReportingOverflow(by: groups)
    guard !outputs.overflow else { throw LuaError("\(name): groups is too large, got \(groups)") }
    if let bias, bias.shape != Shape(outputs.partialValue) {
      throw LuaError("\(name): bias must have shape {\(outputs.partialValue)}, got \(bias.shape) (\(shapes))")
    }
    let height = (images.shape[2] - 1) * stride.height - 2 * padding.height + dilation.height * (weight.shape[2] - 1) + extra.height + 1
    let width = (images.shape[3] - 1) * stride.width - 2 * padding.width + dilation.width * (weight.shape[3] - 1) + extra.width + 1
    guard height > 0, width > 0 else { throw LuaError("\(name): the result would be empty: {\(height),\(width)} (\(shapes))") }
    _ = try Shape.checked([images.shape[0], outputs.partialValue, height, width], name)
    let geometry = ConvolutionGeometry(
      batch: images.shape[0], inChannels: outputs.partialValue, inHeight: height, inWidth: width, outChannels: images.shape[1],
      kernelHeight: weight.shape[2], kernelWidth: weight.shape[3], strideHeight: stride.height, strideWidth: stride.width,
      paddingTop: padding.height, paddingBottom: padding.height, paddingLeft: padding.width, paddingRight: padding.width,
      dilationHeight: dilation.height, dilationWidth: dilation.width, groups: groups)
    var y = try ConvolutionOps.inputGradient(images, weight.to(type), geometry, name)
    if let bias { y = try Elementwise.add(y, bias.to(type).reshaped(Shape(outputs.partialValue, 1, 1))) }
    return x.rank == 4 ? y : try y.reshaped(Shape(y.shape.array.dropFirst()))
  }

  static let convTranspose2dDoc = """
    Transposed convolution, the way back to a larger image: y[n, o, i·stride + u·dilation - padding, …] += x[n, c, i, j] · weight[c, o, u, v].
    Shapes: x {N, in, H, W} or {in, H, W}; weight {in, out / groups, kh, kw}; bias {out}; y {N, out, H', W'} or {out, H', W'}, H' = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1, W' alike.
    Errors: channels that do not fit; an output_padding that is not below the stride; an empty result.
    Paper: Dumoulin & Visin 2016, arXiv:1603.07285
    """

  static let convTranspose2dRows = [
    Row(
      "conv_transpose2d", convTranspose2dDoc,
      Param("x", Tensor.self, "{N, in, H, W} or {in, H, W}"), Param("weight", Tensor.self, "{in, out / groups, kh, kw}"),
      Param("bias", default: Tensor?.none, "{out}"), Param("stride", default: Pair(1, 1), "step between windows: a number or {h, w}"),
      Param("padding", default: Pair(0, 0), "rows and columns cut off all around"),
      Param("output_padding", default: Pair(0, 0), "rows and columns added at the end"), Param("groups", default: 1, "groups of channels that are kept apart"),
      Param("dilation", default: Pair(1, 1), "distance between the kernel's points"), place: .function,
      example: "return F.conv_transpose2d(T.ones(1, 2, 3, 3), T.ones(2, 1, 2, 2), nil, {stride = 2})"
    ) { x, weight, bias, stride, padding, extra, groups, dilation in
      try convTranspose2d(x, weight, bias, stride: stride, padding: padding, outputPadding: extra, groups: groups, dilation: dilation)
    }
  ]
}
