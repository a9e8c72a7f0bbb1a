internal import LuaBridge
public import Tensors

extension Functional {
  /// A sequence (N, C, L) or (C, L) as images one row high, given to `pool`, and back.
  static func asRows(_ x: Tensor, _ name: String, _ pool: (Tensor) throws -> Tensor) throws -> Tensor {
    guard x.rank == 3 || x.rank == 2 else { throw LuaError("\(name): input must be {N,C,L} or {C,L}, got \(x.shape)") }
    var shape = x.shape
    shape.insert(1, at: x.rank - 1)
    let y = try pool(x.reshaped(shape))
    shape = y.shape
    shape.remove(at: x.rank - 1)
    return try y.reshaped(shape)
  }

  /// `avgPool2d` along one axis: x (N, C, L) or (C, L).
  public static func avgPool1d(_ x: Tensor, kernel: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false, countIncludePad: Bool = true) throws -> Tensor {
    try asRows(x, "avg_pool1d") { rows in
      try avgPool(
        rows, kernel: Pair(1, kernel), stride: Pair(1, stride ?? kernel), padding: Pair(0, padding), ceilMode: ceilMode, countIncludePad: countIncludePad, "avg_pool1d")
    }
  }

  /// `adaptiveAvgPool2d` along one axis: x (N, C, L) or (C, L).
  public static func adaptiveAvgPool1d(_ x: Tensor, size: Int) throws -> Tensor {
    try asRows(x, "adaptive_avg_pool1d") { try adaptiveAvgPool($0, size: Pair(1, size), "adaptive_avg_pool1d") }
  }

  /// `adaptiveMaxPool2d` along one axis: x (N, C, L) or (C, L).
  public static func adaptiveMaxPool1d(_ x: Tensor, size: Int) throws -> Tensor {
    try asRows(x, "adaptive_max_pool1d") { try adaptiveMaxPool($0, size: Pair(1, size), "adaptive_max_pool1d") }
  }

  static let avgPool1dDoc = """
    The mean of each window along the last dim.
    Shapes: x {N, C, L} or {C, L}; y the same with L' = ⌊(L + 2 padding - k) / stride⌋ + 1 (rounded up with ceil_mode).
    Errors: another shape; padding of more than half the kernel; a kernel longer than the padded sequence.
    """
  static let adaptiveAvgPool1dDoc = """
    The mean of windows that bring sequences of any length to the given one: window i of n goes from ⌊i L / n⌋ up to ⌈(i + 1) L / n⌉, counted from 0.
    Shapes: x {N, C, L} or {C, L}; y the same with output_size.
    Errors: another shape; an output_size below 1; an empty sequence.
    """
  static let adaptiveMaxPool1dDoc = """
    The largest value of windows that bring sequences of any length to the given one, cut as those of adaptive_avg_pool1d.
    Shapes: x {N, C, L} or {C, L}; y the same with output_size.
    Errors: another shape; an output_size below 1; an empty sequence.
    """

  static let pool1dRows = [
    Row(
      "avg_pool1d", avgPool1dDoc, Param("x", Tensor.self, "{N, C, L} or {C, L}"), Param("kernel_size", Int.self, "the window"),
      Param("stride", default: Int?.none, "step of the window; its size where left out"), Param("padding", default: 0, "zeros at both ends, at most half the kernel"),
      Param("ceil_mode", default: false, "round the output's size up"), Param("count_include_pad", default: true, "whether padding counts in the mean"),
      place: .function, example: "return F.avg_pool1d(T.ones(1, 2, 6), 3)"
    ) { x, kernel, stride, padding, ceil, counted in
      try avgPool1d(x, kernel: kernel, stride: stride, padding: padding, ceilMode: ceil, countIncludePad: counted)
    },
    Row(
      "adaptive_avg_pool1d", adaptiveAvgPool1dDoc, Param("x", Tensor.self, "{N, C, L} or {C, L}"), Param("output_size", Int.self, "the new length"), place: .function,
      example: "return F.adaptive_avg_pool1d(T.ones(1, 2, 7), 3)"
    ) { x, size in try adaptiveAvgPool1d(x, size: size) },
    Row(
      "adaptive_max_pool1d", adaptiveMaxPool1dDoc, Param("x", Tensor.self, "{N, C, L} or {C, L}"), Param("output_size", Int.self, "the new length"), place: .function,
      example: "return F.adaptive_max_pool1d(T.ones(1, 2, 7), 3)"
    ) { x, size in try adaptiveMaxPool1d(x, size: size) },
  ]
}
