internal import KernelTable
internal import Kernels
internal import LuaBridge
internal import Tensors

/// One direction of one recurrent layer over a whole sequence, as a single node.
///
///     RNN:   h = f(p),  p = Wi x + bi + Wh h' + bh,  f = tanh or relu
///     LSTM:  i, f, o = σ(p),  g = tanh(p);  c = f c' + i g;  h = o tanh(c)
///     GRU:   r, z = σ(p);  n = tanh(Wi x + bi + r (Wh h' + bh));  h = (1 − z) n + z h'
///
/// x, h, c are of this step, h', c' of the step before. Gates stand in PyTorch's order: i, f, g, o and r, z, n.
/// The products with x are one product for all steps; samples are dealt out over the cores, each of which walks through all steps without
/// waiting for the others (`RecurrenceForward`); so does the way back (`RecurrenceBackward`), and the weights' gradients are one product at its end.
/// Gradients of gradients are made of ops (`RecurrenceOps`).
struct Recurrence: Sendable {
  enum Kind: Sendable {
    case tanh, relu, lstm, gru
    /// Rows of the weights for each hidden feature.
    var gates: Int { self == .lstm ? 4 : self == .gru ? 3 : 1 }
    var name: String { self == .lstm ? "lstm" : self == .gru ? "gru" : "rnn" }
    /// Hidden features whose product with h' adds to that with x: all but the GRU's n, which waits for r.
    var summed: Int { self == .gru ? 2 : gates }
  }
  let kind: Kind
  /// From the last step to the first.
  let reverse: Bool
  let steps: Int, samples: Int, inputs: Int, hidden: Int
  let width: FloatWidth

  var rows: Int { kind.gates &* hidden }
  var element: Int { width.stride }

  /// The step that is walked through as number `s`.
  func step(_ s: Int) -> Int { reverse ? steps &- 1 &- s : s }

  /// The tensors of a run; each contiguous and of one type.
  struct Inputs {
    var x: Tensor, h: Tensor, c: Tensor?
    var inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor?, hiddenBias: Tensor?

    var list: [Tensor] { [x, h] + (c.map { [$0] } ?? []) + [inputWeight, hiddenWeight] + (inputBias.map { [$0] } ?? []) + (hiddenBias.map { [$0] } ?? []) }

    func mapped(_ body: (Tensor) throws -> Tensor) rethrows -> Inputs {
      try Inputs(
        x: body(x), h: body(h), c: c.map(body), inputWeight: body(inputWeight), hiddenWeight: body(hiddenWeight), inputBias: inputBias.map(body),
        hiddenBias: hiddenBias.map(body))
    }
  }

  /// What the way back needs of the way there.
  struct Work {
    /// {T, N, rows}: the gates. An RNN has none: its results say all.
    var gates: Tensor?
    /// LSTM {T, N, H}: c and tanh(c); GRU: Wh h' + bh of n.
    var cells: Tensor?, squashed: Tensor?, waiting: Tensor?

    var list: [Tensor] { [gates, cells, squashed, waiting].compactMap { $0 } }
  }

  /// h of all steps {T, N, H}; an LSTM's last c follows as one more step {T + 1, N, H}.
  ///
  /// - Shapes: x {T, N, I}, T ≥ 1; h, c {N, H}; weights {gates · H, I}, {gates · H, H}; biases {gates · H}. The caller has checked them.
  static func run(_ kind: Kind, _ inputs: Inputs, reverse: Bool) throws -> Tensor {
    let isTimed = Profiler.begin(op: kind.name)
    defer { if isTimed { Profiler.end() } }
    let type = inputs.list.reduce(ElementType.bool) { Swift.max($0, $1.type) }
    let inputs = try inputs.mapped { try $0.to(type.isFloat ? type : .default) }
    let x = inputs.x, hidden = inputs.hiddenWeight.shape[1]
    let run = Recurrence(
      kind: kind, reverse: reverse, steps: x.shape[0], samples: x.shape[1], inputs: x.shape[2], hidden: hidden, width: Functional.width(x))
    let y = try Tensor(empty: Shape.checked([run.steps + (kind == .lstm ? 1 : 0), run.samples, hidden], kind.name), x.type)
    Profiler.work(run.steps &* run.samples, run.rows, run.inputs &+ hidden, double: x.type == .float64)
    let follows = Tape.follows(inputs.list)
    let work = try run.forward(inputs.mapped { try $0.contiguous() }, into: y, keep: follows)
    if follows {
      let list = inputs.list, saved = work.list, hasC = inputs.c != nil, hasBias = inputs.inputBias != nil
      let (gates, cells, squashed, waiting) = (work.gates != nil, work.cells != nil, work.squashed != nil, work.waiting != nil)
      try y.follow(kind.name, list, saving: list + [y] + saved) { node, g in
        var next = 0
        func take(_ there: Bool = true) throws -> Tensor? {
          guard there else { return nil }
          defer { next += 1 }
          return try node.saved(next)
        }
        let inputs = Inputs(
          x: try take()!, h: try take()!, c: try take(hasC), inputWeight: try take()!, hiddenWeight: try take()!, inputBias: try take(hasBias),
          hiddenBias: try take(hasBias))
        if Tape.isOn { return try run.openGradients(inputs, g) }
        let y = try take()!
        let work = Work(gates: try take(gates), cells: try take(cells), squashed: try take(squashed), waiting: try take(waiting))
        Profiler.work(2 &* run.steps &* run.samples, run.rows, run.inputs &+ hidden, double: y.type == .float64)
        return try run.gradients(node, inputs.mapped { try $0.contiguous() }, y, work, g.contiguous())
      }
    }
    return y
  }

  /// Samples that one core takes at a time; it depends on their number alone, so that results do not depend on the cores.
  var chunk: Int { samples <= 32 ? 8 : 16 }

  /// Calls `body(first sample, samples)` for all chunks, on all cores where the products are worth waking them.
  func chunks(_ body: (Int, Int) -> Void) {
    let work = Double(steps) * Double(samples) * Double(rows) * Double(hidden)
    Parallel.run((samples &+ chunk &- 1) / chunk, alone: work < 0x1p23) { i in body(i &* chunk, min(chunk, samples &- i &* chunk)) }
  }

  /// A view of weights for the kernels.
  func view(_ x: Tensor, transposed: Bool = false) -> Matrix.View {
    Matrix.View(base: x.pointer, rowStride: transposed ? 1 : x.shape[1], columnStride: transposed ? x.shape[1] : 1)
  }

  /// b[k, n] packed into memory of the tape's kind: an error, not a trap, where there is not enough.
  func packed(k: Int, n: Int, _ b: Matrix.View, _ type: ElementType, _ body: (PackedMatrix) throws -> Void) throws {
    let memory = try Tensor(empty: Shape.checked([PackedMatrix.elements(width, k: k, n: n)], kind.name), type)
    try withExtendedLifetime(memory) { try body(PackedMatrix(width, k: k, n: n, b: b, into: memory.pointer)) }
  }
}
