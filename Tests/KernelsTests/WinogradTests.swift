import KernelTable
import Kernels
import Testing

/// Winograd's algorithm against the plain sums in Double, at every level, for every way a tile can hang over.
@Suite(.serialized) struct WinogradTests {
  /// Error allowed, as a share of the largest result: 4 x 4 tiles cost about two digits of float32's seven at worst.
  private static let tolerance = 1e-5

  private static func geometry(
    batch: Int, _ channels: Int, _ out: Int, _ height: Int, _ width: Int, _ paddings: (Int, Int, Int, Int)
  ) -> ConvolutionGeometry? {
    let g = ConvolutionGeometry(
      batch: batch, inChannels: channels, inHeight: height, inWidth: width, outChannels: out, kernelHeight: 3, kernelWidth: 3,
      paddingTop: paddings.0, paddingBottom: paddings.1, paddingLeft: paddings.2, paddingRight: paddings.3)
    return g.outHeight > 0 && g.outWidth > 0 ? g : nil
  }

  /// All sizes from 1 to 14 with paddings 0, 1, 2 and some uneven ones; then many channels, whole blocks and cut ones.
  private static let geometries: [ConvolutionGeometry] = {
    var result: [ConvolutionGeometry?] = []
    let channels = [1, 3, 16, 17, 5, 32, 33]
    var turn = 0
    for height in 1...14 {
      for width in 1...14 where height == width || (height + 3 * width) % 5 == 0 {
        for padding in 0...2 {
          turn += 1
          let even = (padding, padding, padding, padding), uneven = (padding, 2 - padding, (padding + 1) % 3, padding)
          result.append(
            geometry(batch: 1 + turn % 3, channels[turn % 7], channels[(turn / 7 + 1) % 7], height, width, turn % 4 == 0 ? uneven : even))
        }
      }
    }
    for (batch, channels, out, height, width, padding) in [
      (2, 3, 16, 28, 28, 1), (1, 16, 17, 32, 28, 0), (3, 64, 33, 8, 8, 1), (1, 32, 64, 14, 14, 2), (1, 17, 3, 32, 32, 2), (2, 16, 16, 3, 600, 1),
      (1, 130, 70, 9, 12, 1), (1, 2, 2, 5, 5, 4), (1, 400, 300, 4, 4, 1), (1, 300, 400, 4, 3, 1),
    ] {
      result.append(geometry(batch: batch, channels, out, height, width, (padding, padding, padding, padding)))
    }
    return result.compactMap { $0 }
  }()

  private static func distance(_ values: [Double], _ expected: [Double]) -> Double {
    let largest = max(expected.map(abs).max() ?? 0, 1e-30)
    return zip(values, expected).map { $0.isFinite ? abs($0 - $1) : .infinity }.max().map { $0 / largest } ?? 0
  }

  private struct Case {
    let g: ConvolutionGeometry
    let x, weight, bias, gradOutput: [Double]
    init(_ g: ConvolutionGeometry, _ noise: inout Noise) {
      func floats(_ count: Int) -> [Double] { noise.array(count).map { Double(Float($0)) } }
      self.g = g
      x = floats(g.xCount)
      weight = floats(g.weightCount)
      bias = floats(g.outChannels)
      gradOutput = floats(g.yCount)
    }
  }

  @Test(arguments: convolutionLevels)
  func forward(_ level: String) {
    var noise = Noise(1), worst = 0.0
    for g in Self.geometries {
      let c = Case(g, &noise), plane = g.outHeight * g.outWidth
      var expected = (0..<g.yCount).map { c.bias[$0 / plane % g.outChannels] }
      g.products { expected[$2] += c.x[$0] * c.weight[$1] }
      let x = Guarded(.float32, c.x), weight = Guarded(.float32, c.weight), bias = Guarded(.float32, c.bias)
      let y = Guarded(.float32, filled: g.yCount), activated = Guarded(.float32, filled: g.yCount), plain = Guarded(.float32, filled: g.yCount)
      for (result, bias, activation) in [(y, bias, ConvolutionActivation.none), (activated, bias, .relu), (plain, nil, .none)] {
        Convolution.forward(
          .float32, g, x: x.pointer, weight: weight.pointer, bias: bias?.pointer, y: result.pointer, activation: activation,
          table: Kernels.table(level), algorithm: .winograd)
        #expect(result.intact, "\(g)")
      }
      let error = Self.distance(y.values, expected)
      worst = max(worst, error)
      #expect(error < Self.tolerance, "\(g)")
      #expect(activated.values == y.values.map { $0 < 0 ? 0 : $0 }, "\(g)")
      #expect(Self.distance(plain.values, expected.indices.map { expected[$0] - c.bias[$0 / plane % g.outChannels] }) < Self.tolerance, "\(g)")
    }
    print("forward, \(level): error at most", worst)
  }

  @Test(arguments: convolutionLevels)
  func inputGradient(_ level: String) {
    var noise = Noise(2), worst = 0.0
    for g in Self.geometries {
      let c = Case(g, &noise)
      var expected = [Double](repeating: 0, count: g.xCount)
      g.products { expected[$0] += c.gradOutput[$2] * c.weight[$1] }
      let gradOutput = Guarded(.float32, c.gradOutput), weight = Guarded(.float32, c.weight), gradInput = Guarded(.float32, filled: g.xCount)
      Convolution.inputGradient(
        .float32, g, gradOutput: gradOutput.pointer, weight: weight.pointer, gradInput: gradInput.pointer, table: Kernels.table(level),
        algorithm: .winograd)
      let error = Self.distance(gradInput.values, expected)
      worst = max(worst, error)
      #expect(error < Self.tolerance, "\(g)")
      #expect(gradInput.intact, "\(g)")
    }
    print("gradient of the input, \(level): error at most", worst)
  }

  @Test(arguments: convolutionLevels)
  func weightGradient(_ level: String) {
    var noise = Noise(3), worst = 0.0
    for g in Self.geometries {
      let c = Case(g, &noise), plane = g.outHeight * g.outWidth
      var expected = [Double](repeating: 0, count: g.weightCount), expectedBias = [Double](repeating: 0, count: g.outChannels)
      g.products { expected[$1] += c.gradOutput[$2] * c.x[$0] }
      for (i, value) in c.gradOutput.enumerated() { expectedBias[i / plane % g.outChannels] += value }
      let x = Guarded(.float32, c.x), gradOutput = Guarded(.float32, c.gradOutput)
      let gradWeight = Guarded(.float32, filled: g.weightCount), gradBias = Guarded(.float32, filled: g.outChannels)
      Convolution.weightGradient(
        .float32, g, x: x.pointer, gradOutput: gradOutput.pointer, gradWeight: gradWeight.pointer, gradBias: gradBias.pointer,
        table: Kernels.table(level), algorithm: .winograd)
      let error = Self.distance(gradWeight.values, expected)
      worst = max(worst, error)
      #expect(error < Self.tolerance, "\(g)")
      #expect(gradBias.distance(expectedBias) < Self.tolerance, "\(g)")
      #expect(gradWeight.intact && gradBias.intact, "\(g)")
    }
    print("gradient of the weight, \(level): error at most", worst)
  }

  /// Fused with ReLU and pooling: the values of the parts, bit for bit, and gradients of what won.
  @Test(arguments: convolutionLevels)
  func pooled(_ level: String) {
    var noise = Noise(4)
    let table = Kernels.table(level)
    for (i, g) in Self.geometries.enumerated() {
      let pool = [2, 2, 3, 2, 1, 4, 2, 5][i % 8]
      if g.outHeight < pool || g.outWidth < pool { continue }
      let c = Case(g, &noise), planes = g.batch * g.outChannels, height = g.outHeight / pool, width = g.outWidth / pool
      let x = Guarded(.float32, c.x), weight = Guarded(.float32, c.weight), bias = Guarded(.float32, c.bias)
      let dense = Guarded(.float32, filled: g.yCount), y = Guarded(.float32, filled: planes * height * width)
      let memory = GuardPages(bytes: y.count), marks = memory.pointer.bindMemory(to: UInt8.self, capacity: y.count)
      Convolution.forward(
        .float32, g, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: dense.pointer, activation: .relu, table: table,
        algorithm: .winograd)
      Convolution.forwardReLUMaxPool(
        .float32, g, pool: pool, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: y.pointer, positions: marks, table: table,
        algorithm: .winograd)
      let gradients = noise.array(y.count).map { Double(Float($0)) }, values = dense.values
      var best = [Double](repeating: 0, count: y.count), places = [Int](repeating: -1, count: y.count)
      var spread = [Double](repeating: 0, count: g.yCount), expectedMarks = [UInt8](repeating: 255, count: y.count)
      for at in best.indices {
        let plane = at / (height * width), row = at / width % height, column = at % width
        for k in 0..<pool * pool {
          let place = (plane * g.outHeight + row * pool + k / pool) * g.outWidth + column * pool + k % pool
          if values[place] > best[at] { (best[at], places[at], expectedMarks[at]) = (values[place], place, UInt8(k)) }
        }
        if places[at] >= 0 { spread[places[at]] = gradients[at] }
      }
      #expect(y.values == best, "\(g) \(pool)")
      #expect(Array(UnsafeBufferPointer(start: marks, count: y.count)) == expectedMarks, "\(g) \(pool)")
      #expect(y.intact && memory.intact, "\(g) \(pool)")

      var gx = [Double](repeating: 0, count: g.xCount), gw = [Double](repeating: 0, count: g.weightCount)
      var gb = [Double](repeating: 0, count: g.outChannels)
      g.products {
        gx[$0] += spread[$2] * c.weight[$1]
        gw[$1] += spread[$2] * c.x[$0]
      }
      for (i, value) in spread.enumerated() { gb[i / (g.outHeight * g.outWidth) % g.outChannels] += value }
      let gradOutput = Guarded(.float32, gradients), gradInput = Guarded(.float32, filled: g.xCount)
      let gradWeight = Guarded(.float32, filled: g.weightCount), gradBias = Guarded(.float32, filled: g.outChannels)
      Convolution.backwardReLUMaxPool(
        .float32, g, pool: pool, x: x.pointer, weight: weight.pointer, positions: marks, gradOutput: gradOutput.pointer,
        gradInput: gradInput.pointer, gradWeight: gradWeight.pointer, gradBias: gradBias.pointer, table: table, algorithm: .winograd)
      #expect(Self.distance(gradInput.values, gx) < Self.tolerance, "\(g) \(pool)")
      #expect(Self.distance(gradWeight.values, gw) < Self.tolerance, "\(g) \(pool)")
      #expect(gradBias.distance(gb) < Self.tolerance, "\(g) \(pool)")
      #expect(gradInput.intact && gradWeight.intact && gradBias.intact, "\(g) \(pool)")
    }
  }

  /// The same bits on 1 to 4 threads.
  @Test func bitsDoNotDependOnThreads() {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    for (batch, channels, out, size) in [(37, 17, 40, 14), (9, 64, 64, 30), (50, 32, 16, 5)] {
      guard let g = Self.geometry(batch: batch, channels, out, size, size, (1, 1, 1, 1)) else { continue }
      var noise = Noise(5)
      let c = Case(g, &noise), count = batch * out * (size / 2) * (size / 2)
      let x = Guarded(.float32, c.x), weight = Guarded(.float32, c.weight), bias = Guarded(.float32, c.bias)
      let gradOutput = Guarded(.float32, c.gradOutput)
      var seen: [[UInt8]] = []
      for threads in 1...4 {
        Parallel.threads = threads
        let y = Guarded(.float32, filled: g.yCount), gradInput = Guarded(.float32, filled: g.xCount), pooled = Guarded(.float32, filled: count)
        let gradWeight = Guarded(.float32, filled: g.weightCount), gradBias = Guarded(.float32, filled: g.outChannels)
        let again = Guarded(.float32, filled: g.weightCount)
        var marks = [UInt8](repeating: 0, count: count)
        let table = Kernels.table
        Convolution.forward(
          .float32, g, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: y.pointer, activation: .none, table: table,
          algorithm: .winograd)
        Convolution.inputGradient(
          .float32, g, gradOutput: gradOutput.pointer, weight: weight.pointer, gradInput: gradInput.pointer, table: table, algorithm: .winograd)
        Convolution.weightGradient(
          .float32, g, x: x.pointer, gradOutput: gradOutput.pointer, gradWeight: gradWeight.pointer, gradBias: gradBias.pointer, table: table,
          algorithm: .winograd)
        Convolution.forwardReLUMaxPool(
          .float32, g, pool: 2, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: pooled.pointer, positions: &marks, table: table,
          algorithm: .winograd)
        Convolution.backwardReLUMaxPool(
          .float32, g, pool: 2, x: x.pointer, weight: weight.pointer, positions: marks, gradOutput: pooled.pointer, gradInput: nil,
          gradWeight: again.pointer, gradBias: nil, table: table, algorithm: .winograd)
        seen.append(y.bits + gradInput.bits + gradWeight.bits + gradBias.bits + pooled.bits + marks + again.bits)
      }
      #expect(seen.allSatisfy { $0 == seen[0] }, "\(g)")
    }
  }
}
