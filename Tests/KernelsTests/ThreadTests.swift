import KernelTable
import Kernels
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Every driver that splits its work gives the same bits on 1 to 4 threads. (Products, convolutions and random numbers: beside their own tests.)
@Suite(.serialized) struct ThreadTests {
  private func sameBits(_ body: () -> [Buffer], _ name: Comment) {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    var seen: [[UInt8]] = []
    for threads in 1...4 {
      Parallel.threads = threads
      seen.append(body().flatMap(\.bits))
    }
    #expect(seen.allSatisfy { $0 == seen[0] }, name)
  }

  private static let n = 150_000

  @Test(arguments: widths)
  func elementwise(_ width: FloatWidth) {
    var noise = Noise(3)
    let x = Buffer(width, noise.array(Self.n)), row = Buffer(width, noise.array(300))
    sameBits(
      {
        let y = Buffer(width, count: Self.n), gx = Buffer(width, count: Self.n), sum = Buffer(width, count: Self.n)
        Vector.unary(.tanh, width, x.p, y.p, Self.n)
        Vector.unaryGradient(.tanh, width, x: nil, y: y.p, g: x.p, gx: gx.p, Self.n)
        Vector.binary(.add, width, x.p, aRow: 300, aColumn: 1, row.p, bRow: 0, bColumn: 1, sum.p, rows: Self.n / 300, columns: 300)
        Vector.axpy(width, alpha: 0.3, x.p, sum.p, Self.n)
        return [y, gx, sum]
      }, "elementwise")
  }

  @Test(arguments: widths)
  func softmaxAndNormalisation(_ width: FloatWidth) {
    var noise = Noise(4)
    let (rows, columns) = (1500, 100)
    let x = Buffer(width, noise.array(Self.n)), g = Buffer(width, noise.array(Self.n))
    sameBits(
      {
        let y = Buffer(width, count: Self.n), gx = Buffer(width, count: Self.n), sums = Buffer(width, count: rows)
        Vector.softmax(width, log: false, x.p, y.p, outer: rows, count: columns, inner: 1)
        Vector.softmaxGradient(width, log: false, y: y.p, g: g.p, gx: gx.p, outer: rows, count: columns, inner: 1)
        Vector.logSumExp(width, x.p, sums.p, outer: rows, count: columns, inner: 1)
        return [y, gx, sums]
      }, "softmax")
    for (outer, count, inner) in [(1, Self.n, 1), (30, 5000, 1), (1, 1500, 100), (15, 100, 100)] {
      sameBits(
        {
          let mean = Buffer(width, count: outer * inner), variance = Buffer(width, count: outer * inner)
          Vector.variance(width, x.p, mean: mean.p, variance: variance.p, outer: outer, count: count, inner: inner, correction: 1)
          return [mean, variance]
        }, "variance \(outer) \(count) \(inner)")
    }
  }

  @Test(arguments: widths)
  func optimizerSteps(_ width: FloatWidth) {
    var noise = Noise(5)
    let values = noise.array(Self.n), g = Buffer(width, noise.array(Self.n))
    sameBits(
      {
        let p = Buffer(width, values), m = Buffer(width, [Double](repeating: 0, count: Self.n)), v = Buffer(width, [Double](repeating: 0, count: Self.n))
        for t in 1...2 { OptimizerKernels.adam(width, parameter: p.p, gradient: g.p, m: m.p, v: v.p, Self.n, lr: 0.01, t: t) }
        OptimizerKernels.sgd(width, parameter: p.p, gradient: g.p, velocity: m.p, Self.n, lr: 0.1, momentum: 0.9)
        return [p, m, v]
      }, "steps")
  }

  @Test(arguments: widths)
  func pooling(_ width: FloatWidth) {
    var noise = Noise(6)
    let g = PoolingGeometry(planes: 200, inHeight: 28, inWidth: 28, kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2)
    let x = Buffer(width, noise.array(200 * 784)), gradient = Buffer(width, noise.array(200 * 196))
    sameBits(
      {
        let y = Buffer(width, count: 200 * 196), back = Buffer(width, count: 200 * 784), mean = Buffer(width, count: 200 * 196)
        let spread = Buffer(width, count: 200 * 784)
        var positions = [Int32](repeating: 0, count: 200 * 196)
        Pooling.max(width, g, x: x.p, y: y.p, positions: &positions)
        Pooling.maxBackward(width, g, gradOutput: gradient.p, positions: positions, gradInput: back.p)
        Pooling.average(width, g, x: x.p, y: mean.p, countIncludePad: true)
        Pooling.averageBackward(width, g, gradOutput: gradient.p, gradInput: spread.p, countIncludePad: true)
        return [y, back, mean, spread]
      }, "pooling")
  }

  /// Each chunk is done once: with few and many, from inside a chunk, after the number of threads has changed and after the workers have slept.
  @Test func everyChunkOnce() {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    for threads in [2, 4, 3, 9] {
      Parallel.threads = threads
      for (chunks, inner) in [(0, 1), (1, 5), (2, 3), (7, 7), (1000, 2)] {
        for waking in [true, false] {
          let counts = UnsafeMutablePointer<Int>.allocate(capacity: chunks * inner + 1)
          defer { counts.deallocate() }
          counts.initialize(repeating: 0, count: chunks * inner + 1)
          nonisolated(unsafe) let places = counts
          Parallel.run(chunks, waking: waking) { chunk in
            Parallel.run(inner) { places[chunk * inner + $0] += 1 }
          }
          #expect((0..<chunks * inner).allSatisfy { counts[$0] == 1 }, "\(threads) threads, \(chunks) x \(inner)")
        }
        if chunks == 7 { usleep(2000) }
      }
    }
  }
}
