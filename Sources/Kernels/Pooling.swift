package import KernelTable

/// Sizes of a pooling: `planes` (batch · channels) images of height x width. Padding is on both sides, as in PyTorch at most half the kernel.
package struct PoolingGeometry: Sendable, Equatable {
  package var planes: Int
  package var inHeight: Int
  package var inWidth: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var paddingHeight: Int
  package var paddingWidth: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  /// Round the output's size up: the last windows may hang over the padding's end.
  package var ceilMode: Bool

  package init(
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

  package var outHeight: Int {
    ConvolutionGeometry.outputSize(
      inHeight, kernel: kernelHeight, stride: strideHeight, padding: (paddingHeight, paddingHeight), dilation: dilationHeight,
      ceil: ceilMode)
  }
  package var outWidth: Int {
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

  /// How far the last window reaches, counted from the padding's first place.
  var reach: Int { (count - 1) * stride + (kernel - 1) * dilation + 1 }

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
package enum Pooling {
  /// y = the largest value of each window; NaN wins, padding never does. `positions` are indices within the image's plane.
  package static func max(
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
    let squares =
      g.kernelHeight == 2 && g.kernelWidth == 2 && g.strideHeight == 2 && g.strideWidth == 2 && g.paddingHeight == 0
      && g.paddingWidth == 0 && g.dilationHeight == 1 && g.dilationWidth == 1 && 2 * g.outHeight <= g.inHeight && 2 * g.outWidth <= g.inWidth
      && g.outWidth >= kernels.lanes
    let size = width.stride
    g.run { planes in
      if squares {
        for plane in planes {
          kernels.maxSquares(
            x + plane * g.inPlane * size, g.inWidth, g.outHeight, g.outWidth, y + plane * g.outPlane * size, positions + plane * g.outPlane)
        }
      } else {
        maxPlanes(width, g, planes, x, y, positions, kernels)
      }
    }
  }

  /// Any windows: each plane is copied into a border of -inf, so that the kernel needs no limits.
  private static func maxPlanes(
    _ width: FloatWidth, _ g: PoolingGeometry, _ planes: Range<Int>, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer,
    _ positions: UnsafeMutablePointer<Int32>, _ kernels: ConvolutionKernels.Set
  ) {
    let size = width.stride
    let rows = g.rows, columns = g.columns
    let pitch = Swift.max(columns.reach, columns.padding + columns.size), height = Swift.max(rows.reach, rows.padding + rows.size)
    // A register of places behind the last one reads this far.
    let slack = kernels.lanes * (columns.stride + 1)
    let count = height * pitch + slack
    let rowMarks = (0..<rows.count).map { Int32(rows.first($0) * g.inWidth) }
    let columnMarks = (0..<columns.count + kernels.lanes).map { Int32(columns.first(Swift.min($0, columns.count - 1))) }
    Scratch.withBuffer(count * size) { bordered in
      if width == .float32 {
        bordered.assumingMemoryBound(to: Float.self).update(repeating: -.infinity, count: count)
      } else {
        bordered.assumingMemoryBound(to: Double.self).update(repeating: -.infinity, count: count)
      }
      for plane in planes {
        kernels.copyPlanes(
          x + plane * g.inPlane * size, 0, g.inWidth * size, bordered + (rows.padding * pitch + columns.padding) * size, 0, pitch * size, 1,
          g.inHeight, g.inWidth * size)
        kernels.maxWindows(
          bordered, pitch, rows.count, columns.count, rows.kernel, columns.kernel, rows.stride, columns.stride, rows.dilation,
          columns.dilation, -(rows.padding * g.inWidth + columns.padding), g.inWidth, rowMarks, columnMarks,
          y + plane * g.outPlane * size, positions + plane * g.outPlane)
      }
    }
  }

  /// gradInput = 0, then each gradient is added where its maximum came from.
  package static func maxBackward(
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
  package static func average(
    _ width: FloatWidth, _ g: PoolingGeometry, x: UnsafeRawPointer, y: UnsafeMutableRawPointer, countIncludePad: Bool
  ) {
    precondition(g.dilationHeight == 1 && g.dilationWidth == 1, "an average has no dilation")
    func run<T: BinaryFloatingPoint>(_ type: T.Type) {
      let x = x.assumingMemoryBound(to: type), y = y.assumingMemoryBound(to: type)
      g.rowsOfWindows(type, countIncludePad) { plane, row, lines, taps, divisors in
        let target = y + plane * g.outPlane + row * g.outWidth
        target.update(repeating: 0, count: g.outWidth)
        for line in lines {
          let source = x + plane * g.inPlane + line * g.inWidth - g.paddingWidth
          for (v, places) in taps.enumerated() {
            for place in places { target[place] += source[place &* g.strideWidth &+ v] }
          }
        }
        for place in 0..<g.outWidth { target[place] /= divisors[place] }
      }
    }
    if width == .float32 { run(Float.self) } else { run(Double.self) }
  }

  /// Each gradient, divided as its window was, is added to all values of the window.
  package static func averageBackward(
    _ width: FloatWidth, _ g: PoolingGeometry, gradOutput: UnsafeRawPointer, gradInput: UnsafeMutableRawPointer, countIncludePad: Bool
  ) {
    precondition(g.dilationHeight == 1 && g.dilationWidth == 1, "an average has no dilation")
    func run<T: BinaryFloatingPoint>(_ type: T.Type) {
      let gradOutput = gradOutput.assumingMemoryBound(to: type), gradInput = gradInput.assumingMemoryBound(to: type)
      g.rowsOfWindows(type, countIncludePad) { plane, row, lines, taps, divisors in
        if row == 0 { (gradInput + plane * g.inPlane).update(repeating: 0, count: g.inPlane) }
        let source = gradOutput + plane * g.outPlane + row * g.outWidth
        for place in 0..<g.outWidth { divisors[place] = source[place] / divisors[place] }
        for line in lines {
          let target = gradInput + plane * g.inPlane + line * g.inWidth - g.paddingWidth
          for (v, places) in taps.enumerated() {
            for place in places { target[place &* g.strideWidth &+ v] += divisors[place] }
          }
        }
      }
    }
    if width == .float32 { run(Float.self) } else { run(Double.self) }
  }
}

extension PoolingGeometry {
  /// Calls body(plane, row of windows, lines of the image it reads, the places within the data for each tap, divisors) in order of rows.
  ///
  /// The divisors (one for each place) are the body's to overwrite.
  @inline(__always)
  fileprivate func rowsOfWindows<T: BinaryFloatingPoint>(
    _ type: T.Type, _ countIncludePad: Bool, _ body: (Int, Int, Range<Int>, [Range<Int>], UnsafeMutablePointer<T>) -> Void
  ) {
    let rows = rows, columns = columns, outWidth = outWidth
    let taps = (0..<kernelWidth).map { columns.places($0) }
    let widths = (0..<outWidth).map { place in
      let (within, padded) = columns.extent(place)
      return T(countIncludePad ? padded : within.count)
    }
    run { planes in
      Scratch.withBuffer(outWidth * MemoryLayout<T>.stride) { buffer in
        let divisors = buffer.assumingMemoryBound(to: type)
        for plane in planes {
          for row in 0..<rows.count {
            let (within, padded) = rows.extent(row)
            let height = T(countIncludePad ? padded : within.count)
            for place in 0..<outWidth { divisors[place] = height * widths[place] }
            let top = row * rows.stride - rows.padding
            body(plane, row, top + within.lowerBound..<top + within.upperBound, taps, divisors)
          }
        }
      }
    }
  }
}
