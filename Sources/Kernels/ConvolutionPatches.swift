internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

/// A strip of the pooled image as the weights' gradient sees it; the same for all images.
struct PatchStrip {
  var strip: Range<Int>
  var layout: WindowLayout
  /// Where patches lie in the window.
  var places: [Int]
  var patch: PatchPieces
  /// Patch rows, in registers: the first of each pooled window, and from there on to the window's places.
  var corners: [Int32] = []
  var within = [Int32](repeating: 0, count: 256)
  /// Registers of a patch row.
  var step: Int32

  init(_ g: ConvolutionGeometry, _ pass: Pass, _ pooled: PooledPlane, _ strip: Range<Int>, lanes: Int) {
    let region = pooled.region(strip), columns = region.columns.count, pool = pooled.pool
    self.strip = strip
    layout = pass.layout(region)
    layout.copyAlways()
    let (places, terms) = layout.offsets(pass, region)
    self.places = places
    patch = PatchPieces(terms, length: g.dilationWidth == 1 ? g.kernelWidth : 1, lanes: lanes)
    step = Int32(patch.registers)
    for i in 0..<pool * pool { within[i] = Int32(i / pool * columns + i % pool) * step }
    corners.reserveCapacity(strip.count * pooled.width)
    for row in 0..<strip.count {
      for column in 0..<pooled.width { corners.append(Int32((row * columns + column) * pool) * step) }
    }
  }

  /// Adds the patches of some images to the sums [channel][pitch].
  func add(
    _ width: FloatWidth, _ g: ConvolutionGeometry, _ pass: Pass, _ pooled: PooledPlane, _ group: Int, _ images: Range<Int>,
    _ x: UnsafeRawPointer, _ positions: UnsafePointer<UInt8>, _ gradOutput: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer, _ pitch: Int,
    _ kernels: ConvolutionKernels.Set
  ) {
    let size = width.stride, count = corners.count
    // A register before and behind the window, and behind the lists; behind the rows one of zeros.
    let slack = 64
    let windowBytes = (2 * slack + layout.elements(pass.sourceChannels) * size + 63) & ~63
    let rowBytes = places.count * pitch * size
    let valueBytes = (count * size + slack + 63) & ~63, offsetBytes = (count * 4 + slack + 63) & ~63
    let tableBytes = patch.tableElements * size
    Scratch.withBuffer(windowBytes + rowBytes + pitch * size + valueBytes + offsetBytes + tableBytes) { memory in
      let copy = memory + slack, rows = memory + windowBytes
      let values = rows + rowBytes + pitch * size
      let offsets = (values + valueBytes).assumingMemoryBound(to: Int32.self)
      let ones = values + valueBytes + offsetBytes, masks = ones + pitch * size
      patch.fill(size, ones: ones, masks: masks)
      memset(memory, 0, windowBytes)
      memset(rows + rowBytes, 0, pitch * size)
      let none = Int32(places.count) * step
      for image in images where !Parallel.interrupted {
        let plane = (image * g.groups + group) * pass.sourceChannels * g.inPlane
        let window = layout.fill(x + plane * size, copy, pass, size, kernels)
        kernels.patchRows(window, places, places.count, patch.shifts, masks, patch.firsts, patch.registers, ones, rows)
        for channel in 0..<pass.resultChannels {
          let from = ((image * g.groups + group) * pass.resultChannels + channel) * pooled.plane + strip.lowerBound * pooled.width
          let listed = kernels.patchList(
            gradOutput + from * size, positions + from, count, 2 * pooled.plane, corners, within, none, pooled.pool, values, offsets)
          kernels.patchProduct(values, offsets, listed, rows, pitch, sums + channel * pitch * size)
        }
      }
    }
  }
}

/// What a patch row is put together from: in each register pieces of runs of taps that lie side by side in the image.
struct PatchPieces {
  /// Where a piece is read, from the place on, so that its first element meets its lane.
  var shifts: [Int] = []
  /// Lanes of each piece.
  var pieces: [Range<Int>] = []
  /// The first piece of each register, and of one more.
  var firsts = [0]
  var terms: Int
  var lanes: Int
  var registers: Int { firsts.count - 1 }
  /// A register for the ones, one for the mask of each piece.
  var tableElements: Int { (registers + pieces.count) * lanes }

  /// - terms: where the taps lie; they come in runs of `length`. Behind them stands the bias's.
  init(_ terms: [Int], length: Int, lanes: Int) {
    self.terms = terms.count
    self.lanes = lanes
    for first in stride(from: 0, through: terms.count, by: lanes) {
      var term = first
      while term < min(first + lanes, terms.count) {
        let end = min(term / length * length + length, first + lanes)
        shifts.append(terms[term] - (term - first))
        pieces.append(term - first..<end - first)
        term = end
      }
      firsts.append(pieces.count)
    }
  }

  func fill(_ size: Int, ones: UnsafeMutableRawPointer, masks: UnsafeMutableRawPointer) {
    memset(ones, 0, registers * lanes * size)
    if size == 4 { ones.assumingMemoryBound(to: Float.self)[terms] = 1 } else { ones.assumingMemoryBound(to: Double.self)[terms] = 1 }
    memset(masks, 0, pieces.count * lanes * size)
    for (i, piece) in pieces.enumerated() { memset(masks + (i * lanes + piece.lowerBound) * size, 0xff, piece.count * size) }
  }
}
