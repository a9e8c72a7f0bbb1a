internal import KernelTable
internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// f'(x) made of ops that the tape follows, for gradients of gradients; the first gradient comes from the kernel that fuses it with g.
extension Unary {
  /// The derivative from what `Vector.gradientNeeds` gives it: y where y is enough, x otherwise; nil where it is 0 everywhere.
  static func derivative(_ op: UnaryOp, x: Tensor?, y: Tensor?, _ p: Double, _ q: Double) throws -> Tensor? {
    if let y { return try derivative(op, y: y) }
    guard let x else { return nil }
    return try derivative(op, x: x, p, q)
  }

  private static func derivative(_ op: UnaryOp, y: Tensor) throws -> Tensor? {
    typealias E = Elementwise
    switch op {
    case .exp: return y
    case .expm1: return try E.add(y, 1)
    case .sqrt: return try E.mul(apply(.reciprocal, y), 0.5)
    case .rsqrt: return try E.mul(E.pow(y, 3), -0.5)
    case .reciprocal: return try E.neg(apply(.square, y))
    case .tan: return try E.add(apply(.square, y), 1)
    case .tanh: return try E.add(E.neg(apply(.square, y)), 1)
    case .sigmoid: return try E.mul(y, E.add(E.neg(y), 1))
    case .logSigmoid: return try E.neg(apply(.expm1, y))
    case .relu: return try mask(y, .gt, 0)
    // λ above 0; below it y = λα (exp(x) - 1), so y' = y + λα. Both from the values the kernel takes: y(-∞) and y(1).
    case .selu:
      let ends = try apply(.selu, Tensor([-Double.infinity, 1])).values()
      return try Selection.select(Comparison.gt.apply(.tensor(y), .integer(0)), .number(ends[1]), .tensor(E.add(y, -ends[0])))
    default: throw missing(op)
    }
  }

  private static func derivative(_ op: UnaryOp, x: Tensor, _ p: Double, _ q: Double) throws -> Tensor? {
    typealias E = Elementwise
    switch op {
    case .abs: return try apply(.sign, x)
    case .log: return try apply(.reciprocal, x)
    case .log1p: return try apply(.reciprocal, E.add(x, 1))
    case .log2: return try apply(.reciprocal, E.mul(x, M_LN2))
    case .log10: return try apply(.reciprocal, E.mul(x, M_LN10))
    case .square: return try E.mul(x, 2)
    case .sin: return try apply(.cos, x)
    case .cos: return try E.neg(apply(.sin, x))
    case .asin: return try apply(.rsqrt, E.add(E.neg(apply(.square, x)), 1))
    case .acos: return try E.neg(apply(.rsqrt, E.add(E.neg(apply(.square, x)), 1)))
    case .atan: return try apply(.reciprocal, E.add(apply(.square, x), 1))
    case .sinh: return try apply(.cosh, x)
    case .cosh: return try apply(.sinh, x)
    case .erf: return try E.mul(apply(.exp, E.neg(apply(.square, x))), M_2_SQRTPI)
    case .relu6: return try E.mul(mask(x, .gt, 0), mask(x, .lt, 6))
    case .hardtanh: return try E.mul(mask(x, .gt, p), mask(x, .lt, q))
    case .clamp: return try E.mul(mask(x, .ge, p), mask(x, .le, q))
    case .leakyRelu: return try choose(x, 1, Tensor.scalar(p, x.type))
    case .elu: return try choose(x, 1, E.mul(apply(.exp, x), p))
    case .softsign: return try apply(.square, apply(.reciprocal, E.add(apply(.abs, x), 1)))
    case .softplus:
      let scaled = try E.mul(x, p)
      return try Selection.select(Comparison.gt.apply(.tensor(scaled), .number(q)), .integer(1), .tensor(apply(.sigmoid, scaled)))
    case .silu:
      let s = try apply(.sigmoid, x)
      return try E.mul(s, E.add(E.mul(x, E.add(E.neg(s), 1)), 1))
    // Φ(x) + x φ(x), with Φ(x) = (1 + erf(x/√2)) / 2 and φ(x) = exp(-x²/2) / √2π
    case .gelu:
      let share = try E.mul(E.add(apply(.erf, E.mul(x, 0.5.squareRoot())), 1), 0.5)
      let density = try E.mul(apply(.exp, E.mul(apply(.square, x), -0.5)), 1 / (2 * Double.pi).squareRoot())
      return try E.add(share, E.mul(x, density))
    // y = x (1 + tanh u) / 2 with u = √(2/π) (x + c x³), c of arXiv:1606.08415
    case .geluTanh:
      let scale = (2 / Double.pi).squareRoot(), cubic = 0.044715
      let square = try apply(.square, x)
      let t = try apply(.tanh, E.mul(E.mul(x, E.add(E.mul(square, cubic), 1)), scale))
      let slope = try E.mul(E.add(E.mul(square, 3 * cubic), 1), scale)
      let curve = try E.mul(E.mul(x, E.add(E.neg(apply(.square, t)), 1)), slope)
      return try E.mul(E.add(E.add(t, 1), curve), 0.5)
    case .powScalar: return p == 0 ? nil : try E.mul(E.pow(x, p - 1), p)
    default: throw missing(op)
    }
  }

  /// g times the slopes that depend on neither x nor y.
  static func constantSlope(_ op: UnaryOp, _ g: Tensor, _ p: Double) throws -> Tensor? {
    switch op {
    case .neg: try Elementwise.neg(g)
    case .frac, .addScalar: g
    case .mulScalar: try Elementwise.mul(g, p)
    default: nil
    }
  }

  private static func mask(_ x: Tensor, _ op: CompareOp, _ border: Double) throws -> Tensor {
    let comparison: Comparison =
      switch op {
      case .gt: .gt
      case .ge: .ge
      case .lt: .lt
      default: .le
      }
    return try comparison.apply(.tensor(x), .number(border)).converted(to: x.type)
  }
  private static func choose(_ x: Tensor, _ above: Double, _ below: Tensor) throws -> Tensor {
    try Selection.select(Comparison.gt.apply(.tensor(x), .integer(0)), .number(above), .tensor(below))
  }
  private static func missing(_ op: UnaryOp) -> LuaError { LuaError("backward: \(op) has no second derivative") }
}
