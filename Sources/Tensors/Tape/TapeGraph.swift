internal import LuaBridge

/// The tape behind a tensor, to be read: printed or drawn. Inputs stand before what is made of them; the tensor's own entry is the last.
package struct TapeGraph {
  package struct Entry {
    package let op: String
    package let shape: Shape
    /// Where the inputs stand in the list.
    package internal(set) var inputs: [Int]
    package let kind: Kind
    /// Where the tape has kept it, or the caller knows it.
    package internal(set) var value: Tensor?
    /// Of the first tensor by this one.
    package internal(set) var gradient: Tensor?
    /// The caller's name for it.
    package internal(set) var name: String?
  }
  package enum Kind: Sendable {
    case op
    /// Gradients are asked for.
    case leaf
    /// No one follows it.
    case constant
  }
  package private(set) var entries: [Entry] = []

  /// - known: tensors whose names or values the entries are to have.
  /// - gradients: work out the gradient of every entry; no leaf's `grad` is touched.
  /// - Errors: nothing is on the tape, or it has been used and freed; gradients of more than one element; too many nodes.
  package init(of root: Tensor, known: [(String, Tensor)] = [], gradients: Bool = false, most: Int = 10_000, for function: String) throws {
    guard let rootNode = root.node else {
      throw LuaError("\(function): nothing here requires gradients, so no graph was recorded; make a tensor with {requires_grad = true}")
    }
    // Inputs first: nodes are numbered as they were made.
    var nodes: [Node] = [rootNode], seen: Set<ObjectIdentifier> = [ObjectIdentifier(rootNode)], next = 0
    while next < nodes.count {
      let node = nodes[next]
      next += 1
      guard !node.released else {
        throw LuaError("\(function): the graph of '\(node.op)' has been used and freed; ask before backward, or pass {retain_graph = true} to it")
      }
      for case let input? in (0..<node.inputCount).map(node.input) where seen.insert(ObjectIdentifier(input)).inserted {
        guard nodes.count < most else { throw LuaError("\(function): the graph has more than \(most) nodes") }
        nodes.append(input)
      }
    }
    nodes.sort { $0.sequence < $1.sequence }

    var places: [ObjectIdentifier: Int] = [:]
    for node in nodes {
      let kept = node.kept
      var inputs: [Int] = []
      for i in 0..<node.inputCount {
        if let input = node.input(i), let place = places[ObjectIdentifier(input)] {
          inputs.append(place)
          if entries[place].value == nil { entries[place].value = kept.inputs[i] }
        } else if let value = kept.inputs[i] {
          inputs.append(entries.count)
          entries.append(Entry(op: "constant", shape: value.shape, inputs: [], kind: .constant, value: value))
        }
      }
      places[ObjectIdentifier(node)] = entries.count
      entries.append(Entry(op: node.op, shape: node.shape, inputs: inputs, kind: node is Leaf ? .leaf : .op, value: kept.output))
    }
    entries[entries.count - 1].value = root.alias()
    for (name, tensor) in known {
      if let node = tensor.node, let place = places[ObjectIdentifier(node)] {
        entries[place].name = name
        entries[place].value = tensor.alias()
      } else if let place = entries.indices.first(where: { entries[$0].value?.isSame(as: tensor) == true }) {
        entries[place].name = name
      }
    }
    guard gradients else { return }
    let list = try Tape.backward(from: rootNode, seed: root.seed(nil, function), keep: true, wanted: nodes)
    for (node, gradient) in zip(nodes, list) { entries[places[ObjectIdentifier(node)]!].gradient = gradient }
  }
}

extension Tensor {
  /// The very same elements in memory.
  fileprivate func isSame(as other: Tensor) -> Bool { storage === other.storage && offset == other.offset && shape == other.shape && strides == other.strides }
}
