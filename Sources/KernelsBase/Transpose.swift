/// Square blocks transposed in registers, by exchanging halves, quarters and eighths.

/// target[i, j] = source[j, i] for 4 x 4 elements; strides between rows.
@inline(__always)
func transpose4x4(_ source: UnsafePointer<Float>, _ sourceRow: Int, _ target: UnsafeMutablePointer<Float>, _ targetRow: Int) {
  let a = UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Float>.self)
  let b = UnsafeRawPointer(source + sourceRow).loadUnaligned(as: SIMD4<Float>.self)
  let c = UnsafeRawPointer(source + 2 &* sourceRow).loadUnaligned(as: SIMD4<Float>.self)
  let d = UnsafeRawPointer(source + 3 &* sourceRow).loadUnaligned(as: SIMD4<Float>.self)
  let p = SIMD4(a[0], b[0], a[1], b[1])
  let q = SIMD4(a[2], b[2], a[3], b[3])
  let r = SIMD4(c[0], d[0], c[1], d[1])
  let s = SIMD4(c[2], d[2], c[3], d[3])
  let out = UnsafeMutableRawPointer(target)
  let step = targetRow &* 4
  out.storeBytes(of: SIMD4(p[0], p[1], r[0], r[1]), as: SIMD4<Float>.self)
  (out + step).storeBytes(of: SIMD4(p[2], p[3], r[2], r[3]), as: SIMD4<Float>.self)
  (out + 2 &* step).storeBytes(of: SIMD4(q[0], q[1], s[0], s[1]), as: SIMD4<Float>.self)
  (out + 3 &* step).storeBytes(of: SIMD4(q[2], q[3], s[2], s[3]), as: SIMD4<Float>.self)
}

@inline(__always)
func transpose4x4(_ source: UnsafePointer<Double>, _ sourceRow: Int, _ target: UnsafeMutablePointer<Double>, _ targetRow: Int) {
  let a = UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Double>.self)
  let b = UnsafeRawPointer(source + sourceRow).loadUnaligned(as: SIMD4<Double>.self)
  let c = UnsafeRawPointer(source + 2 &* sourceRow).loadUnaligned(as: SIMD4<Double>.self)
  let d = UnsafeRawPointer(source + 3 &* sourceRow).loadUnaligned(as: SIMD4<Double>.self)
  let p = SIMD4(a[0], b[0], a[2], b[2])
  let q = SIMD4(a[1], b[1], a[3], b[3])
  let r = SIMD4(c[0], d[0], c[2], d[2])
  let s = SIMD4(c[1], d[1], c[3], d[3])
  let out = UnsafeMutableRawPointer(target)
  let step = targetRow &* 8
  out.storeBytes(of: SIMD4(p[0], p[1], r[0], r[1]), as: SIMD4<Double>.self)
  (out + step).storeBytes(of: SIMD4(q[0], q[1], s[0], s[1]), as: SIMD4<Double>.self)
  (out + 2 &* step).storeBytes(of: SIMD4(p[2], p[3], r[2], r[3]), as: SIMD4<Double>.self)
  (out + 3 &* step).storeBytes(of: SIMD4(q[2], q[3], s[2], s[3]), as: SIMD4<Double>.self)
}

/// target[i, j] = source[j, i] for 8 x 8 elements; strides between rows.
@inline(__always)
func transpose8x8(_ source: UnsafePointer<Float>, _ sourceRow: Int, _ target: UnsafeMutablePointer<Float>, _ targetRow: Int) {
  @inline(__always) func row(_ i: Int) -> SIMD8<Float> { UnsafeRawPointer(source + i &* sourceRow).loadUnaligned(as: SIMD8<Float>.self) }
  @inline(__always) func put(_ i: Int, _ value: SIMD8<Float>) {
    UnsafeMutableRawPointer(target + i &* targetRow).storeBytes(of: value, as: SIMD8<Float>.self)
  }
  let a = row(0), b = row(1), c = row(2), d = row(3), e = row(4), f = row(5), g = row(6), h = row(7)
  let ab = low1(a, b), AB = high1(a, b), cd = low1(c, d), CD = high1(c, d)
  let ef = low1(e, f), EF = high1(e, f), gh = low1(g, h), GH = high1(g, h)
  let p = low2(ab, cd), q = high2(ab, cd), r = low2(AB, CD), s = high2(AB, CD)
  let t = low2(ef, gh), u = high2(ef, gh), v = low2(EF, GH), w = high2(EF, GH)
  put(0, SIMD8(lowHalf: p.lowHalf, highHalf: t.lowHalf))
  put(1, SIMD8(lowHalf: q.lowHalf, highHalf: u.lowHalf))
  put(2, SIMD8(lowHalf: r.lowHalf, highHalf: v.lowHalf))
  put(3, SIMD8(lowHalf: s.lowHalf, highHalf: w.lowHalf))
  put(4, SIMD8(lowHalf: p.highHalf, highHalf: t.highHalf))
  put(5, SIMD8(lowHalf: q.highHalf, highHalf: u.highHalf))
  put(6, SIMD8(lowHalf: r.highHalf, highHalf: v.highHalf))
  put(7, SIMD8(lowHalf: s.highHalf, highHalf: w.highHalf))
}

@inline(__always) private func low1(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
  SIMD8(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5])
}
@inline(__always) private func high1(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
  SIMD8(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7])
}
@inline(__always) private func low2(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
  SIMD8(a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5])
}
@inline(__always) private func high2(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
  SIMD8(a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7])
}
