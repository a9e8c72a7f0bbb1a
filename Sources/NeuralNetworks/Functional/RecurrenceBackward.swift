internal import KernelTable
internal import Kernels
internal import LuaBridge
internal import Tensors

/// The way back through time: from the gradients of h to those of p, step by step; then all others from these.
///
///     dh = g[t] + Whᵀ dp[t + 1];   LSTM: dc = dh o (1 − tanh²c) + f[t + 1] dc[t + 1]
///     gx = Wiᵀ dp,  gWi = Σ dp xᵀ,  gWh = Σ dp h'ᵀ,  gb = Σ dp
///
/// The GRU's n has its gradient twice: before the bracket (dp) and inside it (dp r).
extension Recurrence {
  func gradients(_ node: Node, _ inputs: Inputs, _ y: Tensor, _ work: Work, _ g: Tensor) throws -> [Tensor?] {
    let type = y.type
    let slopes = try Tensor(empty: Shape.checked([steps, samples, rows], kind.name), type)
    let inner = kind == .gru ? try Tensor(empty: Shape(steps, samples, hidden), type) : nil
    let gh = try Tensor.zeros(Shape(samples, hidden), type), gc = kind == .lstm ? try g.selected(0, steps).copied() : nil
    let whole = view(inputs.hiddenWeight), summed = kind.summed &* hidden
    try withExtendedLifetime((inputs, y, work, g)) {
      try packed(k: summed, n: hidden, whole, type) { recurrent in
        let walk = { (waiting: PackedMatrix?) in
          type == .float64
            ? self.walkBack(Double.self, inputs, y, work, g, slopes, inner, gh, gc, recurrent, waiting)
            : self.walkBack(Float.self, inputs, y, work, g, slopes, inner, gh, gc, recurrent, waiting)
        }
        guard kind == .gru else { return walk(nil) }
        let last = Matrix.View(base: whole.base + summed &* hidden &* element, rowStride: hidden, columnStride: 1)
        try packed(k: hidden, n: hidden, last, type) { walk($0) }
      }
    }
    return try joined(node, inputs, y, slopes, inner, gh, gc)
  }

  /// Fills `slopes` with dp, `inner` with the GRU's dp r of n; leaves the gradients of h0 and c0 in gh and gc.
  private func walkBack<E: Element & BinaryFloatingPoint>(
    _: E.Type, _ inputs: Inputs, _ y: Tensor, _ work: Work, _ g: Tensor, _ slopes: Tensor, _ inner: Tensor?, _ gh: Tensor, _ gc: Tensor?,
    _ recurrent: PackedMatrix, _ waitingProduct: PackedMatrix?
  ) {
    let size = samples &* hidden, result = y.pointer(E.self)
    chunks { first, count in
      let offset = first &* hidden, dh = gh.pointer(E.self) + offset
      for s in stride(from: steps &- 1, through: 0, by: -1) where !Parallel.interrupted {
        let t = step(s), before = s == 0 ? nil : step(s &- 1) as Int?
        let place = t &* size &+ offset, row = (t &* samples &+ first) &* rows
        let dp = slopes.pointer(E.self) + row
        Vector.axpy(width, alpha: 1, g.pointer(E.self) + place, dh, count &* hidden)
        switch kind {
        case .tanh: Vector.unaryGradient(.tanh, width, x: nil, y: result + place, g: dh, gx: dp, count &* hidden)
        case .relu: Vector.unaryGradient(.relu, width, x: nil, y: result + place, g: dh, gx: dp, count &* hidden)
        case .lstm:
          let old = before.map { work.cells!.pointer(E.self) + $0 &* size + offset } ?? inputs.c!.pointer(E.self) + offset
          lstmBack(
            E.self, work.gates!.pointer(E.self) + row, old, work.squashed!.pointer(E.self) + place, dh, gc!.pointer(E.self) + offset, dp, count)
        case .gru:
          let old = before.map { result + $0 &* size + offset } ?? inputs.h.pointer(E.self) + offset
          gruBack(E.self, work.gates!.pointer(E.self) + row, work.waiting!.pointer(E.self) + place, old, dh, dp, inner!.pointer(E.self) + place, count)
        }
        recurrent.multiply(m: count, a: dp, aRow: rows, c: dh, cRow: hidden, accumulate: kind == .gru)
        waitingProduct?.multiply(m: count, a: inner!.pointer(E.self) + place, aRow: hidden, c: dh, cRow: hidden, accumulate: true)
      }
    }
  }

  private func lstmBack<E: Element & BinaryFloatingPoint>(
    _: E.Type, _ gate: UnsafePointer<E>, _ old: UnsafePointer<E>, _ squashed: UnsafePointer<E>, _ dh: UnsafePointer<E>, _ dc: UnsafeMutablePointer<E>,
    _ dp: UnsafeMutablePointer<E>, _ count: Int
  ) {
    for r in 0..<count {
      let i = gate + r &* rows, f = i + hidden, g = f + hidden, o = g + hidden
      let di = dp + r &* rows, df = di + hidden, dg = df + hidden, dO = dg + hidden
      let dh = dh + r &* hidden, dc = dc + r &* hidden, tanh = squashed + r &* hidden, old = old + r &* hidden
      // One result a loop: with all in one, the compiler gives up proving that they do not overlap, and vectors with it.
      for j in 0..<hidden { dO[j] = dh[j] * tanh[j] * o[j] * (1 - o[j]) }
      for j in 0..<hidden { dc[j] += dh[j] * o[j] * (1 - tanh[j] * tanh[j]) }
      for j in 0..<hidden { di[j] = dc[j] * g[j] * i[j] * (1 - i[j]) }
      for j in 0..<hidden { df[j] = dc[j] * old[j] * f[j] * (1 - f[j]) }
      for j in 0..<hidden { dg[j] = dc[j] * i[j] * (1 - g[j] * g[j]) }
      for j in 0..<hidden { dc[j] *= f[j] }
    }
  }

  /// dh becomes the share that reaches h' directly.
  private func gruBack<E: Element & BinaryFloatingPoint>(
    _: E.Type, _ gate: UnsafePointer<E>, _ waiting: UnsafePointer<E>, _ old: UnsafePointer<E>, _ dh: UnsafeMutablePointer<E>, _ dp: UnsafeMutablePointer<E>,
    _ inner: UnsafeMutablePointer<E>, _ count: Int
  ) {
    for row in 0..<count {
      let gate = gate + row &* rows, dp = dp + row &* rows, at = row &* hidden
      for j in 0..<hidden {
        let r = gate[j], z = gate[hidden &+ j], n = gate[2 &* hidden &+ j], g = dh[at &+ j]
        let slope = g * (1 - z) * (1 - n * n)
        dp[j] = slope * waiting[at &+ j] * r * (1 - r)
        dp[hidden &+ j] = g * (old[at &+ j] - n) * z * (1 - z)
        dp[2 &* hidden &+ j] = slope
        inner[at &+ j] = slope * r
        dh[at &+ j] = g * z
      }
    }
  }

  /// All gradients in the inputs' order, from dp of all steps.
  private func joined(
    _ node: Node, _ inputs: Inputs, _ y: Tensor, _ slopes: Tensor, _ inner: Tensor?, _ gh: Tensor, _ gc: Tensor?
  ) throws -> [Tensor?] {
    let all = try slopes.reshaped(Shape(steps &* samples, rows))
    var list: [Tensor?] = []
    list.append(node.needs(0) ? try Matrices.matmul(all, inputs.inputWeight).reshaped(inputs.x.shape) : nil)
    list.append(gh)
    if kind == .lstm { list.append(gc) }
    let weight = list.count
    list.append(
      node.needs(weight) ? try Matrices.matmul(all.transposed(0, 1), inputs.x.reshaped(Shape(steps &* samples, self.inputs))) : nil)
    list.append(node.needs(weight + 1) ? try hiddenGradient(inputs, y, slopes, inner) : nil)
    if inputs.inputBias != nil {
      let sum = try Reduction.sum(all, dims: [0])
      list.append(sum)
      guard let inner else { return list + [sum] }
      let waiting = try Reduction.sum(inner.reshaped(Shape(steps &* samples, hidden)), dims: [0])
      list.append(try Tensor.concatenated([sum.narrowed(0, 0, 2 &* hidden), waiting], dim: 0, kind.name))
    }
    return list
  }

  /// gWh = Σ dp h'ᵀ: h' is h0 in the first step walked through, then the rows of y one step behind.
  private func hiddenGradient(_ inputs: Inputs, _ y: Tensor, _ slopes: Tensor, _ inner: Tensor?) throws -> Tensor {
    let result = try Tensor(empty: inputs.hiddenWeight.shape, y.type)
    func add(_ dp: Tensor, _ first: Int, _ count: Int, to row: Int) {
      let columns = dp.shape[2], later = reverse ? 0 : 1, target = result.pointer + row &* hidden &* element
      let start = dp.pointer + step(0) &* samples &* columns &* element, rest = dp.pointer + later &* samples &* columns &* element
      Matrix.multiply(
        width, m: count, n: hidden, k: samples, a: Matrix.View(base: start + first &* element, rowStride: 1, columnStride: columns), b: view(inputs.h),
        c: target, ldc: hidden)
      if steps == 1 { return }
      let before = y.pointer + (1 &- later) &* samples &* hidden &* element
      Matrix.multiply(
        width, m: count, n: hidden, k: (steps &- 1) &* samples, a: Matrix.View(base: rest + first &* element, rowStride: 1, columnStride: columns),
        b: Matrix.View(base: before, rowStride: hidden, columnStride: 1), c: target, ldc: hidden, accumulate: true)
    }
    withExtendedLifetime((slopes, inner, y)) {
      add(slopes, 0, kind.summed &* hidden, to: 0)
      if let inner { add(inner, 0, hidden, to: 2 &* hidden) }
    }
    return result
  }
}
