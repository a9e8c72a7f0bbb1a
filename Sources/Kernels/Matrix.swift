public import KernelTable

/// Products of matrices in memory, on as many threads as they are worth.
///
/// The order in which the products of one element are added depends on the sizes alone: neither the number of threads
/// nor the place of an element in c changes a bit.
public enum Matrix {
  /// A matrix in memory: element (r, c) at base[r * rowStride + c * columnStride]; strides in elements, any value.
  public struct View {
    /// The first element.
    public var base: UnsafeRawPointer
    /// Elements from one row to the next.
    public var rowStride: Int
    /// Elements from one column to the next.
    public var columnStride: Int

    /// A matrix in memory that the caller keeps alive.
    @inline(__always)
    public init(base: UnsafeRawPointer, rowStride: Int, columnStride: Int) {
      self.base = base
      self.rowStride = rowStride
      self.columnStride = columnStride
    }
  }

  /// c[m, n] = a[m, k] · b[k, n] (+ c when `accumulate`) (+ bias[j] in column j), then `activation`.
  ///
  /// c is row-major with rows `ldc` apart and overlaps no operand. k = 0 gives an empty sum: zero, c or bias.
  /// `bias` has n elements, contiguous.
  public static func multiply(
    _ width: FloatWidth, m: Int, n: Int, k: Int, a: View, b: View, c: UnsafeMutableRawPointer, ldc: Int,
    accumulate: Bool = false, bias: UnsafeRawPointer? = nil, activation: Activation = .none
  ) {
    multiply(
      Kernels.table.matrix, width, m: m, n: n, k: k, a: a, b: b, c: c, ldc: ldc, accumulate: accumulate, bias: bias,
      activation: activation)
  }

  /// The same `count` times: matrix i of a begins at a.base + i * aStep elements, and so on; a step of 0 repeats one matrix.
  /// The matrices of c do not overlap.
  public static func multiplyBatch(
    _ width: FloatWidth, count: Int, m: Int, n: Int, k: Int, a: View, aStep: Int, b: View, bStep: Int,
    c: UnsafeMutableRawPointer, ldc: Int, cStep: Int, accumulate: Bool = false
  ) {
    multiplyBatch(
      Kernels.table.matrix, width, count: count, m: m, n: n, k: k, a: a, aStep: aStep, b: b, bStep: bStep, c: c, ldc: ldc,
      cStep: cStep, accumulate: accumulate)
  }

  package static func multiply(
    _ table: MatrixKernels, _ width: FloatWidth, m: Int, n: Int, k: Int, a: View, b: View, c: UnsafeMutableRawPointer, ldc: Int,
    accumulate: Bool = false, bias: UnsafeRawPointer? = nil, activation: Activation = .none
  ) {
    if m <= 0 || n <= 0 { return }
    let kernels = width == .float32 ? table.float32 : table.float64
    if k <= 0 || m &* n &* k <= Product.smallWork {
      kernels.small(
        m, n, k, a.base, a.rowStride, a.columnStride, b.base, b.rowStride, b.columnStride, c, ldc, accumulate, bias, activation == .relu)
      return
    }
    Product(
      kernels: kernels, bytes: width.stride, m: m, n: n, k: max(k, 0), a: a, b: b, c: c,
      ldc: ldc, accumulate: accumulate, bias: bias, relu: activation == .relu
    ).run()
  }

  package static func multiplyBatch(
    _ table: MatrixKernels, _ width: FloatWidth, count: Int, m: Int, n: Int, k: Int, a: View, aStep: Int, b: View, bStep: Int,
    c: UnsafeMutableRawPointer, ldc: Int, cStep: Int, accumulate: Bool = false
  ) {
    if m <= 0 || n <= 0 || count <= 0 { return }
    let product = Product(
      kernels: width == .float32 ? table.float32 : table.float64, bytes: width.stride, m: m, n: n, k: max(k, 0), a: a, b: b, c: c,
      ldc: ldc, accumulate: accumulate, bias: nil, relu: false)
    if bStep == 0 && (m == 1 || (aStep == m &* a.rowStride && cStep == m &* ldc)) {
      // Rows that go on from one matrix to the next are one tall matrix.
      var tall = product
      tall.m = m &* count
      if m == 1 {
        tall.a.rowStride = aStep
        tall.ldc = cStep
      }
      tall.run()
      return
    }
    product.runBatch(count, aStep: aStep, bStep: bStep, cStep: cStep)
  }
}
