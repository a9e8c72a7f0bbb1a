internal import CIntrinsics

/// The weight gradient behind max-pooling: few gradients differ from zero, and each adds one patch of the image.

/// Writes the patch of each place as a row: registers [v] of runs of elements that lie side by side in the image, then a 1 (whose sum is
/// the bias' gradient), then zeros.
///
/// Within a register a run keeps its order, so it is loaded from where its first lane would lie and put in by a mask: no element is
/// stored twice, no store crosses a cache line. Piece i of register v, pieces firsts[v] ..< firsts[v + 1], reads shifts[i] elements from
/// its place, for the lanes where masks[i] is set. Up to a register is read before and behind the window.
@inline(__always)
func patchRows<L: ConvolutionLanes>(
  _ lanes: L.Type, _ window: UnsafeRawPointer, _ places: UnsafePointer<Int>, _ count: Int, _ shifts: UnsafePointer<Int>,
  _ masks: UnsafeRawPointer, _ firsts: UnsafePointer<Int>, _ registers: Int, _ ones: UnsafeRawPointer, _ to: UnsafeMutableRawPointer
) {
  let size = MemoryLayout<L.Element>.stride, register = MemoryLayout<L.Vector>.stride, pitch = registers &* register
  var place = 0
  while place < count {
    // Eight places share what is read of the pieces; the last eight overlap those before.
    let first = place &+ 8 <= count || count < 8 ? place : count &- 8
    let wide = count >= 8
    let p = places + first
    let s0 = window + p[0] &* size
    let s1 = wide ? window + p[1] &* size : s0, s2 = wide ? window + p[2] &* size : s0, s3 = wide ? window + p[3] &* size : s0
    let s4 = wide ? window + p[4] &* size : s0, s5 = wide ? window + p[5] &* size : s0, s6 = wide ? window + p[6] &* size : s0
    let s7 = wide ? window + p[7] &* size : s0
    var v = 0
    while v < registers {
      let begin = L.load(ones + v &* register)
      var a0 = begin, a1 = begin, a2 = begin, a3 = begin, a4 = begin, a5 = begin, a6 = begin, a7 = begin
      var i = firsts[v]
      while i < firsts[v &+ 1] {
        let shift = shifts[i] &* size, mask = L.load(masks + i &* register)
        a0 = L.merge(a0, L.load(s0 + shift), mask)
        a1 = L.merge(a1, L.load(s1 + shift), mask)
        a2 = L.merge(a2, L.load(s2 + shift), mask)
        a3 = L.merge(a3, L.load(s3 + shift), mask)
        a4 = L.merge(a4, L.load(s4 + shift), mask)
        a5 = L.merge(a5, L.load(s5 + shift), mask)
        a6 = L.merge(a6, L.load(s6 + shift), mask)
        a7 = L.merge(a7, L.load(s7 + shift), mask)
        i &+= 1
      }
      let row = to + (first &* pitch &+ v &* register)
      L.store(a0, row)
      if wide {
        L.store(a1, row + pitch)
        L.store(a2, row + 2 &* pitch)
        L.store(a3, row + 3 &* pitch)
        L.store(a4, row + 4 &* pitch)
        L.store(a5, row + 5 &* pitch)
        L.store(a6, row + 6 &* pitch)
        L.store(a7, row + 7 &* pitch)
      }
      v &+= 1
    }
    place &+= wide ? 8 : 1
  }
}

/// Lists the gradients of one channel whose mark is not 255, and how many registers on the patch row of each begins, filled up to a multiple
/// of four with zeros times the row of zeros at `none`. Returns their number.
///
/// - ahead: how many elements on the next list but one begins, to be asked for.
@inline(__always)
func patchList<L: ConvolutionLanes>(
  _ lanes: L.Type, _ gradients: UnsafeRawPointer, _ marks: UnsafePointer<UInt8>, _ count: Int, _ ahead: Int, _ corners: UnsafePointer<Int32>,
  _ within: UnsafePointer<Int32>, _ none: Int32, _ pool: Int, _ values: UnsafeMutableRawPointer, _ offsets: UnsafeMutablePointer<Int32>
) -> Int {
  let gradients = gradients.assumingMemoryBound(to: L.Element.self), values = values.assumingMemoryBound(to: L.Element.self)
  var listed = 0
  var i = 0
  while i < count {
    nn_prefetch(gradients + (ahead &+ i))
    nn_prefetch(marks + (ahead &+ i))
    i &+= 16
  }
  i = 0
  #if AVX512
    if L.count == 16 && pool == 2 { (i, listed) = patchList16(gradients, marks, count, corners, within, values, offsets) }
  #endif
  while i < count {
    let mark = marks[i]
    values[listed] = gradients[i]
    offsets[listed] = corners[i] &+ within[Int(mark)]
    listed &+= mark == 255 ? 0 : 1
    i &+= 1
  }
  while listed & 3 != 0 {
    values[listed] = L.zeroElement
    offsets[listed] = none
    listed &+= 1
  }
  return listed
}

#if AVX512
  /// As many whole registers of them as there are, behind pooling of 2 x 2, where a mark's two bits tell row and column: (done, listed).
  @inline(__always)
  private func patchList16(
    _ gradients: UnsafeRawPointer, _ marks: UnsafePointer<UInt8>, _ count: Int, _ corners: UnsafePointer<Int32>,
    _ within: UnsafePointer<Int32>, _ values: UnsafeMutableRawPointer, _ offsets: UnsafeMutablePointer<Int32>
  ) -> (Int, Int) {
    let right = Counts32(repeating: within[1]), down = Counts32(repeating: within[2]), one = Counts32(repeating: 1)
    var listed = 0
    var i = 0
    while i &+ 16 <= count {
      let mark = unsafeBitCast(Lanes32.loadBytes(marks + i), to: Counts32.self)
      let corner = unsafeBitCast(Lanes32.load(UnsafeRawPointer(corners + i)), to: Counts32.self)
      var place = corner &+ right &* (mark & one) &+ down &* (mark &>> one)
      let alive = nn_bytes_other_than(marks + i, 255)
      nn_compress(gradients + i &* 4, alive, values + listed &* 4)
      withUnsafeBytes(of: &place) { nn_compress($0.baseAddress.unsafelyUnwrapped, alive, offsets + listed) }
      listed &+= alive.nonzeroBitCount
      i &+= 16
    }
    return (i, listed)
  }
#endif

/// sums[0 ..< 4 or 2 or 1 registers] += Σ values[i] · patch row i; `wide` is a literal, `count` a multiple of four.
@inline(__always)
private func addPatches<L: ConvolutionLanes>(
  _ lanes: L.Type, wide: Int, _ values: UnsafePointer<L.Element>, _ offsets: UnsafePointer<Int32>, _ count: Int, _ rows: UnsafeRawPointer,
  _ sums: UnsafeMutableRawPointer
) {
  let size = MemoryLayout<L.Vector>.stride
  @inline(__always) func row(_ i: Int) -> UnsafeRawPointer { rows + Int(offsets[i]) &* size }
  @inline(__always) func get(_ row: UnsafeRawPointer, _ v: Int) -> L.Vector { L.load(row + v &* size) }
  var a0 = get(UnsafeRawPointer(sums), 0), b0 = L.zero, c0 = L.zero, d0 = L.zero
  var a1 = wide > 1 ? get(UnsafeRawPointer(sums), 1) : L.zero, b1 = L.zero, c1 = L.zero, d1 = L.zero
  var a2 = wide > 2 ? get(UnsafeRawPointer(sums), 2) : L.zero, b2 = L.zero
  var a3 = wide > 2 ? get(UnsafeRawPointer(sums), 3) : L.zero, b3 = L.zero
  var i = 0
  if wide > 2 {
    while i < count {
      let p = L.splat(values[i]), q = L.splat(values[i &+ 1])
      let r = row(i), s = row(i &+ 1)
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
    while i < count {
      let p = L.splat(values[i]), q = L.splat(values[i &+ 1]), u = L.splat(values[i &+ 2]), w = L.splat(values[i &+ 3])
      let r = row(i), s = row(i &+ 1), t = row(i &+ 2), x = row(i &+ 3)
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
  L.store(L.add(L.add(a0, b0), L.add(c0, d0)), sums)
  if wide > 1 { L.store(L.add(L.add(a1, b1), L.add(c1, d1)), sums + size) }
  if wide > 2 {
    L.store(L.add(a2, b2), sums + 2 &* size)
    L.store(L.add(a3, b3), sums + 3 &* size)
  }
}

/// sums[0 ..< pitch] += Σ values[i] · row that begins offsets[i] registers on, pitch a multiple of the register.
@inline(__always)
func patchProduct<L: ConvolutionLanes>(
  _ lanes: L.Type, _ values: UnsafeRawPointer, _ offsets: UnsafePointer<Int32>, _ count: Int, _ rows: UnsafeRawPointer, _ pitch: Int,
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
