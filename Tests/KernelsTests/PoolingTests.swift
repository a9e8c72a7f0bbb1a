import KernelTable
import Kernels
import Testing

@Suite(.serialized) struct PoolingTests {
  static func geometries(_ seed: UInt64, dilated: Bool) -> [PoolingGeometry] {
    var random = Sequence64(seed)
    var all: [PoolingGeometry] = []
    while all.count < 120 {
      let kernelHeight = random.next(1...5), kernelWidth = random.next(1...5)
      let g = PoolingGeometry(
        planes: random.next(1...4), inHeight: random.next(1...14), inWidth: random.next(1...50), kernelHeight: kernelHeight,
        kernelWidth: kernelWidth, strideHeight: random.next(1...3), strideWidth: random.next(1...3),
        paddingHeight: random.next(0...kernelHeight / 2), paddingWidth: random.next(0...kernelWidth / 2),
        dilationHeight: dilated ? random.next(1...2) : 1, dilationWidth: dilated ? random.next(1...2) : 1, ceilMode: random.next(0...1) == 1)
      // A dilated window may miss narrow data altogether; PyTorch's answer there (-inf) has no position.
      if g.outHeight > 0 && g.outWidth > 0 && g.inHeight > g.paddingHeight * 2 && g.inWidth > g.paddingWidth * 2 { all.append(g) }
    }
    for (height, width) in [(24, 24), (28, 28), (5, 7), (2, 2), (3, 33), (8, 64), (4, 31)] {
      all.append(PoolingGeometry(planes: 3, inHeight: height, inWidth: width, kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2))
    }
    return all
  }

  /// Calls body(plane, output index, input indices of the window in order).
  static func windows(_ g: PoolingGeometry, _ body: (Int, Int, [Int]) -> Void) {
    var out = 0
    for plane in 0..<g.planes {
      for i in 0..<g.outHeight {
        for j in 0..<g.outWidth {
          var inside: [Int] = []
          for u in 0..<g.kernelHeight {
            for v in 0..<g.kernelWidth {
              let row = i * g.strideHeight + u * g.dilationHeight - g.paddingHeight
              let column = j * g.strideWidth + v * g.dilationWidth - g.paddingWidth
              if row >= 0 && row < g.inHeight && column >= 0 && column < g.inWidth { inside.append(row * g.inWidth + column) }
            }
          }
          body(plane, out, inside)
          out += 1
        }
      }
    }
  }

  @Test(arguments: convolutionLevels, [FloatWidth.float32, .float64])
  func maximum(_ level: String, _ width: FloatWidth) {
    var random = Sequence64(5)
    for (number, g) in Self.geometries(31, dilated: true).enumerated() {
      let plane = g.inHeight * g.inWidth, count = g.planes * g.outHeight * g.outWidth
      var values = random.values(g.planes * plane)
      if number % 3 == 0 { for _ in 0..<3 { values[random.next(0...values.count - 1)] = [.nan, -.infinity, .infinity][random.next(0...2)] } }
      var expected: [Double] = [], places: [Int32] = []
      Self.windows(g) { p, _, inside in
        var best = -Double.infinity, place = inside.first ?? 0
        for at in inside where values[p * plane + at] > best || values[p * plane + at].isNaN { (best, place) = (values[p * plane + at], at) }
        expected.append(best)
        places.append(Int32(place))
      }
      let gradients = random.values(count)
      var expectedGradient = [Double](repeating: 0, count: values.count)
      Self.windows(g) { p, out, _ in expectedGradient[p * plane + Int(places[out])] += gradients[out] }
      let x = Guarded(width, values), y = Guarded(width, filled: count)
      var positions = [Int32](repeating: -7, count: count + 16)
      Pooling.max(width, g, x: x.pointer, y: y.pointer, positions: &positions, table: Kernels.table(level))
      #expect(y.distance(expected) == 0, "\(g)")
      #expect(Array(positions.prefix(count)) == places, "\(g)")
      #expect(y.intact && positions.suffix(16).allSatisfy { $0 == -7 }, "\(g)")
      let gradOutput = Guarded(width, gradients), gradInput = Guarded(width, filled: values.count)
      Pooling.maxBackward(width, g, gradOutput: gradOutput.pointer, positions: positions, gradInput: gradInput.pointer)
      #expect(gradInput.distance(expectedGradient) < tolerance(width) && gradInput.intact, "\(g)")
    }
  }

  @Test(arguments: [FloatWidth.float32, .float64], [true, false])
  func average(_ width: FloatWidth, _ countIncludePad: Bool) {
    var random = Sequence64(6)
    for g in Self.geometries(32, dilated: false) {
      let plane = g.inHeight * g.inWidth, count = g.planes * g.outHeight * g.outWidth
      let values = random.values(g.planes * plane), gradients = random.values(count)
      var expected: [Double] = [], expectedGradient = [Double](repeating: 0, count: values.count)
      Self.windows(g) { p, out, inside in
        // PyTorch's divisor: the window cut to data and padding, or to the data alone.
        let row = out / g.outWidth % g.outHeight * g.strideHeight - g.paddingHeight, column = out % g.outWidth * g.strideWidth - g.paddingWidth
        let padded =
          (min(row + g.kernelHeight, g.inHeight + g.paddingHeight) - row)
          * (min(column + g.kernelWidth, g.inWidth + g.paddingWidth) - column)
        let divisor = Double(countIncludePad ? padded : inside.count)
        expected.append(inside.reduce(0) { $0 + values[p * plane + $1] } / divisor)
        for at in inside { expectedGradient[p * plane + at] += gradients[out] / divisor }
      }
      let x = Guarded(width, values), y = Guarded(width, filled: count)
      Pooling.average(width, g, x: x.pointer, y: y.pointer, countIncludePad: countIncludePad)
      #expect(y.distance(expected) < tolerance(width) && y.intact, "\(g)")
      let gradOutput = Guarded(width, gradients), gradInput = Guarded(width, filled: values.count)
      Pooling.averageBackward(width, g, gradOutput: gradOutput.pointer, gradInput: gradInput.pointer, countIncludePad: countIncludePad)
      #expect(gradInput.distance(expectedGradient) < tolerance(width) && gradInput.intact, "\(g)")
    }
  }

  /// Values from PyTorch 2.13: max_pool2d and avg_pool2d of arange(25) as 5 x 5, kernel 3, stride 2, padding 1, ceil_mode.
  @Test func agreesWithPyTorch() {
    let g = PoolingGeometry(
      planes: 1, inHeight: 5, inWidth: 5, kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, paddingHeight: 1, paddingWidth: 1,
      ceilMode: true)
    let x = Guarded(.float64, (0..<25).map(Double.init)), y = Guarded(.float64, filled: 9)
    var positions = [Int32](repeating: 0, count: 9)
    Pooling.max(.float64, g, x: x.pointer, y: y.pointer, positions: &positions)
    #expect(y.values == [6, 8, 9, 16, 18, 19, 21, 23, 24])
    Pooling.average(.float64, g, x: x.pointer, y: y.pointer, countIncludePad: true)
    #expect(y.distance([12.0 / 9, 27.0 / 9, 24.0 / 9, 63.0 / 9, 12, 81.0 / 9, 72.0 / 9, 117.0 / 9, 84.0 / 9]) < 1e-14)
  }

  @Test func outputSize() {
    func size(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int, _ ceil: Bool) -> Int {
      ConvolutionGeometry.outputSize(n, kernel: k, stride: s, padding: (p, p), dilation: d, ceil: ceil)
    }
    #expect(size(28, 5, 1, 0, 1, false) == 24)
    #expect(size(5, 2, 2, 0, 1, false) == 2)
    #expect(size(5, 2, 2, 0, 1, true) == 3)
    // The last window would begin in the padding behind the data.
    #expect(size(3, 1, 2, 1, 1, true) == 3)
    #expect(size(4, 2, 3, 1, 1, true) == 2)
    #expect(size(2, 5, 1, 0, 1, false) == 0)
    #expect(size(7, 3, 2, 1, 2, false) == 3)
    #expect(size(.max, 3, 1, .max, 1, false) == 0)
    #expect(size(4, .max, 1, 0, .max, false) == 0)
  }
}
