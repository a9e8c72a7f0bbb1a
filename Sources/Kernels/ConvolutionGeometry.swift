/// Sizes of a two-dimensional convolution. Images are (batch, channels, height, width), weights (out, in / groups, kernel height, kernel width).
package struct ConvolutionGeometry: Sendable, Equatable {
  package var batch: Int
  package var inChannels: Int
  package var inHeight: Int
  package var inWidth: Int
  package var outChannels: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var paddingTop: Int
  package var paddingBottom: Int
  package var paddingLeft: Int
  package var paddingRight: Int
  package var dilationHeight: Int
  package var dilationWidth: Int
  package var groups: Int

  package init(
    batch: Int, inChannels: Int, inHeight: Int, inWidth: Int, outChannels: Int, kernelHeight: Int, kernelWidth: Int,
    strideHeight: Int = 1, strideWidth: Int = 1, paddingTop: Int = 0, paddingBottom: Int = 0, paddingLeft: Int = 0,
    paddingRight: Int = 0, dilationHeight: Int = 1, dilationWidth: Int = 1, groups: Int = 1
  ) {
    self.batch = batch
    self.inChannels = inChannels
    self.inHeight = inHeight
    self.inWidth = inWidth
    self.outChannels = outChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.paddingTop = paddingTop
    self.paddingBottom = paddingBottom
    self.paddingLeft = paddingLeft
    self.paddingRight = paddingRight
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.groups = groups
  }

  package var outHeight: Int {
    Self.outputSize(
      inHeight, kernel: kernelHeight, stride: strideHeight, padding: (paddingTop, paddingBottom), dilation: dilationHeight)
  }
  package var outWidth: Int {
    Self.outputSize(inWidth, kernel: kernelWidth, stride: strideWidth, padding: (paddingLeft, paddingRight), dilation: dilationWidth)
  }

  /// How many places a window takes along one axis; 0 if it fits nowhere, or if a size does not fit in 64 bits.
  ///
  ///     floor((size + before + after - dilation · (kernel - 1) - 1) / stride) + 1
  ///
  /// - ceil: round up instead (pooling's `ceil_mode`), but drop a last window that would begin in the padding behind the data.
  package static func outputSize(
    _ size: Int, kernel: Int, stride: Int, padding: (before: Int, after: Int), dilation: Int = 1, ceil: Bool = false
  ) -> Int {
    let (span, a) = dilation.multipliedReportingOverflow(by: kernel - 1)
    let (front, b) = size.addingReportingOverflow(padding.before)
    let (padded, c) = front.addingReportingOverflow(padding.after)
    if a || b || c || stride < 1 || kernel < 1 { return 0 }
    let room = padded - 1 - span
    if room < 0 { return ceil && room > -stride ? 1 : 0 }
    var places = room / stride + 1
    if ceil && room % stride != 0 && places * stride < front { places += 1 }
    return places
  }

  var inGroup: Int { inChannels / groups }
  var outGroup: Int { outChannels / groups }
  var kernelArea: Int { kernelHeight * kernelWidth }
  var inPlane: Int { inHeight * inWidth }
  var outPlane: Int { outHeight * outWidth }
}
