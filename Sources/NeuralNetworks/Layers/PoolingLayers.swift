internal import LuaBridge
public import Tensors

/// `Functional.maxPool2d` as a layer.
public final class MaxPool2d: Module, @unchecked Sendable {
  let kernel: Pair, stride: Pair?, padding: Pair, dilation: Pair, ceilMode: Bool
  init(_ kernel: Pair, stride: Pair?, padding: Pair, dilation: Pair, ceilMode: Bool) throws {
    guard kernel.height > 0, kernel.width > 0 else { throw LuaError("MaxPool2d: kernel_size must be at least 1, got \(kernel.luaLiteral)") }
    (self.kernel, self.stride, self.padding, self.dilation, self.ceilMode) = (kernel, stride, padding, dilation, ceilMode)
  }
  public override var summaryLine: String { poolSummary(kernel, stride, padding) }
  public override func forward(_ x: Tensor) throws -> Tensor {
    try Functional.maxPool2d(x, kernel: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
  }
  static let row = Row(
    "MaxPool2d", Functional.maxPool2dDoc, Param("kernel_size", Pair.self, "a number or {h, w}"),
    Param("stride", default: Pair?.none, "step; the kernel's size where left out"), Param("padding", default: 0 as Pair, "places around the image, never chosen"),
    Param("dilation", default: 1 as Pair, "distance between the window's points"), Param("ceil_mode", default: false, "count windows that reach over the edge"),
    place: .function, mixed: true,
    example: "return nn.MaxPool2d(2)(T.rand(1, 1, 4, 4))"
  ) { try MaxPool2d($0, stride: $1, padding: $2, dilation: $3, ceilMode: $4) }
}

/// `Functional.avgPool2d` as a layer.
public final class AvgPool2d: Module, @unchecked Sendable {
  let kernel: Pair, stride: Pair?, padding: Pair, ceilMode: Bool, countIncludePad: Bool
  init(_ kernel: Pair, stride: Pair?, padding: Pair, ceilMode: Bool, countIncludePad: Bool) throws {
    guard kernel.height > 0, kernel.width > 0 else { throw LuaError("AvgPool2d: kernel_size must be at least 1, got \(kernel.luaLiteral)") }
    (self.kernel, self.stride, self.padding, self.ceilMode, self.countIncludePad) = (kernel, stride, padding, ceilMode, countIncludePad)
  }
  public override var summaryLine: String { poolSummary(kernel, stride, padding) }
  public override func forward(_ x: Tensor) throws -> Tensor {
    try Functional.avgPool2d(x, kernel: kernel, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad)
  }
  static let row = Row(
    "AvgPool2d", Functional.avgPool2dDoc, Param("kernel_size", Pair.self, "a number or {h, w}"),
    Param("stride", default: Pair?.none, "step; the kernel's size where left out"), Param("padding", default: 0 as Pair, "zeros around the image"),
    Param("ceil_mode", default: false, "count windows that reach over the edge"), Param("count_include_pad", default: true, "padding counts in the mean"),
    place: .function, mixed: true, example: "return nn.AvgPool2d(2)(T.rand(1, 1, 4, 4))"
  ) { try AvgPool2d($0, stride: $1, padding: $2, ceilMode: $3, countIncludePad: $4) }
}

private func poolSummary(_ kernel: Pair, _ stride: Pair?, _ padding: Pair) -> String {
  "\(kernel.height)x\(kernel.width)" + (stride.map { $0 == kernel ? "" : ", stride \($0.luaLiteral)" } ?? "") + (padding == 0 ? "" : ", padding \(padding.luaLiteral)")
}
