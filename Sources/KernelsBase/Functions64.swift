#if canImport(Glibc)
  internal import Glibc
#endif

// Elementary functions of float64. exp and log, sin and cos and what follows from them are vectors; the rarer ones are the C library's, lane by lane.

extension F64 {
  typealias Signed = Vector64.MaskStorage

  /// Adding this brings the integer nearest to a small number into the lowest bits: 1.5 · 2⁵².
  @_transparent static var magic: F64 { F64(0x1.8p52) }

  /// 1 / n!, n = 13 … 2, as a polynomial: eʳ = 1 + r + r² P(r).
  @_transparent
  private static func expPolynomial(_ r: F64) -> F64 {
    let high = r.polynomial(1 / 6_227_020_800, 1 / 479_001_600, 1 / 39_916_800, 1 / 3_628_800, 1 / 362_880, 1 / 40320)
    let low = F64.fma(F64.fma(F64.fma(high, r, F64(1.0 / 5040)), r, F64(1.0 / 720)), r, F64(1.0 / 120))
    return F64.fma(F64.fma(F64.fma(low, r, F64(1.0 / 24)), r, F64(1.0 / 6)), r, F64(0.5))
  }

  /// x = n ln 2 + r, |r| ≤ ln 2 / 2; ln 2 in a part of 33 bits and the rest (fdlibm).
  @_transparent
  private static func reduce(_ x: F64) -> (t: F64, n: F64, r: F64) {
    let t = F64.fma(x, F64(1.44269504088896338700), magic)
    let n = t - magic
    return (t, n, F64.fma(n, F64(-1.90821492927058770002e-10), F64.fma(n, F64(-6.93147180369123816490e-01), x)))
  }

  @_transparent
  private static func powerOfTwo(_ i: Signed) -> F64 {
    F64(unsafeBitCast((i &+ Signed(repeating: 1023)) &<< Signed(repeating: 52), to: Vector64.self))
  }

  /// i >> 1 of small signed integers: there is no 64-bit arithmetic shift before AVX-512.
  @_transparent
  private static func half(_ i: Signed) -> Signed {
    let bias = Signed(repeating: 1 &<< 20)
    return unsafeBitCast(unsafeBitCast(i &+ bias, to: Bits64.self) &>> Bits64(repeating: 1), to: Signed.self) &- Signed(repeating: 1 &<< 19)
  }

  /// 2^offset eˣ; 2ⁿ is multiplied in two halves, so that subnormal results round once.
  @_transparent
  private func scaledExp(_ offset: Int64) -> F64 {
    let low = F64(-750)
    let high = F64(715)
    var x = F64.select(self < low, low, self)
    x = F64.select(high < x, high, x)
    let (t, _, r) = F64.reduce(x)
    let e = F64.fma(r * r, F64.expPolynomial(r), r) + F64.one
    let i = unsafeBitCast(t.bits &- F64.magic.bits, to: Signed.self) &+ Signed(repeating: offset)
    let i1 = F64.half(i)
    return e * F64.powerOfTwo(i1) * F64.powerOfTwo(i &- i1)
  }

  @_transparent var exp: F64 { scaledExp(0) }
  @_transparent var halfExp: F64 { scaledExp(-1) }
  @_transparent var expOfNegative: F64 { exp }

  /// 2ⁿ (eʳ - 1) + (2ⁿ - 1), calculated at half its size: 2¹⁰²⁴ is no float.
  @_transparent
  var expm1: F64 {
    let low = F64(-50)
    let high = F64(710)
    var x = F64.select(self < low, low, self)
    x = F64.select(high < x, high, x)
    let (t, n, r) = F64.reduce(x)
    let e = F64.fma(r * r, F64.expPolynomial(r), r)
    let half = F64.powerOfTwo(unsafeBitCast(t.bits &- F64.magic.bits, to: Signed.self) &- Signed(repeating: 1))
    let y = F64.fma(half, e, half - F64(0.5))
    return F64.select(n == F64.zero, e, y + y).withSign(self)
  }

  /// As fdlibm's e_log.c: x = 2ᵉ (1 + f), s = f / (2 + f), log(1 + f) = f - f²/2 + s (f²/2 + R(s²)).
  @_transparent
  var log: F64 {
    let subnormal = self < F64(0x1p-1022)
    let x = F64.select(subnormal, self * F64(0x1p52), self)
    let root = Bits64(repeating: 0x3FE6_A09E_667F_3BCD)  // √½
    // a bias of 2048 exponents keeps the shifted number positive: no arithmetic shift is needed
    let shifted = x.bits &- root &+ Bits64(repeating: 2048 &<< 52)
    let exponent = shifted &>> Bits64(repeating: 52)
    let m = F64(bits: (shifted & Bits64(repeating: 0xF_FFFF_FFFF_FFFF)) &+ root)
    var e = F64(bits: exponent &+ F64.magic.bits) - (F64.magic + F64(2048))
    e = F64.select(subnormal, e - F64(52), e)
    let f = m - F64.one
    let s = f / (F64(2) + f)
    let z = s * s
    let r =
      z
      * z.polynomial(
        1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01, 2.857142874366239149e-01,
        3.999999999940941908e-01, 6.666666666666735130e-01)
    let h = F64(0.5) * f * f
    let low = F64.fma(s, h + r, e * F64(1.90821492927058770002e-10))
    let y = F64.fma(e, F64(6.93147180369123816490e-01), f - (h - low))
    let bordered = F64.select(self < F64(.infinity), y, self)
    return F64.select(self <= F64.zero, F64.select(self == F64.zero, F64(-.infinity), F64(.nan)), bordered)
  }

  @_transparent var log1p: F64 { each { Glibc.log1p($0) } }
  @_transparent var log2: F64 { each { Glibc.log2($0) } }
  @_transparent var log10: F64 { each { Glibc.log10($0) } }

  // MARK: Trigonometry

  /// x = q π/2 + r for |q| < 2¹⁹, π/2 in two parts (fdlibm): the products with q are exact in the first.
  @_transparent
  var quarters: (q: F64, r: F64) {
    let q = F64.fma(self, F64(0.63661977236758134308), F64.magic) - F64.magic
    return (q, F64.fma(q, F64(-6.07710050650619224932e-11), F64.fma(q, F64(-1.57079632673412561417), self)))
  }

  /// The same with a tail, π/2 in three parts: what is left near multiples of π/2 has all its bits.
  @_transparent
  private var exactQuarters: (q: Bits64, r: F64, tail: F64) {
    let t = F64.fma(self, F64(0.63661977236758134308), F64.magic)
    let q = t - F64.magic
    let a = F64.fma(q, F64(-1.57079632673412561417), self)
    let w = q * F64(6.07710050630396597660e-11)
    let b = a - w
    let c = F64.fma(q, F64(2.02226624879595063154e-21), w - (a - b))
    let r = b - c
    return (t.bits, r, (b - r) - c)
  }

  /// fdlibm's k_sin.c and k_cos.c: sin and cos of r + tail, |r| ≤ π/4.
  @_transparent
  private static func sinCos(_ r: F64, _ tail: F64) -> (F64, F64) {
    let z = r * r
    let v = z * r
    let p = z.polynomial(1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06, -1.98412698298579493134e-04, 8.33333333332248946124e-03)
    let s = r - ((z * (F64(0.5) * tail - v * p) - tail) - v * F64(-1.66666666666666324348e-01))
    let c =
      z
      * z.polynomial(
        -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07, 2.48015872894767294178e-05, -1.38888888888741095749e-03,
        4.16666666666666019037e-02)
    let h = F64(0.5) * z
    let w = F64.one - h
    return (s, w + (((F64.one - w) - h) + (z * c - r * tail)))
  }

  @_transparent
  private static func sine(_ q: Bits64, _ s: F64, _ c: F64) -> F64 {
    let swap = F64.odd(q)
    let sign = (q & Bits64(repeating: 2)) &<< Bits64(repeating: 62)
    return F64(bits: F64.select(swap, c, s).bits ^ sign)
  }

  @_transparent
  private func beyond(_ y: F64, _ f: @convention(c) (Double) -> Double) -> F64 {
    let far = !(magnitude <= F64(8e5))
    return far.any ? beyondByLanes(y, f) : y
  }
  @inline(never)
  private func beyondByLanes(_ y: F64, _ f: @convention(c) (Double) -> Double) -> F64 {
    var r = y
    for k in 0..<F64.count where !(v[k].magnitude <= 8e5) { r.v[k] = f(v[k]) }
    return r
  }

  @_transparent
  var sin: F64 {
    let (q, r, tail) = exactQuarters
    let (s, c) = F64.sinCos(r, tail)
    return beyond(F64.select(self == F64.zero, self, F64.sine(q, s, c))) { Glibc.sin($0) }
  }

  @_transparent
  var cos: F64 {
    let (q, r, tail) = exactQuarters
    let (s, c) = F64.sinCos(r, tail)
    return beyond(F64.sine(q &+ Bits64(repeating: 1), s, c)) { Glibc.cos($0) }
  }

  /// sin and cos of 2πu for 0 ≤ u < 1.
  @_transparent
  static func turn(_ u: F64) -> (sin: F64, cos: F64) {
    let t = F64.fma(u, F64(4), magic)
    let r = F64.fma(u, F64(4), magic - t) * F64(Double.pi / 2)
    let (s, c) = sinCos(r, F64.zero)
    return (sine(t.bits, s, c), sine(t.bits &+ Bits64(repeating: 1), s, c))
  }

  @_transparent var tan: F64 { each { Glibc.tan($0) } }
  @_transparent var asin: F64 { each { Glibc.asin($0) } }
  @_transparent var acos: F64 { each { Glibc.acos($0) } }
  @_transparent var atan: F64 { each { Glibc.atan($0) } }
  @_transparent static func atan2(_ y: F64, _ x: F64) -> F64 { each(y, x) { Glibc.atan2($0, $1) } }
  @_transparent var sinh: F64 { each { Glibc.sinh($0) } }
  @_transparent var cosh: F64 { each { Glibc.cosh($0) } }
  @_transparent var erf: F64 { each { Glibc.erf($0) } }
  @_transparent var quickErf: F64 { erf }
  @_transparent static func pow(_ a: F64, _ b: F64) -> F64 { each(a, b) { Glibc.pow($0, $1) } }
  @_transparent static func fmod(_ a: F64, _ b: F64) -> F64 { each(a, b) { Glibc.fmod($0, $1) } }

  /// e / (e + 2), e = exp(2 |x|) - 1
  @_transparent
  var tanh: F64 {
    let a = magnitude
    let e = F64.select(F64(22) < a, F64(44), a + a).expm1
    return F64.select(a < F64(0x1p-28), self, (e / (e + F64(2))).withSign(self))
  }
}
