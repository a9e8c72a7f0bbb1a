/// Entry points for matrix products, one set for each element type.
public struct MatrixKernels: Sendable {
  public var float32: Set
  public var float64: Set

  public init(float32: Set, float64: Set) {
    self.float32 = float32
    self.float64 = float64
  }

  /// The kernels of one element type. Strides and steps count elements; they may be 0 or negative where nothing else is said.
  public struct Set: Sendable {
    /// c[m, n] (+)= a[m, k] · b[k, n] for a block that fits the caches, then bias and relu; m, n > 0.
    /// b lies in panels of 2 * `lanes` columns, `bPanel` elements apart, each of k rows `bStep` apart. Whole vectors of b are read:
    /// a last panel must be padded to a multiple of `lanes` columns. `room` is scratch for 2 * `tileRows` * `lanes` elements.
    public typealias Block =
      @Sendable @convention(c) (
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ bPanel: Int,
        _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool,
        _ room: UnsafeMutableRawPointer
      ) -> Void

    /// Copies `rows` x `columns` elements from anywhere to rows `targetRow` apart.
    public typealias Copy =
      @Sendable @convention(c) (
        _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int, _ target: UnsafeMutableRawPointer,
        _ targetRow: Int
      ) -> Void

    /// Copies `rows` x `columns` elements from anywhere into panels of 2 * `lanes` columns, each `rows` * 2 * `lanes` elements long,
    /// with zeros beyond `columns` in the last one.
    public typealias Pack =
      @Sendable @convention(c) (
        _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int, _ target: UnsafeMutableRawPointer
      ) -> Void

    /// y[i * yStep] (+)= Σ_p a[i, p] · x[p] for rows that are contiguous: a[i, p] at a[i * aRow + p]; x contiguous.
    public typealias RowProducts =
      @Sendable @convention(c) (
        _ rows: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ yStep: Int,
        _ accumulate: Bool
      ) -> Void

    /// y[j] (+)= Σ_p x[p] · b[p, j] for rows that are contiguous: b[p, j] at b[p * bRow + j]; x and y contiguous.
    public typealias RowSum =
      @Sendable @convention(c) (
        _ n: Int, _ k: Int, _ x: UnsafeRawPointer, _ b: UnsafeRawPointer, _ bRow: Int, _ y: UnsafeMutableRawPointer, _ accumulate: Bool
      ) -> Void

    /// c[m, n] (+)= a · b by plain loops, for products too small to prepare anything.
    public typealias Small =
      @Sendable @convention(c) (
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
        _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool
      ) -> Void

    /// c[m, n] (+)= a[m, k] · b[k, n], then bias and relu, for a few columns that would not fill a vector and an a with contiguous columns:
    /// element (r, p) at a[r + p * aStep], m ≥ `lanes`. `room` is scratch for 12 * `lanes` elements.
    public typealias Narrow =
      @Sendable @convention(c) (
        _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
        _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool,
        _ room: UnsafeMutableRawPointer
      ) -> Void

    /// Elements of one vector register.
    public var lanes: Int
    /// Rows of the tallest tile.
    public var tileRows: Int
    public var block: Block
    public var copy: Copy
    public var pack: Pack
    public var rowProducts: RowProducts
    public var rowSum: RowSum
    public var small: Small
    public var narrow: Narrow

    public init(
      lanes: Int, tileRows: Int, block: Block, copy: Copy, pack: Pack, rowProducts: RowProducts, rowSum: RowSum, small: Small, narrow: Narrow
    ) {
      self.lanes = lanes
      self.tileRows = tileRows
      self.block = block
      self.copy = copy
      self.pack = pack
      self.rowProducts = rowProducts
      self.rowSum = rowSum
      self.small = small
      self.narrow = narrow
    }
  }
}
