/// The one product behind convolution, its input gradient and its weight gradient.
///
///     out[i, j] = initial[i, j] + Σ_l source[tileOffsets[i] + loopOffsets[l]] · panel[l, j]
///
/// forward: i runs over pixels, l over (channel, ky, kx), j over output channels, panel holds the weights.
/// weight gradient: i runs over (channel, ky, kx), l over pixels, panel holds the output's gradient, channels last.
/// Columns (im2col) are never written down: an element of them is one broadcast from the image, wherever the two offsets say.
/// So stride, dilation and kernel shape cost nothing here, and no lane is wasted on the end of a row.

/// The tallest tiles whose sums stay in registers, with neighbours in memory as rows (`run`), and with any offsets: there
/// the compiler loads all elements before the first product, which takes registers from the sums.
#if AVX512
  var runRows: Int { 14 }
  var tripleRows: Int { 12 }
  var gatherRows: Int { 10 }
#else
  var runRows: Int { 6 }
  var tripleRows: Int { 6 }
  var gatherRows: Int { 6 }
#endif

/// What a tile reads and writes; `initialRow` is in bytes here.
struct Gather {
  var source: UnsafeRawPointer
  var tileOffsets: UnsafePointer<Int>
  var loopOffsets: UnsafePointer<Int>
  var loopCount: Int
  var panel: UnsafeRawPointer
  var initial: UnsafeRawPointer?
  var initialRow: Int
  var out: UnsafeMutableRawPointer
}

@_transparent
private func beginRow<L: ConvolutionLanes>(_ lanes: L.Type, _ r: Int, _ rows: Int, _ vectors: Int, _ g: Gather) -> (L.Vector, L.Vector) {
  guard r < rows, let initial = g.initial else { return (L.zero, L.zero) }
  let at = initial + r &* g.initialRow
  return (L.load(at), vectors > 1 ? L.load(at + MemoryLayout<L.Vector>.stride) : L.zero)
}

@_transparent
private func endRow<L: ConvolutionLanes>(_ lanes: L.Type, _ r: Int, _ rows: Int, _ vectors: Int, _ g: Gather, _ s: L.Vector, _ t: L.Vector) {
  if r < rows {
    let out = g.out + r &* vectors &* MemoryLayout<L.Vector>.stride
    L.store(s, out)
    if vectors > 1 { L.store(t, out + MemoryLayout<L.Vector>.stride) }
  }
}

/// A tile of `rows` x `vectors` registers of sums.
///
/// - run: how many offsets are known to follow one another: 1 (none), 3 (the rows of a 3 x 3 kernel) or `runRows` (all).
///
/// The three are literals at every call, so that unused rows vanish and elements of a run are reached from one register.
/// Sums are variables of their own, for the elements of an array would not stay in registers.
@_transparent
private func gatherTile<L: ConvolutionLanes>(_ lanes: L.Type, _ rows: Int, _ vectors: Int, _ run: Int, _ g: Gather) {
  let size = MemoryLayout<L.Vector>.stride
  let row = vectors &* size
  var (s0, t0) = beginRow(L.self, 0, rows, vectors, g)
  var (s1, t1) = beginRow(L.self, 1, rows, vectors, g)
  var (s2, t2) = beginRow(L.self, 2, rows, vectors, g)
  var (s3, t3) = beginRow(L.self, 3, rows, vectors, g)
  var (s4, t4) = beginRow(L.self, 4, rows, vectors, g)
  var (s5, t5) = beginRow(L.self, 5, rows, vectors, g)
  var (s6, t6) = beginRow(L.self, 6, rows, vectors, g)
  var (s7, t7) = beginRow(L.self, 7, rows, vectors, g)
  var (s8, t8) = beginRow(L.self, 8, rows, vectors, g)
  var (s9, t9) = beginRow(L.self, 9, rows, vectors, g)
  var (s10, t10) = beginRow(L.self, 10, rows, vectors, g)
  var (s11, t11) = beginRow(L.self, 11, rows, vectors, g)
  var (s12, t12) = beginRow(L.self, 12, rows, vectors, g)
  var (s13, t13) = beginRow(L.self, 13, rows, vectors, g)
  let o0 = rows > 0 ? g.tileOffsets[0] : 0
  let o1 = rows > 1 ? g.tileOffsets[1] : 0
  let o2 = rows > 2 ? g.tileOffsets[2] : 0
  let o3 = rows > 3 ? g.tileOffsets[3] : 0
  let o4 = rows > 4 ? g.tileOffsets[4] : 0
  let o5 = rows > 5 ? g.tileOffsets[5] : 0
  let o6 = rows > 6 ? g.tileOffsets[6] : 0
  let o7 = rows > 7 ? g.tileOffsets[7] : 0
  let o8 = rows > 8 ? g.tileOffsets[8] : 0
  let o9 = rows > 9 ? g.tileOffsets[9] : 0
  let o10 = rows > 10 ? g.tileOffsets[10] : 0
  let o11 = rows > 11 ? g.tileOffsets[11] : 0
  let o12 = rows > 12 ? g.tileOffsets[12] : 0
  let o13 = rows > 13 ? g.tileOffsets[13] : 0
  let source = g.source.assumingMemoryBound(to: L.Element.self)
  let loopOffsets = g.loopOffsets, loopCount = g.loopCount
  var weights = g.panel
  var l = 0
  while l < loopCount {
    let x = source + loopOffsets[l]
    let u = L.load(weights)
    let v = vectors > 1 ? L.load(weights + size) : u
    weights += row
    addRow(L.self, 0, rows, vectors, x + o0, u, v, &s0, &t0)
    addRow(L.self, 1, rows, vectors, run == 1 ? x + o1 : run == 3 ? x + o0 + 1 : x + o0 + 1, u, v, &s1, &t1)
    addRow(L.self, 2, rows, vectors, run == 1 ? x + o2 : run == 3 ? x + o0 + 2 : x + o0 + 2, u, v, &s2, &t2)
    addRow(L.self, 3, rows, vectors, run == 1 ? x + o3 : run == 3 ? x + o3 : x + o0 + 3, u, v, &s3, &t3)
    addRow(L.self, 4, rows, vectors, run == 1 ? x + o4 : run == 3 ? x + o3 + 1 : x + o0 + 4, u, v, &s4, &t4)
    addRow(L.self, 5, rows, vectors, run == 1 ? x + o5 : run == 3 ? x + o3 + 2 : x + o0 + 5, u, v, &s5, &t5)
    addRow(L.self, 6, rows, vectors, run == 1 ? x + o6 : run == 3 ? x + o6 : x + o0 + 6, u, v, &s6, &t6)
    addRow(L.self, 7, rows, vectors, run == 1 ? x + o7 : run == 3 ? x + o6 + 1 : x + o0 + 7, u, v, &s7, &t7)
    addRow(L.self, 8, rows, vectors, run == 1 ? x + o8 : run == 3 ? x + o6 + 2 : x + o0 + 8, u, v, &s8, &t8)
    addRow(L.self, 9, rows, vectors, run == 1 ? x + o9 : run == 3 ? x + o9 : x + o0 + 9, u, v, &s9, &t9)
    addRow(L.self, 10, rows, vectors, run == 1 ? x + o10 : run == 3 ? x + o9 + 1 : x + o0 + 10, u, v, &s10, &t10)
    addRow(L.self, 11, rows, vectors, run == 1 ? x + o11 : run == 3 ? x + o9 + 2 : x + o0 + 11, u, v, &s11, &t11)
    addRow(L.self, 12, rows, vectors, run == 1 ? x + o12 : run == 3 ? x + o12 : x + o0 + 12, u, v, &s12, &t12)
    addRow(L.self, 13, rows, vectors, run == 1 ? x + o13 : run == 3 ? x + o12 + 1 : x + o0 + 13, u, v, &s13, &t13)
    l &+= 1
  }
  endRow(L.self, 0, rows, vectors, g, s0, t0)
  endRow(L.self, 1, rows, vectors, g, s1, t1)
  endRow(L.self, 2, rows, vectors, g, s2, t2)
  endRow(L.self, 3, rows, vectors, g, s3, t3)
  endRow(L.self, 4, rows, vectors, g, s4, t4)
  endRow(L.self, 5, rows, vectors, g, s5, t5)
  endRow(L.self, 6, rows, vectors, g, s6, t6)
  endRow(L.self, 7, rows, vectors, g, s7, t7)
  endRow(L.self, 8, rows, vectors, g, s8, t8)
  endRow(L.self, 9, rows, vectors, g, s9, t9)
  endRow(L.self, 10, rows, vectors, g, s10, t10)
  endRow(L.self, 11, rows, vectors, g, s11, t11)
  endRow(L.self, 12, rows, vectors, g, s12, t12)
  endRow(L.self, 13, rows, vectors, g, s13, t13)
}

/// A tile whose offsets all follow one another.
@inline(never)
private func gatherRun<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ rows: Int, _ g: Gather) {
  switch rows {
  case 1: if vectors > 1 { gatherTile(L.self, 1, 2, runRows, g) } else { gatherTile(L.self, 1, 1, runRows, g) }
  case 2: if vectors > 1 { gatherTile(L.self, 2, 2, runRows, g) } else { gatherTile(L.self, 2, 1, runRows, g) }
  case 3: if vectors > 1 { gatherTile(L.self, 3, 2, runRows, g) } else { gatherTile(L.self, 3, 1, runRows, g) }
  case 4: if vectors > 1 { gatherTile(L.self, 4, 2, runRows, g) } else { gatherTile(L.self, 4, 1, runRows, g) }
  case 5: if vectors > 1 { gatherTile(L.self, 5, 2, runRows, g) } else { gatherTile(L.self, 5, 1, runRows, g) }
  case 6: if vectors > 1 { gatherTile(L.self, 6, 2, runRows, g) } else { gatherTile(L.self, 6, 1, runRows, g) }
  case 7 where runRows >= 7: if vectors > 1 { gatherTile(L.self, 7, 2, runRows, g) } else { gatherTile(L.self, 7, 1, runRows, g) }
  case 8 where runRows >= 8: if vectors > 1 { gatherTile(L.self, 8, 2, runRows, g) } else { gatherTile(L.self, 8, 1, runRows, g) }
  case 9 where runRows >= 9: if vectors > 1 { gatherTile(L.self, 9, 2, runRows, g) } else { gatherTile(L.self, 9, 1, runRows, g) }
  case 10 where runRows >= 10: if vectors > 1 { gatherTile(L.self, 10, 2, runRows, g) } else { gatherTile(L.self, 10, 1, runRows, g) }
  case 11 where runRows >= 11: if vectors > 1 { gatherTile(L.self, 11, 2, runRows, g) } else { gatherTile(L.self, 11, 1, runRows, g) }
  case 12 where runRows >= 12: if vectors > 1 { gatherTile(L.self, 12, 2, runRows, g) } else { gatherTile(L.self, 12, 1, runRows, g) }
  case 13 where runRows >= 13: if vectors > 1 { gatherTile(L.self, 13, 2, runRows, g) } else { gatherTile(L.self, 13, 1, runRows, g) }
  case 14 where runRows >= 14: if vectors > 1 { gatherTile(L.self, 14, 2, runRows, g) } else { gatherTile(L.self, 14, 1, runRows, g) }
  default: break
  }
}

/// Offsets that follow one another by threes.
@inline(never)
private func gatherTriples<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ rows: Int, _ g: Gather) {
  switch rows {
  case 3: if vectors > 1 { gatherTile(L.self, 3, 2, 3, g) } else { gatherTile(L.self, 3, 1, 3, g) }
  case 6: if vectors > 1 { gatherTile(L.self, 6, 2, 3, g) } else { gatherTile(L.self, 6, 1, 3, g) }
  case 9 where tripleRows >= 9: if vectors > 1 { gatherTile(L.self, 9, 2, 3, g) } else { gatherTile(L.self, 9, 1, 3, g) }
  case 12 where tripleRows >= 12: if vectors > 1 { gatherTile(L.self, 12, 2, 3, g) } else { gatherTile(L.self, 12, 1, 3, g) }
  default: break
  }
}

/// Any offsets.
@inline(never)
private func gatherAny<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ rows: Int, _ g: Gather) {
  switch rows {
  case 1: if vectors > 1 { gatherTile(L.self, 1, 2, 1, g) } else { gatherTile(L.self, 1, 1, 1, g) }
  case 2: if vectors > 1 { gatherTile(L.self, 2, 2, 1, g) } else { gatherTile(L.self, 2, 1, 1, g) }
  case 3: if vectors > 1 { gatherTile(L.self, 3, 2, 1, g) } else { gatherTile(L.self, 3, 1, 1, g) }
  case 4: if vectors > 1 { gatherTile(L.self, 4, 2, 1, g) } else { gatherTile(L.self, 4, 1, 1, g) }
  case 5: if vectors > 1 { gatherTile(L.self, 5, 2, 1, g) } else { gatherTile(L.self, 5, 1, 1, g) }
  case 6: if vectors > 1 { gatherTile(L.self, 6, 2, 1, g) } else { gatherTile(L.self, 6, 1, 1, g) }
  case 7 where gatherRows >= 7: if vectors > 1 { gatherTile(L.self, 7, 2, 1, g) } else { gatherTile(L.self, 7, 1, 1, g) }
  case 8 where gatherRows >= 8: if vectors > 1 { gatherTile(L.self, 8, 2, 1, g) } else { gatherTile(L.self, 8, 1, 1, g) }
  case 9 where gatherRows >= 9: if vectors > 1 { gatherTile(L.self, 9, 2, 1, g) } else { gatherTile(L.self, 9, 1, 1, g) }
  case 10 where gatherRows >= 10: if vectors > 1 { gatherTile(L.self, 10, 2, 1, g) } else { gatherTile(L.self, 10, 1, 1, g) }
  default: break
  }
}

/// `gatherTile` over any number of rows, in tiles of nearly equal height within each stretch.
///
/// - run: tileOffsets come in stretches of `run` neighbours (the last may be cut).
@inline(__always)
func gatherProduct<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ rows: Int, _ run: Int, _ gather: Gather) {
  var g = gather
  let outRow = vectors &* MemoryLayout<L.Vector>.stride
  var left = rows
  // Short stretches are better mixed: 7 rows leave the multipliers waiting for their own sums.
  let kind = run == 3 ? 3 : run > runRows / 2 ? runRows : 1
  while left > 0 {
    var stretch = kind == runRows && run < left ? run : left
    let most = kind == 3 ? tripleRows : kind == 1 ? gatherRows : runRows
    var tiles = (stretch &+ most &- 1) / most
    left &-= stretch
    while stretch > 0 {
      var rows = (stretch &+ tiles &- 1) / tiles
      if kind == 3 {
        rows = (rows &+ 2) / 3 &* 3
        gatherTriples(L.self, vectors, rows, g)
      } else if kind == 1 {
        gatherAny(L.self, vectors, rows, g)
      } else {
        gatherRun(L.self, vectors, rows, g)
      }
      g.tileOffsets += rows
      g.out += rows &* outRow
      if let initial = g.initial { g.initial = initial + rows &* g.initialRow }
      stretch &-= rows
      tiles &-= 1
    }
  }
}

@inline(never)
func gatherProduct32(
  _ vectors: Int, _ source: UnsafeRawPointer, _ tileOffsets: UnsafePointer<Int>, _ tileCount: Int, _ loopOffsets: UnsafePointer<Int>,
  _ loopCount: Int, _ panel: UnsafeRawPointer, _ initial: UnsafeRawPointer?, _ initialRow: Int, _ run: Int, _ out: UnsafeMutableRawPointer
) {
  gatherProduct(
    Lanes32.self, vectors, tileCount, run,
    Gather(
      source: source, tileOffsets: tileOffsets, loopOffsets: loopOffsets, loopCount: loopCount, panel: panel, initial: initial,
      initialRow: initialRow &* MemoryLayout<Lanes32.Element>.stride, out: out))
}

@inline(never)
func gatherProduct64(
  _ vectors: Int, _ source: UnsafeRawPointer, _ tileOffsets: UnsafePointer<Int>, _ tileCount: Int, _ loopOffsets: UnsafePointer<Int>,
  _ loopCount: Int, _ panel: UnsafeRawPointer, _ initial: UnsafeRawPointer?, _ initialRow: Int, _ run: Int, _ out: UnsafeMutableRawPointer
) {
  gatherProduct(
    Lanes64.self, vectors, tileCount, run,
    Gather(
      source: source, tileOffsets: tileOffsets, loopOffsets: loopOffsets, loopCount: loopCount, panel: panel, initial: initial,
      initialRow: initialRow &* MemoryLayout<Lanes64.Element>.stride, out: out))
}
