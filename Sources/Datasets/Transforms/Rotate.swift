internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Each picture turned about its middle by an angle a, even over low … high degrees, counter-clockwise as it is seen:
///
///     y[i, j] = x at (cy + (i - cy) cos a + (j - cx) sin a,  cx - (i - cy) sin a + (j - cx) cos a)
///
/// between four pixels bilinearly, with `fill` outside; cy = (H - 1) / 2, cx = (W - 1) / 2.
struct Rotate: TransformStep {
  let low: Double
  let high: Double
  let fill: Double

  var draws: Int { 1 }
  var needsFloats: Bool { true }
  var description: String {
    let angle = low == -high ? high.luaLiteral : "{\(low.luaLiteral), \(high.luaLiteral)}"
    return "rotate(\(angle)\(fill != 0 ? ", fill = \(fill.luaLiteral)" : ""))"
  }
  func shape(of batch: Shape) throws -> Shape {
    _ = try images(batch)
    return batch
  }

  func run(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _ type: ElementType, _ chance: UnsafePointer<Double>, stride: Int) {
    if type == .float64 { run(x, y, shape, Double.self, chance, stride) } else { run(x, y, shape, Float.self, chance, stride) }
  }

  @inline(__always)
  private func run<F: BinaryFloatingPoint & SIMDScalar>(
    _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _: F.Type, _ chance: UnsafePointer<Double>, _ stride: Int
  ) {
    let (c, h, w) = (shape[1], shape[2], shape[3]), outside = F(fill)
    let cy = Double(h - 1) / 2, cx = Double(w - 1) / 2
    for n in 0..<shape[0] {
      let angle = (low + (high - low) * chance[n * stride]) * .pi / 180, cosine = cos(angle), sine = sin(angle)
      let source = x.assumingMemoryBound(to: F.self) + n * c * h * w, target = y.assumingMemoryBound(to: F.self) + n * c * h * w
      for i in 0..<h {
        let down = Double(i) - cy
        for j in 0..<w {
          let right = Double(j) - cx
          let row = cy + down * cosine + right * sine, column = cx - down * sine + right * cosine
          // Rounded down: what is cut towards 0 is too large where it is negative.
          var top = Int(row), left = Int(column)
          if Double(top) > row { top -= 1 }
          if Double(left) > column { left -= 1 }
          let v = F(row - Double(top)), u = F(column - Double(left))
          let weights = ((1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u)
          var place = i * w + j, at = top * w + left
          if top >= 0, left >= 0, top + 1 < h, left + 1 < w {
            for _ in 0..<c {
              target[place] = weights.0 * source[at] + weights.1 * source[at + 1] + weights.2 * source[at + w] + weights.3 * source[at + w + 1]
              place += h * w
              at += h * w
            }
          } else {
            let inside = (
              top >= 0 && top < h && left >= 0 && left < w, top >= 0 && top < h && left + 1 >= 0 && left + 1 < w,
              top + 1 >= 0 && top + 1 < h && left >= 0 && left < w, top + 1 >= 0 && top + 1 < h && left + 1 >= 0 && left + 1 < w
            )
            for _ in 0..<c {
              // A weight of 0 takes nothing from outside: a picture turned by 0 stays as it is.
              var sum: F = 0
              if weights.0 != 0 { sum += weights.0 * (inside.0 ? source[at] : outside) }
              if weights.1 != 0 { sum += weights.1 * (inside.1 ? source[at + 1] : outside) }
              if weights.2 != 0 { sum += weights.2 * (inside.2 ? source[at + w] : outside) }
              if weights.3 != 0 { sum += weights.3 * (inside.3 ? source[at + w + 1] : outside) }
              target[place] = sum
              place += h * w
              at += h * w
            }
          }
        }
      }
    }
  }

  static let row = Row(
    "rotate",
    """
    Turns each picture about its middle by a random angle, even over -degrees … degrees, counter-clockwise where positive; bilinear between pixels, `fill` outside.
    Shapes: x (N,C,H,W), each with an angle of its own, or (C,H,W); the result is alike. Other types than floats become floats.
    Errors: another shape; angles that are not finite.
    """, Param("degrees", AngleRange.self, "the largest angle, or {from, to}"), Param.option("fill", default: 0.0, "what stands outside the picture"), place: .function,
    example: "return data.transforms.rotate(15)(T.rand(4, 1, 8, 8))"
  ) { degrees, fill in
    guard abs(degrees.low) <= 1e6, abs(degrees.high) <= 1e6, degrees.low <= degrees.high else {
      throw LuaError("rotate: degrees must be a number from 0, or {from, to} in this order, got \(degrees.luaLiteral)")
    }
    return Transform([.step(Rotate(low: degrees.low, high: degrees.high, fill: fill))])
  }
}

/// -a … a, or {low, high}.
struct AngleRange: LuaValue {
  var low: Double
  var high: Double
  static var luaName: String { "number or {from, to}" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> AngleRange {
    if let degrees = stack.number(at: index) { return AngleRange(low: -degrees, high: degrees) }
    let list: [Double]
    do { list = try [Double].decode(stack, index) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
    guard list.count == 2 else { throw TypeMismatch(luaName, detail: "{from, to} expected, got a list of \(list.count)") }
    return AngleRange(low: list[0], high: list[1])
  }
  func push(_ stack: LuaStack) { [low, high].push(stack) }
  var luaLiteral: String { "{\(low.luaLiteral), \(high.luaLiteral)}" }
}
