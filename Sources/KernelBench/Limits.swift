#if canImport(Glibc)
  internal import Glibc
#endif
internal import KernelTable
internal import Kernels

/// What one core does at best: multiply-adds, and copies between buffers that fit no cache, have the size of the bench's tensors, or fit the second level.
func printLimits() {
  let memory = copyBandwidth(bytes: 256 << 20), tensors = copyBandwidth(bytes: 4 << 20), cache = copyBandwidth(bytes: 256 << 10)
  print(
    "{\"level\": \"\(Kernels.level)\", \"gflops\": \(Limits.multiplyAddPeak(.float32)), \"gbps_memory\": \(memory), \"gbps_4mb\": \(tensors), \"gbps_cache\": \(cache)}")
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
  return 2e-9 * Double(bytes) / Limits.secondsPerCall { memcpy(target, source, bytes) }
}
