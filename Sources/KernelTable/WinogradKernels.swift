/// Entry points for 3 x 3 convolution by Winograd's algorithm, float32 only. All counts, strides and pitches are elements.
///
/// Transformed values lie as [position 0 ... 35][tile or source channel][channel], positions `slot` apart; windows channels last.
/// A tile is 4 x 4 places of the result; `tile`, `pixel` and `row` are the distances of tiles, pixels and rows of pixels.
/// `room` is working memory for `roomVectors` registers.
public struct WinogradKernels: Sendable {
  public static let roomVectors = 204

  /// U = G w Gᵀ in panels of 2 * lanes result channels: to[position · slot + (panel · sources + s) · 2 · lanes + channel],
  /// 0 where a panel is not full. `turned` takes the taps in reverse order.
  public typealias Filters =
    @Sendable @convention(c) (
      _ weight: UnsafePointer<Float>, _ results: Int, _ resultStride: Int, _ sources: Int, _ sourceStride: Int, _ turned: Bool,
      _ to: UnsafeMutablePointer<Float>, _ slot: Int
    ) -> Void
  /// V = Bᵀ d B of 6 x 6 pixels for tiles 4 pixels apart; `channels` is a multiple of lanes.
  public typealias Input =
    @Sendable @convention(c) (
      _ window: UnsafePointer<Float>, _ pixel: Int, _ row: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int,
      _ to: UnsafeMutablePointer<Float>, _ slot: Int, _ tile: Int, _ room: UnsafeMutablePointer<Float>
    ) -> Void
  /// y = Aᵀ M A + bias, with relu if asked: 4 x 4 pixels from 36 positions.
  public typealias Output =
    @Sendable @convention(c) (
      _ from: UnsafePointer<Float>, _ slot: Int, _ tile: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int,
      _ bias: UnsafePointer<Float>?, _ relu: Bool, _ window: UnsafeMutablePointer<Float>, _ pixel: Int, _ row: Int,
      _ room: UnsafeMutablePointer<Float>
    ) -> Void
  /// ∂w = Gᵀ D G for `channels` of each source channel: to[(source · 9 + tap) · toRow + channel].
  public typealias FilterGradient =
    @Sendable @convention(c) (
      _ from: UnsafePointer<Float>, _ slot: Int, _ fromRow: Int, _ sources: Int, _ channels: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
    ) -> Void
  /// to[places[q] + c] = from[c · fromRow + q]; channels from `channels` to `pitch` (a multiple of lanes) become 0.
  public typealias Spread =
    @Sendable @convention(c) (
      _ from: UnsafePointer<Float>, _ fromRow: Int, _ channels: Int, _ pixels: Int, _ places: UnsafePointer<Int>,
      _ to: UnsafeMutablePointer<Float>, _ pitch: Int
    ) -> Void
  /// Gradients behind max-pooling, each put where its mark says within its window of pool x pool pixels, 0 around it:
  /// to[places[q] + i · row + j · lanes + c] = marks[c · fromRow + q] == i · pool + j ? from[c · fromRow + q] : 0.
  public typealias SpreadPooled =
    @Sendable @convention(c) (
      _ from: UnsafePointer<Float>, _ marks: UnsafePointer<UInt8>, _ fromRow: Int, _ channels: Int, _ pixels: Int,
      _ places: UnsafePointer<Int>, _ to: UnsafeMutablePointer<Float>, _ pool: Int, _ row: Int
    ) -> Void
  /// to[c · toRow + q] = from[places[q] + c]; whole registers of channels are read.
  public typealias Collect =
    @Sendable @convention(c) (
      _ from: UnsafePointer<Float>, _ places: UnsafePointer<Int>, _ pixels: Int, _ channels: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
    ) -> Void

  public var filters: Filters
  public var input: Input
  /// Z = A g Aᵀ of 4 x 4 pixels, else as `input`.
  public var gradient: Input
  public var output: Output
  public var filterGradient: FilterGradient
  public var spread: Spread
  public var spreadPooled: SpreadPooled
  public var collect: Collect

  public init(
    filters: Filters, input: Input, gradient: Input, output: Output, filterGradient: FilterGradient, spread: Spread, spreadPooled: SpreadPooled,
    collect: Collect
  ) {
    self.filters = filters
    self.input = input
    self.gradient = gradient
    self.output = output
    self.filterGradient = filterGradient
    self.spread = spread
    self.spreadPooled = spreadPooled
    self.collect = collect
  }
}
