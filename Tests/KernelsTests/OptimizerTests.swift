import Glibc
import KernelTable
import Kernels
import Testing

/// Several steps of every optimizer on 37 parameters against PyTorch's formulas written plainly in float64.
private func check(
  _ state: Int, _ step: (FloatWidth, UnsafeMutableRawPointer, UnsafeRawPointer, [UnsafeMutableRawPointer], Int, Int, KernelTable) -> Void,
  _ formula: (_ p: inout Double, _ g: Double, _ s: inout [Double], _ t: Int) -> Void
) {
  let n = 37
  for width in widths {
    for level in levels {
      var noise = Noise(21)
      let parameter = Buffer(width, noise.array(n))
      let buffers = (0..<state).map { _ in Buffer(width, [Double](repeating: 0, count: n)) }
      var (p, s) = (parameter.values, [[Double]](repeating: [Double](repeating: 0, count: state), count: n))
      for t in 1...4 {
        let g = Buffer(width, noise.array(n))
        step(width, parameter.p, g.p, buffers.map(\.p), n, t, level.table)
        for i in 0..<n {
          formula(&p[i], g[i], &s[i], t)
          #expect(abs(parameter[i] - p[i]) <= 20 * g.epsilon * max(1, abs(p[i])), "step \(t) \(level.name): \(parameter[i]) \(p[i])")
          for k in 0..<state { #expect(abs(buffers[k][i] - s[i][k]) <= 20 * g.epsilon * max(1, abs(s[i][k]))) }
        }
      }
    }
  }
}

@Test(arguments: [(0.0, 0.0, false), (0.9, 0, false), (0.9, 0.3, false), (0.9, 0, true)])
func sgd(_ momentum: Double, _ dampening: Double, _ nesterov: Bool) {
  check(1) { width, p, g, s, n, t, table in
    OptimizerKernels.sgd(
      width, parameter: p, gradient: g, velocity: s[0], n, lr: 0.1, momentum: momentum, dampening: dampening, weightDecay: 0.01, nesterov: nesterov,
      first: t == 1, table: table)
  } _: { p, g, s, t in
    let d = g + 0.01 * p
    if momentum == 0 {
      p -= 0.1 * d
      return
    }
    s[0] = t == 1 ? d : momentum * s[0] + (1 - dampening) * d
    p -= 0.1 * (nesterov ? d + momentum * s[0] : s[0])
  }
}

@Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
func adam(_ decoupled: Bool, _ amsgrad: Bool) {
  check(amsgrad ? 3 : 2) { width, p, g, s, n, t, table in
    OptimizerKernels.adam(
      width, parameter: p, gradient: g, m: s[0], v: s[1], largest: amsgrad ? s[2] : nil, n, lr: 0.01, beta1: 0.8, beta2: 0.95, eps: 1e-8,
      weightDecay: 0.1, decoupled: decoupled, t: t, table: table)
  } _: { p, g, s, t in
    var d = g
    if decoupled { p *= 1 - 0.01 * 0.1 } else { d += 0.1 * p }
    s[0] = 0.8 * s[0] + 0.2 * d
    s[1] = 0.95 * s[1] + 0.05 * d * d
    if amsgrad { s[2] = max(s[2], s[1]) }
    let (c1, c2) = (1 - pow(0.8, Double(t)), 1 - pow(0.95, Double(t)))
    p -= 0.01 / c1 * s[0] / ((amsgrad ? s[2] : s[1]).squareRoot() / c2.squareRoot() + 1e-8)
  }
}

@Test func adagrad() {
  check(1) { width, p, g, s, n, t, table in
    OptimizerKernels.adagrad(width, parameter: p, gradient: g, sum: s[0], n, lr: 0.1, lrDecay: 0.2, eps: 1e-10, weightDecay: 0.01, t: t, table: table)
  } _: { p, g, s, t in
    let d = g + 0.01 * p
    s[0] += d * d
    p -= 0.1 / (1 + Double(t - 1) * 0.2) * d / (s[0].squareRoot() + 1e-10)
  }
}

@Test(arguments: [(false, 0.0), (true, 0), (false, 0.9), (true, 0.9)])
func rmsprop(_ centred: Bool, _ momentum: Double) {
  check(3) { width, p, g, s, n, t, table in
    OptimizerKernels.rmsprop(
      width, parameter: p, gradient: g, square: s[0], mean: centred ? s[1] : nil, buffer: momentum > 0 ? s[2] : nil, n, lr: 0.01, alpha: 0.9,
      eps: 1e-3, momentum: momentum, weightDecay: 0.01, table: table)
  } _: { p, g, s, t in
    let d = g + 0.01 * p
    s[0] = 0.9 * s[0] + 0.1 * d * d
    if centred { s[1] = 0.9 * s[1] + 0.1 * d }
    let step = d / ((s[0] - s[1] * s[1]).squareRoot() + 1e-3)
    if momentum > 0 { s[2] = momentum * s[2] + step }
    p -= 0.01 * (momentum > 0 ? s[2] : step)
  }
}
