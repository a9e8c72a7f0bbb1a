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
  for r in 0..<rows {
    let x = x + r &* classes &* V.stride
    let (m, rest) = logSumExpParts(V.self, x, classes)
    let t = Int(labels[r])
    var result = 0.0
    if t >= 0, t < classes {
      let weight = weights.map { element(V.self, $0, t) } ?? 1
      result = (1 - smoothing) * weight * (m - element(V.self, x, t) + rest)
      if smoothing != 0 {
        var all = 0.0
        for c in 0..<classes { all += (weights.map { element(V.self, $0, c) } ?? 1) * (m - element(V.self, x, c) + rest) }
        result += smoothing / Double(classes) * all
      }
    }
    V(result).store(first: 1, loss, r)
    if let y {
      let (high, low) = (V(m), V(rest))
      map(x, y + r &* classes &* V.stride, classes) { (v: V) in ((v - high) - low).exp }
    }
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
    V(right).store(first: 1, gx, t)
  }
}
