internal import LuaBridge

/// One op on the tape: its inputs' nodes, what backward needs, and the rule that turns the result's gradient into the inputs'.
///
/// Tensors are saved without their nodes, so a node never keeps its own result alive, and chains are freed without recursion.
public class Node {
  /// The op's name, for errors and drawings.
  public let op: String
  /// Later nodes have larger numbers: backward runs them in falling order.
  let sequence: Int
  /// nil where that input is followed by no one.
  public fileprivate(set) var inputs: [Node?]
  /// The result's shape.
  public let shape: Shape
  private var saved: [Saved]
  fileprivate(set) var rule: Rule?
  /// The gradient gathered so far while backward runs.
  var pending: Tensor?
  var mark = 0
  /// What was running when this op was, for the profiler.
  let origin = Profiler.origin

  /// From the result's gradient to the inputs' (nil where an input needs none).
  public typealias Rule = (Node, Tensor) throws -> [Tensor?]

  private struct Saved {
    enum Source {
      case input(Int), output, constant
    }
    let tensor: Tensor
    let version: Int
    let source: Source
  }

  nonisolated(unsafe) private static var last = 0
  /// Nodes alive, for tests of leaks.
  public nonisolated(unsafe) private(set) static var alive = 0

  fileprivate init(_ op: String, inputs: [Node?], shape: Shape) {
    self.op = op
    self.inputs = inputs
    self.shape = shape
    saved = []
    Self.last += 1
    sequence = Self.last
    Self.alive += 1
  }

  fileprivate convenience init(_ op: String, _ inputs: [Tensor], saving: [Tensor], output: Tensor, _ rule: @escaping Rule) {
    self.init(op, inputs: inputs.map(\.node), shape: output.shape)
    self.rule = rule
    saved = saving.map { tensor in
      let source: Saved.Source =
        if tensor === output { .output } else if let i = inputs.firstIndex(where: { $0 === tensor }) { .input(i) } else { .constant }
      return Saved(tensor: tensor === output || tensor.node != nil ? tensor.alias() : tensor, version: tensor.storage.version, source: source)
    }
  }

  /// Whether anyone wants the gradient of input `i`.
  public func needs(_ i: Int) -> Bool { inputs[i] != nil }

  /// What was saved as the `i`-th tensor; it is followed again while gradients of gradients are recorded.
  /// - Errors: it was changed in place since.
  public func saved(_ i: Int) throws -> Tensor {
    let entry = saved[i]
    guard entry.tensor.storage.version == entry.version else {
      throw LuaError(
        "backward: '\(op)' needs a tensor \(entry.tensor.shape) as it was, but '\(entry.tensor.storage.writer)' has changed it in place since; "
          + "use the form without '_', or clone() it first")
    }
    guard Tape.isOn else { return entry.tensor }
    let node: Node? =
      switch entry.source {
      case .input(let i): inputs[i]
      case .output: self
      case .constant: nil
      }
    guard let node else { return entry.tensor }
    let tensor = entry.tensor.alias()
    tensor.node = node
    return tensor
  }

  /// What the tape has kept of the op's inputs and of its result, by their places; nothing that was changed since.
  var kept: (inputs: [Int: Tensor], output: Tensor?) {
    var inputs: [Int: Tensor] = [:], output: Tensor?
    for entry in saved where entry.tensor.storage.version == entry.version {
      switch entry.source {
      case .input(let i): inputs[i] = entry.tensor
      case .output: output = entry.tensor
      case .constant: break
      }
    }
    return (inputs, output)
  }

  /// Gives back what backward needed, once it has run.
  func release() {
    saved = []
    rule = nil
    for i in inputs.indices { inputs[i] = nil }
    released = true
  }
  private(set) var released = false

  deinit {
    Self.alive -= 1
    // A chain of 100,000 nodes must not be freed by 100,000 nested calls: take the inputs apart here, one by one.
    var waiting = inputs
    inputs = []
    while let next = waiting.popLast() {
      guard var node = next else { continue }
      if isKnownUniquelyReferenced(&node) {
        waiting.append(contentsOf: node.inputs)
        node.inputs = []
      }
    }
  }
}

/// The end of the tape: a tensor whose gradient the script asked for.
public final class Leaf: Node {
  public var grad: Tensor?
  public init(_ shape: Shape) { super.init("leaf", inputs: [], shape: shape) }
}

/// Whether ops are recorded.
public enum Tape {
  public nonisolated(unsafe) static var isOn = true
  /// Stop backward at the first gradient that is not finite, and name its op.
  public nonisolated(unsafe) static var detectsAnomaly = false

  @inline(__always) public static func follows(_ a: Tensor) -> Bool { isOn && a.node != nil }
  @inline(__always) public static func follows(_ a: Tensor, _ b: Tensor) -> Bool { isOn && (a.node != nil || b.node != nil) }
  public static func follows(_ list: [Tensor]) -> Bool { isOn && list.contains { $0.node != nil } }

  /// Runs `body` with recording off (or on).
  public static func recording<R>(_ on: Bool, _ body: () throws -> R) rethrows -> R {
    let before = isOn
    isOn = on
    defer { isOn = before }
    return try body()
  }
}

extension Tensor {
  /// Puts this result on the tape. Ask `Tape.follows(inputs)` first: the lists and the closure are built only where someone follows.
  ///
  /// - saving: tensors that `rule` reads through `node.saved(i)`. Never capture a tensor in `rule`: it would not notice a change in place.
  public func follow(_ op: String, _ inputs: [Tensor], saving: [Tensor] = [], rule: @escaping Node.Rule) throws {
    guard type.isFloat, Tape.follows(inputs) else { return }
    for input in inputs where input.node != nil && input.viewed.map({ $0 != input.storage.recordedChanges }) == true {
      throw LuaError("\(op): a view \(input.shape) made before '\(input.storage.writer)' changed its tensor in place; make the view again")
    }
    node = Node(op, inputs, saving: saving, output: self, rule)
  }

  /// Gradients are gathered in `grad`; nil where backward has not reached it.
  public var grad: Tensor? {
    get { (node as? Leaf)?.grad }
    set { (node as? Leaf)?.grad = newValue }
  }
  public var requiresGrad: Bool { node != nil }
  public var isLeaf: Bool { node == nil || node is Leaf }

  /// Asks for gradients of this tensor, or no longer.
  /// - Errors: a whole-number type; a result of an op (detach it first).
  public func requireGrad(_ on: Bool = true) throws {
    if on {
      guard type.isFloat else { throw LuaError("requires_grad_: only float32 and float64 tensors have gradients, this one is \(type.name)") }
      if node == nil { node = Leaf(shape) }
    } else {
      guard isLeaf else { throw LuaError("requires_grad_: a result of '\(node?.op ?? "")' cannot stop requiring gradients; use detach()") }
      node = nil
    }
  }

  /// Notes a change in place by `op`, after checking that the tape allows it.
  /// Call `checkWritable` before writing.
  public func checkWritable(_ op: String) throws {
    if Tape.isOn, node is Leaf {
      throw LuaError("\(op): a tensor that requires gradients cannot be changed in place while they are recorded; do it inside T.no_grad(function() … end)")
    }
    for i in 0..<rank where strides[i] == 0 && shape[i] > 1 {
      throw LuaError("\(op): the elements of an expanded tensor \(shape) share memory; clone() it first")
    }
  }
}
