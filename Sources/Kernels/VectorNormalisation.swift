public import KernelTable

extension Vector {
  /// mean[c] and biased variance[c] over n and inner of x [n, channels, inner], in float64; two passes.
  public static func channelMoments(
    _ width: FloatWidth, _ x: UnsafeRawPointer, mean: UnsafeMutablePointer<Double>, variance: UnsafeMutablePointer<Double>, n: Int, channels: Int,
    inner: Int, table: KernelTable = Kernels.table
  ) {
    let divisor = Double(n &* inner)
    channelSums(.sum, width, x, shift: nil, mean, n: n, channels: channels, inner: inner, table: table)
    for c in 0..<channels { mean[c] /= divisor }
    channelSums(.sumSquares, width, x, shift: mean, variance, n: n, channels: channels, inner: inner, table: table)
    for c in 0..<channels { variance[c] /= divisor }
  }

  /// y = (x - mean[c]) rstd[c] weight[c] + bias[c], x and y [n, channels, inner]; weight nil is 1, bias nil is 0. y may be x.
  public static func channelNormalise(
    _ width: FloatWidth, _ x: UnsafeRawPointer, mean: UnsafePointer<Double>, rstd: UnsafePointer<Double>, weight: UnsafeRawPointer?,
    bias: UnsafeRawPointer?, _ y: UnsafeMutableRawPointer, n: Int, channels: Int, inner: Int, table: KernelTable = Kernels.table
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 &* channels) { scratch in
      let scale = scratch.baseAddress!
      let shift = scale + channels
      for c in 0..<channels {
        scale[c] = rstd[c] * value(width, weight, c, default: 1)
        shift[c] = value(width, bias, c, default: 0)
      }
      channelPieces(width, n: n, channels: channels, inner: inner) { offset, channel, rows, count, periodic in
        table.vector.affine(
          width.rawValue, x + offset, scale + channel, mean + channel, shift + channel, y + offset, rows, count, periodic)
      }
    }
  }

  /// The backward pass of `channelNormalise`: gx [n, channels, inner], gWeight and gBias [channels] in float64 (each may be nil).
  ///
  ///     training:   gx = w r (g - Σg / N - x̂ Σ(g x̂) / N),  x̂ = (x - mean) r,  N = n inner: mean and variance follow x
  ///     evaluation: gx = w r g
  ///     gWeight = Σ g x̂,  gBias = Σ g
  public static func channelNormaliseGradient(
    _ width: FloatWidth, training: Bool, x: UnsafeRawPointer, g: UnsafeRawPointer, mean: UnsafePointer<Double>, rstd: UnsafePointer<Double>,
    weight: UnsafeRawPointer?, gx: UnsafeMutableRawPointer?, gWeight: UnsafeMutablePointer<Double>?, gBias: UnsafeMutablePointer<Double>?,
    n: Int, channels: Int, inner: Int, table: KernelTable = Kernels.table
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 5 &* channels) { scratch in
      let sums = scratch.baseAddress!
      let products = sums + channels
      channelSums(.sum, width, g, shift: nil, sums, n: n, channels: channels, inner: inner, table: table)
      channelProducts(width, g, x, shift: mean, products, n: n, channels: channels, inner: inner, table: table)
      for c in 0..<channels {
        gWeight?[c] = products[c] * rstd[c]
        gBias?[c] = sums[c]
      }
      guard let gx else { return }
      let (a, b, d) = (sums + 2 &* channels, sums + 3 &* channels, sums + 4 &* channels)
      let divisor = Double(n &* inner)
      for c in 0..<channels {
        let scale = rstd[c] * value(width, weight, c, default: 1)
        a[c] = scale
        b[c] = training ? -scale * rstd[c] * rstd[c] * products[c] / divisor : 0
        d[c] = training ? -scale * sums[c] / divisor : 0
      }
      channelPieces(width, n: n, channels: channels, inner: inner) { offset, channel, rows, count, periodic in
        table.vector.affinePair(
          width.rawValue, x + offset, g + offset, a + channel, b + channel, mean + channel, d + channel, gx + offset, rows, count, periodic)
      }
    }
  }

  /// y[r, c] = (x[r, c] - mean[r]) rstd[r] weight[c] + bias[c]; mean and rstd = 1 / √(biased variance + eps) of every row are handed back in float64.
  public static func rowNormalise(
    _ width: FloatWidth, _ x: UnsafeRawPointer, eps: Double, weight: UnsafeRawPointer?, bias: UnsafeRawPointer?, _ y: UnsafeMutableRawPointer,
    mean: UnsafeMutablePointer<Double>, rstd: UnsafeMutablePointer<Double>, rows: Int, columns: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    chunks(rows, grain: rowGrain(columns)) { first, n in
      let x = x + first &* columns &* stride
      let y = y + first &* columns &* stride
      let (mean, rstd) = (mean + first, rstd + first)
      table.vector.reduceRows(ReduceOp.sum.rawValue, width.rawValue, x, nil, mean, n, columns)
      for r in 0..<n { mean[r] /= Double(columns) }
      table.vector.reduceRows(ReduceOp.sumSquares.rawValue, width.rawValue, x, mean, rstd, n, columns)
      for r in 0..<n { rstd[r] = 1 / (rstd[r] / Double(columns) + eps).squareRoot() }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: n) { zeros in
        zeros.initialize(repeating: 0)
        table.vector.affine(width.rawValue, x, rstd, mean, zeros.baseAddress!, y, n, columns, false)
      }
      if let weight { table.vector.binary(BinaryOp.mul.rawValue, width.rawValue, y, columns, 1, weight, 0, 1, y, n, columns) }
      if let bias { table.vector.binary(BinaryOp.add.rawValue, width.rawValue, y, columns, 1, bias, 0, 1, y, n, columns) }
    }
  }

  /// The backward pass of `rowNormalise` to x: gx = r (h - mean(h) - x̂ mean(h x̂)), h = g weight, x̂ = (x - mean) r. gx must not be g or x.
  /// (gWeight = Σ_rows g x̂ and gBias = Σ_rows g are sums over columns of products the caller can form.)
  public static func rowNormaliseGradient(
    _ width: FloatWidth, x: UnsafeRawPointer, g: UnsafeRawPointer, mean: UnsafePointer<Double>, rstd: UnsafePointer<Double>,
    weight: UnsafeRawPointer?, gx: UnsafeMutableRawPointer, rows: Int, columns: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    chunks(rows, grain: rowGrain(columns)) { first, n in
      let offset = first &* columns &* stride
      let (x, gx, mean, rstd) = (x + offset, gx + offset, mean + first, rstd + first)
      var h = g + offset
      if let weight {
        table.vector.binary(BinaryOp.mul.rawValue, width.rawValue, h, columns, 1, weight, 0, 1, gx, n, columns)
        h = UnsafeRawPointer(gx)
      }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 &* n) { scratch in
        let sums = scratch.baseAddress!
        let products = sums + n
        table.vector.reduceRows(ReduceOp.sum.rawValue, width.rawValue, h, nil, sums, n, columns)
        table.vector.dotRows(width.rawValue, h, x, mean, products, n, columns)
        for r in 0..<n {
          sums[r] *= -rstd[r] / Double(columns)
          products[r] *= -rstd[r] * rstd[r] * rstd[r] / Double(columns)
        }
        table.vector.affinePair(width.rawValue, x, h, rstd, products, mean, sums, gx, n, columns, false)
      }
    }
  }

  /// result[c] = the sums over n and inner of x[n, c, inner] - shift[c].
  static func channelSums(
    _ op: ReduceOp, _ width: FloatWidth, _ x: UnsafeRawPointer, shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, n: Int,
    channels: Int, inner: Int, table: KernelTable
  ) {
    channelJoined(
      width, result, n: n, channels: channels, inner: inner,
      rows: { offset, channel, rows, partial in
        table.vector.reduceRows(op.rawValue, width.rawValue, x + offset, shift.map { $0 + channel }, partial, rows, inner)
      },
      columns: { offset, column, columns, length, partial in
        table.vector.reduceColumns(op.rawValue, width.rawValue, x + offset, channels, shift.map { $0 + column }, partial, length, columns)
      })
  }

  /// result[c] = Σ a (b - shift[c]) over n and inner.
  private static func channelProducts(
    _ width: FloatWidth, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, shift: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, n: Int,
    channels: Int, inner: Int, table: KernelTable
  ) {
    channelJoined(
      width, result, n: n, channels: channels, inner: inner,
      rows: { offset, channel, rows, partial in
        table.vector.dotRows(width.rawValue, a + offset, b + offset, shift + channel, partial, rows, inner)
      },
      columns: { offset, column, columns, length, partial in
        table.vector.dotColumns(width.rawValue, a + offset, b + offset, channels, shift + column, partial, length, columns)
      })
  }

  /// Sums per channel: of rows of `inner` elements, joined over n; or, where inner is 1, of columns.
  private static func channelJoined(
    _ width: FloatWidth, _ result: UnsafeMutablePointer<Double>, n: Int, channels: Int, inner: Int,
    rows: (_ offset: Int, _ channel: Int, _ rows: Int, UnsafeMutablePointer<Double>) -> Void,
    columns: (_ offset: Int, _ column: Int, _ columns: Int, _ length: Int, UnsafeMutablePointer<Double>) -> Void
  ) {
    let stride = width.stride
    if inner == 1 {
      accumulated(
        .sum, stride, outer: 1, count: n, inner: max(channels, 2), rows: { _, _, _, _, _ in },
        columns: { _, start, length, column, wide, partial in
          columns((start &* channels &+ column) &* stride, column, min(wide, channels &- column), length, partial)
        }
      ) { first, values, count in
        for i in 0..<min(count, channels &- first) { result[first &+ i] = values[i] }
      }
      return
    }
    let partial = UnsafeMutablePointer<Double>.allocate(capacity: max(1, n &* channels))
    defer { partial.deallocate() }
    // whole images to a chunk, so that the channels of its rows are 0 ..< channels again and again
    chunks(n, grain: rowGrain(channels &* inner)) { first, images in
      for image in first..<first &+ images {
        let row = image &* channels
        rows(row &* inner &* stride, 0, channels, partial + row)
      }
    }
    for c in 0..<channels {
      var total = 0.0
      for image in 0..<n { total += partial[image &* channels &+ c] }
      result[c] = total
    }
  }

  /// Cuts [n, channels, inner] for `affine`: (byte offset, first channel, rows, count, periodic).
  private static func channelPieces(
    _ width: FloatWidth, n: Int, channels: Int, inner: Int, _ body: (_ offset: Int, _ channel: Int, _ rows: Int, _ count: Int, Bool) -> Void
  ) {
    let stride = width.stride
    if inner == 1 {
      chunks(n, grain: rowGrain(channels)) { first, rows in body(first &* channels &* stride, 0, rows, channels, true) }
    } else {
      chunks(n, grain: rowGrain(channels &* inner)) { first, images in
        for image in first..<first &+ images { body(image &* channels &* inner &* stride, 0, channels, inner, false) }
      }
    }
  }

  /// Element c of a parameter of either width.
  private static func value(_ width: FloatWidth, _ p: UnsafeRawPointer?, _ c: Int, default value: Double) -> Double {
    guard let p else { return value }
    return width == .float32 ? Double(p.load(fromByteOffset: c &* 4, as: Float.self)) : p.load(fromByteOffset: c &* 8, as: Double.self)
  }
}
