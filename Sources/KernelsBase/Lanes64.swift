internal import CIntrinsics

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

  @_transparent init(_ v: Vector64) { self.v = v }
  @_transparent init(_ value: Double) { v = Vector64(repeating: Double(value)) }
  @_transparent init(bits: Bits64) { v = unsafeBitCast(bits, to: Vector64.self) }
  @_transparent var bits: Bits64 { unsafeBitCast(v, to: Bits64.self) }
  @_transparent static var count: Int { Vector64.scalarCount }
  @_transparent static var stride: Int { 8 }

  @inline(__always) init(_ p: UnsafeRawPointer, _ i: Int) { v = Lanes64.load(p + i &* 8) }
  @inline(__always) func store(_ p: UnsafeMutableRawPointer, _ i: Int) { Lanes64.store(v, p + i &* 8) }
  @inline(never)
  static func loadPart(_ p: UnsafeRawPointer, _ bytes: Int) -> F64 {
    var v = F64.zero
    withUnsafeMutableBytes(of: &v) { copyPart(p, $0.baseAddress.unsafelyUnwrapped, bytes) }
    return v
  }
  @inline(never)
  func storePart(_ p: UnsafeMutableRawPointer, _ bytes: Int) {
    var v = self
    withUnsafeMutableBytes(of: &v) { copyPart($0.baseAddress.unsafelyUnwrapped, p, bytes) }
  }
  @inline(__always)
  init(repeating p: UnsafeRawPointer, _ i: Int) {
    v = Vector64(repeating: p.loadUnaligned(fromByteOffset: i &* 8, as: Double.self))
  }

  @_transparent
  init(narrowing p: UnsafePointer<Double>, _ i: Int) {
    v = Vector64()
    for k in 0..<Self.count { v[k] = Double(p[i &+ k]) }
  }
  @_transparent
  func widenAdd(_ p: UnsafeMutablePointer<Double>, _ i: Int) {
    for k in 0..<Self.count { p[i &+ k] += Double(v[k]) }
  }
  @_transparent
  func widenStore(_ p: UnsafeMutablePointer<Double>, _ i: Int) {
    for k in 0..<Self.count { p[i &+ k] = Double(v[k]) }
  }

  @_transparent
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

  @inline(__always) var largest: Double { largestLane(v) }

  @inline(__always)
  subscript(_ lane: Int) -> Double {
    get { Double(v[lane]) }
    set { v[lane] = Double(newValue) }
  }

  @inline(__always)
  static func firstLanes(_ n: Int) -> Mask64 {
    var ramp = Vector64()
    for k in 0..<count { ramp[k] = Double(k) }
    return Mask64(ramp .< Vector64(repeating: Double(n)))
  }

  @_transparent func keeping(bits: UInt32) -> F64 { F64(nn_keep_doubles(v, bits)) }

  @_transparent
  init(positions first: Int) {
    var b = Bits64()
    for k in 0..<Self.count { b[k] = UInt64(truncatingIfNeeded: first &+ k) }
    self.init(bits: b)
  }
  @_transparent init(position: Int) { self.init(bits: Bits64(repeating: UInt64(truncatingIfNeeded: position))) }
  @_transparent func position(_ lane: Int) -> Int { Int(truncatingIfNeeded: bits[lane]) }

  @_transparent static func + (a: F64, b: F64) -> F64 { F64(a.v + b.v) }
  @_transparent static func - (a: F64, b: F64) -> F64 { F64(a.v - b.v) }
  @_transparent static func * (a: F64, b: F64) -> F64 { F64(a.v * b.v) }
  @_transparent static func / (a: F64, b: F64) -> F64 { F64(a.v / b.v) }
  @_transparent static prefix func - (a: F64) -> F64 { F64(bits: a.bits ^ F64.signBit) }
  @_transparent
  static func fma(_ a: F64, _ b: F64, _ c: F64) -> F64 {
    #if AVX512 || AVX2
      F64(c.v.addingProduct(a.v, b.v))
    #else
      F64(a.v * b.v + c.v)
    #endif
  }

  @_transparent static func < (a: F64, b: F64) -> Mask64 { Mask64(a.v .< b.v) }
  @_transparent static func <= (a: F64, b: F64) -> Mask64 { Mask64(a.v .<= b.v) }
  @_transparent static func == (a: F64, b: F64) -> Mask64 { Mask64(a.v .== b.v) }
  @_transparent static func != (a: F64, b: F64) -> Mask64 { Mask64(a.v .!= b.v) }
  @_transparent static func select(_ mask: Mask64, _ a: F64, _ b: F64) -> F64 { F64(b.v.replacing(with: a.v, where: mask.m)) }

  @_transparent static var signBit: Bits64 { Bits64(repeating: 1 &<< (64 - 1)) }
  @_transparent var magnitude: F64 { F64(bits: bits & ~F64.signBit) }
  @_transparent func withSign(_ sign: F64) -> F64 { F64(bits: (bits & ~F64.signBit) | (sign.bits & F64.signBit)) }
  /// Where the sign bit is set, -0 and NaN with it; where a number is odd. The bit is brought to 2.0, for floats compare in one instruction.
  @_transparent var signed: Mask64 { F64(bits: (bits & F64.signBit) &>> Bits64(repeating: 1)) != F64.zero }
  @_transparent static func odd(_ q: Bits64) -> Mask64 { F64(bits: (q & Bits64(repeating: 1)) &<< Bits64(repeating: 62)) != F64.zero }
  @_transparent var squareRoot: F64 { F64(v.squareRoot()) }

  #if AVX512 || AVX2
    @_transparent var floor: F64 { F64(v.rounded(.down)) }
    @_transparent var ceil: F64 { F64(v.rounded(.up)) }
    @_transparent var trunc: F64 { F64(v.rounded(.towardZero)) }
    @_transparent var round: F64 { F64(v.rounded(.toNearestOrEven)) }
  #else
    /// Without SSE 4.1's rounding: adding and taking away 2^52 leaves an integer; larger numbers are integers already.
    @_transparent
    var round: F64 {
      let a = magnitude
      let big = F64(0x1p52)
      return F64.select(a < big, ((a + big) - big).withSign(self), self)
    }
    @_transparent
    var floor: F64 {
      let r = round
      return F64.select(self < r, (r - F64.one).withSign(self), r)
    }
    @_transparent var ceil: F64 { -((-self).floor) }
    @_transparent var trunc: F64 { magnitude.floor.withSign(self) }
  #endif

  /// A function of the C library, lane by lane.
  @inline(never)
  func each(_ f: @convention(c) (Double) -> Double) -> F64 {
    var r = self
    for k in 0..<Self.count { r.v[k] = f(v[k]) }
    return r
  }
  @inline(never)
  static func each(_ a: F64, _ b: F64, _ f: @convention(c) (Double, Double) -> Double) -> F64 {
    var r = a
    for k in 0..<Self.count { r.v[k] = f(a.v[k], b.v[k]) }
    return r
  }
}

@inline(__always) private func largestLane(_ v: SIMD8<Double>) -> Double {
  largestLane(v.lowHalf.replacing(with: v.highHalf, where: v.lowHalf .< v.highHalf))
}
@inline(__always) private func largestLane(_ v: SIMD4<Double>) -> Double {
  let (a, b) = (v[0] < v[2] ? v[2] : v[0], v[1] < v[3] ? v[3] : v[1])
  return a < b ? b : a
}
@inline(__always) private func largestLane(_ v: SIMD2<Double>) -> Double { v[0] < v[1] ? v[1] : v[0] }

/// A comparison of float64 registers.
struct Mask64: LaneMask {
  var m: SIMDMask<Vector64.MaskStorage>
  @_transparent init(_ m: SIMDMask<Vector64.MaskStorage>) { self.m = m }
  @_transparent static func & (a: Mask64, b: Mask64) -> Mask64 { Mask64(a.m .& b.m) }
  @_transparent static func | (a: Mask64, b: Mask64) -> Mask64 { Mask64(a.m .| b.m) }
  @_transparent static prefix func ! (a: Mask64) -> Mask64 { Mask64(.!a.m) }
  /// Without the standard library's `any`, whose code would be shared with other modules.
  @_transparent
  var any: Bool {
    let bits = unsafeBitCast(m, to: Bits64.self)
    var joined = bits[0]
    for k in 1..<F64.count { joined |= bits[k] }
    return joined != 0
  }
  @_transparent
  func store(_ p: UnsafeMutablePointer<UInt8>, _ i: Int) {
    let bits = unsafeBitCast(m, to: Bits64.self) & 1
    var bytes = Bytes64()
    for k in 0..<F64.count { bytes[k] = UInt8(truncatingIfNeeded: bits[k]) }
    UnsafeMutableRawPointer(p + i).storeBytes(of: bytes, as: Bytes64.self)
  }
  @_transparent
  init(_ p: UnsafePointer<UInt8>, _ i: Int) {
    let bytes = UnsafeRawPointer(p + i).loadUnaligned(as: Bytes64.self)
    var bits = Bits64()
    for k in 0..<F64.count { bits[k] = UInt64(truncatingIfNeeded: bytes[k]) }
    // as exponents: comparing integers is a loop over lanes in the standard library, comparing floats one instruction
    m = F64(bits: bits &<< Bits64(repeating: 52)).v .!= Vector64()
  }
}
