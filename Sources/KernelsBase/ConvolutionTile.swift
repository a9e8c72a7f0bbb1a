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

/// A tile of `rows` x `vectors` registers of sums.
///
/// - run: how many offsets are known to follow one another: 1 (none), 3 (the rows of a 3 x 3 kernel) or `runRows` (all).
///
/// The three are literals at every call, so that unused rows vanish and elements of a run are reached from one register.
@inline(__always)
func gatherTile<L: ConvolutionLanes>(_ lanes: L.Type, rows: Int, vectors: Int, run: Int, _ g: Gather) {
  let source = g.source.assumingMemoryBound(to: L.Element.self)
  let tileOffsets = g.tileOffsets, loopOffsets = g.loopOffsets, loopCount = g.loopCount
  let initialRow = g.initialRow, out = g.out
  let size = MemoryLayout<L.Vector>.stride
  let row = vectors &* size
  var s0 = L.zero, t0 = L.zero
  var s1 = L.zero, t1 = L.zero
  var s2 = L.zero, t2 = L.zero
  var s3 = L.zero, t3 = L.zero
  var s4 = L.zero, t4 = L.zero
  var s5 = L.zero, t5 = L.zero
  var s6 = L.zero, t6 = L.zero
  var s7 = L.zero, t7 = L.zero
  var s8 = L.zero, t8 = L.zero
  var s9 = L.zero, t9 = L.zero
  var s10 = L.zero, t10 = L.zero
  var s11 = L.zero, t11 = L.zero
  var s12 = L.zero, t12 = L.zero
  var s13 = L.zero, t13 = L.zero
  if let initial = g.initial {
    if rows > 0 {
      s0 = L.load(initial + 0 &* initialRow)
      if vectors > 1 { t0 = L.load(initial + 0 &* initialRow + size) }
    }
    if rows > 1 {
      s1 = L.load(initial + 1 &* initialRow)
      if vectors > 1 { t1 = L.load(initial + 1 &* initialRow + size) }
    }
    if rows > 2 {
      s2 = L.load(initial + 2 &* initialRow)
      if vectors > 1 { t2 = L.load(initial + 2 &* initialRow + size) }
    }
    if rows > 3 {
      s3 = L.load(initial + 3 &* initialRow)
      if vectors > 1 { t3 = L.load(initial + 3 &* initialRow + size) }
    }
    if rows > 4 {
      s4 = L.load(initial + 4 &* initialRow)
      if vectors > 1 { t4 = L.load(initial + 4 &* initialRow + size) }
    }
    if rows > 5 {
      s5 = L.load(initial + 5 &* initialRow)
      if vectors > 1 { t5 = L.load(initial + 5 &* initialRow + size) }
    }
    if rows > 6 {
      s6 = L.load(initial + 6 &* initialRow)
      if vectors > 1 { t6 = L.load(initial + 6 &* initialRow + size) }
    }
    if rows > 7 {
      s7 = L.load(initial + 7 &* initialRow)
      if vectors > 1 { t7 = L.load(initial + 7 &* initialRow + size) }
    }
    if rows > 8 {
      s8 = L.load(initial + 8 &* initialRow)
      if vectors > 1 { t8 = L.load(initial + 8 &* initialRow + size) }
    }
    if rows > 9 {
      s9 = L.load(initial + 9 &* initialRow)
      if vectors > 1 { t9 = L.load(initial + 9 &* initialRow + size) }
    }
    if rows > 10 {
      s10 = L.load(initial + 10 &* initialRow)
      if vectors > 1 { t10 = L.load(initial + 10 &* initialRow + size) }
    }
    if rows > 11 {
      s11 = L.load(initial + 11 &* initialRow)
      if vectors > 1 { t11 = L.load(initial + 11 &* initialRow + size) }
    }
    if rows > 12 {
      s12 = L.load(initial + 12 &* initialRow)
      if vectors > 1 { t12 = L.load(initial + 12 &* initialRow + size) }
    }
    if rows > 13 {
      s13 = L.load(initial + 13 &* initialRow)
      if vectors > 1 { t13 = L.load(initial + 13 &* initialRow + size) }
    }
  }
  let o0 = rows > 0 ? tileOffsets[0] : 0
  let o1 = rows > 1 ? tileOffsets[1] : 0
  let o2 = rows > 2 ? tileOffsets[2] : 0
  let o3 = rows > 3 ? tileOffsets[3] : 0
  let o4 = rows > 4 ? tileOffsets[4] : 0
  let o5 = rows > 5 ? tileOffsets[5] : 0
  let o6 = rows > 6 ? tileOffsets[6] : 0
  let o7 = rows > 7 ? tileOffsets[7] : 0
  let o8 = rows > 8 ? tileOffsets[8] : 0
  let o9 = rows > 9 ? tileOffsets[9] : 0
  let o10 = rows > 10 ? tileOffsets[10] : 0
  let o11 = rows > 11 ? tileOffsets[11] : 0
  let o12 = rows > 12 ? tileOffsets[12] : 0
  let o13 = rows > 13 ? tileOffsets[13] : 0
  var weights = g.panel
  var l = 0
  while l < loopCount {
    let x = source + loopOffsets[l]
    let u = L.load(weights)
    let v = vectors > 1 ? L.load(weights + size) : u
    weights += row
    if rows > 0 {
      let e = L.splat(x[o0])
      s0 = L.addProduct(s0, e, u)
      if vectors > 1 { t0 = L.addProduct(t0, e, v) }
    }
    if rows > 1 {
      let e = L.splat(run == 1 ? x[o1] : run == 3 ? (x + o0)[1] : (x + o0)[1])
      s1 = L.addProduct(s1, e, u)
      if vectors > 1 { t1 = L.addProduct(t1, e, v) }
    }
    if rows > 2 {
      let e = L.splat(run == 1 ? x[o2] : run == 3 ? (x + o0)[2] : (x + o0)[2])
      s2 = L.addProduct(s2, e, u)
      if vectors > 1 { t2 = L.addProduct(t2, e, v) }
    }
    if rows > 3 {
      let e = L.splat(run == 1 ? x[o3] : run == 3 ? (x + o3)[0] : (x + o0)[3])
      s3 = L.addProduct(s3, e, u)
      if vectors > 1 { t3 = L.addProduct(t3, e, v) }
    }
    if rows > 4 {
      let e = L.splat(run == 1 ? x[o4] : run == 3 ? (x + o3)[1] : (x + o0)[4])
      s4 = L.addProduct(s4, e, u)
      if vectors > 1 { t4 = L.addProduct(t4, e, v) }
    }
    if rows > 5 {
      let e = L.splat(run == 1 ? x[o5] : run == 3 ? (x + o3)[2] : (x + o0)[5])
      s5 = L.addProduct(s5, e, u)
      if vectors > 1 { t5 = L.addProduct(t5, e, v) }
    }
    if rows > 6 {
      let e = L.splat(run == 1 ? x[o6] : run == 3 ? (x + o6)[0] : (x + o0)[6])
      s6 = L.addProduct(s6, e, u)
      if vectors > 1 { t6 = L.addProduct(t6, e, v) }
    }
    if rows > 7 {
      let e = L.splat(run == 1 ? x[o7] : run == 3 ? (x + o6)[1] : (x + o0)[7])
      s7 = L.addProduct(s7, e, u)
      if vectors > 1 { t7 = L.addProduct(t7, e, v) }
    }
    if rows > 8 {
      let e = L.splat(run == 1 ? x[o8] : run == 3 ? (x + o6)[2] : (x + o0)[8])
      s8 = L.addProduct(s8, e, u)
      if vectors > 1 { t8 = L.addProduct(t8, e, v) }
    }
    if rows > 9 {
      let e = L.splat(run == 1 ? x[o9] : run == 3 ? (x + o9)[0] : (x + o0)[9])
      s9 = L.addProduct(s9, e, u)
      if vectors > 1 { t9 = L.addProduct(t9, e, v) }
    }
    if rows > 10 {
      let e = L.splat(run == 1 ? x[o10] : run == 3 ? (x + o9)[1] : (x + o0)[10])
      s10 = L.addProduct(s10, e, u)
      if vectors > 1 { t10 = L.addProduct(t10, e, v) }
    }
    if rows > 11 {
      let e = L.splat(run == 1 ? x[o11] : run == 3 ? (x + o9)[2] : (x + o0)[11])
      s11 = L.addProduct(s11, e, u)
      if vectors > 1 { t11 = L.addProduct(t11, e, v) }
    }
    if rows > 12 {
      let e = L.splat(run == 1 ? x[o12] : run == 3 ? (x + o12)[0] : (x + o0)[12])
      s12 = L.addProduct(s12, e, u)
      if vectors > 1 { t12 = L.addProduct(t12, e, v) }
    }
    if rows > 13 {
      let e = L.splat(run == 1 ? x[o13] : run == 3 ? (x + o12)[1] : (x + o0)[13])
      s13 = L.addProduct(s13, e, u)
      if vectors > 1 { t13 = L.addProduct(t13, e, v) }
    }
    l &+= 1
  }
  if rows > 0 {
    L.store(s0, out + 0 &* row)
    if vectors > 1 { L.store(t0, out + 0 &* row + size) }
  }
  if rows > 1 {
    L.store(s1, out + 1 &* row)
    if vectors > 1 { L.store(t1, out + 1 &* row + size) }
  }
  if rows > 2 {
    L.store(s2, out + 2 &* row)
    if vectors > 1 { L.store(t2, out + 2 &* row + size) }
  }
  if rows > 3 {
    L.store(s3, out + 3 &* row)
    if vectors > 1 { L.store(t3, out + 3 &* row + size) }
  }
  if rows > 4 {
    L.store(s4, out + 4 &* row)
    if vectors > 1 { L.store(t4, out + 4 &* row + size) }
  }
  if rows > 5 {
    L.store(s5, out + 5 &* row)
    if vectors > 1 { L.store(t5, out + 5 &* row + size) }
  }
  if rows > 6 {
    L.store(s6, out + 6 &* row)
    if vectors > 1 { L.store(t6, out + 6 &* row + size) }
  }
  if rows > 7 {
    L.store(s7, out + 7 &* row)
    if vectors > 1 { L.store(t7, out + 7 &* row + size) }
  }
  if rows > 8 {
    L.store(s8, out + 8 &* row)
    if vectors > 1 { L.store(t8, out + 8 &* row + size) }
  }
  if rows > 9 {
    L.store(s9, out + 9 &* row)
    if vectors > 1 { L.store(t9, out + 9 &* row + size) }
  }
  if rows > 10 {
    L.store(s10, out + 10 &* row)
    if vectors > 1 { L.store(t10, out + 10 &* row + size) }
  }
  if rows > 11 {
    L.store(s11, out + 11 &* row)
    if vectors > 1 { L.store(t11, out + 11 &* row + size) }
  }
  if rows > 12 {
    L.store(s12, out + 12 &* row)
    if vectors > 1 { L.store(t12, out + 12 &* row + size) }
  }
  if rows > 13 {
    L.store(s13, out + 13 &* row)
    if vectors > 1 { L.store(t13, out + 13 &* row + size) }
  }
}

@inline(never)
func gatherRun1<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 1, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 1, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun2<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 2, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 2, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun3<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 3, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 3, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun4<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 4, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 4, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun5<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 5, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 5, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun6<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 6, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 6, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun7<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 7, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 7, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun8<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 8, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 8, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun9<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 9, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 9, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun10<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 10, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 10, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun11<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 11, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 11, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun12<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 12, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 12, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun13<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 13, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 13, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherRun14<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 14, vectors: 2, run: runRows, g)
  } else {
    gatherTile(L.self, rows: 14, vectors: 1, run: runRows, g)
  }
}

@inline(never)
func gatherTriple3<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 3, vectors: 2, run: 3, g)
  } else {
    gatherTile(L.self, rows: 3, vectors: 1, run: 3, g)
  }
}

@inline(never)
func gatherTriple6<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 6, vectors: 2, run: 3, g)
  } else {
    gatherTile(L.self, rows: 6, vectors: 1, run: 3, g)
  }
}

@inline(never)
func gatherTriple9<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 9, vectors: 2, run: 3, g)
  } else {
    gatherTile(L.self, rows: 9, vectors: 1, run: 3, g)
  }
}

@inline(never)
func gatherTriple12<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 12, vectors: 2, run: 3, g)
  } else {
    gatherTile(L.self, rows: 12, vectors: 1, run: 3, g)
  }
}

@inline(never)
func gatherAny1<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 1, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 1, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny2<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 2, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 2, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny3<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 3, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 3, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny4<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 4, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 4, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny5<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 5, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 5, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny6<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 6, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 6, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny7<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 7, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 7, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny8<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 8, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 8, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny9<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 9, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 9, vectors: 1, run: 1, g)
  }
}

@inline(never)
func gatherAny10<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ g: Gather) {
  if vectors > 1 {
    gatherTile(L.self, rows: 10, vectors: 2, run: 1, g)
  } else {
    gatherTile(L.self, rows: 10, vectors: 1, run: 1, g)
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

@inline(__always)
private func gatherRun<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ rows: Int, _ g: Gather) {
  switch rows {
  case 1: gatherRun1(L.self, vectors, g)
  case 2: gatherRun2(L.self, vectors, g)
  case 3: gatherRun3(L.self, vectors, g)
  case 4: gatherRun4(L.self, vectors, g)
  case 5: gatherRun5(L.self, vectors, g)
  case 6: gatherRun6(L.self, vectors, g)
  case 7 where runRows > 6: gatherRun7(L.self, vectors, g)
  case 8 where runRows > 6: gatherRun8(L.self, vectors, g)
  case 9 where runRows > 6: gatherRun9(L.self, vectors, g)
  case 10 where runRows > 6: gatherRun10(L.self, vectors, g)
  case 11 where runRows > 6: gatherRun11(L.self, vectors, g)
  case 12 where runRows > 6: gatherRun12(L.self, vectors, g)
  case 13 where runRows > 6: gatherRun13(L.self, vectors, g)
  case 14 where runRows > 6: gatherRun14(L.self, vectors, g)
  default: break
  }
}

@inline(__always)
private func gatherTriples<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ rows: Int, _ g: Gather) {
  switch rows {
  case 3: gatherTriple3(L.self, vectors, g)
  case 6: gatherTriple6(L.self, vectors, g)
  case 9 where tripleRows > 6: gatherTriple9(L.self, vectors, g)
  case 12 where tripleRows > 6: gatherTriple12(L.self, vectors, g)
  default: break
  }
}

@inline(__always)
private func gatherAny<L: ConvolutionLanes>(_ lanes: L.Type, _ vectors: Int, _ rows: Int, _ g: Gather) {
  switch rows {
  case 1: gatherAny1(L.self, vectors, g)
  case 2: gatherAny2(L.self, vectors, g)
  case 3: gatherAny3(L.self, vectors, g)
  case 4: gatherAny4(L.self, vectors, g)
  case 5: gatherAny5(L.self, vectors, g)
  case 6: gatherAny6(L.self, vectors, g)
  case 7 where gatherRows > 6: gatherAny7(L.self, vectors, g)
  case 8 where gatherRows > 6: gatherAny8(L.self, vectors, g)
  case 9 where gatherRows > 6: gatherAny9(L.self, vectors, g)
  case 10 where gatherRows > 6: gatherAny10(L.self, vectors, g)
  default: break
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
