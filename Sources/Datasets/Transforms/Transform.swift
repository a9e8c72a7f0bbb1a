internal import LuaBridge
internal import Tensors

/// What is done with samples: steps in a row, called with a batch or with one sample.
final class Transform: LuaObject, @unchecked Sendable {
  enum Part {
    case step(any TransformStep)
    /// Labels become rows of zeros and a one.
    case oneHot(classes: Int)
    /// A script's function; anchored in the userdata.
    case function(LuaHandle)
  }
  let parts: [Part]
  init(_ parts: [Part]) { self.parts = parts }

  /// The steps over x, where no function of a script stands between them.
  var steps: [any TransformStep]? {
    var steps: [any TransformStep] = []
    for part in parts {
      switch part {
      case .step(let step): steps.append(step)
      case .oneHot: break
      case .function: return nil
      }
    }
    return steps
  }

  /// How many classes the targets are encoded to, if they are.
  var classes: Int? {
    for part in parts { if case .oneHot(let classes) = part { return classes } }
    return nil
  }

  var description: String {
    let list = parts.map { part in
      switch part {
      case .step(let step): step.description
      case .oneHot(let classes): "one_hot(\(classes))"
      case .function: "function"
      }
    }
    return list.count == 1 ? list[0] : "compose(\(list.joined(separator: ", ")))"
  }

  // MARK: calls

  /// Replaces x and t (if there is one), which begin at `first` and end at the top, by what the parts make of them. What follows t stays.
  func apply(_ stack: LuaStack, _ first: Int32, _ function: String) throws {
    guard stack.reserve(16) else { throw LuaError("stack overflow") }
    var i = 0
    while i < parts.count {
      switch parts[i] {
      case .step:
        var steps: [any TransformStep] = []
        while i < parts.count, case .step(let step) = parts[i] {
          steps.append(step)
          i += 1
        }
        guard let x = try? Tensor.decode(stack, first) else {
          throw LuaError("\(steps[0].name): Tensor expected, got \(stack.given(at: first))")
        }
        try Self.run(steps, x).push(stack)
        stack.replace(first)
      case .oneHot(let classes):
        try Self.encode(stack, first, classes)
        i += 1
      case .function(let handle):
        try call(stack, handle, first, function)
        i += 1
      }
    }
  }

  private func call(_ stack: LuaStack, _ handle: LuaHandle, _ first: Int32, _ function: String) throws {
    let hasTarget = stack.top > first
    guard stack.push(handle) else { throw LuaError("\(function): the transform is gone") }
    stack.copy(first)
    if hasTarget { stack.copy(first + 1) }
    try stack.call(arguments: hasTarget ? 2 : 1, results: 2)
    guard stack.type(at: -2) != .nil else { throw LuaError("\(function): the transform must return x and t, or x, it returned nil") }
    // A function that knows x alone leaves t as it is.
    if hasTarget, stack.type(at: -1) != .nil { stack.replace(first + 1) } else { stack.pop() }
    stack.replace(first)
  }

  /// Labels at the place of t, or of x where there is no t.
  static func encode(_ stack: LuaStack, _ first: Int32, _ classes: Int) throws {
    let index = stack.top > first ? first + 1 : first
    try OneHot.encode(stack, index, classes).push(stack)
    stack.replace(index)
  }

  /// A batch has an even number of dims, (N,C,H,W) or (N,F), one sample an odd one, (C,H,W) or (F).
  private static func run(_ steps: [any TransformStep], _ x: Tensor) throws -> Tensor {
    guard (1...4).contains(x.rank) else { throw LuaError("\(steps[0].name): a batch (N,C,H,W) or (N,F), or one sample (C,H,W) or (F), expected, got \(x.shape)") }
    var x = try x.contiguous().alias()
    if !x.type.isFloat, steps.contains(where: \.needsFloats) { x = try x.converted(to: .default) }
    let isSample = x.rank % 2 == 1
    var shape = x.shape
    if isSample { shape.insert(1, at: 0) }
    let plan = try TransformPlan(steps, shape, x.type, steps[0].name), chance = try plan.chance()
    var result = plan.shape
    if isSample { result.remove(at: 0) }
    let y = try Tensor(empty: result, x.type), bytes = x.count * x.type.size
    plan.run(into: y.pointer, chance) { $0.copyMemory(from: x.pointer, byteCount: bytes) }
    return y
  }

  // MARK: as scripts see it

  static var luaName: String { "Transform" }
  static var userValues: Int32 { 1 }
  var luaClass: LuaClass { Self.type }
  static let type: LuaClass = LuaClass(
    "Transform", "A function of a batch or of one sample: what `data.transforms` makes.", rows: [],
    operators: [
      (
        "__call",
        Row(
          results: "__call", "What it makes of a batch or a sample: `f(x)` → x, `f(x, t)` → x, t.", Param("transform", Transform.self), Param("x", LuaAny.self),
          Param("more", LuaRest.self), returns: "Tensor [, Tensor]"
        ) { stack, transform, x, more in
          guard more.indices.count <= 100 else { throw LuaError("transform: too many arguments") }
          let first = x.index
          while stack.top > first, stack.type(at: -1) == .nil { stack.pop() }
          try transform.apply(stack, first, "transform")
          return stack.top - first + 1
        }
      ),
      ("__tostring", Row("__tostring", "Its steps.", Param("transform", Transform.self)) { $0.description }),
    ])
}
