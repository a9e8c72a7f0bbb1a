internal import CIntrinsics

/// Channels last ↔ channels first: blocks of n x n elements (n lanes) pass through registers.
///
/// Up to 8 lanes: after log2(n) perfect shuffles, each pairing vector i with vector i + n/2, lane j of vector i has become lane i of vector j.

typealias Vectors2<V> = (V, V)
typealias Vectors4<V> = (V, V, V, V)
typealias Vectors8<V> = (V, V, V, V, V, V, V, V)
typealias Vectors16<V> = (V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V)

@inline(__always)
func shuffle2<L: ConvolutionLanes>(_ lanes: L.Type, _ v: Vectors2<L.Vector>) -> Vectors2<L.Vector> {
  (
    L.interleaveLow(v.0, v.1), L.interleaveHigh(v.0, v.1)
  )
}

@inline(__always)
func shuffle4<L: ConvolutionLanes>(_ lanes: L.Type, _ v: Vectors4<L.Vector>) -> Vectors4<L.Vector> {
  (
    L.interleaveLow(v.0, v.2), L.interleaveHigh(v.0, v.2),
    L.interleaveLow(v.1, v.3), L.interleaveHigh(v.1, v.3)
  )
}

@inline(__always)
func shuffle8<L: ConvolutionLanes>(_ lanes: L.Type, _ v: Vectors8<L.Vector>) -> Vectors8<L.Vector> {
  (
    L.interleaveLow(v.0, v.4), L.interleaveHigh(v.0, v.4),
    L.interleaveLow(v.1, v.5), L.interleaveHigh(v.1, v.5),
    L.interleaveLow(v.2, v.6), L.interleaveHigh(v.2, v.6),
    L.interleaveLow(v.3, v.7), L.interleaveHigh(v.3, v.7)
  )
}

/// Transposes one block: `read(i)` gives its vector i, `write(i, v)` takes vector i of the result.
@inline(__always)
func transposeBlock<L: ConvolutionLanes>(_ lanes: L.Type, _ read: (Int) -> L.Vector, _ write: (Int, L.Vector) -> Void) {
  if L.count == 16 {
    let v: Vectors16<L.Vector> = (
      read(0), read(1), read(2), read(3), read(4), read(5), read(6), read(7),
      read(8), read(9), read(10), read(11), read(12), read(13), read(14), read(15)
    )
    let w = L.transposed(v)
    write(0, w.0)
    write(1, w.1)
    write(2, w.2)
    write(3, w.3)
    write(4, w.4)
    write(5, w.5)
    write(6, w.6)
    write(7, w.7)
    write(8, w.8)
    write(9, w.9)
    write(10, w.10)
    write(11, w.11)
    write(12, w.12)
    write(13, w.13)
    write(14, w.14)
    write(15, w.15)
  } else if L.count == 8 {
    let v: Vectors8<L.Vector> = (
      read(0), read(1), read(2), read(3), read(4), read(5), read(6), read(7)
    )
    let w = shuffle8(L.self, shuffle8(L.self, shuffle8(L.self, v)))
    write(0, w.0)
    write(1, w.1)
    write(2, w.2)
    write(3, w.3)
    write(4, w.4)
    write(5, w.5)
    write(6, w.6)
    write(7, w.7)
  } else if L.count == 4 {
    let v: Vectors4<L.Vector> = (
      read(0), read(1), read(2), read(3)
    )
    let w = shuffle4(L.self, shuffle4(L.self, v))
    write(0, w.0)
    write(1, w.1)
    write(2, w.2)
    write(3, w.3)
  } else {
    let v: Vectors2<L.Vector> = (
      read(0), read(1)
    )
    let w = shuffle2(L.self, v)
    write(0, w.0)
    write(1, w.1)
  }
}

/// Asks, `rows` channels of an image `length` elements long being worked on from element `at`, for what comes later: a like part of the
/// channels `next` further on, or with long rows these at 256 bytes on, and where they end the next.
///
/// Rows lie so far apart, and are so many, that the processor does not see where each goes on, and what one pass of a training step wrote
/// has left the nearer caches when the next reads it: waiting for these loads was nine tenths of the time of Winograd's transpositions.
@inline(__always)
func prefetchBlock<T>(_ type: T.Type, _ from: UnsafeRawPointer, _ fromRow: Int, _ rows: Int, _ at: Int, _ length: Int, _ next: Int) {
  let size = MemoryLayout<T>.stride
  // Up to 16 KB fit beside what is worked on; read line by line, they also set the processor's own prefetching going.
  if rows &* length &* size <= 16384 {
    let place = from + (next &* fromRow &+ rows &* at) &* size
    var line = 0
    while line < rows {
      nn_prefetch(place + line &* 64)
      line &+= 1
    }
    return
  }
  let ahead = at &+ 256 / size
  var place = from + (ahead < length ? ahead : next &* fromRow &+ ahead &- length) &* size
  var row = 0
  while row < rows {
    nn_prefetch(place)
    place += fromRow &* size
    row &+= 1
  }
}

/// One block of `channelsFirst`. Not inlined: beyond a size the compiler stops inlining even loads.
@inline(never)
private func blockFirst<L: ConvolutionLanes>(
  _ lanes: L.Type, _ from: UnsafeRawPointer, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ floor: L.Vector
) {
  transposeBlock(
    L.self, { L.load(from + $0 &* fromRow) },
    { i, v in L.store(L.atLeast(v, floor), to + i &* toRow) })
}

/// One block of `channelsLast`, `rows` of whose rows are there.
@inline(never)
private func blockLast<L: ConvolutionLanes>(
  _ lanes: L.Type, _ from: UnsafeRawPointer, _ fromRow: Int, _ rows: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int
) {
  transposeBlock(
    L.self, { $0 < rows ? L.load(from + $0 &* fromRow) : L.zero },
    { i, v in L.store(v, to + i &* toRow) })
}

/// The same, 0 where `results` are not positive: by way of a block of its own, for with two loads the compiler calls a function for each row.
@inline(never)
private func positiveLast<L: ConvolutionLanes>(
  _ lanes: L.Type, _ from: UnsafeRawPointer, _ results: UnsafeRawPointer, _ fromRow: Int, _ rows: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int
) {
  let z = L.zero
  var block: Vectors16<L.Vector> = (z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z)
  withUnsafeMutableBytes(of: &block) { bytes in
    let block = bytes.baseAddress.unsafelyUnwrapped, size = MemoryLayout<L.Vector>.stride
    var row = 0
    while row < rows && row < L.count {
      L.store(L.wherePositive(L.load(results + row &* fromRow), L.load(from + row &* fromRow)), block + row &* size)
      row &+= 1
    }
    blockLast(L.self, UnsafeRawPointer(block), size, L.count, to, toRow)
  }
}

/// to[c, q] = from[q, c] for `channels` columns of `pixels` rows that are `pitch` long, with relu if asked.
@inline(__always)
func channelsFirst<L: ConvolutionLanes>(
  _ lanes: L.Type, _ from: UnsafeRawPointer, _ pitch: Int, _ pixels: Int, _ channels: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int,
  _ relu: Bool
) {
  let size = MemoryLayout<L.Element>.stride
  if pixels < L.count || channels < L.count {
    let from = from.assumingMemoryBound(to: L.Element.self), to = to.assumingMemoryBound(to: L.Element.self)
    var c = 0
    while c < channels {
      var q = 0
      while q < pixels {
        let value = from[q &* pitch &+ c]
        to[c &* toRow &+ q] = relu ? L.relu(value) : value
        q &+= 1
      }
      c &+= 1
    }
    return
  }
  let floor = relu ? L.zero : L.lowest
  var q = 0
  while q < pixels {
    // The last block ends with the last pixel or channel and overlaps the one before.
    let start = q < pixels &- L.count ? q : pixels &- L.count
    var c = 0
    while c < channels {
      let first = c < channels &- L.count ? c : channels &- L.count
      prefetchBlock(L.Element.self, to + first &* toRow &* size, toRow, L.count, q, 1 << 40, 0)
      blockFirst(
        L.self, from + (start &* pitch &+ first) &* size, pitch &* size, to + (first &* toRow &+ start) &* size, toRow &* size, floor)
      c &+= L.count
    }
    q &+= L.count
  }
}

/// to[q, c] = from[c, q] for `channels` rows of `pixels`; columns from `channels` to `pitch` become 0, and so does what stands where `results`,
/// ReLU's, are not positive.
@inline(__always)
func channelsLast<L: ConvolutionLanes>(
  _ lanes: L.Type, _ from: UnsafeRawPointer, _ results: UnsafeRawPointer?, _ fromRow: Int, _ channels: Int, _ pixels: Int,
  _ to: UnsafeMutableRawPointer, _ pitch: Int
) {
  let size = MemoryLayout<L.Element>.stride
  if pixels < L.count {
    let from = from.assumingMemoryBound(to: L.Element.self), to = to.assumingMemoryBound(to: L.Element.self)
    let positive = (results ?? UnsafeRawPointer(from)).assumingMemoryBound(to: L.Element.self)
    var c = 0
    while c < pitch {
      var q = 0
      while q < pixels {
        let at = c &* fromRow &+ q
        to[q &* pitch &+ c] = c >= channels || (results != nil && L.isNotPositive(positive[at])) ? L.zeroElement : from[at]
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
    while c < pitch {
      let rows = channels &- c, block = c &* fromRow &* size, corner = to + (start &* pitch &+ c) &* size
      prefetchBlock(L.Element.self, from + block, fromRow, min(rows, L.count), q, pixels, channels)
      if let results {
        prefetchBlock(L.Element.self, results + block, fromRow, min(rows, L.count), q, pixels, channels)
        positiveLast(L.self, from + (block &+ start &* size), results + (block &+ start &* size), fromRow &* size, rows, corner, pitch &* size)
      } else {
        blockLast(L.self, from + (block &+ start &* size), fromRow &* size, rows, corner, pitch &* size)
      }
      c &+= L.count
    }
    q &+= L.count
  }
}

/// sums[c] += Σ_q from[q, c], `vectors` registers wide.
@inline(__always)
func addRows<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ from: UnsafeRawPointer, _ rows: Int, _ sums: UnsafeMutableRawPointer) {
  let size = MemoryLayout<L.Vector>.stride
  let row = vectors &* size
  var v = 0
  while v < vectors {
    // Four chains hide the latency of an addition.
    var a = L.load(UnsafeRawPointer(sums + v &* size)), b = L.zero, c = L.zero, d = L.zero
    var at = from + v &* size
    var q = 0
    while q &+ 4 <= rows {
      a = L.add(a, L.load(at))
      b = L.add(b, L.load(at + row))
      c = L.add(c, L.load(at + 2 &* row))
      d = L.add(d, L.load(at + 3 &* row))
      at += 4 &* row
      q &+= 4
    }
    while q < rows {
      a = L.add(a, L.load(at))
      at += row
      q &+= 1
    }
    L.store(L.add(L.add(a, b), L.add(c, d)), sums + v &* size)
    v &+= 1
  }
}

/// to[r, c] += from[r, c].
@inline(__always)
func addPlane<L: ConvolutionLanes>(
  _ lanes: L.Type, _ from: UnsafeRawPointer, _ fromRow: Int, _ to: UnsafeMutableRawPointer, _ toRow: Int, _ rows: Int, _ columns: Int
) {
  let size = MemoryLayout<L.Element>.stride
  var from = from, to = to
  var row = 0
  while row < rows {
    if columns < L.count {
      let source = from.assumingMemoryBound(to: L.Element.self), target = to.assumingMemoryBound(to: L.Element.self)
      var c = 0
      while c < columns {
        target[c] = L.add(target[c], source[c])
        c &+= 1
      }
    } else {
      // The last register ends with the row and overlaps the one before: its sums are taken before anything is written.
      let end = (columns &- L.count) &* size
      let last = L.add(L.load(UnsafeRawPointer(to + end)), L.load(from + end))
      var at = 0
      while at < end {
        L.store(L.add(L.load(UnsafeRawPointer(to + at)), L.load(from + at)), to + at)
        at &+= L.count &* size
      }
      L.store(last, to + end)
    }
    from += fromRow &* size
    to += toRow &* size
    row &+= 1
  }
}
