/// Between images (channels first, pixels side by side) and windows (channels last, pixels wherever a table says):
/// borders of zeros and ends of tiles that hang over cost nothing this way.

/// One block of `spreadPixels`, `rows` of whose channels are there. Not inlined: beyond a size the compiler stops inlining even loads.
@inline(never)
private func spreadBlock(
  _ from: UnsafePointer<Float>, _ fromRow: Int, _ rows: Int, _ places: UnsafePointer<Int>, _ to: UnsafeMutablePointer<Float>
) {
  if rows >= Lanes32.count {
    transposeBlock(
      Lanes32.self, { Lanes32.load(UnsafeRawPointer(from + $0 &* fromRow)) },
      { i, v in Lanes32.store(v, UnsafeMutableRawPointer(to + places[i])) })
  } else {
    transposeBlock(
      Lanes32.self, { $0 < rows ? Lanes32.load(UnsafeRawPointer(from + $0 &* fromRow)) : Lanes32.zero },
      { i, v in Lanes32.store(v, UnsafeMutableRawPointer(to + places[i])) })
  }
}

@inline(never)
private func collectBlock(
  _ from: UnsafePointer<Float>, _ places: UnsafePointer<Int>, _ rows: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
) {
  if rows >= Lanes32.count {
    transposeBlock(
      Lanes32.self, { Lanes32.load(UnsafeRawPointer(from + places[$0])) },
      { i, v in Lanes32.store(v, UnsafeMutableRawPointer(to + i &* toRow)) })
  } else {
    transposeBlock(
      Lanes32.self, { Lanes32.load(UnsafeRawPointer(from + places[$0])) },
      { i, v in if i < rows { Lanes32.store(v, UnsafeMutableRawPointer(to + i &* toRow)) } })
  }
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
      spreadBlock(from + (c &* fromRow &+ start), fromRow, channels &- c, places + start, to + c)
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
      collectBlock(from + c, places + start, channels &- c, to + (c &* toRow &+ start), toRow)
      c &+= Lanes32.count
    }
    q &+= Lanes32.count
  }
}

/// One block of `spreadPooledPixels`. The marks pass through the same transposition, as bit patterns; `room` holds them meanwhile.
@inline(never)
private func marksBlock(_ marks: UnsafePointer<UInt8>, _ fromRow: Int, _ rows: Int, _ room: UnsafeMutableRawPointer) {
  @inline(__always) func row(_ i: Int) -> Tile32 {
    if i >= rows { return Lanes32.zero }
    return Lanes32.loadBytes(marks + i &* fromRow)
  }
  transposeBlock(Lanes32.self, row, { i, v in Lanes32.store(v, room + i &* MemoryLayout<Tile32>.stride) })
}

@inline(never)
private func gradientsBlock(_ from: UnsafePointer<Float>, _ fromRow: Int, _ rows: Int, _ room: UnsafeMutableRawPointer) {
  transposeBlock(
    Lanes32.self, { $0 < rows ? Lanes32.load(UnsafeRawPointer(from + $0 &* fromRow)) : Lanes32.zero },
    { i, v in Lanes32.store(v, room + i &* MemoryLayout<Tile32>.stride) })
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
      gradientsBlock(from + start, fromRow, channels, gradients)
      marksBlock(marks + start, fromRow, channels, marked)
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
