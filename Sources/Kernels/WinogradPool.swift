internal import KernelTable

extension Winograd {
  /// Bias, ReLU and max-pooling of the results while they are in the cache; y and positions as in `Convolution.forwardReLUMaxPool`.
  func runPooled(
    source: WinogradWindows, weight: UnsafeRawPointer, bias: UnsafeRawPointer?, _ pooled: PooledPlane, y: UnsafeMutableRawPointer,
    positions: UnsafeMutablePointer<UInt8>, _ pooling: ConvolutionKernels.Set
  ) {
    let blocks = resultBlocks(pool: pooled.pool)
    run(
      source: source, weight: weight.assumingMemoryBound(to: Float.self), bias: bias?.assumingMemoryBound(to: Float.self), relu: false, blocks
    ) { image, index, channel, window in
      let part = blocks.parts[index], pool = pooled.pool
      let rows = 4 * part.rows.lowerBound / pool..<min(4 * part.rows.upperBound, resultHeight) / pool
      let columns = 4 * part.columns.lowerBound / pool..<min(4 * part.columns.upperBound, resultWidth) / pool
      if rows.isEmpty || columns.isEmpty { return }
      let count = rows.count * columns.count, channels = min(lanes, resultChannels - channel)
      Scratch.withBuffer(2 * count * lanes * 4) { values in
        let marks = values + count * lanes * 4
        pooling.poolSums(window, 1, part.row, pool, rows.count, columns.count, values, marks)
        // Whole rows lie side by side in the result.
        let run = columns.count == pooled.width ? count : columns.count
        for first in stride(from: 0, to: count, by: run) {
          let row = rows.lowerBound + first / columns.count
          let at = (image * resultChannels + channel) * pooled.plane + row * pooled.width + columns.lowerBound
          pooling.channelsFirst(values + first * lanes * 4, lanes, run, channels, y + at * 4, pooled.plane, false)
          pooling.marksFirst(marks + first * lanes * 4, lanes, run, channels, positions + at, pooled.plane)
        }
      }
    }
  }
}
