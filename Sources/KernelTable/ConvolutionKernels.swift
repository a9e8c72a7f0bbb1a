/// Entry points for convolution and pooling, one set for each element type. Counts, strides and pitches are elements unless they say bytes.
public struct ConvolutionKernels: Sendable {
  public var float32: Set
  public var float64: Set
  public var winograd: WinogradKernels

  public init(float32: Set, float64: Set, winograd: WinogradKernels) {
    self.float32 = float32
    self.float64 = float64
    self.winograd = winograd
  }

  public struct Set: Sendable {
    /// Copies rows of every plane; all strides are bytes.
    public typealias CopyPlanes =
      @Sendable @convention(c) (
        _ from: UnsafeRawPointer, _ fromPlane: Int, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toPlane: Int, _ toRow: Int,
        _ planes: Int, _ rows: Int, _ rowBytes: Int
      ) -> Void
    /// out[i, j] = initial[i, j] + Σ_l source[tileOffsets[i] + loopOffsets[l]] · panel[l, j], rows of out and panel `vectors` registers long.
    /// No initial means 0; an initialRow of 0 gives every row the same (a bias). tileOffsets come in stretches of `run` neighbours, from the first on.
    public typealias GatherProduct =
      @Sendable @convention(c) (
        _ vectors: Int, _ source: UnsafeRawPointer, _ tileOffsets: UnsafePointer<Int>, _ tileCount: Int, _ loopOffsets: UnsafePointer<Int>,
        _ loopCount: Int, _ panel: UnsafeRawPointer, _ initial: UnsafeRawPointer?, _ initialRow: Int, _ run: Int,
        _ out: UnsafeMutableRawPointer
      ) -> Void
    /// out[m, q] = bias[m] + Σ_l weights[l, m] · source[q + offsets[l]] for 1, 2 or 4 channels m, with relu if asked.
    /// Reads and writes up to 8 registers behind the last place.
    public typealias RowProduct =
      @Sendable @convention(c) (
        _ channels: Int, _ source: UnsafeRawPointer, _ places: Int, _ offsets: UnsafePointer<Int>, _ count: Int, _ weights: UnsafeRawPointer,
        _ bias: UnsafeRawPointer?, _ relu: Bool, _ out: UnsafeMutableRawPointer, _ outRow: Int
      ) -> Void
    /// to[c, q] = from[q, c], q < pixels, c < channels, with relu if asked.
    public typealias ChannelsFirst =
      @Sendable @convention(c) (
        _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ relu: Bool
      ) -> Void
    /// to[q, c] = from[c, q]; columns from `channels` to `pitch` (a multiple of lanes) become 0, and places where `results` are not positive.
    public typealias ChannelsLast =
      @Sendable @convention(c) (
        _ from: UnsafeRawPointer, _ results: UnsafeRawPointer?, _ fromRow: Int, _ channels: Int, _ pixels: Int, _ to: UnsafeMutableRawPointer, _ pitch: Int
      ) -> Void
    /// sums[c] += Σ_q from[q, c], `vectors` registers wide.
    public typealias AddRows =
      @Sendable @convention(c) (
        _ vectors: Int, _ from: UnsafeRawPointer, _ rows: Int, _ sums: UnsafeMutableRawPointer
      ) -> Void
    /// to[r, c] += from[r, c], rows fromRow and toRow apart.
    public typealias AddPlane =
      @Sendable @convention(c) (
        _ from: UnsafeRawPointer, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ rows: Int, _ columns: Int
      ) -> Void
    /// Maximum and position of all windows of one plane with a border of -inf; see `maxWindows` for its parameters.
    public typealias MaxWindows =
      @Sendable @convention(c) (
        _ source: UnsafeRawPointer, _ pitch: Int, _ rows: Int, _ columns: Int, _ kernelHeight: Int, _ kernelWidth: Int, _ strideHeight: Int,
        _ strideWidth: Int, _ dilationHeight: Int, _ dilationWidth: Int, _ mark: Int, _ markRow: Int, _ rowMarks: UnsafePointer<Int32>,
        _ columnMarks: UnsafePointer<Int32>, _ y: UnsafeMutableRawPointer, _ positions: UnsafeMutablePointer<Int32>
      ) -> Void
    /// Maximum and position of the 2 x 2 windows of stride 2 of one plane; `columns` (of windows) ≥ lanes.
    public typealias MaxSquares =
      @Sendable @convention(c) (
        _ source: UnsafeRawPointer, _ width: Int, _ rows: Int, _ columns: Int, _ y: UnsafeMutableRawPointer,
        _ positions: UnsafeMutablePointer<Int32>
      ) -> Void
    /// Relu and maximum over pool x pool places of sums that lie channels last; marks are the index within the window, 255 where relu gave 0.
    public typealias PoolSums =
      @Sendable @convention(c) (
        _ sums: UnsafeRawPointer, _ vectors: Int, _ columns: Int, _ pool: Int, _ pooledRows: Int, _ pooledColumns: Int,
        _ values: UnsafeMutableRawPointer, _ marks: UnsafeMutableRawPointer
      ) -> Void
    /// to[c, q] = mark of from[q, c].
    public typealias MarksFirst =
      @Sendable @convention(c) (
        _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutablePointer<UInt8>, _ toRow: Int
      ) -> Void
    /// The patch of each place as a row of registers; see `patchRows` for its parameters. Reads up to a register before and behind the window.
    public typealias PatchRows =
      @Sendable @convention(c) (
        _ window: UnsafeRawPointer, _ places: UnsafePointer<Int>, _ count: Int, _ shifts: UnsafePointer<Int>, _ masks: UnsafeRawPointer,
        _ firsts: UnsafePointer<Int>, _ registers: Int, _ ones: UnsafeRawPointer, _ to: UnsafeMutableRawPointer
      ) -> Void
    /// The gradients of one channel whose mark is not 255, and where their patch row begins: corners[i] + within[mark], in registers; then
    /// zeros and `none` up to a multiple of four. Writes up to a register of either behind the last. Asks for what lies `ahead` elements on.
    public typealias PatchList =
      @Sendable @convention(c) (
        _ gradients: UnsafeRawPointer, _ marks: UnsafePointer<UInt8>, _ count: Int, _ ahead: Int, _ corners: UnsafePointer<Int32>,
        _ within: UnsafePointer<Int32>, _ none: Int32, _ pool: Int, _ values: UnsafeMutableRawPointer, _ offsets: UnsafeMutablePointer<Int32>
      ) -> Int
    /// sums[0 ..< pitch] += Σ values[i] · row that begins offsets[i] registers on; `count` is a multiple of four.
    public typealias PatchProduct =
      @Sendable @convention(c) (
        _ values: UnsafeRawPointer, _ offsets: UnsafePointer<Int32>, _ count: Int, _ rows: UnsafeRawPointer, _ pitch: Int,
        _ sums: UnsafeMutableRawPointer
      ) -> Void

    /// Elements of one register.
    public var lanes: Int
    public var copyPlanes: CopyPlanes
    public var gatherProduct: GatherProduct
    public var rowProduct: RowProduct
    public var channelsFirst: ChannelsFirst
    public var channelsLast: ChannelsLast
    public var addRows: AddRows
    public var addPlane: AddPlane
    public var maxWindows: MaxWindows
    public var maxSquares: MaxSquares
    public var poolSums: PoolSums
    public var marksFirst: MarksFirst
    public var patchRows: PatchRows
    public var patchList: PatchList
    public var patchProduct: PatchProduct

    public init(
      lanes: Int, copyPlanes: CopyPlanes, gatherProduct: GatherProduct, rowProduct: RowProduct, channelsFirst: ChannelsFirst,
      channelsLast: ChannelsLast, addRows: AddRows, addPlane: AddPlane, maxWindows: MaxWindows, maxSquares: MaxSquares,
      poolSums: PoolSums, marksFirst: MarksFirst, patchRows: PatchRows, patchList: PatchList, patchProduct: PatchProduct
    ) {
      self.lanes = lanes
      self.copyPlanes = copyPlanes
      self.gatherProduct = gatherProduct
      self.rowProduct = rowProduct
      self.channelsFirst = channelsFirst
      self.channelsLast = channelsLast
      self.addRows = addRows
      self.addPlane = addPlane
      self.maxWindows = maxWindows
      self.maxSquares = maxSquares
      self.poolSums = poolSums
      self.marksFirst = marksFirst
      self.patchRows = patchRows
      self.patchList = patchList
      self.patchProduct = patchProduct
    }
  }
}
