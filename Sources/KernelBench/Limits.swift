#if canImport(Glibc)
  internal import Glibc
#endif
internal import KernelTable
internal import Kernels

/// What one core does at best: multiply-adds, and copies between buffers that fit no cache or fit the second level.
func printLimits() {
  let memory = copyBandwidth(bytes: 256 << 20), cache = copyBandwidth(bytes: 256 << 10)
  print("{\"level\": \"\(Kernels.level)\", \"gflops\": \(multiplyAddPeak(.float32)), \"gbps_memory\": \(memory), \"gbps_cache\": \(cache)}")
}

/// GFLOP/s of one core in multiply-adds that wait for nothing but each other: a tile over one and the same cache line.
func multiplyAddPeak(_ width: FloatWidth) -> Double {
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

/// GB/s read and written by the C library's copy on one core.
private func copyBandwidth(bytes: Int) -> Double {
  let source = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64), target = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
  defer {
    source.deallocate()
    target.deallocate()
  }
  memset(source, 1, bytes)
  memset(target, 1, bytes)
  return 2e-9 * Double(bytes) / secondsPerCall { memcpy(target, source, bytes) }
}
