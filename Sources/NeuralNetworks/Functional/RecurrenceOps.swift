internal import KernelTable
internal import LuaBridge
internal import Tensors

/// The same gradients made of ops that the tape follows, for gradients of gradients; without `create_graph` the fused way is used.
extension Recurrence {
  /// One step's gates and states.
  private struct Step {
    var gates: [Tensor] = []
    var h: Tensor
    let oldH: Tensor, oldC: Tensor?
    var squashed: Tensor? = nil, waiting: Tensor? = nil
  }

  func openGradients(_ inputs: Inputs, _ g: Tensor) throws -> [Tensor?] {
    let walked = try openSteps(inputs)
    var dh = try Tensor.zeros(Shape(samples, hidden), g.type), dc = kind == .lstm ? try g.selected(0, steps) : nil
    // dp before the bracket and inside it, by step.
    var outer: [Tensor?] = Array(repeating: nil, count: steps), inside = outer
    for s in stride(from: steps - 1, through: 0, by: -1) {
      let t = step(s)
      dh = try Elementwise.add(dh, g.selected(0, t))
      let (dp, inner, direct) = try slopes(walked[s], dh, &dc)
      outer[t] = try Tensor.concatenated(dp, dim: 1, kind.name)
      inside[t] = inner == nil ? outer[t] : try Tensor.concatenated(Array(dp.dropLast()) + [inner!], dim: 1, kind.name)
      dh = try Matrices.matmul(inside[t]!, inputs.hiddenWeight)
      if let direct { dh = try Elementwise.add(dh, direct) }
    }
    func matrix(_ list: [Tensor], _ columns: Int) throws -> Tensor { try Tensor.concatenated(list, dim: 0, kind.name).reshaped(Shape(steps * samples, columns)) }
    let dp = try matrix(outer.compactMap { $0 }, rows), inner = try matrix(inside.compactMap { $0 }, rows)
    let before = try matrix((0..<steps).map { walked[step($0)].oldH }, hidden)
    let gx = try Matrices.matmul(dp, inputs.inputWeight).reshaped(inputs.x.shape)
    let weights = [
      try Matrices.matmul(dp.transposed(0, 1), inputs.x.reshaped(Shape(steps * samples, self.inputs))), try Matrices.matmul(inner.transposed(0, 1), before),
    ]
    let biases = inputs.inputBias == nil ? [] : [try Reduction.sum(dp, dims: [0]), try Reduction.sum(inner, dims: [0])]
    return [gx, dh] + (kind == .lstm ? [dc] : []) + weights + biases
  }

  /// All steps in the order in which they are walked through.
  private func openSteps(_ inputs: Inputs) throws -> [Step] {
    let products = try Functional.linear(inputs.x, inputs.inputWeight, inputs.inputBias)
    var h = inputs.h, c = inputs.c, walked: [Step] = []
    for s in 0..<steps {
      let a = try products.selected(0, step(s)), b = try Functional.linear(h, inputs.hiddenWeight, inputs.hiddenBias)
      func part(_ x: Tensor, _ k: Int) throws -> Tensor { try x.narrowed(1, k * hidden, hidden) }
      func gate(_ op: UnaryOp, _ k: Int) throws -> Tensor { try Elementwise.unary(op, Elementwise.add(part(a, k), part(b, k))) }
      var made = Step(h: h, oldH: h, oldC: c)
      switch kind {
      case .tanh: made.h = try gate(.tanh, 0)
      case .relu: made.h = try gate(.relu, 0)
      case .lstm:
        let i = try gate(.sigmoid, 0), f = try gate(.sigmoid, 1), g = try gate(.tanh, 2), o = try gate(.sigmoid, 3)
        c = try Elementwise.add(Elementwise.mul(f, c!), Elementwise.mul(i, g))
        made.squashed = try Elementwise.unary(.tanh, c!)
        made.h = try Elementwise.mul(o, made.squashed!)
        made.gates = [i, f, g, o]
      case .gru:
        let r = try gate(.sigmoid, 0), z = try gate(.sigmoid, 1), waiting = try part(b, 2)
        let n = try Elementwise.unary(.tanh, Elementwise.add(part(a, 2), Elementwise.mul(r, waiting)))
        made.h = try Elementwise.add(n, Elementwise.mul(z, Elementwise.sub(h, n)))
        made.gates = [r, z, n]
        made.waiting = waiting
      }
      h = made.h
      walked.append(made)
    }
    return walked
  }

  /// dp by gates, the GRU's dp r of n, and what of dh reaches h' directly; dc moves on to the step before.
  private func slopes(_ step: Step, _ dh: Tensor, _ dc: inout Tensor?) throws -> (dp: [Tensor], inner: Tensor?, direct: Tensor?) {
    func mul(_ first: Tensor, _ rest: Tensor...) throws -> Tensor { try rest.reduce(first) { try Elementwise.mul($0, $1) } }
    func rest(_ x: Tensor) throws -> Tensor { try Elementwise.add(Elementwise.neg(x), 1) }
    func restOfSquare(_ x: Tensor) throws -> Tensor { try rest(Elementwise.mul(x, x)) }
    switch kind {
    case .tanh: return ([try mul(dh, restOfSquare(step.h))], nil, nil)
    case .relu: return ([try mul(dh, Elementwise.unary(.step, step.h))], nil, nil)
    case .lstm:
      let (i, f, g, o) = (step.gates[0], step.gates[1], step.gates[2], step.gates[3])
      let slope = try Elementwise.add(dc!, mul(dh, o, restOfSquare(step.squashed!)))
      dc = try mul(slope, f)
      return (
        [
          try mul(slope, g, i, rest(i)), try mul(slope, step.oldC!, f, rest(f)), try mul(slope, i, restOfSquare(g)), try mul(dh, step.squashed!, o, rest(o)),
        ], nil, nil
      )
    case .gru:
      let (r, z, n) = (step.gates[0], step.gates[1], step.gates[2])
      let slope = try mul(dh, rest(z), restOfSquare(n))
      return (
        [try mul(slope, step.waiting!, r, rest(r)), try mul(dh, Elementwise.sub(step.oldH, n), z, rest(z)), slope], try mul(slope, r), try mul(dh, z)
      )
    }
  }
}
