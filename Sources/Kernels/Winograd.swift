internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

/// 3 x 3 convolution of stride 1 with a quarter of the products: Winograd's F(4 x 4, 3 x 3) (Lavin & Gray 2015, arXiv:1509.09308).
///
/// Tiles of 4 x 4 results become 36 positions each, and at every position channels are mixed by a product of matrices:
///
///     y = Aᵀ [ Σ_c (G w_oc Gᵀ) ⊙ (Bᵀ d_c B) ] A
///
/// The gradient of x is the same with filters turned round, that of w swaps the parts of y and w. A block of tiles goes through all steps
/// while it is in the second-level cache; channels are lanes throughout. Against the direct kernel's, results differ by about
/// 2e-6 of the largest (measured for 16 to 512 channels); float64 stays direct.
///
/// The source is read at place + tap - top (left): one description of the forward pass and of the gradient of the input.
struct Winograd {
  var sourceChannels: Int
  var sourceHeight: Int
  var sourceWidth: Int
  var resultChannels: Int
  var resultHeight: Int
  var resultWidth: Int
  var top: Int
  var left: Int
  var batch: Int
  /// The gradient of the input: taps in reverse order, filters read across.
  var turned = false

  var lanes: Int
  var kernels: WinogradKernels
  var matrix: MatrixKernels.Set

  /// Channels padded to whole registers.
  var sourcePitch: Int { (sourceChannels + lanes - 1) / lanes * lanes }
  var resultPitch: Int { (resultChannels + lanes - 1) / lanes * lanes }
  var sourcePlane: Int { sourceHeight * sourceWidth }
  var resultPlane: Int { resultHeight * resultWidth }
  var tileRows: Int { (resultHeight + 3) / 4 }
  var tileColumns: Int { (resultWidth + 3) / 4 }

  /// Positions lie an odd number of cache lines apart, so that the 36 values of a tile do not fall into one set of the cache.
  static func slot(_ elements: Int) -> Int { (elements + 15) / 32 * 32 + 16 }

  static func forward(_ g: ConvolutionGeometry, _ table: KernelTable) -> Winograd {
    Winograd(
      sourceChannels: g.inChannels, sourceHeight: g.inHeight, sourceWidth: g.inWidth, resultChannels: g.outChannels,
      resultHeight: g.outHeight, resultWidth: g.outWidth, top: g.paddingTop, left: g.paddingLeft, batch: g.batch,
      lanes: table.convolution.float32.lanes, kernels: table.convolution.winograd, matrix: table.matrix.float32)
  }

  static func inputGradient(_ g: ConvolutionGeometry, _ table: KernelTable) -> Winograd {
    Winograd(
      sourceChannels: g.outChannels, sourceHeight: g.outHeight, sourceWidth: g.outWidth, resultChannels: g.inChannels,
      resultHeight: g.inHeight, resultWidth: g.inWidth, top: 2 - g.paddingTop, left: 2 - g.paddingLeft, batch: g.batch, turned: true,
      lanes: table.convolution.float32.lanes, kernels: table.convolution.winograd, matrix: table.matrix.float32)
  }

  // MARK: Blocks

  /// Tiles (of one image) worked on at once, with what their windows are made of.
  struct Part {
    var rows: Range<Int>
    var columns: Range<Int>
    var tiles: Int { rows.count * columns.count }
    /// Pixels of a row of the window of sources, and of results.
    var sourceRow: Int { 4 * columns.count + 2 }
    var resultRow: Int { 4 * columns.count }
    var sourcePixels: Int { (4 * rows.count + 2) * sourceRow }
    var resultPixels: Int { 16 * tiles }
  }

  /// Cuts an image's tiles into parts of about `most`, whose sides are multiples of `step` tiles except at the end.
  func parts(_ most: Int, step: Int = 1) -> [Part] {
    func cut(_ count: Int, _ most: Int) -> [Range<Int>] {
      let pieces = (count + most - 1) / most
      let even = ((count + pieces - 1) / pieces + step - 1) / step * step
      return stride(from: 0, to: count, by: even).map { $0..<min($0 + even, count) }
    }
    let columns = cut(tileColumns, most)
    let rows = cut(tileRows, max(1, most / columns[0].count))
    return rows.flatMap { row in columns.map { Part(rows: row, columns: $0) } }
  }

  /// The part of an image (height x width) that a window of `size` rows and columns from `origin` holds, and where its pixels lie.
  struct Pixels {
    var rows: Range<Int>
    var columns: Range<Int>
    var width: Int
    /// Offsets of the pixels in the window, row by row.
    var places: [Int] = []

    init(from: (Int, Int), size: (Int, Int), height: Int, width: Int, pitch: Int) {
      func existing(_ from: Int, _ count: Int, _ size: Int) -> Range<Int> {
        let low = min(max(from, 0), size)
        return low..<max(low, min(from + count, size))
      }
      rows = existing(from.0, size.0, height)
      columns = existing(from.1, size.1, width)
      self.width = width
      places.reserveCapacity(rows.count * columns.count)
      for row in rows { for column in columns { places.append(((row - from.0) * size.1 + column - from.1) * pitch) } }
    }

    /// Calls body for stretches of pixels that follow one another in the image: first pixel, count, places.
    @inline(__always)
    func stretches(_ body: (Int, Int, UnsafePointer<Int>) -> Void) {
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

  func sourcePixels(_ part: Part) -> Pixels {
    Pixels(
      from: (4 * part.rows.lowerBound - top, 4 * part.columns.lowerBound - left), size: (4 * part.rows.count + 2, part.sourceRow),
      height: sourceHeight, width: sourceWidth, pitch: lanes)
  }

  func resultPixels(_ part: Part) -> Pixels {
    Pixels(
      from: (4 * part.rows.lowerBound, 4 * part.columns.lowerBound), size: (4 * part.rows.count, part.resultRow), height: resultHeight,
      width: resultWidth, pitch: lanes)
  }

  /// Transforms an image's part to `to`, a register of channels at a time: their window, whose border is zero already, stays in the
  /// first-level cache, and the image is read in as many streams as there are lanes.
  func transform(
    _ image: UnsafePointer<Float>, _ part: Part, _ pixels: Pixels, _ window: UnsafeMutablePointer<Float>, _ to: UnsafeMutablePointer<Float>,
    _ slot: Int
  ) {
    for channel in stride(from: 0, to: sourceChannels, by: lanes) {
      pixels.stretches { first, count, places in
        kernels.spread(
          image + channel * sourcePlane + first, sourcePlane, min(lanes, sourceChannels - channel), count, places, window, lanes)
      }
      kernels.input(
        window, lanes, part.sourceRow * lanes, part.rows.count, part.columns.count, lanes, to + channel, slot, sourcePitch)
    }
  }

  // MARK: Results

  /// What becomes of a register of result channels in their window [row][column][lane].
  typealias Finish = (_ image: Int, _ part: Int, _ channel: Int, _ window: UnsafeMutablePointer<Float>) -> Void

  /// Bytes of transformed tiles that leave room for filters in the second-level cache.
  static let tileBytes = 256 << 10

  /// Tiles worked on at once, and the parts images are cut into for it.
  /// - pool: parts end between windows of this size.
  func parts(pool: Int = 1) -> (budget: Int, parts: [Part]) {
    let budget = max(matrix.tileRows, min(128, Self.tileBytes / (37 * 4 * max(sourcePitch, resultPitch))))
    return (budget, parts(budget, step: pool / Self.commonDivisor(pool, 4)))
  }

  /// Calls `finish` for every part of every image and every register of channels.
  func run(
    source: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, relu: Bool, pool: Int = 1, finish: Finish
  ) {
    let (budget, parts) = parts(pool: pool)
    let widest = max(sourcePitch, resultPitch), panelWidth = 2 * lanes
    let most = parts.map(\.tiles).max() ?? 1
    // Small images share a block.
    let together = parts.count > 1 ? 1 : max(1, min(batch, budget / most))
    let blocks = (batch + together - 1) / together
    let images = (batch + blocks - 1) / blocks
    // A chunk is about 30 million products of the direct way, as everywhere.
    let work = 18 * sourceChannels * resultChannels * 16 * most * images
    let perChunk = max(1, min(blocks, 30_000_000 / max(1, work)))
    let chunks = (blocks + perChunk - 1) / perChunk
    let pixels = parts.map(sourcePixels)
    let filterSlot = Self.slot((resultChannels + panelWidth - 1) / panelWidth * panelWidth * sourceChannels)
    let filterBytes = 36 * filterSlot * 4, biasBytes = resultPitch * 4
    Scratch.withBuffer(filterBytes + biasBytes) { memory in
      let filters = memory.assumingMemoryBound(to: Float.self), shift = filters + 36 * filterSlot
      transformFilters(weight, filters, filterSlot)
      if let bias {
        memset(shift, 0, biasBytes)
        memcpy(shift, bias, resultChannels * 4)
      }
      Parallel.run(chunks * parts.count) { chunk in
        let index = chunk % parts.count, firstBlock = chunk / parts.count * perChunk
        let part = parts[index]
        let slot = Self.slot(images * part.tiles * widest)
        let room = 2 * matrix.tileRows * lanes
        Scratch.withBuffer((37 * slot + (part.sourcePixels + part.resultPixels) * lanes + room) * 4) { memory in
          let tiles = memory.assumingMemoryBound(to: Float.self)
          let window = tiles + 37 * slot, results = window + part.sourcePixels * lanes
          for block in firstBlock..<min(firstBlock + perChunk, blocks) where !Parallel.interrupted {
            let range = block * images..<min((block + 1) * images, batch)
            memset(window, 0, part.sourcePixels * lanes * 4)
            // Products of position k take the place of the tiles of position k - 1.
            for image in range {
              transform(
                source + image * sourceChannels * sourcePlane, part, pixels[index], window,
                tiles + slot + (image - range.lowerBound) * part.tiles * sourcePitch, slot)
            }
            for position in 0..<36 {
              matrix.block(
                range.count * part.tiles, resultPitch, sourceChannels, tiles + (position + 1) * slot, sourcePitch, 1,
                filters + position * filterSlot, panelWidth, panelWidth * sourceChannels, tiles + position * slot, resultPitch, false, nil,
                false, results + part.resultPixels * lanes)
            }
            for image in range {
              for channel in stride(from: 0, to: resultChannels, by: lanes) {
                kernels.output(
                  tiles + (image - range.lowerBound) * part.tiles * resultPitch + channel, slot, resultPitch, part.rows.count,
                  part.columns.count, lanes, bias == nil ? nil : UnsafePointer(shift + channel), relu, results, lanes, part.resultRow * lanes)
                finish(image, index, channel, results)
              }
            }
          }
        }
      }
    }
  }

  /// Results as they are, written to images.
  func run(source: UnsafeRawPointer, weight: UnsafeRawPointer, bias: UnsafeRawPointer?, relu: Bool, result: UnsafeMutableRawPointer) {
    let result = result.assumingMemoryBound(to: Float.self)
    let pixels = parts().parts.map(resultPixels)
    run(
      source: source.assumingMemoryBound(to: Float.self), weight: weight.assumingMemoryBound(to: Float.self),
      bias: bias?.assumingMemoryBound(to: Float.self), relu: relu
    ) { image, part, channel, window in
      pixels[part].stretches { first, count, places in
        kernels.collect(
          window, places, count, min(lanes, resultChannels - channel), result + (image * resultChannels + channel) * resultPlane + first,
          resultPlane)
      }
    }
  }

  private func transformFilters(_ weight: UnsafePointer<Float>, _ filters: UnsafeMutablePointer<Float>, _ slot: Int) {
    let (resultStride, sourceStride) = turned ? (9, 9 * resultChannels) : (9 * sourceChannels, 9)
    let panelWidth = 2 * lanes
    let panels = (resultChannels + panelWidth - 1) / panelWidth
    // Fewer than 64 Ki values are not worth a second thread.
    Parallel.run(panels, alone: resultChannels * sourceChannels * 36 < 1 << 16) { panel in
      let first = panel * panelWidth
      kernels.filters(
        weight + first * resultStride, min(panelWidth, resultChannels - first), resultStride, sourceChannels, sourceStride, turned,
        filters + first * sourceChannels, slot)
    }
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }
}
