public import LuaBridge
public import Tensors

/// What the convolutions share: a weight (out, in / groups, k…), for transposed ones (in, out / groups, k…), a bias (out) and the steps of the kernel.
///
/// - Errors: channels, kernels, strides or dilations below 1; groups that do not divide the channels.
public class ConvolutionLayer: Module, @unchecked Sendable {
  /// The kernels: (out, in / groups, height, width).
  public let weight: Tensor
  /// (out)
  public let bias: Tensor?
  /// Steps of the kernel over the image, and between its own elements.
  public let stride: Pair, dilation: Pair
  /// Zeros around the image.
  public let padding: Padding
  /// Parts that channels are divided into, each with kernels of its own.
  public let groups: Int
  let inChannels: Int, outChannels: Int
  private let kernel: [Int]

  /// - kernel: one size for each dim of the image; a kernel of one dim has `stride`, `padding`, `dilation` in their widths.
  init(
    _ kind: String, _ inChannels: Int, _ outChannels: Int, _ kernel: [Int], stride: Pair, padding: Padding, dilation: Pair, groups: Int, bias: Bool,
    initial: InitialValues, transposed: Bool = false
  ) throws {
    func literal(_ pair: Pair) -> String { kernel.count == 1 ? "\(pair.width)" : pair.luaLiteral }
    guard inChannels > 0, outChannels > 0 else { throw LuaError("\(kind): channels must be at least 1, got \(inChannels) -> \(outChannels)") }
    guard kernel.allSatisfy({ $0 > 0 }) else { throw LuaError("\(kind): kernel_size must be at least 1, got \(literal(Pair(kernel[0], kernel[kernel.count - 1])))") }
    guard stride.height > 0, stride.width > 0 else { throw LuaError("\(kind): stride must be at least 1, got \(literal(stride))") }
    guard dilation.height > 0, dilation.width > 0 else { throw LuaError("\(kind): dilation must be at least 1, got \(literal(dilation))") }
    if case .size(let size) = padding, size.height < 0 || size.width < 0 { throw LuaError("\(kind): padding cannot be negative, got \(literal(size))") }
    guard groups > 0, inChannels % groups == 0, outChannels % groups == 0 else {
      throw LuaError("\(kind): groups = \(groups) must divide \(inChannels) and \(outChannels) channels")
    }
    let channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]
    weight = try Tensor(empty: Shape.checked(channels + kernel, kind), .default)
    self.bias = bias ? try Tensor(empty: Shape(outChannels), .default) : nil
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
    (self.inChannels, self.outChannels, self.kernel) = (inChannels, outChannels, kernel)
    let patch = kernel.reduce(1, *)
    try initial.fill(weight, self.bias, fanIn: channels[1] * patch, fanOut: channels[0] * patch)
    super.init()
    try register(parameter: "weight", weight)
    if let bias = self.bias { try register(parameter: "bias", bias) }
  }

  public override var summaryLine: String {
    func literal(_ pair: Pair) -> String { kernel.count == 1 ? "\(pair.width)" : pair.luaLiteral }
    var text = "\(inChannels) -> \(outChannels), \(kernel.map(String.init).joined(separator: "x"))"
    if stride.width != 1 || stride.height != 1 { text += ", stride \(literal(stride))" }
    switch padding {
    case .same: text += ", padding \"same\""
    case .size(let size): if size != 0 { text += ", padding \(literal(size))" }
    }
    if dilation != 1 { text += ", dilation \(literal(dilation))" }
    if groups != 1 { text += ", groups \(groups)" }
    return text + (bias == nil ? ", no bias" : "")
  }

  public override func property(_ name: String) -> (any LuaValue)? {
    func value(_ pair: Pair) -> any LuaValue { kernel.count == 1 ? pair.width : pair }
    switch name {
    case "in_channels": return inChannels
    case "out_channels": return outChannels
    case "kernel_size": return kernel.count == 1 ? kernel[0] : kernel
    case "stride": return value(stride)
    case "padding": if case .size(let size) = padding { return value(size) } else { return padding }
    case "dilation": return value(dilation)
    case "groups": return groups
    default: return nil
    }
  }
  public override var propertyNames: [String] { ["in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"] }
}
