import KernelTable
import Kernels
import Testing

@Suite(.serialized) struct ConvolutionTests {
  struct Case {
    let g: ConvolutionGeometry
    let x, weight, bias, gradOutput: [Double]
    init(_ g: ConvolutionGeometry, _ random: inout Sequence64) {
      self.g = g
      x = random.values(g.xCount)
      weight = random.values(g.weightCount)
      bias = random.values(g.outChannels)
      gradOutput = random.values(g.yCount)
    }
    var y: [Double] {
      let plane = g.outHeight * g.outWidth
      var y = (0..<g.yCount).map { bias[$0 / plane % g.outChannels] }
      g.products { y[$2] += x[$0] * weight[$1] }
      return y
    }
  }

  /// 60 small and 12 wide geometries (more channels than a panel), and the shapes of the book's networks.
  static func geometries(_ seed: UInt64) -> [ConvolutionGeometry] {
    var random = Sequence64(seed)
    return (0..<60).map { _ in .random(&random) } + (0..<12).map { _ in .random(&random, wide: true) } + [
      ConvolutionGeometry(batch: 2, inChannels: 1, inHeight: 28, inWidth: 28, outChannels: 30, kernelHeight: 5, kernelWidth: 5),
      ConvolutionGeometry(
        batch: 1, inChannels: 16, inHeight: 14, inWidth: 14, outChannels: 32, kernelHeight: 3, kernelWidth: 3, paddingTop: 1,
        paddingBottom: 1, paddingLeft: 1, paddingRight: 1),
      ConvolutionGeometry(batch: 2, inChannels: 5, inHeight: 7, inWidth: 9, outChannels: 6, kernelHeight: 7, kernelWidth: 9),
      ConvolutionGeometry(batch: 2, inChannels: 40, inHeight: 6, inWidth: 5, outChannels: 33, kernelHeight: 1, kernelWidth: 1),
      ConvolutionGeometry(
        batch: 1, inChannels: 2, inHeight: 5, inWidth: 5, outChannels: 3, kernelHeight: 1, kernelWidth: 1, strideHeight: 3, strideWidth: 4),
      ConvolutionGeometry(
        batch: 1, inChannels: 1, inHeight: 1, inWidth: 2600, outChannels: 2, kernelHeight: 1, kernelWidth: 3, paddingLeft: 1, paddingRight: 1),
      ConvolutionGeometry(
        batch: 2, inChannels: 24, inHeight: 40, inWidth: 60, outChannels: 2, kernelHeight: 3, kernelWidth: 3, paddingTop: 1,
        paddingBottom: 1, paddingLeft: 1, paddingRight: 1),
      ConvolutionGeometry(batch: 1, inChannels: 300, inHeight: 4, inWidth: 4, outChannels: 3, kernelHeight: 3, kernelWidth: 3),
      ConvolutionGeometry(
        batch: 2, inChannels: 8, inHeight: 6, inWidth: 6, outChannels: 8, kernelHeight: 3, kernelWidth: 3, paddingTop: 4, paddingBottom: 4,
        paddingLeft: 4, paddingRight: 4, groups: 8),
    ]
  }

  @Test(arguments: convolutionLevels, [FloatWidth.float32, .float64])
  func forward(_ level: String, _ width: FloatWidth) {
    var random = Sequence64(1)
    for g in Self.geometries(11) {
      let c = Case(g, &random)
      let x = Guarded(width, c.x), weight = Guarded(width, c.weight), bias = Guarded(width, c.bias)
      let y = Guarded(width, filled: g.yCount), activated = Guarded(width, filled: g.yCount), plain = Guarded(width, filled: g.yCount)
      let table = Kernels.table(level)
      Convolution.forward(
        width, g, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: y.pointer, activation: .none, table: table, algorithm: .direct)
      Convolution.forward(
        width, g, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: activated.pointer, activation: .relu, table: table,
        algorithm: .direct)
      Convolution.forward(
        width, g, x: x.pointer, weight: weight.pointer, bias: nil, y: plain.pointer, activation: .none, table: table, algorithm: .direct)
      let expected = c.y
      let plane = g.outHeight * g.outWidth
      #expect(y.distance(expected) < tolerance(width), "\(g)")
      #expect(activated.distance(expected.map { max($0, 0) }) < tolerance(width), "\(g)")
      #expect(
        plain.distance(expected.indices.map { expected[$0] - c.bias[$0 / plane % g.outChannels] }) < tolerance(width), "\(g)")
      #expect(y.intact && activated.intact && plain.intact, "\(g)")
    }
  }

  @Test(arguments: convolutionLevels, [FloatWidth.float32, .float64])
  func inputGradient(_ level: String, _ width: FloatWidth) {
    var random = Sequence64(2)
    for g in Self.geometries(12) {
      let c = Case(g, &random)
      var expected = [Double](repeating: 0, count: g.xCount)
      g.products { expected[$0] += c.gradOutput[$2] * c.weight[$1] }
      let gradOutput = Guarded(width, c.gradOutput), weight = Guarded(width, c.weight), gradInput = Guarded(width, filled: g.xCount)
      Convolution.inputGradient(
        width, g, gradOutput: gradOutput.pointer, weight: weight.pointer, gradInput: gradInput.pointer, table: Kernels.table(level),
        algorithm: .direct)
      #expect(gradInput.distance(expected) < tolerance(width), "\(g)")
      #expect(gradInput.intact, "\(g)")
    }
  }

  @Test(arguments: convolutionLevels, [FloatWidth.float32, .float64])
  func weightGradient(_ level: String, _ width: FloatWidth) {
    var random = Sequence64(3)
    for g in Self.geometries(13) {
      let c = Case(g, &random)
      var expected = [Double](repeating: 0, count: g.weightCount), expectedBias = [Double](repeating: 0, count: g.outChannels)
      g.products { expected[$1] += c.gradOutput[$2] * c.x[$0] }
      let plane = g.outHeight * g.outWidth
      for (i, value) in c.gradOutput.enumerated() { expectedBias[i / plane % g.outChannels] += value }
      let x = Guarded(width, c.x), gradOutput = Guarded(width, c.gradOutput)
      let gradWeight = Guarded(width, filled: g.weightCount), gradBias = Guarded(width, filled: g.outChannels)
      Convolution.weightGradient(
        width, g, x: x.pointer, gradOutput: gradOutput.pointer, gradWeight: gradWeight.pointer, gradBias: gradBias.pointer,
        table: Kernels.table(level), algorithm: .direct)
      #expect(gradWeight.distance(expected) < 4 * tolerance(width), "\(g)")
      #expect(gradBias.distance(expectedBias) < 4 * tolerance(width), "\(g)")
      #expect(gradWeight.intact && gradBias.intact, "\(g)")
    }
  }

  /// Behind ReLU the gradient counts where the result is positive, or NaN as in `Unary.gradient`.
  @Test(arguments: convolutionLevels, [FloatWidth.float32, .float64])
  func weightGradientBehindReLU(_ level: String, _ width: FloatWidth) {
    var random = Sequence64(4)
    for g in Self.geometries(14) {
      let c = Case(g, &random)
      var results = random.values(g.yCount)
      results[results.count / 2] = .nan
      let masked = zip(c.gradOutput, results).map { $1 <= 0 ? 0 : $0 }
      let x = Guarded(width, c.x)
      func gradients(_ gradOutput: Guarded, _ results: Guarded?) -> [UInt8] {
        let gradWeight = Guarded(width, filled: g.weightCount), gradBias = Guarded(width, filled: g.outChannels)
        Convolution.weightGradient(
          width, g, x: x.pointer, gradOutput: gradOutput.pointer, results: results?.pointer, gradWeight: gradWeight.pointer,
          gradBias: gradBias.pointer, table: Kernels.table(level), algorithm: .direct)
        #expect(gradWeight.intact && gradBias.intact, "\(g)")
        return gradWeight.bits + gradBias.bits
      }
      #expect(gradients(Guarded(width, c.gradOutput), Guarded(width, results)) == gradients(Guarded(width, masked), nil), "\(g)")
    }
  }

  /// Chunks and partial sums depend on the work alone: the same bits on 1 to 4 threads.
  @Test func bitsDoNotDependOnThreads() {
    let g = ConvolutionGeometry(
      batch: 37, inChannels: 12, inHeight: 21, inWidth: 19, outChannels: 40, kernelHeight: 3, kernelWidth: 3, paddingTop: 1,
      paddingBottom: 1, paddingLeft: 1, paddingRight: 1)
    var random = Sequence64(8)
    func noise(_ count: Int) -> [Double] { (0..<count).map { _ in Double(random.next(-1_000_000...1_000_000)) / 777_777 } }
    let x = Guarded(.float32, noise(g.xCount)), weight = Guarded(.float32, noise(g.weightCount))
    let bias = Guarded(.float32, noise(g.outChannels)), gradOutput = Guarded(.float32, noise(g.yCount))
    let before = Parallel.threads
    defer { Parallel.threads = before }
    var seen: [[UInt8]] = []
    for threads in 1...4 {
      Parallel.threads = threads
      let y = Guarded(.float32, filled: g.yCount), gradInput = Guarded(.float32, filled: g.xCount)
      let gradWeight = Guarded(.float32, filled: g.weightCount), gradBias = Guarded(.float32, filled: g.outChannels)
      let pooledCount = g.batch * g.outChannels * (g.outHeight / 2) * (g.outWidth / 2)
      let pooled = Guarded(.float32, filled: pooledCount), pooledWeight = Guarded(.float32, filled: g.weightCount)
      var marks = [UInt8](repeating: 0, count: pooledCount)
      Convolution.forward(.float32, g, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: y.pointer)
      Convolution.inputGradient(.float32, g, gradOutput: gradOutput.pointer, weight: weight.pointer, gradInput: gradInput.pointer)
      Convolution.weightGradient(
        .float32, g, x: x.pointer, gradOutput: gradOutput.pointer, gradWeight: gradWeight.pointer, gradBias: gradBias.pointer)
      Convolution.forwardReLUMaxPool(
        .float32, g, pool: 2, x: x.pointer, weight: weight.pointer, bias: bias.pointer, y: pooled.pointer, positions: &marks)
      Convolution.backwardReLUMaxPool(
        .float32, g, pool: 2, x: x.pointer, weight: weight.pointer, positions: marks, gradOutput: pooled.pointer, gradInput: nil,
        gradWeight: pooledWeight.pointer, gradBias: nil)
      seen.append(y.bits + gradInput.bits + gradWeight.bits + gradBias.bits + pooled.bits + pooledWeight.bits + marks)
    }
    #expect(seen.allSatisfy { $0 == seen[0] })
  }

  @Test func emptyBatch() {
    let g = ConvolutionGeometry(batch: 0, inChannels: 2, inHeight: 5, inWidth: 5, outChannels: 3, kernelHeight: 3, kernelWidth: 3)
    let nothing = Guarded(.float32, []), weight = Guarded(.float32, filled: g.weightCount), bias = Guarded(.float32, filled: 3)
    Convolution.forward(.float32, g, x: nothing.pointer, weight: weight.pointer, bias: nil, y: nothing.pointer)
    Convolution.inputGradient(.float32, g, gradOutput: nothing.pointer, weight: weight.pointer, gradInput: nothing.pointer)
    Convolution.weightGradient(
      .float32, g, x: nothing.pointer, gradOutput: nothing.pointer, gradWeight: weight.pointer, gradBias: bias.pointer)
    #expect(weight.values.allSatisfy { $0 == 0 } && bias.values.allSatisfy { $0 == 0 })
    #expect(nothing.intact && weight.intact && bias.intact)
    var marks: [UInt8] = []
    Convolution.forwardReLUMaxPool(
      .float32, g, pool: 2, x: nothing.pointer, weight: weight.pointer, bias: nil, y: nothing.pointer, positions: &marks)
    let again = Guarded(.float32, filled: g.weightCount)
    Convolution.backwardReLUMaxPool(
      .float32, g, pool: 2, x: nothing.pointer, weight: weight.pointer, positions: marks, gradOutput: nothing.pointer,
      gradInput: nothing.pointer, gradWeight: again.pointer, gradBias: bias.pointer)
    #expect(again.values.allSatisfy { $0 == 0 } && bias.values.allSatisfy { $0 == 0 } && nothing.intact)
  }
}
