internal import LuaBridge
public import Tensors

/// `Functional.conv1d` with a learned weight (out, in / groups, k) and bias (out).
public final class Conv1d: ConvolutionLayer, @unchecked Sendable {
  /// - Errors: sizes below 1; channels that the groups do not divide.
  public init(
    _ inChannels: Int, _ outChannels: Int, _ kernel: Int, stride: Int = 1, padding: Padding = .size(0), dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initial: InitialValues = .default
  ) throws {
    try super.init(
      "Conv1d", inChannels, outChannels, [kernel], stride: Pair(stride, stride), padding: padding, dilation: Pair(dilation, dilation), groups: groups, bias: bias,
      initial: initial)
  }

  public override func forward(_ x: Tensor) throws -> Tensor {
    try Functional.conv1d(x, weight, bias, stride: stride.width, padding: padding, dilation: dilation.width, groups: groups)
  }

  static let row = Row(
    "Conv1d", Functional.conv1dDoc,
    Param("in_channels", Int.self, "C of x"), Param("out_channels", Int.self, "C of y"), Param("kernel_size", Int.self, "length of the kernel"),
    Param("stride", default: 1, "step of the kernel"), Param("padding", default: Padding.size(0), "zeros at both ends: a number or \"same\""),
    Param("dilation", default: 1, "distance between the kernel's elements"), Param("groups", default: 1, "parts that do not see each other's channels"),
    Param("bias", default: true, "add a learned bias"), Param.option("init", default: InitialValues.default, InitialValues.doc),
    place: .function, mixed: true, example: "return nn.Conv1d(2, 4, 3, {padding = \"same\"})(T.rand(2, 2, 8))"
  ) { try Conv1d($0, $1, $2, stride: $3, padding: $4, dilation: $5, groups: $6, bias: $7, initial: $8) }
}
