internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

extension Winograd {
  /// Bytes of the 36 matrices of sums that a thread works on.
  static let sumBytes = 4 << 20
  /// Bytes of transformed tiles: the more tiles, the fewer times are the sums read and written again.
  static let summedBytes = 512 << 10

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
    let widest = min(resultPitch, group * 2 * lanes)
    let blocks = blocks(
      max(16, min(128, Self.summedBytes / (36 * 4 * (sourcePitch + widest)))), pool: gradOutput.pool, batch: sums.images(0).count)
    let windows = blocks.parts.map { (part: $0, source: sourceWindow(x, $0), result: resultWindow(gradOutput, $0)) }
    let windowCount = windows.map { max($0.source.count, $0.result.count) * lanes }.max() ?? 0
    Parallel.run(sums.parts * groups) { chunk in
      let index = chunk / groups, firstPanel = chunk % groups * group
      let images = sums.images(index), pieces = (images.count + blocks.images - 1) / blocks.images
      let own = firstPanel..<min(firstPanel + group, panels.count)
      for panel in own { memset(sums.biasRow(index, panel), 0, panels[panel].pitch * 4) }
      let pitch = own.reduce(0) { $0 + panels[$1].pitch }
      let sourceSlot = Self.slot(blocks.images * blocks.most * sourcePitch), resultSlot = Self.slot(blocks.images * blocks.most * pitch)
      let sumSlot = Self.slot(sourceChannels * pitch)
      let tileRoom = 2 * matrix.tileRows * lanes
      Scratch.withBuffer((36 * (sourceSlot + resultSlot + sumSlot) + windowCount + tileRoom + roomCount) * 4) { memory in
        let tiles = memory.assumingMemoryBound(to: Float.self)
        let gradients = tiles + 36 * sourceSlot, products = gradients + 36 * resultSlot
        let pixels = products + 36 * sumSlot, room = pixels + windowCount + tileRoom
        var begun = false
        for (part, source, result) in windows {
          for piece in 0..<pieces where !Parallel.interrupted {
            let range = images.share(piece, of: pieces), first = range.lowerBound
            memset(pixels, 0, source.count * lanes * 4)
            for image in range {
              transform(x, part, source, image: image, pixels, tiles + (image - first) * part.tiles * sourcePitch, sourceSlot, room)
            }
            memset(pixels, 0, result.count * lanes * 4)
            for image in range {
              var at = gradients + (image - first) * part.tiles * pitch
              for panel in own {
                for channel in stride(from: 0, to: panels[panel].pitch, by: lanes) {
                  gradOutput.fill(pixels, result, image: image, channel: panels[panel].first + channel, lanes: lanes, kernels)
                  kernels.gradient(
                    pixels + result.corner, lanes, result.row * lanes, part.rows.count, part.columns.count, lanes, at, resultSlot, pitch, room)
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
