internal import LuaBridge

/// One op on the tape: its inputs' nodes, what backward needs, and the rule that turns the result's gradient into the inputs'.
///
/// Tensors are saved without their nodes, so a node never keeps its own result alive, and chains are freed without recursion.
public class Node {
  /// The op's name, for errors and drawings.
  public let op: String
  /// Later nodes have larger numbers: backward runs them in falling order.
  let sequence: Int
  /// How many tensors the op took.
  public let inputCount: Int
  private let isLeaf: Bool
  // The first few stand in the node itself: a list of them would be one more allocation.
  // Not a tuple either: to destroy one the runtime looks up its type.
  private var input0: Node?, input1: Node?, input2: Node?
  private var moreInputs: [Node?] = []
  /// The result's shape.
  public let shape: Shape
  private var saved0: Saved?, saved1: Saved?, saved2: Saved?
  private var moreSaved: [Saved] = []
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

  fileprivate init(leaf shape: Shape) {
    op = "leaf"
    inputCount = 0
    isLeaf = true
    self.shape = shape
    Self.last += 1
    sequence = Self.last
    Self.alive += 1
  }

  fileprivate init(_ op: String, _ inputs: [Tensor], saving: [Tensor], output: Tensor, _ rule: @escaping Rule) {
    self.op = op
    inputCount = inputs.count
    isLeaf = false
    shape = output.shape
    self.rule = rule
    Self.last += 1
    sequence = Self.last
    Self.alive += 1
    if inputs.count > 0 { input0 = inputs[0].node }
    if inputs.count > 1 { input1 = inputs[1].node }
    if inputs.count > 2 { input2 = inputs[2].node }
    if inputs.count > 3 { moreInputs = inputs[3...].map(\.node) }
    if saving.count > 0 { saved0 = Self.entry(saving[0], inputs, output) }
    if saving.count > 1 { saved1 = Self.entry(saving[1], inputs, output) }
    if saving.count > 2 { saved2 = Self.entry(saving[2], inputs, output) }
    if saving.count > 3 { moreSaved = saving[3...].map { Self.entry($0, inputs, output) } }
  }

  private static func entry(_ tensor: Tensor, _ inputs: [Tensor], _ output: Tensor) -> Saved {
    let version = tensor.storage.version
    if tensor === output { return Saved(tensor: tensor.alias(), version: version, source: .output) }
    var source = Saved.Source.constant
    for i in 0..<inputs.count where inputs[i] === tensor {
      source = .input(i)
      break
    }
    return Saved(tensor: tensor.node != nil ? tensor.alias() : tensor, version: version, source: source)
  }

  /// The end of the tape, where this node is one.
  @inline(__always) var leaf: Leaf? { isLeaf ? unsafeDowncast(self, to: Leaf.self) : nil }

  /// The node of input `i`; nil where that input is followed by no one.
  @inline(__always) func input(_ i: Int) -> Node? {
    switch i {
    case 0: input0
    case 1: input1
    case 2: input2
    default: i - 3 < moreInputs.count ? moreInputs[i - 3] : nil
    }
  }

  /// Whether anyone wants the gradient of input `i`.
  public func needs(_ i: Int) -> Bool { input(i) != nil }

  /// What was saved as the `i`-th tensor; it is followed again while gradients of gradients are recorded.
  /// - Errors: it was changed in place since.
  public func saved(_ i: Int) throws -> Tensor {
    let found: Saved? =
      switch i {
      case 0: saved0
      case 1: saved1
      case 2: saved2
      default: moreSaved[i - 3]
      }
    guard let entry = found else { throw LuaError("backward: '\(op)' saved no tensor \(i + 1)") }
    guard entry.tensor.storage.version == entry.version else {
      throw LuaError(
        "backward: '\(op)' needs a tensor \(entry.tensor.shape) as it was, but '\(entry.tensor.storage.writer)' has changed it in place since; "
          + "use the form without '_', or clone() it first")
    }
    guard Tape.isOn else { return entry.tensor }
    let node: Node? =
      switch entry.source {
      case .input(let i): input(i)
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
    for case let entry? in [saved0, saved1, saved2] + moreSaved where entry.tensor.storage.version == entry.version {
      switch entry.source {
      case .input(let i): inputs[i] = entry.tensor
      case .output: output = entry.tensor
      case .constant: break
      }
    }
    return (inputs, output)
  }

  /// Backward has run, and took what the op had kept.
  var released: Bool { rule == nil && !isLeaf }

  /// Gives back what backward needed, once it has run.
  func release() {
    saved0 = nil
    saved1 = nil
    saved2 = nil
    if !moreSaved.isEmpty { moreSaved = [] }
    rule = nil
    forgetInputs()
  }
  private func forgetInputs() {
    input0 = nil
    input1 = nil
    input2 = nil
    if !moreInputs.isEmpty { moreInputs = [] }
  }
  private var hasInputs: Bool { input0 != nil || input1 != nil || input2 != nil || !moreInputs.isEmpty }

  deinit {
    Self.alive -= 1
    guard hasInputs else { return }
    // A chain of 100,000 nodes must not be freed by 100,000 nested calls: take the inputs apart here, one by one.
    var waiting: [Node] = []
    takeInputs(into: &waiting)
    while var node = waiting.popLast() {
      if isKnownUniquelyReferenced(&node), node.hasInputs { node.takeInputs(into: &waiting) }
    }
  }

  private func takeInputs(into list: inout [Node]) {
    for i in 0..<inputCount {
      if let node = input(i) { list.append(node) }
    }
    forgetInputs()
  }
}

/// The end of the tape: a tensor whose gradient the script asked for.
package final class Leaf: Node {
  package var grad: Tensor?
  package init(_ shape: Shape) { super.init(leaf: shape) }
}

/// Whether ops are recorded.
public enum Tape {
  /// Whether ops are recorded.
  public nonisolated(unsafe) static var isOn = true
  /// Stop backward at the first gradient that is not finite, and name its op.
  public nonisolated(unsafe) static var detectsAnomaly = false

  /// Whether a result of this tensor has to be recorded.
  @inline(__always) public static func follows(_ a: Tensor) -> Bool { isOn && a.node != nil }
  /// Whether a result of these tensors has to be recorded.
  @inline(__always) public static func follows(_ a: Tensor, _ b: Tensor) -> Bool { isOn && (a.node != nil || b.node != nil) }
  /// Whether a result of these tensors has to be recorded.
  public static func follows(_ list: [Tensor]) -> Bool {
    guard isOn else { return false }
    for i in 0..<list.count where list[i].node != nil { return true }
    return false
  }

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
    for i in 0..<inputs.count {
      guard let viewed = inputs[i].viewed, inputs[i].node != nil, viewed != inputs[i].storage.recordedChanges else { continue }
      let input = inputs[i]
      throw LuaError("\(op): a view \(input.shape) made before '\(input.storage.writer)' changed its tensor in place; make the view again")
    }
    node = Node(op, inputs, saving: saving, output: self, rule)
  }

  /// Gradients are gathered in `grad`; nil where backward has not reached it.
  public var grad: Tensor? {
    get { node?.leaf?.grad }
    set { node?.leaf?.grad = newValue }
  }
  /// Whether gradients reach it.
  public var requiresGrad: Bool { node != nil }
  /// Whether it is no result of a recorded op: a parameter, or a tensor without gradients.
  public var isLeaf: Bool { node == nil || node?.leaf != nil }

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
