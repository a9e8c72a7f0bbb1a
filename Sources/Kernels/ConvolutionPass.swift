internal import KernelTable

/// One axis of a pass: output place j reads the source at j · step + shift for each of its taps, and lies at start + j · spread of the result.
///
/// The forward pass is one such axis. The gradient of the input is `stride` of them: places that agree modulo the stride
/// see the same taps, and among themselves form a convolution of stride 1 over the output's gradient.
struct Axis {
  /// Index within the kernel, and where it reads.
  var taps: [(index: Int, shift: Int)]
  var step: Int
  var count: Int
  var start: Int
  var spread: Int
  /// Extent of the source.
  var size: Int
  var least: Int
  var most: Int

  init(taps: [(index: Int, shift: Int)], step: Int, count: Int, start: Int, spread: Int, size: Int) {
    self.taps = taps
    self.step = step
    self.count = count
    self.start = start
    self.spread = spread
    self.size = size
    least = taps.map(\.shift).min() ?? 0
    most = taps.map(\.shift).max() ?? 0
  }

  /// y[j] = Σ x[j · stride + k · dilation - padding] w[k]
  static func forward(size: Int, kernel: Int, stride: Int, padding: Int, dilation: Int, count: Int) -> Axis {
    Axis(taps: (0..<kernel).map { ($0, $0 * dilation - padding) }, step: stride, count: count, start: 0, spread: 1, size: size)
  }

  /// ∂x[i] = Σ ∂y[(i + padding - k · dilation) / stride] w[k] over the k that divide evenly: one axis for each i + padding modulo stride.
  static func backward(size: Int, kernel: Int, stride: Int, padding: Int, dilation: Int, count: Int) -> [Axis] {
    (0..<min(stride, size)).map { start in
      let phase = (start + padding) % stride, first = (start + padding) / stride
      let taps = (0..<kernel).filter { ($0 * dilation - phase) % stride == 0 }
        .map { (index: $0, shift: first + (phase - $0 * dilation) / stride) }
      return Axis(taps: taps, step: 1, count: (size - start + stride - 1) / stride, start: start, spread: stride, size: count)
    }
  }

  /// What places `range` read: from, and how many.
  func window(_ range: Range<Int>) -> (from: Int, count: Int) {
    let from = range.lowerBound * step + least
    return (from, (range.upperBound - 1) * step + most - from + 1)
  }
}

/// A rectangle of output places worked on at once, and the source window it reads.
struct Region {
  var rows: Range<Int>
  var columns: Range<Int>
  var places: Int { rows.count * columns.count }
}

/// A convolution as `GatherProduct` sees it: two axes and the channels on both sides of one group.
struct Pass {
  var y: Axis
  var x: Axis
  /// Channels of the source and of the result, in one group.
  var sourceChannels: Int
  var resultChannels: Int

  var taps: Int { y.taps.count * x.taps.count }
  /// Terms of one sum.
  var depth: Int { sourceChannels * taps }

  /// Rectangles whose window and sums stay in the second-level cache. They depend on the shapes alone.
  func regions(elementSize: Int) -> [Region] {
    let columnStep = min(x.count, 1024)
    let windowColumns = (columnStep - 1) * x.step + x.most - x.least + 1
    let halo = y.most - y.least
    let rowBytes = max(1, sourceChannels * windowColumns * elementSize)
    // Rows whose window is 384 KB, and not more than 1024 places.
    let fit = (393_216 / rowBytes - halo) / max(1, y.step)
    let most = max(1, min(fit, 1024 / columnStep))
    let parts = (y.count + most - 1) / most
    let rowStep = (y.count + parts - 1) / parts
    var result: [Region] = []
    for row in stride(from: 0, to: y.count, by: rowStep) {
      for column in stride(from: 0, to: x.count, by: columnStep) {
        result.append(Region(rows: row..<min(row + rowStep, y.count), columns: column..<min(column + columnStep, x.count)))
      }
    }
    return result
  }

  func layout(_ region: Region) -> WindowLayout { WindowLayout(self, region) }
}

/// Where things lie in the window of a region: a copy with its border of zeros, or the image itself where nothing hangs over.
struct WindowLayout {
  /// First row and column of the source, and how many.
  var row: (from: Int, count: Int)
  var column: (from: Int, count: Int)
  /// The part of them that exists.
  var rows: Range<Int>
  var columns: Range<Int>
  var direct: Bool
  var pitch: Int
  var plane: Int

  init(_ pass: Pass, _ region: Region) {
    row = pass.y.window(region.rows)
    column = pass.x.window(region.columns)
    func existing(_ from: Int, _ count: Int, _ size: Int) -> Range<Int> {
      let low = min(max(from, 0), size), high = min(max(from + count, 0), size)
      return low..<max(low, high)
    }
    rows = existing(row.from, row.count, pass.y.size)
    columns = existing(column.from, column.count, pass.x.size)
    direct = rows.count == row.count && columns.count == column.count
    pitch = direct ? pass.x.size : column.count
    plane = direct ? pass.x.size * pass.y.size : row.count * column.count
  }

  /// Asks for a copy even where nothing hangs over: its reader needs room behind the end.
  mutating func copyAlways() {
    direct = false
    pitch = column.count
    plane = row.count * column.count
  }

  /// Offsets of the places, row by row, and of the terms (channel, tap row, tap column).
  func offsets(_ pass: Pass, _ region: Region) -> (places: [Int], terms: [Int]) {
    var places: [Int] = [], terms: [Int] = []
    places.reserveCapacity(region.places)
    terms.reserveCapacity(pass.depth)
    for row in 0..<region.rows.count {
      for column in 0..<region.columns.count { places.append(row * pass.y.step * pitch + column * pass.x.step) }
    }
    for channel in 0..<pass.sourceChannels {
      for y in pass.y.taps {
        for x in pass.x.taps { terms.append(channel * plane + (y.shift - pass.y.least) * pitch + x.shift - pass.x.least) }
      }
    }
    return (places, terms)
  }

  /// Elements of a copied window.
  func elements(_ channels: Int) -> Int { direct ? 0 : channels * plane }

  /// The window of the image at `source` (first channel): the image itself, or `copy`, whose border has been zeroed before.
  func fill(_ source: UnsafeRawPointer, _ copy: UnsafeMutableRawPointer, _ pass: Pass, _ size: Int, _ kernels: ConvolutionKernels.Set)
    -> UnsafeRawPointer
  {
    let width = pass.x.size
    if direct { return source + (row.from * width + column.from) * size }
    if rows.isEmpty || columns.isEmpty { return UnsafeRawPointer(copy) }
    kernels.copyPlanes(
      source + (rows.lowerBound * width + columns.lowerBound) * size, width * pass.y.size * size, width * size,
      copy + ((rows.lowerBound - row.from) * pitch + columns.lowerBound - column.from) * size, plane * size, pitch * size,
      pass.sourceChannels, rows.count, columns.count * size)
    return UnsafeRawPointer(copy)
  }
}
