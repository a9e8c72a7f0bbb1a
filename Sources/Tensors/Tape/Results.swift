internal import LuaBridge

/// Ops of several results.
extension Tape {
  /// From the results (followed while gradients of gradients are recorded) and their gradients (0 where none arrived) to the inputs'.
  typealias JointRule = (Node, _ results: [Tensor], _ gradients: [Tensor]) throws -> [Tensor?]

  /// Puts the results of one op on the tape: float tensors that this op has just made, of any shapes.
  ///
  /// A node has one gradient. So the op's node takes all of them as one vector, and each result has a small node of its own behind it,
  /// which puts the result's gradient into its place of that vector. Tensors in `saving` are read by `node.saved(results.count + i)`.
  static func follow(_ op: String, _ inputs: [Tensor], results: [Tensor], saving: [Tensor] = [], rule: @escaping JointRule) throws {
    guard follows(inputs) else { return }
    let parts = Part.list(results)
    let all = results[0].alias()  // stands for the vector: only its node counts
    // Aliases: a node that held its own results would never be freed.
    try all.follow(op, inputs, saving: results.map { $0.alias() } + saving) { node, g in
      let results = try parts.indices.map { i in
        let result = try node.saved(i).alias()
        if isOn { try parts[i].follow(result, node, op) }
        return result
      }
      return try rule(node, results, parts.map { try $0.cut(g) })
    }
    guard let node = all.node else { return }
    for (result, part) in zip(results, parts) { try part.follow(result, node, op) }
  }

  /// One result's place in the vector of all gradients.
  private struct Part {
    let shape: Shape
    let type: ElementType
    let start: Int
    let total: Int
    let widest: ElementType

    static func list(_ results: [Tensor]) -> [Part] {
      let total = results.reduce(0) { $0 + $1.count }, widest = results.reduce(ElementType.float32) { max($0, $1.type) }
      var start = 0
      return results.map { result in
        defer { start += result.count }
        return Part(shape: result.shape, type: result.type, start: start, total: total, widest: widest)
      }
    }

    func cut(_ g: Tensor) throws -> Tensor { try g.narrowed(0, start, shape.elements).reshaped(shape).to(type) }

    func follow(_ result: Tensor, _ node: Node, _ op: String) throws {
      let all = result.alias(), start = start, total = total, widest = widest
      all.node = node
      try result.follow(op, [all]) { _, g in
        [try Rearranging.pad(g.to(widest).reshaped(Shape(g.count)), [(start, total - start - g.count)], .integer(0))]
      }
    }
  }
}
