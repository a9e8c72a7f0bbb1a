#if canImport(Glibc)
  internal import Glibc
#endif

// Elementary functions of float32: polynomials of Cephes (S. L. Moshier, single precision) on ranges reduced to a few bits around 0.

extension F32 {
  typealias Signed = Vector32.MaskStorage

  /// The float64 vectors of the lower and upper half of the lanes.
  @_transparent
  var halves: (F64, F64) {
    var (a, b) = (F64.zero, F64.zero)
    for k in 0..<F64.count {
      a.v[k] = Double(v[k])
      b.v[k] = Double(v[k &+ F64.count])
    }
    return (a, b)
  }

  @_transparent
  init(halves a: F64, _ b: F64) {
    v = Vector32()
    for k in 0..<F64.count {
      v[k] = Float(a.v[k])
      v[k &+ F64.count] = Float(b.v[k])
    }
  }

  /// Adding this brings the integer nearest to a small number into the lowest bits: 1.5 · 2²³.
  @_transparent static var magic: F32 { F32(0x1.8p23) }

  // MARK: exp

  // With AVX-512 they are in TableFunctions32.swift.
  #if !AVX512
    /// 2^offset eˣ: x = n ln 2 + r, |r| ≤ ln 2 / 2. 2ⁿ is multiplied in two halves, so that subnormal results round once.
    @_transparent
    private func scaledExp(_ offset: Int32) -> F32 {
      let high = F32(90.5)
      return F32.select(high < self, high, self).boundedExp(offset)
    }

    /// The same below 90.5.
    @_transparent
    private func boundedExp(_ offset: Int32) -> F32 {
      let low = F32(-105)
      let x = F32.select(self < low, low, self)
      let t = F32.fma(x, F32(0x1.715476p0), F32.magic)
      let n = t - F32.magic
      let r = F32.fma(n, F32(2.12194440e-4), F32.fma(n, F32(-0.693359375), x))
      let p = r.polynomial(1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
      let e = F32.fma(r * r, p, r) + F32.one
      let i = unsafeBitCast(t.bits &- F32.magic.bits, to: Signed.self) &+ Signed(repeating: offset)
      let i1 = i &>> Signed(repeating: 1)
      return e * F32.powerOfTwo(i1) * F32.powerOfTwo(i &- i1)
    }

    @_transparent var exp: F32 { scaledExp(0) }
    @_transparent var halfExp: F32 { scaledExp(-1) }
    @_transparent var expOfNegative: F32 { boundedExp(0) }
  #endif

  @_transparent
  private static func powerOfTwo(_ i: Signed) -> F32 { F32(unsafeBitCast((i &+ Signed(repeating: 127)) &<< Signed(repeating: 23), to: Vector32.self)) }

  /// 2ⁿ (eʳ - 1) + (2ⁿ - 1), calculated at half its size: 2¹²⁸ is no float.
  @_transparent
  var expm1: F32 {
    let low = F32(-20)
    let high = F32(89)
    var x = F32.select(self < low, low, self)
    x = F32.select(high < x, high, x)
    let t = F32.fma(x, F32(0x1.715476p0), F32.magic)
    let n = t - F32.magic
    let r = F32.fma(n, F32(2.12194440e-4), F32.fma(n, F32(-0.693359375), x))
    let p = r.polynomial(1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
    let e = F32.fma(r * r, p, r)
    let half = F32.powerOfTwo(unsafeBitCast(t.bits &- F32.magic.bits, to: Signed.self) &- Signed(repeating: 1))
    let y = F32.fma(half, e, half - F32(0.5))
    // with n = 0 the result is e itself, also where it is subnormal
    return F32.select(n == F32.zero, e, y + y).withSign(self)
  }

  // MARK: log

  /// x = 2ᵉ m with m around 1: (e, f = m - 1, log(1 + f) - f).
  @_transparent
  private var logParts: (e: F32, f: F32, rest: F32) {
    let subnormal = self < F32(0x1p-126)
    let x = F32.select(subnormal, self * F32(0x1p23), self)
    let root = Bits32(repeating: 0x3F35_04F3)  // √½
    let shifted = unsafeBitCast(x.bits &- root, to: Signed.self)
    let exponent = shifted &>> Signed(repeating: 23)
    let m = F32(bits: (unsafeBitCast(shifted, to: Bits32.self) & Bits32(repeating: 0x7F_FFFF)) &+ root)
    var e = F32(bits: unsafeBitCast(exponent, to: Bits32.self) &+ F32.magic.bits) - F32.magic
    e = F32.select(subnormal, e - F32(23), e)
    let f = m - F32.one
    let z = f * f
    let p = f.polynomial(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1)
    let q = F32.fma(F32.fma(F32.fma(F32.fma(p, f, F32(-1.6668057665e-1)), f, F32(2.0000714765e-1)), f, F32(-2.4999993993e-1)), f, F32(3.3333331174e-1))
    return (e, f, F32.fma(f * z, q, F32(-0.5) * z))
  }

  /// log of 0, ∞, negative numbers and NaN.
  @_transparent
  func logBorders(_ y: F32) -> F32 {
    let infinity = F32(bits: Bits32(repeating: 0x7F80_0000))
    let r = F32.select(self < infinity, y, self)
    let invalid = F32.select(self == F32.zero, -infinity, F32(bits: Bits32(repeating: 0x7FC0_0000)))
    return F32.select(self <= F32.zero, invalid, r)
  }

  @_transparent
  var log: F32 {
    let (e, f, rest) = logParts
    return logBorders(F32.fma(e, F32(0.693359375), f + F32.fma(e, F32(-2.12194440e-4), rest)))
  }

  /// e + (f + rest) log₂ e
  @_transparent
  var log2: F32 {
    let (e, f, rest) = logParts
    // log₂ e = 1 + 0.44269504…: the larger part needs no rounding
    let a = F32(0.44269504088896341)
    return logBorders(F32.fma(f, a, F32.fma(rest, a, rest)) + f + e)
  }

  /// e log₁₀ 2 + (f + rest) log₁₀ e
  @_transparent
  var log10: F32 {
    let (e, f, rest) = logParts
    let a = F32(0.4342944819032518)
    let b = F32.fma(e, F32(4.605038981195214e-6), F32.fma(rest, a, f * a))  // log₁₀ 2 = 0.30102539… of 12 bits + 4.6e-6
    return logBorders(F32.fma(e, F32(0.301025390625), b))
  }

  /// log(u) x / (u - 1) with u = 1 + x rounded: what rounding did to u is made good (Kahan).
  @_transparent
  var log1p: F32 {
    let u = F32.one + self
    let y = u.log
    let exact = F32.select(u < F32(0x1p30), y * (self / (u - F32.one)), y)
    return F32.select(u == F32.one, self, exact)
  }

  // MARK: Trigonometry

  /// x = q π/2 + r, reduced in float64; exact enough up to 2¹⁹ quarters of a turn.
  @_transparent
  private var quarters: (q: Bits32, r: F32) {
    let (a, b) = halves
    let (qa, ra) = a.quarters
    let (qb, rb) = b.quarters
    return ((F32(halves: qa, qb) + F32.magic).bits, F32(halves: ra, rb))
  }

  @_transparent
  private static func sinPolynomial(_ r: F32) -> F32 {
    let z = r * r
    let p = F32.fma(F32.fma(F32(-1.9515295891e-4), z, F32(8.3321608736e-3)), z, F32(-1.6666654611e-1))
    return F32.fma(p * z, r, r)
  }

  @_transparent
  private static func cosPolynomial(_ r: F32) -> F32 {
    let z = r * r
    let p = F32.fma(F32.fma(F32(2.443315711809948e-5), z, F32(-1.388731625493765e-3)), z, F32(4.166664568298827e-2))
    return F32.fma(p * z, z, F32.fma(F32(-0.5), z, F32.one))
  }

  /// sin of the angle q π/2 + r.
  @_transparent
  private static func sine(_ q: Bits32, _ s: F32, _ c: F32) -> F32 {
    let swap = F32.odd(q)
    let sign = (q & Bits32(repeating: 2)) &<< Bits32(repeating: 30)
    return F32(bits: F32.select(swap, c, s).bits ^ sign)
  }

  /// Where the reduction holds; beyond, and for ∞ and NaN, the C library's function is taken lane by lane.
  @_transparent
  private func beyond(_ y: F32, _ f: @convention(c) (Float) -> Float) -> F32 {
    let far = !(magnitude <= F32(8e5))
    return far.any ? beyondByLanes(y, f) : y
  }
  @inline(never)
  private func beyondByLanes(_ y: F32, _ f: @convention(c) (Float) -> Float) -> F32 {
    var r = y
    for k in 0..<F32.count where !(v[k].magnitude <= 8e5) { r.v[k] = f(v[k]) }
    return r
  }

  @_transparent
  var sin: F32 {
    let (q, r) = quarters
    // -0 stays: the sum in float64 made it +0
    let y = F32.sine(q, F32.sinPolynomial(r), F32.cosPolynomial(r))
    return beyond(F32.select(self == F32.zero, self, y)) { sinf($0) }
  }

  @_transparent
  var cos: F32 {
    let (q, r) = quarters
    return beyond(F32.sine(q &+ Bits32(repeating: 1), F32.sinPolynomial(r), F32.cosPolynomial(r))) { cosf($0) }
  }

  @_transparent
  var tan: F32 {
    let (q, r) = quarters
    let (s, c) = (F32.sinPolynomial(r), F32.cosPolynomial(r))
    let odd = F32.odd(q)
    let y = F32.select(odd, -c, s) / F32.select(odd, s, c)
    return beyond(F32.select(self == F32.zero, self, y)) { tanf($0) }
  }

  /// sin and cos of 2πu for 0 ≤ u < 1.
  @_transparent
  static func turn(_ u: F32) -> (sin: F32, cos: F32) {
    let t = F32.fma(u, F32(4), F32.magic)
    let r = F32.fma(u, F32(4), F32.magic - t) * F32(Double.pi / 2)
    let (s, c) = (sinPolynomial(r), cosPolynomial(r))
    return (sine(t.bits, s, c), sine(t.bits &+ Bits32(repeating: 1), s, c))
  }

  /// asin(x) = π/2 - 2 asin(√((1 - x) / 2)) above ½.
  @_transparent
  private var asinParts: (large: Mask32, y: F32) {
    let a = magnitude
    let large = F32(0.5) < a
    let z = F32.select(large, F32(0.5) * (F32.one - a), a * a)
    let s = F32.select(large, z.squareRoot, a)
    let p = z.polynomial(4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1)
    return (large, F32.fma(p * z, s, s))
  }

  @_transparent
  var asin: F32 {
    let (large, y) = asinParts
    // π/2 in two parts keeps the last bit
    let far = F32(1.57079637050628662109375) - F32.fma(F32(2), y, F32(4.37113883e-8))
    return F32.select(large, far, y).withSign(self)
  }

  @_transparent
  var acos: F32 {
    let (large, y) = asinParts
    let far = y + y
    let negative = self < F32.zero
    let farther = F32.select(negative, F32(3.1415927410125732421875) - (far + F32(8.74227766e-8)), far)
    let near = F32(1.57079637050628662109375) - (y.withSign(self) + F32(4.37113883e-8))
    return F32.select(large, farther, near)
  }

  /// atan of 0 … 1: above tan(π/8), π/4 + atan((x - 1) / (x + 1)).
  @_transparent
  private static func atanUnit(_ a: F32) -> F32 {
    let large = F32(0.4142135623730951) < a
    let x = F32.select(large, (a - F32.one) / (a + F32.one), a)
    let z = x * x
    let p = z.polynomial(8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1)
    return F32.select(large, F32(Double.pi / 4), F32.zero) + F32.fma(p * z, x, x)
  }

  @_transparent
  var atan: F32 {
    let a = magnitude
    let inverse = F32.one < a
    let y = F32.atanUnit(F32.select(inverse, F32.one / a, a))
    return F32.select(inverse, F32(Double.pi / 2) - y, y).withSign(self)
  }

  @_transparent
  static func atan2(_ y: F32, _ x: F32) -> F32 {
    let (a, b) = (y.magnitude, x.magnitude)
    let steep = b < a
    let (small, large) = (F32.select(steep, b, a), F32.select(steep, a, b))
    // 0 / 0 is 0 and ∞ / ∞ is 1 here
    var ratio = F32.select(large == F32.zero, F32.zero, small / large)
    ratio = F32.select((small == F32(Double.infinity)), F32.one, ratio)
    var r = F32.atanUnit(ratio)
    r = F32.select(steep, F32(Double.pi / 2) - r, r)
    let left = x.signed
    r = F32.select(left, F32(Double.pi) - r, r).withSign(y)
    return F32.select((x != x) | (y != y), x + y, r)
  }

  // MARK: Hyperbolic functions, erf

  /// x + x³ P(x²) below 1, else eˣ/2 - e⁻ˣ/2.
  @_transparent
  var sinh: F32 {
    let a = magnitude
    let h = a.halfExp
    let z = self * self
    let p = F32.fma(F32.fma(F32(2.03721912945e-4), z, F32(8.33028376239e-3)), z, F32(1.66667160211e-1))
    return F32.select(a < F32.one, F32.fma(p * z, self, self), (h - F32(0.25) / h).withSign(self))
  }

  @_transparent
  var cosh: F32 {
    let h = magnitude.halfExp
    return h + F32(0.25) / h
  }

  /// e / (e + 2), e = exp(2 |x|) - 1
  @_transparent
  var tanh: F32 {
    let a = magnitude
    let e = F32.select(F32(10) < a, F32(20), a + a).expm1
    return F32.select(a < F32(0x1p-12), self, (e / (e + F32(2))).withSign(self))
  }

  /// x + x P(x²) up to 0.92773, else 1 - exp(-Q(|x|)), with the polynomials of N. Juffa.
  @_transparent
  var erf: F32 {
    let a = magnitude
    let s = self * self
    let q1 = F32.fma(F32.fma(F32(-1.72853470e-5), a, F32(3.83197126e-4)), s, F32.fma(F32(-3.88396438e-3), a, F32(2.42546219e-2)))
    let q = F32.fma(F32.fma(F32.fma(F32.fma(q1, a, F32(-1.06777877e-1)), a, F32(-6.34846687e-1)), a, F32(-1.28717512e-1)), a, -a)
    let p = s.polynomial(-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1)
    let far = (F32.one - F32.select(F32(4) < a, F32(-20), q).exp).withSign(self)
    return F32.select(F32(0.927734375) < a, far, F32.fma(p, self, self))
  }

  /// The rational function of Eigen and XLA, x P(x²) / Q(x²) on -3.83 … 3.83, where erf rounds to ±1.
  @_transparent
  var quickErf: F32 {
    let border = F32(3.832506856900711)
    let x = F32.select(border < magnitude, border.withSign(self), self)
    let z = x * x
    let p = z.polynomial(
      -2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05, -7.34990630326855e-04, -2.95459980854025e-03,
      -1.60960333262415e-02)
    let q = z.polynomial(-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03, -1.42647390514189e-02)
    return .select(border < magnitude, F32.one.withSign(self), x * p / q)
  }

  // MARK: Powers and remainders

  /// exp(b log |a|) in float64, and the borders of C's pow.
  @inline(never)
  static func pow(_ a: F32, _ b: F32) -> F32 {
    let (a1, a2) = a.magnitude.halves
    let (b1, b2) = b.halves
    var r = F32(halves: (a1.log * b1).exp, (a2.log * b2).exp)
    let whole = b.trunc == b
    let half = b * F32(0.5)
    let odd = whole & (half.trunc != half)
    let negative = a.signed
    r = F32.select(negative & odd, -r, r)
    r = F32.select((a < F32.zero) & !whole & (a.magnitude < F32(Double.infinity)), F32(Double.nan), r)
    r = F32.select((a.magnitude == F32.one) & (b.magnitude == F32(Double.infinity)), F32.one, r)
    return F32.select((b == F32.zero) | (a == F32.one), F32.one, r)
  }

  /// In float64 the quotient of two float32 below 2²⁸ truncates exactly, and so does the rest; beyond, the C library, lane by lane.
  @inline(never)
  static func fmod(_ a: F32, _ b: F32) -> F32 {
    let (a1, a2) = a.halves
    let (b1, b2) = b.halves
    let (q1, q2) = ((a1 / b1).trunc, (a2 / b2).trunc)
    var r = F32(halves: a1 - q1 * b1, a2 - q2 * b2).withSign(a)
    let q = F32(halves: q1, q2)
    guard (!(q.magnitude < F32(0x1p28))).any || (b.magnitude == F32(Double.infinity)).any else { return r }
    for k in 0..<F32.count where !(q.v[k].magnitude < 0x1p28) || b.v[k].isInfinite { r.v[k] = fmodf(a.v[k], b.v[k]) }
    return r
  }
}
