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
///
/// The products of one element are added in the order of p, in one chain, and then to c: the result does not depend on where the tile lies.
/// Every height has code of its own, so that a short tile costs only its rows.
@inline(__always)
func tile<L: TileLanes>(
  _ lanes: L.Type, rows: Int, columns: Int, k: Int, a: UnsafePointer<L.Element>, aRow: Int, aStep: Int,
  b: UnsafePointer<L.Element>, bStep: Int, c: UnsafeMutablePointer<L.Element>, cRow: Int, end: TileEnd,
  room: UnsafeMutablePointer<L.Element>
) {
  let vectors = columns > L.count ? 2 : 1
  let whole = columns == vectors &* L.count && end.bias == nil && !end.relu
  sums(L.self, rows, vectors, k, a, aRow, aStep, b, bStep, whole ? c : room, whole ? cRow : 2 &* L.count, add: whole && end.accumulate)
  if !whole { finishTile(L.self, rows, columns, room, c, cRow, end) }
}

/// One branch to the code of a height and width.
@inline(never)
func sums<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ vectors: Int, _ k: Int, _ a: UnsafePointer<L.Element>, _ aRow: Int, _ aStep: Int,
  _ b: UnsafePointer<L.Element>, _ bStep: Int, _ c: UnsafeMutablePointer<L.Element>, _ cRow: Int, add: Bool
) {
  if vectors > 1 {
    switch rows {
    case 1: microTile(L.self, 1, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 2: microTile(L.self, 2, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 3: microTile(L.self, 3, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 4: microTile(L.self, 4, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 5 where tileRows >= 5: microTile(L.self, 5, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 6 where tileRows >= 6: microTile(L.self, 6, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 7 where tileRows >= 7: microTile(L.self, 7, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 8 where tileRows >= 8: microTile(L.self, 8, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 9 where tileRows >= 9: microTile(L.self, 9, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 10 where tileRows >= 10: microTile(L.self, 10, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 11 where tileRows >= 11: microTile(L.self, 11, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 12 where tileRows >= 12: microTile(L.self, 12, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 13 where tileRows >= 13: microTile(L.self, 13, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 14 where tileRows >= 14: microTile(L.self, 14, 2, k, a, aRow, aStep, b, bStep, c, cRow, add)
    default: break
    }
  } else {
    switch rows {
    case 1: microTile(L.self, 1, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 2: microTile(L.self, 2, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 3: microTile(L.self, 3, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 4: microTile(L.self, 4, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 5 where tileRows >= 5: microTile(L.self, 5, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 6 where tileRows >= 6: microTile(L.self, 6, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 7 where tileRows >= 7: microTile(L.self, 7, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 8 where tileRows >= 8: microTile(L.self, 8, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 9 where tileRows >= 9: microTile(L.self, 9, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 10 where tileRows >= 10: microTile(L.self, 10, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 11 where tileRows >= 11: microTile(L.self, 11, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 12 where tileRows >= 12: microTile(L.self, 12, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 13 where tileRows >= 13: microTile(L.self, 13, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    case 14 where tileRows >= 14: microTile(L.self, 14, 1, k, a, aRow, aStep, b, bStep, c, cRow, add)
    default: break
    }
  }
}

/// `rows` and `vectors` are literals at every call, so that the rows beyond vanish.
/// Two vectors are the right width: each a[r, p] is broadcast once and used twice, so that loads keep pace with two multiply-adds a cycle.
@_transparent
func microTile<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ vectors: Int, _ k: Int, _ a: UnsafePointer<L.Element>, _ aRow: Int, _ aStep: Int,
  _ b: UnsafePointer<L.Element>, _ bStep: Int, _ c: UnsafeMutablePointer<L.Element>, _ cRow: Int, _ add: Bool
) {
  var s0 = L.zero, t0 = L.zero
  var s1 = L.zero, t1 = L.zero
  var s2 = L.zero, t2 = L.zero
  var s3 = L.zero, t3 = L.zero
  var s4 = L.zero, t4 = L.zero
  var s5 = L.zero, t5 = L.zero
  var s6 = L.zero, t6 = L.zero
  var s7 = L.zero, t7 = L.zero
  var s8 = L.zero, t8 = L.zero
  var s9 = L.zero, t9 = L.zero
  var s10 = L.zero, t10 = L.zero
  var s11 = L.zero, t11 = L.zero
  var s12 = L.zero, t12 = L.zero
  var s13 = L.zero, t13 = L.zero
  // Two bases, so that the additions between rows never become one chain as long as the multiply-adds of a step.
  var low = a
  var high = a + 7 &* aRow
  let aRow3 = 3 &* aRow
  let aRow5 = 5 &* aRow
  var row = UnsafeRawPointer(b)
  let rowStep = bStep &* MemoryLayout<L.Element>.stride
  var p = 0
  while p < k {
    let x = L.load(row)
    let y = vectors > 1 ? L.load(row + L.count &* MemoryLayout<L.Element>.stride) : L.zero
    row += rowStep
    if rows > 0 {
      let v = L.splat(low.pointee)
      s0 = L.addProduct(s0, v, x)
      if vectors > 1 { t0 = L.addProduct(t0, v, y) }
    }
    if rows > 1 {
      let v = L.splat(low[aRow])
      s1 = L.addProduct(s1, v, x)
      if vectors > 1 { t1 = L.addProduct(t1, v, y) }
    }
    if rows > 2 {
      let v = L.splat(low[2 &* aRow])
      s2 = L.addProduct(s2, v, x)
      if vectors > 1 { t2 = L.addProduct(t2, v, y) }
    }
    if rows > 3 {
      let v = L.splat(low[aRow3])
      s3 = L.addProduct(s3, v, x)
      if vectors > 1 { t3 = L.addProduct(t3, v, y) }
    }
    if rows > 4 {
      let v = L.splat(low[4 &* aRow])
      s4 = L.addProduct(s4, v, x)
      if vectors > 1 { t4 = L.addProduct(t4, v, y) }
    }
    if rows > 5 {
      let v = L.splat(low[aRow5])
      s5 = L.addProduct(s5, v, x)
      if vectors > 1 { t5 = L.addProduct(t5, v, y) }
    }
    if rows > 6 {
      let v = L.splat(low[2 &* aRow3])
      s6 = L.addProduct(s6, v, x)
      if vectors > 1 { t6 = L.addProduct(t6, v, y) }
    }
    if rows > 7 {
      let v = L.splat(high.pointee)
      s7 = L.addProduct(s7, v, x)
      if vectors > 1 { t7 = L.addProduct(t7, v, y) }
    }
    if rows > 8 {
      let v = L.splat(high[aRow])
      s8 = L.addProduct(s8, v, x)
      if vectors > 1 { t8 = L.addProduct(t8, v, y) }
    }
    if rows > 9 {
      let v = L.splat(high[2 &* aRow])
      s9 = L.addProduct(s9, v, x)
      if vectors > 1 { t9 = L.addProduct(t9, v, y) }
    }
    if rows > 10 {
      let v = L.splat(high[aRow3])
      s10 = L.addProduct(s10, v, x)
      if vectors > 1 { t10 = L.addProduct(t10, v, y) }
    }
    if rows > 11 {
      let v = L.splat(high[4 &* aRow])
      s11 = L.addProduct(s11, v, x)
      if vectors > 1 { t11 = L.addProduct(t11, v, y) }
    }
    if rows > 12 {
      let v = L.splat(high[aRow5])
      s12 = L.addProduct(s12, v, x)
      if vectors > 1 { t12 = L.addProduct(t12, v, y) }
    }
    if rows > 13 {
      let v = L.splat(high[2 &* aRow3])
      s13 = L.addProduct(s13, v, x)
      if vectors > 1 { t13 = L.addProduct(t13, v, y) }
    }
    low += aStep
    high += aStep
    p &+= 1
  }
  if add {
    if rows > 0 {
      s0 = L.add(s0, loadVector(L.self, c + 0 &* cRow))
      if vectors > 1 { t0 = L.add(t0, loadVector(L.self, c + (0 &* cRow &+ L.count))) }
    }
    if rows > 1 {
      s1 = L.add(s1, loadVector(L.self, c + 1 &* cRow))
      if vectors > 1 { t1 = L.add(t1, loadVector(L.self, c + (1 &* cRow &+ L.count))) }
    }
    if rows > 2 {
      s2 = L.add(s2, loadVector(L.self, c + 2 &* cRow))
      if vectors > 1 { t2 = L.add(t2, loadVector(L.self, c + (2 &* cRow &+ L.count))) }
    }
    if rows > 3 {
      s3 = L.add(s3, loadVector(L.self, c + 3 &* cRow))
      if vectors > 1 { t3 = L.add(t3, loadVector(L.self, c + (3 &* cRow &+ L.count))) }
    }
    if rows > 4 {
      s4 = L.add(s4, loadVector(L.self, c + 4 &* cRow))
      if vectors > 1 { t4 = L.add(t4, loadVector(L.self, c + (4 &* cRow &+ L.count))) }
    }
    if rows > 5 {
      s5 = L.add(s5, loadVector(L.self, c + 5 &* cRow))
      if vectors > 1 { t5 = L.add(t5, loadVector(L.self, c + (5 &* cRow &+ L.count))) }
    }
    if rows > 6 {
      s6 = L.add(s6, loadVector(L.self, c + 6 &* cRow))
      if vectors > 1 { t6 = L.add(t6, loadVector(L.self, c + (6 &* cRow &+ L.count))) }
    }
    if rows > 7 {
      s7 = L.add(s7, loadVector(L.self, c + 7 &* cRow))
      if vectors > 1 { t7 = L.add(t7, loadVector(L.self, c + (7 &* cRow &+ L.count))) }
    }
    if rows > 8 {
      s8 = L.add(s8, loadVector(L.self, c + 8 &* cRow))
      if vectors > 1 { t8 = L.add(t8, loadVector(L.self, c + (8 &* cRow &+ L.count))) }
    }
    if rows > 9 {
      s9 = L.add(s9, loadVector(L.self, c + 9 &* cRow))
      if vectors > 1 { t9 = L.add(t9, loadVector(L.self, c + (9 &* cRow &+ L.count))) }
    }
    if rows > 10 {
      s10 = L.add(s10, loadVector(L.self, c + 10 &* cRow))
      if vectors > 1 { t10 = L.add(t10, loadVector(L.self, c + (10 &* cRow &+ L.count))) }
    }
    if rows > 11 {
      s11 = L.add(s11, loadVector(L.self, c + 11 &* cRow))
      if vectors > 1 { t11 = L.add(t11, loadVector(L.self, c + (11 &* cRow &+ L.count))) }
    }
    if rows > 12 {
      s12 = L.add(s12, loadVector(L.self, c + 12 &* cRow))
      if vectors > 1 { t12 = L.add(t12, loadVector(L.self, c + (12 &* cRow &+ L.count))) }
    }
    if rows > 13 {
      s13 = L.add(s13, loadVector(L.self, c + 13 &* cRow))
      if vectors > 1 { t13 = L.add(t13, loadVector(L.self, c + (13 &* cRow &+ L.count))) }
    }
  }
  if rows > 0 {
    storeVector(L.self, s0, c + 0 &* cRow)
    if vectors > 1 { storeVector(L.self, t0, c + (0 &* cRow &+ L.count)) }
  }
  if rows > 1 {
    storeVector(L.self, s1, c + 1 &* cRow)
    if vectors > 1 { storeVector(L.self, t1, c + (1 &* cRow &+ L.count)) }
  }
  if rows > 2 {
    storeVector(L.self, s2, c + 2 &* cRow)
    if vectors > 1 { storeVector(L.self, t2, c + (2 &* cRow &+ L.count)) }
  }
  if rows > 3 {
    storeVector(L.self, s3, c + 3 &* cRow)
    if vectors > 1 { storeVector(L.self, t3, c + (3 &* cRow &+ L.count)) }
  }
  if rows > 4 {
    storeVector(L.self, s4, c + 4 &* cRow)
    if vectors > 1 { storeVector(L.self, t4, c + (4 &* cRow &+ L.count)) }
  }
  if rows > 5 {
    storeVector(L.self, s5, c + 5 &* cRow)
    if vectors > 1 { storeVector(L.self, t5, c + (5 &* cRow &+ L.count)) }
  }
  if rows > 6 {
    storeVector(L.self, s6, c + 6 &* cRow)
    if vectors > 1 { storeVector(L.self, t6, c + (6 &* cRow &+ L.count)) }
  }
  if rows > 7 {
    storeVector(L.self, s7, c + 7 &* cRow)
    if vectors > 1 { storeVector(L.self, t7, c + (7 &* cRow &+ L.count)) }
  }
  if rows > 8 {
    storeVector(L.self, s8, c + 8 &* cRow)
    if vectors > 1 { storeVector(L.self, t8, c + (8 &* cRow &+ L.count)) }
  }
  if rows > 9 {
    storeVector(L.self, s9, c + 9 &* cRow)
    if vectors > 1 { storeVector(L.self, t9, c + (9 &* cRow &+ L.count)) }
  }
  if rows > 10 {
    storeVector(L.self, s10, c + 10 &* cRow)
    if vectors > 1 { storeVector(L.self, t10, c + (10 &* cRow &+ L.count)) }
  }
  if rows > 11 {
    storeVector(L.self, s11, c + 11 &* cRow)
    if vectors > 1 { storeVector(L.self, t11, c + (11 &* cRow &+ L.count)) }
  }
  if rows > 12 {
    storeVector(L.self, s12, c + 12 &* cRow)
    if vectors > 1 { storeVector(L.self, t12, c + (12 &* cRow &+ L.count)) }
  }
  if rows > 13 {
    storeVector(L.self, s13, c + 13 &* cRow)
    if vectors > 1 { storeVector(L.self, t13, c + (13 &* cRow &+ L.count)) }
  }
}
