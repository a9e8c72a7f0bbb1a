/// Bringing operands into dense rows. One of the two directions is contiguous in nearly every call: either rows are copied,
/// or square blocks are transposed in registers.

@inline(never)
func gemmCopy32(
  _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int,
  _ target: UnsafeMutableRawPointer, _ targetRow: Int
) {
  copyMatrix(Lanes32.self, rows, columns, source, rowStride, columnStride, target, targetRow)
}

@inline(never)
func gemmCopy64(
  _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int,
  _ target: UnsafeMutableRawPointer, _ targetRow: Int
) {
  copyMatrix(Lanes64.self, rows, columns, source, rowStride, columnStride, target, targetRow)
}

@inline(never)
func gemmPack32(
  _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int, _ target: UnsafeMutableRawPointer
) {
  packPanels(Lanes32.self, rows, columns, source, rowStride, columnStride, target)
}

@inline(never)
func gemmPack64(
  _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int, _ target: UnsafeMutableRawPointer
) {
  packPanels(Lanes64.self, rows, columns, source, rowStride, columnStride, target)
}

@inline(__always)
func copyMatrix<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int,
  _ target: UnsafeMutableRawPointer, _ targetRow: Int
) {
  let source = source.assumingMemoryBound(to: L.Element.self)
  let target = target.assumingMemoryBound(to: L.Element.self)
  if columnStride == 1 {
    copyRows(L.self, rows, columns, source, rowStride, target, targetRow)
  } else if rowStride == 1 {
    let squareRows = rows / L.square &* L.square
    let squareColumns = columns / L.square &* L.square
    var r = 0
    while r < squareRows {
      // Two squares are one cache line of the source: with columns that share a cache set it would not be there the second time.
      let two = r &+ 2 &* L.square <= squareRows
      var j = 0
      while j < squareColumns {
        let from = source + (j &* columnStride &+ r)
        let to = target + (r &* targetRow &+ j)
        L.transpose(from, columnStride, to, targetRow)
        if two { L.transpose(from + L.square, columnStride, to + L.square &* targetRow, targetRow) }
        j &+= L.square
      }
      r &+= two ? 2 &* L.square : L.square
    }
    gather(L.self, 0, squareRows, squareColumns, columns, source, rowStride, columnStride, target, targetRow)
    gather(L.self, squareRows, rows, 0, columns, source, rowStride, columnStride, target, targetRow)
  } else {
    gather(L.self, 0, rows, 0, columns, source, rowStride, columnStride, target, targetRow)
  }
}

/// Rows of contiguous columns are read from end to end, for memory's sake, and spread over the panels.
@inline(__always)
func packPanels<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ columns: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int,
  _ target: UnsafeMutableRawPointer
) {
  let width = 2 &* L.count
  let panels = columns / width
  let rest = columns &- panels &* width
  let step = rows &* width
  let source = source.assumingMemoryBound(to: L.Element.self)
  let target = target.assumingMemoryBound(to: L.Element.self)
  if columnStride == 1 {
    var r = 0
    while r < rows {
      var from = source + r &* rowStride
      var to = target + r &* width
      var i = 0
      while i < panels {
        let first = loadVector(L.self, from)
        let second = loadVector(L.self, from + L.count)
        storeVector(L.self, first, to)
        storeVector(L.self, second, to + L.count)
        from += width
        to += step
        i &+= 1
      }
      if rest > 0 {
        // Zeros first, then the elements over them: joining them in a register would wait for the store before the load.
        let whole = rest >= L.count ? 1 : 0
        if whole > 0 { storeVector(L.self, loadVector(L.self, from), to) }
        let at = whole &* L.count
        storeVector(L.self, L.zero, to + at)
        copyPart(from + at, to + at, (rest &- at) &* MemoryLayout<L.Element>.stride)
      }
      r &+= 1
    }
    return
  }
  var column = 0
  while column < columns {
    let count = min(width, columns &- column)
    let to = target + column / width &* step
    if count < width {
      var i = 0
      while i < 2 &* rows {
        storeVector(L.self, L.zero, to + i &* L.count)
        i &+= 1
      }
    }
    copyMatrix(L.self, rows, count, source + column &* columnStride, rowStride, columnStride, to, width)
    column &+= width
  }
}

@inline(__always)
func copyRows<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ columns: Int, _ source: UnsafePointer<L.Element>, _ rowStride: Int,
  _ target: UnsafeMutablePointer<L.Element>, _ targetRow: Int
) {
  let whole = columns / L.count &* L.count
  let rest = (columns &- whole) &* MemoryLayout<L.Element>.stride
  var source = source
  var target = target
  var r = 0
  while r < rows {
    var j = 0
    while j < whole {
      storeVector(L.self, loadVector(L.self, source + j), target + j)
      j &+= L.count
    }
    copyPart(source + whole, target + whole, rest)
    source += rowStride
    target += targetRow
    r &+= 1
  }
}

@inline(__always)
func gather<L: TileLanes>(
  _ lanes: L.Type, _ firstRow: Int, _ rows: Int, _ firstColumn: Int, _ columns: Int, _ source: UnsafePointer<L.Element>,
  _ rowStride: Int, _ columnStride: Int, _ target: UnsafeMutablePointer<L.Element>, _ targetRow: Int
) {
  var r = firstRow
  while r < rows {
    var j = firstColumn
    while j < columns {
      (target + r &* targetRow)[j] = source[r &* rowStride &+ j &* columnStride]
      j &+= 1
    }
    r &+= 1
  }
}
