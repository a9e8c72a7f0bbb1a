internal import CIntrinsics
internal import KernelTable

// Philox 4x32-10 (Salmon et al. 2011): ten rounds of two 32 × 32 bit products over a counter of four words and a key of two.

/// Four words of as many blocks as there are lanes.
struct Words {
  var a: Bits32
  var b: Bits32
  var c: Bits32
  var d: Bits32

  /// The words of blocks first, first + 1, …; the upper half of the counter is 0.
  @inline(__always)
  init(_ seed: UInt64, _ first: UInt64) {
    a = Bits32()
    b = Bits32()
    for k in 0..<F32.count {
      let counter = first &+ UInt64(truncatingIfNeeded: k)
      a[k] = UInt32(truncatingIfNeeded: counter)
      b[k] = UInt32(truncatingIfNeeded: counter &>> 32)
    }
    c = Bits32()
    d = Bits32()
    var (k0, k1) = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed &>> 32))
    for _ in 0..<10 {
      let (high0, low0) = Words.product(a, 0xD251_1F53)
      let (high1, low1) = Words.product(c, 0xCD9E_8D57)
      a = high1 ^ b ^ Bits32(repeating: k0)
      b = low1
      c = high0 ^ d ^ Bits32(repeating: k1)
      d = low0
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
  }

  /// Upper and lower words of x m: even and odd lanes apart, as 64-bit lanes.
  @inline(__always)
  private static func product(_ x: Bits32, _ m: UInt64) -> (high: Bits32, low: Bits32) {
    let wide = unsafeBitCast(x, to: Bits64.self)
    let mask = Bits64(repeating: 0xFFFF_FFFF)
    let factor = Bits64(repeating: m)
    let shift = Bits64(repeating: 32)
    let even = (wide & mask) &* factor
    let odd = (wide &>> shift) &* factor
    let high = (even &>> shift) | (odd & ~mask)
    let low = (even & mask) | (odd &<< shift)
    return (unsafeBitCast(high, to: Bits32.self), unsafeBitCast(low, to: Bits32.self))
  }
}

/// A group of 16 blocks, dealt as `Random` says: word w of block j is number 16 w + j.
struct Group {
  var words: (SIMD16<UInt32>, SIMD16<UInt32>, SIMD16<UInt32>, SIMD16<UInt32>) = (SIMD16(), SIMD16(), SIMD16(), SIMD16())

  @inline(__always)
  static func fill(_ p: UnsafeMutableRawPointer, _ seed: UInt64, _ first: UInt64) {
    var j = 0
    while j < 16 {
      let w = Words(seed, first &+ UInt64(truncatingIfNeeded: j))
      p.storeBytes(of: w.a, toByteOffset: 4 &* j, as: Bits32.self)
      p.storeBytes(of: w.b, toByteOffset: 4 &* (16 &+ j), as: Bits32.self)
      p.storeBytes(of: w.c, toByteOffset: 4 &* (32 &+ j), as: Bits32.self)
      p.storeBytes(of: w.d, toByteOffset: 4 &* (48 &+ j), as: Bits32.self)
      j &+= F32.count
    }
  }
}

/// Draws group after group of 64 words (256 bytes) and gives each to `body(words, first element, how many)`, `each` elements from a group.
@inline(__always)
func forEachGroup(_ n: Int, _ each: Int, _ seed: UInt64, _ block: UInt64, _ body: (UnsafeMutableRawPointer, Int, Int) -> Void) {
  var group = Group()
  withUnsafeMutableBytes(of: &group) { buffer in
    let words = buffer.baseAddress.unsafelyUnwrapped
    var i = 0
    var first = block
    while i < n {
      Group.fill(words, seed, first)
      body(words, i, n &- i < each ? n &- i : each)
      i &+= each
      first = first &+ 16
    }
  }
}

/// 32 bits to each element.
@inline(never)
func randomBits(_ y: UnsafeMutablePointer<UInt32>, _ n: Int, _ seed: UInt64, _ block: UInt64) {
  let whole = n / 64
  for g in 0..<whole { Group.fill(UnsafeMutableRawPointer(y + 64 &* g), seed, block &+ UInt64(truncatingIfNeeded: 16 &* g)) }
  forEachGroup(n &- 64 &* whole, 64, seed, block &+ UInt64(truncatingIfNeeded: 16 &* whole)) { words, _, count in
    copyBytes(UnsafeMutableRawPointer(y + 64 &* whole), words, 4 &* count)
  }
}

/// a < b of unsigned integers: the borrow of a - b.
@inline(__always)
private func below(_ a: Bits32, _ b: Bits32) -> Mask32 { F32(bits: (~a & b) | ((~a | b) & (a &- b))).signed }

/// 1 where a word is below the threshold.
@inline(never)
func bernoulli(_ y: UnsafeMutablePointer<UInt8>, _ n: Int, _ threshold: UInt64, _ seed: UInt64, _ block: UInt64) {
  if threshold >= 1 &<< 32 {
    for i in 0..<n { y[i] = 1 }
    return
  }
  let limit = Bits32(repeating: UInt32(truncatingIfNeeded: threshold))
  forEachGroup(n, 64, seed, block) { words, first, count in
    var bytes = SIMD64<UInt8>()
    withUnsafeMutableBytes(of: &bytes) { buffer in
      let b = buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
      var j = 0
      while j < 64 {
        below(words.loadUnaligned(fromByteOffset: 4 &* j, as: Bits32.self), limit).store(b, j)
        j &+= F32.count
      }
    }
    if count == 64 {
      UnsafeMutableRawPointer(y + first).storeBytes(of: bytes, as: SIMD64<UInt8>.self)
    } else {
      for k in 0..<count { y[first &+ k] = bytes[k] }
    }
  }
}

/// The same in bits: element i has bit i % 8 of byte i / 8, and the last byte's other bits are 0.
@inline(never)
func bernoulliBits(_ y: UnsafeMutablePointer<UInt8>, _ n: Int, _ threshold: UInt64, _ seed: UInt64, _ block: UInt64) {
  let all = threshold >= 1 &<< 32
  let limit = Bits32(repeating: UInt32(truncatingIfNeeded: threshold))
  forEachGroup(n, 64, seed, block) { words, first, count in
    var bits: UInt64 = all ? ~0 : 0
    var j = 0
    while j < 64, !all {
      bits |= UInt64(nn_below(words.loadUnaligned(fromByteOffset: 4 &* j, as: Bits32.self), limit)) &<< UInt64(truncatingIfNeeded: j)
      j &+= F32.count
    }
    if count == 64 {
      UnsafeMutableRawPointer(y + first &>> 3).storeBytes(of: bits.littleEndian, as: UInt64.self)
    } else {
      bits &= 1 &<< UInt64(truncatingIfNeeded: count) &- 1
      var k = 0
      while 8 &* k < count {
        y[first &>> 3 &+ k] = UInt8(truncatingIfNeeded: bits &>> UInt64(truncatingIfNeeded: 8 &* k))
        k &+= 1
      }
    }
  }
}
