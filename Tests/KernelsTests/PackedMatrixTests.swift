import KernelTable
import Kernels
import Testing

/// Products with a matrix packed once, against plain loops in float64.
@Suite struct PackedMatrixTests {
  @Test(arguments: [
    (1, 1, 1), (1, 32, 5), (3, 33, 7), (8, 512, 128), (16, 100, 600), (29, 31, 513), (2, 17, 1100),
  ])
  func products(_ m: Int, _ n: Int, _ k: Int) {
    check(Float.self, .float32, m, n, k, 2e-5)
    check(Double.self, .float64, m, n, k, 1e-12)
  }

  private func check<T: BinaryFloatingPoint>(_: T.Type, _ width: FloatWidth, _ m: Int, _ n: Int, _ k: Int, _ tolerance: Double) {
    func numbers(_ count: Int, _ step: Int) -> [T] { (0..<count).map { T(($0 * step + 5) % 23) / 11 - 1 } }
    let aRow = k + 3, cRow = n + 2, a = numbers(m * aRow, 7), b = numbers(k * n, 5), bias = numbers(n, 3)
    for transposed in [false, true] {
      for accumulate in [false, true] {
        // Pages that may not be touched stand around what is packed and written.
        let packed = GuardPages(bytes: PackedMatrix.elements(width, k: k, n: n) * width.stride), c = GuardPages(bytes: m * cRow * width.stride)
        let result = c.pointer.bindMemory(to: T.self, capacity: m * cRow)
        for i in 0..<m * cRow { result[i] = T(i % 5) }
        b.withUnsafeBytes { b in
          let matrix = PackedMatrix(
            width, k: k, n: n, b: Matrix.View(base: b.baseAddress!, rowStride: transposed ? 1 : n, columnStride: transposed ? k : 1), into: packed.pointer)
          a.withUnsafeBytes { a in
            bias.withUnsafeBytes { bias in
              matrix.multiply(m: m, a: a.baseAddress!, aRow: aRow, c: c.pointer, cRow: cRow, accumulate: accumulate, bias: bias.baseAddress!)
            }
          }
        }
        var worst = 0.0
        for i in 0..<m {
          for j in 0..<n {
            var sum = (accumulate ? Double((i * cRow + j) % 5) : 0) + Double(bias[j])
            for p in 0..<k { sum += Double(a[i * aRow + p]) * Double(transposed ? b[j * k + p] : b[p * n + j]) }
            worst = max(worst, abs(sum - Double(result[i * cRow + j])) / Double(k + 1))
          }
          for j in n..<cRow { #expect(Double(result[i * cRow + j]) == Double((i * cRow + j) % 5)) }
        }
        #expect(worst <= tolerance, "\(m) x \(n) x \(k)")
        #expect(packed.intact && c.intact)
      }
    }
  }
}
