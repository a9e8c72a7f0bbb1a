public import KernelTable

extension Vector {
  /// y[i] = op(x[i]; p, q)
  public static func unary(
    _ op: UnaryOp, _ width: FloatWidth, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ p: Double = 0, _ q: Double = 0,
    table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    chunks(n) { start, count in
      table.vector.unary(op.rawValue, width.rawValue, x + start &* stride, y + start &* stride, count, p, q)
    }
  }

  /// Which of x and y = f(x) the derivative is computed from; the other may be nil.
  ///
  /// | from y alone | from neither | from x alone |
  /// | --- | --- | --- |
  /// | exp, expm1, sqrt, rsqrt, reciprocal, tan, tanh, sigmoid, logSigmoid, relu, selu (y tells the branch) | neg, sign, floor, ceil, round, trunc, frac, step, addScalar, mulScalar | the rest |
  public static func gradientNeeds(_ op: UnaryOp) -> (x: Bool, y: Bool) {
    switch op {
    case .exp, .sqrt, .rsqrt, .reciprocal, .tan, .tanh, .sigmoid, .logSigmoid, .relu: (false, true)
    case .neg, .sign, .floor, .ceil, .round, .trunc, .frac, .step, .addScalar, .mulScalar: (false, false)
    default: (true, false)
    }
  }

  /// gx = g f'(x), from x or y = f(x) as `gradientNeeds` says; `gx` may be `g`.
  ///
  /// Where f has no derivative, PyTorch's choice: relu'(0) = abs'(0) = sign' = 0, clamp' = 1 and hardtanh' = relu6' = 0 at the borders.
  public static func unaryGradient(
    _ op: UnaryOp, _ width: FloatWidth, x: UnsafeRawPointer?, y: UnsafeRawPointer?, g: UnsafeRawPointer, gx: UnsafeMutableRawPointer,
    _ n: Int, _ p: Double = 0, _ q: Double = 0, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    let needs = gradientNeeds(op)
    precondition((!needs.x || x != nil) && (!needs.y || y != nil), "the gradient of \(op) lacks a saved tensor")
    let x = x ?? g
    let y = y ?? g
    chunks(n) { start, count in
      let offset = start &* stride
      table.vector.unaryGradient(op.rawValue, width.rawValue, x + offset, y + offset, g + offset, gx + offset, count, p, q)
    }
  }

  /// y[r columns + c] = op(a[r aRow + c aColumn], b[r bRow + c bColumn]) for r < rows, c < columns.
  ///
  /// `aColumn` and `bColumn` are 0 (one value repeated) or 1; `aRow` and `bRow` may be anything; y is contiguous and may be a or b where those are too.
  public static func binary(
    _ op: BinaryOp, _ width: FloatWidth, _ a: UnsafeRawPointer, aRow: Int, aColumn: Int, _ b: UnsafeRawPointer, bRow: Int, bColumn: Int,
    _ y: UnsafeMutableRawPointer, rows: Int, columns: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    pairs(aRow, aColumn, bRow, bColumn, rows, columns) { r, c, first, rows, columns in
      table.vector.binary(
        op.rawValue, width.rawValue, a + (r &* aRow &+ c &* aColumn) &* stride, aRow, aColumn, b + (r &* bRow &+ c &* bColumn) &* stride, bRow,
        bColumn, y + first &* stride, rows, columns)
    }
  }

  /// y[r columns + c] = op(a[…], b[…]) ? 1 : 0 in bytes, addressed as in `binary`.
  public static func compare(
    _ op: CompareOp, _ width: FloatWidth, _ a: UnsafeRawPointer, aRow: Int, aColumn: Int, _ b: UnsafeRawPointer, bRow: Int, bColumn: Int,
    _ y: UnsafeMutablePointer<UInt8>, rows: Int, columns: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    pairs(aRow, aColumn, bRow, bColumn, rows, columns) { r, c, first, rows, columns in
      table.vector.compare(
        op.rawValue, width.rawValue, a + (r &* aRow &+ c &* aColumn) &* stride, aRow, aColumn, b + (r &* bRow &+ c &* bColumn) &* stride, bRow,
        bColumn, y + first, rows, columns)
    }
  }

  /// Cuts a two-dimensional elementwise operation into chunks: `body(firstRow, firstColumn, firstOfY, rows, columns)`.
  ///
  /// Operands that run on from row to row are one long row. Several rows are cut between rows, or each into pieces when they are long.
  @inline(__always)
  private static func pairs(
    _ aRow: Int, _ aColumn: Int, _ bRow: Int, _ bColumn: Int, _ rows: Int, _ columns: Int, _ body: (Int, Int, Int, Int, Int) -> Void
  ) {
    guard rows > 0, columns > 0 else { return }
    if rows == 1 || (aRow == columns &* aColumn && bRow == columns &* bColumn) {
      chunks(rows &* columns) { start, count in body(0, start, start, 1, count) }
    } else if columns > 2 &* grain {
      let pieces = (columns &+ grain &- 1) / grain
      Parallel.run(rows &* pieces, turning: true) { chunk in
        let (row, start) = (chunk / pieces, chunk % pieces &* grain)
        body(row, start, row &* columns &+ start, 1, min(grain, columns &- start))
      }
    } else {
      chunks(rows, grain: rowGrain(columns)) { start, count in body(start, 0, start &* columns, count, columns) }
    }
  }

  /// y += alpha x
  public static func axpy(
    _ width: FloatWidth, alpha: Double, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    chunks(n) { start, count in table.vector.axpy(width.rawValue, alpha, x + start &* stride, y + start &* stride, count) }
  }

  /// y[i] = value
  public static func fill(_ width: FloatWidth, _ y: UnsafeMutableRawPointer, _ n: Int, value: Double, table: KernelTable = Kernels.table) {
    let stride = width.stride
    chunks(n) { start, count in table.vector.fill(width.rawValue, y + start &* stride, count, value) }
  }

  /// y[i] = mask[i] != 0 ? a[i aStep] : b[i bStep]; steps are 0 (one value repeated) or 1.
  public static func select(
    _ width: FloatWidth, mask: UnsafePointer<UInt8>, _ a: UnsafeRawPointer, aStep: Int, _ b: UnsafeRawPointer, bStep: Int,
    _ y: UnsafeMutableRawPointer, _ n: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    chunks(n) { start, count in
      let offset = start &* stride
      table.vector.select(width.rawValue, mask + start, a + offset &* aStep, aStep, b + offset &* bStep, bStep, y + offset, count)
    }
  }
}
