/// Maximum pooling without branches. A position is an Int32 index within the image's plane; it travels through selects as the bits of an element.

/// All windows of one plane, which lies in `source` with a border of -inf around it and a register or more behind it.
///
/// - rowStep, columnStep: from a window to the next; rowTap, columnTap: from a tap to the next (all in elements of the bordered plane).
/// - rowMarks, columnMarks: for each row and column of windows the part of the position where a window of -inf alone finds itself;
///   columnMarks are read up to a register behind their end.
/// - markRow: the position's step from row to row; mark: what a tap at the bordered plane's first element would have.
@inline(__always)
func maxWindows<L: ConvolutionLanes>(
  _ lanes: L.Type, _ source: UnsafeRawPointer, _ pitch: Int, _ rows: Int, _ columns: Int, _ kernelHeight: Int, _ kernelWidth: Int,
  _ strideHeight: Int, _ strideWidth: Int, _ dilationHeight: Int, _ dilationWidth: Int, _ mark: Int, _ markRow: Int,
  _ rowMarks: UnsafePointer<Int32>, _ columnMarks: UnsafePointer<Int32>, _ y: UnsafeMutableRawPointer,
  _ positions: UnsafeMutablePointer<Int32>
) {
  let source = source.assumingMemoryBound(to: L.Element.self), y = y.assumingMemoryBound(to: L.Element.self)
  var row = 0
  while row < rows {
    var j = 0
    while j < columns {
      // Where there is room the last register ends with the row and overlaps the one before.
      if columns >= L.count && j > columns &- L.count { j = columns &- L.count }
      var best = L.lowest
      var marks = L.addBits(L.loadPositions(columnMarks + j), Int(rowMarks[row]))
      var u = 0
      while u < kernelHeight {
        let line = row &* strideHeight &+ u &* dilationHeight
        let first = line &* pitch &+ j &* strideWidth
        let firstMark = mark &+ line &* markRow &+ j &* strideWidth
        var v = 0
        while v < kernelWidth {
          let at = source + (first &+ v &* dilationWidth)
          let value =
            strideWidth == 1
            ? loadVector(L.self, at)
            : strideWidth == 2 ? L.even(loadVector(L.self, at), loadVector(L.self, at + L.count)) : L.strided(at, strideWidth)
          L.take(&best, &marks, value, L.bits(firstMark &+ v &* dilationWidth, step: strideWidth))
          v &+= 1
        }
        u &+= 1
      }
      let target = row &* columns &+ j
      if columns >= L.count {
        storeVector(L.self, best, y + target)
        L.storePositions(marks, positions + target)
      } else {
        storePart(L.self, best, y + target, columns)
        L.storePositions(marks, columns, positions + target)
      }
      j &+= L.count
    }
    row &+= 1
  }
}

/// Windows of 2 x 2 with stride 2 over one plane: two rows of registers, and their even and odd lanes. `columns` ≥ the lanes of a register.
@inline(__always)
func maxSquares<L: ConvolutionLanes>(
  _ lanes: L.Type, _ source: UnsafeRawPointer, _ width: Int, _ rows: Int, _ columns: Int, _ y: UnsafeMutableRawPointer,
  _ positions: UnsafeMutablePointer<Int32>
) {
  let size = MemoryLayout<L.Element>.stride
  var row = 0
  while row < rows {
    let upper = source + 2 &* row &* width &* size
    let target = y + row &* columns &* size
    let places = positions + row &* columns
    let corner = 2 &* row &* width
    var i = 0
    while i < columns {
      // The last vector ends with the row and overlaps the one before.
      if i > columns &- L.count { i = columns &- L.count }
      let a = upper + 2 &* i &* size, b = a + width &* size
      let a0 = L.load(a), a1 = L.load(a + L.count &* size)
      let b0 = L.load(b), b1 = L.load(b + L.count &* size)
      var best = L.even(a0, a1)
      let first = corner &+ 2 &* i
      var marks = L.bits(first, step: 2)
      L.take(&best, &marks, L.odd(a0, a1), L.bits(first &+ 1, step: 2))
      L.take(&best, &marks, L.even(b0, b1), L.bits(first &+ width, step: 2))
      L.take(&best, &marks, L.odd(b0, b1), L.bits(first &+ width &+ 1, step: 2))
      L.store(best, target + i &* size)
      L.storePositions(marks, places + i)
      i &+= L.count
    }
    row &+= 1
  }
}

/// Relu and maximum over pool x pool windows of sums that lie channels last: [row · pool][columns][vectors] becomes [row][columns / pool][vectors],
/// `marks` the index within the window as bits, 255 where relu gave 0. Channels are lanes, so that a maximum needs no lane moves.
@inline(__always)
func poolSums<L: ConvolutionLanes>(
  _ lanes: L.Type, _ sums: UnsafeRawPointer, _ vectors: Int, _ columns: Int, _ pool: Int, _ pooledRows: Int, _ pooledColumns: Int,
  _ values: UnsafeMutableRawPointer, _ marks: UnsafeMutableRawPointer
) {
  let size = MemoryLayout<L.Vector>.stride
  let pitch = vectors &* size
  var out = 0
  var row = 0
  while row < pooledRows {
    var column = 0
    while column < pooledColumns {
      let corner = sums + (row &* pool &* columns &+ column &* pool) &* pitch
      var v = 0
      while v < pitch {
        var best = L.load(corner + v), mark = L.bits(0)
        if pool == 2 {
          L.take(&best, &mark, L.load(corner + (pitch &+ v)), L.bits(1))
          L.take(&best, &mark, L.load(corner + (columns &* pitch &+ v)), L.bits(2))
          L.take(&best, &mark, L.load(corner + ((columns &+ 1) &* pitch &+ v)), L.bits(3))
        } else {
          var i = 0
          while i < pool {
            var j = 0
            while j < pool {
              let value = L.load(corner + ((i &* columns &+ j) &* pitch &+ v))
              if i &+ j > 0 { L.take(&best, &mark, value, L.bits(i &* pool &+ j)) }
              j &+= 1
            }
            i &+= 1
          }
        }
        L.reluMark(&best, &mark, L.bits(255))
        L.store(best, values + (out &+ v))
        L.store(mark, marks + (out &+ v))
        v &+= size
      }
      out &+= pitch
      column &+= 1
    }
    row &+= 1
  }
}

/// to[c, q] = low byte of from[q, c].
@inline(__always)
func marksFirst<L: ConvolutionLanes>(
  _ lanes: L.Type, _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutablePointer<UInt8>, _ toRow: Int
) {
  let size = MemoryLayout<L.Element>.stride
  if pixels < L.count {
    var c = 0
    while c < channels {
      var q = 0
      while q < pixels {
        to[c &* toRow &+ q] = (from + (q &* pitch &+ c) &* size).load(as: UInt8.self)
        q &+= 1
      }
      c &+= 1
    }
    return
  }
  var q = 0
  while q < pixels {
    let start = q < pixels &- L.count ? q : pixels &- L.count
    var c = 0
    while c < channels {
      let source = from + (start &* pitch &+ c) &* size
      let target = to + (c &* toRow &+ start)
      let rows = channels &- c
      transposeBlock(
        L.self, { L.load(source + $0 &* pitch &* size) },
        { i, v in if i < rows { L.storeBytes(v, target + i &* toRow) } })
      c &+= L.count
    }
    q &+= L.count
  }
}
