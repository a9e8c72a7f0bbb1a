/// The last columns of a product where they are few and a's columns are contiguous: a vector across them would be mostly empty, so vectors run
/// down a's columns. Each sum is the same chain as in a tile, so that equal columns of b give equal bits wherever they stand.

@inline(never)
func gemmNarrow32(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
  _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool, _ room: UnsafeMutableRawPointer
) {
  narrow(Lanes32.self, m, n, k, a, aStep, b, bRow, bColumn, c, cRow, TileEnd(accumulate: accumulate, bias: bias, relu: relu), room)
}

@inline(never)
func gemmNarrow64(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int,
  _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool, _ room: UnsafeMutableRawPointer
) {
  narrow(Lanes64.self, m, n, k, a, aStep, b, bRow, bColumn, c, cRow, TileEnd(accumulate: accumulate, bias: bias, relu: relu), room)
}

/// Two columns at a time: with six vectors of a they keep twelve sums in flight, as many as two multiply-adds a cycle of four cycles need and more.
/// A last single column is done as two of which one is dropped.
@inline(__always)
func narrow<L: TileLanes>(
  _ lanes: L.Type, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aStep: Int, _ b: UnsafeRawPointer, _ bRow: Int,
  _ bColumn: Int, _ c: UnsafeMutableRawPointer, _ cRow: Int, _ end: TileEnd, _ room: UnsafeMutableRawPointer
) {
  let a = a.assumingMemoryBound(to: L.Element.self)
  let b = b.assumingMemoryBound(to: L.Element.self)
  let c = c.assumingMemoryBound(to: L.Element.self)
  let room = room.assumingMemoryBound(to: L.Element.self)
  var column = 0
  while column < n {
    let second = column &+ 1 < n
    var end = end
    if let bias = end.bias { end.bias = bias + column &* MemoryLayout<L.Element>.stride }
    downColumns(L.self, m, k, a, aStep, b + column &* bColumn, bRow, second ? bColumn : 0, c + column, cRow, second, end, room)
    column &+= 2
  }
}

/// c[r, j] = Σ_p a[r, p] · b[p, j] for two columns of b: sums of six vectors of rows at a time, then of one; the last vector ends at the last row.
@inline(never)
private func downColumns<L: TileLanes>(
  _ lanes: L.Type, _ m: Int, _ k: Int, _ a: UnsafePointer<L.Element>, _ aStep: Int, _ b: UnsafePointer<L.Element>, _ bRow: Int, _ bColumn: Int,
  _ c: UnsafeMutablePointer<L.Element>, _ cRow: Int, _ second: Bool, _ end: TileEnd, _ room: UnsafeMutablePointer<L.Element>
) {
  var r = 0
  while r < m {
    let six = r &+ 6 &* L.count <= m
    let first = six ? r : min(r, m &- L.count)
    let step = six ? L.count : 0
    var s = Sums(L.self)
    var from = a + first
    var row = b
    var p = 0
    while p < k {
      let (u, v) = (L.splat(row[0]), L.splat(row[bColumn]))
      if six {
        s.add(
          L.self, loadVector(L.self, from), loadVector(L.self, from + step), loadVector(L.self, from + 2 &* step),
          loadVector(L.self, from + 3 &* step), loadVector(L.self, from + 4 &* step), loadVector(L.self, from + 5 &* step), u, v)
      } else {
        let x = loadVector(L.self, from)
        s.s0 = L.addProduct(s.s0, x, u)
        s.t0 = L.addProduct(s.t0, x, v)
      }
      from += aStep
      row += bRow
      p &+= 1
    }
    let y = room + 6 &* L.count
    storeVector(L.self, s.s0, room)
    storeVector(L.self, s.t0, y)
    if six {
      storeVector(L.self, s.s1, room + L.count)
      storeVector(L.self, s.t1, y + L.count)
      storeVector(L.self, s.s2, room + 2 &* L.count)
      storeVector(L.self, s.t2, y + 2 &* L.count)
      storeVector(L.self, s.s3, room + 3 &* L.count)
      storeVector(L.self, s.t3, y + 3 &* L.count)
      storeVector(L.self, s.s4, room + 4 &* L.count)
      storeVector(L.self, s.t4, y + 4 &* L.count)
      storeVector(L.self, s.s5, room + 5 &* L.count)
      storeVector(L.self, s.t5, y + 5 &* L.count)
    }
    // Rows before r were written by the vectors before this one.
    let count = six ? 6 &* L.count : L.count
    var i = r &- first
    while i < count {
      endNarrow(L.self, room[i], y[i], c + (first &+ i) &* cRow, second, end)
      i &+= 1
    }
    r = first &+ count
  }
}

/// Sums of six vectors of a with two of b.
private struct Sums<L: TileLanes> {
  var (s0, s1, s2, s3, s4, s5) = (L.zero, L.zero, L.zero, L.zero, L.zero, L.zero)
  var (t0, t1, t2, t3, t4, t5) = (L.zero, L.zero, L.zero, L.zero, L.zero, L.zero)

  @inline(__always) init(_ lanes: L.Type) {}

  @inline(__always)
  mutating func add(
    _ lanes: L.Type, _ a0: L.Vector, _ a1: L.Vector, _ a2: L.Vector, _ a3: L.Vector, _ a4: L.Vector, _ a5: L.Vector, _ u: L.Vector, _ v: L.Vector
  ) {
    s0 = L.addProduct(s0, a0, u)
    s1 = L.addProduct(s1, a1, u)
    s2 = L.addProduct(s2, a2, u)
    s3 = L.addProduct(s3, a3, u)
    s4 = L.addProduct(s4, a4, u)
    s5 = L.addProduct(s5, a5, u)
    t0 = L.addProduct(t0, a0, v)
    t1 = L.addProduct(t1, a1, v)
    t2 = L.addProduct(t2, a2, v)
    t3 = L.addProduct(t3, a3, v)
    t4 = L.addProduct(t4, a4, v)
    t5 = L.addProduct(t5, a5, v)
  }
}

/// One row of two results.
@inline(__always)
private func endNarrow<L: TileLanes>(
  _ lanes: L.Type, _ x: L.Element, _ y: L.Element, _ c: UnsafeMutablePointer<L.Element>, _ second: Bool, _ end: TileEnd
) {
  let bias = end.bias?.assumingMemoryBound(to: L.Element.self)
  @inline(__always) func write(_ value: L.Element, _ j: Int) {
    var value = end.accumulate ? L.add(value, c[j]) : value
    if let bias { value = L.add(value, bias[j]) }
    c[j] = end.relu && L.isNegative(value) ? L.zeroElement : value
  }
  write(x, 0)
  if second { write(y, 1) }
}
