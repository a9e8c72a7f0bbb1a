internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

// y = exp(x - m) / Σ exp(x - m): taking the largest m away changes nothing and keeps exp from overflowing; the gradient needs y alone.

/// softmax, or its logarithm, over the middle of [outer, count, inner].
@inline(never)
func softmax(_ log: Bool, _ width: UInt8, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ outer: Int, _ count: Int, _ inner: Int) {
  if width == FloatWidth.float32.rawValue {
    softmax(F32.self, log, x, y, outer, count, inner)
  } else {
    softmax(F64.self, log, x, y, outer, count, inner)
  }
}

@inline(__always)
private func softmax<V: Lanes>(
  _: V.Type, _ log: Bool, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ outer: Int, _ count: Int, _ inner: Int
) {
  if inner == 1, count < ShortRows.most {
    ShortRows.forEachBundle(V.self, outer) { first, n, room in
      let offset = first &* count &* V.stride
      ShortRows.gather(V.self, x + offset, room, n, count)
      softmaxColumns(V.self, log, UnsafeRawPointer(room), room, count, V.count)
      ShortRows.scatter(V.self, room, y + offset, n, count)
    }
    return
  }
  for o in 0..<outer {
    let x = x + o &* count &* inner &* V.stride
    let y = y + o &* count &* inner &* V.stride
    if inner > 1 {
      softmaxColumns(V.self, log, x, y, count, inner)
    } else if log {
      let m = largest(V.self, x, count)
      let shift = V(m)
      let s = V(Glibc.log(expSum(shift, x, nil, count)))
      map(x, y, count) { (v: V) in (v - shift) - s }
    } else {
      let s = V(1 / expSum(V(largest(V.self, x, count)), x, y, count))
      map(UnsafeRawPointer(y), y, count) { (v: V) in v * s }
    }
  }
}

/// The sum of exp(x - m), and y = exp(x - m) where y is given.
@inline(never)
private func expSum<V: Lanes>(_ m: V, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer?, _ n: Int) -> Double {
  var total = 0.0
  var i = 0
  let whole = n &- n % V.count
  while i < whole {
    let end = whole &- i < 1024 ? whole : i &+ 1024
    var (a, b) = (V.zero, V.zero)
    while i &+ 2 &* V.count <= end {
      let p = (V(x, i) - m).expOfNegative
      let q = (V(x, i &+ V.count) - m).expOfNegative
      if let y {
        p.store(y, i)
        q.store(y, i &+ V.count)
      }
      a = a + p
      b = b + q
      i &+= 2 &* V.count
    }
    while i < end {
      let p = (V(x, i) - m).expOfNegative
      if let y { p.store(y, i) }
      a = a + p
      i &+= V.count
    }
    total += (a + b).sum
  }
  if i < n {
    let p = (V(first: n &- i, x, i) - m).expOfNegative.keeping(first: n &- i)
    if let y { p.store(first: n &- i, y, i) }
    total += p.sum
  }
  return total
}

@inline(__always)
private func softmaxColumns<V: Lanes>(
  _: V.Type, _ log: Bool, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ count: Int, _ inner: Int
) {
  columns(V.self, inner) { c, load, store in
    let m = largestColumn(x, count, inner, c, load)
    if log {
      let rest = logRest(x, count, inner, c, m, load)
      for k in 0..<count { store((load(x, k &* inner &+ c) - m) - rest, y, k &* inner &+ c) }
    } else {
      var s = V.zero
      for k in 0..<count {
        let e = (load(x, k &* inner &+ c) - m).expOfNegative
        store(e, y, k &* inner &+ c)
        s = s + e
      }
      let r = V.one / s
      for k in 0..<count { store(load(UnsafeRawPointer(y), k &* inner &+ c) * r, y, k &* inner &+ c) }
    }
  }
}

/// log Σ exp(x[:, c …] - m) of the largest elements m, NaN for an infinite m. The largest itself stays out of the sum, as 1 + s would round a small s away.
@inline(__always)
func logRest<V: Lanes>(_ x: UnsafeRawPointer, _ count: Int, _ inner: Int, _ c: Int, _ m: V, _ load: (UnsafeRawPointer, Int) -> V) -> V {
  var s = V.zero
  var ties = -V.one
  for k in 0..<count {
    let v = load(x, k &* inner &+ c)
    let top = v == m
    s = s + V.select(top, .zero, (v - m).expOfNegative)
    ties = ties + V.select(top, .one, .zero)
  }
  return V.select(m.magnitude == V(.infinity), V(.nan), (s + ties).log1p)
}

/// The largest of x[:, c …]; NaN wins.
@inline(__always)
func largestColumn<V: Lanes>(_ x: UnsafeRawPointer, _ count: Int, _ inner: Int, _ c: Int, _ load: (UnsafeRawPointer, Int) -> V) -> V {
  var m = V(-.infinity)
  for k in 0..<count { m = V.maximum(load(x, k &* inner &+ c), m) }
  return m
}

/// Calls `body(column, load, store)` for vectors of columns, the last with its few lanes.
@inline(__always)
private func columns<V: Lanes>(
  _: V.Type, _ inner: Int, _ body: (Int, (UnsafeRawPointer, Int) -> V, (V, UnsafeMutableRawPointer, Int) -> Void) -> Void
) {
  var c = 0
  while inner &- c >= V.count {
    body(c, { p, i in V(p, i) }, { v, p, i in v.store(p, i) })
    c &+= V.count
  }
  let n = inner &- c
  if n > 0 { body(c, { p, i in V(first: n, p, i) }, { v, p, i in v.store(first: n, p, i) }) }
}

/// gx = y (g - Σ g y); of the logarithm: g - exp(y) Σ g.
@inline(never)
func softmaxGradient(
  _ log: Bool, _ width: UInt8, _ y: UnsafeRawPointer, _ g: UnsafeRawPointer, _ gx: UnsafeMutableRawPointer, _ outer: Int, _ count: Int, _ inner: Int
) {
  if width == FloatWidth.float32.rawValue {
    softmaxGradient(F32.self, log, y, g, gx, outer, count, inner)
  } else {
    softmaxGradient(F64.self, log, y, g, gx, outer, count, inner)
  }
}

@inline(__always)
private func softmaxGradient<V: Lanes>(
  _: V.Type, _ log: Bool, _ y: UnsafeRawPointer, _ g: UnsafeRawPointer, _ gx: UnsafeMutableRawPointer, _ outer: Int, _ count: Int, _ inner: Int
) {
  if inner == 1, count < 16 {
    ShortRows.forEachBundle(V.self, outer) { first, n, roomY in
      ShortRows.withRoom { roomG in
        let offset = first &* count &* V.stride
        ShortRows.gather(V.self, y + offset, roomY, n, count)
        ShortRows.gather(V.self, g + offset, roomG, n, count)
        softmaxGradientColumns(V.self, log, UnsafeRawPointer(roomY), UnsafeRawPointer(roomG), roomG, count, V.count)
        ShortRows.scatter(V.self, roomG, gx + offset, n, count)
      }
    }
    return
  }
  for o in 0..<outer {
    let base = o &* count &* inner &* V.stride
    let (y, g, gx) = (y + base, g + base, gx + base)
    if inner > 1 {
      softmaxGradientColumns(V.self, log, y, g, gx, count, inner)
    } else if log {
      let s = V(sum(g, count) { (v: V) in v })
      map(y, g, gx, count) { (y: V, g: V) in g - y.exp * s }
    } else {
      let s = V(dot(y, g, count, V.self))
      map(y, g, gx, count) { (y: V, g: V) in y * (g - s) }
    }
  }
}

@inline(__always)
private func softmaxGradientColumns<V: Lanes>(
  _: V.Type, _ log: Bool, _ y: UnsafeRawPointer, _ g: UnsafeRawPointer, _ gx: UnsafeMutableRawPointer, _ count: Int, _ inner: Int
) {
  columns(V.self, inner) { c, load, store in
    var s = V.zero
    if log {
      for k in 0..<count { s = s + load(g, k &* inner &+ c) }
      for k in 0..<count {
        let i = k &* inner &+ c
        store(load(g, i) - load(y, i).exp * s, gx, i)
      }
    } else {
      for k in 0..<count { s = .fma(load(g, k &* inner &+ c), load(y, k &* inner &+ c), s) }
      for k in 0..<count {
        let i = k &* inner &+ c
        store(load(y, i) * (load(g, i) - s), gx, i)
      }
    }
  }
}

/// Σ a b
@inline(__always)
private func dot<V: Lanes>(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ n: Int, _: V.Type) -> Double {
  var total = 0.0
  var i = 0
  let whole = n &- n % V.count
  while i < whole {
    let end = whole &- i < 1024 ? whole : i &+ 1024
    var p = V.zero
    while i < end {
      p = .fma(V(a, i), V(b, i), p)
      i &+= V.count
    }
    total += p.sum
  }
  if i < n { total += (V(first: n &- i, a, i) * V(first: n &- i, b, i)).sum }
  return total
}

/// y = log Σ exp(x)
@inline(never)
func logSumExp(_ width: UInt8, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ outer: Int, _ count: Int, _ inner: Int) {
  if width == FloatWidth.float32.rawValue { logSumExp(F32.self, x, y, outer, count, inner) } else { logSumExp(F64.self, x, y, outer, count, inner) }
}

@inline(__always)
private func logSumExp<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ outer: Int, _ count: Int, _ inner: Int) {
  if inner == 1, count <= ShortRows.most {
    ShortRows.forEachBundle(V.self, outer) { first, n, room in
      ShortRows.gather(V.self, x + first &* count &* V.stride, room, n, count)
      logSumExpColumns(V.self, UnsafeRawPointer(room), room, count, V.count)
      copyBytes(y + first &* V.stride, room, n &* V.stride)
    }
    return
  }
  for o in 0..<outer {
    let x = x + o &* count &* inner &* V.stride
    if inner == 1 {
      V(logSumExp(V.self, x, count)).store(first: 1, y, o)
    } else {
      logSumExpColumns(V.self, x, y + o &* inner &* V.stride, count, inner)
    }
  }
}

@inline(__always)
private func logSumExpColumns<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ count: Int, _ inner: Int) {
  columns(V.self, inner) { c, load, store in
    let m = largestColumn(x, count, inner, c, load)
    // an infinite largest is the result, whether one is ∞ or all are -∞
    store(.select(m.magnitude == V(.infinity), m, m + logRest(x, count, inner, c, m, load)), y, c)
  }
}

/// log Σ exp(x) of one row in float64.
@inline(__always)
func logSumExp<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ n: Int) -> Double {
  let (m, rest) = logSumExpParts(V.self, x, n)
  return m.isInfinite ? m : m + rest
}

/// The largest element m and log Σ exp(x - m) of one row; NaN for an infinite m. Apart they keep the digits that their sum would lose.
@inline(__always)
func logSumExpParts<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ n: Int) -> (Double, Double) {
  let m = largest(V.self, x, n)
  return (m, m.isInfinite ? .nan : Glibc.log(expSum(V(m), x, nil, n)))
}
