import KernelTable
import Kernels
import Testing

@Suite(.serialized) struct ConvolutionPoolTests {
  static func geometries() -> [(ConvolutionGeometry, Int)] {
    var random = Sequence64(21)
    var all = (0..<50).map { _ in (ConvolutionGeometry.random(&random), random.next(1...3)) }
    all += (0..<8).map { _ in (ConvolutionGeometry.random(&random, wide: true), 2) }
    all.append((ConvolutionGeometry(batch: 3, inChannels: 1, inHeight: 28, inWidth: 28, outChannels: 30, kernelHeight: 5, kernelWidth: 5), 2))
    all.append((ConvolutionGeometry(batch: 2, inChannels: 9, inHeight: 20, inWidth: 45, outChannels: 5, kernelHeight: 3, kernelWidth: 3), 4))
    all.append((ConvolutionGeometry(batch: 1, inChannels: 1, inHeight: 31, inWidth: 30, outChannels: 2, kernelHeight: 1, kernelWidth: 1), 15))
    return all
  }

  /// y, the winning index within each window (255 for none), and the convolution's place it means.
  static func reference(_ c: ConvolutionTests.Case, _ pool: Int) -> (y: [Double], marks: [UInt8], places: [Int]) {
    let g = c.g, dense = c.y
    let height = g.outHeight / pool, width = g.outWidth / pool
    var y: [Double] = [], marks: [UInt8] = [], places: [Int] = []
    for channel in 0..<g.batch * g.outChannels {
      for row in 0..<height {
        for column in 0..<width {
          var best = -Double.infinity, mark = 0, place = 0
          for i in 0..<pool * pool {
            let at = (channel * g.outHeight + row * pool + i / pool) * g.outWidth + column * pool + i % pool
            if dense[at] > best { (best, mark, place) = (dense[at], i, at) }
          }
          y.append(max(best, 0))
          marks.append(best > 0 ? UInt8(mark) : 255)
          places.append(best > 0 ? place : -1)
        }
      }
    }
    return (y, marks, places)
  }

  @Test(arguments: convolutionLevels, [FloatWidth.float32, .float64])
  func forwardAndBackward(_ level: String, _ width: FloatWidth) {
    var random = Sequence64(4)
    let table = Kernels.table(level)
    for (g, pool) in Self.geometries() {
      let c = ConvolutionTests.Case(g, &random)
      let expected = Self.reference(c, pool)
      let x = Guarded(width, c.x), weight = Guarded(width, c.weight), bias = Guarded(width, c.bias)
      let y = Guarded(width, filled: expected.y.count)
      let memory = GuardPages(bytes: expected.marks.count)
      let marks = memory.pointer.bindMemory(to: UInt8.self, capacity: expected.marks.count)
      Convolution.forwardReLUMaxPool(
        width, g, pool: pool, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: y.pointer, positions: marks, table: table,
        algorithm: .direct)
      #expect(y.distance(expected.y) < tolerance(width), "\(g) \(pool)")
      #expect(Array(UnsafeBufferPointer(start: marks, count: expected.marks.count)) == expected.marks, "\(g) \(pool)")
      #expect(y.intact && memory.intact, "\(g) \(pool)")

      let gradients = random.values(expected.y.count)
      var dense = [Double](repeating: 0, count: g.yCount)
      for (i, place) in expected.places.enumerated() where place >= 0 { dense[place] = gradients[i] }
      var gx = [Double](repeating: 0, count: g.xCount), gw = [Double](repeating: 0, count: g.weightCount)
      var gb = [Double](repeating: 0, count: g.outChannels)
      g.products { if dense[$2] != 0 { gx[$0] += dense[$2] * c.weight[$1] } }
      g.products { if dense[$2] != 0 { gw[$1] += dense[$2] * c.x[$0] } }
      for (i, value) in dense.enumerated() { gb[i / (g.outHeight * g.outWidth) % g.outChannels] += value }
      let gradOutput = Guarded(width, gradients), gradInput = Guarded(width, filled: g.xCount)
      let gradWeight = Guarded(width, filled: g.weightCount), gradBias = Guarded(width, filled: g.outChannels)
      Convolution.backwardReLUMaxPool(
        width, g, pool: pool, x: x.pointer, weight: weight.pointer, positions: marks, gradOutput: gradOutput.pointer,
        gradInput: gradInput.pointer, gradWeight: gradWeight.pointer, gradBias: gradBias.pointer, table: table, algorithm: .direct)
      #expect(gradInput.distance(gx) < tolerance(width), "\(g) \(pool)")
      #expect(gradWeight.distance(gw) < 4 * tolerance(width), "\(g) \(pool)")
      #expect(gradBias.distance(gb) < 4 * tolerance(width), "\(g) \(pool)")
      #expect(gradInput.intact && gradWeight.intact && gradBias.intact, "\(g) \(pool)")
      let again = Guarded(width, filled: g.weightCount)
      Convolution.backwardReLUMaxPool(
        width, g, pool: pool, x: x.pointer, weight: weight.pointer, positions: marks, gradOutput: gradOutput.pointer,
        gradInput: nil, gradWeight: again.pointer, gradBias: nil, table: table, algorithm: .direct)
      #expect(again.bits == gradWeight.bits)
    }
  }

  /// The fused operation and its gradients against convolution with ReLU, max-pooling and theirs on their own.
  @Test(arguments: convolutionLevels, [FloatWidth.float32, .float64])
  func agreesWithItsParts(_ level: String, _ width: FloatWidth) {
    var random = Sequence64(14)
    let table = Kernels.table(level)
    for (g, pool) in Self.geometries() where g.outHeight >= pool && g.outWidth >= pool {
      let c = ConvolutionTests.Case(g, &random)
      let pooling = PoolingGeometry(
        planes: g.batch * g.outChannels, inHeight: g.outHeight, inWidth: g.outWidth, kernelHeight: pool, kernelWidth: pool, strideHeight: pool,
        strideWidth: pool)
      let count = pooling.planes * pooling.outHeight * pooling.outWidth
      let x = Guarded(width, c.x), weight = Guarded(width, c.weight), bias = Guarded(width, c.bias)
      let y = Guarded(width, filled: count), dense = Guarded(width, filled: g.yCount), pooled = Guarded(width, filled: count)
      var marks = [UInt8](repeating: 0, count: count), positions = [Int32](repeating: 0, count: count)
      Convolution.forwardReLUMaxPool(
        width, g, pool: pool, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: y.pointer, positions: &marks, table: table)
      Convolution.forward(
        width, g, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: dense.pointer, activation: .relu, table: table)
      Pooling.max(width, pooling, x: dense.pointer, y: pooled.pointer, positions: &positions, table: table)
      #expect(y.distance(pooled.values) <= 1e-6, "\(g) \(pool)")

      let gradients = Guarded(width, random.values(count)), spread = Guarded(width, filled: g.yCount), alive = Guarded(width, filled: g.yCount)
      let (gx, gw, gb) = (Guarded(width, filled: g.xCount), Guarded(width, filled: g.weightCount), Guarded(width, filled: g.outChannels))
      Convolution.backwardReLUMaxPool(
        width, g, pool: pool, x: x.pointer, weight: weight.pointer, positions: marks, gradOutput: gradients.pointer, gradInput: gx.pointer,
        gradWeight: gw.pointer, gradBias: gb.pointer, table: table)
      let (ex, ew, eb) = (Guarded(width, filled: g.xCount), Guarded(width, filled: g.weightCount), Guarded(width, filled: g.outChannels))
      Pooling.maxBackward(width, pooling, gradOutput: gradients.pointer, positions: positions, gradInput: spread.pointer)
      Vector.unaryGradient(.relu, width, x: dense.pointer, y: dense.pointer, g: spread.pointer, gx: alive.pointer, g.yCount, table: table)
      Convolution.inputGradient(width, g, gradOutput: alive.pointer, weight: weight.pointer, gradInput: ex.pointer, table: table)
      Convolution.weightGradient(
        width, g, x: x.pointer, gradOutput: alive.pointer, gradWeight: ew.pointer, gradBias: eb.pointer, table: table)
      #expect(gx.distance(ex.values) <= 1e-6 && gw.distance(ew.values) <= 1e-6 && gb.distance(eb.values) <= 1e-6, "\(g) \(pool)")
    }
  }

  /// Chunks and partial sums depend on the work alone: the same bits on 1 to 4 threads.
  @Test func bitsDoNotDependOnThreads() {
    let g = ConvolutionGeometry(batch: 37, inChannels: 3, inHeight: 21, inWidth: 19, outChannels: 40, kernelHeight: 3, kernelWidth: 3)
    var random = Sequence64(8)
    let plane = g.outHeight / 2 * (g.outWidth / 2), count = g.batch * g.outChannels * plane
    func noise(_ count: Int) -> [Double] { (0..<count).map { _ in Double(random.next(-1_000_000...1_000_000)) / 777_777 } }
    let x = Guarded(.float32, noise(g.xCount)), weight = Guarded(.float32, noise(g.weightCount)), bias = Guarded(.float32, noise(g.outChannels))
    let gradOutput = Guarded(.float32, noise(count))
    let before = Parallel.threads
    defer { Parallel.threads = before }
    var seen: [[UInt8]] = []
    for threads in 1...4 {
      Parallel.threads = threads
      let y = Guarded(.float32, filled: count), gradInput = Guarded(.float32, filled: g.xCount)
      let gradWeight = Guarded(.float32, filled: g.weightCount), gradBias = Guarded(.float32, filled: g.outChannels)
      var marks = [UInt8](repeating: 0, count: count)
      Convolution.forwardReLUMaxPool(
        .float32, g, pool: 2, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: y.pointer, positions: &marks)
      Convolution.backwardReLUMaxPool(
        .float32, g, pool: 2, x: x.pointer, weight: weight.pointer, positions: marks, gradOutput: gradOutput.pointer,
        gradInput: gradInput.pointer, gradWeight: gradWeight.pointer, gradBias: gradBias.pointer)
      seen.append(y.bits + marks + gradInput.bits + gradWeight.bits + gradBias.bits)
    }
    #expect(seen.allSatisfy { $0 == seen[0] })
  }

  @Test(arguments: convolutionLevels)
  func keepsNaN(_ level: String) {
    let g = ConvolutionGeometry(batch: 1, inChannels: 1, inHeight: 4, inWidth: 4, outChannels: 1, kernelHeight: 1, kernelWidth: 1)
    var values = [Double](repeating: -1, count: 16)
    values[5] = .nan
    let x = Guarded(.float32, values), weight = Guarded(.float32, [1]), y = Guarded(.float32, filled: 4)
    var marks = [UInt8](repeating: 0, count: 4)
    Convolution.forwardReLUMaxPool(
      .float32, g, pool: 2, x: x.pointer, weight: weight.pointer, bias: nil, y: y.pointer, positions: &marks, table: Kernels.table(level))
    #expect(y.values[0].isNaN && y.values[1...].allSatisfy { $0 == 0 })
    #expect(marks == [3, 255, 255, 255])
  }
}
