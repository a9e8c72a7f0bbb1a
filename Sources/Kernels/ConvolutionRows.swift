internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

extension PassRun {
  /// A region of some images where lanes are places: the window is always copied, for what is read behind its end.
  func runRows(_ region: Region, _ group: Int, _ images: Range<Int>, _ source: UnsafeRawPointer, _ result: UnsafeMutableRawPointer) {
    let size = width.stride
    var layout = pass.layout(region)
    layout.copyAlways()
    let (_, terms) = layout.offsets(pass, region)
    // From the first place to the last, ends of rows included. Rows further apart than one (stride in height) lie pitch · step apart.
    let rowPitch = layout.pitch * pass.y.step
    let places = (region.rows.count - 1) * rowPitch + region.columns.count
    let slack = 8 * kernels.lanes
    let windowBytes = ((layout.elements(pass.sourceChannels) + slack) * size + 63) & ~63
    let outRow = places + slack
    let contiguous = pass.y.spread == 1 && pass.x.spread == 1
    Scratch.withBuffer(windowBytes + 4 * outRow * size) { copy in
      let sums = copy + windowBytes
      memset(copy, 0, windowBytes)
      for image in images where !Parallel.interrupted {
        let plane = (image * groups + group) * pass.sourceChannels * pass.y.size * pass.x.size
        let window = layout.fill(source + plane * size, copy, pass, size, kernels)
        for panel in panels.panels {
          let first = group * panels.width + panel.first
          kernels.rowProduct(
            panel.pitch, window, places, terms, terms.count, weights + first * pass.depth * size, bias.map { $0 + first * size }, relu,
            sums, outRow)
          let channel = (image * groups + group) * pass.resultChannels + panel.first
          let row = pass.y.start + region.rows.lowerBound * pass.y.spread
          let column = pass.x.start + region.columns.lowerBound * pass.x.spread
          let target = result + (channel * resultPlane + row * resultWidth + column) * size
          if contiguous {
            kernels.copyPlanes(
              sums, outRow * size, rowPitch * size, target, resultPlane * size, resultWidth * size, panel.channels, region.rows.count,
              region.columns.count * size)
          } else if width == .float32 {
            spread(Float.self, sums, outRow, rowPitch, panel.channels, region, target)
          } else {
            spread(Double.self, sums, outRow, rowPitch, panel.channels, region, target)
          }
        }
      }
    }
  }

  private func spread<T>(
    _ type: T.Type, _ sums: UnsafeRawPointer, _ plane: Int, _ pitch: Int, _ channels: Int, _ region: Region, _ target: UnsafeMutableRawPointer
  ) {
    let sums = sums.assumingMemoryBound(to: type), target = target.assumingMemoryBound(to: type)
    for channel in 0..<channels {
      for row in 0..<region.rows.count {
        let from = sums + channel * plane + row * pitch
        let to = target + channel * resultPlane + row * pass.y.spread * resultWidth
        for column in 0..<region.columns.count { to[column &* pass.x.spread] = from[column] }
      }
    }
  }
}
