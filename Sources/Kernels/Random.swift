public import KernelTable

/// Random numbers from Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), counter-based:
/// what a draw gives depends on the seed, the offset and the index of the element alone, never on threads or the instruction level.
///
/// A stream is a row of 2⁶⁴ blocks of four 32-bit words; `offset` is the first block of a draw. Words are dealt in groups of 16 blocks:
/// word w of block j of a group is element 16 w + j of its 64 words. So a part of a draw that begins at a multiple of 64 elements
/// (32 of float64, and 32 integers) may be drawn alone, with offset + 16 for every 64 (32).
/// Every function returns the blocks it used; the next draw begins at `offset` + that.
public enum Random {
  /// Words in a group of blocks, and blocks in a group.
  package static let words = 64
  package static let blocks: UInt64 = 16

  /// Blocks that `n` draws of `words` 32-bit words each take.
  static func used(_ n: Int, words each: Int) -> UInt64 { UInt64((n &* each &+ words &- 1) / words) &* blocks }

  /// Numbers of one chunk: they cost ten times what other elements do, 4096 of them 2 µs and normal ones more.
  private static let grain = 4096

  /// Cuts a draw into chunks of whole groups: `body(start, count, offset)`.
  @inline(__always)
  private static func draw(_ n: Int, _ offset: UInt64, words each: Int = 1, _ body: (Int, Int, UInt64) -> Void) -> UInt64 {
    if n > grain {
      Parallel.run((n &+ grain &- 1) / grain, waking: n > 8 &* grain) { chunk in
        let start = chunk &* grain
        body(start, min(grain, n &- start), offset &+ used(start, words: each))
      }
    } else if n > 0 {
      body(0, n, offset)
    }
    return used(n, words: each)
  }

  /// 32 random bits to each element.
  @discardableResult
  public static func bits(_ y: UnsafeMutablePointer<UInt32>, _ n: Int, seed: UInt64, offset: UInt64, table: KernelTable = Kernels.table) -> UInt64 {
    draw(n, offset) { start, count, block in table.vector.randomBits(y + start, count, seed, block) }
  }

  /// Even over low ≤ y < high: from 24 bits (float32) or 53 (float64).
  @discardableResult
  public static func uniform(
    _ width: FloatWidth, _ y: UnsafeMutableRawPointer, _ n: Int, low: Double = 0, high: Double = 1, seed: UInt64, offset: UInt64,
    table: KernelTable = Kernels.table
  ) -> UInt64 {
    draw(n, offset, words: width == .float32 ? 1 : 2) { start, count, block in
      table.vector.uniform(width.rawValue, y + start &* width.stride, count, low, high, seed, block)
    }
  }

  /// Normal with this mean and standard deviation, by Box & Muller 1958: √(-2 log u) cos 2πv and √(-2 log u) sin 2πv.
  @discardableResult
  public static func normal(
    _ width: FloatWidth, _ y: UnsafeMutableRawPointer, _ n: Int, mean: Double = 0, deviation: Double = 1, seed: UInt64, offset: UInt64,
    table: KernelTable = Kernels.table
  ) -> UInt64 {
    draw(n, offset, words: width == .float32 ? 1 : 2) { start, count, block in
      table.vector.normal(width.rawValue, y + start &* width.stride, count, mean, deviation, seed, block)
    }
  }

  /// Integers, even over low ... high. Lemire's multiplication (2019, arXiv:1805.10941) of 64 random bits: the few words that would bring bias
  /// are replaced by others, hashed from the word and its index.
  @discardableResult
  public static func integers(
    _ y: UnsafeMutablePointer<Int64>, _ n: Int, low: Int64, high: Int64, seed: UInt64, offset: UInt64, table: KernelTable = Kernels.table
  ) -> UInt64 {
    precondition(low <= high, "an empty range")
    let range = UInt64(bitPattern: high) &- UInt64(bitPattern: low) &+ 1  // 0: all 2⁶⁴
    return draw(n, offset, words: 2) { start, count, block in
      let words = UnsafeMutableRawPointer(y + start).assumingMemoryBound(to: UInt32.self)
      table.vector.randomBits(words, 2 &* count, seed, block)
      guard range != 0 else { return }
      let rejected = (0 &- range) % range
      for i in 0..<count {
        var word = UInt64(bitPattern: y[start &+ i])
        var product = word.multipliedFullWidth(by: range)
        var attempt: UInt64 = 0
        while product.low < rejected {
          attempt &+= 1
          word = mix(word ^ mix(seed &+ mix(block &+ UInt64(i)) &+ attempt &* 0x9E37_79B9_7F4A_7C15))
          product = word.multipliedFullWidth(by: range)
        }
        y[start &+ i] = Int64(bitPattern: UInt64(bitPattern: low) &+ product.high)
      }
    }
  }

  /// SplitMix64's finaliser (Steele, Lea & Flood 2014).
  private static func mix(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }

  /// 1 with probability p, else 0. `p` is taken to the nearest multiple of 2⁻³².
  @discardableResult
  public static func bernoulli(
    _ y: UnsafeMutablePointer<UInt8>, _ n: Int, p: Double, seed: UInt64, offset: UInt64, table: KernelTable = Kernels.table
  ) -> UInt64 {
    let threshold = UInt64(min(max(p, 0), 1) * 0x1p32 + 0.5)
    return draw(n, offset) { start, count, block in table.vector.bernoulli(y + start, count, threshold, seed, block) }
  }

  /// Bytes of the mask that `dropout` keeps for `n` elements: one bit each.
  public static func maskBytes(_ n: Int) -> Int { n / 8 &+ (n % 8 == 0 ? 0 : 1) }

  /// y = x mask / (1 - p), where mask is 1 with probability 1 - p; with p = 1 all is 0. y may be x.
  ///
  /// Element i has bit i % 8 of byte i / 8 of the mask, what `bernoulli` with 1 - p would draw.
  @discardableResult
  public static func dropout(
    _ width: FloatWidth, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, mask: UnsafeMutablePointer<UInt8>, _ n: Int, p: Double, seed: UInt64,
    offset: UInt64, table: KernelTable = Kernels.table
  ) -> UInt64 {
    let threshold = UInt64(min(max(1 - p, 0), 1) * 0x1p32 + 0.5)
    let scale = p < 1 ? 1 / (1 - p) : 0
    return draw(n, offset) { start, count, block in
      table.vector.bernoulliBits(mask + start / 8, count, threshold, seed, block)
      table.vector.maskScale(width.rawValue, x + start &* width.stride, mask + start / 8, y + start &* width.stride, count, scale)
    }
  }

  /// gx = g mask / (1 - p) with the mask of `dropout`; gx may be g.
  public static func dropoutGradient(
    _ width: FloatWidth, g: UnsafeRawPointer, mask: UnsafePointer<UInt8>, gx: UnsafeMutableRawPointer, _ n: Int, p: Double,
    table: KernelTable = Kernels.table
  ) {
    let scale = p < 1 ? 1 / (1 - p) : 0
    Vector.chunks(n) { start, count in
      table.vector.maskScale(width.rawValue, g + start &* width.stride, mask + start / 8, gx + start &* width.stride, count, scale)
    }
  }
}
