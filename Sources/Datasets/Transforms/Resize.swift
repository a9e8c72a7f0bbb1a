internal import LuaBridge
internal import Tensors

/// Pictures of another size: each pixel is a mean of those around its place, weighted by a triangle,
///
///     y[i] = Σ_k x[k] w(k) / Σ_k w(k),   w(k) = max(0, 1 - |k + 1/2 - c| / max(s, 1)),   c = (i + 1/2) s,   s = n / m
///
/// over rows and columns: bilinear where pictures grow; where they shrink the triangle grows with the step, so that no pixel is passed over.
struct Resampling {
  /// The first pixel and the weights of each new one.
  private let first: [Int]
  private let weights: [[Double]]

  /// From n to m pixels.
  init(_ n: Int, _ m: Int) {
    let step = Double(n) / Double(m), reach = max(step, 1)
    var first: [Int] = [], weights: [[Double]] = []
    for i in 0..<m {
      let centre = (Double(i) + 0.5) * step
      let low = max(0, Int(centre - reach + 0.5)), high = max(min(n, Int(centre + reach + 0.5)), low + 1)
      let row = (low..<high).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / reach) }
      let sum = row.reduce(0, +)
      first.append(low)
      weights.append(row.map { $0 / sum })
    }
    self.first = first
    self.weights = weights
  }

  /// Along a dim whose elements lie `step` apart, of `outer` blocks of n × step elements.
  @inline(__always)
  func run<F: BinaryFloatingPoint>(_ x: UnsafePointer<F>, _ y: UnsafeMutablePointer<F>, outer: Int, n: Int, step: Int) {
    let m = first.count
    for block in 0..<outer {
      let source = x + block * n * step, target = y + block * m * step
      for i in 0..<m {
        let row = target + i * step
        row.update(repeating: 0, count: step)
        for (k, weight) in weights[i].enumerated() {
          let w = F(weight), from = source + (first[i] + k) * step
          for j in 0..<step { row[j] += w * from[j] }
        }
      }
    }
  }

  /// Planes of h × w from x to planes of `to` in y.
  @inline(__always)
  static func planes<F: BinaryFloatingPoint>(_ x: UnsafePointer<F>, _ y: UnsafeMutablePointer<F>, _ planes: Int, h: Int, w: Int, to: Pair) {
    if h == to.h, w == to.w { return y.update(from: x, count: planes * h * w) }
    let middle = UnsafeMutablePointer<F>.allocate(capacity: max(planes * to.h * w, 1))
    defer { middle.deallocate() }
    Resampling(h, to.h).run(x, middle, outer: planes, n: h, step: w)
    Resampling(w, to.w).run(middle, y, outer: planes * to.h, n: w, step: 1)
  }
}

struct Resize: TransformStep {
  let size: Pair
  var draws: Int { 0 }
  var needsFloats: Bool { true }
  var description: String { "resize(\(size.text))" }

  func shape(of batch: Shape) throws -> Shape {
    let (n, c, h, w) = try images(batch)
    guard h > 0, w > 0 else { throw LuaError("resize: pictures without pixels (x \(batch))") }
    // What lies between the two passes is no larger than this.
    guard try Shape.checked([n, c, size.h, w], "resize").elements <= 1 << 28 else { throw LuaError("resize: \(batch) is too large to be resized at once") }
    return Shape(n, c, size.h, size.w)
  }

  func run(_ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ shape: Shape, _ type: ElementType, _ chance: UnsafePointer<Double>, stride: Int) {
    let planes = shape[0] * shape[1], (h, w) = (shape[2], shape[3])
    if type == .float64 {
      Resampling.planes(x.assumingMemoryBound(to: Double.self), y.assumingMemoryBound(to: Double.self), planes, h: h, w: w, to: size)
    } else {
      Resampling.planes(x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self), planes, h: h, w: w, to: size)
    }
  }

  static let row = Row(
    "resize",
    """
    Pictures of another size: bilinear where they grow; where they shrink every pixel counts, by a triangle as wide as the step (PyTorch's antialiased bilinear).
    Shapes: x (N,C,H,W) or (C,H,W); the result (N,C,h,w) or (C,h,w). Other types than floats become floats.
    Errors: another shape; sizes below 1.
    """, Param("size", Pair.self, "a number or {height, width}"), place: .function, example: "return data.transforms.resize(4)(T.rand(2, 1, 8, 8))"
  ) { size in Transform([.step(Resize(size: try size.checked("resize", "size", from: 1)))]) }
}
