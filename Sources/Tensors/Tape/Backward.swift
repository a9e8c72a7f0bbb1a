internal import LuaBridge

extension Tape {
  /// Runs the tape backwards from `root`, whose gradient is `seed`.
  ///
  /// - keep: leave the tape as it is, for another run.
  /// - create: record the gradients' own ops, for gradients of gradients.
  /// - wanted: gather the gradients of these nodes and return them, touching no leaf's `grad`.
  @discardableResult
  public static func backward(from root: Node, seed: Tensor, keep: Bool, create: Bool = false, wanted: [Node]? = nil) throws -> [Tensor?] {
    let (order, leaves) = reachable(from: root)
    var results: [ObjectIdentifier: Tensor] = [:]
    let wantedIDs = wanted.map { Set($0.map { ObjectIdentifier($0) }) }
    var finished = false
    defer {
      if !finished {
        for node in order { node.pending = nil }
        for leaf in leaves { leaf.pending = nil }
      }
    }

    let isTimed = Profiler.beginBackward()
    defer { if isTimed { Profiler.end() } }
    root.pending = seed
    try recording(create) {
      for node in order {
        guard let gradient = node.pending else { continue }
        node.pending = nil
        try LuaState.checkInterrupt()
        if let wantedIDs, wantedIDs.contains(ObjectIdentifier(node)) { results[ObjectIdentifier(node)] = gradient }
        guard let rule = node.rule else {
          throw LuaError("backward: the graph of '\(node.op)' has been used and freed; pass {retain_graph = true} to the first backward")
        }
        let gradients = try gradients(node, gradient, rule)
        for i in 0..<gradients.count {
          guard let gradient = gradients[i], let input = node.input(i) else { continue }
          if detectsAnomaly { try checkFinite(gradient, of: node) }
          if let before = input.pending { input.pending = try Elementwise.add(before, gradient) } else { input.pending = gradient }
        }
        if !keep { node.release() }
      }
      for leaf in leaves {
        guard var gradient = leaf.pending else { continue }
        leaf.pending = nil
        if let wantedIDs {
          if wantedIDs.contains(ObjectIdentifier(leaf)) { results[ObjectIdentifier(leaf)] = gradient }
        } else {
          try accumulate(&gradient, into: leaf, create)
        }
      }
    }
    finished = true
    return (wanted ?? []).map { results[ObjectIdentifier($0)] }
  }

  @inline(__always) private static func gradients(_ node: Node, _ gradient: Tensor, _ rule: Node.Rule) throws -> [Tensor?] {
    let isTimed = Profiler.beginGradient(node.op, origin: node.origin)
    defer { if isTimed { Profiler.end() } }
    return try rule(node, gradient)
  }

  /// Every op that backward may reach, the last first, and the leaves behind them; without recursion.
  private static func reachable(from root: Node) -> (order: [Node], leaves: [Leaf]) {
    round += 1
    root.mark = round
    var order: [Node] = [], leaves: [Leaf] = []
    order.reserveCapacity(24)
    leaves.reserveCapacity(24)
    if let leaf = root.leaf { leaves.append(leaf) } else { order.append(root) }
    // A chain of ops is found in its order; only where ways part must it be sorted.
    var next = 0, isSorted = true
    while next < order.count {
      let node = order[next]
      next += 1
      for i in 0..<node.inputCount {
        guard let input = node.input(i), input.mark != round else { continue }
        input.mark = round
        if let leaf = input.leaf {
          leaves.append(leaf)
        } else {
          isSorted = isSorted && input.sequence < order[order.count - 1].sequence
          order.append(input)
        }
      }
    }
    if !isSorted { order.sort { $0.sequence > $1.sequence } }
    return (order, leaves)
  }
  nonisolated(unsafe) private static var round = 0

  private static func accumulate(_ gradient: inout Tensor, into leaf: Leaf, _ create: Bool) throws {
    if let before = leaf.grad {
      leaf.grad = try Elementwise.add(before, gradient)
    } else {
      // The script may change `grad` in place, so it must share memory with nothing else.
      let alone = gradient.isContiguous && isKnownUniquelyReferenced(&gradient) && gradient.ownsStorage
      leaf.grad = create || alone ? gradient : try gradient.copied()
    }
  }

  private static func checkFinite(_ gradient: Tensor, of node: Node) throws {
    if try !gradient.values().allSatisfy(\.isFinite) {
      throw LuaError("backward: '\(node.op)' gave a gradient that is not finite (shape \(gradient.shape))")
    }
  }
}

extension Tensor {
  /// The gradient of this tensor (one element, unless `gradient` is given) into every leaf it was made from.
  /// - Errors: more than one element and no `gradient`; nothing it was made from requires gradients; a graph used before.
  public func backward(_ gradient: Tensor? = nil, keep: Bool = false, create: Bool = false) throws {
    guard let node else { throw LuaError("backward: nothing here requires gradients; make a tensor with {requires_grad = true} or use a module's parameters") }
    try Tape.backward(from: node, seed: seed(gradient, "backward"), keep: keep || create, create: create)
  }

  func seed(_ gradient: Tensor?, _ function: String) throws -> Tensor {
    guard let gradient else {
      guard count == 1 else {
        throw LuaError("\(function): a gradient can be started from one element only, this tensor has shape \(shape); use :sum(), :mean() or pass a gradient")
      }
      return try Tensor.full(shape, 1, type)
    }
    guard gradient.shape == shape else { throw LuaError("\(function): the gradient has shape \(gradient.shape), the tensor \(shape)") }
    return try gradient.converted(to: type)
  }
}
