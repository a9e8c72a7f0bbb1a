internal import KernelTable

/// The two-dimensional transforms of Winograd's convolution, lanes are channels (`WinogradTransforms` has the formulas).
///
/// Lines of one direction pass through a table in the first-level cache to those of the other. The passes are functions of their own:
/// kept in registers, 36 vectors make the compiler take them apart into quarters.

let winogradKernels = WinogradKernels(
  filters: winogradFilters, input: winogradInput, gradient: winogradGradient, output: winogradOutput,
  filterGradient: winogradFilterGradient, spread: spreadPixels, spreadPooled: spreadPooledPixels, collect: collectPixels)

private typealias Place = UnsafePointer<Float>
private typealias Target = UnsafeMutablePointer<Float>

@inline(__always) private func get(_ p: Place) -> Tile32 { Lanes32.load(UnsafeRawPointer(p)) }
@inline(__always) private func put(_ v: Tile32, _ p: Target) { Lanes32.store(v, UnsafeMutableRawPointer(p)) }

/// Six vectors `step` apart.
@inline(__always) private func get6(_ p: Place, _ step: Int) -> Line6 {
  (get(p), get(p + step), get(p + 2 &* step), get(p + 3 &* step), get(p + 4 &* step), get(p + 5 &* step))
}
@inline(__always) private func get4(_ p: Place, _ step: Int) -> Line4 { (get(p), get(p + step), get(p + 2 &* step), get(p + 3 &* step)) }
@inline(__always) private func put6(_ v: Line6, _ p: Target, _ step: Int) {
  put(v.0, p)
  put(v.1, p + step)
  put(v.2, p + 2 &* step)
  put(v.3, p + 3 &* step)
  put(v.4, p + 4 &* step)
  put(v.5, p + 5 &* step)
}
@inline(__always) private func put4(_ v: Line4, _ p: Target, _ step: Int) {
  put(v.0, p)
  put(v.1, p + step)
  put(v.2, p + 2 &* step)
  put(v.3, p + 3 &* step)
}
@inline(__always) private func put3(_ v: Line3, _ p: Target, _ step: Int) {
  put(v.0, p)
  put(v.1, p + step)
  put(v.2, p + 2 &* step)
}

/// Lines of one transform: line l of group g reads from + g · fromGroup + l · fromLine, steps of fromStep, and writes to + g · toGroup +
/// l · toLine, steps of toStep.
private struct Lines {
  var from: Place
  var fromLine: Int
  var fromStep: Int
  var to: Target
  var toLine: Int
  var toStep: Int
  var count: Int
  var groups = 1
  var fromGroup = 0
  var toGroup = 0

  @inline(__always)
  func each(_ body: (Place, Target) -> Void) {
    var group = 0
    while group < groups {
      var from = self.from + group &* fromGroup, to = self.to + group &* toGroup, line = 0
      while line < count {
        body(from, to)
        from += fromLine
        to += toLine
        line &+= 1
      }
      group &+= 1
    }
  }
}

@inline(never) private func inputLines(_ p: Lines) {
  p.each { from, to in put6(winogradInputLine(get6(from, p.fromStep)), to, p.toStep) }
}

@inline(never) private func gradientLines(_ p: Lines) {
  p.each { from, to in put6(winogradGradientLine(get4(from, p.fromStep)), to, p.toStep) }
}

@inline(never) private func filterLines(_ p: Lines) {
  p.each { from, to in put6(winogradFilterLine((get(from), get(from + p.fromStep), get(from + 2 &* p.fromStep))), to, p.toStep) }
}

@inline(never) private func filterGradientLines(_ p: Lines) {
  p.each { from, to in put3(winogradFilterGradientLine(get6(from, p.fromStep)), to, p.toStep) }
}

@inline(never) private func outputLines(_ p: Lines) {
  p.each { from, to in put4(winogradOutputLine(get6(from, p.fromStep)), to, p.toStep) }
}

/// The same with a bias and ReLU. Written without a closure, which the compiler would call for every line.
@inline(never) private func resultLines(_ p: Lines, _ bias: Place?, _ relu: Bool) {
  let floor = relu ? Lanes32.zero : Lanes32.lowest
  var shift = Lanes32.zero
  if let bias { shift = get(bias) }
  var group = 0
  while group < p.groups {
    var from = p.from + group &* p.fromGroup, to = p.to + group &* p.toGroup, line = 0
    while line < p.count {
      let y = winogradOutputLine(get6(from, p.fromStep))
      put(Lanes32.atLeast(y.0 + shift, floor), to)
      put(Lanes32.atLeast(y.1 + shift, floor), to + p.toStep)
      put(Lanes32.atLeast(y.2 + shift, floor), to + 2 &* p.toStep)
      put(Lanes32.atLeast(y.3 + shift, floor), to + 3 &* p.toStep)
      from += p.fromLine
      to += p.toLine
      line &+= 1
    }
    group &+= 1
  }
}

/// Room for 36 vectors.
private typealias Table = (Line6, Line6, Line6, Line6, Line6, Line6)
@inline(__always) private func withTable(_ body: (Target) -> Void) {
  let z = Lanes32.zero
  let line = (z, z, z, z, z, z)
  var table: Table = (line, line, line, line, line, line)
  withUnsafeMutableBytes(of: &table) { body($0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)) }
}

/// Tiles of a row whose lines go through the table together: 34 columns of six vectors, 13 KB.
private var tilesTogether: Int { 8 }

/// Calls body(corner, at, tiles) for up to `tilesTogether` tiles of a row and a register of channels: offsets in a window, and in a slot.
@inline(__always)
private func eachRow(
  _ pixel: Int, _ row: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int, _ tile: Int, _ body: (Int, Int, Int) -> Void
) {
  var i = 0
  while i < tileRows {
    var j = 0
    while j < tileColumns {
      let tiles = min(tilesTogether, tileColumns &- j)
      let corner = 4 &* i &* row &+ 4 &* j &* pixel, at = (i &* tileColumns &+ j) &* tile
      var c = 0
      while c < channels {
        body(corner &+ c, at &+ c, tiles)
        c &+= Lanes32.count
      }
      j &+= tiles
    }
    i &+= 1
  }
}

// Position (u, v), row u and column v of a transformed tile, lies in slot 6u + v. Columns are transformed first, to table[u][column]; those
// that neighbours share, two of six, once for both.

@inline(never)
func winogradInput(
  _ window: UnsafePointer<Float>, _ pixel: Int, _ row: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int,
  _ to: UnsafeMutablePointer<Float>, _ slot: Int, _ tile: Int, _ table: UnsafeMutablePointer<Float>
) {
  let n = Lanes32.count
  eachRow(pixel, row, tileRows, tileColumns, channels, tile) { corner, at, tiles in
    let columns = 4 &* tiles &+ 2
    inputLines(Lines(from: window + corner, fromLine: pixel, fromStep: row, to: table, toLine: n, toStep: columns &* n, count: columns))
    inputLines(
      Lines(
        from: table, fromLine: columns &* n, fromStep: n, to: to + at, toLine: 6 &* slot, toStep: slot, count: 6, groups: tiles,
        fromGroup: 4 &* n, toGroup: tile))
  }
}

@inline(never)
func winogradGradient(
  _ window: UnsafePointer<Float>, _ pixel: Int, _ row: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int,
  _ to: UnsafeMutablePointer<Float>, _ slot: Int, _ tile: Int, _ table: UnsafeMutablePointer<Float>
) {
  let n = Lanes32.count
  eachRow(pixel, row, tileRows, tileColumns, channels, tile) { corner, at, tiles in
    let columns = 4 &* tiles
    gradientLines(Lines(from: window + corner, fromLine: pixel, fromStep: row, to: table, toLine: n, toStep: columns &* n, count: columns))
    gradientLines(
      Lines(
        from: table, fromLine: columns &* n, fromStep: n, to: to + at, toLine: 6 &* slot, toStep: slot, count: 6, groups: tiles,
        fromGroup: 4 &* n, toGroup: tile))
  }
}

@inline(never)
func winogradOutput(
  _ from: UnsafePointer<Float>, _ slot: Int, _ tile: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int, _ bias: UnsafePointer<Float>?,
  _ relu: Bool, _ window: UnsafeMutablePointer<Float>, _ pixel: Int, _ row: Int, _ table: UnsafeMutablePointer<Float>
) {
  let n = Lanes32.count
  var channel = 0
  while channel < channels {
    var shift: Place?
    if let bias { shift = bias + channel }
    eachRow(pixel, row, tileRows, tileColumns, n, tile) { corner, at, tiles in
      // Rows of positions first: they are the ones whose slots lie side by side.
      outputLines(
        Lines(
          from: from + (at &+ channel), fromLine: 6 &* slot, fromStep: slot, to: table, toLine: n, toStep: 6 &* n, count: 6, groups: tiles,
          fromGroup: tile, toGroup: 24 &* n))
      resultLines(
        Lines(
          from: table, fromLine: 6 &* n, fromStep: n, to: window + (corner &+ channel), toLine: pixel, toStep: row, count: 4, groups: tiles,
          fromGroup: 24 &* n, toGroup: 4 &* pixel), shift, relu)
    }
    channel &+= n
  }
}

@inline(never)
func winogradFilterGradient(
  _ from: UnsafePointer<Float>, _ slot: Int, _ fromRow: Int, _ sources: Int, _ channels: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
) {
  let n = Lanes32.count
  withTable { table in
    var s = 0
    while s < sources {
      var c = 0
      while c < channels {
        filterGradientLines(
          Lines(from: from + (s &* fromRow &+ c), fromLine: slot, fromStep: 6 &* slot, to: table, toLine: n, toStep: 6 &* n, count: 6))
        filterGradientLines(
          Lines(from: table, fromLine: 6 &* n, fromStep: n, to: to + (9 &* s &* toRow &+ c), toLine: 3 &* toRow, toStep: toRow, count: 3))
        c &+= n
      }
      s &+= 1
    }
  }
}

/// One tap of up to `lanes` filters.
@inline(__always)
private func tap(_ weight: Place, _ step: Int, _ count: Int) -> Tile32 {
  if count >= Lanes32.count { return Lanes32.strided(weight, step) }
  var v = Lanes32.zero
  var i = 0
  while i < count {
    v[i] = weight[i &* step]
    i &+= 1
  }
  return v
}

@inline(never)
func winogradFilters(
  _ weight: UnsafePointer<Float>, _ results: Int, _ resultStride: Int, _ sources: Int, _ sourceStride: Int, _ turned: Bool,
  _ to: UnsafeMutablePointer<Float>, _ slot: Int
) {
  let n = Lanes32.count, panel = 2 &* n
  withTable { table in
    // The table holds nine taps, then [u][column] of the first pass.
    let columns = table + 9 &* n
    var r = 0
    while r < (results &+ panel &- 1) / panel &* panel {
      var s = 0
      while s < sources {
        let w = weight + (r &* resultStride &+ s &* sourceStride)
        var k = 0
        while k < 9 {
          put(tap(w + (turned ? 8 &- k : k), resultStride, results &- r), table + k &* n)
          k &+= 1
        }
        filterLines(Lines(from: table, fromLine: n, fromStep: 3 &* n, to: columns, toLine: n, toStep: 3 &* n, count: 3))
        let u = to + ((r / panel &* sources &+ s) &* panel &+ r % panel)
        filterLines(Lines(from: columns, fromLine: 3 &* n, fromStep: n, to: u, toLine: 6 &* slot, toStep: slot, count: 6))
        s &+= 1
      }
      r &+= n
    }
  }
}
