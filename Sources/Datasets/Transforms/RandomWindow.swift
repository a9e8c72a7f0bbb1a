internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// A window cut out of each picture at a place of its own, chosen among all that lie within a border of `padding` around it:
///
///     y[i, j] = x[i + dy, j + dx]     -padding ≤ dy ≤ H + padding - h, dx alike; `fill` outside x
///
/// As large as the picture it is a shift by up to `padding`, otherwise a crop.
struct RandomWindow: TransformStep {
  /// Height and width; nil for the picture's own.
  let size: Pair?
  let padding: Pair
  let fill: Double

  var draws: Int { 2 }
  var needsFloats: Bool { false }
  var description: String {
    let ending = (size != nil && (padding.h, padding.w) != (0, 0) ? ", padding = \(padding.text)" : "") + (fill != 0 ? ", fill = \(fill.luaLiteral)" : "")
    return size.map { "random_crop(\($0.text)\(ending))" } ?? "random_shift(\(padding.text)\(ending))"
  }

  func shape(of batch: Shape) throws -> Shape {
    let (n, c, h, w) = try images(batch)
    guard let size else { return batch }
    guard size.h <= h + 2 * padding.h, size.w <= w + 2 * padding.w else {
      throw LuaError("random_crop: a window {\(size.h),\(size.w)} does not fit into pictures of {\(h),\(w)} with padding {\(padding.h),\(padding.w)} (x \(batch))")
    }
    return Shape(n, c, size.h, size.w)
  }

  func run(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _ type: ElementType, _ chance: UnsafePointer<Double>, stride: Int) {
    // Elements are only moved: their bits are enough.
    switch type {
    case .float32: run(x, y, shape, Float(fill).bitPattern, chance, stride)
    case .float64: run(x, y, shape, fill.bitPattern, chance, stride)
    case .int64: run(x, y, shape, UInt64(bitPattern: Int64(saturating: fill)), chance, stride)
    case .uint8: run(x, y, shape, UInt8(min(max(Int64(saturating: fill), 0), 255)), chance, stride)
    case .bool: run(x, y, shape, UInt8(fill != 0 ? 1 : 0), chance, stride)
    }
  }

  @inline(__always)
  private func run<E: FixedWidthInteger>(
    _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _ fill: E, _ chance: UnsafePointer<Double>, _ stride: Int
  ) {
    let (c, height, width) = (shape[1], shape[2], shape[3]), h = size?.h ?? height, w = size?.w ?? width
    guard h > 0, w > 0, c > 0 else { return }
    let source = x.assumingMemoryBound(to: E.self)
    var target = y.assumingMemoryBound(to: E.self)
    for n in 0..<shape[0] {
      let dy = Self.place(chance[n * stride], -padding.h, height + padding.h - h), dx = Self.place(chance[n * stride + 1], -padding.w, width + padding.w - w)
      // Columns first ..< last of the window lie within the picture.
      let first = min(max(-dx, 0), w), last = max(min(width - dx, w), first)
      for plane in 0..<c {
        let picture = source + (n * c + plane) * height * width
        for i in 0..<h {
          let row = i + dy
          if row < 0 || row >= height {
            target.update(repeating: fill, count: w)
          } else {
            target.update(repeating: fill, count: first)
            if last > first { memcpy(target + first, picture + row * width + first + dx, (last - first) * MemoryLayout<E>.size) }
            (target + last).update(repeating: fill, count: w - last)
          }
          target += w
        }
      }
    }
  }

  /// A whole number from low to high, even, of 0 ≤ u < 1.
  private static func place(_ u: Double, _ low: Int, _ high: Int) -> Int { low + min(Int(u * Double(high - low + 1)), high - low) }

  private static let fillOption = Param.option("fill", default: 0.0, "what stands outside the picture")

  static let shift = Row(
    "random_shift",
    """
    Moves each picture by a random number of whole pixels, even over -pixels … pixels in both directions; what comes in at the border is `fill`.
    Shapes: x (N,C,H,W), each with a shift of its own, or (C,H,W); the result is alike.
    Errors: another shape; pixels below 0.
    """, Param("pixels", Pair.self, "at most so many, or {down, right}"), fillOption, place: .function,
    example: "return data.transforms.random_shift(2)(T.rand(4, 1, 8, 8))"
  ) { pixels, fill in
    try Transform([.step(RandomWindow(size: nil, padding: pixels.checked("random_shift", "pixels", from: 0), fill: fill))])
  }

  static let crop = Row(
    "random_crop",
    """
    Cuts a window out of each picture, at a random place.
    Shapes: x (N,C,H,W), each with a place of its own, or (C,H,W); the result (N,C,h,w) or (C,h,w).
    Errors: another shape; a window larger than the picture with its padding.
    """, Param("size", Pair.self, "of the window: a number or {height, width}"), Param.option("padding", default: Pair(h: 0, w: 0), "a border around the picture first"),
    fillOption, place: .function, example: "return data.transforms.random_crop(8, {padding = 1})(T.rand(4, 1, 8, 8))"
  ) { size, padding, fill in
    try Transform([
      .step(RandomWindow(size: size.checked("random_crop", "size", from: 1), padding: padding.checked("random_crop", "padding", from: 0), fill: fill))
    ])
  }
}
