internal import KernelTable
internal import Kernels

/// Products a * b, a * b transposed and a transposed * b in GFLOP/s, the share of a * b
/// in the multiply-add peak of the threads in use, and its time.
func benchMatrix(_ only: (Int, Int, Int)?) {
  for width in [FloatWidth.float32, .float64] {
    let peak = Limits.multiplyAddPeak(width)
    print("\n\(width): multiply-add peak of one core \(column(peak)) GFLOP/s")
    print("     m      n      k       a·b      a·bᵀ      aᵀ·b   of peak         µs")
    let shapes =
      width == .float32
      ? [
        (4, 4, 2), (8, 8, 8), (16, 16, 16), (32, 32, 32), (64, 64, 64), (100, 100, 100), (128, 128, 128), (256, 256, 256), (512, 512, 512),
        (1024, 1024, 1024), (2048, 2048, 2048), (100, 50, 784), (784, 50, 100), (100, 784, 50), (100, 10, 50), (100, 100, 4320),
        (4320, 100, 100), (100, 4320, 100), (10000, 10, 100), (10, 10000, 100), (64, 1000, 512), (1, 1024, 1024), (1024, 1, 1024),
        (8, 1024, 1024), (1, 4096, 4096), (32, 4096, 4096),
      ] : [(64, 64, 64), (512, 512, 512), (1024, 1024, 1024), (100, 50, 784), (1, 1024, 1024), (1024, 1, 1024)]
    for (m, n, k) in only.map({ [$0] }) ?? shapes { benchProduct(width, m, n, k, peak * Double(Parallel.threads)) }
  }
}

private func benchProduct(_ width: FloatWidth, _ m: Int, _ n: Int, _ k: Int, _ peak: Double) {
  let bytes = width.stride
  func operand(_ count: Int) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count * bytes, alignment: 64)
    if width == .float32 {
      memory.initializeMemory(as: Float.self, repeating: 0.5, count: count)
    } else {
      memory.initializeMemory(as: Double.self, repeating: 0.5, count: count)
    }
    return memory
  }
  let (a, b, c) = (operand(m * k), operand(k * n), operand(m * n))
  defer { for memory in [a, b, c] { memory.deallocate() } }
  func rate(_ aTransposed: Bool, _ bTransposed: Bool) -> (Double, Double) {
    let x = Matrix.View(base: a, rowStride: aTransposed ? 1 : k, columnStride: aTransposed ? m : 1)
    let y = Matrix.View(base: b, rowStride: bTransposed ? 1 : n, columnStride: bTransposed ? k : 1)
    let seconds = Limits.secondsPerCall { Matrix.multiply(width, m: m, n: n, k: k, a: x, b: y, c: c, ldc: n) }
    return (2e-9 * Double(m * n * k) / seconds, seconds)
  }
  let (plain, seconds) = rate(false, false)
  let size = [m, n, k].map { column(Double($0), 0, 8).dropLast(2) }.joined(separator: " ")
  print(size, column(plain), column(rate(false, true).0), column(rate(true, false).0), column(plain / peak, 3), column(seconds * 1e6, 3, 12))
}
