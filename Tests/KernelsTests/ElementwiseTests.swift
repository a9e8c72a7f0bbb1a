import Glibc
import KernelTable
import Kernels
import Testing

/// An op with its function in float64 and the error allowed in float32 and float64.
private struct Case: Sendable, CustomStringConvertible {
  let op: UnaryOp
  let limit: Double
  let f: @Sendable (Double) -> Double
  init(_ op: UnaryOp, _ limit: Double, _ f: @escaping @Sendable (Double) -> Double) { (self.op, self.limit, self.f) = (op, limit, f) }
  var description: String { "\(op)" }
}

private func sigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }

private let cases: [Case] = [
  Case(.neg, 0) { -$0 }, Case(.abs, 0) { abs($0) }, Case(.square, 0.5) { $0 * $0 }, Case(.reciprocal, 0.5) { 1 / $0 },
  Case(.sqrt, 0.5) { $0.squareRoot() }, Case(.rsqrt, 1.5) { 1 / $0.squareRoot() },
  Case(.exp, 2) { exp($0) }, Case(.log, 2) { log($0) }, Case(.expm1, 4) { expm1($0) }, Case(.log1p, 4) { log1p($0) },
  Case(.log2, 4) { log2($0) }, Case(.log10, 4) { log10($0) },
  Case(.sin, 4) { sin($0) }, Case(.cos, 4) { cos($0) }, Case(.tan, 4) { tan($0) },
  Case(.asin, 4) { asin($0) }, Case(.acos, 4) { acos($0) }, Case(.atan, 4) { atan($0) },
  Case(.sinh, 4) { sinh($0) }, Case(.cosh, 4) { cosh($0) }, Case(.tanh, 4) { tanh($0) }, Case(.erf, 4) { erf($0) },
  Case(.sigmoid, 4) { sigmoid($0) }, Case(.floor, 0) { floor($0) }, Case(.ceil, 0) { ceil($0) }, Case(.trunc, 0) { trunc($0) },
  Case(.round, 0) { $0.rounded(.toNearestOrEven) }, Case(.softsign, 1.5) { $0 / (1 + abs($0)) },
]

/// 2²⁴ float32 patterns spread over all of them, the subnormal ones, infinities and NaN included; every level against the C library in float64.
@Test(arguments: cases)
private func float32OverTheWholeRange(_ c: Case) {
  let block = 1 << 16
  let x = UnsafeMutablePointer<Float>.allocate(capacity: block)
  let y = UnsafeMutablePointer<Float>.allocate(capacity: block)
  defer {
    x.deallocate()
    y.deallocate()
  }
  var worst = [Double](repeating: 0, count: levels.count)
  var at = [Float](repeating: 0, count: levels.count)
  var reference = [Double](repeating: 0, count: block)
  for b in 0..<256 {
    for i in 0..<block {
      let v = Float(bitPattern: UInt32(truncatingIfNeeded: (b * block + i) * 257 &- 40))
      x[i] = v
      reference[i] = c.f(Double(v))
    }
    for (k, level) in levels.enumerated() {
      Vector.unary(c.op, .float32, x, y, block, table: level.table)
      for i in 0..<block {
        let e = ulps(y[i], reference[i])
        if e > worst[k] { (worst[k], at[k]) = (e, x[i]) }
      }
    }
  }
  for (k, level) in levels.enumerated() {
    #expect(worst[k] <= max(c.limit, 0.500001 * (c.limit > 0 ? 1 : 0)), "\(c.op) on \(level.name): \(worst[k]) ulp at \(at[k])")
  }
}

#if arch(x86_64)
  /// The functions in the processor's 80 bits: their own errors do not count beside those of float64.
  private let wide: [UnaryOp: @Sendable (Float80) -> Float80] = [
    .exp: { expl($0) }, .log: { logl($0) }, .expm1: { expm1l($0) }, .log1p: { log1pl($0) }, .log2: { log2l($0) }, .log10: { log10l($0) },
    .sin: { sinl($0) }, .cos: { cosl($0) }, .tan: { tanl($0) }, .asin: { asinl($0) }, .acos: { acosl($0) }, .atan: { atanl($0) },
    .sinh: { sinhl($0) }, .cosh: { coshl($0) }, .tanh: { tanhl($0) }, .erf: { erfl($0) }, .rsqrt: { 1 / $0.squareRoot() },
    .sigmoid: { $0 < 0 ? expl($0) / (1 + expl($0)) : 1 / (1 + expl(-$0)) }, .softsign: { $0 / (1 + abs($0)) },
  ]
  /// The error of a float64 in units in the last place of the exact result.
  private func wideUlps(_ result: Double, _ exact: Float80) -> Double {
    let rounded = Double(exact)
    if exact.isNaN || !rounded.isFinite || !result.isFinite { return ulps(result, rounded) }
    return Double(abs(Float80(result) - exact) / Float80(max(rounded.ulp, Double.leastNonzeroMagnitude)))
  }
#endif

/// float64 at bit patterns of all magnitudes, subnormal ones among them, at random points of the common range and at the borders.
@Test(arguments: cases)
private func float64OverTheWholeRange(_ c: Case) {
  var noise = Noise(7)
  var points: [Double] = [
    0, -0.0, .infinity, -.infinity, .nan, 1, -1, 0.5, -0.5, 1e308, -1e308, 0x1p-1074, 0x1p-1030, -0x1p-1030, 709.7, 709.79, -745.1, 710.3, 1e5, 1e7, 1e22,
  ]
  for i in 0..<100_000 {
    points.append(noise.next(pow(10, noise.next(1) * 6)))
    points.append(noise.next(1))
    points.append(noise.next(800))
    points.append(Double(bitPattern: UInt64(i) &* 0x9E37_79B9_7F4A_7C15))
  }
  let x = Buffer(.float64, points)
  let y = Buffer(.float64, count: points.count)
  for level in levels {
    Vector.unary(c.op, .float64, x.p, y.p, points.count, table: level.table)
    var (worst, at) = (0.0, 0.0)
    // Without the 80 bits the reference itself errs by up to 1.
    var own = c.limit > 0 ? 1.0 : 0
    #if arch(x86_64)
      let exact = wide[c.op]
      if exact != nil { own = 0 }
    #endif
    for i in 0..<points.count {
      #if arch(x86_64)
        let e = exact.map { wideUlps(y[i], $0(Float80(points[i]))) } ?? ulps(y[i], c.f(points[i]))
      #else
        let e = ulps(y[i], c.f(points[i]))
      #endif
      if e > worst { (worst, at) = (e, points[i]) }
    }
    #expect(worst <= c.limit + own, "\(c.op) on \(level.name): \(worst) ulp at \(at)")
  }
}

/// Powers and angles of pairs of bit patterns of all magnitudes, and of pairs whose power stays within the range.
@Test func powersAndAnglesOverTheWholeRange() {
  var noise = Noise(17)
  var (a, b): ([Double], [Double]) = ([], [])
  for i in 0..<200_000 {
    let k = UInt32(truncatingIfNeeded: i)
    a.append(Double(Float(bitPattern: k &* 2_654_435_761 &+ 12345)))
    b.append(Double(Float(bitPattern: k &* 40_503 &* 65_537 &+ 777)))
    let base = pow(2, noise.next(30))
    a.append(Double(Float(base)))
    b.append(Double(Float(noise.next(120 / max(1, abs(log2(base)))))))
  }
  for width in widths {
    let (x, z, y) = (Buffer(width, a), Buffer(width, b), Buffer(width, count: a.count))
    for level in levels {
      for (op, f) in [(BinaryOp.pow, { pow($0, $1) }), (.atan2, { atan2($0, $1) })] as [(BinaryOp, (Double, Double) -> Double)] {
        Vector.binary(op, width, x.p, aRow: 0, aColumn: 1, z.p, bRow: 0, bColumn: 1, y.p, rows: 1, columns: a.count, table: level.table)
        var (worst, at) = (0.0, (0.0, 0.0))
        for i in 0..<a.count {
          let exact = f(x[i], z[i]), e = width == .float32 ? ulps(Float(y[i]), exact) : ulps(y[i], exact)
          if e > worst { (worst, at) = (e, (a[i], b[i])) }
        }
        #expect(worst <= 4, "\(op) \(width) \(level.name): \(worst) ulp at \(at)")
      }
    }
  }
}

/// A result never depends on where an element stands, how many there are, or whether y is x.
@Test func placeDoesNotMatter() {
  var noise = Noise(3)
  for width in widths {
    let values = noise.array(70, 3)
    for level in levels {
      for op in UnaryOp.allCases {
        let x = Buffer(width, values)
        let whole = Buffer(width, count: 70)
        Vector.unary(op, width, x.p, whole.p, 70, 0.5, 2, table: level.table)
        for (start, n) in [(0, 1), (1, 16), (3, 17), (5, 31), (37, 33)] {
          let part = Buffer(width, count: n + 1)
          Vector.unary(op, width, x.p + start * width.stride, part.p, n, 0.5, 2, table: level.table)
          for i in 0..<n { #expect(part[i].bitPattern == whole[start + i].bitPattern || part[i].isNaN) }
          #expect(part[n] == -77, "wrote past the end")
        }
        Vector.unary(op, width, x.p, x.p, 70, 0.5, 2, table: level.table)
        for i in 0..<70 { #expect(x[i].bitPattern == whole[i].bitPattern || x[i].isNaN) }
      }
    }
  }
}

/// Functions with parameters and the activations, against their formulas.
@Test func activationsFollowTheirFormulas() {
  let formulas: [(UnaryOp, Double, Double, (Double) -> Double)] = [
    (.relu, 0, 0, { max($0, 0) }), (.relu6, 0, 0, { min(max($0, 0), 6) }), (.leakyRelu, 0.1, 0, { $0 > 0 ? $0 : 0.1 * $0 }),
    (.elu, 1.5, 0, { $0 > 0 ? $0 : 1.5 * expm1($0) }), (.hardtanh, -0.5, 2, { min(max($0, -0.5), 2) }), (.clamp, -0.5, 2, { min(max($0, -0.5), 2) }),
    (.selu, 0, 0, { 1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * expm1($0)) }),
    (.softplus, 2, 20, { 2 * $0 > 20 ? $0 : log1p(exp(2 * $0)) / 2 }), (.gelu, 0, 0, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
    (.geluTanh, 0, 0, { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }),
    (.silu, 0, 0, { $0 * sigmoid($0) }), (.step, 0, 0, { $0 > 0 ? 1 : 0 }), (.sign, 0, 0, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    (.addScalar, 0.75, 0, { $0 + 0.75 }), (.mulScalar, -3, 0, { $0 * -3 }), (.frac, 0, 0, { $0 - trunc($0) }),
    (.logSigmoid, 0, 0, { $0 < 0 ? $0 - log1p(exp($0)) : -log1p(exp(-$0)) }),
    (.powScalar, 2, 0, { $0 * $0 }), (.powScalar, 3, 0, { $0 * $0 * $0 }), (.powScalar, 0.5, 0, { sqrt($0) }), (.powScalar, -1, 0, { 1 / $0 }),
    (.powScalar, 2.5, 0, { pow($0, 2.5) }), (.powScalar, 0, 0, { _ in 1 }), (.powScalar, -2, 0, { 1 / ($0 * $0) }), (.powScalar, 5, 0, { pow($0, 5) }),
  ]
  var noise = Noise(11)
  for width in widths {
    let x = Buffer(width, noise.array(500, 6) + [0, 20, -20, 40, 1, -1])
    let y = Buffer(width, count: x.count)
    for level in levels {
      for (op, p, q, f) in formulas {
        Vector.unary(op, width, x.p, y.p, x.count, p, q, table: level.table)
        for i in 0..<x.count {
          let exact = f(x[i])
          if !exact.isFinite {
            #expect(y[i] == exact || (y[i].isNaN && exact.isNaN), "\(op) \(level.name) at \(x[i])")
          } else {
            #expect(abs(y[i] - exact) <= 8 * x.epsilon * max(abs(exact), op == .gelu || op == .geluTanh ? abs(x[i]) : 0), "\(op) \(level.name) at \(x[i])")
          }
        }
      }
    }
  }
}

/// gelu over the whole range, subnormal numbers and borders of the tables included; PyTorch 2.13 gives 0 or -0 far on the left, too.
@Test func geluOverTheWholeRange() {
  let points = (0..<400_000).map { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0 * 10_737))) } + [5.9, -5.9, 6, -6, 100, -100, 3e38, -3e38, .infinity]
  let x = Buffer(.float32, points.filter { !$0.isNaN && $0 > -.infinity })
  let y = Buffer(.float32, count: x.count)
  for level in levels {
    Vector.unary(.gelu, .float32, x.p, y.p, x.count, table: level.table)
    var (worst, at) = (0.0, 0.0)
    for i in 0..<x.count {
      let exact = 0.5 * x[i] * erfc(-x[i] * 0.5.squareRoot())
      let e = y[i] == exact ? 0 : abs(y[i] - exact) / max(abs(x[i]), 0x1p-126)
      if !(e <= worst) { (worst, at) = (e, x[i]) }
    }
    #expect(worst <= 4e-7, "\(worst) of x at \(at) on \(level.name)")
  }
}

@Test func nanPassesThroughClampsAndActivations() {
  let x = Buffer(.float32, [.nan])
  let y = Buffer(.float32, count: 1)
  for level in levels {
    for op in [UnaryOp.relu, .relu6, .clamp, .hardtanh, .exp, .log, .tanh, .sigmoid, .erf, .gelu, .silu, .elu, .softplus, .abs, .floor] {
      Vector.unary(op, .float32, x.p, y.p, 1, 1, 2, table: level.table)
      #expect(y[0].isNaN, "\(op) \(level.name)")
    }
  }
}

/// Derivatives against central differences of the same op in float64.
/// PyTorch 2.13: torch.sign(nan) is 0.
@Test func signOfNaN() {
  for width in widths {
    let x = Buffer(width, [.nan, -.infinity, -0.0]), y = Buffer(width, count: 3)
    for level in levels {
      Vector.unary(.sign, width, x.p, y.p, 3, table: level.table)
      #expect(y.values == [0, -1, 0])
    }
  }
}

@Test func gradientsMatchDifferences() {
  var noise = Noise(5)
  let points = (0..<200).map { _ in 0.05 + 0.9 * abs(noise.next()) }
  for level in levels {
    for op in UnaryOp.allCases {
      let (p, q) = op == .hardtanh || op == .clamp ? (-0.3, 0.6) : (1.7, 20.0)
      let signed = [.log, .log2, .log10, .sqrt, .rsqrt, .powScalar].contains(op) ? points : points.enumerated().map { $0 % 2 == 0 ? $1 : -$1 }
      // functions that jump or bend are looked at away from it
      let x = Buffer(.float64, signed.filter { abs(abs($0) - 0.3) > 0.01 && abs(abs($0) - 0.6) > 0.01 })
      let n = x.count
      let h = 1e-5
      let (y, g, gx) = (Buffer(.float64, count: n), Buffer(.float64, [Double](repeating: 1.25, count: n)), Buffer(.float64, count: n))
      let (above, below) = (Buffer(.float64, x.values.map { $0 + h }), Buffer(.float64, x.values.map { $0 - h }))
      Vector.unary(op, .float64, x.p, y.p, n, p, q, table: level.table)
      Vector.unary(op, .float64, above.p, above.p, n, p, q, table: level.table)
      Vector.unary(op, .float64, below.p, below.p, n, p, q, table: level.table)
      let needs = Vector.gradientNeeds(op)
      Vector.unaryGradient(op, .float64, x: needs.x ? x.p : nil, y: needs.y ? y.p : nil, g: g.p, gx: gx.p, n, p, q, table: level.table)
      for i in 0..<n {
        let slope = 1.25 * (above[i] - below[i]) / (2 * h)
        #expect(abs(gx[i] - slope) <= 2e-6 * max(1, abs(slope)), "\(op) at \(x[i]) on \(level.name)")
      }
    }
  }
}

@Test func subgradientsArePyTorchs() {
  let g = Buffer(.float32, [1])
  let gx = Buffer(.float32, count: 1)
  for (op, x, p, q, expected) in [
    (UnaryOp.relu, 0.0, 0.0, 0.0, 0.0), (.abs, 0, 0, 0, 0), (.clamp, 1, 1, 2, 1), (.clamp, 2, 1, 2, 1), (.hardtanh, 1, 1, 2, 0), (.relu6, 6, 0, 0, 0),
    (.leakyRelu, 0, 0.1, 0, 0.1), (.sign, 3, 0, 0, 0), (.powScalar, 0, 0, 0, 0),
  ] {
    let at = Buffer(.float32, [x])
    Vector.unaryGradient(op, .float32, x: at.p, y: at.p, g: g.p, gx: gx.p, 1, p, q)
    #expect(gx[0] == Double(Float(expected)), "\(op)")
  }
}

private let binaryReference: [(BinaryOp, @Sendable (Double, Double) -> Double)] = [
  (.add, { $0 + $1 }), (.sub, { $0 - $1 }), (.mul, { $0 * $1 }), (.div, { $0 / $1 }), (.pow, { pow($0, $1) }), (.atan2, { atan2($0, $1) }),
  (.maximum, { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }), (.minimum, { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }), (.fmod, { fmod($0, $1) }),
  (
    .remainder,
    {
      let r = fmod($0, $1); return (r < 0 && $1 > 0) || (r > 0 && $1 < 0) ? r + $1 : r
    }
  ), (.floorDivide, { floor($0 / $1) }),
  (.squaredDifference, { ($0 - $1) * ($0 - $1) }),
]

/// Every pair of special values and some thousand others, to 4 ulp of float32.
@Test func binaryOpsOnSpecialValues() {
  let special: [Double] = [0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1.5, .infinity, -.infinity, .nan, 1e30, -1e30, 16_777_217, 1e-40]
  var noise = Noise(9)
  var (a, b): ([Double], [Double]) = ([], [])
  for x in special {
    for y in special {
      a.append(x)
      b.append(y)
    }
  }
  a += noise.array(5000, 20)
  b += noise.array(5000, 20)
  for width in widths {
    let (x, z) = (Buffer(width, a), Buffer(width, b))
    let y = Buffer(width, count: a.count)
    for level in levels {
      for (op, f) in binaryReference {
        Vector.binary(op, width, x.p, aRow: 0, aColumn: 1, z.p, bRow: 0, bColumn: 1, y.p, rows: 1, columns: a.count, table: level.table)
        for i in 0..<a.count {
          var exact = f(x[i], z[i])
          // the quotient is rounded to the width before it is floored
          if op == .floorDivide, width == .float32 { exact = Double(floorf(Float(x[i]) / Float(z[i]))) }
          let e = width == .float32 ? ulps(Float(y[i]), exact) : ulps(y[i], exact)
          #expect(e <= (op == .atan2 || op == .pow ? 4 : 2), "\(op)(\(x[i]), \(z[i])) = \(y[i]), not \(exact), \(width) \(level.name)")
        }
      }
    }
  }
}

/// All broadcasts of rows × columns, short and long rows, against plain indexing.
@Test(arguments: [(1, 5), (3, 1), (7, 3), (40, 10), (3, 63), (5, 64), (4, 100), (2, 70_000), (70_000, 1), (20_000, 3)])
func broadcasting(_ rows: Int, _ columns: Int) {
  var noise = Noise(UInt64(rows))
  for width in widths {
    let (a, b) = (Buffer(width, noise.array(rows * columns)), Buffer(width, noise.array(rows * columns)))
    let y = Buffer(width, count: rows * columns)
    let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: rows * columns)
    defer { mask.deallocate() }
    for level in levels {
      for (aRow, aColumn) in [(columns, 1), (0, 1), (1, 0), (0, 0)] {
        for (bRow, bColumn) in [(columns, 1), (0, 1), (1, 0), (0, 0)] {
          Vector.binary(
            .sub, width, a.p, aRow: aRow, aColumn: aColumn, b.p, bRow: bRow, bColumn: bColumn, y.p, rows: rows, columns: columns, table: level.table)
          Vector.compare(
            .lt, width, a.p, aRow: aRow, aColumn: aColumn, b.p, bRow: bRow, bColumn: bColumn, mask, rows: rows, columns: columns, table: level.table)
          var wrong = 0
          for r in 0..<rows {
            for c in 0..<columns {
              let (x, z) = (a[r * aRow + c * aColumn], b[r * bRow + c * bColumn])
              let exact = width == .float32 ? Double(Float(x) - Float(z)) : x - z
              if y[r * columns + c] != exact || mask[r * columns + c] != (x < z ? 1 : 0) { wrong += 1 }
            }
          }
          #expect(wrong == 0, "\(aRow) \(aColumn) \(bRow) \(bColumn) \(level.name)")
        }
      }
    }
  }
}

@Test func comparisonsWithNaN() {
  let values: [Double] = [0, -0.0, 1, .nan, .infinity]
  let references: [(CompareOp, (Double, Double) -> Bool)] = [
    (.eq, { $0 == $1 }), (.ne, { $0 != $1 }), (.lt, { $0 < $1 }), (.le, { $0 <= $1 }), (.gt, { $0 > $1 }), (.ge, { $0 >= $1 }),
  ]
  for width in widths {
    let x = Buffer(width, values)
    var y = [UInt8](repeating: 9, count: 5)
    for level in levels {
      for (op, f) in references {
        for k in 0..<5 {
          Vector.compare(op, width, x.p, aRow: 0, aColumn: 1, x.p + k * width.stride, bRow: 0, bColumn: 0, &y, rows: 1, columns: 5, table: level.table)
          for i in 0..<5 { #expect(y[i] == (f(values[i], values[k]) ? 1 : 0)) }
        }
      }
    }
  }
}

@Test(arguments: [0, 1, 15, 16, 17, 100, 40_000])
func fillSelectAxpy(_ n: Int) {
  var noise = Noise(1)
  for width in widths {
    let (a, b) = (Buffer(width, noise.array(n + 1)), Buffer(width, noise.array(n + 1)))
    let mask: [UInt8] = (0..<n + 1).map { (i: Int) -> UInt8 in i % 3 == 0 ? 0 : UInt8(i % 255 + 1) }
    for level in levels {
      let y = Buffer(width, count: n + 1)
      Vector.fill(width, y.p, n, value: 2.5, table: level.table)
      #expect((0..<n).allSatisfy { y[$0] == 2.5 } && y[n] == -77)
      Vector.axpy(width, alpha: 0.5, a.p, y.p, n, table: level.table)
      for i in 0..<n {
        let exact = 2.5 + 0.5 * a[i]
        #expect(abs(y[i] - exact) <= 4 * a.epsilon)
      }
      #expect(y[n] == -77)
      for (aStep, bStep) in [(1, 1), (0, 1), (1, 0), (0, 0)] {
        Vector.select(width, mask: mask, a.p, aStep: aStep, b.p, bStep: bStep, y.p, n, table: level.table)
        for i in 0..<n {
          let exact = mask[i] != 0 ? a[i * aStep] : b[i * bStep]
          #expect(y[i] == exact)
        }
        #expect(y[n] == -77)
      }
    }
  }
}
