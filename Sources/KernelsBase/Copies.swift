/// y[c yRow + r] = x[r xRow + c]
@inline(never)
func transpose(_ size: Int, _ x: UnsafeRawPointer, _ xRow: Int, _ y: UnsafeMutableRawPointer, _ yRow: Int, _ rows: Int, _ columns: Int) {
  switch size {
  case 1: transposeTiles(UInt8.self, x, xRow, y, yRow, rows, columns)
  case 4: transposeTiles(UInt32.self, x, xRow, y, yRow, rows, columns)
  default: transposeTiles(UInt64.self, x, xRow, y, yRow, rows, columns)
  }
}

/// Tiles of 16 × 16 elements: a tile's rows and columns stay in the first-level cache.
@inline(__always)
private func transposeTiles<T: BitwiseCopyable>(
  _: T.Type, _ x: UnsafeRawPointer, _ xRow: Int, _ y: UnsafeMutableRawPointer, _ yRow: Int, _ rows: Int, _ columns: Int
) {
  let x = x.assumingMemoryBound(to: T.self)
  let y = y.assumingMemoryBound(to: T.self)
  var r = 0
  while r < rows {
    let rowEnd = rows &- r < 16 ? rows : r &+ 16
    var c = 0
    while c < columns {
      let columnEnd = columns &- c < 16 ? columns : c &+ 16
      var j = c
      while j < columnEnd {
        var i = r
        while i < rowEnd {
          y[j &* yRow &+ i] = x[i &* xRow &+ j]
          i &+= 1
        }
        j &+= 1
      }
      c = columnEnd
    }
    r = rowEnd
  }
}

/// y[i yStep] = x[i xStep]
@inline(never)
func strided(_ size: Int, _ x: UnsafeRawPointer, _ xStep: Int, _ y: UnsafeMutableRawPointer, _ yStep: Int, _ n: Int) {
  switch size {
  case 1: strided(UInt8.self, x, xStep, y, yStep, n)
  case 4: strided(UInt32.self, x, xStep, y, yStep, n)
  default: strided(UInt64.self, x, xStep, y, yStep, n)
  }
}

@inline(__always)
private func strided<T: BitwiseCopyable>(_: T.Type, _ x: UnsafeRawPointer, _ xStep: Int, _ y: UnsafeMutableRawPointer, _ yStep: Int, _ n: Int) {
  let x = x.assumingMemoryBound(to: T.self)
  let y = y.assumingMemoryBound(to: T.self)
  var i = 0
  while i < n {
    y[i &* yStep] = x[i &* xStep]
    i &+= 1
  }
}
