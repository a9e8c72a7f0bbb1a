internal import KernelTable

/// The two-dimensional transforms of Winograd's convolution, lanes are channels (`WinogradTransforms` has the formulas).

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

/// A row of transformed values, one in each slot.
@inline(__always) private func putSlots(_ v: Line6, _ p: Target, _ slot: Int) {
  put(v.0, p)
  put(v.1, p + slot)
  put(v.2, p + 2 &* slot)
  put(v.3, p + 3 &* slot)
  put(v.4, p + 4 &* slot)
  put(v.5, p + 5 &* slot)
}

@inline(never)
func winogradInput(
  _ window: UnsafePointer<Float>, _ pixel: Int, _ row: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int,
  _ to: UnsafeMutablePointer<Float>, _ slot: Int, _ tile: Int
) {
  var to = to
  var i = 0
  while i < tileRows {
    var j = 0
    while j < tileColumns {
      let corner = window + (4 &* i &* row &+ 4 &* j &* pixel)
      var c = 0
      while c < channels {
        let d = corner + c, v = to + c
        let c0 = winogradInputLine(get6(d, row))
        let c1 = winogradInputLine(get6(d + pixel, row))
        let c2 = winogradInputLine(get6(d + 2 &* pixel, row))
        let c3 = winogradInputLine(get6(d + 3 &* pixel, row))
        let c4 = winogradInputLine(get6(d + 4 &* pixel, row))
        let c5 = winogradInputLine(get6(d + 5 &* pixel, row))
        putSlots(winogradInputLine((c0.0, c1.0, c2.0, c3.0, c4.0, c5.0)), v, slot)
        putSlots(winogradInputLine((c0.1, c1.1, c2.1, c3.1, c4.1, c5.1)), v + 6 &* slot, slot)
        putSlots(winogradInputLine((c0.2, c1.2, c2.2, c3.2, c4.2, c5.2)), v + 12 &* slot, slot)
        putSlots(winogradInputLine((c0.3, c1.3, c2.3, c3.3, c4.3, c5.3)), v + 18 &* slot, slot)
        putSlots(winogradInputLine((c0.4, c1.4, c2.4, c3.4, c4.4, c5.4)), v + 24 &* slot, slot)
        putSlots(winogradInputLine((c0.5, c1.5, c2.5, c3.5, c4.5, c5.5)), v + 30 &* slot, slot)
        c &+= Lanes32.count
      }
      to += tile
      j &+= 1
    }
    i &+= 1
  }
}

@inline(never)
func winogradGradient(
  _ window: UnsafePointer<Float>, _ pixel: Int, _ row: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int,
  _ to: UnsafeMutablePointer<Float>, _ slot: Int, _ tile: Int
) {
  @inline(__always) func column(_ g: Place) -> Line6 {
    winogradGradientLine((get(g), get(g + row), get(g + 2 &* row), get(g + 3 &* row)))
  }
  var to = to
  var i = 0
  while i < tileRows {
    var j = 0
    while j < tileColumns {
      let corner = window + (4 &* i &* row &+ 4 &* j &* pixel)
      var c = 0
      while c < channels {
        let g = corner + c, z = to + c
        let c0 = column(g), c1 = column(g + pixel), c2 = column(g + 2 &* pixel), c3 = column(g + 3 &* pixel)
        putSlots(winogradGradientLine((c0.0, c1.0, c2.0, c3.0)), z, slot)
        putSlots(winogradGradientLine((c0.1, c1.1, c2.1, c3.1)), z + 6 &* slot, slot)
        putSlots(winogradGradientLine((c0.2, c1.2, c2.2, c3.2)), z + 12 &* slot, slot)
        putSlots(winogradGradientLine((c0.3, c1.3, c2.3, c3.3)), z + 18 &* slot, slot)
        putSlots(winogradGradientLine((c0.4, c1.4, c2.4, c3.4)), z + 24 &* slot, slot)
        putSlots(winogradGradientLine((c0.5, c1.5, c2.5, c3.5)), z + 30 &* slot, slot)
        c &+= Lanes32.count
      }
      to += tile
      j &+= 1
    }
    i &+= 1
  }
}

@inline(never)
func winogradOutput(
  _ from: UnsafePointer<Float>, _ slot: Int, _ tile: Int, _ tileRows: Int, _ tileColumns: Int, _ channels: Int, _ bias: UnsafePointer<Float>?,
  _ relu: Bool, _ window: UnsafeMutablePointer<Float>, _ pixel: Int, _ row: Int
) {
  let floor = relu ? Lanes32.zero : Lanes32.lowest
  var from = from
  var i = 0
  while i < tileRows {
    var j = 0
    while j < tileColumns {
      let corner = window + (4 &* i &* row &+ 4 &* j &* pixel)
      var c = 0
      while c < channels {
        let m = from + c, y = corner + c
        var shift = Lanes32.zero
        if let bias { shift = get(bias + c) }
        // Columns of positions first: position (u, v) lies in slot 6u + v.
        let c0 = winogradOutputLine(get6(m, 6 &* slot))
        let c1 = winogradOutputLine(get6(m + slot, 6 &* slot))
        let c2 = winogradOutputLine(get6(m + 2 &* slot, 6 &* slot))
        let c3 = winogradOutputLine(get6(m + 3 &* slot, 6 &* slot))
        let c4 = winogradOutputLine(get6(m + 4 &* slot, 6 &* slot))
        let c5 = winogradOutputLine(get6(m + 5 &* slot, 6 &* slot))
        @inline(__always) func finish(_ line: Line4, _ y: Target) {
          put(Lanes32.atLeast(line.0 + shift, floor), y)
          put(Lanes32.atLeast(line.1 + shift, floor), y + pixel)
          put(Lanes32.atLeast(line.2 + shift, floor), y + 2 &* pixel)
          put(Lanes32.atLeast(line.3 + shift, floor), y + 3 &* pixel)
        }
        finish(winogradOutputLine((c0.0, c1.0, c2.0, c3.0, c4.0, c5.0)), y)
        finish(winogradOutputLine((c0.1, c1.1, c2.1, c3.1, c4.1, c5.1)), y + row)
        finish(winogradOutputLine((c0.2, c1.2, c2.2, c3.2, c4.2, c5.2)), y + 2 &* row)
        finish(winogradOutputLine((c0.3, c1.3, c2.3, c3.3, c4.3, c5.3)), y + 3 &* row)
        c &+= Lanes32.count
      }
      from += tile
      j &+= 1
    }
    i &+= 1
  }
}

@inline(never)
func winogradFilterGradient(
  _ from: UnsafePointer<Float>, _ slot: Int, _ fromRow: Int, _ sources: Int, _ channels: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
) {
  var s = 0
  while s < sources {
    var c = 0
    while c < channels {
      let d = from + (s &* fromRow &+ c), w = to + (9 &* s &* toRow &+ c)
      let c0 = winogradFilterGradientLine(get6(d, 6 &* slot))
      let c1 = winogradFilterGradientLine(get6(d + slot, 6 &* slot))
      let c2 = winogradFilterGradientLine(get6(d + 2 &* slot, 6 &* slot))
      let c3 = winogradFilterGradientLine(get6(d + 3 &* slot, 6 &* slot))
      let c4 = winogradFilterGradientLine(get6(d + 4 &* slot, 6 &* slot))
      let c5 = winogradFilterGradientLine(get6(d + 5 &* slot, 6 &* slot))
      @inline(__always) func finish(_ line: Line3, _ w: Target) {
        put(line.0, w)
        put(line.1, w + toRow)
        put(line.2, w + 2 &* toRow)
      }
      finish(winogradFilterGradientLine((c0.0, c1.0, c2.0, c3.0, c4.0, c5.0)), w)
      finish(winogradFilterGradientLine((c0.1, c1.1, c2.1, c3.1, c4.1, c5.1)), w + 3 &* toRow)
      finish(winogradFilterGradientLine((c0.2, c1.2, c2.2, c3.2, c4.2, c5.2)), w + 6 &* toRow)
      c &+= Lanes32.count
    }
    s &+= 1
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
  let panel = 2 &* Lanes32.count
  let first = turned ? 8 : 0, step = turned ? -1 : 1
  var r = 0
  while r < (results &+ panel &- 1) / panel &* panel {
    var s = 0
    while s < sources {
      let w = weight + (r &* resultStride &+ s &* sourceStride &+ first)
      let u = to + ((r / panel &* sources &+ s) &* panel &+ r % panel)
      @inline(__always) func column(_ v: Int) -> Line6 {
        winogradFilterLine(
          (tap(w + v &* step, resultStride, results &- r), tap(w + (v &+ 3) &* step, resultStride, results &- r),
            tap(w + (v &+ 6) &* step, resultStride, results &- r)))
      }
      let c0 = column(0), c1 = column(1), c2 = column(2)
      putSlots(winogradFilterLine((c0.0, c1.0, c2.0)), u, slot)
      putSlots(winogradFilterLine((c0.1, c1.1, c2.1)), u + 6 &* slot, slot)
      putSlots(winogradFilterLine((c0.2, c1.2, c2.2)), u + 12 &* slot, slot)
      putSlots(winogradFilterLine((c0.3, c1.3, c2.3)), u + 18 &* slot, slot)
      putSlots(winogradFilterLine((c0.4, c1.4, c2.4)), u + 24 &* slot, slot)
      putSlots(winogradFilterLine((c0.5, c1.5, c2.5)), u + 30 &* slot, slot)
      s &+= 1
    }
    r &+= Lanes32.count
  }
}
