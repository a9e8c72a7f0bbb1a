internal import KernelTable

/// values[o, i] = the extreme of x[o, :, i], positions[o, i] = the first place it stands at, from 0; NaN wins.
@inline(never)
func argReduce(
  _ max: Bool, _ width: UInt8, _ x: UnsafeRawPointer, _ values: UnsafeMutableRawPointer, _ positions: UnsafeMutablePointer<Int64>, _ outer: Int,
  _ count: Int, _ inner: Int
) {
  if width == FloatWidth.float32.rawValue {
    if max {
      argReduce(x, values, positions, outer, count, inner, F32.self, negate: false)
    } else {
      argReduce(x, values, positions, outer, count, inner, F32.self, negate: true)
    }
  } else {
    if max {
      argReduce(x, values, positions, outer, count, inner, F64.self, negate: false)
    } else {
      argReduce(x, values, positions, outer, count, inner, F64.self, negate: true)
    }
  }
}

/// The largest of x or, to find the smallest, of -x.
@inline(__always)
private func argReduce<V: Lanes>(
  _ x: UnsafeRawPointer, _ values: UnsafeMutableRawPointer, _ positions: UnsafeMutablePointer<Int64>, _ outer: Int, _ count: Int, _ inner: Int,
  _: V.Type, negate: Bool
) {
  if inner == 1, count > 0, count <= ShortRows.most {
    ShortRows.forEachBundle(V.self, outer) { first, n, room in
      ShortRows.gather(V.self, x + first &* count &* V.stride, room, n, count)
      let (m, at) = largestAndPlace(count, negate) { V(room, $0 &* V.count) }
      m.store(room, 0)
      copyBytes(values + first &* V.stride, room, n &* V.stride)
      for r in 0..<n { positions[first &+ r] = Int64(at.position(r)) }
    }
    return
  }
  for o in 0..<outer {
    let x = x + o &* count &* inner &* V.stride
    if inner == 1 {
      // the value first, then the place it stands at: two fast passes through the cache instead of one with indices
      let m = negate ? -largest(x, count) { (v: V) in -v } : largest(V.self, x, count)
      let at = first(V(m), m != m, x, count)
      positions[o] = Int64(at)
      copyBytes(values + o &* V.stride, x + at &* V.stride, V.stride)
      continue
    }
    var c = 0
    while c < inner {
      let n = inner &- c < V.count ? inner &- c : V.count
      let (m, at) = largestAndPlace(count, negate) { k in n == V.count ? V(x, k &* inner &+ c) : V(first: n, x, k &* inner &+ c) }
      m.store(first: n, values, o &* inner &+ c)
      for k in 0..<n { positions[o &* inner &+ c &+ k] = Int64(at.position(k)) }
      c &+= n
    }
  }
}

/// In each lane the largest of `load(0 ..< count)` (of -x, negated back, where `negate`) and its first place; NaN wins.
@inline(__always)
private func largestAndPlace<V: Lanes>(_ count: Int, _ negate: Bool, _ load: (Int) -> V) -> (V, V) {
  var m = load(0)
  if negate { m = -m }
  var at = V(position: 0)
  var k = 1
  while k < count {
    var v = load(k)
    if negate { v = -v }
    let better = (m < v) | ((v != v) & (m == m))
    m = V.select(better, v, m)
    at = V.select(better, V(position: k), at)
    k &+= 1
  }
  return (negate ? -m : m, at)
}

/// The first place of m, or of NaN, in x; there is one.
@inline(__always)
private func first<V: Lanes>(_ m: V, _ nan: Bool, _ x: UnsafeRawPointer, _ n: Int) -> Int {
  var i = 0
  if !nan {
    while i &+ V.count <= n, !(V(x, i) == m).any { i &+= V.count }
  }
  while i < n {
    let v = V(repeating: x, i)
    if (nan ? v != v : v == m).any { return i }
    i &+= 1
  }
  return 0
}

/// y[o, k, i] = the sum or product of x[o, 0 ... k, i], kept in float64.
@inline(never)
func cumulate(_ op: Int32, _ width: UInt8, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ outer: Int, _ count: Int, _ inner: Int) {
  let product = op == CumulateOp.prod.rawValue
  for o in 0..<outer {
    let base = o &* count &* inner
    for c in 0..<inner {
      var total = product ? 1.0 : 0.0
      for k in 0..<count {
        let i = base &+ k &* inner &+ c
        if width == FloatWidth.float32.rawValue {
          let v = Double(x.loadUnaligned(fromByteOffset: i &* 4, as: Float.self))
          total = product ? total * v : total + v
          y.storeBytes(of: Float(total), toByteOffset: i &* 4, as: Float.self)
        } else {
          let v = x.loadUnaligned(fromByteOffset: i &* 8, as: Double.self)
          total = product ? total * v : total + v
          y.storeBytes(of: total, toByteOffset: i &* 8, as: Double.self)
        }
      }
    }
  }
}
