internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

/// What follows a convolution in the same pass over memory.
package enum ConvolutionActivation: Sendable {
  case none, relu
}

/// The result channels of one group in panels of two registers, the last perhaps of one.
struct ChannelPanels {
  var panels: [(first: Int, channels: Int, vectors: Int, pitch: Int)] = []
  /// Sum of the pitches.
  var width = 0
  /// Panels of 4, 2 or 1 channels, broadcast over places (`RowProduct`), where a register of channels would be half empty.
  var rowwise = false

  /// - step: the distance of neighbouring places in the source; rowwise needs them side by side.
  init(_ channels: Int, lanes: Int, step: Int) {
    if step == 1 && channels <= lanes / 2 {
      rowwise = true
      for first in stride(from: 0, to: channels, by: 4) {
        let count = min(channels - first, 4)
        let pitch = count > 2 ? 4 : count
        panels.append((first, count, 0, pitch))
        width += pitch
      }
      return
    }
    for first in stride(from: 0, to: channels, by: 2 * lanes) {
      let count = min(channels - first, 2 * lanes)
      let vectors = count > lanes ? 2 : 1
      panels.append((first, count, vectors, vectors * lanes))
      width += vectors * lanes
    }
  }
}

/// Weights in the order the kernels read them: [group][panel][term][channel of the panel], 0 where a panel is not full.
func packWeights<T: BinaryFloatingPoint>(
  _ type: T.Type, _ pass: Pass, _ panels: ChannelPanels, groups: Int, weight: UnsafeRawPointer, kernelWidth: Int, groupStride: Int,
  resultStride: Int, sourceStride: Int, to: UnsafeMutableRawPointer
) {
  let weight = weight.assumingMemoryBound(to: T.self)
  let taps = pass.y.taps.flatMap { y in pass.x.taps.map { y.index * kernelWidth + $0.index } }
  Parallel.run(groups * panels.panels.count) { chunk in
    let panel = panels.panels[chunk % panels.panels.count], group = chunk / panels.panels.count
    let begin = (group * panels.width + panel.first) * pass.depth
    let source = weight + group * groupStride + panel.first * resultStride
    var target = to.assumingMemoryBound(to: T.self) + begin
    taps.withUnsafeBufferPointer { taps in
      for channel in 0..<pass.sourceChannels {
        for tap in taps {
          let from = source + channel * sourceStride + tap
          for c in 0..<panel.channels { target[c] = from[c &* resultStride] }
          for c in panel.channels..<panel.pitch { target[c] = 0 }
          target += panel.pitch
        }
      }
    }
  }
}

/// Runs a pass over all images: result = act(source ∗ weights + bias), written to the places the axes name.
struct PassRun {
  var pass: Pass
  var width: FloatWidth
  var kernels: ConvolutionKernels.Set
  var batch: Int
  var groups: Int
  var panels: ChannelPanels
  /// Packed by `packWeights`; the bias is as wide as all panels of all groups.
  var weights: UnsafeRawPointer
  var bias: UnsafeRawPointer?
  var relu: Bool
  /// Height · width and width of the result's images.
  var resultPlane: Int
  var resultWidth: Int

  /// Places worked on between the product and its transposition: sums of 160 · 32 floats stay in the first-level cache.
  static let places = 160
  /// Terms whose weights (128 bytes each) are worth keeping in the second-level cache.
  static let terms = 2048

  /// Images of one chunk, about 50 µs of work: enough to pay for a thread, short enough that all end at the same time.
  static func images(places: Int, depth: Int, channels: Int) -> Int {
    // Collecting, transposing and writing a result costs as much as 64 multiply-adds.
    max(1, 4_000_000 / max(1, (depth + 64) * channels * places))
  }

  func run(source: UnsafeRawPointer, result: UnsafeMutableRawPointer) {
    let size = width.stride
    let regions = pass.regions(elementSize: size)
    let images = min(batch, Self.images(places: regions.first?.places ?? 0, depth: pass.depth, channels: panels.width))
    let imageChunks = (batch + images - 1) / images
    Parallel.run(imageChunks * groups * regions.count) { chunk in
      let region = regions[chunk % regions.count]
      let group = chunk / regions.count % groups
      let first = chunk / regions.count / groups * images
      let range = first..<min(first + images, batch)
      if panels.rowwise {
        runRows(region, group, range, source, result)
      } else {
        runRegion(region, group, range, source, result)
      }
    }
  }

  private func runRegion(_ region: Region, _ group: Int, _ images: Range<Int>, _ source: UnsafeRawPointer, _ result: UnsafeMutableRawPointer) {
    let size = width.stride
    let layout = pass.layout(region)
    let (places, terms) = layout.offsets(pass, region)
    let most = min(Self.places, places.count)
    let pitch = panels.panels[0].pitch
    let contiguous = pass.y.spread == 1 && pass.x.spread == 1 && (region.columns.count == resultWidth || region.rows.count == 1)
    let windowBytes = layout.elements(pass.sourceChannels) * size
    Scratch.withBuffer(2 * most * pitch * size + windowBytes) { sums in
      let run = pass.x.step == 1 ? region.columns.count : 1
      let turned = sums + most * pitch * size
      let copy = turned + most * pitch * size
      memset(copy, 0, windowBytes)
      for image in images where !Parallel.interrupted {
        let plane = (image * groups + group) * pass.sourceChannels * pass.y.size * pass.x.size
        let window = layout.fill(source + plane * size, copy, pass, size, kernels)
        for panel in panels.panels {
          let weights = weights + (group * panels.width + panel.first) * pass.depth * size
          let bias = bias.map { $0 + (group * panels.width + panel.first) * size }
          let channel = (image * groups + group) * pass.resultChannels + panel.first
          var place = 0
          while place < places.count {
            // A block is whole rows, or a part of one.
            let row = region.columns.count
            let count = row > most ? min(most, row - place % row) : min(most / row * row, places.count - place)
            sum(window, places, place, count, run, terms, weights, bias, panel, sums)
            if contiguous {
              let at = channel * resultPlane + (pass.y.start + region.rows.lowerBound) * resultWidth + pass.x.start + region.columns.lowerBound + place
              kernels.channelsFirst(sums, panel.pitch, count, panel.channels, result + at * size, resultPlane, relu)
            } else {
              kernels.channelsFirst(sums, panel.pitch, count, panel.channels, turned, count, relu)
              scatter(turned, count, panel.channels, region, place, result + channel * resultPlane * size)
            }
            place += count
          }
        }
      }
    }
  }

  /// The sums of `count` places from `place`, which come in stretches of `run` neighbours, in as many steps as the depth asks for.
  func sum(
    _ window: UnsafeRawPointer, _ places: [Int], _ place: Int, _ count: Int, _ run: Int, _ terms: [Int], _ weights: UnsafeRawPointer,
    _ bias: UnsafeRawPointer?, _ panel: (first: Int, channels: Int, vectors: Int, pitch: Int), _ sums: UnsafeMutableRawPointer
  ) {
    places.withUnsafeBufferPointer { places in
      terms.withUnsafeBufferPointer { terms in
        guard let places = places.baseAddress, let offsets = terms.baseAddress else { return }
        var term = 0
        while term < terms.count {
          let depth = min(Self.terms, terms.count - term)
          kernels.gatherProduct(
            panel.vectors, window, places + place, count, offsets + term, depth, weights + term * panel.pitch * width.stride,
            term == 0 ? bias : UnsafeRawPointer(sums), term == 0 ? 0 : panel.pitch, run, sums)
          term += depth
        }
      }
    }
  }

  /// Writes places that do not lie side by side in the result.
  private func scatter(
    _ from: UnsafeRawPointer, _ count: Int, _ channels: Int, _ region: Region, _ first: Int, _ result: UnsafeMutableRawPointer
  ) {
    func move<T>(_ type: T.Type) {
      let from = from.assumingMemoryBound(to: type), result = result.assumingMemoryBound(to: type)
      for channel in 0..<channels {
        let source = from + channel * count
        let target = result + channel * resultPlane
        var place = 0
        while place < count {
          let row = region.rows.lowerBound + (first + place) / region.columns.count
          let skipped = (first + place) % region.columns.count
          let run = min(count - place, region.columns.count - skipped)
          let at =
            target + (pass.y.start + row * pass.y.spread) * resultWidth + pass.x.start
            + (region.columns.lowerBound + skipped) * pass.x.spread
          for i in 0..<run { at[i &* pass.x.spread] = source[place &+ i] }
          place += run
        }
      }
    }
    if width == .float32 { move(Float.self) } else { move(Double.self) }
  }
}
