internal import KernelTable

/// The images that tiles are cut from, and how a window of one is filled: pixel by pixel, channels last, a register of channels at a time.
///
/// A gradient behind max-pooling is given by its pooled values and their places in their windows (`marks`); the window then begins and ends
/// with whole windows of the pool.
struct WinogradWindows {
  var values: UnsafePointer<Float>
  var channels: Int
  var height: Int
  var width: Int
  var marks: UnsafePointer<UInt8>?
  var pool = 1

  /// What is cut for one part of every image.
  struct Window {
    /// Pixels (of the pooled image) that exist, and their offsets in the window.
    var rows: Range<Int>
    var columns: Range<Int>
    var places: [Int]
    /// Pixels of a row of the window, and of all of it.
    var row: Int
    var count: Int
    /// Offset of the first pixel that was asked for.
    var corner: Int
  }

  /// The window that holds `size` rows and columns from `origin` on, in pixels of the convolution's image.
  func window(origin: (Int, Int), size: (Int, Int), lanes: Int) -> Window {
    func span(_ from: Int, _ count: Int, _ size: Int) -> (begin: Int, end: Int, existing: Range<Int>) {
      // Rounded down, for negative numbers too.
      let begin = (from - (from % pool + pool) % pool) / pool, end = (from + count - begin * pool + pool - 1) / pool + begin
      let low = min(max(begin, 0), size)
      return (begin, end, low..<max(low, min(end, size)))
    }
    let y = span(origin.0, size.0, height), x = span(origin.1, size.1, width)
    let row = (x.end - x.begin) * pool
    var places: [Int] = []
    places.reserveCapacity(y.existing.count * x.existing.count)
    for i in y.existing { for j in x.existing { places.append(((i - y.begin) * pool * row + (j - x.begin) * pool) * lanes) } }
    return Window(
      rows: y.existing, columns: x.existing, places: places, row: row, count: (y.end - y.begin) * pool * row,
      corner: ((origin.0 - y.begin * pool) * row + origin.1 - x.begin * pool) * lanes)
  }

  /// Copies channels from `channel` on to the memory of a window whose other pixels are zero already.
  func fill(_ memory: UnsafeMutablePointer<Float>, _ window: Window, image: Int, channel: Int, lanes: Int, _ kernels: WinogradKernels) {
    let plane = height * width, count = min(lanes, channels - channel), first = (image * channels + channel) * plane
    window.stretches(width) { pixel, pixels, places in
      if let marks {
        kernels.spreadPooled(
          values + first + pixel, marks + first + pixel, plane, count, pixels, places, memory, pool, window.row * lanes)
      } else {
        kernels.spread(values + first + pixel, plane, count, pixels, places, memory, lanes)
      }
    }
  }
}

extension WinogradWindows.Window {
  /// Calls body for stretches of pixels that follow one another in an image `width` wide: first pixel, count, places.
  @inline(__always)
  func stretches(_ width: Int, _ body: (Int, Int, UnsafePointer<Int>) -> Void) {
    if rows.isEmpty || columns.isEmpty { return }
    places.withUnsafeBufferPointer { places in
      guard let first = places.baseAddress else { return }
      if columns.count == width { return body(rows.lowerBound * width, places.count, first) }
      for row in 0..<rows.count {
        body((rows.lowerBound + row) * width + columns.lowerBound, columns.count, first + row * columns.count)
      }
    }
  }
}

extension ConvolutionGeometry {
  func images(_ x: UnsafeRawPointer) -> WinogradWindows {
    WinogradWindows(values: x.assumingMemoryBound(to: Float.self), channels: inChannels, height: inHeight, width: inWidth)
  }

  func results(_ y: UnsafeRawPointer) -> WinogradWindows {
    WinogradWindows(values: y.assumingMemoryBound(to: Float.self), channels: outChannels, height: outHeight, width: outWidth)
  }

  /// Results seen through a pool.
  func results(_ y: UnsafeRawPointer, _ pooled: PooledPlane, _ marks: UnsafePointer<UInt8>) -> WinogradWindows {
    WinogradWindows(
      values: y.assumingMemoryBound(to: Float.self), channels: outChannels, height: pooled.height, width: pooled.width, marks: marks,
      pool: pooled.pool)
  }
}
