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
    case .sqrt: return try E.mul(apply(.reciprocal, y), 0.5)
    case .rsqrt: return try E.mul(E.pow(y, 3), -0.5)
    case .reciprocal: return try E.neg(apply(.square, y))
    case .tan: return try E.add(apply(.square, y), 1)
    case .tanh: return try beside(y)
    case .sigmoid: return try E.mul(y, E.add(E.neg(y), 1))
    case .logSigmoid: return try E.neg(apply(.expm1, y))
    case .relu: return try mask(y, .gt, 0)
    default: throw missing(op)
    }
  }

  private static func derivative(_ op: UnaryOp, x: Tensor, _ p: Double, _ q: Double) throws -> Tensor? {
    typealias E = Elementwise
    switch op {
    case .abs: return try apply(.sign, x)
    case .expm1: return try apply(.exp, x)
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
    case .elu: return try bent(x, 1, p)
    // λ above 0, λα exp(x) below, by the constants the kernel has: selu(1) = λ, selu(-∞) = -λα
    case .selu:
      let ends = try apply(.selu, Tensor([-Double.infinity, 1])).values()
      return try bent(x, ends[1], -ends[0])
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
      let curve = try E.mul(E.mul(x, beside(t)), slope)
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

  /// 1 - x² as (1 - x) (1 + x), which keeps its digits near ±1.
  private static func beside(_ x: Tensor) throws -> Tensor { try Elementwise.mul(Elementwise.add(Elementwise.neg(x), 1), Elementwise.add(x, 1)) }
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
  /// `above` where x > 0, `scale` · exp(x) below; at 0 `scale` as a constant: PyTorch's second derivative there is 0.
  private static func bent(_ x: Tensor, _ above: Double, _ scale: Double) throws -> Tensor {
    let straight = try choose(x, above, Tensor.scalar(scale, x.type))
    // exp of what lies below only: where it overflows above, 0 · ∞ would be NaN
    let curve = try Elementwise.mul(apply(.exp, Arithmetic.minimum.apply(.tensor(x), .integer(0))), scale)
    return try Selection.select(Comparison.lt.apply(.tensor(x), .integer(0)), .tensor(curve), .tensor(straight))
  }
  private static func missing(_ op: UnaryOp) -> LuaError { LuaError("backward: \(op) has no second derivative") }
}
