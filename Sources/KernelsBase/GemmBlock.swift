/// Products of blocks that fit the caches, tile by tile.

@inline(never)
func gemmBlock32(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ bPanel: Int,
  _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool, _ room: UnsafeMutableRawPointer
) {
  block(Lanes32.self, m, n, k, a, aRow, aStep, b, bStep, bPanel, c, cRow, TileEnd(accumulate: accumulate, bias: bias, relu: relu), room)
}

@inline(never)
func gemmBlock64(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int, _ bPanel: Int,
  _ c: UnsafeMutableRawPointer, _ cRow: Int, _ accumulate: Bool, _ bias: UnsafeRawPointer?, _ relu: Bool, _ room: UnsafeMutableRawPointer
) {
  block(Lanes64.self, m, n, k, a, aRow, aStep, b, bStep, bPanel, c, cRow, TileEnd(accumulate: accumulate, bias: bias, relu: relu), room)
}

/// The first two tiles of a panel ask for the next one, a line of each row the one, the other line the other: it comes from the third-level
/// cache while this one is worked on.
/// Rows are dealt out evenly over the fewest possible tiles: 100 rows are 4 tiles of 13 and 4 of 12, not 7 of 14 and one of 2.
@inline(__always)
func block<L: TileLanes>(
  _ lanes: L.Type, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aStep: Int, _ b: UnsafeRawPointer, _ bStep: Int,
  _ bPanel: Int, _ c: UnsafeMutableRawPointer, _ cRow: Int, _ end: TileEnd, _ room: UnsafeMutableRawPointer
) {
  let width = 2 &* L.count
  let tiles = (m &+ tileRows &- 1) / tileRows
  let short = m / tiles
  let longTiles = m &- short &* tiles
  var end = end
  let room = room.assumingMemoryBound(to: L.Element.self)
  var b = b.assumingMemoryBound(to: L.Element.self)
  var column = 0
  while column < n {
    let columns = min(width, n &- column)
    var a = a.assumingMemoryBound(to: L.Element.self)
    var c = c.assumingMemoryBound(to: L.Element.self) + column
    let next = UnsafeRawPointer(column &+ width < n ? b + bPanel : b)
    var t = 0
    while t < tiles {
      let rows = t < longTiles ? short &+ 1 : short
      tile(
        L.self, rows: rows, columns: columns, k: k, a: a, aRow: aRow, aStep: aStep, b: b, bStep: bStep, c: c, cRow: cRow, end: end,
        room: room, ahead: t < 2 ? next + t &* MemoryLayout<L.Vector>.stride : next, aheadStep: t < 2 ? bStep &* MemoryLayout<L.Element>.stride : 0)
      a += rows &* aRow
      c += rows &* cRow
      t &+= 1
    }
    if let bias = end.bias { end.bias = bias + columns &* MemoryLayout<L.Element>.stride }
    b += bPanel
    column &+= columns
  }
}
