package import KernelTable

/// What this machine can do at best, and how it is measured.
package enum Limits {
  /// GFLOP/s of one core in multiply-adds that wait for nothing but each other: a tile over one and the same cache line.
  package static func multiplyAddPeak(_ width: FloatWidth) -> Double {
    let kernels = width == .float32 ? Kernels.table.matrix.float32 : Kernels.table.matrix.float64
    let (rows, columns, k) = (kernels.tileRows, 2 * kernels.lanes, 10_000)
    return Scratch.withBuffer(1 << 16) { memory in
      memory.initializeMemory(as: UInt8.self, repeating: 0, count: 1 << 16)
      let seconds = secondsPerCall {
        kernels.block(rows, columns, k, memory, 1, 0, memory + 4096, 0, 0, memory + 8192, columns, false, nil, false, memory + 32768)
      }
      return 2e-9 * Double(rows * columns * k) / seconds
    }
  }

  /// Seconds of one call: the fastest of several runs of about 20 ms, which other programs on the machine disturb least.
  package static func secondsPerCall(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    func seconds(_ calls: Int) -> Double {
      let duration = clock.measure { for _ in 0..<calls { body() } }
      return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
    var calls = 1
    while seconds(calls) < 0.005 { calls *= 2 }
    calls = max(1, calls * 4)
    return (0..<7).map { _ in seconds(calls) / Double(calls) }.min()!
  }
}
