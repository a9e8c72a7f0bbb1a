internal import CIntrinsics

/// What a tile does beside adding products.
struct TileEnd {
  /// Add to what c holds instead of replacing it.
  var accumulate: Bool
  /// One value per column, added to every row; nil for none.
  var bias: UnsafeRawPointer?
  /// Replace negative results by zero.
  var relu: Bool
}

/// The innermost product: a tile of `rows` x `columns` of c, all its sums held in registers.
///
///     c[r, j] (+)= Σ_p a[r, p] · b[p, j]  (+ bias[j]), then relu        0 ≤ r < rows, 0 ≤ j < columns, 0 ≤ p < k
///
/// - rows: 1 ... `tileRows` (14 with AVX-512, 6 with AVX2, 4 without).
/// - columns: 1 ... 2 * `L.count`. A tile of at most `L.count` columns costs half.
/// - a: element (r, p) at `a[r * aRow + p * aStep]`; any strides (packed or in place: only single elements are read).
/// - b: row p begins at `b[p * bStep]`, and **a whole vector of it is read where columns ≤ L.count, else two**: rows at the edge must be
///   padded (with anything: what lies beyond `columns` is never stored). No alignment is needed, but loads that straddle cache lines cost twice.
/// - c: row r begins at `c[r * cRow]`; only the `columns` counted are read or written.
/// - room: `2 * tileRows * L.count` elements of scratch, for what lies at an edge or ends in a bias or an activation.
/// - end.bias: points at the tile's first column; only `columns` values are read.
/// - ahead: a cache line at `ahead`, and then each `aheadStep` bytes further, is asked for per step, for the tiles to come; it need not exist.
///
/// The products of one element are added in the order of p, in one chain, and then to c: the result does not depend on where the tile lies.
/// Every height has code of its own, so that a short tile costs only its rows.
@inline(__always)
func tile<L: TileLanes>(
  _ lanes: L.Type, rows: Int, columns: Int, k: Int, a: UnsafePointer<L.Element>, aRow: Int, aStep: Int,
  b: UnsafePointer<L.Element>, bStep: Int, c: UnsafeMutablePointer<L.Element>, cRow: Int, end: TileEnd,
  room: UnsafeMutablePointer<L.Element>, ahead: UnsafeRawPointer, aheadStep: Int
) {
  let vectors = columns > L.count ? 2 : 1
  let whole = columns == vectors &* L.count && end.bias == nil && !end.relu
  sums(L.self, rows, vectors, k, a, aRow, aStep, b, bStep, whole ? c : room, whole ? cRow : 2 &* L.count, add: whole && end.accumulate, ahead, aheadStep)
  if !whole { finishTile(L.self, rows, columns, room, c, cRow, end) }
}

/// One branch to the code of a height and width.
@inline(never)
func sums<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ vectors: Int, _ k: Int, _ a: UnsafePointer<L.Element>, _ aRow: Int, _ aStep: Int,
  _ b: UnsafePointer<L.Element>, _ bStep: Int, _ c: UnsafeMutablePointer<L.Element>, _ cRow: Int, add: Bool,
  _ ahead: UnsafeRawPointer, _ aheadStep: Int
) {
  if vectors > 1 {
    switch rows {
    case 1: microTile(L.self, 1, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 2: microTile(L.self, 2, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 3: microTile(L.self, 3, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 4: microTile(L.self, 4, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 5 where tileRows >= 5: microTile(L.self, 5, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 6 where tileRows >= 6: microTile(L.self, 6, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 7 where tileRows >= 7: microTile(L.self, 7, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 8 where tileRows >= 8: microTile(L.self, 8, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 9 where tileRows >= 9: microTile(L.self, 9, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 10 where tileRows >= 10: microTile(L.self, 10, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 11 where tileRows >= 11: microTile(L.self, 11, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 12 where tileRows >= 12: microTile(L.self, 12, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 13 where tileRows >= 13: microTile(L.self, 13, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 14 where tileRows >= 14: microTile(L.self, 14, 2, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    default: break
    }
  } else {
    switch rows {
    case 1: microTile(L.self, 1, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 2: microTile(L.self, 2, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 3: microTile(L.self, 3, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 4: microTile(L.self, 4, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 5 where tileRows >= 5: microTile(L.self, 5, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 6 where tileRows >= 6: microTile(L.self, 6, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 7 where tileRows >= 7: microTile(L.self, 7, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 8 where tileRows >= 8: microTile(L.self, 8, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 9 where tileRows >= 9: microTile(L.self, 9, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 10 where tileRows >= 10: microTile(L.self, 10, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 11 where tileRows >= 11: microTile(L.self, 11, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 12 where tileRows >= 12: microTile(L.self, 12, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 13 where tileRows >= 13: microTile(L.self, 13, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    case 14 where tileRows >= 14: microTile(L.self, 14, 1, k, a, aRow, aStep, b, bStep, c, cRow, add, ahead, aheadStep)
    default: break
    }
  }
}

/// The products of row r of a tile.
@_transparent
func addRow<L: TileLanes>(
  _ lanes: L.Type, _ r: Int, _ rows: Int, _ vectors: Int, _ element: UnsafePointer<L.Element>, _ x: L.Vector, _ y: L.Vector, _ s: inout L.Vector,
  _ t: inout L.Vector
) {
  if r < rows {
    let e = L.splat(element.pointee)
    s = L.addProduct(s, e, x)
    if vectors > 1 { t = L.addProduct(t, e, y) }
  }
}

@_transparent
private func endRow<L: TileLanes>(
  _ lanes: L.Type, _ r: Int, _ rows: Int, _ vectors: Int, _ accumulate: Bool, _ c: UnsafeMutablePointer<L.Element>, _ s: L.Vector, _ t: L.Vector
) {
  if r < rows {
    let c = UnsafeMutableRawPointer(c)
    L.store(accumulate ? L.add(s, L.load(c)) : s, c)
    if vectors > 1 { L.store(accumulate ? L.add(t, L.load(c + L.count &* MemoryLayout<L.Element>.stride)) : t, c + L.count &* MemoryLayout<L.Element>.stride) }
  }
}

/// Steps of a tile from which on its results are asked for beforehand: a short one has them in the first-level cache.
private let askedFrom = 128

/// Asks for a row of c while the products are added: its lines come from far away when c is large.
@_transparent
private func askRow<L: TileLanes>(_ lanes: L.Type, _ r: Int, _ rows: Int, _ vectors: Int, _ c: UnsafeMutablePointer<L.Element>) {
  if r < rows {
    nn_prefetch(c)
    if vectors > 1 { nn_prefetch(c + (2 &* L.count &- 1)) }
  }
}

/// `rows` and `vectors` are literals at every call, so that the rows beyond vanish; sums are variables of their own, for the elements of an array
/// would not stay in registers.
/// Two vectors are the right width: each a[r, p] is broadcast once and used twice, so that loads keep pace with two multiply-adds a cycle.
@_transparent
private func microTile<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ vectors: Int, _ k: Int, _ a: UnsafePointer<L.Element>, _ aRow: Int, _ aStep: Int,
  _ b: UnsafePointer<L.Element>, _ bStep: Int, _ c: UnsafeMutablePointer<L.Element>, _ cRow: Int, _ accumulate: Bool,
  _ ahead: UnsafeRawPointer, _ aheadStep: Int
) {
  let size = MemoryLayout<L.Vector>.stride
  var (s0, t0) = (L.zero, L.zero)
  var (s1, t1) = (L.zero, L.zero)
  var (s2, t2) = (L.zero, L.zero)
  var (s3, t3) = (L.zero, L.zero)
  var (s4, t4) = (L.zero, L.zero)
  var (s5, t5) = (L.zero, L.zero)
  var (s6, t6) = (L.zero, L.zero)
  var (s7, t7) = (L.zero, L.zero)
  var (s8, t8) = (L.zero, L.zero)
  var (s9, t9) = (L.zero, L.zero)
  var (s10, t10) = (L.zero, L.zero)
  var (s11, t11) = (L.zero, L.zero)
  var (s12, t12) = (L.zero, L.zero)
  var (s13, t13) = (L.zero, L.zero)
  // Two bases, so that the additions between rows never become one chain as long as the multiply-adds of a step.
  var low = a
  var high = a + 7 &* aRow
  let aRow3 = 3 &* aRow
  let aRow5 = 5 &* aRow
  var row = UnsafeRawPointer(b)
  var ahead = ahead
  let rowStep = bStep &* MemoryLayout<L.Element>.stride
  if k >= askedFrom {
    askRow(L.self, 0, rows, vectors, c + 0 &* cRow)
    askRow(L.self, 1, rows, vectors, c + 1 &* cRow)
    askRow(L.self, 2, rows, vectors, c + 2 &* cRow)
    askRow(L.self, 3, rows, vectors, c + 3 &* cRow)
    askRow(L.self, 4, rows, vectors, c + 4 &* cRow)
    askRow(L.self, 5, rows, vectors, c + 5 &* cRow)
    askRow(L.self, 6, rows, vectors, c + 6 &* cRow)
    askRow(L.self, 7, rows, vectors, c + 7 &* cRow)
    askRow(L.self, 8, rows, vectors, c + 8 &* cRow)
    askRow(L.self, 9, rows, vectors, c + 9 &* cRow)
    askRow(L.self, 10, rows, vectors, c + 10 &* cRow)
    askRow(L.self, 11, rows, vectors, c + 11 &* cRow)
    askRow(L.self, 12, rows, vectors, c + 12 &* cRow)
    askRow(L.self, 13, rows, vectors, c + 13 &* cRow)
  }
  var p = 0
  while p < k {
    let x = L.load(row)
    let y = vectors > 1 ? L.load(row + size) : L.zero
    row += rowStep
    nn_prefetch_second(ahead)
    ahead += aheadStep
    addRow(L.self, 0, rows, vectors, low, x, y, &s0, &t0)
    addRow(L.self, 1, rows, vectors, low + aRow, x, y, &s1, &t1)
    addRow(L.self, 2, rows, vectors, low + 2 &* aRow, x, y, &s2, &t2)
    addRow(L.self, 3, rows, vectors, low + aRow3, x, y, &s3, &t3)
    addRow(L.self, 4, rows, vectors, low + 4 &* aRow, x, y, &s4, &t4)
    addRow(L.self, 5, rows, vectors, low + aRow5, x, y, &s5, &t5)
    addRow(L.self, 6, rows, vectors, low + 2 &* aRow3, x, y, &s6, &t6)
    addRow(L.self, 7, rows, vectors, high, x, y, &s7, &t7)
    addRow(L.self, 8, rows, vectors, high + aRow, x, y, &s8, &t8)
    addRow(L.self, 9, rows, vectors, high + 2 &* aRow, x, y, &s9, &t9)
    addRow(L.self, 10, rows, vectors, high + aRow3, x, y, &s10, &t10)
    addRow(L.self, 11, rows, vectors, high + 4 &* aRow, x, y, &s11, &t11)
    addRow(L.self, 12, rows, vectors, high + aRow5, x, y, &s12, &t12)
    addRow(L.self, 13, rows, vectors, high + 2 &* aRow3, x, y, &s13, &t13)
    low += aStep
    high += aStep
    p &+= 1
  }
  endRow(L.self, 0, rows, vectors, accumulate, c + 0 &* cRow, s0, t0)
  endRow(L.self, 1, rows, vectors, accumulate, c + 1 &* cRow, s1, t1)
  endRow(L.self, 2, rows, vectors, accumulate, c + 2 &* cRow, s2, t2)
  endRow(L.self, 3, rows, vectors, accumulate, c + 3 &* cRow, s3, t3)
  endRow(L.self, 4, rows, vectors, accumulate, c + 4 &* cRow, s4, t4)
  endRow(L.self, 5, rows, vectors, accumulate, c + 5 &* cRow, s5, t5)
  endRow(L.self, 6, rows, vectors, accumulate, c + 6 &* cRow, s6, t6)
  endRow(L.self, 7, rows, vectors, accumulate, c + 7 &* cRow, s7, t7)
  endRow(L.self, 8, rows, vectors, accumulate, c + 8 &* cRow, s8, t8)
  endRow(L.self, 9, rows, vectors, accumulate, c + 9 &* cRow, s9, t9)
  endRow(L.self, 10, rows, vectors, accumulate, c + 10 &* cRow, s10, t10)
  endRow(L.self, 11, rows, vectors, accumulate, c + 11 &* cRow, s11, t11)
  endRow(L.self, 12, rows, vectors, accumulate, c + 12 &* cRow, s12, t12)
  endRow(L.self, 13, rows, vectors, accumulate, c + 13 &* cRow, s13, t13)
}
