/// Rows shorter than two vectors, as many at a time as a vector has lanes: laid down as columns in a buffer, element k of all rows in vector k.
/// What a row gives does not depend on the rows beside it.
enum ShortRows {
  /// Elements of the longest; the buffer is made for it.
  static let most = 32

  /// Vectors for `most` elements.
  private struct Room {
    var vectors =
      (
        SIMD64<UInt32>(), SIMD64<UInt32>(), SIMD64<UInt32>(), SIMD64<UInt32>(), SIMD64<UInt32>(), SIMD64<UInt32>(), SIMD64<UInt32>(), SIMD64<UInt32>()
      )
  }

  @inline(__always)
  static func withRoom(_ body: (UnsafeMutableRawPointer) -> Void) {
    var room = Room()
    withUnsafeMutableBytes(of: &room) { body($0.baseAddress.unsafelyUnwrapped) }
  }

  /// Calls `body(first row, how many, buffer)` for all rows.
  @inline(__always)
  static func forEachBundle<V: Lanes>(_: V.Type, _ rows: Int, _ body: (Int, Int, UnsafeMutableRawPointer) -> Void) {
    withRoom { room in
      var first = 0
      while first < rows {
        let n = rows &- first < V.count ? rows &- first : V.count
        body(first, n, room)
        first &+= n
      }
    }
  }

  /// room[k, r] = x[r, k]
  @inline(__always)
  static func gather<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ room: UnsafeMutableRawPointer, _ rows: Int, _ count: Int) {
    if V.stride == 4, V.count >= 8, rows == V.count, count >= 8 {
      blocks(x, count, room, V.count, rows, count)
    } else {
      transpose(V.stride, x, count, room, V.count, rows, count)
    }
  }

  /// y[r, k] = room[k, r]
  @inline(__always)
  static func scatter<V: Lanes>(_: V.Type, _ room: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ rows: Int, _ count: Int) {
    if V.stride == 4, V.count >= 8, rows == V.count, count >= 8 {
      blocks(room, V.count, y, count, count, rows)
    } else {
      transpose(V.stride, room, V.count, y, count, count, rows)
    }
  }

  /// y[c, r] = x[r, c] by blocks of 8 x 8, of which the last begin among elements that are there already.
  @inline(never)
  private static func blocks(_ x: UnsafeRawPointer, _ xRow: Int, _ y: UnsafeMutableRawPointer, _ yRow: Int, _ rows: Int, _ columns: Int) {
    let (x, y) = (x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
    var r = 0
    while r < rows {
      let i = rows &- r < 8 ? rows &- 8 : r
      var c = 0
      while c < columns {
        let j = columns &- c < 8 ? columns &- 8 : c
        transpose8x8(x + (i &* xRow &+ j), xRow, y + (j &* yRow &+ i), yRow)
        c &+= 8
      }
      r &+= 8
    }
  }
}
