package import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

/// Convolution, bias, ReLU and max-pooling as one operation.
///
///     y = maxpool(relu(x ∗ weight + bias), pool x pool, stride pool)
///
/// The forward pass keeps one byte for each pooled value: which place of its window won, or 255 where ReLU left nothing.
/// Behind it at most one gradient in pool² differs from zero, and the weights' gradient is the sum of one patch of the image for each of them:
/// a quarter of the dense product's work for pool 2.
extension Convolution {
  /// A window's index has to fit in a byte, with one value to spare.
  package static let largestFusedPool = 15

  /// y, positions: (batch, outChannels, outHeight / pool, outWidth / pool); 1 ≤ pool ≤ `largestFusedPool`. What is left over at the end is not read.
  package static func forwardReLUMaxPool(
    _ width: FloatWidth, _ g: ConvolutionGeometry, pool: Int, x: UnsafeRawPointer, weight: UnsafeRawPointer, bias: UnsafeRawPointer?,
    y: UnsafeMutableRawPointer, positions: UnsafeMutablePointer<UInt8>
  ) {
    forwardReLUMaxPool(width, g, pool: pool, x: x, weight: weight, bias: bias, y: y, positions: positions, table: Kernels.table)
  }

  package static func forwardReLUMaxPool(
    _ width: FloatWidth, _ g: ConvolutionGeometry, pool: Int, x: UnsafeRawPointer, weight: UnsafeRawPointer, bias: UnsafeRawPointer?,
    y: UnsafeMutableRawPointer, positions: UnsafeMutablePointer<UInt8>, table: KernelTable, algorithm: Algorithm = .automatic
  ) {
    precondition(pool >= 1 && pool <= largestFusedPool, "pool must be 1 ... 15")
    let pooled = PooledPlane(g, pool)
    if g.batch < 1 || pooled.plane < 1 || g.outChannels < 1 { return }
    let kernels = table.convolution.set(width)
    if g.usesWinograd(width, algorithm) {
      return Winograd.forward(g, table).runPooled(
        source: g.images(x), weight: weight, bias: bias, pooled, y: y, positions: positions, kernels)
    }
    let size = width.stride
    withForwardRun(width, g, weight: weight, bias: bias, relu: true, rowwise: false, kernels) { run in
      // Sums of 192 places: 48 pooled values for pool 2, three registers to transpose.
      let strips = pooled.strips(run.pass, places: 192, elementSize: size)
      let images = min(
        g.batch, PassRun.images(places: strips[0].count * pool * pool * pooled.width, depth: run.pass.depth, channels: run.panels.width))
      // Strips follow one another within a chunk where a chunk holds several images.
      let spread = images > 1 ? 1 : strips.count
      Parallel.run((g.batch + images - 1) / images * g.groups * spread) { chunk in
        let group = chunk / spread % g.groups, first = chunk / spread / g.groups * images
        for strip in spread > 1 ? strips[chunk % spread...chunk % spread] : strips[...] {
          poolStrip(
            run, g, pooled, strip, group, first..<min(first + images, g.batch), x, y, positions)
        }
      }
    }
  }

  private static func poolStrip(
    _ run: PassRun, _ g: ConvolutionGeometry, _ pooled: PooledPlane, _ strip: Range<Int>, _ group: Int, _ images: Range<Int>,
    _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ positions: UnsafeMutablePointer<UInt8>
  ) {
    let size = run.width.stride, kernels = run.kernels
    let region = pooled.region(strip)
    let layout = run.pass.layout(region)
    let (places, terms) = layout.offsets(run.pass, region)
    let pitch = run.panels.panels[0].pitch
    let count = strip.count * pooled.width
    let windowBytes = layout.elements(run.pass.sourceChannels) * size
    let sumBytes = places.count * pitch * size, pooledBytes = count * pitch * size
    Scratch.withBuffer(sumBytes + 2 * pooledBytes + windowBytes) { sums in
      let values = sums + sumBytes
      let marks = values + pooledBytes
      let copy = marks + pooledBytes
      memset(copy, 0, windowBytes)
      for image in images where !Parallel.interrupted {
        let plane = (image * g.groups + group) * run.pass.sourceChannels * g.inPlane
        let window = layout.fill(x + plane * size, copy, run.pass, size, kernels)
        for panel in run.panels.panels {
          let first = group * run.panels.width + panel.first
          run.sum(
            window, places, 0, places.count, run.pass.x.step == 1 ? region.columns.count : 1, terms, run.weights + first * run.pass.depth * size,
            run.bias.map { $0 + first * size }, panel,
            sums)
          kernels.poolSums(sums, panel.vectors, region.columns.count, pooled.pool, strip.count, pooled.width, values, marks)
          let channel = (image * g.groups + group) * run.pass.resultChannels + panel.first
          let at = channel * pooled.plane + strip.lowerBound * pooled.width
          kernels.channelsFirst(values, panel.pitch, count, panel.channels, y + at * size, pooled.plane, false)
          kernels.marksFirst(marks, panel.pitch, count, panel.channels, positions + at, pooled.plane)
        }
      }
    }
  }

  /// Overwrites the three gradients; `gradInput` and `gradBias` are nil where no one needs them.
  package static func backwardReLUMaxPool(
    _ width: FloatWidth, _ g: ConvolutionGeometry, pool: Int, x: UnsafeRawPointer, weight: UnsafeRawPointer, positions: UnsafePointer<UInt8>,
    gradOutput: UnsafeRawPointer, gradInput: UnsafeMutableRawPointer?, gradWeight: UnsafeMutableRawPointer, gradBias: UnsafeMutableRawPointer?
  ) {
    backwardReLUMaxPool(
      width, g, pool: pool, x: x, weight: weight, positions: positions, gradOutput: gradOutput, gradInput: gradInput,
      gradWeight: gradWeight, gradBias: gradBias, table: Kernels.table)
  }

  package static func backwardReLUMaxPool(
    _ width: FloatWidth, _ g: ConvolutionGeometry, pool: Int, x: UnsafeRawPointer, weight: UnsafeRawPointer, positions: UnsafePointer<UInt8>,
    gradOutput: UnsafeRawPointer, gradInput: UnsafeMutableRawPointer?, gradWeight: UnsafeMutableRawPointer, gradBias: UnsafeMutableRawPointer?,
    table: KernelTable, algorithm: Algorithm = .automatic
  ) {
    precondition(pool >= 1 && pool <= largestFusedPool, "pool must be 1 ... 15")
    let pooled = PooledPlane(g, pool)
    // Nothing to sum: the other way writes zeros.
    let some = g.batch > 0 && pooled.plane > 0 && g.outChannels > 0 && g.inChannels > 0
    if let gradInput {
      if some && g.usesWinograd(width, algorithm) {
        Winograd.inputGradient(g, table).run(
          source: g.results(gradOutput, pooled, positions), weight: weight, bias: nil, relu: false, result: gradInput)
      } else {
        inputGradient(width, g, pooled, weight: weight, positions: positions, gradOutput: gradOutput, gradInput: gradInput, table: table)
      }
    }
    if some && g.sumsByWinograd(width, algorithm) {
      WeightSums.withSums(g, .float32, table.convolution.float32, gradWeight, gradBias) { sums in
        Winograd.forward(g, table).weightGradient(
          x: g.images(x), gradOutput: g.results(gradOutput, pooled, positions), sums: sums, addRows: table.convolution.float32.addRows)
      }
    } else if width == .float32 {
      weightGradient(Float.self, width, g, pooled, x, positions, gradOutput, gradWeight, gradBias, table.convolution.float32)
    } else {
      weightGradient(Double.self, width, g, pooled, x, positions, gradOutput, gradWeight, gradBias, table.convolution.float64)
    }
  }

  /// The pooled gradients are put back where they came from, a few images at a time, and take the dense way from there.
  private static func inputGradient(
    _ width: FloatWidth, _ g: ConvolutionGeometry, _ pooled: PooledPlane, weight: UnsafeRawPointer, positions: UnsafePointer<UInt8>,
    gradOutput: UnsafeRawPointer, gradInput: UnsafeMutableRawPointer, table: KernelTable
  ) {
    let size = width.stride
    let outImage = g.outChannels * g.outPlane, inImage = g.inChannels * g.inPlane
    let images = max(1, min(g.batch, 8_388_608 / max(1, outImage * size)))
    Scratch.withBuffer(images * outImage * size) { dense in
      for first in stride(from: 0, to: g.batch, by: images) where !Parallel.interrupted {
        var part = g
        part.batch = min(images, g.batch - first)
        Parallel.run(part.batch) { image in
          let target = dense + image * outImage * size
          memset(target, 0, outImage * size)
          let from = (first + image) * g.outChannels * pooled.plane
          if width == .float32 {
            pooled.scatter(Float.self, g.outChannels, gradOutput + from * size, positions + from, target)
          } else {
            pooled.scatter(Double.self, g.outChannels, gradOutput + from * size, positions + from, target)
          }
        }
        inputGradient(width, part, gradOutput: dense, weight: weight, gradInput: gradInput + first * inImage * size, table: table)
      }
    }
  }

  private static func weightGradient<T: BinaryFloatingPoint>(
    _ type: T.Type, _ width: FloatWidth, _ g: ConvolutionGeometry, _ pooled: PooledPlane, _ x: UnsafeRawPointer,
    _ positions: UnsafePointer<UInt8>, _ gradOutput: UnsafeRawPointer, _ gradWeight: UnsafeMutableRawPointer,
    _ gradBias: UnsafeMutableRawPointer?, _ kernels: ConvolutionKernels.Set
  ) {
    let size = width.stride
    let pass = g.forwardPass
    let pitch = (pass.depth + kernels.lanes) / kernels.lanes * kernels.lanes
    let sumCount = g.outChannels * pitch
    // Enough parts for many cores, each worth a thread, all together in at most 64 MB; they depend on the shapes alone.
    let byWork = Int(2 * Double(g.outChannels * pooled.plane) * Double(pitch) * Double(g.batch) / 2e6)
    let most = max(1, min(16, g.batch, byWork, 67_108_864 / max(1, sumCount * size)))
    // A multiple of four keeps two and four threads busy to the end.
    let parts = most > 4 ? most & ~3 : most
    Scratch.withBuffer(parts * sumCount * size) { buffer in
      memset(buffer, 0, parts * sumCount * size)
      if pooled.plane > 0 {
        // Short patch rows stay in the first-level cache, where each is read for all channels; long ones in the second.
        let rowBytes = pitch * size, kept = rowBytes <= 128 ? 32_768 : 262_144
        let strips = pooled.strips(pass, places: max(1, kept / rowBytes), elementSize: size).map {
          PatchStrip(g, pass, pooled, $0, lanes: kernels.lanes)
        }
        Parallel.run(parts * g.groups) { chunk in
          let part = chunk / g.groups, group = chunk % g.groups
          let range = (0..<g.batch).share(part, of: parts)
          let sums = buffer + (part * g.outChannels + group * g.outGroup) * pitch * size
          for strip in strips {
            strip.add(width, g, pass, pooled, group, range, x, positions, gradOutput, sums, pitch, kernels)
          }
        }
      }
      let sums = buffer.assumingMemoryBound(to: type)
      let gradWeight = gradWeight.assumingMemoryBound(to: type), gradBias = gradBias?.assumingMemoryBound(to: type)
      for part in 1..<max(parts, 1) {
        let other = sums + part * sumCount
        for i in 0..<sumCount { sums[i] += other[i] }
      }
      for channel in 0..<g.outChannels {
        (gradWeight + channel * pass.depth).update(from: sums + channel * pitch, count: pass.depth)
        gradBias?[channel] = sums[channel * pitch + pass.depth]
      }
    }
  }
}

/// The pooled image: windows of pool x pool places that lie wholly within the convolution's result.
struct PooledPlane {
  var pool: Int
  var height: Int
  var width: Int
  var plane: Int { height * width }
  var outWidth: Int
  var outPlane: Int

  init(_ g: ConvolutionGeometry, _ pool: Int) {
    self.pool = pool
    height = g.outHeight / pool
    width = g.outWidth / pool
    outWidth = g.outWidth
    outPlane = g.outPlane
  }

  /// Ranges of pooled rows whose windows hold about `places` places of the convolution and whose image window stays in the cache.
  func strips(_ pass: Pass, places: Int, elementSize: Int) -> [Range<Int>] {
    let byPlaces = places / max(1, pool * pool * width)
    let rowBytes = max(1, pass.sourceChannels * (width * pool * pass.x.step + pass.x.most - pass.x.least) * elementSize)
    let byWindow = (393_216 / rowBytes - (pass.y.most - pass.y.least)) / max(1, pool * pass.y.step)
    let most = max(1, min(byPlaces, byWindow))
    let count = (height + most - 1) / most
    let step = max(1, (height + count - 1) / max(1, count))
    return stride(from: 0, to: height, by: step).map { $0..<min($0 + step, height) }
  }

  func region(_ strip: Range<Int>) -> Region {
    Region(rows: strip.lowerBound * pool..<strip.upperBound * pool, columns: 0..<width * pool)
  }

  /// Puts each gradient back to the place of its window that won.
  func scatter<T: BinaryFloatingPoint>(
    _ type: T.Type, _ channels: Int, _ gradients: UnsafeRawPointer, _ positions: UnsafePointer<UInt8>, _ target: UnsafeMutableRawPointer
  ) {
    let gradients = gradients.assumingMemoryBound(to: type), target = target.assumingMemoryBound(to: type)
    var i = 0
    for channel in 0..<channels {
      for row in 0..<height {
        for column in 0..<width {
          let mark = Int(positions[i])
          if mark != 255 {
            target[channel &* outPlane &+ (row &* pool &+ mark / pool) &* outWidth &+ column &* pool &+ mark % pool] = gradients[i]
          }
          i &+= 1
        }
      }
    }
  }
}
