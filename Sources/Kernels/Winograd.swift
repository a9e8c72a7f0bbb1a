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
/// while it is in the second-level cache; channels are lanes throughout. Results differ from exact ones by 2e-6 of the largest at most, 4e-6 at 400 channels
/// (the tests print it); float64 stays direct.
///
/// The source is read at place + tap - top (left): one description of the forward pass and of the gradient of the input.
struct Winograd {
  var sourceChannels: Int
  var resultChannels: Int
  var resultHeight: Int
  var resultWidth: Int
  var top: Int
  var left: Int
  var batch: Int
  /// The gradient of the input: taps in reverse order, filters read across.
  var turned = false
  /// The number of all results, where `resultChannels` is that of a group of them.
  var groupOf: Int?
  var allResults: Int { groupOf ?? resultChannels }

  var lanes: Int
  var kernels: WinogradKernels
  var matrix: MatrixKernels.Set

  static func forward(_ g: ConvolutionGeometry, _ table: KernelTable) -> Winograd {
    Winograd(
      sourceChannels: g.inChannels, resultChannels: g.outChannels, resultHeight: g.outHeight, resultWidth: g.outWidth, top: g.paddingTop,
      left: g.paddingLeft, batch: g.batch, lanes: table.convolution.float32.lanes, kernels: table.convolution.winograd,
      matrix: table.matrix.float32)
  }

  static func inputGradient(_ g: ConvolutionGeometry, _ table: KernelTable) -> Winograd {
    Winograd(
      sourceChannels: g.outChannels, resultChannels: g.inChannels, resultHeight: g.inHeight, resultWidth: g.inWidth,
      top: 2 - g.paddingTop, left: 2 - g.paddingLeft, batch: g.batch, turned: true, lanes: table.convolution.float32.lanes,
      kernels: table.convolution.winograd, matrix: table.matrix.float32)
  }

  /// Channels padded to whole registers.
  var sourcePitch: Int { (sourceChannels + lanes - 1) / lanes * lanes }
  var resultPitch: Int { (resultChannels + lanes - 1) / lanes * lanes }

  /// Positions lie an odd number of cache lines apart, so that the 36 values of a tile do not fall into one set of the cache.
  static func slot(_ elements: Int) -> Int { (elements + 15) / 32 * 32 + 16 }

  // MARK: Parts of images

  /// Tiles of one image that are worked on at once.
  struct Part {
    var rows: Range<Int>
    var columns: Range<Int>
    var tiles: Int { rows.count * columns.count }
    /// Pixels of a row of results, and of all.
    var row: Int { 4 * columns.count }
    var count: Int { 16 * tiles }
  }

  /// Bytes of transformed tiles that leave room for filters in the second-level cache.
  static let tileBytes = 256 << 10

  /// How images are cut, and small ones put together: about `budget` tiles at a time.
  struct Blocks {
    var parts: [Part]
    /// Images whose tiles share a block at most, and blocks of all.
    var images: Int
    var count: Int
    var batch: Int
    /// Tiles of the largest part.
    var most: Int

    /// Images are dealt out evenly.
    func range(_ block: Int) -> Range<Int> { (0..<batch).share(block, of: count) }
  }

  /// - pool: parts end between windows of this size.
  func blocks(_ budget: Int, pool: Int, batch: Int) -> Blocks {
    let step = pool / commonDivisor(pool, 4)
    func cut(_ count: Int, _ most: Int) -> [Range<Int>] {
      let pieces = (count + most - 1) / most
      let even = ((count + pieces - 1) / pieces + step - 1) / step * step
      return stride(from: 0, to: count, by: even).map { $0..<min($0 + even, count) }
    }
    let columns = cut((resultWidth + 3) / 4, budget)
    let rows = cut((resultHeight + 3) / 4, max(1, budget / columns[0].count))
    let parts = rows.flatMap { row in columns.map { Part(rows: row, columns: $0) } }
    let most = parts.map(\.tiles).max() ?? 1
    let together = parts.count > 1 ? 1 : max(1, min(batch, budget / most))
    var count = (batch + together - 1) / together
    // A multiple of four keeps two and four threads busy to the end.
    if count > 4 { count = min(batch, (count + 3) / 4 * 4) }
    return Blocks(parts: parts, images: (batch + count - 1) / count, count: count, batch: batch, most: most)
  }

  func sourceWindow(_ source: WinogradWindows, _ part: Part) -> WinogradWindows.Window {
    source.window(
      origin: (4 * part.rows.lowerBound - top, 4 * part.columns.lowerBound - left), size: (4 * part.rows.count + 2, part.row + 2), lanes: lanes)
  }

  func resultWindow(_ result: WinogradWindows, _ part: Part) -> WinogradWindows.Window {
    result.window(origin: (4 * part.rows.lowerBound, 4 * part.columns.lowerBound), size: (4 * part.rows.count, part.row), lanes: lanes)
  }

  /// Elements of a transform's working memory.
  var roomCount: Int { WinogradKernels.roomVectors * lanes }

  /// Transforms an image's part to `to`, a register of channels at a time: their window, whose border is zero already, stays in the
  /// first-level cache, and the image is read in as many streams as there are lanes.
  func transform(
    _ source: WinogradWindows, _ part: Part, _ window: WinogradWindows.Window, image: Int, _ memory: UnsafeMutablePointer<Float>,
    _ to: UnsafeMutablePointer<Float>, _ slot: Int, _ room: UnsafeMutablePointer<Float>
  ) {
    for channel in stride(from: 0, to: sourceChannels, by: lanes) {
      source.fill(memory, window, image: image, channel: channel, lanes: lanes, kernels)
      kernels.input(
        memory + window.corner, lanes, window.row * lanes, part.rows.count, part.columns.count, lanes, to + channel, slot, sourcePitch, room)
    }
  }

  // MARK: Results

  /// What becomes of a register of result channels in their window [row][column][lane].
  typealias Finish = (_ image: Int, _ part: Int, _ channel: Int, _ window: UnsafeMutablePointer<Float>) -> Void

  /// - pool: parts end between windows of this size.
  func resultBlocks(pool: Int) -> Blocks {
    blocks(max(matrix.tileRows, min(128, Self.tileBytes / (37 * 4 * max(sourcePitch, resultPitch)))), pool: pool, batch: batch)
  }

  /// Bytes of filters transformed at a time.
  static let filterBytes = 16 << 20

  /// Calls `finish` for every part of every image and every register of channels, in groups of channels whose filters stay within bounds.
  func run(
    source: WinogradWindows, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, relu: Bool, _ blocks: Blocks, finish: Finish
  ) {
    let group = max(1, Self.filterBytes / (36 * 4 * sourceChannels * 2 * lanes)) * 2 * lanes
    for first in stride(from: 0, to: resultChannels, by: group) where !Parallel.interrupted {
      var part = self
      part.groupOf = resultChannels
      part.resultChannels = min(group, resultChannels - first)
      part.runGroup(
        source: source, weight: weight + first * (turned ? 9 : 9 * sourceChannels), bias: bias.map { $0 + first }, relu: relu, blocks
      ) { image, index, channel, window in finish(image, index, first + channel, window) }
    }
  }

  private func runGroup(
    source: WinogradWindows, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, relu: Bool, _ blocks: Blocks, finish: Finish
  ) {
    let widest = max(sourcePitch, resultPitch), panelWidth = 2 * lanes
    let parts = blocks.parts, windows = parts.map { sourceWindow(source, $0) }
    // A chunk is about 6 million products of the direct way, 30 µs.
    let work = 9 * 16 * sourceChannels * resultChannels * blocks.most * blocks.images
    let perChunk = max(1, min(blocks.count, 6_000_000 / max(1, work)))
    let chunks = (blocks.count + perChunk - 1) / perChunk
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
        let part = parts[index], window = windows[index]
        let slot = Self.slot(blocks.images * part.tiles * widest)
        let tileRoom = 2 * matrix.tileRows * lanes
        Scratch.withBuffer((37 * slot + (window.count + part.count) * lanes + tileRoom + roomCount) * 4) { memory in
          let tiles = memory.assumingMemoryBound(to: Float.self)
          let pixels = tiles + 37 * slot, results = pixels + window.count * lanes, room = results + part.count * lanes + tileRoom
          memset(pixels, 0, window.count * lanes * 4)
          for block in firstBlock..<min(firstBlock + perChunk, blocks.count) where !Parallel.interrupted {
            let range = blocks.range(block)
            // Products of position k take the place of the tiles of position k - 1.
            for image in range {
              transform(
                source, part, window, image: image, pixels, tiles + slot + (image - range.lowerBound) * part.tiles * sourcePitch, slot, room)
            }
            for position in 0..<36 {
              matrix.block(
                range.count * part.tiles, resultPitch, sourceChannels, tiles + (position + 1) * slot, sourcePitch, 1,
                filters + position * filterSlot, panelWidth, panelWidth * sourceChannels, tiles + position * slot, resultPitch, false, nil,
                false, results + part.count * lanes)
            }
            for image in range {
              for channel in stride(from: 0, to: resultChannels, by: lanes) {
                kernels.output(
                  tiles + (image - range.lowerBound) * part.tiles * resultPitch + channel, slot, resultPitch, part.rows.count,
                  part.columns.count, lanes, bias == nil ? nil : UnsafePointer(shift + channel), relu, results, lanes, part.row * lanes, room)
                finish(image, index, channel, results)
              }
            }
          }
        }
      }
    }
  }

  /// Results as they are, written to images.
  func run(source: WinogradWindows, weight: UnsafeRawPointer, bias: UnsafeRawPointer?, relu: Bool, result: UnsafeMutableRawPointer) {
    let result = result.assumingMemoryBound(to: Float.self), plane = resultHeight * resultWidth
    let images = WinogradWindows(values: result, channels: resultChannels, height: resultHeight, width: resultWidth)
    let blocks = resultBlocks(pool: 1), windows = blocks.parts.map { resultWindow(images, $0) }
    run(
      source: source, weight: weight.assumingMemoryBound(to: Float.self), bias: bias?.assumingMemoryBound(to: Float.self), relu: relu, blocks
    ) { image, part, channel, window in
      windows[part].stretches(resultWidth) { first, count, places in
        kernels.collect(
          window, places, count, min(lanes, resultChannels - channel), result + (image * resultChannels + channel) * plane + first, plane)
      }
    }
  }

  private func transformFilters(_ weight: UnsafePointer<Float>, _ filters: UnsafeMutablePointer<Float>, _ slot: Int) {
    let (resultStride, sourceStride) = turned ? (9, 9 * allResults) : (9 * sourceChannels, 9)
    let panelWidth = 2 * lanes
    let panels = (resultChannels + panelWidth - 1) / panelWidth
    // Fewer than 64 Ki values are not worth waking a thread.
    Parallel.run(panels, waking: resultChannels * sourceChannels * 36 >= 1 << 16) { panel in
      let first = panel * panelWidth
      kernels.filters(
        weight + first * resultStride, min(panelWidth, resultChannels - first), resultStride, sourceChannels, sourceStride, turned,
        filters + first * sourceChannels, slot)
    }
  }
}

private func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }
