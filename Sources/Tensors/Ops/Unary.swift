public import KernelTable
internal import Kernels
internal import LuaBridge

/// y[i] = f(x[i]): a row a function. Kernel, gradient and subgradients stand together in KernelsBase; see `Vector.gradientNeeds`.
public enum Unary {
  /// Names of the kernels, for nodes of ops that no row names; made once, for writing out an enum case is slow.
  private static let names = UnaryOp.allCases.map { "\($0)" }

  /// Applies a function; whole numbers become the default float type, except where `whole` knows better.
  public static func apply(_ op: UnaryOp, _ x: Tensor, _ p: Double = 0, _ q: Double = 0, name: String? = nil) throws -> Tensor {
    guard let width = x.type.width else { return try whole(op, x, p, q) }
    let source = try x.contiguous()
    let y = try Tensor(empty: x.shape, x.type)
    Vector.unary(op, width, source.pointer, y.pointer, y.count, p, q)
    if Tape.follows(x) {
      let needs = Vector.gradientNeeds(op)
      let saving = needs.x ? needs.y ? [x, y] : [x] : needs.y ? [y] : []
      try y.follow(name ?? names[Int(op.rawValue)], [x], saving: saving) { node, g in
        [try gradient(op, x: needs.x ? node.saved(0) : nil, y: needs.y ? node.saved(needs.x ? 1 : 0) : nil, g, p, q)]
      }
    }
    return y
  }

  /// g f'(x), from what the function's gradient needs: by the kernel, or by ops while gradients of gradients are recorded.
  package static func gradient(_ op: UnaryOp, x: Tensor?, y: Tensor?, _ g: Tensor, _ p: Double = 0, _ q: Double = 0) throws -> Tensor {
    if Tape.isOn, x?.node != nil || y?.node != nil || g.node != nil {
      if x == nil, y == nil { return try constantSlope(op, g, p) ?? Tensor.zeros(g.shape, g.type) }
      guard let slope = try derivative(op, x: x, y: y, p, q) else { return try Tensor.zeros(g.shape, g.type) }
      return try Elementwise.mul(g, slope)
    }
    let width = g.type.width ?? .float32
    let x = try x?.contiguous(), y = try y?.contiguous(), g = try g.contiguous()
    let result = try Tensor(empty: g.shape, g.type)
    Vector.unaryGradient(
      op, width, x: x.map { UnsafeRawPointer($0.pointer) }, y: y.map { UnsafeRawPointer($0.pointer) }, g: g.pointer, gx: result.pointer, g.count, p, q)
    return result
  }

  /// x:name_(): straight over x where the tape does not look on.
  static func applyInPlace(_ op: UnaryOp, _ x: Tensor, _ p: Double = 0, _ q: Double = 0, name: String) throws -> Tensor {
    let inPlace = name + "_"
    try x.checkWritable(inPlace)
    if let width = x.type.width, x.isContiguous, !Tape.follows(x) {
      Vector.unary(op, width, x.pointer, x.pointer, x.count, p, q)
      x.storage.changed(by: inPlace)
      return x
    }
    return try x.replace(inPlace, with: apply(op, Tape.follows(x) ? x.before() : x, p, q, name: name))
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
    ("neg", .neg, "The negative -x"),
    ("abs", .abs, "The absolute value |x|"),
    ("sign", .sign, "The sign of x as -1, 0 or 1"),
    ("exp", .exp, "The exponential eˣ"),
    ("expm1", .expm1, "The difference exp(x) - 1, exact for small x"),
    ("log", .log, "The natural logarithm (-inf at 0, NaN below)"),
    ("log1p", .log1p, "The logarithm log(1 + x), exact for small x"),
    ("log2", .log2, "The logarithm to base 2"),
    ("log10", .log10, "The logarithm to base 10"),
    ("sqrt", .sqrt, "The square root (NaN below 0)"),
    ("rsqrt", .rsqrt, "The reciprocal root 1 / √x"),
    ("square", .square, "The square x²"),
    ("reciprocal", .reciprocal, "The reciprocal 1 / x"),
    ("sin", .sin, "The sine of x in radians"),
    ("cos", .cos, "The cosine of x in radians"),
    ("tan", .tan, "The tangent of x in radians"),
    ("asin", .asin, "The arc sine (NaN outside of -1 … 1)"),
    ("acos", .acos, "The arc cosine (NaN outside of -1 … 1)"),
    ("atan", .atan, "The arc tangent"),
    ("sinh", .sinh, "The hyperbolic sine"),
    ("cosh", .cosh, "The hyperbolic cosine"),
    ("tanh", .tanh, "The hyperbolic tangent"),
    ("sigmoid", .sigmoid, "The logistic function 1 / (1 + exp(-x)), which never overflows"),
    ("relu", .relu, "The rectifier max(x, 0)"),
    ("erf", .erf, "The error function 2/√π ∫ exp(-t²) dt from 0 to x"),
    ("floor", .floor, "The largest whole number not above x"),
    ("ceil", .ceil, "The smallest whole number not below x"),
    ("round", .round, "The nearest whole number, halves to the even one"),
    ("trunc", .trunc, "The whole part of x, without its fraction"),
    ("frac", .frac, "The fraction of x, x - trunc(x)"),
  ]

  /// The function and its form in place.
  static func rows(_ name: String, _ op: UnaryOp, _ doc: String) -> [Row] {
    [
      Row(name, "\(doc), element by element.", Param("x", Tensor.self, "any shape"), example: "return (T.ones(2) / 4):\(name)()") { x in
        try apply(op, x, name: name)
      },
      Row(
        name + "_", "\(doc), element by element, in place.\nErrors: a tensor whose gradients are recorded.", Param("x", Tensor.self, "changed"), place: .method,
        example: "return (T.ones(2) / 4):\(name)_()"
      ) { x in
        try applyInPlace(op, x, name: name)
      },
    ]
  }

  static func clamp(_ x: Tensor, _ low: Double?, _ high: Double?) throws -> Tensor {
    guard low != nil || high != nil else { throw LuaError("clamp: give min, max or both") }
    return try apply(.clamp, x, low ?? -.infinity, high ?? .infinity, name: "clamp")
  }

  static let rows: [Row] =
    table.flatMap { rows($0.name, $0.op, $0.doc) } + [
      Row(
        "clamp", "Brings every element into min … max; NaN stays.\nErrors: neither min nor max.", Param("x", Tensor.self),
        Param("min", default: Double?.none, "the least value"),
        Param("max", default: Double?.none, "the greatest value"), example: "return (T.ones(2) * 3):clamp(0, 1)"
      ) { x, low, high in try clamp(x, low, high) },
      Row(
        "clamp_", "Brings every element into min … max, in place.\nErrors: neither min nor max; a tensor whose gradients are recorded.", Param("x", Tensor.self),
        Param("min", default: Double?.none, "the least value"),
        Param("max", default: Double?.none, "the greatest value"), place: .method, example: "return (T.ones(2) * 3):clamp_(0, 1)"
      ) { x, low, high in
        guard low != nil || high != nil else { throw LuaError("clamp_: give min, max or both") }
        return try applyInPlace(.clamp, x, low ?? -.infinity, high ?? .infinity, name: "clamp")
      },
    ]
}
