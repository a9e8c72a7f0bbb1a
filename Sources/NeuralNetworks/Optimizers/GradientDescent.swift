internal import LuaBridge
internal import Tensors

/// The plain method on a function of one tensor, with the path it took.
///
///     x ← x - lr f'(x)
enum GradientDescent {
  static func run(_ x0: Tensor, lr: Double, steps: Int, _ f: (Tensor) throws -> Tensor) throws -> (x: Tensor, path: Tensor) {
    let function = "gradient_descent"
    guard steps >= 0, steps < 1 << 40 else { throw LuaError("\(function): steps must be 0 or more, got \(steps)") }
    guard lr.isFinite else { throw LuaError("\(function): lr must be finite, got \(lr.luaLiteral)") }
    let type = x0.type.isFloat ? x0.type : .default
    let start = try x0.converted(to: type)
    var x = try start.copied()
    let path = try Tensor(empty: Shape.checked([steps + 1] + x.shape.array, function), type)
    let bytes = x.count * type.size
    func note(_ row: Int) { if bytes > 0 { (path.pointer + row * bytes).copyMemory(from: x.pointer, byteCount: bytes) } }
    note(0)
    for step in 0..<steps {
      try LuaState.checkInterrupt()
      // A tensor of its own for each call, so that whatever f keeps of it stays as it was.
      let point = try x.copied()
      try point.requireGrad()
      let y = try Tape.recording(true) { try f(point) }
      guard y.count == 1 else { throw LuaError("\(function): f must return one element, got shape \(y.shape)") }
      guard let root = y.node, let leaf = point.node else {
        throw LuaError("\(function): f's result does not depend on x by tensor operations: there is no gradient to follow")
      }
      let found = try Tape.backward(from: root, seed: Tensor.full(y.shape, 1, y.type), keep: false, wanted: [leaf])
      guard let gradient = found[0] else { throw LuaError("\(function): f's result does not depend on x") }
      let next = try point.copied(), v = FlatVectors(next)
      let slope = try gradient.converted(to: type).contiguous()
      v.add(-lr, slope.pointer, to: next.pointer)
      withExtendedLifetime(slope) {}
      x = next
      note(step + 1)
    }
    return (x, path)
  }

  static let row = Row(
    "gradient_descent",
    """
    Walks downhill from x0: x = x - lr f'(x), steps times; x0 stays as it is.
    Shapes: x as x0; path {steps + 1, …}: its first row is x0, its last is x.
    Errors: f returns no tensor of one element, or one that does not depend on x.
    """, Param("f", LuaFunction.self, "takes x, returns a tensor of one element"), Param("x0", Tensor.self, "any shape"),
    .option("lr", default: 0.01, "learning rate"), .option("steps", default: 100, "how many"), place: .function,
    example: "local x, path = optim.gradient_descent(function(x) return (x * x):sum() end, T.tensor({-3, 4}), {lr = 0.1, steps = 20}); return x",
    returns: "Tensor, Tensor"
  ) { (f: LuaFunction, x0: Tensor, lr: Double, steps: Int) in
    let result = try run(x0, lr: lr, steps: steps) { try f.call($0) }
    return (result.x, result.path)
  }
}
