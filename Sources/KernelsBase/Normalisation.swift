internal import KernelTable

/// y[r, :] = (x[r, :] - shift[k]) scale[k] + bias[k], k = r, or the column when `periodic`.
@inline(never)
func affine(
  _ width: UInt8, _ x: UnsafeRawPointer, _ scale: UnsafePointer<Double>, _ shift: UnsafePointer<Double>, _ bias: UnsafePointer<Double>,
  _ y: UnsafeMutableRawPointer, _ rows: Int, _ count: Int, _ periodic: Bool
) {
  if width == FloatWidth.float32.rawValue {
    affine(F32.self, x, scale, shift, bias, y, rows, count, periodic)
  } else {
    affine(F64.self, x, scale, shift, bias, y, rows, count, periodic)
  }
}

@inline(__always)
private func affine<V: Lanes>(
  _: V.Type, _ x: UnsafeRawPointer, _ scale: UnsafePointer<Double>, _ shift: UnsafePointer<Double>, _ bias: UnsafePointer<Double>,
  _ y: UnsafeMutableRawPointer, _ rows: Int, _ count: Int, _ periodic: Bool
) {
  if periodic {
    var c = 0
    while c < count {
      let n = count &- c < V.count ? count &- c : V.count
      let (s, m, b) = (V(narrowing: scale, c, first: n), V(narrowing: shift, c, first: n), V(narrowing: bias, c, first: n))
      for r in 0..<rows {
        let i = r &* count &+ c
        if n == V.count { V.fma(V(x, i) - m, s, b).store(y, i) } else { V.fma(V(first: n, x, i) - m, s, b).store(first: n, y, i) }
      }
      c &+= n
    }
    return
  }
  for r in 0..<rows {
    let (s, m, b) = (V(scale[r]), V(shift[r]), V(bias[r]))
    map(x + r &* count &* V.stride, y + r &* count &* V.stride, count) { (v: V) in .fma(v - m, s, b) }
  }
}

/// y = a[k] g + b[k] (x - shift[k]) + c[k], k as in `affine`: the backward pass of normalisation.
@inline(never)
func affinePair(
  _ width: UInt8, _ x: UnsafeRawPointer, _ g: UnsafeRawPointer, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
  _ shift: UnsafePointer<Double>, _ c: UnsafePointer<Double>, _ y: UnsafeMutableRawPointer, _ rows: Int, _ count: Int, _ periodic: Bool
) {
  if width == FloatWidth.float32.rawValue {
    affinePair(F32.self, x, g, a, b, shift, c, y, rows, count, periodic)
  } else {
    affinePair(F64.self, x, g, a, b, shift, c, y, rows, count, periodic)
  }
}

@inline(__always)
private func affinePair<V: Lanes>(
  _: V.Type, _ x: UnsafeRawPointer, _ g: UnsafeRawPointer, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ shift: UnsafePointer<Double>,
  _ c: UnsafePointer<Double>, _ y: UnsafeMutableRawPointer, _ rows: Int, _ count: Int, _ periodic: Bool
) {
  if periodic {
    var j = 0
    while j < count {
      let n = count &- j < V.count ? count &- j : V.count
      let (va, vb) = (V(narrowing: a, j, first: n), V(narrowing: b, j, first: n))
      let (m, vc) = (V(narrowing: shift, j, first: n), V(narrowing: c, j, first: n))
      for r in 0..<rows {
        let i = r &* count &+ j
        if n == V.count {
          V.fma(V(g, i), va, V.fma(V(x, i) - m, vb, vc)).store(y, i)
        } else {
          V.fma(V(first: n, g, i), va, V.fma(V(first: n, x, i) - m, vb, vc)).store(first: n, y, i)
        }
      }
      j &+= n
    }
    return
  }
  for r in 0..<rows {
    let (va, vb, m, vc) = (V(a[r]), V(b[r]), V(shift[r]), V(c[r]))
    let offset = r &* count &* V.stride
    map(x + offset, g + offset, y + offset, count) { (x: V, g: V) in .fma(g, va, .fma(x - m, vb, vc)) }
  }
}
