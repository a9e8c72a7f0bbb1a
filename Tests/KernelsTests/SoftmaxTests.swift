import Glibc
import KernelTable
import Kernels
import Testing

private func close(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { a == b || abs(a - b) <= tolerance || (a.isNaN && b.isNaN) }

@Test(arguments: [
  (1, 1, 1), (4, 10, 1), (3, 17, 1), (2, 3000, 1), (2, 5, 3), (1, 10, 40), (16, 8, 1), (33, 10, 1), (17, 7, 1), (35, 15, 1), (40, 31, 1), (18, 32, 1), (20, 33, 1),
])
func softmaxAndItsGradient(_ outer: Int, _ count: Int, _ inner: Int) {
  var noise = Noise(UInt64(count))
  for width in widths {
    let n = outer * count * inner
    let (x, g) = (Buffer(width, noise.array(n, 30).map { $0 + 500 }), Buffer(width, noise.array(n)))
    for level in levels {
      let (y, l, s) = (Buffer(width, count: n), Buffer(width, count: n), Buffer(width, count: outer * inner))
      let (gy, gl) = (Buffer(width, count: n), Buffer(width, count: n))
      let t = level.table
      Vector.softmax(width, log: false, x.p, y.p, outer: outer, count: count, inner: inner, table: t)
      Vector.softmax(width, log: true, x.p, l.p, outer: outer, count: count, inner: inner, table: t)
      Vector.logSumExp(width, x.p, s.p, outer: outer, count: count, inner: inner, table: t)
      Vector.softmaxGradient(width, log: false, y: y.p, g: g.p, gx: gy.p, outer: outer, count: count, inner: inner, table: t)
      Vector.softmaxGradient(width, log: true, y: l.p, g: g.p, gx: gl.p, outer: outer, count: count, inner: inner, table: t)
      for o in 0..<outer {
        for i in 0..<inner {
          let at = (0..<count).map { (o * count + $0) * inner + i }
          let m = at.map { x[$0] }.max()!
          let total = at.reduce(0) { $0 + exp(x[$1] - m) }
          let dot = at.reduce(0) { $0 + g[$1] * exp(x[$1] - m) / total }
          let sum = at.reduce(0) { $0 + g[$1] }
          #expect(close(s[o * inner + i], m + log(total), 600 * x.epsilon))
          for k in at {
            let p = exp(x[k] - m) / total
            #expect(close(y[k], p, 8 * x.epsilon * p + 1e-44), "\(y[k]) \(p) \(level.name)")
            #expect(close(l[k], x[k] - m - log(total), 100 * x.epsilon))
            #expect(close(gy[k], p * (g[k] - dot), 40 * x.epsilon * max(p, 1e-30)))
            #expect(close(gl[k], g[k] - p * sum, 40 * x.epsilon * (1 + abs(p * sum) * 10)))
          }
        }
      }
    }
  }
}

@Test func infiniteLogits() {
  let inf = Double.infinity
  for level in levels {
    let x = Buffer(.float32, [-inf, 0, 1, -inf, -inf, -inf])
    let (y, s) = (Buffer(.float32, count: 6), Buffer(.float32, count: 2))
    Vector.softmax(.float32, log: false, x.p, y.p, outer: 2, count: 3, inner: 1, table: level.table)
    #expect(y[0] == 0 && close(y[2], 1 / (1 + exp(-1)), 1e-7) && y[3].isNaN)
    Vector.logSumExp(.float32, x.p, s.p, outer: 2, count: 3, inner: 1, table: level.table)
    #expect(close(s[0], log(1 + M_E), 1e-6) && s[1] == -inf)
  }
}

/// A row's results do not depend on the rows beside it, and y may be x.
@Test(arguments: [2, 7, 8, 10, 16, 31, 32])
func shortRowsStandAlone(_ count: Int) {
  var noise = Noise(UInt64(count))
  let rows = 37
  for width in widths {
    let x = Buffer(width, noise.array(rows * count, 9))
    let labels = (0..<rows).map { Int64($0 % count) }
    for level in levels {
      for log in [false, true] {
        let (y, one, same) = (Buffer(width, count: x.count), Buffer(width, count: count), Buffer(width, x.values))
        Vector.softmax(width, log: log, x.p, y.p, outer: rows, count: count, inner: 1, table: level.table)
        Vector.softmax(width, log: log, same.p, same.p, outer: rows, count: count, inner: 1, table: level.table)
        #expect(same.values == y.values)
        for r in 0..<rows {
          Vector.softmax(width, log: log, x.p + r * count * width.stride, one.p, outer: 1, count: count, inner: 1, table: level.table)
          #expect(one.values == Array(y.values[r * count..<(r + 1) * count]), "row \(r) \(level.name)")
        }
      }
      let (y, loss, g) = (Buffer(width, count: x.count), Buffer(width, count: rows), Buffer(width, [0.5]))
      let (one, oneLoss) = (Buffer(width, count: count), Buffer(width, count: 1))
      Vector.crossEntropy(width, x.p, labels: labels, probabilities: y.p, loss: loss.p, rows: rows, classes: count, table: level.table)
      for r in 0..<rows {
        Vector.crossEntropy(
          width, x.p + r * count * width.stride, labels: [labels[r]], probabilities: one.p, loss: oneLoss.p, rows: 1, classes: count, table: level.table)
        #expect(one.values == Array(y.values[r * count..<(r + 1) * count]) && oneLoss[0] == loss[r], "row \(r) \(level.name)")
      }
      // the gradient over the probabilities, with some rows left out
      let some = labels.enumerated().map { $0 % 5 == 1 ? -1 : $1 }
      let gx = Buffer(width, y.values)
      Vector.crossEntropyGradient(
        width, probabilities: gx.p, labels: some, g: g.p, gStep: 0, gx: gx.p, rows: rows, classes: count, table: level.table)
      for i in 0..<x.count {
        let (r, c) = (i / count, i % count)
        let exact = some[r] < 0 ? 0 : 0.5 * (y[i] - (Int(some[r]) == c ? 1 : 0))
        #expect(close(gx[i], exact, x.epsilon * abs(exact)), "row \(r) class \(c) \(level.name)")
      }
    }
  }
}

/// A loss far below 1 keeps its digits, ties and infinities go as in PyTorch 2.13.
@Test func bordersOfShortRows() {
  let inf = Double.infinity
  for width in widths {
    for level in levels {
      let x = Buffer(width, [20, 0, -3, 5, 5, 5, inf, 0, 1, .nan, 0, 1, -inf, 0, -inf, -inf, -inf, -inf])
      let (y, loss, log, sums) = (Buffer(width, count: 18), Buffer(width, count: 6), Buffer(width, count: 18), Buffer(width, count: 6))
      Vector.crossEntropy(width, x.p, labels: [0, 1, 0, 0, 1, 0], probabilities: y.p, loss: loss.p, rows: 6, classes: 3, table: level.table)
      Vector.softmax(width, log: true, x.p, log.p, outer: 6, count: 3, inner: 1, table: level.table)
      Vector.logSumExp(width, x.p, sums.p, outer: 6, count: 3, inner: 1, table: level.table)
      let tiny: Double = log1p(exp(-20.0) + exp(-23.0))
      #expect(close(loss[0], tiny, 8 * x.epsilon * tiny) && close(log[0], -tiny, 8 * x.epsilon * tiny), "\(loss[0]) \(level.name)")
      #expect(close(loss[1], log1p(2.0), 4 * x.epsilon) && close(y[4], 1.0 / 3, 2 * x.epsilon))
      #expect(loss[2].isNaN && log[6].isNaN && log[7].isNaN && sums[2] == inf)
      #expect(loss[3].isNaN && y[10].isNaN && log[11].isNaN && sums[3].isNaN)
      #expect(loss[4] == 0 && log[12] == -inf && log[13] == 0 && y[13] == 1 && y[14] == 0 && sums[4] == 0)
      #expect(loss[5].isNaN && log[15].isNaN && sums[5] == -inf)
    }
  }
}

@Test func crossEntropyWithWeightsAndSmoothing() {
  var noise = Noise(3)
  let (rows, classes) = (7, 21)
  let labels: [Int64] = [0, 20, 3, 4, -100, 6, 3]
  for width in widths {
    let x = Buffer(width, noise.array(rows * classes, 8))
    let w = Buffer(width, noise.array(classes).map { abs($0) + 0.1 })
    let g = Buffer(width, noise.array(rows))
    for level in levels {
      for (weighted, eps) in [(false, 0.0), (true, 0), (false, 0.1), (true, 0.2)] {
        let (y, loss, gx) = (Buffer(width, count: x.count), Buffer(width, count: rows), Buffer(width, count: x.count))
        let weights = weighted ? UnsafeRawPointer(w.p) : nil
        Vector.crossEntropy(
          width, x.p, labels: labels, weights: weights, smoothing: eps, probabilities: y.p, loss: loss.p, rows: rows, classes: classes, table: level.table)
        Vector.crossEntropyGradient(
          width, probabilities: y.p, labels: labels, weights: weights, smoothing: eps, g: g.p, gStep: 1, gx: gx.p, rows: rows, classes: classes,
          table: level.table)
        for r in 0..<rows {
          let row = (0..<classes).map { x[r * classes + $0] }
          let l = log(row.reduce(0) { $0 + exp($1) })
          let t = Int(labels[r])
          func weight(_ c: Int) -> Double { weighted ? w[c] : 1 }
          // the share of each class in the target
          let target = (0..<classes).map { c in t < 0 ? 0 : (c == t ? (1 - eps) * weight(t) : 0) + eps / Double(classes) * weight(c) }
          let all = target.reduce(0, +)
          let exact = (0..<classes).reduce(0) { $0 + target[$1] * (l - row[$1]) }
          #expect(close(loss[r], exact, 40 * x.epsilon), "\(loss[r]) \(exact)")
          for c in 0..<classes {
            #expect(close(gx[r * classes + c], g[r] * (exp(row[c] - l) * all - target[c]), 40 * x.epsilon), "row \(r) class \(c) \(level.name)")
          }
        }
      }
    }
  }
}

/// Training mode against the formula of the gradient by differences of the whole normalisation.
@Test(arguments: [(6, 5, 1), (40, 37, 1), (3, 4, 30)])
func batchNormalisation(_ n: Int, _ channels: Int, _ inner: Int) {
  var noise = Noise(UInt64(n))
  let count = n * channels * inner
  let values = noise.array(count).map { 3 + $0 }
  let (weight, bias, g) = (noise.array(channels), noise.array(channels), noise.array(count))
  func channel(_ i: Int) -> Int { i / inner % channels }
  func reference(_ x: [Double]) -> (y: [Double], mean: [Double], variance: [Double]) {
    var (mean, variance) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for i in 0..<count { mean[channel(i)] += x[i] / Double(n * inner) }
    for i in 0..<count { variance[channel(i)] += (x[i] - mean[channel(i)]) * (x[i] - mean[channel(i)]) / Double(n * inner) }
    let y = (0..<count).map { (x[$0] - mean[channel($0)]) / (variance[channel($0)] + 1e-5).squareRoot() * weight[channel($0)] + bias[channel($0)] }
    return (y, mean, variance)
  }
  for width in widths {
    let (x, w, b, gy) = (Buffer(width, values), Buffer(width, weight), Buffer(width, bias), Buffer(width, g))
    let exact = reference(x.values)
    for level in levels {
      let t = level.table
      var (mean, variance) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
      Vector.channelMoments(width, x.p, mean: &mean, variance: &variance, n: n, channels: channels, inner: inner, table: t)
      for c in 0..<channels {
        #expect(close(mean[c], exact.mean[c], 20 * x.epsilon) && close(variance[c], exact.variance[c], 20 * x.epsilon))
      }
      let rstd = variance.map { 1 / ($0 + 1e-5).squareRoot() }
      let (y, gx) = (Buffer(width, count: count), Buffer(width, count: count))
      Vector.channelNormalise(width, x.p, mean: mean, rstd: rstd, weight: w.p, bias: b.p, y.p, n: n, channels: channels, inner: inner, table: t)
      for i in 0..<count { #expect(close(y[i], exact.y[i], 20 * x.epsilon)) }
      var (gWeight, gBias) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
      Vector.channelNormaliseGradient(
        width, training: true, x: x.p, g: gy.p, mean: mean, rstd: rstd, weight: w.p, gx: gx.p, gWeight: &gWeight, gBias: &gBias, n: n,
        channels: channels, inner: inner, table: t)
      for c in 0..<channels {
        let mine = (0..<count).filter { channel($0) == c }
        #expect(close(gBias[c], mine.reduce(0) { $0 + gy[$1] }, 1e3 * x.epsilon))
        #expect(close(gWeight[c], mine.reduce(0) { $0 + gy[$1] * (x[$1] - mean[c]) * rstd[c] }, 1e3 * x.epsilon))
      }
      for i in stride(from: 0, to: count, by: max(1, count / 12)) {
        var (up, down) = (x.values, x.values)
        up[i] += 1e-5
        down[i] -= 1e-5
        let (a, z) = (reference(up).y, reference(down).y)
        let slope = (0..<count).reduce(0) { $0 + gy[$1] * (a[$1] - z[$1]) } / 2e-5
        #expect(close(gx[i], slope, width == .float32 ? 2e-5 : 1e-7), "\(gx[i]) \(slope)")
      }
      Vector.channelNormaliseGradient(
        width, training: false, x: x.p, g: gy.p, mean: mean, rstd: rstd, weight: w.p, gx: gx.p, gWeight: nil, gBias: nil, n: n, channels: channels,
        inner: inner, table: t)
      for i in 0..<count { #expect(close(gx[i], gy[i] * rstd[channel(i)] * w[channel(i)], 20 * x.epsilon)) }
    }
  }
}

@Test func rowNormalisation() {
  var noise = Noise(12)
  let (rows, columns) = (5, 37)
  let (weight, bias) = (noise.array(columns), noise.array(columns))
  func reference(_ x: [Double], _ w: [Double], _ b: [Double]) -> [Double] {
    var y = x
    for r in 0..<rows {
      let row = x[r * columns..<(r + 1) * columns]
      let m = row.reduce(0, +) / Double(columns)
      let v = row.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(columns)
      for c in 0..<columns { y[r * columns + c] = (x[r * columns + c] - m) / (v + 1e-5).squareRoot() * w[c] + b[c] }
    }
    return y
  }
  for width in widths {
    let (x, w, b, g) = (Buffer(width, noise.array(rows * columns)), Buffer(width, weight), Buffer(width, bias), Buffer(width, noise.array(rows * columns)))
    let exact = reference(x.values, w.values, b.values)
    for level in levels {
      let (y, gx) = (Buffer(width, count: x.count), Buffer(width, count: x.count))
      var (mean, rstd) = ([Double](repeating: 0, count: rows), [Double](repeating: 0, count: rows))
      Vector.rowNormalise(width, x.p, eps: 1e-5, weight: w.p, bias: b.p, y.p, mean: &mean, rstd: &rstd, rows: rows, columns: columns, table: level.table)
      for i in 0..<x.count { #expect(close(y[i], exact[i], 20 * x.epsilon)) }
      Vector.rowNormaliseGradient(width, x: x.p, g: g.p, mean: mean, rstd: rstd, weight: w.p, gx: gx.p, rows: rows, columns: columns, table: level.table)
      for i in 0..<x.count {
        var (up, down) = (x.values, x.values)
        up[i] += 1e-5
        down[i] -= 1e-5
        let (a, z) = (reference(up, w.values, b.values), reference(down, w.values, b.values))
        let slope = (0..<x.count).reduce(0) { $0 + g[$1] * (a[$1] - z[$1]) } / 2e-5
        #expect(close(gx[i], slope, width == .float32 ? 2e-5 : 1e-7))
      }
    }
  }
}
