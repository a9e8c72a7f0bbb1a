internal import LuaBridge
public import Tensors

/// Convolution of images (cross-correlation, as everywhere in this field).
///
///     y[n, o] = bias[o] + Σ_c weight[o, c] ⋆ x[n, c]
///
/// - Shapes: x (N, in, H, W); weight (out, in / groups, kh, kw); bias (out); y (N, out, H', W'),
///   H' = ⌊(H + 2 padding - dilation (kh - 1) - 1) / stride⌋ + 1.
/// - Errors: another number of channels; a kernel larger than the padded image.
public final class Conv2d: Module, @unchecked Sendable {
  public let weight: Tensor
  public let bias: Tensor?
  public let stride: Pair, dilation: Pair
  public let padding: Padding
  public let groups: Int

  public init(
    _ inChannels: Int, _ outChannels: Int, _ kernel: Pair, stride: Pair = 1, padding: Padding = .size(0), dilation: Pair = 1, groups: Int = 1, bias: Bool = true,
    initial: InitialValues = .default
  ) throws {
    guard inChannels > 0, outChannels > 0 else { throw LuaError("Conv2d: channels must be at least 1, got \(inChannels) -> \(outChannels)") }
    guard kernel.height > 0, kernel.width > 0 else { throw LuaError("Conv2d: kernel_size must be at least 1, got \(kernel.luaLiteral)") }
    guard stride.height > 0, stride.width > 0 else { throw LuaError("Conv2d: stride must be at least 1, got \(stride.luaLiteral)") }
    guard dilation.height > 0, dilation.width > 0 else { throw LuaError("Conv2d: dilation must be at least 1, got \(dilation.luaLiteral)") }
    if case .size(let size) = padding, size.height < 0 || size.width < 0 { throw LuaError("Conv2d: padding cannot be negative, got \(size.luaLiteral)") }
    guard groups > 0, inChannels % groups == 0, outChannels % groups == 0 else {
      throw LuaError("Conv2d: groups = \(groups) must divide \(inChannels) and \(outChannels) channels")
    }
    weight = try Tensor(empty: Shape.checked([outChannels, inChannels / groups, kernel.height, kernel.width], "Conv2d"), .default)
    self.bias = bias ? try Tensor(empty: Shape(outChannels), .default) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    let patch = kernel.height * kernel.width
    try initial.fill(weight, self.bias, fanIn: inChannels / groups * patch, fanOut: outChannels / groups * patch)
    super.init()
    try register(parameter: "weight", weight)
    if let bias = self.bias { try register(parameter: "bias", bias) }
  }

  public override var summaryLine: String {
    var text = "\(weight.shape[1] * groups) -> \(weight.shape[0]), \(weight.shape[2])x\(weight.shape[3])"
    if stride != 1 { text += ", stride \(stride.luaLiteral)" }
    if padding != .size(0) { text += ", padding \(padding.luaLiteral)" }
    if dilation != 1 { text += ", dilation \(dilation.luaLiteral)" }
    if groups != 1 { text += ", groups \(groups)" }
    return text + (bias == nil ? ", no bias" : "")
  }
  public override func forward(_ x: Tensor) throws -> Tensor {
    try Functional.conv2d(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }

  static let row = Row(
    "Conv2d", "Convolution of images. Shapes: x (N, in, H, W); weight (out, in / groups, kh, kw); bias (out); y (N, out, H', W').",
    Param("in_channels", Int.self, "C of x"), Param("out_channels", Int.self, "C of y"), Param("kernel_size", Pair.self, "a number or {h, w}"),
    Param("stride", default: 1 as Pair, "step of the kernel"), Param("padding", default: Padding.size(0), "zeros around the image, or \"same\""),
    Param("dilation", default: 1 as Pair, "distance between the kernel's elements"), Param("groups", default: 1, "parts that do not see each other's channels"),
    Param("bias", default: true, "add a learned bias"), Param.option("init", default: InitialValues.default, InitialValues.doc),
    place: .function, mixed: true, example: "return nn.Conv2d(1, 4, 3, {padding = 1})(T.rand(2, 1, 8, 8))"
  ) { try Conv2d($0, $1, $2, stride: $3, padding: $4, dilation: $5, groups: $6, bias: $7, initial: $8) }
}
