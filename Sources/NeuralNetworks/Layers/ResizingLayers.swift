internal import LuaBridge
internal import Tensors

/// Pooling along one axis, pooling to a given size, and resizing; the formulas stand in `Functional`.
enum ResizingLayers {
  private static func window(_ kernel: Int, _ stride: Int?, _ padding: Int, _ name: String) throws -> String {
    guard kernel > 0 else { throw LuaError("\(name): kernel_size must be at least 1, got \(kernel)") }
    guard stride ?? 1 > 0 else { throw LuaError("\(name): stride must be at least 1, got \(stride ?? 1)") }
    guard padding >= 0, padding <= kernel / 2 else { throw LuaError("\(name): padding \(padding) must be 0 to half the kernel \(kernel)") }
    return "\(kernel)" + (stride.map { $0 == kernel ? "" : ", stride \($0)" } ?? "") + (padding == 0 ? "" : ", padding \(padding)")
  }

  private static func adaptive<S: LuaValue>(
    _ name: String, _ doc: String, _ size: Param<S>, example: String, check: @escaping @Sendable (S) throws -> Void,
    _ formula: @escaping @Sendable (Tensor, S) throws -> Tensor
  ) -> Row {
    Row(name, doc, size, place: .function, mixed: true, example: "return nn.\(name)(2)(\(example))", returns: name) { (size: S) in
      try check(size)
      return FormulaLayer(name, size.luaLiteral) { try formula($0, size) }
    }
  }

  private static func pairs(_ name: String, _ doc: String, _ formula: @escaping @Sendable (Tensor, Pair) throws -> Tensor) -> Row {
    adaptive(
      name, doc, Param("output_size", ImageSize.self, "a number or {h, w}"), example: "T.rand(1, 2, 5, 7)",
      check: { _ = try $0.pair.checked("output_size", atLeast: 1, name) }
    ) { try formula($0, $1.pair) }
  }

  /// A pair that stands alone: `nn.AdaptiveAvgPool2d{4, 3}` is one size.
  private struct ImageSize: LuaValue {
    let pair: Pair
    static var luaName: String { Pair.luaName }
    static var takesList: Bool { true }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> ImageSize { ImageSize(pair: try Pair.decode(stack, index)) }
    func push(_ stack: LuaStack) { pair.push(stack) }
    var luaLiteral: String { pair.luaLiteral }
  }

  private static func lengths(_ name: String, _ doc: String, _ formula: @escaping @Sendable (Tensor, Int) throws -> Tensor) -> Row {
    adaptive(
      name, doc, Param("output_size", Int.self, "the new length"), example: "T.rand(1, 2, 7)",
      check: { size in
        guard size > 0 else { throw LuaError("\(name): output_size must be at least 1, got \(size)") }
      }, formula)
  }

  static let rows: [Row] = [
    Row(
      "MaxPool1d", Functional.maxPool1dDoc, Param("kernel_size", Int.self, "the window"), Param("stride", default: Int?.none, "step; the kernel's size where left out"),
      Param("padding", default: 0, "places at both ends, never chosen"), Param("dilation", default: 1, "distance between the window's points"),
      Param("ceil_mode", default: false, "count windows that reach over the edge"), place: .function, mixed: true,
      example: "return nn.MaxPool1d(2)(T.rand(1, 2, 6))", returns: "MaxPool1d"
    ) { kernel, stride, padding, dilation, ceil in
      guard dilation > 0 else { throw LuaError("MaxPool1d: dilation must be at least 1, got \(dilation)") }
      return FormulaLayer("MaxPool1d", try window(kernel, stride, padding, "MaxPool1d")) {
        try Functional.maxPool1d($0, kernel: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceil)
      }
    },
    Row(
      "AvgPool1d", Functional.avgPool1dDoc, Param("kernel_size", Int.self, "the window"), Param("stride", default: Int?.none, "step; the kernel's size where left out"),
      Param("padding", default: 0, "zeros at both ends"), Param("ceil_mode", default: false, "count windows that reach over the edge"),
      Param("count_include_pad", default: true, "padding counts in the mean"), place: .function, mixed: true, example: "return nn.AvgPool1d(2)(T.rand(1, 2, 6))",
      returns: "AvgPool1d"
    ) { kernel, stride, padding, ceil, counted in
      FormulaLayer("AvgPool1d", try window(kernel, stride, padding, "AvgPool1d")) {
        try Functional.avgPool1d($0, kernel: kernel, stride: stride, padding: padding, ceilMode: ceil, countIncludePad: counted)
      }
    },
    lengths("AdaptiveAvgPool1d", Functional.adaptiveAvgPool1dDoc) { try Functional.adaptiveAvgPool1d($0, size: $1) },
    lengths("AdaptiveMaxPool1d", Functional.adaptiveMaxPool1dDoc) { try Functional.adaptiveMaxPool1d($0, size: $1) },
    pairs("AdaptiveAvgPool2d", Functional.adaptiveAvgPool2dDoc) { try Functional.adaptiveAvgPool2d($0, size: $1) },
    pairs("AdaptiveMaxPool2d", Functional.adaptiveMaxPool2dDoc) { try Functional.adaptiveMaxPool2d($0, size: $1) },
    Row(
      "GlobalAvgPool2d",
      """
      The mean of every channel's whole image: images become vectors that a dense layer takes.
      Shapes: x {N, C, H, W} or {C, H, W}; y {N, C} or {C}.
      Errors: another shape; an empty image.
      Paper: Lin, Chen & Yan 2013, arXiv:1312.4400
      """, place: .function, example: "return nn.GlobalAvgPool2d()(T.rand(2, 3, 4, 4))", returns: "GlobalAvgPool2d"
    ) {
      FormulaLayer("GlobalAvgPool2d") { x in
        guard x.rank == 3 || x.rank == 4, x.shape[x.rank - 1] > 0, x.shape[x.rank - 2] > 0 else {
          throw LuaError("GlobalAvgPool2d: input must be {N,C,H,W} or {C,H,W} with images of one element or more, got \(x.shape)")
        }
        return try Reduction.mean(x, dims: [x.rank - 2, x.rank - 1])
      }
    },
    Row(
      "Upsample", Functional.interpolateDoc, Param("size", default: Sizes?.none, "the new size: a number or {h, w}"),
      Param("scale_factor", default: Factors?.none, "new size / old size: a number or {h, w}"), Param("mode", default: Interpolation.nearest, "how elements are made"),
      Param("align_corners", default: Bool?.none, "the corners' elements keep their values"), place: .function, mixed: true,
      example: "return nn.Upsample{scale_factor = 2}(T.rand(1, 2, 3, 3))", returns: "Upsample"
    ) { size, factor, mode, align in
      guard (size == nil) != (factor == nil) else { throw LuaError("Upsample: give either size or scale_factor") }
      let detail = (size.map { "size \($0.list.count == 1 ? "\($0.list[0])" : $0.luaLiteral)" } ?? "scale_factor \(factor?.luaLiteral ?? "")") + ", \(mode.rawValue)"
      return FormulaLayer("Upsample", detail) {
        try Functional.interpolate($0, size: size?.list, scale: factor?.list, mode: mode, alignCorners: align, "upsample")
      }
    },
  ]
}
