import KernelTable
import Kernels
import Testing

@Suite(.serialized) struct ConvolutionColumnsTests {
  @Test(arguments: [FloatWidth.float32, .float64])
  func columns(_ width: FloatWidth) {
    var random = Sequence64(7)
    for var g in ConvolutionTests.geometries(41) {
      g.groups = 1
      let area = g.kernelHeight * g.kernelWidth, plane = g.outHeight * g.outWidth
      let count = g.batch * g.inChannels * area * plane
      let values = random.values(g.xCount), gradients = random.values(count)
      var expected = [Double](repeating: 0, count: count), adjoint = [Double](repeating: 0, count: g.xCount)
      for at in 0..<count {
        let tap = at / plane % area
        let row = at % plane / g.outWidth * g.strideHeight + tap / g.kernelWidth * g.dilationHeight - g.paddingTop
        let column = at % g.outWidth * g.strideWidth + tap % g.kernelWidth * g.dilationWidth - g.paddingLeft
        if row < 0 || row >= g.inHeight || column < 0 || column >= g.inWidth { continue }
        let from = (at / plane / area * g.inHeight + row) * g.inWidth + column
        expected[at] = values[from]
        adjoint[from] += gradients[at]
      }
      let x = Guarded(width, values), columns = Guarded(width, filled: count)
      Convolution.im2col(width, g, x: x.pointer, columns: columns.pointer)
      #expect(columns.distance(expected) == 0 && columns.intact, "\(g)")
      let gradColumns = Guarded(width, gradients), back = Guarded(width, filled: g.xCount)
      Convolution.col2im(width, g, columns: gradColumns.pointer, x: back.pointer)
      #expect(back.distance(adjoint) < tolerance(width) && back.intact, "\(g)")
    }
  }
}
