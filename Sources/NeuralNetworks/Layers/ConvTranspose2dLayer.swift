public import LuaBridge
public import Tensors

/// `Functional.convTranspose2d` with a learned weight (in, out / groups, kh, kw) and bias (out).
public final class ConvTranspose2d: ConvolutionLayer, @unchecked Sendable {
  private let outputPadding: Pair

  /// - Errors: sizes below 1; channels that the groups do not divide; an output padding that is not below stride or dilation.
  public init(
    _ inChannels: Int, _ outChannels: Int, _ kernel: Pair, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0, groups: Int = 1, bias: Bool = true,
    dilation: Pair = 1, initial: InitialValues = .default
  ) throws {
    guard outputPadding.height >= 0, outputPadding.width >= 0 else {
      throw LuaError("ConvTranspose2d: output_padding cannot be negative, got \(outputPadding.luaLiteral)")
    }
    self.outputPadding = outputPadding
    try super.init(
      "ConvTranspose2d", inChannels, outChannels, [kernel.height, kernel.width], stride: stride, padding: .size(padding), dilation: dilation, groups: groups,
      bias: bias, initial: initial, transposed: true)
  }

  public override var summaryLine: String { super.summaryLine + (outputPadding == 0 ? "" : ", output_padding \(outputPadding.luaLiteral)") }
  public override func property(_ name: String) -> (any LuaValue)? { name == "output_padding" ? outputPadding : super.property(name) }
  public override var propertyNames: [String] { super.propertyNames + ["output_padding"] }

  public override func forward(_ x: Tensor) throws -> Tensor {
    guard case .size(let cut) = padding else { return x }  // its padding is always a size
    return try Functional.convTranspose2d(x, weight, bias, stride: stride, padding: cut, outputPadding: outputPadding, groups: groups, dilation: dilation)
  }

  static let row = Row(
    "ConvTranspose2d", Functional.convTranspose2dDoc,
    Param("in_channels", Int.self, "C of x"), Param("out_channels", Int.self, "C of y"), Param("kernel_size", Pair.self, "a number or {h, w}"),
    Param("stride", default: 1 as Pair, "step between windows"), Param("padding", default: 0 as Pair, "rows and columns cut off all around"),
    Param("output_padding", default: 0 as Pair, "rows and columns added at the end"), Param("groups", default: 1, "parts that do not see each other's channels"),
    Param("bias", default: true, "add a learned bias"), Param("dilation", default: 1 as Pair, "distance between the kernel's elements"),
    Param.option("init", default: InitialValues.default, InitialValues.doc),
    place: .function, mixed: true, example: "return nn.ConvTranspose2d(2, 1, 2, {stride = 2})(T.rand(1, 2, 3, 3))"
  ) { try ConvTranspose2d($0, $1, $2, stride: $3, padding: $4, outputPadding: $5, groups: $6, bias: $7, dilation: $8, initial: $9) }
}
