import NNLua

// y = x sigmoid(β x), with a β that is learned. Everything is made of ops that know their gradients, so there is no backward here.

/// A layer: it registers what training changes, and composes ops in `forward`.
final class TYPE: Module, @unchecked Sendable {
  let beta: Tensor

  init(beta: Double) throws {
    guard beta.isFinite else { throw LuaError("TYPE: beta must be a finite number, got \(beta)") }
    self.beta = try Tensor.full(Shape(1), beta)
    super.init()
    try register(parameter: "beta", self.beta)
  }

  override func forward(_ x: Tensor) throws -> Tensor { try x * (x * beta).apply(.sigmoid) }

  // What scripts, help, argument errors and `nnlua plugin check` know of it.
  static let row = Row(
    "TYPE",
    """
    The activation x sigmoid(β x), with a β that is learned.
    Shapes: x and y are of the same shape, whatever it is.
    Errors: a β that is not finite.
    """,
    Param("beta", default: 1.0, "what β begins with"), place: .function, mixed: true,
    example: "return require('PLUGIN').TYPE(1)(T.rand(2, 3))"
  ) { try TYPE(beta: $0) }
}

/// An op with a gradient of its own: a function of one element, compiled to vector instructions.
///
///     y = x / (1 + x²);  y' = (1 - x²) / (1 + x²)²
enum Bump: ElementFunction {
  static func value<R: RealElement>(_ x: R) -> R { x / (1 + x * x) }
  static func slope<R: RealElement>(_ x: R, _ y: R) -> R { (1 - x * x) / ((1 + x * x) * (1 + x * x)) }

  static let row = Row(
    "bump", "One bump on each side: x / (1 + x²).\nShapes: y has the shape of x.\nErrors: a gradient of its gradient.", Param("x", Tensor.self), place: .function,
    example: "return require('PLUGIN').bump(T.tensor({-1, 0, 2}))"
  ) { try $0.map(Bump.self, "bump") }
}

/// A plain function: Lua values in, a Lua value out.
enum Half {
  static let row = Row(
    "half", "Half of a number.\nShapes: none, x is a number.\nErrors: what is no number.", Param("x", Double.self), place: .function,
    example: "return require('PLUGIN').half(3)"
  ) { $0 / 2 }
}

// An optimizer: `update` changes one tensor; the rest (groups, state_dict, schedulers) is there. Uncomment it, and add `optimizers: [Signs.row]` below.
//
// /// p = p - lr sign(g)
// final class Signs: Optimizer, @unchecked Sendable {
//   override func update(_ parameter: Tensor, _ gradient: Tensor, _ state: ParameterState, t: Int) throws {
//     let step = try gradient.apply(.sign) * lr
//     Vector.binary(
//       .sub, parameter.type.width ?? .float32, parameter.pointer, aRow: 0, aColumn: 1, step.pointer, bRow: 0, bColumn: 1, parameter.pointer, rows: 1,
//       columns: parameter.count)
//   }
//   static let row = OptimizerLibrary.row(
//     "Signs", "Steps of one size: p = p - lr sign(g).", Param.option("lr", default: 0.001, "the size of a step"), library: "require('PLUGIN')"
//   ) { try Signs($0, lr: $1, "Signs") }
// }

/// What `require "PLUGIN"` gives. `into: [.layers]` would make TYPE appear in `nn` too.
let plugin = Plugin("PLUGIN", version: "0.1.0", "A first plugin.", layers: [TYPE.row], functions: [Bump.row, Half.row])
