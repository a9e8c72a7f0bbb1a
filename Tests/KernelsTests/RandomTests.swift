import KernelTable
import Kernels
import Testing

/// Philox 4x32-10 written plainly after Salmon et al. 2011; the first four words for counter and key 0 are in the authors' known answers.
private func philox(_ counter: UInt64, _ seed: UInt64) -> [UInt32] {
  var (a, b, c, d) = (UInt32(truncatingIfNeeded: counter), UInt32(counter >> 32), UInt32(0), UInt32(0))
  var (k0, k1) = (UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
  for _ in 0..<10 {
    let p = UInt64(a) * 0xD251_1F53
    let q = UInt64(c) * 0xCD9E_8D57
    (a, b, c, d) = (UInt32(q >> 32) ^ b ^ k0, UInt32(truncatingIfNeeded: q), UInt32(p >> 32) ^ d ^ k1, UInt32(truncatingIfNeeded: p))
    k0 &+= 0x9E37_79B9
    k1 &+= 0xBB67_AE85
  }
  return [a, b, c, d]
}

@Test func knownAnswer() {
  #expect(philox(0, 0) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
}

@Test(arguments: [1, 63, 64, 65, 200, 70_001])
func bitsFollowTheCounters(_ n: Int) {
  let seed: UInt64 = 0x1234_5678_9ABC_DEF0
  let offset: UInt64 = 0xFFFF_FFF8  // the counter's lower word overflows on the way
  let reference: [UInt32] = (0..<n).map { (i: Int) -> UInt32 in
    let block: Int = i / 64 * 16 + i % 16
    return philox(offset + UInt64(block), seed)[i % 64 / 16]
  }
  for level in levels {
    var y = [UInt32](repeating: 0, count: n)
    let used = Random.bits(&y, n, seed: seed, offset: offset, table: level.table)
    #expect(y == reference, "\(level.name)")
    #expect(used == UInt64((n + 63) / 64 * 16))
  }
}

/// Uniform numbers agree to the bit on all levels, stay inside their range, and a part drawn alone is the part of the whole.
@Test func uniformIsTheSameEverywhere() {
  let n = 100_000
  for width in widths {
    let group = width == .float32 ? 64 : 32
    var first: [Double]?
    for level in levels {
      let y = Buffer(width, count: n)
      Random.uniform(width, y.p, n, low: -1, high: 3, seed: 5, offset: 7, table: level.table)
      let values = y.values
      #expect(values.allSatisfy { $0 >= -1 && $0 < 3 })
      let mean = values.reduce(0, +) / Double(n)
      let square = values.reduce(0) { $0 + ($1 - 1) * ($1 - 1) } / Double(n)
      #expect(abs(mean - 1) < 0.02 && abs(square - 16.0 / 12) < 0.03)
      #expect(values == first ?? values)
      first = values
      let part = Buffer(width, count: 100)
      Random.uniform(width, part.p, 100, low: -1, high: 3, seed: 5, offset: 7 + 16 * 10, table: level.table)
      #expect(part.values == Array(values[10 * group..<10 * group + 100]))
    }
  }
  // a range whose top would be reached by rounding
  let y = Buffer(.float32, count: n)
  Random.uniform(.float32, y.p, n, low: 1_000_000, high: 1_000_001, seed: 1, offset: 0)
  #expect(y.values.allSatisfy { $0 >= 1_000_000 && $0 < 1_000_001 })
}

@Test func normalMomentsAndTails() {
  let n = 1_000_000
  for width in widths {
    var first: [Double]?
    for level in levels {
      let y = Buffer(width, count: n)
      Random.normal(width, y.p, n, mean: 2, deviation: 3, seed: 11, offset: 0, table: level.table)
      let z = y.values.map { ($0 - 2) / 3 }
      func moment(_ k: Int) -> Double {
        z.reduce(0) { total, v in
          var p = 1.0
          for _ in 0..<k { p *= v }
          return total + p
        } / Double(n)
      }
      #expect(z.allSatisfy { $0.isFinite })
      #expect(abs(moment(1)) < 0.005 && abs(moment(2) - 1) < 0.008 && abs(moment(3)) < 0.02 && abs(moment(4) - 3) < 0.05)
      // P(|z| > 3) = 0.0026998
      #expect(abs(Double(z.filter { abs($0) > 3 }.count) / Double(n) - 0.0026998) < 0.0003)
      if let first { #expect(zip(first, z).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($0)) }) }
      first = z
    }
  }
}

@Test func integersAreEvenAndReachBothEnds() {
  let n = 120_000
  var y = [Int64](repeating: 0, count: n)
  for level in levels {
    Random.integers(&y, n, low: -2, high: 3, seed: 3, offset: 0, table: level.table)
    for k in -2...3 { #expect(abs(y.filter { $0 == k }.count - 20_000) < 700) }
  }
  Random.integers(&y, 1000, low: .min, high: .max, seed: 3, offset: 0)
  #expect(Set(y.prefix(1000)).count == 1000)
  Random.integers(&y, 10, low: 7, high: 7, seed: 3, offset: 0)
  #expect(y.prefix(10).allSatisfy { $0 == 7 })
  // a range of 3 · 2⁶² turns down every fourth word
  Random.integers(&y, n, low: .min, high: .min + (3 << 61) - 1 + (3 << 61), seed: 3, offset: 0)
  let third = y.filter { $0 < .min + (1 << 62) }.count
  #expect(abs(third - n / 3) < 900)
}

@Test func bernoulliIsEven() {
  let n = 100_003
  for level in levels {
    var mask = [UInt8](repeating: 9, count: n)
    Random.bernoulli(&mask, n, p: 0.3, seed: 1, offset: 0, table: level.table)
    #expect(mask.allSatisfy { $0 <= 1 } && abs(mask.reduce(0) { $0 + Int($1) } - 30_000) < 700)
    Random.bernoulli(&mask, n, p: 1, seed: 1, offset: 0, table: level.table)
    #expect(mask.allSatisfy { $0 == 1 })
    Random.bernoulli(&mask, n, p: 0, seed: 1, offset: 0, table: level.table)
    #expect(mask.allSatisfy { $0 == 0 })
  }
}

/// Dropout keeps what `bernoulli` draws, one bit for each element, for any length; the last byte's other bits are 0.
@Test(arguments: [1, 3, 8, 15, 17, 63, 64, 65, 100_003])
func dropoutKeepsBits(_ n: Int) {
  for level in levels {
    for width in widths {
      let x = Buffer(width, (0..<n).map { Double($0 % 10) + 1 })
      let (y, g) = (Buffer(width, count: n), Buffer(width, count: n))
      let memory = GuardPages(bytes: Random.maskBytes(n))
      #expect(memory.bytes == (n + 7) / 8)
      let bits = memory.pointer.assumingMemoryBound(to: UInt8.self)
      for p in [0.25, 0, 1] {
        var drawn = [UInt8](repeating: 9, count: n)
        let used = Random.bernoulli(&drawn, n, p: 1 - p, seed: 2, offset: 5, table: level.table)
        #expect(Random.dropout(width, x.p, y.p, mask: bits, n, p: p, seed: 2, offset: 5, table: level.table) == used)
        Vector.fill(width, g.p, n, value: 2)
        Random.dropoutGradient(width, g: g.p, mask: bits, gx: g.p, n, p: p, table: level.table)
        let scale = p < 1 ? 1 / (1 - p) : 0
        var wrong = 0
        for i in 0..<n {
          let kept = drawn[i] == 1
          if (bits[i / 8] >> UInt8(i % 8) & 1 == 1) != kept { wrong += 1 }
          if abs(y[i] - (kept ? x[i] * scale : 0)) > 1e-5 || abs(g[i] - (kept ? 2 * scale : 0)) > 1e-6 { wrong += 1 }
        }
        #expect(wrong == 0, "\(n) \(p) \(level.name)")
        if n % 8 != 0 { #expect(bits[n / 8] >> UInt8(n % 8) == 0) }
        #expect(memory.intact)
      }
    }
  }
}

@Test func drawsDoNotDependOnThreads() {
  let before = Parallel.threads
  defer { Parallel.threads = before }
  var results: [[Double]] = []
  for threads in 1...4 {
    Parallel.threads = threads
    let y = Buffer(.float32, count: 200_000)
    Random.normal(.float32, y.p, 200_000, seed: 9, offset: 3)
    results.append(y.values)
  }
  #expect(results.allSatisfy { $0 == results[0] })
}

/// The first n of a draw are the first n of a longer one, for every n around whole registers and groups.
@Test func shorterDrawsBeginAlike() {
  for width in widths {
    for level in levels {
      let whole = Buffer(width, count: 200), bits = Buffer(width, count: 200), mask = GuardPages(bytes: 200)
      let marks = mask.pointer.bindMemory(to: UInt8.self, capacity: 200)
      Random.uniform(width, whole.p, 200, low: -1, high: 1, seed: 3, offset: 5, table: level.table)
      Random.normal(width, bits.p, 200, seed: 3, offset: 5, table: level.table)
      Random.bernoulli(marks, 200, p: 0.4, seed: 3, offset: 5, table: level.table)
      for n in 1...140 {
        let y = Buffer(width, count: n), z = Buffer(width, count: n), some = GuardPages(bytes: n)
        let part = some.pointer.bindMemory(to: UInt8.self, capacity: n)
        Random.uniform(width, y.p, n, low: -1, high: 1, seed: 3, offset: 5, table: level.table)
        Random.normal(width, z.p, n, seed: 3, offset: 5, table: level.table)
        Random.bernoulli(part, n, p: 0.4, seed: 3, offset: 5, table: level.table)
        #expect(y.values == Array(whole.values.prefix(n)) && z.values == Array(bits.values.prefix(n)), "\(n) \(level.name) \(width)")
        #expect((0..<n).allSatisfy { part[$0] == marks[$0] } && some.intact, "\(n) \(level.name)")
      }
    }
  }
}
