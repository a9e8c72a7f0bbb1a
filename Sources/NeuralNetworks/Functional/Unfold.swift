internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// The windows of an image as columns: convolution becomes one matrix product with them.
  ///
  ///     y[n, (c, u, v), (i, j)] = x[n, c, i·stride + u·dilation − padding, …], 0 in the padding
  ///
  /// - Shapes: x (N, C, H, W) or (C, H, W); y (N, C·kh·kw, L) or (C·kh·kw, L), L the number of windows. Torch calls it unfold.
  /// - Errors: a kernel larger than the padded image.
  public static func im2col(_ x: Tensor, kernel: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1) throws -> Tensor {
    guard x.rank == 4 || x.rank == 3 else { throw LuaError("im2col: input must be {N,C,H,W} or {C,H,W}, got \(x.shape)") }
    let images = try (x.rank == 4 ? x : x.reshaped(Shape([1] + x.shape.array))).to(floatType(x))
    let geometry = try windows(images.shape, kernel, stride, padding, dilation, ConvolutionCall(name: "im2col", input: x.shape, weight: nil))
    let columns = try unfold(images, geometry)
    return x.rank == 4 ? columns : try columns.reshaped(Shape(columns.shape[1], columns.shape[2]))
  }

  /// The adjoint of `im2col`: every column's elements added to the places they came from. Torch calls it fold.
  ///
  /// - Shapes: columns (N, C·kh·kw, L) or (C·kh·kw, L); y (N, C, size) or (C, size).
  /// - Errors: a number of rows that the kernel's size does not divide; another number of columns than there are windows.
  public static func col2im(
    _ columns: Tensor, size: Pair, kernel: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1
  ) throws -> Tensor {
    guard columns.rank == 3 || columns.rank == 2 else { throw LuaError("col2im: columns must be {N,C·kh·kw,L} or {C·kh·kw,L}, got \(columns.shape)") }
    let batch = try (columns.rank == 3 ? columns : columns.reshaped(Shape([1] + columns.shape.array))).to(floatType(columns))
    let kernel = try kernel.checked("kernel_size", atLeast: 1, "col2im"), size = try size.checked("output_size", atLeast: 1, "col2im")
    let (area, overflow) = kernel.height.multipliedReportingOverflow(by: kernel.width)
    guard !overflow, batch.shape[1] % area == 0 else {
      throw LuaError("col2im: \(batch.shape[1]) rows are no multiple of the kernel's \(kernel.height) x \(kernel.width) (columns \(columns.shape))")
    }
    let shape = try Shape.checked([batch.shape[0], batch.shape[1] / area, size.height, size.width], "col2im")
    let geometry = try windows(shape, kernel, stride, padding, dilation, ConvolutionCall(name: "col2im", input: columns.shape, weight: nil))
    guard geometry.outHeight * geometry.outWidth == batch.shape[2] else {
      throw LuaError(
        "col2im: an image of \(size) has \(geometry.outHeight) x \(geometry.outWidth) windows, the columns \(columns.shape) hold \(batch.shape[2])")
    }
    let y = try fold(batch, geometry)
    return columns.rank == 3 ? y : try y.reshaped(Shape(shape.array.dropFirst()))
  }

  private static func windows(
    _ x: Shape, _ kernel: Pair, _ stride: Pair, _ padding: Pair, _ dilation: Pair, _ call: ConvolutionCall
  ) throws -> ConvolutionGeometry {
    let kernel = try kernel.checked("kernel_size", atLeast: 1, call.name)
    guard x[1] > 0 else { throw LuaError("\(call.name): no channels (\(call.shapes))") }
    let window = try Shape.checked([1, x[1], kernel.height, kernel.width], call.name)
    let geometry = try geometry(x, window, nil, stride: stride, padding: .size(padding), dilation: dilation, groups: 1, call)
    let sizes = [kernel.height, kernel.width, geometry.outHeight, geometry.outWidth]
    _ = try Shape.checked(Array(x.array.prefix(2)) + sizes, call.name)
    return geometry
  }

  private static func unfold(_ x: Tensor, _ geometry: ConvolutionGeometry) throws -> Tensor {
    let rows = geometry.inChannels * geometry.kernelHeight * geometry.kernelWidth
    let y = try Tensor(empty: Shape(geometry.batch, rows, geometry.outHeight * geometry.outWidth), x.type), source = try x.contiguous()
    withExtendedLifetime(source) { Convolution.im2col(width(x), geometry, x: source.pointer, columns: y.pointer) }
    if Tape.follows(x) { try y.follow("im2col", [x]) { _, g in [try fold(g, geometry)] } }
    return y
  }

  private static func fold(_ columns: Tensor, _ geometry: ConvolutionGeometry) throws -> Tensor {
    let y = try Tensor(empty: Shape(geometry.batch, geometry.inChannels, geometry.inHeight, geometry.inWidth), columns.type)
    let source = try columns.contiguous()
    withExtendedLifetime(source) { Convolution.col2im(width(y), geometry, columns: source.pointer, x: y.pointer) }
    if Tape.follows(columns) { try y.follow("col2im", [columns]) { _, g in [try unfold(g, geometry)] } }
    return y
  }

  static func im2colDoc(_ twin: String) -> String {
    """
    The windows of an image as columns, so that convolution becomes a matrix product; \(twin) order of arguments.
    Shapes: x {N, C, H, W} or {C, H, W}; y {N, C·kh·kw, L} or {C·kh·kw, L}, L the number of windows.
    Errors: another shape; a kernel larger than the padded image.
    """
  }

  static func col2imDoc(_ twin: String) -> String {
    """
    Columns of windows added back into an image, the adjoint of im2col; \(twin) order of arguments.
    Shapes: columns {N, C·kh·kw, L} or {C·kh·kw, L}; y {N, C, h, w} or {C, h, w}.
    Errors: rows that are no multiple of the kernel's size; another number of columns than the image has windows.
    """
  }

  static let unfoldRows = [
    Row(
      "im2col", im2colDoc("F.unfold is the same with PyTorch's"), Param("x", Tensor.self, "{N, C, H, W} or {C, H, W}"),
      Param("kernel_size", Pair.self, "the window: a number or {h, w}"), Param("stride", default: Pair(1, 1), "step of the window"),
      Param("padding", default: Pair(0, 0), "zeros around the image"), Param("dilation", default: Pair(1, 1), "distance between the window's points"),
      place: .function, example: "return F.im2col(T.ones(1, 2, 4, 4), 3)"
    ) { x, kernel, stride, padding, dilation in try im2col(x, kernel: kernel, stride: stride, padding: padding, dilation: dilation) },
    Row(
      "unfold", im2colDoc("F.im2col is the same with another"), Param("x", Tensor.self, "{N, C, H, W} or {C, H, W}"),
      Param("kernel_size", Pair.self, "the window: a number or {h, w}"), Param("dilation", default: Pair(1, 1), "distance between the window's points"),
      Param("padding", default: Pair(0, 0), "zeros around the image"), Param("stride", default: Pair(1, 1), "step of the window"),
      place: .function, example: "return F.unfold(T.ones(1, 2, 4, 4), 3)"
    ) { x, kernel, dilation, padding, stride in try im2col(x, kernel: kernel, stride: stride, padding: padding, dilation: dilation) },
    Row(
      "fold", col2imDoc("F.col2im is the same with another"), Param("columns", Tensor.self, "{N, C·kh·kw, L} or {C·kh·kw, L}"),
      Param("output_size", Pair.self, "the image's {h, w}"), Param("kernel_size", Pair.self, "the window: a number or {h, w}"),
      Param("dilation", default: Pair(1, 1), "distance between the window's points"), Param("padding", default: Pair(0, 0), "zeros around the image"),
      Param("stride", default: Pair(1, 1), "step of the window"), place: .function, example: "return F.fold(T.ones(1, 18, 4), {4, 4}, 3)"
    ) { columns, size, kernel, dilation, padding, stride in
      try col2im(columns, size: size, kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    },
    Row(
      "col2im", col2imDoc("F.fold is the same with PyTorch's"), Param("columns", Tensor.self, "{N, C·kh·kw, L} or {C·kh·kw, L}"),
      Param("output_size", Pair.self, "the image's {h, w}"), Param("kernel_size", Pair.self, "the window: a number or {h, w}"),
      Param("stride", default: Pair(1, 1), "step of the window"), Param("padding", default: Pair(0, 0), "zeros around the image"),
      Param("dilation", default: Pair(1, 1), "distance between the window's points"), place: .function,
      example: "return F.col2im(T.ones(1, 18, 4), {4, 4}, 3)"
    ) { columns, size, kernel, stride, padding, dilation in
      try col2im(columns, size: size, kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    },
  ]
}
