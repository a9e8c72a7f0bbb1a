public import KernelTable

/// The right-hand matrix of many products with few rows each: b, copied once into the order in which the kernel reads it.
///
/// `Matrix.multiply` would arrange b anew each time. For the steps of a recurrent layer that is half as much work as the product itself.
public struct PackedMatrix {
  private let kernels: MatrixKernels.Set
  private let bytes: Int
  private let k: Int
  private let n: Int
  /// Columns with the padding of the last panel.
  private let columns: Int
  private let memory: UnsafeMutableRawPointer

  private static func panel(_ width: FloatWidth) -> Int { 2 &* kernels(width).lanes }
  private static func kernels(_ width: FloatWidth) -> MatrixKernels.Set { width == .float32 ? Kernels.table.matrix.float32 : Kernels.table.matrix.float64 }

  /// Elements of memory that b[k, n] takes when packed.
  public static func elements(_ width: FloatWidth, k: Int, n: Int) -> Int {
    let panel = panel(width)
    return k &* ((n &+ panel &- 1) / panel &* panel)
  }

  /// Packs b[k, n] into `memory`, which must outlive this.
  public init(_ width: FloatWidth, k: Int, n: Int, b: Matrix.View, into memory: UnsafeMutableRawPointer) {
    (kernels, bytes, self.k, self.n, self.memory) = (Self.kernels(width), width.stride, k, n, memory)
    let panel = Self.panel(width), columns = PackedMatrix.elements(width, k: 1, n: n)
    self.columns = columns
    let (kernels, bytes, block) = (kernels, bytes, Plan.longestBlock(bytes))
    let blocks = (k &+ block &- 1) / block, perChunk = max(1, 65_536 / (min(k, block) &* panel)), groups = (columns / panel &+ perChunk &- 1) / perChunk
    Parallel.run(groups &* blocks, alone: k &* n <= 1 << 18) { chunk in
      let first = chunk / groups &* block, rows = min(block, k &- first)
      let firstPanel = chunk % groups &* perChunk, column = firstPanel &* panel
      kernels.pack(
        rows, min(n &- column, perChunk &* panel), b.base + (first &* b.rowStride &+ column &* b.columnStride) &* bytes, b.rowStride, b.columnStride,
        memory + (first &* columns &+ column &* rows) &* bytes)
    }
  }

  /// c[m, n] (+)= a[m, k] · b + bias on the calling thread; rows of a are contiguous, `aRow` apart, rows of c `cRow`.
  public func multiply(
    m: Int, a: UnsafeRawPointer, aRow: Int, c: UnsafeMutableRawPointer, cRow: Int, accumulate: Bool, bias: UnsafeRawPointer? = nil
  ) {
    guard m > 0 else { return }
    let block = Plan.longestBlock(bytes), panel = 2 &* kernels.lanes
    Scratch.withBuffer(panel &* kernels.tileRows &* bytes) { room in
      var first = 0
      while first < k {
        let rows = min(block, k &- first)
        kernels.block(
          m, n, rows, a + first &* bytes, aRow, 1, memory + first &* columns &* bytes, panel, rows &* panel, c, cRow, accumulate || first > 0,
          first &+ rows == k ? bias : nil, false, room)
        first &+= rows
      }
    }
  }
}
