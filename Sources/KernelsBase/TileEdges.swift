@inline(__always)
func loadVector<L: TileLanes>(_ lanes: L.Type, _ source: UnsafePointer<L.Element>) -> L.Vector {
  UnsafeRawPointer(source).loadUnaligned(as: L.Vector.self)
}

@inline(__always)
func storeVector<L: TileLanes>(_ lanes: L.Type, _ value: L.Vector, _ target: UnsafeMutablePointer<L.Element>) {
  UnsafeMutableRawPointer(target).storeBytes(of: value, as: L.Vector.self)
}

/// Adds what `end` asks for to a tile of sums (rows of two vectors) and writes the columns that count.
@inline(never)
func finishTile<L: TileLanes>(
  _ lanes: L.Type, _ rows: Int, _ columns: Int, _ sums: UnsafePointer<L.Element>, _ c: UnsafeMutablePointer<L.Element>, _ cRow: Int,
  _ end: TileEnd
) {
  let whole = columns / L.count
  let rest = columns &- whole &* L.count
  var r = 0
  while r < rows {
    let sums = sums + r &* 2 &* L.count
    let c = c + r &* cRow
    var j = 0
    while j < whole {
      let at = j &* L.count
      var value = loadVector(L.self, sums + at)
      if end.accumulate { value = L.add(value, loadVector(L.self, c + at)) }
      if let bias = end.bias { value = L.add(value, loadVector(L.self, bias.assumingMemoryBound(to: L.Element.self) + at)) }
      if end.relu { value = L.relu(value) }
      storeVector(L.self, value, c + at)
      j &+= 1
    }
    if rest > 0 {
      let at = whole &* L.count
      var value = loadVector(L.self, sums + at)
      if end.accumulate { value = L.add(value, loadPart(L.self, c + at, rest)) }
      if let bias = end.bias { value = L.add(value, loadPart(L.self, bias.assumingMemoryBound(to: L.Element.self) + at, rest)) }
      if end.relu { value = L.relu(value) }
      storePart(L.self, value, c + at, rest)
    }
    r &+= 1
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

/// Copies fewer than 64 bytes, a multiple of 4, in pieces of 32, 16, 8 and 4.
@inline(__always)
func copyPart(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ bytes: Int) {
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
