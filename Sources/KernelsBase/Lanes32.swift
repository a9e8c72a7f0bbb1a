internal import CIntrinsics

#if canImport(Glibc)
  internal import Glibc
#endif

#if AVX512
  typealias Vector32 = SIMD16<Float>
  typealias Bits32 = SIMD16<UInt32>
  typealias Bytes32 = SIMD16<UInt8>
#elseif AVX2
  typealias Vector32 = SIMD8<Float>
  typealias Bits32 = SIMD8<UInt32>
  typealias Bytes32 = SIMD8<UInt8>
#else
  typealias Vector32 = SIMD4<Float>
  typealias Bits32 = SIMD4<UInt32>
  typealias Bytes32 = SIMD4<UInt8>
#endif

/// A register of float32.
struct F32: Lanes {
  var v: Vector32

  @_transparent init(_ v: Vector32) { self.v = v }
  @_transparent init(_ value: Double) { v = Vector32(repeating: Float(value)) }
  @_transparent init(bits: Bits32) { v = unsafeBitCast(bits, to: Vector32.self) }
  @_transparent var bits: Bits32 { unsafeBitCast(v, to: Bits32.self) }
  @_transparent static var count: Int { Vector32.scalarCount }
  @_transparent static var stride: Int { 4 }

  @inline(__always) init(_ p: UnsafeRawPointer, _ i: Int) { v = Lanes32.load(p + i &* 4) }
  @inline(__always) func store(_ p: UnsafeMutableRawPointer, _ i: Int) { Lanes32.store(v, p + i &* 4) }
  @inline(never)
  static func loadPart(_ p: UnsafeRawPointer, _ bytes: Int) -> F32 {
    var v = F32.zero
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
    v = Vector32(repeating: p.loadUnaligned(fromByteOffset: i &* 4, as: Float.self))
  }

  @_transparent
  init(narrowing p: UnsafePointer<Double>, _ i: Int) {
    v = Vector32()
    for k in 0..<Self.count { v[k] = Float(p[i &+ k]) }
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
    let (a, b) = halves
    return (a + b).sum
  }

  @inline(__always) var largest: Double { Double(largestLane(v)) }

  @inline(__always)
  subscript(_ lane: Int) -> Double {
    get { Double(v[lane]) }
    set { v[lane] = Float(newValue) }
  }

  @inline(__always)
  static func firstLanes(_ n: Int) -> Mask32 {
    var ramp = Vector32()
    for k in 0..<count { ramp[k] = Float(k) }
    return Mask32(ramp .< Vector32(repeating: Float(n)))
  }

  @_transparent func keeping(bits: UInt32) -> F32 { F32(nn_keep_floats(v, bits)) }

  @_transparent
  init(positions first: Int) {
    var b = Bits32()
    for k in 0..<Self.count { b[k] = UInt32(truncatingIfNeeded: first &+ k) }
    self.init(bits: b)
  }
  @_transparent init(position: Int) { self.init(bits: Bits32(repeating: UInt32(truncatingIfNeeded: position))) }
  @_transparent func position(_ lane: Int) -> Int { Int(truncatingIfNeeded: bits[lane]) }

  @_transparent static func + (a: F32, b: F32) -> F32 { F32(a.v + b.v) }
  @_transparent static func - (a: F32, b: F32) -> F32 { F32(a.v - b.v) }
  @_transparent static func * (a: F32, b: F32) -> F32 { F32(a.v * b.v) }
  @_transparent static func / (a: F32, b: F32) -> F32 { F32(a.v / b.v) }
  @_transparent static prefix func - (a: F32) -> F32 { F32(bits: a.bits ^ F32.signBit) }
  @_transparent
  static func fma(_ a: F32, _ b: F32, _ c: F32) -> F32 {
    #if AVX512 || AVX2
      F32(c.v.addingProduct(a.v, b.v))
    #else
      F32(a.v * b.v + c.v)
    #endif
  }

  @_transparent static func < (a: F32, b: F32) -> Mask32 { Mask32(a.v .< b.v) }
  @_transparent static func <= (a: F32, b: F32) -> Mask32 { Mask32(a.v .<= b.v) }
  @_transparent static func == (a: F32, b: F32) -> Mask32 { Mask32(a.v .== b.v) }
  @_transparent static func != (a: F32, b: F32) -> Mask32 { Mask32(a.v .!= b.v) }
  @_transparent static func select(_ mask: Mask32, _ a: F32, _ b: F32) -> F32 { F32(b.v.replacing(with: a.v, where: mask.m)) }

  @_transparent static var signBit: Bits32 { Bits32(repeating: 1 &<< (32 - 1)) }
  @_transparent var magnitude: F32 { F32(bits: bits & ~F32.signBit) }
  @_transparent func withSign(_ sign: F32) -> F32 { F32(bits: (bits & ~F32.signBit) | (sign.bits & F32.signBit)) }
  /// Where the sign bit is set, -0 and NaN with it; where a number is odd. The bit is brought to 2.0, for floats compare in one instruction.
  @_transparent var signed: Mask32 { F32(bits: (bits & F32.signBit) &>> Bits32(repeating: 1)) != F32.zero }
  @_transparent static func odd(_ q: Bits32) -> Mask32 { F32(bits: (q & Bits32(repeating: 1)) &<< Bits32(repeating: 30)) != F32.zero }
  @_transparent var squareRoot: F32 { F32(v.squareRoot()) }

  #if AVX512 || AVX2
    @_transparent var floor: F32 { F32(v.rounded(.down)) }
    @_transparent var ceil: F32 { F32(v.rounded(.up)) }
    @_transparent var trunc: F32 { F32(v.rounded(.towardZero)) }
    @_transparent var round: F32 { F32(v.rounded(.toNearestOrEven)) }
  #else
    /// Without SSE 4.1's rounding: adding and taking away 2^23 leaves an integer; larger numbers are integers already.
    @_transparent
    var round: F32 {
      let a = magnitude
      let big = F32(0x1p23)
      return F32.select(a < big, ((a + big) - big).withSign(self), self)
    }
    @_transparent
    var floor: F32 {
      let r = round
      return F32.select(self < r, (r - F32.one).withSign(self), r)
    }
    @_transparent var ceil: F32 { -((-self).floor) }
    @_transparent var trunc: F32 { magnitude.floor.withSign(self) }
  #endif
}

@inline(__always) private func largestLane(_ v: SIMD16<Float>) -> Float {
  largestLane(v.lowHalf.replacing(with: v.highHalf, where: v.lowHalf .< v.highHalf))
}
@inline(__always) private func largestLane(_ v: SIMD8<Float>) -> Float {
  largestLane(v.lowHalf.replacing(with: v.highHalf, where: v.lowHalf .< v.highHalf))
}
@inline(__always) private func largestLane(_ v: SIMD4<Float>) -> Float {
  let (a, b) = (v[0] < v[2] ? v[2] : v[0], v[1] < v[3] ? v[3] : v[1])
  return a < b ? b : a
}

/// A comparison of float32 registers.
struct Mask32: LaneMask {
  var m: SIMDMask<Vector32.MaskStorage>
  @_transparent init(_ m: SIMDMask<Vector32.MaskStorage>) { self.m = m }
  @_transparent static func & (a: Mask32, b: Mask32) -> Mask32 { Mask32(a.m .& b.m) }
  @_transparent static func | (a: Mask32, b: Mask32) -> Mask32 { Mask32(a.m .| b.m) }
  @_transparent static prefix func ! (a: Mask32) -> Mask32 { Mask32(.!a.m) }
  /// Without the standard library's `any`, whose code would be shared with other modules.
  @_transparent
  var any: Bool {
    let bits = unsafeBitCast(m, to: Bits32.self)
    var joined = bits[0]
    for k in 1..<F32.count { joined |= bits[k] }
    return joined != 0
  }
  @_transparent
  func store(_ p: UnsafeMutablePointer<UInt8>, _ i: Int) {
    let bits = unsafeBitCast(m, to: Bits32.self) & 1
    var bytes = Bytes32()
    for k in 0..<F32.count { bytes[k] = UInt8(truncatingIfNeeded: bits[k]) }
    UnsafeMutableRawPointer(p + i).storeBytes(of: bytes, as: Bytes32.self)
  }
  @_transparent
  init(_ p: UnsafePointer<UInt8>, _ i: Int) {
    let bytes = UnsafeRawPointer(p + i).loadUnaligned(as: Bytes32.self)
    var bits = Bits32()
    for k in 0..<F32.count { bits[k] = UInt32(truncatingIfNeeded: bytes[k]) }
    // as exponents: comparing integers is a loop over lanes in the standard library, comparing floats one instruction
    m = F32(bits: bits &<< Bits32(repeating: 23)).v .!= Vector32()
  }
}
