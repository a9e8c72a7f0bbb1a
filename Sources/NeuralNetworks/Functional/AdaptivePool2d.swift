internal import LuaBridge
public import Tensors

extension Functional {
  /// The mean of windows that cut an image of any size into `size`: window i of n goes from ⌊i·in/n⌋ up to ⌈(i + 1)·in/n⌉.
  ///
  /// - Shapes: x (N, C, H, W) or (C, H, W); y the same with `size`.
  public static func adaptiveAvgPool2d(_ x: Tensor, size: Pair) throws -> Tensor { try adaptiveAvgPool(x, size: size, "adaptive_avg_pool2d") }

  static func adaptiveAvgPool(_ x: Tensor, size: Pair, _ name: String) throws -> Tensor {
    let x = try adaptive(x, size, name)
    return try windowMeans(x, PoolingOps.resized(x.shape, size.height, size.width))
  }

  private static func windowMeans(_ x: Tensor, _ shape: Shape) throws -> Tensor {
    let y = try Tensor(empty: shape, x.type), source = try x.contiguous()
    if x.type == .float64 { means(Double.self, source, y) } else { means(Float.self, source, y) }
    if Tape.follows(x) {
      let before = x.shape
      try y.follow("adaptive_avg_pool2d", [x]) { _, g in [try windowShares(g, before)] }
    }
    return y
  }
  private static func means<E: Element & BinaryFloatingPoint>(_: E.Type, _ x: Tensor, _ y: Tensor) {
    let source = x.pointer(E.self), target = y.pointer(E.self)
    windows(small: y.shape, large: x.shape) { place, plane, rows, columns, pitch in
      // in Double: a window may be a whole image
      var sum = 0.0
      for row in rows { for column in columns { sum += Double(source[plane &+ row &* pitch &+ column]) } }
      target[place] = E(sum / Double(rows.count * columns.count))
    }
  }

  /// The gradient of `windowMeans`: every value divided evenly over its window.
  private static func windowShares(_ g: Tensor, _ shape: Shape) throws -> Tensor {
    let gx = try Tensor.zeros(shape, g.type), source = try g.contiguous()
    if g.type == .float64 { shares(Double.self, source, gx) } else { shares(Float.self, source, gx) }
    if Tape.follows(g) {
      let small = g.shape
      try gx.follow("adaptive_avg_pool2d", [g]) { _, h in [try windowMeans(h, small)] }
    }
    return gx
  }
  private static func shares<E: Element & BinaryFloatingPoint>(_: E.Type, _ g: Tensor, _ gx: Tensor) {
    let source = g.pointer(E.self), target = gx.pointer(E.self)
    windows(small: g.shape, large: gx.shape) { place, plane, rows, columns, pitch in
      let share = source[place] / E(rows.count * columns.count)
      for row in rows { for column in columns { target[plane &+ row &* pitch &+ column] += share } }
    }
  }

  /// The largest value of each window of `adaptiveAvgPool2d`; NaN wins.
  public static func adaptiveMaxPool2d(_ x: Tensor, size: Pair) throws -> Tensor { try adaptiveMaxPool(x, size: size, "adaptive_max_pool2d") }

  static func adaptiveMaxPool(_ x: Tensor, size: Pair, _ name: String) throws -> Tensor {
    let x = try adaptive(x, size, name), source = try x.contiguous()
    let y = try Tensor(empty: PoolingOps.resized(x.shape, size.height, size.width), x.type), positions = try PoolingOps.positions(y.shape)
    if x.type == .float64 { largest(Double.self, source, y, positions) } else { largest(Float.self, source, y, positions) }
    if Tape.follows(x) {
      let shape = x.shape
      try y.follow(name, [x], saving: [positions]) { node, g in
        [try PoolingOps.scatter(g, node.saved(0), to: shape, name)]
      }
    }
    return y
  }
  private static func largest<E: Element & BinaryFloatingPoint>(_: E.Type, _ x: Tensor, _ y: Tensor, _ positions: Tensor) {
    let source = x.pointer(E.self), target = y.pointer(E.self), places = PoolingOps.pointer(positions)
    windows(small: y.shape, large: x.shape) { place, plane, rows, columns, pitch in
      var best = rows.lowerBound &* pitch &+ columns.lowerBound
      for row in rows {
        for column in columns {
          let at = row &* pitch &+ column, value = source[plane &+ at], record = source[plane &+ best]
          if value > record || (value.isNaN && !record.isNaN) { best = at }
        }
      }
      target[place] = source[plane &+ best]
      places[place] = Int32(truncatingIfNeeded: best)
    }
  }

  private static func adaptive(_ x: Tensor, _ size: Pair, _ name: String) throws -> Tensor {
    guard x.rank == 4 || x.rank == 3 else { throw LuaError("\(name): input must be {N,C,H,W} or {C,H,W}, got \(x.shape)") }
    let size = try size.checked("output_size", atLeast: 1, name), height = x.shape[x.rank - 2], width = x.shape[x.rank - 1]
    guard height > 0, width > 0, height <= Int(Int32.max) / width else { throw LuaError("\(name): images of \(height) x \(width) cannot be pooled (input \(x.shape))") }
    _ = try Shape.checked(PoolingOps.resized(x.shape, size.height, size.width).array, name)
    return try x.to(floatType(x))
  }

  /// Calls `body(index of the result, first of the plane, rows, columns, row pitch)` for every window.
  private static func windows(small: Shape, large: Shape, _ body: (Int, Int, Range<Int>, Range<Int>, Int) -> Void) {
    let rank = small.count, rows = small[rank - 2], columns = small[rank - 1], height = large[rank - 2], width = large[rank - 1]
    func window(_ i: Int, _ count: Int, _ size: Int) -> Range<Int> { i * size / count..<((i + 1) * size + count - 1) / count }
    PoolingOps.byPlane(small, large) { first, _, plane in
      for row in 0..<rows {
        for column in 0..<columns {
          body(first &+ row &* columns &+ column, plane, window(row, rows, height), window(column, columns, width), width)
        }
      }
    }
  }

  static let adaptiveAvgPool2dDoc = """
    The mean of windows that bring images of any size to the given one: window i of n goes from ⌊i H / n⌋ up to ⌈(i + 1) H / n⌉, counted from 0.
    Shapes: x {N, C, H, W} or {C, H, W}; y the same with output_size.
    Errors: another shape; an output_size below 1; an empty image.
    """

  static let adaptiveMaxPool2dDoc = """
    The largest value of windows that bring images of any size to the given one, cut as those of adaptive_avg_pool2d; NaN wins.
    Shapes: x {N, C, H, W} or {C, H, W}; y the same with output_size.
    Errors: another shape; an output_size below 1; an empty image.
    """

  static let adaptivePoolRows = [
    Row(
      "adaptive_avg_pool2d", adaptiveAvgPool2dDoc, Param("x", Tensor.self, "{N, C, H, W} or {C, H, W}"),
      Param("output_size", Pair.self, "a number or {h, w}"), place: .function, example: "return F.adaptive_avg_pool2d(T.ones(1, 2, 5, 7), 2)"
    ) { x, size in try adaptiveAvgPool2d(x, size: size) },
    Row(
      "adaptive_max_pool2d", adaptiveMaxPool2dDoc, Param("x", Tensor.self, "{N, C, H, W} or {C, H, W}"),
      Param("output_size", Pair.self, "a number or {h, w}"), place: .function, example: "return F.adaptive_max_pool2d(T.ones(1, 2, 5, 7), {2, 3})"
    ) { x, size in try adaptiveMaxPool2d(x, size: size) },
  ]
}
