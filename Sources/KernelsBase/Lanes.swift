/// A vector register of this level, float32 or float64, as the loops see it.
///
/// Loops are written once for both; every call is inlined and specialised, so that no generic code is left (CI looks at the symbols).
/// Arithmetic is IEEE's; comparisons with NaN are false.
protocol Lanes {
  associatedtype Mask: LaneMask
  /// Elements in the vector.
  static var count: Int { get }
  /// Bytes of an element.
  static var stride: Int { get }

  /// The same value in all lanes, rounded to the lane's type.
  init(_ value: Double)
  /// The vector that begins at element `i`; no alignment needed.
  init(_ p: UnsafeRawPointer, _ i: Int)
  func store(_ p: UnsafeMutableRawPointer, _ i: Int)
  /// The first `bytes` bytes (whole elements, at most the vector's), the rest zero; out of line, for it stands behind every loop.
  static func loadPart(_ p: UnsafeRawPointer, _ bytes: Int) -> Self
  func storePart(_ p: UnsafeMutableRawPointer, _ bytes: Int)
  /// The element at `i` in all lanes.
  init(repeating p: UnsafeRawPointer, _ i: Int)
  /// From float64 values that begin at element `i`.
  init(narrowing p: UnsafePointer<Double>, _ i: Int)
  /// Adds the lanes to float64 values that begin at element `i`.
  func widenAdd(_ p: UnsafeMutablePointer<Double>, _ i: Int)
  func widenStore(_ p: UnsafeMutablePointer<Double>, _ i: Int)
  /// The sum of all lanes in float64, always in the same order.
  var sum: Double { get }
  /// The largest lane; of lanes with NaN, any.
  var largest: Double { get }
  /// One lane, for results and the functions without a vector form.
  subscript(_ lane: Int) -> Double { get set }
  /// True in lanes 0 ..< n.
  static func firstLanes(_ n: Int) -> Mask
  /// The lanes whose bit is set, lane 0 the lowest; the others zero.
  func keeping(bits: UInt32) -> Self
  /// The integers first, first + 1, … as bits, for positions: only moved and selected, never calculated with.
  init(positions first: Int)
  init(position: Int)
  func position(_ lane: Int) -> Int

  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  static prefix func - (a: Self) -> Self
  /// a b + c, in one rounding where the level has the instruction.
  static func fma(_ a: Self, _ b: Self, _ c: Self) -> Self
  static func < (a: Self, b: Self) -> Mask
  static func <= (a: Self, b: Self) -> Mask
  static func == (a: Self, b: Self) -> Mask
  static func != (a: Self, b: Self) -> Mask
  static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self
  var magnitude: Self { get }
  /// This magnitude with the sign bits of `sign`.
  func withSign(_ sign: Self) -> Self
  var squareRoot: Self { get }
  var floor: Self { get }
  var ceil: Self { get }
  var trunc: Self { get }
  /// Halves to even.
  var round: Self { get }

  // Functions of Functions32.swift and Functions64.swift
  var exp: Self { get }
  /// exp(x) / 2, which is finite where sinh and cosh still are.
  var halfExp: Self { get }
  /// exp of numbers ≤ 0 and NaN.
  var expOfNegative: Self { get }
  var expm1: Self { get }
  var log: Self { get }
  var log1p: Self { get }
  var log2: Self { get }
  var log10: Self { get }
  var sin: Self { get }
  var cos: Self { get }
  var tan: Self { get }
  var asin: Self { get }
  var acos: Self { get }
  var atan: Self { get }
  var sinh: Self { get }
  var cosh: Self { get }
  var tanh: Self { get }
  var erf: Self { get }
  /// erf to 3e-7, in half the time of `erf` in float32.
  var quickErf: Self { get }
  /// 1 / (1 + e⁻ˣ)
  var sigmoid: Self { get }
  /// x Φ(x) with the normal distribution Φ, to a few units of x's last place.
  var gelu: Self { get }
  static func pow(_ a: Self, _ b: Self) -> Self
  static func atan2(_ a: Self, _ b: Self) -> Self
  /// a - b trunc(a / b), exactly.
  static func fmod(_ a: Self, _ b: Self) -> Self
  /// sin and cos of 2πu for 0 ≤ u < 1.
  static func turn(_ u: Self) -> (sin: Self, cos: Self)
}

/// The result of a comparison.
protocol LaneMask {
  static func & (a: Self, b: Self) -> Self
  static func | (a: Self, b: Self) -> Self
  static prefix func ! (a: Self) -> Self
  var any: Bool { get }
  /// Writes bytes of 0 and 1, one for every lane.
  func store(_ p: UnsafeMutablePointer<UInt8>, _ i: Int)
  /// From bytes, 0 or not.
  init(_ p: UnsafePointer<UInt8>, _ i: Int)
}

extension Lanes {
  @inline(__always) static func > (a: Self, b: Self) -> Mask { b < a }
  @inline(__always) static func >= (a: Self, b: Self) -> Mask { b <= a }
  /// The larger; NaN wins.
  @inline(__always) static func maximum(_ a: Self, _ b: Self) -> Self { select((b < a) | (a != a), a, b) }
  /// The smaller; NaN wins.
  @inline(__always) static func minimum(_ a: Self, _ b: Self) -> Self { select((a < b) | (a != a), a, b) }
  @inline(__always) static var zero: Self { Self(0) }
  @inline(__always) static var one: Self { Self(1) }

  /// Horner's rule, the highest power first.
  @inline(__always)
  func polynomial(_ c0: Double, _ c1: Double, _ c2: Double, _ c3: Double) -> Self {
    Self.fma(Self.fma(Self.fma(Self(c0), self, Self(c1)), self, Self(c2)), self, Self(c3))
  }
  @inline(__always)
  func polynomial(_ c0: Double, _ c1: Double, _ c2: Double, _ c3: Double, _ c4: Double) -> Self {
    Self.fma(polynomial(c0, c1, c2, c3), self, Self(c4))
  }
  @inline(__always)
  func polynomial(_ c0: Double, _ c1: Double, _ c2: Double, _ c3: Double, _ c4: Double, _ c5: Double) -> Self {
    Self.fma(polynomial(c0, c1, c2, c3, c4), self, Self(c5))
  }
  @inline(__always)
  func polynomial(_ c0: Double, _ c1: Double, _ c2: Double, _ c3: Double, _ c4: Double, _ c5: Double, _ c6: Double) -> Self {
    Self.fma(polynomial(c0, c1, c2, c3, c4, c5), self, Self(c6))
  }

  @inline(__always)
  func store(first n: Int, _ p: UnsafeMutableRawPointer, _ i: Int) { storePart(p + i &* Self.stride, n &* Self.stride) }

  /// The first `n` lanes from memory, the rest zero.
  @inline(__always)
  init(first n: Int, _ p: UnsafeRawPointer, _ i: Int) { self = Self.loadPart(p + i &* Self.stride, n &* Self.stride) }
}

extension Lanes {
  /// The first `n` lanes, the others zero.
  @inline(__always)
  func keeping(first n: Int) -> Self { Self.select(Self.firstLanes(n), self, .zero) }

  /// The first `n` of float64 values, the other lanes zero.
  @inline(__always)
  init(narrowing p: UnsafePointer<Double>, _ i: Int, first n: Int) {
    self.init(0)
    for k in 0..<Self.count where k < n { self[k] = p[i &+ k] }
  }

  /// True where a or b is NaN.
  @inline(__always)
  static func unordered(_ a: Self, _ b: Self) -> Mask { (a != a) | (b != b) }
}
