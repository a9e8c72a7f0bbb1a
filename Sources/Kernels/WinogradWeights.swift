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
    x: UnsafePointer<Float>, gradOutput: UnsafePointer<Float>, sums: WeightSums, addRows: ConvolutionKernels.Set.AddRows
  ) {
    let panels = sums.panels.panels
    // Results go in groups of panels whose sums stay within bounds.
    let group = max(1, Self.sumBytes / (36 * 4 * sourceChannels * 2 * lanes))
    let groups = (panels.count + group - 1) / group
    let perPart = (batch + sums.parts - 1) / sums.parts
    let widest = min(resultPitch, group * 2 * lanes)
    let budget = max(16, min(128, Self.tileBytes / (36 * 4 * (sourcePitch + widest))))
    let parts = parts(budget), most = parts.map(\.tiles).max() ?? 1
    let together = parts.count > 1 ? 1 : max(1, min(perPart, budget / most))
    let sourcePixels = parts.map(sourcePixels), resultPixels = parts.map(resultPixels)
    Parallel.run(sums.parts * groups) { chunk in
      let index = chunk / groups
      let images = index * perPart..<max(index * perPart, min((index + 1) * perPart, batch))
      let own = panels[chunk % groups * group..<min((chunk % groups + 1) * group, panels.count)]
      for panel in own.indices {
        memset(sums.block(index, 0, panel), 0, images.isEmpty ? (sums.pass.depth + 1) * panels[panel].pitch * 4 : 0)
        memset(sums.biasRow(index, panel), 0, panels[panel].pitch * 4)
      }
      if images.isEmpty { return }
      let pitch = own.reduce(0) { $0 + $1.pitch }
      let sourceSlot = Self.slot(together * most * sourcePitch), resultSlot = Self.slot(together * most * pitch)
      let sumSlot = Self.slot(sourceChannels * pitch)
      let windowCount = (parts.map(\.sourcePixels).max() ?? 0) * lanes
      let room = 2 * matrix.tileRows * lanes
      Scratch.withBuffer((36 * (sourceSlot + resultSlot + sumSlot) + windowCount + room) * 4) { memory in
        let tiles = memory.assumingMemoryBound(to: Float.self)
        let gradients = tiles + 36 * sourceSlot, products = gradients + 36 * resultSlot
        let window = products + 36 * sumSlot
        var begun = false
        for (part, (sourcePixels, resultPixels)) in zip(parts, zip(sourcePixels, resultPixels)) {
          for first in stride(from: images.lowerBound, to: images.upperBound, by: together) where !Parallel.interrupted {
            let range = first..<min(first + together, images.upperBound)
            memset(window, 0, part.sourcePixels * lanes * 4)
            for image in range {
              transform(
                x + image * sourceChannels * sourcePlane, part, sourcePixels, window,
                tiles + (image - range.lowerBound) * part.tiles * sourcePitch, sourceSlot)
            }
            memset(window, 0, part.resultPixels * lanes * 4)
            for image in range {
              var at = gradients + (image - range.lowerBound) * part.tiles * pitch
              for index2 in own.indices {
                let panel = panels[index2]
                for channel in stride(from: 0, to: panel.pitch, by: lanes) {
                  resultPixels.stretches { first, count, places in
                    kernels.spread(
                      gradOutput + (image * resultChannels + panel.first + channel) * resultPlane + first, resultPlane,
                      min(lanes, panel.channels - channel), count, places, window, lanes)
                  }
                  kernels.gradient(
                    window, lanes, part.resultRow * lanes, part.rows.count, part.columns.count, lanes, at, resultSlot, pitch)
                  addRows(1, window, part.resultPixels, sums.biasRow(index, index2) + channel * 4)
                  at += lanes
                }
              }
            }
            for position in 0..<36 {
              matrix.block(
                sourceChannels, pitch, range.count * part.tiles, tiles + position * sourceSlot, 1, sourcePitch,
                gradients + position * resultSlot, pitch, 2 * lanes, products + position * sumSlot, pitch, begun, nil, false,
                window + windowCount)
            }
            begun = true
          }
        }
        var from = products
        for panel in own.indices {
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
