/// Maximum pooling without branches. A position is an Int32 index within the image's plane; it travels through selects as the bits of an element.

/// One tap over a row of windows: where source[i · step] beats best[i] (or is NaN), it and its position first + i · step take the place.
@inline(__always)
func maxTap<L: ConvolutionLanes>(
  _ lanes: L.Type, _ source: UnsafeRawPointer, _ step: Int, _ count: Int, _ first: Int, _ best: UnsafeMutableRawPointer,
  _ positions: UnsafeMutablePointer<Int32>
) {
  let size = MemoryLayout<L.Element>.stride
  var i = 0
  // The last element a vector of step 2 reads lies one behind its last tap: the last vector is left to the loop of single elements.
  let whole = step == 1 ? count &- L.count : step == 2 ? count &- L.count &- 1 : -1
  while i <= whole {
    let at = source + i &* step &* size
    let low = at.loadUnaligned(as: L.Vector.self)
    let value = step == 1 ? low : L.even(low, (at + L.count &* size).loadUnaligned(as: L.Vector.self))
    var top = UnsafeRawPointer(best + i &* size).loadUnaligned(as: L.Vector.self)
    var marks = L.loadPositions(positions + i)
    L.take(&top, &marks, value, L.bits(first &+ i &* step, step: step))
    (best + i &* size).storeBytes(of: top, as: L.Vector.self)
    L.storePositions(marks, positions + i)
    i &+= L.count
  }
  let source = source.assumingMemoryBound(to: L.Element.self), best = best.assumingMemoryBound(to: L.Element.self)
  while i < count {
    let value = source[i &* step]
    if L.isLarger(value, best[i]) {
      best[i] = value
      positions[i] = Int32(truncatingIfNeeded: first &+ i &* step)
    }
    i &+= 1
  }
}

/// Windows of 2 x 2 with stride 2 over one plane, whose width is even or whose last column is not read.
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
      if columns < L.count {
        square(L.self, upper, width, corner, i, target, places)
        i &+= 1
        continue
      }
      // The last vector ends with the row and overlaps the one before.
      if i > columns &- L.count { i = columns &- L.count }
      let a = upper + 2 &* i &* size, b = a + width &* size
      let a0 = a.loadUnaligned(as: L.Vector.self), a1 = (a + L.count &* size).loadUnaligned(as: L.Vector.self)
      let b0 = b.loadUnaligned(as: L.Vector.self), b1 = (b + L.count &* size).loadUnaligned(as: L.Vector.self)
      var best = L.even(a0, a1)
      let first = corner &+ 2 &* i
      var marks = L.bits(first, step: 2)
      L.take(&best, &marks, L.odd(a0, a1), L.bits(first &+ 1, step: 2))
      L.take(&best, &marks, L.even(b0, b1), L.bits(first &+ width, step: 2))
      L.take(&best, &marks, L.odd(b0, b1), L.bits(first &+ width &+ 1, step: 2))
      (target + i &* size).storeBytes(of: best, as: L.Vector.self)
      L.storePositions(marks, places + i)
      i &+= L.count
    }
    row &+= 1
  }
}

@inline(__always)
private func square<L: ConvolutionLanes>(
  _ lanes: L.Type, _ upper: UnsafeRawPointer, _ width: Int, _ corner: Int, _ i: Int, _ target: UnsafeMutableRawPointer,
  _ places: UnsafeMutablePointer<Int32>
) {
  let x = upper.assumingMemoryBound(to: L.Element.self) + 2 &* i
  var best = x[0], at = 0
  if L.isLarger(x[1], best) {
    best = x[1]
    at = 1
  }
  if L.isLarger(x[width], best) {
    best = x[width]
    at = width
  }
  if L.isLarger(x[width &+ 1], best) {
    best = x[width &+ 1]
    at = width &+ 1
  }
  target.assumingMemoryBound(to: L.Element.self)[i] = best
  places[i] = Int32(truncatingIfNeeded: corner &+ 2 &* i &+ at)
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
        var best = (corner + v).loadUnaligned(as: L.Vector.self), mark = L.bits(0)
        if pool == 2 {
          L.take(&best, &mark, (corner + (pitch &+ v)).loadUnaligned(as: L.Vector.self), L.bits(1))
          L.take(&best, &mark, (corner + (columns &* pitch &+ v)).loadUnaligned(as: L.Vector.self), L.bits(2))
          L.take(&best, &mark, (corner + ((columns &+ 1) &* pitch &+ v)).loadUnaligned(as: L.Vector.self), L.bits(3))
        } else {
          var i = 0
          while i < pool {
            var j = 0
            while j < pool {
              let value = (corner + ((i &* columns &+ j) &* pitch &+ v)).loadUnaligned(as: L.Vector.self)
              if i &+ j > 0 { L.take(&best, &mark, value, L.bits(i &* pool &+ j)) }
              j &+= 1
            }
            i &+= 1
          }
        }
        L.reluMark(&best, &mark, L.bits(255))
        (values + (out &+ v)).storeBytes(of: best, as: L.Vector.self)
        (marks + (out &+ v)).storeBytes(of: mark, as: L.Vector.self)
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
        L.self, { (source + $0 &* pitch &* size).loadUnaligned(as: L.Vector.self) },
        { i, v in if i < rows { L.storeBytes(v, target + i &* toRow) } })
      c &+= L.count
    }
    q &+= L.count
  }
}
