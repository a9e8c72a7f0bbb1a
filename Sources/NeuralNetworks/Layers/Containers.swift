internal import LuaBridge
public import Tensors

/// y = x + inner(x)
///
/// - Paper: He et al. 2015, arXiv:1512.03385
public final class Residual: Module, @unchecked Sendable {
  private let inner: Module
  init(_ inner: Module) {
    self.inner = inner
    super.init()
    register(child: "inner", inner)
  }
  public override func forward(_ x: Tensor) throws -> Tensor {
    let y = try inner(x)
    guard y.shape == x.shape else { throw LuaError("residual: the inner module makes \(y.shape) of \(x.shape); both are added and must agree") }
    return try Elementwise.add(x, y)
  }
  static let row = Sequential.wrapper(
    "Residual",
    """
    y = x + inner(x): the inner module learns what to add.
    Shapes: x, y what inner takes and gives.
    Errors: an inner module that changes the shape.
    Paper: He et al. 2015, arXiv:1512.03385
    """, Param("inner", Module.self, "a module that keeps the shape"), example: "return nn.Residual(nn.Linear(3, 3))"
  ) { _, inner in Residual(inner) }
}

/// A Lua function as a module.
public final class Lambda: Module, @unchecked Sendable {
  private let handle: LuaHandle
  /// Not owned: the state owns this module, through a userdata.
  private unowned let state: LuaState
  init(_ handle: LuaHandle, _ state: LuaState) {
    self.handle = handle
    self.state = state
  }
  public override func forward(_ x: Tensor) throws -> Tensor {
    let stack = state.stack
    guard stack.reserve(8), stack.push(handle) else { throw LuaError("lambda: its function is no longer alive") }
    x.push(stack)
    try stack.call(arguments: 1, results: 1)
    defer { stack.pop() }
    guard let y = try? Tensor.decode(stack, stack.top) else { throw LuaError("lambda: the function must return a tensor, got \(stack.typeName(at: -1))") }
    return y
  }
  static let row = Sequential.wrapper(
    "Lambda",
    """
    A function as a module: y = f(x). It has no parameters; what f holds is not part of the state.
    Shapes: x, y those of f.
    Errors: a function that returns no tensor; its own.
    """, Param("f", LuaFunction.self, "from a tensor to a tensor"), example: "return nn.Lambda(function(x) return x * 2 end)"
  ) { stack, f in
    Lambda(stack.handle(at: f.index), stack.state)
  }
}

/// y = x
public final class Identity: Module, @unchecked Sendable {
  public override func forward(_ x: Tensor) throws -> Tensor { x }
  static let row = Row("Identity", "y = x.\nShapes: x, y any.", place: .function, example: "return nn.Identity()(T.ones(2))") { Identity() }
}
