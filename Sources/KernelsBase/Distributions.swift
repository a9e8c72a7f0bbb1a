internal import CIntrinsics
internal import KernelTable

/// Even over low ≤ y < high.
@inline(never)
func uniform(
  _ width: UInt8, _ y: UnsafeMutableRawPointer, _ n: Int, _ low: Double, _ high: Double, _ seed: UInt64, _ block: UInt64
) {
  // rounding may bring low + u (high - low) up to high: the number below it is the largest result
  if width == FloatWidth.float32.rawValue {
    uniform(64, y, n, F32(high - low), F32(low), F32(Double(Float(high).nextDown)), seed, block)
  } else {
    uniform(32, y, n, F64(high - low), F64(low), F64(high.nextDown), seed, block)
  }
}

@inline(__always)
private func uniform<V: RandomLanes>(
  _ each: Int, _ y: UnsafeMutableRawPointer, _ n: Int, _ scale: V, _ shift: V, _ limit: V, _ seed: UInt64, _ block: UInt64
) {
  forEachGroup(n, each, seed, block) { words, first, count in
    // over the words themselves where the group is not whole
    let result = count == each ? y + first &* V.stride : words
    var j = 0
    while j < each {
      let v = V.unit(words, j) * scale + shift
      V.select(limit < v, limit, v).store(result, j)
      j &+= V.count
    }
    if count < each { copyBytes(y + first &* V.stride, words, count &* V.stride) }
  }
}

/// Normal by Box & Muller: the first half of a group's words gives the radius, the second the angle.
@inline(never)
func normal(_ width: UInt8, _ y: UnsafeMutableRawPointer, _ n: Int, _ mean: Double, _ deviation: Double, _ seed: UInt64, _ block: UInt64) {
  if width == FloatWidth.float32.rawValue { normal(F32.self, 64, y, n, mean, deviation, seed, block) } else { normal(F64.self, 32, y, n, mean, deviation, seed, block) }
}

@inline(__always)
private func normal<V: RandomLanes>(
  _: V.Type, _ each: Int, _ y: UnsafeMutableRawPointer, _ n: Int, _ mean: Double, _ deviation: Double, _ seed: UInt64, _ block: UInt64
) {
  let (m, s) = (V(mean), V(deviation))
  let half = each / 2
  forEachGroup(n, each, seed, block) { words, first, count in
    var group = Group()
    withUnsafeMutableBytes(of: &group) { buffer in
      let result = count == each ? y + first &* V.stride : buffer.baseAddress.unsafelyUnwrapped
      var j = 0
      while j < half {
        // 1 - u lies in 0 < … ≤ 1
        let radius = (V(-2) * (V.one - V.unit(words, j)).log).squareRoot * s
        let (sin, cos) = V.turn(V.unit(words, half &+ j))
        V.fma(radius, cos, m).store(result, j)
        V.fma(radius, sin, m).store(result, half &+ j)
        j &+= V.count
      }
      if count < each { copyBytes(y + first &* V.stride, result, count &* V.stride) }
    }
  }
}

protocol RandomLanes: Lanes {
  /// Even over 0 ≤ u < 1, from the words of elements i, i + 1, ….
  static func unit(_ words: UnsafeRawPointer, _ i: Int) -> Self
}

extension F32: RandomLanes {
  /// From the upper 24 bits of each word.
  @inline(__always)
  static func unit(_ words: UnsafeRawPointer, _ i: Int) -> F32 { F32(nn_unit_floats(words.loadUnaligned(fromByteOffset: 4 &* i, as: Bits32.self))) }
}

extension F64: RandomLanes {
  /// From the upper 53 bits of two words, the second the upper one.
  @inline(__always)
  static func unit(_ words: UnsafeRawPointer, _ i: Int) -> F64 { F64(nn_unit_doubles(words.loadUnaligned(fromByteOffset: 8 &* i, as: Bits64.self))) }
}
