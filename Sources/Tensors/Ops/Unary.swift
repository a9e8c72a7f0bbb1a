internal import KernelTable
internal import Kernels
internal import LuaBridge

/// y[i] = f(x[i]): a row a function. Kernel, gradient and subgradients stand together in KernelsBase; see `Vector.gradientNeeds`.
public enum Unary {
  /// Applies a function; whole numbers become the default float type, except where `keepsWhole`.
  static func apply(_ op: UnaryOp, _ x: Tensor, _ p: Double = 0, _ q: Double = 0, name: String? = nil) throws -> Tensor {
    guard let width = x.type.width else { return try whole(op, x, p, q) }
    let source = try x.contiguous()
    let y = try Tensor(empty: x.shape, x.type)
    Vector.unary(op, width, source.pointer, y.pointer, y.count, p, q)
    if Tape.follows(x) {
      let needs = Vector.gradientNeeds(op)
      let saving = (needs.x ? [x] : []) + (needs.y ? [y] : [])
      try y.follow(name ?? "\(op)", [x], saving: saving) { node, g in
        [try gradient(op, x: needs.x ? node.saved(0) : nil, y: needs.y ? node.saved(needs.x ? 1 : 0) : nil, g, p, q, name: name ?? "\(op)")]
      }
    }
    return y
  }

  /// g f'(x), from what the function's gradient needs.
  static func gradient(_ op: UnaryOp, x: Tensor?, y: Tensor?, _ g: Tensor, _ p: Double, _ q: Double, name: String) throws -> Tensor {
    let inputs = [x, y, g].compactMap { $0 }
    let width = g.type.width ?? .float32
    let x0 = try x?.contiguous(), y0 = try y?.contiguous(), g0 = try g.contiguous()
    let result = try Tensor(empty: g.shape, g.type)
    Vector.unaryGradient(op, width, x: x0.map { UnsafeRawPointer($0.pointer) }, y: y0.map { UnsafeRawPointer($0.pointer) }, g: g0.pointer, gx: result.pointer, g.count, p, q)
    if Tape.follows(inputs) {
      try result.follow(name + " backward", inputs) { node, _ in throw LuaError("backward: \(name) has no second derivative here yet") }
    }
    return result
  }

  private static func whole(_ op: UnaryOp, _ x: Tensor, _ p: Double, _ q: Double) throws -> Tensor {
    let f: (@Sendable (Int64) -> Int64)? =
      switch op {
      case .neg: { 0 &- $0 }
      case .abs: { $0 < 0 ? 0 &- $0 : $0 }
      case .sign: { $0.signum() }
      case .square: { $0 &* $0 }
      case .relu: { max($0, 0) }
      case .floor, .ceil, .round, .trunc: { $0 }
      case .clamp where p == p.rounded() || p.isInfinite, .hardtanh where q == q.rounded() || q.isInfinite:
        { min(max($0, Int64(saturating: p)), Int64(saturating: q)) }
      case .step: { $0 > 0 ? 1 : 0 }
      default: nil
      }
    guard let f else { return try apply(op, x.converted(to: .default), p, q) }
    let target: ElementType = x.type == .bool ? .int64 : x.type
    let source = try x.converted(to: .int64).contiguous(), result = try Tensor(empty: x.shape, .int64)
    let from = source.pointer(Int64.self), to = result.pointer(Int64.self)
    for i in 0..<x.count { to[i] = f(from[i]) }
    return try result.converted(to: target)
  }

  /// Name, kernel, help: everything there is to say of the functions without parameters.
  static let table: [(name: String, op: UnaryOp, doc: String)] = [
    ("neg", .neg, "-x"),
    ("abs", .abs, "|x|"),
    ("sign", .sign, "-1, 0 or 1 by the sign of x"),
    ("exp", .exp, "e to the power of x"),
    ("expm1", .expm1, "exp(x) - 1, exact for small x"),
    ("log", .log, "natural logarithm; -inf at 0, NaN below"),
    ("log1p", .log1p, "log(1 + x), exact for small x"),
    ("log2", .log2, "logarithm to base 2"),
    ("log10", .log10, "logarithm to base 10"),
    ("sqrt", .sqrt, "square root; NaN below 0"),
    ("rsqrt", .rsqrt, "1 / sqrt(x)"),
    ("square", .square, "x²"),
    ("reciprocal", .reciprocal, "1 / x"),
    ("sin", .sin, "sine of x in radians"),
    ("cos", .cos, "cosine of x in radians"),
    ("tan", .tan, "tangent of x in radians"),
    ("asin", .asin, "arc sine; NaN outside -1 … 1"),
    ("acos", .acos, "arc cosine; NaN outside -1 … 1"),
    ("atan", .atan, "arc tangent"),
    ("sinh", .sinh, "hyperbolic sine"),
    ("cosh", .cosh, "hyperbolic cosine"),
    ("tanh", .tanh, "hyperbolic tangent"),
    ("sigmoid", .sigmoid, "1 / (1 + exp(-x)); never overflows"),
    ("relu", .relu, "max(x, 0)"),
    ("erf", .erf, "the error function 2/√π ∫ exp(-t²) dt from 0 to x"),
    ("floor", .floor, "the largest whole number not above x"),
    ("ceil", .ceil, "the smallest whole number not below x"),
    ("round", .round, "the nearest whole number, halves to the even one"),
    ("trunc", .trunc, "x without its fraction"),
    ("frac", .frac, "the fraction of x, x - trunc(x)"),
  ]

  /// The function and its form in place.
  static func rows(_ name: String, _ op: UnaryOp, _ doc: String) -> [Row] {
    [
      Row(name, "\(doc), element by element.", Param("x", Tensor.self, "any shape"), example: "return T.tensor({0.5, 0.25}):\(name)()") { x in
        try apply(op, x, name: name)
      },
      Row(name + "_", "\(doc), element by element, in place.", Param("x", Tensor.self, "changed"), place: .method) { x in
        try x.replace(name + "_", with: apply(op, x, name: name))
      },
    ]
  }

  static func clamp(_ x: Tensor, _ low: Double?, _ high: Double?) throws -> Tensor {
    guard low != nil || high != nil else { throw LuaError("clamp: give min, max or both") }
    return try apply(.clamp, x, low ?? -.infinity, high ?? .infinity)
  }

  static let rows: [Row] =
    table.flatMap { rows($0.name, $0.op, $0.doc) } + [
      Row(
        "clamp", "Brings every element into min … max; NaN stays.", Param("x", Tensor.self), Param("min", default: Double?.none, "the least value"),
        Param("max", default: Double?.none, "the greatest value"), example: "return T.tensor({-2, 0.5, 3}):clamp(0, 1)"
      ) { x, low, high in try clamp(x, low, high) },
      Row(
        "clamp_", "Brings every element into min … max, in place.", Param("x", Tensor.self), Param("min", default: Double?.none),
        Param("max", default: Double?.none), place: .method
      ) { x, low, high in try x.replace("clamp_", with: clamp(x, low, high)) },
    ]
}
