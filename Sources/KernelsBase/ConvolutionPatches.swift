/// The weight gradient behind max-pooling: few gradients differ from zero, and each adds one patch of the image.

/// Writes the patch of each place as a row: `runs` runs of `length` elements side by side, then a 1 (whose sum is the bias' gradient).
///
/// Runs are written by whole registers: each spills into the next, which then overwrites it; so up to a register of elements
/// is read behind the window and written behind the last row.
@inline(__always)
func patchRows<L: ConvolutionLanes>(
  _ lanes: L.Type, _ window: UnsafeRawPointer, _ places: UnsafePointer<Int>, _ count: Int, _ runs: UnsafePointer<Int>, _ runCount: Int,
  _ length: Int, _ to: UnsafeMutableRawPointer, _ pitch: Int
) {
  let size = MemoryLayout<L.Element>.stride
  let one = L.oneElement
  var place = 0
  while place < count {
    let source = window + places[place] &* size
    let row = to + place &* pitch &* size
    var run = 0
    while run < runCount {
      let from = source + runs[run] &* size
      let target = row + run &* length &* size
      var i = 0
      while i < length {
        L.store(L.load(from + i &* size), target + i &* size)
        i &+= L.count
      }
      run &+= 1
    }
    row.assumingMemoryBound(to: L.Element.self)[runCount &* length] = one
    place &+= 1
  }
}

/// Lists the gradients of one channel whose mark is not 255, and the byte offset of the patch row each belongs to. Returns their number.
@inline(__always)
func patchList<L: ConvolutionLanes>(
  _ lanes: L.Type, _ gradients: UnsafeRawPointer, _ marks: UnsafePointer<UInt8>, _ rows: Int, _ columns: Int, _ rowStep: Int,
  _ columnStep: Int, _ within: UnsafePointer<Int>, _ values: UnsafeMutableRawPointer, _ offsets: UnsafeMutablePointer<Int>
) -> Int {
  let gradients = gradients.assumingMemoryBound(to: L.Element.self), values = values.assumingMemoryBound(to: L.Element.self)
  var count = 0
  var i = 0
  var row = 0
  while row < rows {
    var at = row &* rowStep
    var column = 0
    while column < columns {
      let mark = marks[i]
      values[count] = gradients[i]
      offsets[count] = at &+ within[Int(mark)]
      count &+= mark == 255 ? 0 : 1
      i &+= 1
      at &+= columnStep
      column &+= 1
    }
    row &+= 1
  }
  return count
}

/// sums[0 ..< 4 or 2 or 1 registers] += Σ values[i] · patch row i; `wide` is a literal.
@inline(__always)
private func addPatches<L: ConvolutionLanes>(
  _ lanes: L.Type, wide: Int, _ values: UnsafePointer<L.Element>, _ offsets: UnsafePointer<Int>, _ count: Int, _ rows: UnsafeRawPointer,
  _ sums: UnsafeMutableRawPointer
) {
  let size = MemoryLayout<L.Vector>.stride
  @inline(__always) func get(_ row: UnsafeRawPointer, _ v: Int) -> L.Vector { L.load(row + v &* size) }
  var a0 = get(UnsafeRawPointer(sums), 0), b0 = L.zero, c0 = L.zero, d0 = L.zero
  var a1 = wide > 1 ? get(UnsafeRawPointer(sums), 1) : L.zero, b1 = L.zero, c1 = L.zero, d1 = L.zero
  var a2 = wide > 2 ? get(UnsafeRawPointer(sums), 2) : L.zero, b2 = L.zero
  var a3 = wide > 2 ? get(UnsafeRawPointer(sums), 3) : L.zero, b3 = L.zero
  var i = 0
  if wide > 2 {
    while i &+ 2 <= count {
      let p = L.splat(values[i]), q = L.splat(values[i &+ 1])
      let r = rows + offsets[i], s = rows + offsets[i &+ 1]
      a0 = L.addProduct(a0, p, get(r, 0))
      a1 = L.addProduct(a1, p, get(r, 1))
      a2 = L.addProduct(a2, p, get(r, 2))
      a3 = L.addProduct(a3, p, get(r, 3))
      b0 = L.addProduct(b0, q, get(s, 0))
      b1 = L.addProduct(b1, q, get(s, 1))
      b2 = L.addProduct(b2, q, get(s, 2))
      b3 = L.addProduct(b3, q, get(s, 3))
      i &+= 2
    }
  } else {
    while i &+ 4 <= count {
      let p = L.splat(values[i]), q = L.splat(values[i &+ 1]), u = L.splat(values[i &+ 2]), w = L.splat(values[i &+ 3])
      let r = rows + offsets[i], s = rows + offsets[i &+ 1], t = rows + offsets[i &+ 2], x = rows + offsets[i &+ 3]
      a0 = L.addProduct(a0, p, get(r, 0))
      b0 = L.addProduct(b0, q, get(s, 0))
      c0 = L.addProduct(c0, u, get(t, 0))
      d0 = L.addProduct(d0, w, get(x, 0))
      if wide > 1 {
        a1 = L.addProduct(a1, p, get(r, 1))
        b1 = L.addProduct(b1, q, get(s, 1))
        c1 = L.addProduct(c1, u, get(t, 1))
        d1 = L.addProduct(d1, w, get(x, 1))
      }
      i &+= 4
    }
  }
  while i < count {
    let p = L.splat(values[i])
    let r = rows + offsets[i]
    a0 = L.addProduct(a0, p, get(r, 0))
    if wide > 1 { a1 = L.addProduct(a1, p, get(r, 1)) }
    if wide > 2 {
      a2 = L.addProduct(a2, p, get(r, 2))
      a3 = L.addProduct(a3, p, get(r, 3))
    }
    i &+= 1
  }
  L.store(L.add(L.add(a0, b0), L.add(c0, d0)), sums)
  if wide > 1 { L.store(L.add(L.add(a1, b1), L.add(c1, d1)), sums + size) }
  if wide > 2 {
    L.store(L.add(a2, b2), sums + 2 &* size)
    L.store(L.add(a3, b3), sums + 3 &* size)
  }
}

/// sums[0 ..< pitch] += Σ values[i] · rows[offsets[i] ...], pitch a multiple of the register.
@inline(__always)
func patchProduct<L: ConvolutionLanes>(
  _ lanes: L.Type, _ values: UnsafeRawPointer, _ offsets: UnsafePointer<Int>, _ count: Int, _ rows: UnsafeRawPointer, _ pitch: Int,
  _ sums: UnsafeMutableRawPointer
) {
  let values = values.assumingMemoryBound(to: L.Element.self)
  let size = MemoryLayout<L.Element>.stride
  var k = 0
  while k < pitch {
    let left = pitch &- k
    if left >= 4 &* L.count {
      addPatches(L.self, wide: 4, values, offsets, count, rows + k &* size, sums + k &* size)
      k &+= 4 &* L.count
    } else if left >= 2 &* L.count {
      addPatches(L.self, wide: 2, values, offsets, count, rows + k &* size, sums + k &* size)
      k &+= 2 &* L.count
    } else {
      addPatches(L.self, wide: 1, values, offsets, count, rows + k &* size, sums + k &* size)
      k &+= L.count
    }
  }
}
