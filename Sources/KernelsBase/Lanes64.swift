#if canImport(Glibc)
  internal import Glibc
#endif

#if AVX512
  typealias Vector64 = SIMD8<Double>
  typealias Bits64 = SIMD8<UInt64>
  typealias Bytes64 = SIMD8<UInt8>
#elseif AVX2
  typealias Vector64 = SIMD4<Double>
  typealias Bits64 = SIMD4<UInt64>
  typealias Bytes64 = SIMD4<UInt8>
#else
  typealias Vector64 = SIMD2<Double>
  typealias Bits64 = SIMD2<UInt64>
  typealias Bytes64 = SIMD2<UInt8>
#endif

/// A register of float64.
struct F64: Lanes {
  var v: Vector64

  @inline(__always) init(_ v: Vector64) { self.v = v }
  @inline(__always) init(_ value: Double) { v = Vector64(repeating: Double(value)) }
  @inline(__always) init(bits: Bits64) { v = unsafeBitCast(bits, to: Vector64.self) }
  @inline(__always) var bits: Bits64 { unsafeBitCast(v, to: Bits64.self) }
  @inline(__always) static var count: Int { Vector64.scalarCount }
  @inline(__always) static var stride: Int { 8 }

  @inline(__always) init(_ p: UnsafeRawPointer, _ i: Int) { v = p.loadUnaligned(fromByteOffset: i &* 8, as: Vector64.self) }
  @inline(__always) func store(_ p: UnsafeMutableRawPointer, _ i: Int) { p.storeBytes(of: v, toByteOffset: i &* 8, as: Vector64.self) }
  @inline(__always)
  init(repeating p: UnsafeRawPointer, _ i: Int) {
    v = Vector64(repeating: p.loadUnaligned(fromByteOffset: i &* 8, as: Double.self))
  }

  @inline(__always)
  init(narrowing p: UnsafePointer<Double>, _ i: Int) {
    v = Vector64()
    for k in 0..<Self.count { v[k] = Double(p[i &+ k]) }
  }
  @inline(__always)
  func widenAdd(_ p: UnsafeMutablePointer<Double>, _ i: Int) {
    for k in 0..<Self.count { p[i &+ k] += Double(v[k]) }
  }
  @inline(__always)
  func widenStore(_ p: UnsafeMutablePointer<Double>, _ i: Int) {
    for k in 0..<Self.count { p[i &+ k] = Double(v[k]) }
  }

  @inline(__always)
  var sum: Double {
    #if AVX512
      let four = v.lowHalf + v.highHalf
      let two = four.lowHalf + four.highHalf
    #elseif AVX2
      let two = v.lowHalf + v.highHalf
    #else
      let two = v
    #endif
    return two[0] + two[1]
  }

  @inline(__always)
  subscript(_ lane: Int) -> Double {
    get { Double(v[lane]) }
    set { v[lane] = Double(newValue) }
  }

  @inline(__always)
  init(positions first: Int) {
    var b = Bits64()
    for k in 0..<Self.count { b[k] = UInt64(truncatingIfNeeded: first &+ k) }
    self.init(bits: b)
  }
  @inline(__always) init(position: Int) { self.init(bits: Bits64(repeating: UInt64(truncatingIfNeeded: position))) }
  @inline(__always) func position(_ lane: Int) -> Int { Int(truncatingIfNeeded: bits[lane]) }

  @inline(__always) static func + (a: F64, b: F64) -> F64 { F64(a.v + b.v) }
  @inline(__always) static func - (a: F64, b: F64) -> F64 { F64(a.v - b.v) }
  @inline(__always) static func * (a: F64, b: F64) -> F64 { F64(a.v * b.v) }
  @inline(__always) static func / (a: F64, b: F64) -> F64 { F64(a.v / b.v) }
  @inline(__always) static prefix func - (a: F64) -> F64 { F64(bits: a.bits ^ F64.signBit) }
  @inline(__always)
  static func fma(_ a: F64, _ b: F64, _ c: F64) -> F64 {
    #if AVX512 || AVX2
      F64(c.v.addingProduct(a.v, b.v))
    #else
      F64(a.v * b.v + c.v)
    #endif
  }

  @inline(__always) static func < (a: F64, b: F64) -> Mask64 { Mask64(a.v .< b.v) }
  @inline(__always) static func <= (a: F64, b: F64) -> Mask64 { Mask64(a.v .<= b.v) }
  @inline(__always) static func == (a: F64, b: F64) -> Mask64 { Mask64(a.v .== b.v) }
  @inline(__always) static func != (a: F64, b: F64) -> Mask64 { Mask64(a.v .!= b.v) }
  @inline(__always) static func select(_ mask: Mask64, _ a: F64, _ b: F64) -> F64 { F64(b.v.replacing(with: a.v, where: mask.m)) }

  @inline(__always) static var signBit: Bits64 { Bits64(repeating: 1 &<< (64 - 1)) }
  @inline(__always) var magnitude: F64 { F64(bits: bits & ~F64.signBit) }
  @inline(__always) func withSign(_ sign: F64) -> F64 { F64(bits: (bits & ~F64.signBit) | (sign.bits & F64.signBit)) }
  @inline(__always) var squareRoot: F64 { F64(v.squareRoot()) }

  #if AVX512 || AVX2
    @inline(__always) var floor: F64 { F64(v.rounded(.down)) }
    @inline(__always) var ceil: F64 { F64(v.rounded(.up)) }
    @inline(__always) var trunc: F64 { F64(v.rounded(.towardZero)) }
    @inline(__always) var round: F64 { F64(v.rounded(.toNearestOrEven)) }
  #else
    /// Without SSE 4.1's rounding: adding and taking away 2^52 leaves an integer; larger numbers are integers already.
    @inline(__always)
    var round: F64 {
      let a = magnitude
      let big = F64(0x1p52)
      return F64.select(a < big, ((a + big) - big).withSign(self), self)
    }
    @inline(__always)
    var floor: F64 {
      let r = round
      return F64.select(self < r, (r - F64.one).withSign(self), r)
    }
    @inline(__always) var ceil: F64 { -((-self).floor) }
    @inline(__always) var trunc: F64 { magnitude.floor.withSign(self) }
  #endif

  /// A function of the C library, lane by lane.
  @inline(__always)
  func each(_ f: (Double) -> Double) -> F64 {
    var r = self
    for k in 0..<Self.count { r.v[k] = f(v[k]) }
    return r
  }
  @inline(__always)
  static func each(_ a: F64, _ b: F64, _ f: (Double, Double) -> Double) -> F64 {
    var r = a
    for k in 0..<Self.count { r.v[k] = f(a.v[k], b.v[k]) }
    return r
  }
}

/// A comparison of float64 registers.
struct Mask64: LaneMask {
  var m: SIMDMask<Vector64.MaskStorage>
  @inline(__always) init(_ m: SIMDMask<Vector64.MaskStorage>) { self.m = m }
  @inline(__always) static func & (a: Mask64, b: Mask64) -> Mask64 { Mask64(a.m .& b.m) }
  @inline(__always) static func | (a: Mask64, b: Mask64) -> Mask64 { Mask64(a.m .| b.m) }
  @inline(__always) static prefix func ! (a: Mask64) -> Mask64 { Mask64(.!a.m) }
  /// Without the standard library's `any`, whose code would be shared with other modules.
  @inline(__always)
  var any: Bool {
    let bits = unsafeBitCast(m, to: Bits64.self)
    var joined = bits[0]
    for k in 1..<F64.count { joined |= bits[k] }
    return joined != 0
  }
  @inline(__always)
  func store(_ p: UnsafeMutablePointer<UInt8>, _ i: Int) {
    let bits = unsafeBitCast(m, to: Bits64.self) & 1
    var bytes = Bytes64()
    for k in 0..<F64.count { bytes[k] = UInt8(truncatingIfNeeded: bits[k]) }
    UnsafeMutableRawPointer(p + i).storeBytes(of: bytes, as: Bytes64.self)
  }
  @inline(__always)
  init(_ p: UnsafePointer<UInt8>, _ i: Int) {
    let bytes = UnsafeRawPointer(p + i).loadUnaligned(as: Bytes64.self)
    var bits = Bits64()
    for k in 0..<F64.count { bits[k] = UInt64(truncatingIfNeeded: bytes[k]) }
    m = bits .!= 0
  }
}
