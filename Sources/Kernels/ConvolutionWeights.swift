package import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

extension Convolution {
  /// ∂weight[o, c, u, v] = Σ gradOutput[n, o, i, j] · x[n, c, i·sh + u·dh - top, …], ∂bias[o] = Σ gradOutput[n, o, i, j].
  ///
  /// - results: the convolution's, where ReLU stands behind it: the gradient is 0 where they are. Only where `masksWeightGradient` says so.
  package static func weightGradient(
    _ width: FloatWidth, _ g: ConvolutionGeometry, x: UnsafeRawPointer, gradOutput: UnsafeRawPointer, results: UnsafeRawPointer? = nil,
    gradWeight: UnsafeMutableRawPointer, gradBias: UnsafeMutableRawPointer?
  ) {
    weightGradient(
      width, g, x: x, gradOutput: gradOutput, results: results, gradWeight: gradWeight, gradBias: gradBias, table: Kernels.table)
  }

  /// Whether ReLU's gradient may be left to `weightGradient`, which reads it on its way: the direct way can.
  package static func masksWeightGradient(_ width: FloatWidth, _ g: ConvolutionGeometry) -> Bool { !g.sumsByWinograd(width, .automatic) }

  package static func weightGradient(
    _ width: FloatWidth, _ g: ConvolutionGeometry, x: UnsafeRawPointer, gradOutput: UnsafeRawPointer, results: UnsafeRawPointer? = nil,
    gradWeight: UnsafeMutableRawPointer, gradBias: UnsafeMutableRawPointer?, table: KernelTable, algorithm: Algorithm = .automatic
  ) {
    let size = width.stride
    if g.batch < 1 || g.outPlane < 1 || g.outChannels < 1 || g.inChannels < 1 {
      memset(gradWeight, 0, g.outChannels * g.inGroup * g.kernelArea * size)
      if let gradBias { memset(gradBias, 0, g.outChannels * size) }
      return
    }
    let kernels = table.convolution.set(width)
    WeightSums.withSums(g, width, kernels, gradWeight, gradBias) { sums in
      if g.sumsByWinograd(width, algorithm) {
        precondition(results == nil, "the direct way alone leaves out what ReLU did")
        return Winograd.forward(g, table).weightGradient(
          x: g.images(x), gradOutput: g.results(gradOutput), sums: sums, addRows: kernels.addRows)
      }
      let (pass, panels, parts) = (sums.pass, sums.panels, sums.parts)
      let regions = pass.regions(elementSize: size)
      Parallel.run(parts * g.groups * panels.panels.count) { chunk in
        let panel = chunk % panels.panels.count
        let group = chunk / panels.panels.count % g.groups
        let part = chunk / panels.panels.count / g.groups
        let target = sums.block(part, group, panel)
        memset(target, 0, (pass.depth + 1) * panels.panels[panel].pitch * size)
        for region in regions {
          addRegion(
            width, g, pass, region, group, panels.panels[panel], sums.images(part), x, gradOutput, results, target, kernels)
        }
      }
    }
  }

  /// Adds what a region of some images gives to the sums [term][channel of the panel], and to the bias row behind them.
  private static func addRegion(
    _ width: FloatWidth, _ g: ConvolutionGeometry, _ pass: Pass, _ region: Region, _ group: Int,
    _ panel: (first: Int, channels: Int, vectors: Int, pitch: Int), _ images: Range<Int>, _ x: UnsafeRawPointer,
    _ gradOutput: UnsafeRawPointer, _ results: UnsafeRawPointer?, _ target: UnsafeMutableRawPointer, _ kernels: ConvolutionKernels.Set
  ) {
    let size = width.stride
    let layout = pass.layout(region)
    let (places, terms) = layout.offsets(pass, region)
    let windowBytes = layout.elements(pass.sourceChannels) * size
    Scratch.withBuffer(places.count * panel.pitch * size + windowBytes) { turned in
      let copy = turned + places.count * panel.pitch * size
      memset(copy, 0, windowBytes)
      for image in images where !Parallel.interrupted {
        let plane = (image * g.groups + group) * pass.sourceChannels * g.inPlane
        let window = layout.fill(x + plane * size, copy, pass, size, kernels)
        let channel = (image * g.groups + group) * pass.resultChannels + panel.first
        let columns = region.columns.count
        let corner = channel * g.outPlane + region.rows.lowerBound * g.outWidth + region.columns.lowerBound
        if columns == g.outWidth {
          kernels.channelsLast(
            gradOutput + corner * size, results.map { $0 + corner * size }, g.outPlane, panel.channels, places.count, turned, panel.pitch)
        } else {
          for row in 0..<region.rows.count {
            let at = (corner + row * g.outWidth) * size
            kernels.channelsLast(
              gradOutput + at, results.map { $0 + at }, g.outPlane, panel.channels, columns, turned + row * columns * panel.pitch * size,
              panel.pitch)
          }
        }
        kernels.gatherProduct(
          panel.vectors, window, terms, terms.count, places, places.count, turned, target, panel.pitch, g.dilationWidth == 1 ? g.kernelWidth : 1, target)
        kernels.addRows(panel.vectors, turned, places.count, target + pass.depth * panel.pitch * size)
      }
    }
  }
}

/// Partial sums of a weight gradient: [part][group][panel][term, and a last row for the bias][channel of the panel].
///
/// Their number depends on the shapes alone and they are joined in order, so that the result has the same bits on any number of threads.
struct WeightSums {
  var pass: Pass
  var panels: ChannelPanels
  var groups: Int
  var parts: Int
  var batch: Int
  var size: Int
  let buffer: UnsafeMutableRawPointer

  /// Calls `body` to fill the sums of a geometry, and joins them.
  static func withSums(
    _ g: ConvolutionGeometry, _ width: FloatWidth, _ kernels: ConvolutionKernels.Set, _ gradWeight: UnsafeMutableRawPointer,
    _ gradBias: UnsafeMutableRawPointer?, _ body: (WeightSums) -> Void
  ) {
    let size = width.stride, pass = g.forwardPass
    let panels = ChannelPanels(g.outGroup, lanes: kernels.lanes, step: 0)
    let parts = parts(g, width, pass, panels, size)
    Scratch.withBuffer(parts * g.groups * panels.width * (pass.depth + 1) * size) { buffer in
      let sums = WeightSums(pass: pass, panels: panels, groups: g.groups, parts: parts, batch: g.batch, size: size, buffer: buffer)
      body(sums)
      if width == .float32 {
        sums.join(Float.self, gradWeight, gradBias)
      } else {
        sums.join(Double.self, gradWeight, gradBias)
      }
    }
  }

  /// Enough parts for many cores, none with less than 2.5 MFLOP or so few places that joining counts, all together in at most 64 MB.
  static func parts(_ g: ConvolutionGeometry, _ width: FloatWidth, _ pass: Pass, _ panels: ChannelPanels, _ size: Int) -> Int {
    let flops = 2 * pass.depth * panels.width * g.groups * g.outPlane
    // Winograd's sums are transformed once for each part: that is to be little beside 48 tiles of 16 places.
    let least = g.sumsByWinograd(width, .automatic) ? 768 : 64
    let byWork = min(Int(Double(flops) * Double(g.batch) / 2.5e6), g.batch * g.outPlane / least)
    let byMemory = 67_108_864 / max(1, g.groups * panels.width * (pass.depth + 1) * size)
    return max(1, min(16, g.batch, byWork, byMemory))
  }

  /// The images of a part, as many in each as can be; the first has the most.
  func images(_ part: Int) -> Range<Int> { (0..<batch).share(part, of: parts) }

  func block(_ part: Int, _ group: Int, _ panel: Int) -> UnsafeMutableRawPointer {
    buffer + ((part * groups + group) * panels.width + panels.panels[panel].first) * (pass.depth + 1) * size
  }

  func join<T: BinaryFloatingPoint>(_ type: T.Type, _ gradWeight: UnsafeMutableRawPointer, _ gradBias: UnsafeMutableRawPointer?) {
    let gradWeight = gradWeight.assumingMemoryBound(to: T.self), gradBias = gradBias?.assumingMemoryBound(to: T.self)
    // The bias is one more term; 64 terms of a panel are a chunk.
    let terms = 64, pieces = (pass.depth + terms) / terms
    Parallel.run(groups * panels.panels.count * pieces, waking: parts * panels.width * pass.depth > 1 << 17) { chunk in
      let index = chunk / pieces % panels.panels.count, group = chunk / pieces / panels.panels.count
      let first = chunk % pieces * terms, last = min(first + terms, pass.depth + 1)
      let panel = panels.panels[index]
      let total = block(0, group, index).assumingMemoryBound(to: T.self)
      for part in 1..<max(parts, 1) {
        let other = block(part, group, index).assumingMemoryBound(to: T.self)
        for i in first * panel.pitch..<last * panel.pitch { total[i] += other[i] }
      }
      let channel = group * pass.resultChannels + panel.first
      for c in 0..<panel.channels {
        let target = gradWeight + (channel + c) * pass.depth
        for term in first..<min(last, pass.depth) { target[term] = total[term &* panel.pitch &+ c] }
        if last > pass.depth { gradBias?[channel + c] = total[pass.depth * panel.pitch + c] }
      }
    }
  }
}

extension Range<Int> {
  /// Part `index` of `count` parts of nearly the same size; the first are the longer ones.
  func share(_ index: Int, of count: Int) -> Range<Int> {
    let short = self.count / count, long = self.count - short * count
    let first = lowerBound + index * short + Swift.min(index, long)
    return first..<first + short + (index < long ? 1 : 0)
  }
}
