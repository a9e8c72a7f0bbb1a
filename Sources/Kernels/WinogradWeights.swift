internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

extension Winograd {
  /// Bytes of the 36 matrices of sums that a thread works on.
  static let sumBytes = 4 << 20

  /// ∂w = Gᵀ [ Σ (A g Aᵀ) ⊙ (Bᵀ d B) ] G, summed over the tiles of all images, and ∂bias = Σ g; self is the forward pass.
  ///
  /// As with the direct way, `parts` partial sums, whose number depends on the shapes alone, are joined in order.
  func weightGradient(
    x: WinogradWindows, gradOutput: WinogradWindows, sums: WeightSums, addRows: ConvolutionKernels.Set.AddRows
  ) {
    let panels = sums.panels.panels
    // Results go in groups of panels whose sums stay within bounds.
    let group = max(1, Self.sumBytes / (36 * 4 * sourceChannels * 2 * lanes))
    let groups = (panels.count + group - 1) / group
    let perPart = (batch + sums.parts - 1) / sums.parts
    let widest = min(resultPitch, group * 2 * lanes)
    let blocks = blocks(max(16, min(128, Self.tileBytes / (36 * 4 * (sourcePitch + widest)))), pool: gradOutput.pool, batch: perPart)
    let windows = blocks.parts.map { (part: $0, source: sourceWindow(x, $0), result: resultWindow(gradOutput, $0)) }
    let windowCount = windows.map { max($0.source.count, $0.result.count) * lanes }.max() ?? 0
    Parallel.run(sums.parts * groups) { chunk in
      let index = chunk / groups, firstPanel = chunk % groups * group
      let images = index * perPart..<max(index * perPart, min((index + 1) * perPart, batch))
      let own = firstPanel..<min(firstPanel + group, panels.count)
      for panel in own {
        memset(sums.biasRow(index, panel), 0, panels[panel].pitch * 4)
        if images.isEmpty { memset(sums.block(index, 0, panel), 0, sums.pass.depth * panels[panel].pitch * 4) }
      }
      if images.isEmpty { return }
      let pitch = own.reduce(0) { $0 + panels[$1].pitch }
      let sourceSlot = Self.slot(blocks.images * blocks.most * sourcePitch), resultSlot = Self.slot(blocks.images * blocks.most * pitch)
      let sumSlot = Self.slot(sourceChannels * pitch)
      let room = 2 * matrix.tileRows * lanes
      Scratch.withBuffer((36 * (sourceSlot + resultSlot + sumSlot) + windowCount + room) * 4) { memory in
        let tiles = memory.assumingMemoryBound(to: Float.self)
        let gradients = tiles + 36 * sourceSlot, products = gradients + 36 * resultSlot
        let pixels = products + 36 * sumSlot
        var begun = false
        for (part, source, result) in windows {
          for first in stride(from: images.lowerBound, to: images.upperBound, by: blocks.images) where !Parallel.interrupted {
            let range = first..<min(first + blocks.images, images.upperBound)
            memset(pixels, 0, source.count * lanes * 4)
            for image in range {
              transform(x, part, source, image: image, pixels, tiles + (image - first) * part.tiles * sourcePitch, sourceSlot)
            }
            memset(pixels, 0, result.count * lanes * 4)
            for image in range {
              var at = gradients + (image - first) * part.tiles * pitch
              for panel in own {
                for channel in stride(from: 0, to: panels[panel].pitch, by: lanes) {
                  gradOutput.fill(pixels, result, image: image, channel: panels[panel].first + channel, lanes: lanes, kernels)
                  kernels.gradient(
                    pixels + result.corner, lanes, result.row * lanes, part.rows.count, part.columns.count, lanes, at, resultSlot, pitch)
                  addRows(1, pixels, result.count, sums.biasRow(index, panel) + channel * 4)
                  at += lanes
                }
              }
            }
            for position in 0..<36 {
              matrix.block(
                sourceChannels, pitch, range.count * part.tiles, tiles + position * sourceSlot, 1, sourcePitch,
                gradients + position * resultSlot, pitch, 2 * lanes, products + position * sumSlot, pitch, begun, nil, false,
                pixels + windowCount)
            }
            begun = true
          }
        }
        var from = products
        for panel in own {
          let channels = panels[panel].pitch
          kernels.filterGradient(
            from, sumSlot, pitch, sourceChannels, channels, sums.block(index, 0, panel).assumingMemoryBound(to: Float.self), channels)
          from += channels
        }
      }
    }
  }
}

extension WeightSums {
  /// The sums for the bias of a panel's channels.
  func biasRow(_ part: Int, _ panel: Int) -> UnsafeMutableRawPointer {
    block(part, 0, panel) + pass.depth * panels.panels[panel].pitch * size
  }
}
