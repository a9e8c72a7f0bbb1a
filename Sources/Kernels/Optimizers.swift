package import KernelTable

/// One step of an optimizer over n parameters, in one pass: PyTorch's formulas, element by element. Scalars are float64, and so is what is computed from
/// scalars alone; state has the parameter's type and starts as zeros (Adagrad's: as its initial accumulator).
///
/// `weightDecay` λ is added to the gradient as λ p, except where `decoupled`.
package enum OptimizerKernels {
  /// v ← momentum v + (1 - dampening) g (the `first` step: v ← g); p ← p - lr v, or with `nesterov` p - lr (g + momentum v).
  /// Without velocity: p ← p - lr g.
  package static func sgd(
    _ width: FloatWidth, parameter: UnsafeMutableRawPointer, gradient: UnsafeRawPointer, velocity: UnsafeMutableRawPointer?, _ n: Int, lr: Double,
    momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false, first: Bool = false,
    table: KernelTable = Kernels.table
  ) {
    let velocity = momentum == 0 ? nil : velocity
    step(
      width, n, [parameter, UnsafeMutableRawPointer(mutating: gradient), velocity],
      [lr, momentum, first ? 1 : 1 - dampening, weightDecay, nesterov ? 1 : 0, first ? 0 : momentum], table.vector.sgd)
  }

  /// m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; p ← p - lr / (1 - β₁ᵗ) m / (√v / √(1 - β₂ᵗ) + eps). Kingma & Ba 2014, arXiv:1412.6980.
  ///
  /// `decoupled`: p ← p (1 - lr λ) first and no λ in g (AdamW, Loshchilov & Hutter 2017, arXiv:1711.05101).
  /// `largest` (AMSGrad, Reddi et al. 2018): the largest v so far stands in for v. `t` counts steps from 1.
  package static func adam(
    _ width: FloatWidth, parameter: UnsafeMutableRawPointer, gradient: UnsafeRawPointer, m: UnsafeMutableRawPointer, v: UnsafeMutableRawPointer,
    largest: UnsafeMutableRawPointer? = nil, _ n: Int, lr: Double, beta1: Double = 0.9, beta2: Double = 0.999, eps: Double = 1e-8,
    weightDecay: Double = 0, decoupled: Bool = false, t: Int, table: KernelTable = Kernels.table
  ) {
    let correction1 = 1 - power(beta1, t)
    let correction2 = (1 - power(beta2, t)).squareRoot()
    step(
      width, n, [parameter, UnsafeMutableRawPointer(mutating: gradient), m, v, largest],
      [lr / correction1, beta1, beta2, eps, decoupled ? 0 : weightDecay, decoupled ? 1 - lr * weightDecay : 1, correction2], table.vector.adam)
  }

  /// s ← s + g²; p ← p - lr / (1 + (t - 1) lrDecay) g / (√s + eps). Duchi, Hazan & Singer 2011. `t` counts steps from 1.
  package static func adagrad(
    _ width: FloatWidth, parameter: UnsafeMutableRawPointer, gradient: UnsafeRawPointer, sum: UnsafeMutableRawPointer, _ n: Int, lr: Double,
    lrDecay: Double = 0, eps: Double = 1e-10, weightDecay: Double = 0, t: Int, table: KernelTable = Kernels.table
  ) {
    step(
      width, n, [parameter, UnsafeMutableRawPointer(mutating: gradient), sum], [lr / (1 + Double(t - 1) * lrDecay), eps, weightDecay],
      table.vector.adagrad)
  }

  /// s ← α s + (1 - α) g²; d = √s + eps, or `centred` by a mean ← α mean + (1 - α) g: d = √(s - mean²) + eps;
  /// p ← p - lr g / d, or with a momentum buffer b ← momentum b + g / d; p ← p - lr b. Hinton 2012, lecture 6e.
  package static func rmsprop(
    _ width: FloatWidth, parameter: UnsafeMutableRawPointer, gradient: UnsafeRawPointer, square: UnsafeMutableRawPointer,
    mean: UnsafeMutableRawPointer? = nil, buffer: UnsafeMutableRawPointer? = nil, _ n: Int, lr: Double, alpha: Double = 0.99, eps: Double = 1e-8,
    momentum: Double = 0, weightDecay: Double = 0, table: KernelTable = Kernels.table
  ) {
    step(
      width, n, [parameter, UnsafeMutableRawPointer(mutating: gradient), square, mean, buffer], [lr, alpha, eps, momentum, weightDecay],
      table.vector.rmsprop)
  }

  /// xᵗ by squaring: the same bits everywhere.
  static func power(_ x: Double, _ t: Int) -> Double {
    var (result, base, left) = (1.0, x, t)
    while left > 0 {
      if left & 1 == 1 { result *= base }
      base *= base
      left &>>= 1
    }
    return result
  }

  // MARK: Many parameters at once

  /// One parameter's step that waits for the others'.
  private struct Waiting {
    let kernel: VectorKernels.OptimizerKernel
    let width: FloatWidth
    let count: Int
    var pointers: InlineArray<5, UnsafeMutableRawPointer?>
    var scalars: InlineArray<7, Double>

    /// Elements from `start` on.
    func run(_ start: Int, _ count: Int) {
      var moved = pointers
      for i in 0..<5 { moved[i] = pointers[i].map { $0 + start &* width.stride } }
      withUnsafeBytes(of: scalars) { scalars in
        withUnsafeMutableBytes(of: &moved) { moved in
          kernel(
            width.rawValue, moved.baseAddress!.assumingMemoryBound(to: UnsafeMutableRawPointer?.self), count,
            scalars.baseAddress!.assumingMemoryBound(to: Double.self))
        }
      }
    }
    var chunks: Int { (count &+ chunk &- 1) / chunk }
  }
  // Optimizers step on Lua's thread alone. The list keeps its memory from one sweep to the next.
  nonisolated(unsafe) private static var waiting: [Waiting] = []
  nonisolated(unsafe) private static var isSweeping = false

  /// Elements of a parameter that a thread takes at a time: a microsecond or two.
  private static let chunk = 8192

  /// Takes the steps that `body` asks for together, in one sweep that is shared out over the cores: most parameters are too small to be shared out
  /// on their own. Their memory must stay until then and must not overlap.
  package static func sweep(_ body: () throws -> Void) rethrows {
    if isSweeping { return try body() }
    isSweeping = true
    defer {
      finishSweep()
      isSweeping = false
    }
    try body()
  }

  /// Takes the steps that have gathered; for one whose result is needed at once.
  package static func finishSweep() {
    let total = waiting.reduce(0) { $0 &+ $1.count }
    if total <= Vector.grain || Parallel.threads == 1 {
      for step in waiting { step.run(0, step.count) }
    } else {
      let chunks = waiting.reduce(0) { $0 &+ $1.chunks }
      waiting.withUnsafeBufferPointer { steps in
        Parallel.run(chunks, waking: total > 4 &* Vector.grain) { chunk in
          var place = 0, piece = chunk
          while piece >= steps[place].chunks {
            piece &-= steps[place].chunks
            place &+= 1
          }
          let start = piece &* Self.chunk
          steps[place].run(start, min(Self.chunk, steps[place].count &- start))
        }
      }
    }
    waiting.removeAll(keepingCapacity: true)
  }

  /// Takes the step at once in chunks, or leaves it to the sweep that is under way. Both lists stand on the stack: a step of few elements allocates nothing.
  private static func step<let tensors: Int, let numbers: Int>(
    _ width: FloatWidth, _ n: Int, _ pointers: InlineArray<tensors, UnsafeMutableRawPointer?>, _ scalars: InlineArray<numbers, Double>,
    _ kernel: @escaping VectorKernels.OptimizerKernel
  ) {
    guard n > 0 else { return }
    var step = Waiting(kernel: kernel, width: width, count: n, pointers: InlineArray(repeating: nil), scalars: InlineArray(repeating: 0))
    for i in 0..<tensors { step.pointers[i] = pointers[i] }
    for i in 0..<numbers { step.scalars[i] = scalars[i] }
    if isSweeping {
      waiting.append(step)
    } else {
      Vector.chunks(n) { start, count in step.run(start, count) }
    }
  }
}
