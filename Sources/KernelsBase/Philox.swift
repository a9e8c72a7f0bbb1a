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
    var counters = Bits64()
    for k in 0..<F64.count { counters[k] = UInt64(truncatingIfNeeded: 2 &* k) }
    counters = counters &+ Bits64(repeating: first)
    var (even, odd) = (Blocks(counters), Blocks(counters &+ Bits64(repeating: 1)))
    var (k0, k1) = (Bits64(repeating: seed), Bits64(repeating: seed &>> 32))
    for _ in 0..<10 {
      even.round(k0, k1)
      odd.round(k0, k1)
      k0 = k0 &+ Bits64(repeating: 0x9E37_79B9)
      k1 = k1 &+ Bits64(repeating: 0xBB67_AE85)
    }
    a = Words.joined(even.a, odd.a)
    b = Words.joined(even.b, odd.b)
    c = Words.joined(even.c, odd.c)
    d = Words.joined(even.d, odd.d)
  }

  /// The lower halves of both, by turns.
  @inline(__always)
  private static func joined(_ even: Bits64, _ odd: Bits64) -> Bits32 {
    unsafeBitCast((even & Bits64(repeating: 0xFFFF_FFFF)) | (odd &<< Bits64(repeating: 32)), to: Bits32.self)
  }
}

/// Blocks with even numbers or with odd ones, a word in the lower half of every 64-bit lane; what the upper half holds means nothing. So a product
/// of 32 × 32 bits is one instruction, its lower word stands in its place and the upper one is a shift away.
private struct Blocks {
  var a: Bits64
  var b: Bits64
  var c = Bits64()
  var d = Bits64()

  @inline(__always)
  init(_ counters: Bits64) {
    a = counters
    b = counters &>> Bits64(repeating: 32)
  }

  @inline(__always)
  mutating func round(_ k0: Bits64, _ k1: Bits64) {
    let word = Bits64(repeating: 0xFFFF_FFFF)
    let p = (a & word) &* Bits64(repeating: 0xD251_1F53)
    let q = (c & word) &* Bits64(repeating: 0xCD9E_8D57)
    a = (q &>> Bits64(repeating: 32)) ^ b ^ k0
    b = q
    c = (p &>> Bits64(repeating: 32)) ^ d ^ k1
    d = p
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
