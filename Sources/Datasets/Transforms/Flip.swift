internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// y[i, j] = x[i, W - 1 - j] (horizontal), x[H - 1 - i, j] (vertical), each with probability p.
struct Flip: TransformStep {
  let p: Double
  let horizontal: Bool
  let vertical: Bool

  var draws: Int { 2 }
  var needsFloats: Bool { false }
  var description: String { "flip(\(p.luaLiteral)\(vertical ? horizontal ? ", \"both\"" : ", \"vertical\"" : ""))" }
  func shape(of batch: Shape) throws -> Shape {
    _ = try images(batch)
    return batch
  }

  func run(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _ type: ElementType, _ chance: UnsafePointer<Double>, stride: Int) {
    // Elements are only moved: their bits are enough.
    switch type.size {
    case 1: run(x, y, shape, UInt8.self, chance, stride)
    case 4: run(x, y, shape, UInt32.self, chance, stride)
    default: run(x, y, shape, UInt64.self, chance, stride)
    }
  }

  @inline(__always)
  private func run<E: FixedWidthInteger>(
    _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _: E.Type, _ chance: UnsafePointer<Double>, _ stride: Int
  ) {
    let (c, h, w) = (shape[1], shape[2], shape[3])
    var source = x.assumingMemoryBound(to: E.self), target = y.assumingMemoryBound(to: E.self)
    for n in 0..<shape[0] {
      let mirror = horizontal && chance[n * stride] < p, turn = vertical && chance[n * stride + 1] < p
      for _ in 0..<c {
        for i in 0..<h {
          let row = source + (turn ? h - 1 - i : i) * w
          if mirror {
            for j in 0..<w { target[j] = row[w - 1 - j] }
          } else {
            memcpy(target, row, w * MemoryLayout<E>.size)
          }
          target += w
        }
        source += h * w
      }
    }
  }

  static let row = Row(
    "flip",
    """
    Mirrors each picture with probability p: left and right ("horizontal"), top and bottom ("vertical"), or each of the two by itself ("both").
    Shapes: x (N,C,H,W), chosen for each picture, or (C,H,W); the result is alike.
    Errors: another shape; p outside 0..1; another direction.
    """, Param("p", default: 0.5, "probability"), Param("direction", default: "horizontal", "\"horizontal\", \"vertical\" or \"both\""), place: .function, mixed: true,
    example: "return data.transforms.flip(0.5)(T.rand(4, 1, 8, 8))"
  ) { p, direction in
    guard p >= 0, p <= 1 else { throw LuaError("flip: p must lie between 0 and 1, got \(p.luaLiteral)") }
    guard ["horizontal", "vertical", "both"].contains(direction) else {
      throw LuaError("flip: unknown direction \"\(direction)\" (known: horizontal, vertical, both)")
    }
    return Transform([.step(Flip(p: p, horizontal: direction != "vertical", vertical: direction != "horizontal"))])
  }
}
