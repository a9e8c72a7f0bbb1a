public import KernelTable

extension Vector {
  /// y[o, i] = the reduction of x[o, :, i]; x is [outer, count, inner], y [outer, inner].
  ///
  /// Sums are joined in float64 from blocks of float32, so the sum of 30,000,000 ones is exact. Of nothing: sum 0, prod 1, max -∞, min ∞.
  public static func reduce(
    _ op: ReduceOp, _ width: FloatWidth, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, outer: Int, count: Int, inner: Int,
    table: KernelTable = Kernels.table
  ) {
    guard outer > 0, inner > 0 else { return }
    reduced(op, width, x, shift: nil, outer: outer, count: count, inner: inner, table: table) { first, values, n in
      table.vector.narrow(width.rawValue, values, y + first &* width.stride, n)
    }
  }

  /// Reduces [outer, count, inner] in float64 and hands out pieces of the result, [outer, inner], with the index of their first element.
  /// `shift` [outer, inner] is taken from x first. Chunks of `count` are joined in order.
  static func reduced(
    _ op: ReduceOp, _ width: FloatWidth, _ x: UnsafeRawPointer, shift: UnsafePointer<Double>?, outer: Int, count: Int, inner: Int,
    table: KernelTable, _ deliver: (_ first: Int, UnsafePointer<Double>, _ n: Int) -> Void
  ) {
    accumulated(
      op, width.stride, outer: outer, count: count, inner: inner,
      rows: { first, start, rows, length, result in
        let x = x + (first &* count &+ start) &* width.stride
        table.vector.reduceRows(op.rawValue, width.rawValue, x, shift.map { $0 + first }, result, rows, length)
      },
      columns: { o, start, length, column, columns, result in
        let x = x + ((o &* count &+ start) &* inner &+ column) &* width.stride
        table.vector.reduceColumns(op.rawValue, width.rawValue, x, inner, shift.map { $0 + (o &* inner &+ column) }, result, length, columns)
      }, deliver)
  }

  /// The shape of every reduction: which rows or columns a chunk takes, and how chunks of one row or column are joined.
  static func accumulated(
    _ op: ReduceOp, _ stride: Int, outer: Int, count: Int, inner: Int,
    rows: (_ first: Int, _ start: Int, _ rows: Int, _ length: Int, UnsafeMutablePointer<Double>) -> Void,
    columns: (_ outer: Int, _ start: Int, _ length: Int, _ column: Int, _ columns: Int, UnsafeMutablePointer<Double>) -> Void,
    _ deliver: (_ first: Int, UnsafePointer<Double>, _ n: Int) -> Void
  ) {
    if inner == 1, count <= 2 &* grain {
      chunks(outer, grain: rowGrain(count)) { first, n in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: n) { result in
          let result = result.baseAddress!
          rows(first, 0, n, count, result)
          deliver(first, result, n)
        }
      }
    } else if inner == 1 {
      let pieces = (count &+ grain &- 1) / grain
      let partial = UnsafeMutablePointer<Double>.allocate(capacity: outer &* pieces)
      defer { partial.deallocate() }
      Parallel.run(outer &* pieces, turning: true) { chunk in
        let (row, start) = (chunk / pieces, chunk % pieces &* grain)
        rows(row, start, 1, min(grain, count &- start), partial + chunk)
      }
      for row in 0..<outer {
        var total = partial[row &* pieces]
        for piece in 1..<pieces { total = join(op, total, partial[row &* pieces &+ piece]) }
        deliver(row, &total, 1)
      }
    } else {
      reduceStrips(op, outer: outer, count: count, inner: inner, columns, deliver)
    }
  }

  /// Columns: strips of up to 4096 columns, and pieces of `count` where there are few strips. A strip's results stay in the first-level cache.
  private static func reduceStrips(
    _ op: ReduceOp, outer: Int, count: Int, inner: Int,
    _ columns: (_ outer: Int, _ start: Int, _ length: Int, _ column: Int, _ columns: Int, UnsafeMutablePointer<Double>) -> Void,
    _ deliver: (_ first: Int, UnsafePointer<Double>, _ n: Int) -> Void
  ) {
    let width = min(inner, 2048)
    let strips = (inner &+ width &- 1) / width
    // A piece holds about four times `grain` and whole blocks of 64 rows: joining pieces costs as much as some rows.
    let length = min(max(count, 1), max(64, (4 &* grain / width &+ 63) / 64 &* 64))
    let pieces = max(1, (count &+ length &- 1) / length)
    let groups = outer &* strips
    let start = identity(op)
    let perChunk = pieces > 1 ? 1 : max(1, grain / (width &* max(1, count)))
    if pieces == 1 {
      chunks(groups, grain: perChunk) { first, n in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { result in
          let result = result.baseAddress!
          for group in first..<first &+ n {
            let (o, column) = (group / strips, group % strips &* width)
            let wide = min(width, inner &- column)
            result.update(repeating: start, count: wide)
            columns(o, 0, count, column, wide, result)
            deliver(o &* inner &+ column, result, wide)
          }
        }
      }
      return
    }
    let partial = UnsafeMutablePointer<Double>.allocate(capacity: groups &* pieces &* width)
    defer { partial.deallocate() }
    Parallel.run(groups &* pieces, turning: true) { chunk in
      let (group, first) = (chunk / pieces, chunk % pieces &* length)
      let (o, column) = (group / strips, group % strips &* width)
      let wide = min(width, inner &- column)
      let result = partial + chunk &* width
      result.update(repeating: start, count: wide)
      columns(o, first, min(length, count &- first), column, wide, result)
    }
    for group in 0..<groups {
      let (o, column) = (group / strips, group % strips &* width)
      let wide = min(width, inner &- column)
      let total = partial + group &* pieces &* width
      for piece in 1..<pieces {
        let part = total + piece &* width
        switch op {
        case .prod, .max, .min: for i in 0..<wide { total[i] = join(op, total[i], part[i]) }
        default: for i in 0..<wide { total[i] += part[i] }
        }
      }
      deliver(o &* inner &+ column, total, wide)
    }
  }

  /// What the reduction of nothing gives.
  private static func identity(_ op: ReduceOp) -> Double {
    switch op {
    case .prod: 1
    case .max: -.infinity
    case .min: .infinity
    default: 0
    }
  }

  /// Joins two partial results; sums of squares and the like are sums here.
  private static func join(_ op: ReduceOp, _ a: Double, _ b: Double) -> Double {
    switch op {
    case .prod: a * b
    case .max: a.isNaN || a > b ? a : b
    case .min: a.isNaN || a < b ? a : b
    default: a + b
    }
  }

  /// values[o, i] = the extreme of x[o, :, i], positions[o, i] where it first stands, from 0. NaN wins. `count` is at least 1.
  public static func argReduce(
    max: Bool, _ width: FloatWidth, _ x: UnsafeRawPointer, values: UnsafeMutableRawPointer, positions: UnsafeMutablePointer<Int64>,
    outer: Int, count: Int, inner: Int, table: KernelTable = Kernels.table
  ) {
    precondition(count > 0 || outer &* inner == 0, "the extreme of nothing")
    chunks(outer, grain: rowGrain(count &* inner)) { first, n in
      table.vector.argReduce(
        max, width.rawValue, x + first &* count &* inner &* width.stride, values + first &* inner &* width.stride, positions + first &* inner, n,
        count, inner)
    }
  }

  /// y[o, k, i] = the reduction of x[o, 0 ... k, i], in float64; y may be x.
  public static func cumulate(
    _ op: CumulateOp, _ width: FloatWidth, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, outer: Int, count: Int, inner: Int,
    table: KernelTable = Kernels.table
  ) {
    chunks(outer, grain: rowGrain(count &* inner)) { first, n in
      let offset = first &* count &* inner &* width.stride
      table.vector.cumulate(op.rawValue, width.rawValue, x + offset, y + offset, n, count, inner)
    }
  }

  /// mean[o, i] of x[o, :, i] and variance[o, i] = Σ (x - mean)² / (count - correction), in two passes (three for float32). Either result may be nil.
  ///
  /// The variance is NaN where count ≤ correction.
  public static func variance(
    _ width: FloatWidth, _ x: UnsafeRawPointer, mean: UnsafeMutableRawPointer?, variance: UnsafeMutableRawPointer?, outer: Int, count: Int,
    inner: Int, correction: Int, table: KernelTable = Kernels.table
  ) {
    guard outer > 0, inner > 0 else { return }
    let n = outer &* inner
    let means = UnsafeMutablePointer<Double>.allocate(capacity: n)
    defer { means.deallocate() }
    reduced(.sum, width, x, shift: nil, outer: outer, count: count, inner: inner, table: table) { first, values, n in
      for i in 0..<n { means[first &+ i] = values[i] / Double(count) }
    }
    if variance != nil {
      // The first mean is rounded: what it left over mends it, so that equal numbers have a variance of exactly 0.
      reduced(.sum, width, x, shift: means, outer: outer, count: count, inner: inner, table: table) { first, values, n in
        for i in 0..<n where values[i].isFinite { means[first &+ i] += values[i] / Double(count) }
      }
    }
    if let mean { table.vector.narrow(width.rawValue, means, mean, n) }
    guard let variance else { return }
    let divisor = Double(max(0, count &- correction))
    let squares = UnsafeMutablePointer<Double>.allocate(capacity: n)
    defer { squares.deallocate() }
    reduced(.sumSquares, width, x, shift: means, outer: outer, count: count, inner: inner, table: table) { first, values, n in
      for i in 0..<n { squares[first &+ i] = values[i] / divisor }
    }
    table.vector.narrow(width.rawValue, squares, variance, n)
  }
}
