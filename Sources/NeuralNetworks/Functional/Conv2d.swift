internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// Two-dimensional convolution (as everywhere in this field, without turning the kernel round).
  ///
  ///     y[n, o, i, j] = bias[o] + Σ x[n, c, i·stride + u·dilation − padding, …] · weight[o, c, u, v]
  ///     size of y = (size + 2 padding − dilation (kernel − 1) − 1) / stride + 1, rounded down
  ///
  /// - Shapes: x (N, in, H, W) or (in, H, W); weight (out, in / groups, kh, kw); bias (out); y (N, out, H', W') or (out, H', W').
  /// - Errors: channels that do not fit; a kernel larger than the padded image; `same` with a stride.
  public static func conv2d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Pair = 1, padding: Padding = .size(0), dilation: Pair = 1, groups: Int = 1
  ) throws -> Tensor {
    guard x.rank == 4 || x.rank == 3 else { throw LuaError("conv2d: input must be {N,C,H,W} or {C,H,W}, got \(x.shape)") }
    guard weight.rank == 4 else { throw LuaError("conv2d: weight must be {out, in/groups, kh, kw}, got \(weight.shape)") }
    let images = try x.rank == 4 ? x : x.reshaped(Shape([1] + x.shape.array))
    let call = ConvolutionCall(name: "conv2d", input: x.shape, weight: weight.shape)
    let y = try convolve(images, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups, call)
    return x.rank == 4 ? y : try y.reshaped(Shape(y.shape.array.dropFirst()))
  }

  /// What errors name: the function the script called and the shapes as it gave them.
  struct ConvolutionCall {
    let name: String
    let input: Shape
    /// nil where the script gave a size alone.
    let weight: Shape?
    var shapes: String { weight.map { "input \(input), weight \($0)" } ?? "input \(input)" }
  }

  /// Convolution of (N, C, H, W), after all checks.
  static func convolve(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, stride: Pair, padding: Padding, dilation: Pair, groups: Int, _ call: ConvolutionCall,
    relu: Bool = false
  ) throws -> Tensor {
    let geometry = try geometry(x.shape, weight.shape, bias, stride: stride, padding: padding, dilation: dilation, groups: groups, call)
    let type = floatType(x, weight, bias)
    return try ConvolutionOps.forward(x.to(type), weight.to(type), bias?.to(type), geometry, call.name, relu: relu)
  }

  /// Checks everything a convolution can be asked.
  static func geometry(
    _ x: Shape, _ weight: Shape, _ bias: Tensor?, stride: Pair, padding: Padding, dilation: Pair, groups: Int, _ call: ConvolutionCall,
    relu: Bool = false
  ) throws -> ConvolutionGeometry {
    let stride = try stride.checked("stride", atLeast: 1, call.name), dilation = try dilation.checked("dilation", atLeast: 1, call.name)
    guard groups >= 1 else { throw LuaError("\(call.name): groups must be at least 1, got \(groups)") }
    let (expected, overflow) = weight[1].multipliedReportingOverflow(by: groups)
    guard !overflow, x[1] == expected else {
      let by = groups > 1 ? " (\(weight[1]) in each of \(groups) groups)" : ""
      throw LuaError("\(call.name): input has \(x[1]) channels, weight expects \(overflow ? Int.max : expected)\(by) (\(call.shapes))")
    }
    guard weight[0] % groups == 0 else {
      throw LuaError("\(call.name): \(weight[0]) output channels cannot be split into \(groups) groups (\(call.shapes))")
    }
    guard weight[1] > 0, weight[2] > 0, weight[3] > 0 else { throw LuaError("\(call.name): an empty kernel (\(call.shapes))") }
    _ = try Pair(weight[2], weight[3]).checked("kernel", atLeast: 1, call.name)
    _ = try Pair(x[2], x[3]).checked("image", atLeast: 0, call.name)
    let before: Pair, after: Pair
    switch padding {
    case .size(let size):
      before = try size.checked("padding", atLeast: 0, call.name)
      after = before
    case .same:
      guard stride == 1 else { throw LuaError("\(call.name): padding \"same\" needs stride 1, got \(stride.luaLiteral)") }
      let span = Pair(dilation.height * (weight[2] - 1), dilation.width * (weight[3] - 1))
      before = Pair(span.height / 2, span.width / 2)
      after = Pair(span.height - before.height, span.width - before.width)
    }
    let geometry = ConvolutionGeometry(
      batch: x[0], inChannels: x[1], inHeight: x[2], inWidth: x[3], outChannels: weight[0], kernelHeight: weight[2], kernelWidth: weight[3],
      strideHeight: stride.height, strideWidth: stride.width, paddingTop: before.height, paddingBottom: after.height, paddingLeft: before.width,
      paddingRight: after.width, dilationHeight: dilation.height, dilationWidth: dilation.width, groups: groups)
    guard geometry.outHeight > 0, geometry.outWidth > 0 else {
      let kernel = Pair(dilation.height * (weight[2] - 1) + 1, dilation.width * (weight[3] - 1) + 1)
      let padded = Pair(x[2] + before.height + after.height, x[3] + before.width + after.width)
      let spread = dilation == 1 ? "" : " (spread by dilation \(dilation.luaLiteral))"
      throw LuaError("\(call.name): the kernel \(kernel)\(spread) is larger than the padded image \(padded) (\(call.shapes))")
    }
    if let bias, bias.shape != Shape(weight[0]) {
      throw LuaError("\(call.name): bias must have shape {\(weight[0])}, got \(bias.shape) (\(call.shapes))")
    }
    _ = try Shape.checked([x[0], weight[0], geometry.outHeight, geometry.outWidth], call.name)
    return geometry
  }

  static let conv2dDoc = """
    Two-dimensional convolution: y[n, o, i, j] = bias[o] + Σ x[n, c, i·stride + u·dilation - padding, …] · weight[o, c, u, v].
    Shapes: x {N, in, H, W} or {in, H, W}; weight {out, in / groups, kh, kw}; bias {out}; y {N, out, H', W'} or {out, H', W'}, H' = ⌊(H + 2 padding - dilation (kh - 1) - 1) / stride⌋ + 1, W' alike.
    Errors: channels that do not fit; a kernel larger than the padded image; "same" with a stride.
    Paper: LeCun et al. 1989, "Backpropagation Applied to Handwritten Zip Code Recognition"
    """

  static let conv2dRows = [
    Row(
      "conv2d", conv2dDoc,
      Param("x", Tensor.self, "{N, in, H, W} or {in, H, W}"), Param("weight", Tensor.self, "{out, in / groups, kh, kw}"),
      Param("bias", default: Tensor?.none, "{out}"), Param("stride", default: Pair(1, 1), "step of the kernel: a number or {h, w}"),
      Param("padding", default: Padding.size(0), "zeros around the image: a number, {h, w} or \"same\""),
      Param("dilation", default: Pair(1, 1), "distance between the kernel's points"),
      Param("groups", default: 1, "groups of channels that are kept apart"), place: .function,
      example: "return F.conv2d(T.ones(1, 2, 5, 5), T.ones(3, 2, 3, 3), T.ones(3), {stride = 2, padding = 1})"
    ) { x, weight, bias, stride, padding, dilation, groups in
      try conv2d(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
  ]
}
