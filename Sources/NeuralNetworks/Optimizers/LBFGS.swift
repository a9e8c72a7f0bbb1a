internal import LuaBridge
public import Tensors

/// Quasi-Newton steps from the last gradients and moves, for losses without noise: whole batches, fits of curves.
///
///     y = g - g',  s = t d'  (the last change of the gradient, the last move)
///     d = -H g,  H from the last `history_size` pairs (s, y) by the two-loop recursion;   p = p + t d
///
/// Each `step(closure)` makes up to `max_iter` moves; t is `lr`, or found by a line search.
///
/// - Paper: Liu & Nocedal 1989, doi:10.1007/BF01589116
public final class LBFGS: Optimizer, @unchecked Sendable {
  struct Settings {
    var maxIterations: Int, maxEvaluations: Int
    var toleranceGradient: Double, toleranceChange: Double
    var history: Int
    var searches: Bool
  }
  /// What is known from the moves so far; `gradients[i]` and `moves[i]` belong together.
  private struct Memory {
    var iterations = 0, evaluations = 0
    var direction: Tensor?, lastGradient: Tensor?
    var length = 0.0, scale = 1.0, lastLoss = 0.0
    var gradients: [Tensor] = [], moves: [Tensor] = [], inverses: [Double] = []
  }

  private let settings: Settings
  private let type: ElementType
  private let size: Int
  private var memory = Memory()

  init(_ parameters: [Tensor], lr: Double, _ settings: Settings) throws {
    guard settings.maxIterations >= 1, settings.maxEvaluations >= 1, settings.history >= 1 else {
      throw LuaError("LBFGS: max_iter, max_eval and history_size must be at least 1")
    }
    guard settings.toleranceGradient >= 0, settings.toleranceChange >= 0 else { throw LuaError("LBFGS: tolerance_grad and tolerance_change must be 0 or more") }
    self.settings = settings
    type = parameters.contains { $0.type == .float64 } ? .float64 : .float32
    var seen: Set<ObjectIdentifier> = []
    size = parameters.reduce(0) { seen.insert(ObjectIdentifier($1)).inserted ? $0 + $1.count : $0 }
    try super.init(parameters, lr: lr, "LBFGS")
  }

  public override func step() throws {
    throw LuaError("LBFGS: step needs a function that computes the loss: opt:step(function() opt:zero_grad(); local l = …; l:backward(); return l end)")
  }

  public override func step(_ closure: () throws -> Double?) throws {
    func evaluate() throws -> (loss: Double, gradient: Tensor) {
      guard let loss = try closure() else { throw LuaError("LBFGS: the function given to step must return the loss: a tensor of one element, or a number") }
      return (loss, try gradient())
    }
    let v = FlatVectors(type, size)
    let scratchTensor = try vector(), scratch = scratchTensor.pointer
    defer { withExtendedLifetime(scratchTensor) {} }
    // Taken over at the end: after an error in the closure the memory is as it was.
    var m = memory

    var (loss, g) = try evaluate()
    var evaluations = 1
    m.evaluations += 1
    guard v.largest(g.pointer) > settings.toleranceGradient else {
      memory = m
      return
    }

    var iteration = 0
    while iteration < settings.maxIterations {
      try LuaState.checkInterrupt()
      iteration += 1
      m.iterations += 1
      let d = try direction(g, &m, v, scratch)
      m.direction = d
      m.lastGradient = try g.copied()
      m.lastLoss = loss
      m.length = m.iterations == 1 ? min(1, 1 / v.sumOfMagnitudes(g.pointer)) * lr : lr

      let slope = v.dot(g.pointer, d.pointer, scratch: scratch)
      if slope > -settings.toleranceChange { break }

      if settings.searches {
        let start = try parameters.map { try $0.copied() }
        let found = try LineSearch.strongWolfe(
          from: (m.length, loss, g, slope), largest: v.largest(d.pointer), toleranceChange: settings.toleranceChange,
          most: settings.maxEvaluations - evaluations
        ) { t in
          // The parameters go back whatever happens inside the closure.
          defer { for (parameter, value) in zip(parameters, start) { put(value, into: parameter) } }
          try move(t, along: d)
          let (loss, gradient) = try evaluate()
          return (loss, gradient, v.dot(gradient.pointer, d.pointer, scratch: scratch))
        }
        (loss, g, m.length) = (found.loss, found.gradient, found.length)
        evaluations += found.evaluations
        m.evaluations += found.evaluations
        try move(m.length, along: d)
      } else {
        try move(m.length, along: d)
        // After the last move the loss is not asked for again: with noise it would tell nothing.
        if iteration != settings.maxIterations {
          (loss, g) = try evaluate()
          evaluations += 1
          m.evaluations += 1
        }
      }
      if iteration == settings.maxIterations || evaluations >= settings.maxEvaluations { break }
      if v.largest(g.pointer) <= settings.toleranceGradient { break }
      if v.largest(d.pointer) * abs(m.length) <= settings.toleranceChange { break }
      if abs(loss - m.lastLoss) < settings.toleranceChange { break }
    }
    memory = m
  }

  /// -H g by the two-loop recursion; the memory takes in the last move.
  private func direction(_ g: Tensor, _ m: inout Memory, _ v: FlatVectors, _ scratch: UnsafeMutableRawPointer) throws -> Tensor {
    let q = try vector()
    v.set(q.pointer, to: -1, g.pointer)
    guard m.iterations > 1, let lastGradient = m.lastGradient, let lastDirection = m.direction else {
      (m.gradients, m.moves, m.inverses, m.scale) = ([], [], [], 1)
      return q
    }
    let y = try g.copied(), s = try vector()
    v.add(-1, lastGradient.pointer, to: y.pointer)
    v.set(s.pointer, to: m.length, lastDirection.pointer)
    let ys = v.dot(y.pointer, s.pointer, scratch: scratch)
    if ys > 1e-10 {  // a pair with less curvature would spoil H
      if m.gradients.count == settings.history {
        m.gradients.removeFirst()
        m.moves.removeFirst()
        m.inverses.removeFirst()
      }
      m.gradients.append(y)
      m.moves.append(s)
      m.inverses.append(1 / ys)
      m.scale = ys / v.dot(y.pointer, y.pointer, scratch: scratch)
    }
    var alpha = Array(repeating: 0.0, count: m.moves.count)
    for i in m.moves.indices.reversed() {
      alpha[i] = v.dot(m.moves[i].pointer, q.pointer, scratch: scratch) * m.inverses[i]
      v.add(-alpha[i], m.gradients[i].pointer, to: q.pointer)
    }
    v.scale(q.pointer, by: m.scale)
    for i in m.moves.indices {
      let beta = v.dot(m.gradients[i].pointer, q.pointer, scratch: scratch) * m.inverses[i]
      v.add(alpha[i] - beta, m.moves[i].pointer, to: q.pointer)
    }
    return q
  }

  // MARK: parameters as one vector

  private func vector() throws -> Tensor { try Tensor(empty: Shape(size), type) }

  private func gradient() throws -> Tensor {
    let all = try Tensor.zeros(Shape(size), type)
    var place = 0
    for (i, parameter) in parameters.enumerated() {
      if let gradient = parameter.grad {
        guard gradient.shape == parameter.shape else {
          throw LuaError("LBFGS: the gradient of parameter \(i + 1) has shape \(gradient.shape), the parameter \(parameter.shape)")
        }
        let values = try gradient.converted(to: type).contiguous()
        (all.pointer + place * type.size).copyMemory(from: values.pointer, byteCount: values.count * type.size)
      }
      place += parameter.count
    }
    return all
  }

  /// p ← p + t d
  private func move(_ t: Double, along d: Tensor) throws {
    var place = 0
    for parameter in parameters {
      let sum = try parameter.converted(to: type).copied(), v = FlatVectors(sum)
      v.add(t, d.pointer + place * type.size, to: sum.pointer)
      put(try sum.converted(to: parameter.type), into: parameter)
      place += parameter.count
    }
  }
  private func put(_ values: Tensor, into parameter: Tensor) {
    parameter.write(values)
    parameter.storage.changed(by: "step")
  }

  // MARK: state

  public override func state() throws -> [(name: String, tensor: Tensor)] {
    var entries: [(name: String, tensor: Tensor)] = [("lr", try Tensor.scalar(lr, .float64))]
    if let initialLR { entries.append(("initial_lr", try Tensor.scalar(initialLR, .float64))) }
    for (name, count) in [("n_iter", memory.iterations), ("func_evals", memory.evaluations)] {
      entries.append((name, try Tensor([Int64(count)]).reshaped(Shape())))
    }
    guard let direction = memory.direction, let lastGradient = memory.lastGradient else { return entries }
    for (name, value) in [("t", memory.length), ("H_diag", memory.scale), ("prev_loss", memory.lastLoss)] { entries.append((name, try Tensor.scalar(value, .float64))) }
    entries += [("d", direction), ("prev_flat_grad", lastGradient), ("ro", try Tensor(memory.inverses, memory.inverses.count))]
    entries += [("old_dirs", try rows(memory.gradients)), ("old_stps", try rows(memory.moves))]
    return entries
  }

  private func rows(_ list: [Tensor]) throws -> Tensor {
    let all = try Tensor(empty: Shape(list.count, size), type)
    for (i, row) in list.enumerated() { (all.pointer + i * size * type.size).copyMemory(from: row.pointer, byteCount: size * type.size) }
    return all
  }

  public override func prepared(_ entries: [(name: String, tensor: Tensor)]) throws -> () -> Void {
    var given = Dictionary(entries.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first }), faults: [String] = []
    func number(_ name: String) throws -> Double {
      guard let tensor = given.removeValue(forKey: name) else {
        faults.append("'\(name)' is missing")
        return 0
      }
      guard tensor.count == 1 else {
        faults.append("'\(name)' has shape \(tensor.shape), a number is expected")
        return 0
      }
      return try tensor.values()[0]
    }
    func count(_ name: String) throws -> Int {
      let value = try number(name)
      if value >= 0, value < 1e15, value == value.rounded() { return Int(value) }
      faults.append("'\(name)' is \(value.luaLiteral), no count")
      return 0
    }
    func tensor(_ name: String, _ shape: Shape, _ type: ElementType) throws -> Tensor? {
      guard let tensor = given.removeValue(forKey: name) else {
        faults.append("'\(name)' is missing")
        return nil
      }
      guard tensor.shape == shape else {
        faults.append("'\(name)' has shape \(tensor.shape), expected \(shape)")
        return nil
      }
      return try tensor.converted(to: type).copied()
    }
    let lr = try number("lr"), initial = given["initial_lr"] == nil ? nil : try number("initial_lr")
    if !(lr >= 0 && lr.isFinite) { faults.append("'lr' is \(lr.luaLiteral)") }
    var m = Memory()
    m.iterations = try count("n_iter")
    m.evaluations = try count("func_evals")
    if m.iterations > 0 || given["d"] != nil {
      (m.length, m.scale, m.lastLoss) = (try number("t"), try number("H_diag"), try number("prev_loss"))
      (m.direction, m.lastGradient) = (try tensor("d", Shape(size), type), try tensor("prev_flat_grad", Shape(size), type))
      let pairs = given["ro"].map { $0.rank == 1 ? min($0.count, settings.history) : 0 } ?? 0
      m.inverses = try tensor("ro", Shape(pairs), .float64)?.values() ?? []
      let (gradients, moves) = (try tensor("old_dirs", Shape(pairs, size), type), try tensor("old_stps", Shape(pairs, size), type))
      if let gradients, let moves {
        for i in 0..<pairs {
          for (all, isMove) in [(gradients, false), (moves, true)] {
            let row = try vector()
            row.pointer.copyMemory(from: all.pointer + i * size * type.size, byteCount: size * type.size)
            if isMove { m.moves.append(row) } else { m.gradients.append(row) }
          }
        }
      }
    }
    for name in given.keys.sorted() { faults.append("'\(name)' is no state of LBFGS") }
    if !faults.isEmpty { throw LuaError("load_state_dict: \(faults.joined(separator: "; "))") }
    return { [self] in
      self.lr = lr
      initialLR = initial
      memory = m
    }
  }

  static let row = OptimizerLibrary.row(
    "LBFGS",
    """
    Quasi-Newton steps from the last gradients and moves, for losses without noise: p = p - t H g, H from the last pairs of moves and gradient changes.
    Its step needs a function that computes the loss: opt:step(function() opt:zero_grad(); local l = …; l:backward(); return l end) → the loss before the step.
    Errors: more than one parameter group; a step without the function.
    Paper: Liu & Nocedal 1989, doi:10.1007/BF01589116
    """,
    .option("lr", default: 1.0, "length of a move; with a line search, the length it begins with"), .option("max_iter", default: 20, "moves in a step"),
    .option("max_eval", default: Int?.none, "calls of the function in a step; max_iter · 5 / 4 where it is left out"),
    .option("tolerance_grad", default: 1e-7, "ends where no |g| is larger"), .option("tolerance_change", default: 1e-9, "ends where loss and parameters change less"),
    .option("history_size", default: 100, "pairs remembered: each takes twice the parameters' memory"),
    .option("line_search_fn", default: String?.none, "\"strong_wolfe\" searches each move's length")
  ) { parameters, lr, iterations, evaluations, gradient, change, history, search in
    guard search == nil || search == "strong_wolfe" else { throw LuaError("LBFGS: line_search_fn must be \"strong_wolfe\" or nil, got \"\(search ?? "")\"") }
    let (product, overflow) = iterations.multipliedReportingOverflow(by: 5)
    return try LBFGS(
      parameters, lr: lr,
      Settings(
        maxIterations: iterations, maxEvaluations: evaluations ?? (overflow ? .max : max(product / 4, 1)), toleranceGradient: gradient, toleranceChange: change,
        history: history, searches: search != nil))
  }
}
