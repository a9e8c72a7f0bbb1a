internal import CIntrinsics
internal import KernelTable

// Sums of float32 run in float32 for a short block in many lanes, and blocks are joined in float64: rounding does not grow with the length.

/// result[r] = the reduction of x[r, :] - shift[r]
func reduceRows(
  _ op: Int32, _ width: UInt8, _ x: UnsafeRawPointer, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ rows: Int,
  _ count: Int
) {
  let op = unsafeBitCast(UInt8(truncatingIfNeeded: op), to: ReduceOp.self)
  if width == FloatWidth.float32.rawValue { rows32(op, x, shift, result, rows, count) } else { rows64(op, x, shift, result, rows, count) }
}

@inline(never)
private func rows32(
  _ op: ReduceOp, _ x: UnsafeRawPointer, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ rows: Int, _ count: Int
) {
  reduceRows(F32.self, op, x, shift, result, rows, count)
}

@inline(never)
private func rows64(
  _ op: ReduceOp, _ x: UnsafeRawPointer, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ rows: Int, _ count: Int
) {
  reduceRows(F64.self, op, x, shift, result, rows, count)
}

@inline(__always)
private func reduceRows<V: Lanes>(
  _: V.Type, _ op: ReduceOp, _ x: UnsafeRawPointer, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ rows: Int,
  _ count: Int
) {
  for r in 0..<rows {
    let row = x + r &* count &* V.stride
    let s = V(shift?[r] ?? 0)
    switch op {
    case .sum where shift == nil: result[r] = sum(row, count) { (v: V) in v }
    case .sum: result[r] = sum(row, count) { (v: V) in v - s }
    case .sumSquares:
      result[r] = sum(row, count) { (v: V) in
        let d = v - s
        return d * d
      }
    case .sumAbs: result[r] = sum(row, count) { (v: V) in (v - s).magnitude }
    case .countNonzero: result[r] = sum(row, count) { (v: V) in .select(v == .zero, .zero, .one) }
    case .prod: result[r] = product(V.self, row, count)
    case .max: result[r] = largest(V.self, row, count)
    case .min: result[r] = -largest(row, count) { (v: V) in -v }
    }
  }
}

/// Σ f(x)
@inline(__always)
func sum<V: Lanes>(_ x: UnsafeRawPointer, _ n: Int, _ f: (V) -> V) -> Double {
  if n < V.count { return n > 0 ? f(V(first: n, x, 0)).keeping(first: n).sum : 0 }
  var total = 0.0
  var i = 0
  let whole = n &- n % V.count
  while i < whole {
    let end = whole &- i < 4096 ? whole : i &+ 4096
    var (a, b, c, d) = (V.zero, V.zero, V.zero, V.zero)
    var (e, g, h, k) = (V.zero, V.zero, V.zero, V.zero)
    while end &- i >= 8 &* V.count {
      a = a + f(V(x, i))
      b = b + f(V(x, i &+ V.count))
      c = c + f(V(x, i &+ 2 &* V.count))
      d = d + f(V(x, i &+ 3 &* V.count))
      e = e + f(V(x, i &+ 4 &* V.count))
      g = g + f(V(x, i &+ 5 &* V.count))
      h = h + f(V(x, i &+ 6 &* V.count))
      k = k + f(V(x, i &+ 7 &* V.count))
      i &+= 8 &* V.count
    }
    while end &- i >= 2 &* V.count {
      a = a + f(V(x, i))
      b = b + f(V(x, i &+ V.count))
      i &+= 2 &* V.count
    }
    if i < end {
      c = c + f(V(x, i))
      i &+= V.count
    }
    if i == whole, whole < n {
      // The last vector begins among elements that are counted already: those lanes are left out.
      d = d + V.select(V.firstLanes(whole &+ V.count &- n), .zero, f(V(x, n &- V.count)))
    }
    total += (((a + b) + (c + d)) + ((e + g) + (h + k))).sum
  }
  return total
}

/// Π x in float64
@inline(__always)
private func product<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ n: Int) -> Double {
  var (a, b, c, d) = (1.0, 1.0, 1.0, 1.0)
  var i = 0
  while i &+ 4 <= n {
    a *= element(V.self, x, i)
    b *= element(V.self, x, i &+ 1)
    c *= element(V.self, x, i &+ 2)
    d *= element(V.self, x, i &+ 3)
    i &+= 4
  }
  while i < n {
    a *= element(V.self, x, i)
    i &+= 1
  }
  return (a * b) * (c * d)
}

/// One element in float64.
@inline(__always)
func element<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ i: Int) -> Double {
  V.stride == 4
    ? Double(x.loadUnaligned(fromByteOffset: i &* 4, as: Float.self)) : x.loadUnaligned(fromByteOffset: i &* 8, as: Double.self)
}

/// The largest element; NaN wins; of nothing -∞.
@inline(__always)
func largest<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ n: Int) -> Double { largest(x, n) { (v: V) in v } }

/// The largest f(x).
@inline(__always)
func largest<V: Lanes>(_ x: UnsafeRawPointer, _ n: Int, _ f: (V) -> V) -> Double {
  let low = V(-.infinity)
  var (a, b, c, d) = (low, low, low, low)
  var nan = V.zero != V.zero
  var i = 0
  while i &+ 4 &* V.count <= n {
    let (p, q) = (f(V(x, i)), f(V(x, i &+ V.count)))
    let (r, s) = (f(V(x, i &+ 2 &* V.count)), f(V(x, i &+ 3 &* V.count)))
    a = V.select(a < p, p, a)
    b = V.select(b < q, q, b)
    c = V.select(c < r, r, c)
    d = V.select(d < s, s, d)
    nan = nan | V.unordered(p, q) | V.unordered(r, s)
    i &+= 4 &* V.count
  }
  while i &+ V.count <= n {
    let p = f(V(x, i))
    a = V.select(a < p, p, a)
    nan = nan | (p != p)
    i &+= V.count
  }
  if i < n {
    // A second look at some elements changes nothing.
    let p = n < V.count ? V.select(V.firstLanes(n), f(V(first: n, x, 0)), low) : f(V(x, n &- V.count))
    a = V.select(a < p, p, a)
    nan = nan | (p != p)
  }
  a = V.maximum(V.maximum(a, b), V.maximum(c, d))
  return nan.any ? Double.nan : a.largest
}

/// result[c] = result[c] joined with the reduction of x[:, c] - shift[c]
func reduceColumns(
  _ op: Int32, _ width: UInt8, _ x: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>,
  _ count: Int, _ columns: Int
) {
  let op = unsafeBitCast(UInt8(truncatingIfNeeded: op), to: ReduceOp.self)
  if width == FloatWidth.float32.rawValue {
    columns32(op, x, rowStride, shift, result, count, columns)
  } else {
    columns64(op, x, rowStride, shift, result, count, columns)
  }
}

@inline(never)
private func columns32(
  _ op: ReduceOp, _ x: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ count: Int,
  _ columns: Int
) {
  reduceColumns(F32.self, op, x, rowStride, shift, result, count, columns)
}

@inline(never)
private func columns64(
  _ op: ReduceOp, _ x: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ count: Int,
  _ columns: Int
) {
  reduceColumns(F64.self, op, x, rowStride, shift, result, count, columns)
}

@inline(__always)
private func reduceColumns<V: Lanes>(
  _: V.Type, _ op: ReduceOp, _ x: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>,
  _ count: Int, _ columns: Int
) {
  switch op {
  case .sum where shift == nil: sumColumns(x, rowStride, nil, result, count, columns) { (v: V, _: V) in v }
  case .sum: sumColumns(x, rowStride, shift, result, count, columns) { (v: V, s: V) in v - s }
  case .sumSquares:
    sumColumns(x, rowStride, shift, result, count, columns) { (v: V, s: V) in
      let d = v - s
      return d * d
    }
  case .sumAbs: sumColumns(x, rowStride, shift, result, count, columns) { (v: V, s: V) in (v - s).magnitude }
  case .countNonzero: sumColumns(x, rowStride, nil, result, count, columns) { (v: V, _: V) in .select(v == .zero, .zero, .one) }
  case .prod:
    for r in 0..<count {
      for c in 0..<columns { result[c] *= element(V.self, x, r &* rowStride &+ c) }
    }
  case .max:
    extremeColumns(x, rowStride, result, count, columns) { (v: V) in
      v
    } sign: {
      $0
    }
  case .min:
    extremeColumns(x, rowStride, result, count, columns) { (v: V) in
      -v
    } sign: {
      -$0
    }
  }
}

/// result[c] += Σ f(x[:, c], shift[c]): 32 rows at a time in the lanes, then in float64.
@inline(__always)
func sumColumns<V: Lanes>(
  _ x: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ count: Int, _ columns: Int,
  _ f: (V, V) -> V
) {
  if columns < V.count { return sumFewColumns(x, rowStride, shift, result, count, columns, f) }
  var r = 0
  while r < count {
    let rows = count &- r < 32 ? count &- r : 32
    var c = 0
    while c < columns {
      // The last vector may begin among columns that are counted already: those lanes are left out.
      let first = columns &- c < V.count ? columns &- V.count : c
      var s = V.zero
      if let shift { s = V(narrowing: shift, first) }
      let i = r &* rowStride &+ first
      var a = V.zero
      if rows == 32 {
        var p = x + i &* V.stride
        let step = rowStride &* V.stride
        let end = p + 32 &* step
        while p < end {
          let (p1, p2) = (p + step, p + 2 &* step)
          // 32 rows are more streams than the processor follows by itself.
          nn_prefetch(p + 256)
          nn_prefetch(p1 + 256)
          nn_prefetch(p2 + 256)
          nn_prefetch(p2 + step + 256)
          let b = f(V(p, 0), s) + f(V(p1, 0), s)
          let d = f(V(p2, 0), s) + f(V(p2 + step, 0), s)
          a = a + (b + d)
          p = p2 + 2 &* step
        }
      } else {
        for k in 0..<rows { a = a + f(V(x, i &+ k &* rowStride), s) }
      }
      if first < c { a = V.select(V.firstLanes(c &- first), .zero, a) }
      a.widenAdd(result, first)
      c = first &+ V.count
    }
    r &+= rows
  }
}

/// The same of less than a vector of columns. What a vector reads beyond its row are elements of the next; at the end there is none.
@inline(__always)
private func sumFewColumns<V: Lanes>(
  _ x: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>?, _ result: UnsafeMutablePointer<Double>, _ count: Int, _ columns: Int,
  _ f: (V, V) -> V
) {
  var s = V.zero
  if let shift { s = V(narrowing: shift, 0, first: columns) }
  let last = (count &- 1) &* rowStride &+ columns &- V.count
  var r = 0
  while r < count {
    let end = count &- r < 32 ? count : r &+ 32
    var a = V.zero
    while r < end {
      let i = r &* rowStride
      a = a + f(i <= last ? V(x, i) : V(first: columns, x, i), s)
      r &+= 1
    }
    for k in 0..<columns { result[k] += a[k] }
  }
}

/// result[c] = the largest of result[c] and f(x[:, c]); results and lanes go through `sign`, so that the smallest is the largest of -x.
@inline(__always)
private func extremeColumns<V: Lanes>(
  _ x: UnsafeRawPointer, _ rowStride: Int, _ result: UnsafeMutablePointer<Double>, _ count: Int, _ columns: Int, _ f: (V) -> V,
  sign: (Double) -> Double
) {
  let last = (count &- 1) &* rowStride &+ columns &- V.count
  var c = 0
  while c < columns {
    // The last vector may begin among columns that were looked at already; of few columns it reads on into the next row, which does not count.
    let first = columns &- c < V.count && columns >= V.count ? columns &- V.count : c
    let n = columns &- first < V.count ? columns &- first : V.count
    var m = V(-.infinity)
    for r in 0..<count {
      let i = r &* rowStride &+ first
      m = V.maximum(f(i <= last ? V(x, i) : V(first: n, x, i)), m)
    }
    for k in 0..<n {
      let (old, new) = (sign(result[first &+ k]), m[k])
      result[first &+ k] = sign(old != old || old > new ? old : new)
    }
    c = first &+ n
  }
}

/// result[r] = Σ a[r, :] (b[r, :] - shift[r])
@inline(never)
func dotRows(
  _ width: UInt8, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ shift: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, _ rows: Int,
  _ count: Int
) {
  for r in 0..<rows {
    if width == FloatWidth.float32.rawValue {
      result[r] = dot(a + r &* count &* 4, b + r &* count &* 4, F32(shift[r]), count)
    } else {
      result[r] = dot(a + r &* count &* 8, b + r &* count &* 8, F64(shift[r]), count)
    }
  }
}

@inline(__always)
private func dot<V: Lanes>(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ shift: V, _ n: Int) -> Double {
  var total = 0.0
  var i = 0
  let whole = n &- n % V.count
  while i < whole {
    let end = whole &- i < 1024 ? whole : i &+ 1024
    var (p, q) = (V.zero, V.zero)
    while i &+ 2 &* V.count <= end {
      p = .fma(V(a, i), V(b, i) - shift, p)
      q = .fma(V(a, i &+ V.count), V(b, i &+ V.count) - shift, q)
      i &+= 2 &* V.count
    }
    while i < end {
      p = .fma(V(a, i), V(b, i) - shift, p)
      i &+= V.count
    }
    total += (p + q).sum
  }
  if i < n {
    if n < V.count { return (V(first: n, a, 0) * (V(first: n, b, 0) - shift)).sum }
    // as in `sum`
    total += V.select(V.firstLanes(whole &+ V.count &- n), .zero, V(a, n &- V.count) * (V(b, n &- V.count) - shift)).sum
  }
  return total
}

/// result[c] += Σ a[:, c] (b[:, c] - shift[c])
@inline(never)
func dotColumns(
  _ width: UInt8, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>,
  _ result: UnsafeMutablePointer<Double>, _ count: Int, _ columns: Int
) {
  if width == FloatWidth.float32.rawValue {
    dotColumns(F32.self, a, b, rowStride, shift, result, count, columns)
  } else {
    dotColumns(F64.self, a, b, rowStride, shift, result, count, columns)
  }
}

@inline(__always)
private func dotColumns<V: Lanes>(
  _: V.Type, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ rowStride: Int, _ shift: UnsafePointer<Double>,
  _ result: UnsafeMutablePointer<Double>, _ count: Int, _ columns: Int
) {
  let last = (count &- 1) &* rowStride &+ columns &- V.count
  var r = 0
  while r < count {
    let rows = count &- r < 16 ? count &- r : 16
    var c = 0
    while c < columns {
      let first = columns &- c < V.count && columns >= V.count ? columns &- V.count : c
      let n = columns &- first < V.count ? columns &- first : V.count
      let s = n == V.count ? V(narrowing: shift, first) : V(narrowing: shift, first, first: n)
      var t = V.zero
      if n == V.count {
        for k in 0..<rows {
          let i = (r &+ k) &* rowStride &+ first
          t = .fma(V(a, i), V(b, i) - s, t)
        }
        if first < c { t = V.select(V.firstLanes(c &- first), .zero, t) }
        t.widenAdd(result, first)
      } else {
        for k in 0..<rows {
          let i = (r &+ k) &* rowStride &+ first
          t = i <= last ? .fma(V(a, i), V(b, i) - s, t) : .fma(V(first: n, a, i), V(first: n, b, i) - s, t)
        }
        for k in 0..<n { result[first &+ k] += t[k] }
      }
      c = first &+ n
    }
    r &+= rows
  }
}
