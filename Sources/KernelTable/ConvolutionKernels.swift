/// Entry points for convolution and pooling, one set for each element type. Counts, strides and pitches are elements unless they say bytes.
public struct ConvolutionKernels: Sendable {
  public var float32: Set
  public var float64: Set

  public init(float32: Set, float64: Set) {
    self.float32 = float32
    self.float64 = float64
  }

  public struct Set: Sendable {
    /// out[i, j] = initial[i, j] + Σ_l source[tileOffsets[i] + loopOffsets[l]] · panel[l, j], rows of out and panel `vectors` registers long.
    /// No initial means 0; an initialRow of 0 gives every row the same (a bias).
    public typealias GatherProduct = @Sendable @convention(c) (
      _ vectors: Int, _ source: UnsafeRawPointer, _ tileOffsets: UnsafePointer<Int>, _ tileCount: Int, _ loopOffsets: UnsafePointer<Int>,
      _ loopCount: Int, _ panel: UnsafeRawPointer, _ initial: UnsafeRawPointer?, _ initialRow: Int, _ out: UnsafeMutableRawPointer
    ) -> Void
    /// to[c, q] = from[q, c], q < pixels, c < channels, with relu if asked.
    public typealias ChannelsFirst = @Sendable @convention(c) (
      _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ relu: Bool
    ) -> Void
    /// to[q, c] = from[c, q]; columns from `channels` to `pitch` (a multiple of lanes) become 0.
    public typealias ChannelsLast = @Sendable @convention(c) (
      _ from: UnsafeRawPointer, _ fromRow: Int, _ channels: Int, _ pixels: Int, _ to: UnsafeMutableRawPointer, _ pitch: Int
    ) -> Void
    /// sums[c] += Σ_q from[q, c], `vectors` registers wide.
    public typealias AddRows = @Sendable @convention(c) (
      _ vectors: Int, _ from: UnsafeRawPointer, _ rows: Int, _ sums: UnsafeMutableRawPointer
    ) -> Void
    /// Copies rows of every plane; all strides are bytes.
    public typealias CopyPlanes = @Sendable @convention(c) (
      _ from: UnsafeRawPointer, _ fromPlane: Int, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toPlane: Int, _ toRow: Int,
      _ planes: Int, _ rows: Int, _ rowBytes: Int
    ) -> Void

    /// Elements of one register.
    public var lanes: Int
    public var gatherProduct: GatherProduct
    public var channelsFirst: ChannelsFirst
    public var channelsLast: ChannelsLast
    public var addRows: AddRows
    public var copyPlanes: CopyPlanes

    public init(
      lanes: Int, gatherProduct: GatherProduct, channelsFirst: ChannelsFirst, channelsLast: ChannelsLast, addRows: AddRows,
      copyPlanes: CopyPlanes
    ) {
      self.lanes = lanes
      self.gatherProduct = gatherProduct
      self.channelsFirst = channelsFirst
      self.channelsLast = channelsLast
      self.addRows = addRows
      self.copyPlanes = copyPlanes
    }
  }
}
