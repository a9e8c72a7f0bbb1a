internal import KernelTable
internal import Kernels
internal import LuaBridge
internal import Tensors

/// The way there: one product with x for all steps, then step by step the product with h' and the gates.
extension Recurrence {
  /// Fills y. Without `keep` only what the next step reads is kept of the cells.
  func forward(_ inputs: Inputs, into y: Tensor, keep: Bool) throws -> Work {
    let type = y.type, kept = keep ? steps : 1
    var work = Work()
    if kind.gates > 1 { work.gates = try Tensor(empty: Shape.checked([steps, samples, rows], kind.name), type) }
    if kind == .lstm {
      work.cells = try Tensor(empty: Shape(kept, samples, hidden), type)
      work.squashed = try Tensor(empty: Shape(kept, samples, hidden), type)
    } else if kind == .gru {
      work.waiting = try Tensor(empty: Shape(kept, samples, hidden), type)
    }
    let weight = inputs.hiddenWeight, gates = work.gates ?? y, bias = try joinedBias(inputs)
    Matrix.multiply(
      width, m: steps &* samples, n: rows, k: self.inputs, a: Matrix.View(base: inputs.x.pointer, rowStride: self.inputs, columnStride: 1),
      b: view(inputs.inputWeight, transposed: true), c: gates.pointer, ldc: rows, bias: bias.map { UnsafeRawPointer($0.pointer) })
    let summed = kind.summed &* hidden, whole = view(weight, transposed: true)
    try withExtendedLifetime((inputs, bias, work)) {
      try packed(k: hidden, n: summed, whole, type) { recurrent in
        guard kind == .gru else { return type == .float64 ? walk(Double.self, inputs, y, work, recurrent, nil) : walk(Float.self, inputs, y, work, recurrent, nil) }
        let last = Matrix.View(base: whole.base + summed &* hidden &* element, rowStride: 1, columnStride: hidden)
        try packed(k: hidden, n: hidden, last, type) { waiting in
          type == .float64 ? walk(Double.self, inputs, y, work, recurrent, waiting) : walk(Float.self, inputs, y, work, recurrent, waiting)
        }
      }
    }
    return work
  }

  /// The biases that the product with x can add: both, but for the GRU's n, whose hidden one belongs inside the bracket.
  private func joinedBias(_ inputs: Inputs) throws -> Tensor? {
    guard let a = inputs.inputBias, let b = inputs.hiddenBias else { return nil }
    let sum = try a.copied()
    Vector.axpy(width, alpha: 1, b.pointer, sum.pointer, kind.summed &* hidden)
    return sum
  }

  private func walk<E: Element & BinaryFloatingPoint>(
    _: E.Type, _ inputs: Inputs, _ y: Tensor, _ work: Work, _ recurrent: PackedMatrix, _ waitingProduct: PackedMatrix?
  ) {
    let result = y.pointer(E.self), h0 = inputs.h.pointer(E.self), size = samples &* hidden
    let gates = work.gates?.pointer(E.self) ?? result
    let hiddenBias = inputs.hiddenBias.map { UnsafeRawPointer($0.pointer(E.self) + kind.summed &* hidden) }
    let keep = (work.cells ?? work.waiting)?.shape[0] == steps
    chunks { first, count in
      let offset = first &* hidden, length = count &* hidden
      for s in 0..<steps where !Parallel.interrupted {
        let t = step(s), before = s == 0 ? nil : step(s &- 1) as Int?
        let previous = before.map { result + $0 &* size + offset } ?? h0 + offset
        let target = result + t &* size + offset, gate = gates + (t &* samples &+ first) &* rows
        recurrent.multiply(m: count, a: previous, aRow: hidden, c: gate, cRow: rows, accumulate: true)
        switch kind {
        case .tanh: Vector.unary(.tanh, width, target, target, length)
        case .relu: Vector.unary(.relu, width, target, target, length)
        case .lstm:
          let cells = work.cells!.pointer(E.self), kept = (keep ? t &* size : 0) &+ offset
          let old = before.map { cells + (keep ? $0 &* size : 0) + offset } ?? inputs.c!.pointer(E.self) + offset
          lstm(E.self, gate, old, cells + kept, work.squashed!.pointer(E.self) + kept, target, count)
          if s == steps &- 1 { (result + steps &* size + offset).update(from: cells + kept, count: length) }
        case .gru:
          let waiting = work.waiting!.pointer(E.self) + (keep ? t &* size : 0) + offset
          waitingProduct!.multiply(m: count, a: previous, aRow: hidden, c: waiting, cRow: hidden, accumulate: false, bias: hiddenBias)
          gru(E.self, gate, waiting, previous, target, count)
        }
      }
    }
  }

  /// gate: p on entry, i, f, g, o on return.
  private func lstm<E: Element & BinaryFloatingPoint>(
    _: E.Type, _ gate: UnsafeMutablePointer<E>, _ old: UnsafePointer<E>, _ c: UnsafeMutablePointer<E>, _ squashed: UnsafeMutablePointer<E>,
    _ h: UnsafeMutablePointer<E>, _ count: Int
  ) {
    for r in 0..<count {
      let i = gate + r &* rows, f = i + hidden, g = f + hidden, o = g + hidden
      Vector.unary(.sigmoid, width, i, i, 2 &* hidden)
      Vector.unary(.tanh, width, g, g, hidden)
      Vector.unary(.sigmoid, width, o, o, hidden)
      let from = old + r &* hidden, to = c + r &* hidden
      for j in 0..<hidden { to[j] = f[j] * from[j] + i[j] * g[j] }
    }
    Vector.unary(.tanh, width, c, squashed, count &* hidden)
    for r in 0..<count {
      let o = gate + r &* rows + 3 &* hidden, from = squashed + r &* hidden, to = h + r &* hidden
      for j in 0..<hidden { to[j] = o[j] * from[j] }
    }
  }

  /// gate: p of r and z, Wi x + bi of n on entry, r, z, n on return.
  private func gru<E: Element & BinaryFloatingPoint>(
    _: E.Type, _ gate: UnsafeMutablePointer<E>, _ waiting: UnsafePointer<E>, _ old: UnsafePointer<E>, _ h: UnsafeMutablePointer<E>, _ count: Int
  ) {
    for row in 0..<count {
      let r = gate + row &* rows, z = r + hidden, n = z + hidden, w = waiting + row &* hidden, from = old + row &* hidden, to = h + row &* hidden
      Vector.unary(.sigmoid, width, r, r, 2 &* hidden)
      for j in 0..<hidden { n[j] += r[j] * w[j] }
      Vector.unary(.tanh, width, n, n, hidden)
      for j in 0..<hidden { to[j] = n[j] + z[j] * (from[j] - n[j]) }
    }
  }
}
