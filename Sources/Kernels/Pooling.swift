public import KernelTable

/// Sizes of a pooling: `planes` (batch · channels) images of height x width. Padding is on both sides, as in PyTorch at most half the kernel.
public struct PoolingGeometry: Sendable, Equatable {
  public var planes: Int
  public var inHeight: Int
  public var inWidth: Int
  public var kernelHeight: Int
  public var kernelWidth: Int
  public var strideHeight: Int
  public var strideWidth: Int
  public var paddingHeight: Int
  public var paddingWidth: Int
  public var dilationHeight: Int
  public var dilationWidth: Int
  /// Round the output's size up: the last windows may hang over the padding's end.
  public var ceilMode: Bool

  public init(
    planes: Int, inHeight: Int, inWidth: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int, strideWidth: Int,
    paddingHeight: Int = 0, paddingWidth: Int = 0, dilationHeight: Int = 1, dilationWidth: Int = 1, ceilMode: Bool = false
  ) {
    self.planes = planes
    self.inHeight = inHeight
    self.inWidth = inWidth
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.paddingHeight = paddingHeight
    self.paddingWidth = paddingWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.ceilMode = ceilMode
  }

  public var outHeight: Int {
    ConvolutionGeometry.outputSize(
      inHeight, kernel: kernelHeight, stride: strideHeight, padding: (paddingHeight, paddingHeight), dilation: dilationHeight,
      ceil: ceilMode)
  }
  public var outWidth: Int {
    ConvolutionGeometry.outputSize(
      inWidth, kernel: kernelWidth, stride: strideWidth, padding: (paddingWidth, paddingWidth), dilation: dilationWidth, ceil: ceilMode)
  }
  var inPlane: Int { inHeight * inWidth }
  var outPlane: Int { outHeight * outWidth }
  var columns: PoolingAxis {
    PoolingAxis(
      size: inWidth, count: outWidth, kernel: kernelWidth, stride: strideWidth, padding: paddingWidth, dilation: dilationWidth)
  }
  var rows: PoolingAxis {
    PoolingAxis(
      size: inHeight, count: outHeight, kernel: kernelHeight, stride: strideHeight, padding: paddingHeight, dilation: dilationHeight)
  }
  /// Planes of one chunk: about 200,000 elements read.
  var planesPerChunk: Int { max(1, 200_000 / max(1, outPlane * kernelHeight * kernelWidth)) }

  /// Spreads the planes over the cores.
  func run(_ body: (Range<Int>) -> Void) {
    let step = planesPerChunk
    Parallel.run((planes + step - 1) / step) { chunk in body(chunk * step..<min((chunk + 1) * step, planes)) }
  }
}

/// One axis of a pooling.
struct PoolingAxis {
  var size: Int
  var count: Int
  var kernel: Int
  var stride: Int
  var padding: Int
  var dilation: Int

  /// The places whose tap `tap` lies within the data.
  func places(_ tap: Int) -> Range<Int> {
    let shift = padding - tap * dilation
    let low = shift > 0 ? (shift + stride - 1) / stride : 0
    let last = size - 1 + shift
    let high = last < 0 ? 0 : min(count, last / stride + 1)
    return low..<max(low, high)
  }

  /// The first coordinate within the data that the window at `place` reads.
  func first(_ place: Int) -> Int {
    let at = place * stride - padding
    return min(at < 0 ? at + (-at + dilation - 1) / dilation * dilation : at, size - 1)
  }

  /// Taps of the window at `place` that lie within the data, and within data and padding, as PyTorch counts them for an average.
  func extent(_ place: Int) -> (taps: Range<Int>, padded: Int) {
    let start = place * stride - padding
    let low = max(0, -start), high = min(kernel, size - start)
    return (low..<max(low, high), min(kernel, size + padding - start))
  }
}

/// Pooling of images (planes, height, width).
public enum Pooling {
  /// y = the largest value of each window; NaN wins, padding never does. `positions` are indices within the image's plane.
  public static func max(
    _ width: FloatWidth, _ g: PoolingGeometry, x: UnsafeRawPointer, y: UnsafeMutableRawPointer, positions: UnsafeMutablePointer<Int32>
  ) {
    max(width, g, x: x, y: y, positions: positions, table: Kernels.table)
  }

  package static func max(
    _ width: FloatWidth, _ g: PoolingGeometry, x: UnsafeRawPointer, y: UnsafeMutableRawPointer, positions: UnsafeMutablePointer<Int32>,
    table: KernelTable
  ) {
    if g.outPlane < 1 || g.inPlane < 1 { return }
    precondition(g.inPlane <= Int(Int32.max), "positions are 32-bit")
    let kernels = table.convolution.set(width)
    let squares = g.kernelHeight == 2 && g.kernelWidth == 2 && g.strideHeight == 2 && g.strideWidth == 2 && g.paddingHeight == 0
      && g.paddingWidth == 0 && g.dilationHeight == 1 && g.dilationWidth == 1 && 2 * g.outHeight <= g.inHeight && 2 * g.outWidth <= g.inWidth
    let size = width.stride
    g.run { planes in
      for plane in planes {
        let x = x + plane * g.inPlane * size, y = y + plane * g.outPlane * size, positions = positions + plane * g.outPlane
        if squares {
          kernels.maxSquares(x, g.inWidth, g.outHeight, g.outWidth, y, positions)
        } else {
          maxPlane(width, g, x, y, positions, kernels)
        }
      }
    }
  }

  /// Tap by tap over each row of windows, so that the inner loop runs along memory.
  private static func maxPlane(
    _ width: FloatWidth, _ g: PoolingGeometry, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ positions: UnsafeMutablePointer<Int32>,
    _ kernels: ConvolutionKernels.Set
  ) {
    let size = width.stride
    let rows = g.rows, columns = g.columns, count = columns.count
    for row in 0..<rows.count {
      let best = y + row * count * size, places = positions + row * count
      let origin = rows.first(row) * g.inWidth
      for column in 0..<count {
        places[column] = Int32(origin + columns.first(column))
        if width == .float32 {
          best.storeBytes(of: -.infinity, toByteOffset: column * 4, as: Float.self)
        } else {
          best.storeBytes(of: -.infinity, toByteOffset: column * 8, as: Double.self)
        }
      }
      for u in 0..<rows.kernel {
        let line = row * rows.stride + u * rows.dilation - rows.padding
        if line < 0 || line >= rows.size { continue }
        for v in 0..<columns.kernel {
          let reach = columns.places(v)
          if reach.isEmpty { continue }
          let first = line * g.inWidth + reach.lowerBound * columns.stride + v * columns.dilation - columns.padding
          kernels.maxTap(
            x + first * size, columns.stride, reach.count, first, best + reach.lowerBound * size, places + reach.lowerBound)
        }
      }
    }
  }

  /// gradInput = 0, then each gradient is added where its maximum came from.
  public static func maxBackward(
    _ width: FloatWidth, _ g: PoolingGeometry, gradOutput: UnsafeRawPointer, positions: UnsafePointer<Int32>,
    gradInput: UnsafeMutableRawPointer
  ) {
    func run<T: BinaryFloatingPoint>(_ type: T.Type) {
      let gradOutput = gradOutput.assumingMemoryBound(to: type), gradInput = gradInput.assumingMemoryBound(to: type)
      g.run { planes in
        for plane in planes {
          let target = gradInput + plane * g.inPlane
          target.update(repeating: 0, count: g.inPlane)
          let source = gradOutput + plane * g.outPlane, places = positions + plane * g.outPlane
          for i in 0..<g.outPlane { target[Int(places[i])] += source[i] }
        }
      }
    }
    if width == .float32 { run(Float.self) } else { run(Double.self) }
  }

  /// y = the mean of each window: divided by its size where padding counts, else by the number of values it holds.
  /// - countIncludePad: padding counts as zeros (not so what hangs over it under `ceilMode`).
  public static func average(
    _ width: FloatWidth, _ g: PoolingGeometry, x: UnsafeRawPointer, y: UnsafeMutableRawPointer, countIncludePad: Bool
  ) {
    precondition(g.dilationHeight == 1 && g.dilationWidth == 1, "an average has no dilation")
    func run<T: BinaryFloatingPoint>(_ type: T.Type) {
      let x = x.assumingMemoryBound(to: type), y = y.assumingMemoryBound(to: type)
      g.windows { plane, place, rows, columns, divisor in
        var sum: T = 0
        let source = x + plane * g.inPlane
        for row in rows {
          let line = source + row &* g.inWidth
          for column in columns { sum += line[column] }
        }
        y[plane * g.outPlane + place] = sum / T(countIncludePad ? divisor : rows.count * columns.count)
      }
    }
    if width == .float32 { run(Float.self) } else { run(Double.self) }
  }

  /// Each gradient, divided as its window was, is added to all values of the window.
  public static func averageBackward(
    _ width: FloatWidth, _ g: PoolingGeometry, gradOutput: UnsafeRawPointer, gradInput: UnsafeMutableRawPointer, countIncludePad: Bool
  ) {
    precondition(g.dilationHeight == 1 && g.dilationWidth == 1, "an average has no dilation")
    func run<T: BinaryFloatingPoint>(_ type: T.Type) {
      let gradOutput = gradOutput.assumingMemoryBound(to: type), gradInput = gradInput.assumingMemoryBound(to: type)
      g.run { planes in
        (gradInput + planes.lowerBound * g.inPlane).update(repeating: 0, count: planes.count * g.inPlane)
      }
      g.windows { plane, place, rows, columns, divisor in
        let share = gradOutput[plane * g.outPlane + place] / T(countIncludePad ? divisor : rows.count * columns.count)
        let target = gradInput + plane * g.inPlane
        for row in rows {
          let line = target + row &* g.inWidth
          for column in columns { line[column] += share }
        }
      }
    }
    if width == .float32 { run(Float.self) } else { run(Double.self) }
  }
}

extension PoolingGeometry {
  /// Calls body(plane, place, rows, columns, places of the window within data and padding) for each window.
  @inline(__always)
  func windows(_ body: (Int, Int, Range<Int>, Range<Int>, Int) -> Void) {
    let rows = rows, columns = columns
    run { planes in
      for plane in planes {
        var place = 0
        for row in 0..<rows.count {
          let (u, height) = rows.extent(row)
          let top = row * rows.stride - rows.padding
          for column in 0..<columns.count {
            let (v, width) = columns.extent(column)
            let left = column * columns.stride - columns.padding
            body(plane, place, top + u.lowerBound..<top + u.upperBound, left + v.lowerBound..<left + v.upperBound, height * width)
            place += 1
          }
        }
      }
    }
  }
}
