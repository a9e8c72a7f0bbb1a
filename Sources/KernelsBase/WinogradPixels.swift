internal import CIntrinsics

/// Between images (channels first, pixels side by side) and windows (channels last, pixels wherever a table says):
/// borders of zeros and ends of tiles that hang over cost nothing this way.

// Blocks of whole registers and those of fewer channels are functions apart: where the two share their permutations, the compiler
// spends half as many again; and beyond a size it stops inlining even loads.

@inline(never)
private func spreadWhole(_ from: UnsafePointer<Float>, _ fromRow: Int, _ places: UnsafePointer<Int>, _ to: UnsafeMutablePointer<Float>) {
  transposeBlock(
    Lanes32.self, { Lanes32.load(UnsafeRawPointer(from + $0 &* fromRow)) },
    { i, v in Lanes32.store(v, UnsafeMutableRawPointer(to + places[i])) })
}

@inline(never)
private func spreadCut(
  _ from: UnsafePointer<Float>, _ fromRow: Int, _ rows: Int, _ places: UnsafePointer<Int>, _ to: UnsafeMutablePointer<Float>
) {
  transposeBlock(
    Lanes32.self, { $0 < rows ? Lanes32.load(UnsafeRawPointer(from + $0 &* fromRow)) : Lanes32.zero },
    { i, v in Lanes32.store(v, UnsafeMutableRawPointer(to + places[i])) })
}

@inline(never)
private func collectWhole(_ from: UnsafePointer<Float>, _ places: UnsafePointer<Int>, _ to: UnsafeMutablePointer<Float>, _ toRow: Int) {
  transposeBlock(
    Lanes32.self, { Lanes32.load(UnsafeRawPointer(from + places[$0])) },
    { i, v in Lanes32.store(v, UnsafeMutableRawPointer(to + i &* toRow)) })
}

@inline(never)
private func collectCut(
  _ from: UnsafePointer<Float>, _ places: UnsafePointer<Int>, _ rows: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
) {
  transposeBlock(
    Lanes32.self, { Lanes32.load(UnsafeRawPointer(from + places[$0])) },
    { i, v in if i < rows { Lanes32.store(v, UnsafeMutableRawPointer(to + i &* toRow)) } })
}

@inline(never)
func spreadPixels(
  _ from: UnsafePointer<Float>, _ fromRow: Int, _ channels: Int, _ pixels: Int, _ places: UnsafePointer<Int>,
  _ to: UnsafeMutablePointer<Float>, _ pitch: Int
) {
  if pixels < Lanes32.count {
    var q = 0
    while q < pixels {
      let target = to + places[q]
      var c = 0
      while c < pitch {
        target[c] = c < channels ? from[c &* fromRow &+ q] : 0
        c &+= 1
      }
      q &+= 1
    }
    return
  }
  var q = 0
  while q < pixels {
    // The last block ends with the last pixel and overlaps the one before.
    let start = q < pixels &- Lanes32.count ? q : pixels &- Lanes32.count
    var c = 0
    while c < pitch {
      let block = from + (c &* fromRow &+ start), rows = channels &- c
      prefetchBlock(Float.self, UnsafeRawPointer(from + c &* fromRow), fromRow, min(rows, Lanes32.count), q, pixels, channels)
      if rows >= Lanes32.count {
        spreadWhole(block, fromRow, places + start, to + c)
      } else {
        spreadCut(block, fromRow, rows, places + start, to + c)
      }
      c &+= Lanes32.count
    }
    q &+= Lanes32.count
  }
}

@inline(never)
func collectPixels(
  _ from: UnsafePointer<Float>, _ places: UnsafePointer<Int>, _ pixels: Int, _ channels: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
) {
  if pixels < Lanes32.count {
    var c = 0
    while c < channels {
      var q = 0
      while q < pixels {
        to[c &* toRow &+ q] = from[places[q] &+ c]
        q &+= 1
      }
      c &+= 1
    }
    return
  }
  var q = 0
  while q < pixels {
    let start = q < pixels &- Lanes32.count ? q : pixels &- Lanes32.count
    var c = 0
    while c < channels {
      let block = to + (c &* toRow &+ start), rows = channels &- c
      prefetchBlock(Float.self, UnsafeRawPointer(to + c &* toRow), toRow, min(rows, Lanes32.count), q, pixels, channels)
      if rows >= Lanes32.count {
        collectWhole(from + c, places + start, block, toRow)
      } else {
        collectCut(from + c, places + start, rows, block, toRow)
      }
      c &+= Lanes32.count
    }
    q &+= Lanes32.count
  }
}

/// The marks of a block pass through the same transposition, as bit patterns.
@inline(never)
private func marksWhole(_ marks: UnsafePointer<UInt8>, _ fromRow: Int, _ to: UnsafeMutableRawPointer) {
  transposeBlock(
    Lanes32.self, { Lanes32.loadBytes(marks + $0 &* fromRow) }, { i, v in Lanes32.store(v, to + i &* MemoryLayout<Tile32>.stride) })
}

@inline(never)
private func marksCut(_ marks: UnsafePointer<UInt8>, _ fromRow: Int, _ rows: Int, _ to: UnsafeMutableRawPointer) {
  transposeBlock(
    Lanes32.self, { $0 < rows ? Lanes32.loadBytes(marks + $0 &* fromRow) : Lanes32.zero },
    { i, v in Lanes32.store(v, to + i &* MemoryLayout<Tile32>.stride) })
}

@inline(never)
private func valuesWhole(_ from: UnsafePointer<Float>, _ fromRow: Int, _ to: UnsafeMutableRawPointer) {
  transposeBlock(
    Lanes32.self, { Lanes32.load(UnsafeRawPointer(from + $0 &* fromRow)) },
    { i, v in Lanes32.store(v, to + i &* MemoryLayout<Tile32>.stride) })
}

@inline(never)
private func valuesCut(_ from: UnsafePointer<Float>, _ fromRow: Int, _ rows: Int, _ to: UnsafeMutableRawPointer) {
  transposeBlock(
    Lanes32.self, { $0 < rows ? Lanes32.load(UnsafeRawPointer(from + $0 &* fromRow)) : Lanes32.zero },
    { i, v in Lanes32.store(v, to + i &* MemoryLayout<Tile32>.stride) })
}

@inline(never)
func spreadPooledPixels(
  _ from: UnsafePointer<Float>, _ marks: UnsafePointer<UInt8>, _ fromRow: Int, _ channels: Int, _ pixels: Int, _ places: UnsafePointer<Int>,
  _ to: UnsafeMutablePointer<Float>, _ pool: Int, _ row: Int
) {
  let lanes = Lanes32.count
  if pixels < lanes {
    var q = 0
    while q < pixels {
      var i = 0
      while i < pool &* pool {
        let target = to + (places[q] &+ i / pool &* row &+ i % pool &* lanes)
        var c = 0
        while c < lanes {
          target[c] = c < channels && Int(marks[c &* fromRow &+ q]) == i ? from[c &* fromRow &+ q] : 0
          c &+= 1
        }
        i &+= 1
      }
      q &+= 1
    }
    return
  }
  // A block of gradients and one of marks.
  var room: (Vectors16<Tile32>, Vectors16<Tile32>) = (zeros, zeros)
  withUnsafeMutableBytes(of: &room) { bytes in
    let gradients = bytes.baseAddress.unsafelyUnwrapped, marked = gradients + 16 &* MemoryLayout<Tile32>.stride
    var q = 0
    while q < pixels {
      let start = q < pixels &- lanes ? q : pixels &- lanes
      prefetchBlock(Float.self, UnsafeRawPointer(from), fromRow, min(channels, lanes), q, pixels, channels)
      // Marks of the next channels: as many lines as a block of them takes.
      var line = 0
      while line < channels &* lanes {
        nn_prefetch(marks + (channels &* (fromRow &+ q) &+ line))
        line &+= 64
      }
      if channels >= lanes {
        valuesWhole(from + start, fromRow, gradients)
        marksWhole(marks + start, fromRow, marked)
      } else {
        valuesCut(from + start, fromRow, channels, gradients)
        marksCut(marks + start, fromRow, channels, marked)
      }
      var p = 0
      while p < lanes {
        let g = Lanes32.load(gradients + p &* MemoryLayout<Tile32>.stride), m = Lanes32.load(marked + p &* MemoryLayout<Tile32>.stride)
        let corner = to + places[start &+ p]
        var i = 0
        while i < pool {
          var j = 0
          while j < pool {
            Lanes32.store(Lanes32.whereEqual(m, i &* pool &+ j, g), UnsafeMutableRawPointer(corner + (i &* row &+ j &* lanes)))
            j &+= 1
          }
          i &+= 1
        }
        p &+= 1
      }
      q &+= lanes
    }
  }
}

@inline(__always) private var zeros: Vectors16<Tile32> {
  let z = Lanes32.zero
  return (z, z, z, z, z, z, z, z, z, z, z, z, z, z, z, z)
}
