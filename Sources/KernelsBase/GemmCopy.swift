/// Bringing operands into dense rows. One of the two directions is contiguous in nearly every call: either rows are copied,
/// or square blocks are transposed in registers.

@inline(never)
func gemmCopy32(
  _ rows: Int, _ columns: Int, _ padded: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int,
  _ target: UnsafeMutableRawPointer, _ targetRow: Int
) {
  copyMatrix(Lanes32.self, rows, columns, padded, source, rowStride, columnStride, target, targetRow)
}

@inline(never)
func gemmCopy64(
  _ rows: Int, _ columns: Int, _ padded: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int,
  _ target: UnsafeMutableRawPointer, _ targetRow: Int
) {
  copyMatrix(Lanes64.self, rows, columns, padded, source, rowStride, columnStride, target, targetRow)
}

@inline(__always)
func copyMatrix<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ columns: Int, _ padded: Int, _ source: UnsafeRawPointer, _ rowStride: Int, _ columnStride: Int,
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
      var j = 0
      while j < squareColumns {
        L.transpose(source + (j &* columnStride &+ r), columnStride, target + (r &* targetRow &+ j), targetRow)
        j &+= L.square
      }
      r &+= L.square
    }
    gather(L.self, 0, squareRows, squareColumns, columns, source, rowStride, columnStride, target, targetRow)
    gather(L.self, squareRows, rows, 0, columns, source, rowStride, columnStride, target, targetRow)
  } else {
    gather(L.self, 0, rows, 0, columns, source, rowStride, columnStride, target, targetRow)
  }
  if padded > columns {
    var r = 0
    while r < rows {
      var j = columns
      while j < padded {
        (target + r &* targetRow)[j] = L.zeroElement
        j &+= 1
      }
      r &+= 1
    }
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
  if columns == 2 &* L.count {
    // The panels of b: two vectors a row, no inner loop.
    while r < rows {
      let first = loadVector(L.self, source)
      let second = loadVector(L.self, source + L.count)
      storeVector(L.self, first, target)
      storeVector(L.self, second, target + L.count)
      source += rowStride
      target += targetRow
      r &+= 1
    }
    return
  }
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
