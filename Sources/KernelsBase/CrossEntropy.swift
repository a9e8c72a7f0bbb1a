internal import KernelTable

#if canImport(Glibc)
  internal import Glibc
#endif

// loss = (1 - ε) w[t] (L - x[t]) + ε / C Σ w[c] (L - x[c]), L = log Σ exp x; and the probabilities on the way.
// L is kept as the largest element m and log Σ exp(x - m): a loss near 0 is the latter alone, and a large m must not round it away.

@inline(never)
func crossEntropy(
  _ width: UInt8, _ x: UnsafeRawPointer, _ labels: UnsafePointer<Int64>, _ weights: UnsafeRawPointer?, _ smoothing: Double,
  _ y: UnsafeMutableRawPointer?, _ loss: UnsafeMutableRawPointer, _ rows: Int, _ classes: Int
) {
  if width == FloatWidth.float32.rawValue {
    crossEntropy(F32.self, x, labels, weights, smoothing, y, loss, rows, classes)
  } else {
    crossEntropy(F64.self, x, labels, weights, smoothing, y, loss, rows, classes)
  }
}

@inline(__always)
private func crossEntropy<V: Lanes>(
  _: V.Type, _ x: UnsafeRawPointer, _ labels: UnsafePointer<Int64>, _ weights: UnsafeRawPointer?, _ smoothing: Double,
  _ y: UnsafeMutableRawPointer?, _ loss: UnsafeMutableRawPointer, _ rows: Int, _ classes: Int
) {
  if classes > 0, classes <= ShortRows.most {
    ShortRows.forEachBundle(V.self, rows) { first, n, room in
      let x = x + first &* classes &* V.stride
      ShortRows.gather(V.self, x, room, n, classes)
      let m = largestColumn(room, classes, V.count, 0) { V($0, $1) }
      let rest = logRest(room, classes, V.count, 0, m) { V($0, $1) }
      for r in 0..<n {
        let result = rowLoss(V.self, x + r &* classes &* V.stride, Int(labels[first &+ r]), weights, smoothing, classes, m[r], rest[r])
        storeElement(V.self, result, loss, first &+ r)
      }
      if let y {
        for k in 0..<classes { ((V(room, k &* V.count) - m) - rest).exp.store(room, k &* V.count) }
        ShortRows.scatter(V.self, room, y + first &* classes &* V.stride, n, classes)
      }
    }
    return
  }
  for r in 0..<rows {
    let x = x + r &* classes &* V.stride
    let (m, rest) = logSumExpParts(V.self, x, classes)
    storeElement(V.self, rowLoss(V.self, x, Int(labels[r]), weights, smoothing, classes, m, rest), loss, r)
    if let y {
      let (high, low) = (V(m), V(rest))
      map(x, y + r &* classes &* V.stride, classes) { (v: V) in ((v - high) - low).exp }
    }
  }
}

/// The loss of one row with L = m + rest.
@inline(__always)
private func rowLoss<V: Lanes>(
  _: V.Type, _ x: UnsafeRawPointer, _ t: Int, _ weights: UnsafeRawPointer?, _ smoothing: Double, _ classes: Int, _ m: Double, _ rest: Double
) -> Double {
  guard t >= 0, t < classes else { return 0 }
  let weight = weights.map { element(V.self, $0, t) } ?? 1
  let result = (1 - smoothing) * weight * (m - element(V.self, x, t) + rest)
  if smoothing == 0 { return result }
  var all = 0.0
  for c in 0..<classes { all += (weights.map { element(V.self, $0, c) } ?? 1) * (m - element(V.self, x, c) + rest) }
  return result + smoothing / Double(classes) * all
}

/// p[i] = value, rounded to the width.
@inline(__always)
private func storeElement<V: Lanes>(_: V.Type, _ value: Double, _ p: UnsafeMutableRawPointer, _ i: Int) {
  if V.stride == 4 {
    p.storeBytes(of: Float(value), toByteOffset: i &* 4, as: Float.self)
  } else {
    p.storeBytes(of: value, toByteOffset: i &* 8, as: Double.self)
  }
}

/// gx = g ((1 - ε) w[t] (y - [c = t]) + ε / C (y Σ w - w[c]))
@inline(never)
func crossEntropyGradient(
  _ width: UInt8, _ y: UnsafeRawPointer, _ labels: UnsafePointer<Int64>, _ weights: UnsafeRawPointer?, _ smoothing: Double, _ g: UnsafeRawPointer,
  _ gStep: Int, _ gx: UnsafeMutableRawPointer, _ rows: Int, _ classes: Int
) {
  if width == FloatWidth.float32.rawValue {
    crossEntropyGradient(F32.self, y, labels, weights, smoothing, g, gStep, gx, rows, classes)
  } else {
    crossEntropyGradient(F64.self, y, labels, weights, smoothing, g, gStep, gx, rows, classes)
  }
}

@inline(__always)
private func crossEntropyGradient<V: Lanes>(
  _: V.Type, _ y: UnsafeRawPointer, _ labels: UnsafePointer<Int64>, _ weights: UnsafeRawPointer?, _ smoothing: Double, _ g: UnsafeRawPointer,
  _ gStep: Int, _ gx: UnsafeMutableRawPointer, _ rows: Int, _ classes: Int
) {
  let share = smoothing / Double(classes)
  var total = Double(classes)
  if let weights { total = sum(weights, classes) { (v: V) in v } }
  if weights == nil, gStep == 0 {
    equalGradients(V.self, y, labels, smoothing, element(V.self, g, 0), gx, rows, classes)
    return
  }
  for r in 0..<rows {
    let offset = r &* classes &* V.stride
    let (y, gx) = (y + offset, gx + offset)
    let t = Int(labels[r])
    guard t >= 0, t < classes else {
      map(y, gx, classes) { (_: V) in .zero }
      continue
    }
    let g = element(V.self, g, r &* gStep)
    let weight = (1 - smoothing) * (weights.map { element(V.self, $0, t) } ?? 1)
    // calculated before gx is written, for gx may be y
    let right = g * ((weight + share * total) * element(V.self, y, t) - weight - share * (weights.map { element(V.self, $0, t) } ?? 1))
    let slope = V(g * (weight + share * total))
    if let weights, smoothing != 0 {
      let each = V(-g * share)
      map(y, weights, gx, classes) { (y: V, w: V) in .fma(y, slope, w * each) }
    } else {
      let each = V(-g * share)
      map(y, gx, classes) { (y: V) in .fma(y, slope, each) }
    }
    storeElement(V.self, right, gx, t)
  }
}

/// Without weights and with the same g all rows have the same slope: 16 at a time are one piece of memory.
@inline(__always)
private func equalGradients<V: Lanes>(
  _: V.Type, _ y: UnsafeRawPointer, _ labels: UnsafePointer<Int64>, _ smoothing: Double, _ g: Double, _ gx: UnsafeMutableRawPointer, _ rows: Int,
  _ classes: Int
) {
  let share = smoothing / Double(classes)
  let (slope, each) = (V(g), V(-g * share))
  var rights = SIMD16<Double>()
  withUnsafeMutableBytes(of: &rights) { buffer in
    let rights = buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Double.self)
    var r = 0
    while r < rows {
      let n = rows &- r < 16 ? rows &- r : 16
      let labels = labels + r
      let (y, gx) = (y + r &* classes &* V.stride, gx + r &* classes &* V.stride)
      // before gx is written, for gx may be y
      for k in 0..<n {
        let t = Int(labels[k])
        if t >= 0, t < classes { rights[k] = g * (element(V.self, y, k &* classes &+ t) - (1 - smoothing) - share) }
      }
      map(y, gx, n &* classes) { (y: V) in .fma(y, slope, each) }
      for k in 0..<n {
        let t = Int(labels[k])
        if t >= 0, t < classes {
          storeElement(V.self, rights[k], gx, k &* classes &+ t)
        } else {
          map(gx, gx + k &* classes &* V.stride, classes) { (_: V) in .zero }
        }
      }
      r &+= n
    }
  }
}
