@inline(__always)
func loadVector<L: TileLanes>(_ lanes: L.Type, _ source: UnsafePointer<L.Element>) -> L.Vector {
  L.load(UnsafeRawPointer(source))
}

@inline(__always)
func storeVector<L: TileLanes>(_ lanes: L.Type, _ value: L.Vector, _ target: UnsafeMutablePointer<L.Element>) {
  L.store(value, UnsafeMutableRawPointer(target))
}

/// Adds what `end` asks for to a tile of sums (rows of two vectors) and writes the columns that count.
@inline(never)
func finishTile<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ columns: Int, _ sums: UnsafePointer<L.Element>, _ c: UnsafeMutablePointer<L.Element>, _ cRow: Int,
  _ end: TileEnd
) {
  var column = 0
  while column < columns {
    let count = min(L.count, columns &- column)
    let whole = count == L.count
    var bias = L.zero
    if let start = end.bias {
      let start = start.assumingMemoryBound(to: L.Element.self) + column
      bias = whole ? loadVector(L.self, start) : loadPart(L.self, start, count)
    }
    var sums = sums + column
    var c = c + column
    var r = 0
    while r < rows {
      var value = loadVector(L.self, sums)
      if end.accumulate { value = L.add(value, whole ? loadVector(L.self, c) : loadPart(L.self, c, count)) }
      if end.bias != nil { value = L.add(value, bias) }
      if end.relu { value = L.relu(value) }
      if whole { storeVector(L.self, value, c) } else { storePart(L.self, value, c, count) }
      sums += 2 &* L.count
      c += cRow
      r &+= 1
    }
    column &+= L.count
  }
}

/// The first `count` lanes from memory, zero in the others; nothing beyond is touched.
@inline(__always)
func loadPart<L: TileLanes>(_ lanes: L.Type, _ source: UnsafePointer<L.Element>, _ count: Int) -> L.Vector {
  var value = L.zero
  withUnsafeMutableBytes(of: &value) { copyPart(source, $0.baseAddress.unsafelyUnwrapped, count &* MemoryLayout<L.Element>.stride) }
  return value
}

/// The first `count` lanes to memory; nothing beyond is touched.
@inline(__always)
func storePart<L: TileLanes>(_ lanes: L.Type, _ value: L.Vector, _ target: UnsafeMutablePointer<L.Element>, _ count: Int) {
  var value = value
  withUnsafeMutableBytes(of: &value) { copyPart($0.baseAddress.unsafelyUnwrapped, target, count &* MemoryLayout<L.Element>.stride) }
}

/// Copies up to a whole register, a multiple of 4 bytes, in pieces of 64, 32, 16, 8 and 4.
@inline(__always)
func copyPart(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ bytes: Int) {
  #if AVX512
    if bytes & 64 != 0 {
      target.storeBytes(of: source.loadUnaligned(as: SIMD16<UInt32>.self), as: SIMD16<UInt32>.self)
      return
    }
  #endif
  var at = 0
  if bytes & 32 != 0 {
    target.storeBytes(of: source.loadUnaligned(as: SIMD8<UInt32>.self), as: SIMD8<UInt32>.self)
    at = 32
  }
  if bytes & 16 != 0 {
    target.storeBytes(of: source.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt32>.self), toByteOffset: at, as: SIMD4<UInt32>.self)
    at &+= 16
  }
  if bytes & 8 != 0 {
    target.storeBytes(of: source.loadUnaligned(fromByteOffset: at, as: UInt64.self), toByteOffset: at, as: UInt64.self)
    at &+= 8
  }
  if bytes & 4 != 0 {
    target.storeBytes(of: source.loadUnaligned(fromByteOffset: at, as: UInt32.self), toByteOffset: at, as: UInt32.self)
  }
}

/// `copyPart` out of line, for the ends of loops.
@inline(never)
func copyRest(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ bytes: Int) { copyPart(source, target, bytes) }

/// Copies any number of bytes that is a multiple of four.
@inline(__always)
func copyBytes(_ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ bytes: Int) {
  var i = 0
  while i < bytes {
    target.storeBytes(of: source.loadUnaligned(fromByteOffset: i, as: UInt32.self), toByteOffset: i, as: UInt32.self)
    i &+= 4
  }
}
