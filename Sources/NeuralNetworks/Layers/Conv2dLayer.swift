internal import LuaBridge
public import Tensors

/// `Functional.conv2d` with a learned weight (out, in / groups, kh, kw) and bias (out).
public final class Conv2d: ConvolutionLayer, @unchecked Sendable {
  /// - Errors: sizes below 1; channels that the groups do not divide.
  public init(
    _ inChannels: Int, _ outChannels: Int, _ kernel: Pair, stride: Pair = 1, padding: Padding = .size(0), dilation: Pair = 1, groups: Int = 1, bias: Bool = true,
    initial: InitialValues = .default
  ) throws {
    try super.init(
      "Conv2d", inChannels, outChannels, [kernel.height, kernel.width], stride: stride, padding: padding, dilation: dilation, groups: groups, bias: bias,
      initial: initial)
  }

  public override func forward(_ x: Tensor) throws -> Tensor {
    try Functional.conv2d(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }

  static let row = Row(
    "Conv2d", Functional.conv2dDoc,
    Param("in_channels", Int.self, "C of x"), Param("out_channels", Int.self, "C of y"), Param("kernel_size", Pair.self, "a number or {h, w}"),
    Param("stride", default: 1 as Pair, "step of the kernel"), Param("padding", default: Padding.size(0), "zeros around the image, or \"same\""),
    Param("dilation", default: 1 as Pair, "distance between the kernel's elements"), Param("groups", default: 1, "parts that do not see each other's channels"),
    Param("bias", default: true, "add a learned bias"), Param.option("init", default: InitialValues.default, InitialValues.doc),
    place: .function, mixed: true, example: "return nn.Conv2d(1, 4, 3, {padding = 1})(T.rand(2, 1, 8, 8))"
  ) { try Conv2d($0, $1, $2, stride: $3, padding: $4, dilation: $5, groups: $6, bias: $7, initial: $8) }
}
