internal import KernelTable

/// y = op(x; p, q)
func unary(_ op: Int32, _ width: UInt8, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ p: Double, _ q: Double) {
  var op = unsafeBitCast(UInt8(truncatingIfNeeded: op), to: UnaryOp.self)
  var p = p
  if op == .powScalar {
    // the common powers without a logarithm, as PyTorch does
    switch p {
    case 1: (op, p) = (.mulScalar, 1)
    case 2: op = .square
    case 0.5: op = .sqrt
    case -0.5: op = .rsqrt
    case -1: op = .reciprocal
    default: break
    }
  }
  if width == FloatWidth.float32.rawValue { unary32(op, x, y, n, p, q) } else { unary64(op, x, y, n, p, q) }
}

@inline(never)
private func unary32(_ op: UnaryOp, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ p: Double, _ q: Double) {
  unary(F32.self, op, x, y, n, p, q)
}

@inline(never)
private func unary64(_ op: UnaryOp, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ p: Double, _ q: Double) {
  unary(F64.self, op, x, y, n, p, q)
}

@inline(__always)
private func unary<V: Lanes>(
  _: V.Type, _ op: UnaryOp, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ p: Double, _ q: Double
) {
  let (vp, vq) = (V(p), V(q))
  switch op {
  case .neg: map(x, y, n) { (v: V) in -v }
  case .abs: map(x, y, n) { (v: V) in v.magnitude }
  case .sign: map(x, y, n) { (v: V) in v.sign }
  case .exp: map(x, y, n) { (v: V) in v.exp }
  case .expm1: map(x, y, n) { (v: V) in v.expm1 }
  case .log: map(x, y, n) { (v: V) in v.log }
  case .log1p: map(x, y, n) { (v: V) in v.log1p }
  case .log2: map(x, y, n) { (v: V) in v.log2 }
  case .log10: map(x, y, n) { (v: V) in v.log10 }
  case .sqrt: map(x, y, n) { (v: V) in v.squareRoot }
  case .rsqrt: map(x, y, n) { (v: V) in .one / v.squareRoot }
  case .square: map(x, y, n) { (v: V) in v * v }
  case .reciprocal: map(x, y, n) { (v: V) in .one / v }
  case .sin: map(x, y, n) { (v: V) in v.sin }
  case .cos: map(x, y, n) { (v: V) in v.cos }
  case .tan: map(x, y, n) { (v: V) in v.tan }
  case .asin: map(x, y, n) { (v: V) in v.asin }
  case .acos: map(x, y, n) { (v: V) in v.acos }
  case .atan: map(x, y, n) { (v: V) in v.atan }
  case .sinh: map(x, y, n) { (v: V) in v.sinh }
  case .cosh: map(x, y, n) { (v: V) in v.cosh }
  case .tanh: map(x, y, n) { (v: V) in v.tanh }
  case .erf: map(x, y, n) { (v: V) in v.erf }
  case .floor: map(x, y, n) { (v: V) in v.floor }
  case .ceil: map(x, y, n) { (v: V) in v.ceil }
  case .round: map(x, y, n) { (v: V) in v.round }
  case .trunc: map(x, y, n) { (v: V) in v.trunc }
  case .frac: map(x, y, n) { (v: V) in v - v.trunc }
  case .sigmoid: map(x, y, n) { (v: V) in v.sigmoid }
  case .logSigmoid: map(x, y, n) { (v: V) in v.logSigmoid }
  case .relu: map(x, y, n) { (v: V) in .select(v <= .zero, .zero, v) }
  case .relu6: map(x, y, n) { (v: V) in v.clamped(.zero, V(6)) }
  case .leakyRelu: map(x, y, n) { (v: V) in .select(v > .zero, v, v * vp) }
  case .elu: map(x, y, n) { (v: V) in .select(v > .zero, v, v.expm1 * vp) }
  case .selu: map(x, y, n) { (v: V) in .select(v > .zero, v * V(seluScale), v.expm1 * V(seluScale * seluAlpha)) }
  case .softsign: map(x, y, n) { (v: V) in v / (.one + v.magnitude) }
  case .softplus: map(x, y, n) { (v: V) in .select(v * vp > vq, v, (v * vp).exp.log1p / vp) }
  case .gelu: map(x, y, n) { (v: V) in v.gelu }
  case .geluTanh: map(x, y, n) { (v: V) in V(0.5) * v * (.one + v.geluArgument.tanh) }
  case .silu: map(x, y, n) { (v: V) in v * v.sigmoid }
  case .hardtanh, .clamp: map(x, y, n) { (v: V) in v.clamped(vp, vq) }
  case .step: map(x, y, n) { (v: V) in .select(v > .zero, .one, .zero) }
  case .addScalar: map(x, y, n) { (v: V) in v + vp }
  case .mulScalar: map(x, y, n) { (v: V) in v * vp }
  case .powScalar: powScalar(V.self, x, y, n, p)
  }
}

/// xᵖ for the powers that are not functions of their own.
@inline(__always)
private func powScalar<V: Lanes>(_: V.Type, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ n: Int, _ p: Double) {
  if p == 3 {
    map(x, y, n) { (v: V) in v * v * v }
  } else if p == -2 {
    map(x, y, n) { (v: V) in .one / (v * v) }
  } else {
    let vp = V(p)
    map(x, y, n) { (v: V) in V.pow(v, vp) }
  }
}

/// λ and α of Klambauer et al. 2017, arXiv:1706.02515: the fixed point of mean 0 and variance 1.
let seluScale = 1.0507009873554804934193349852946
let seluAlpha = 1.6732632423543772848170429916717
/// √½, 2/√π, √(2/π), √(1/2π), and the cubic coefficient of Hendrycks & Gimpel 2016, arXiv:1606.08415.
let halfRoot = 0.70710678118654752440
let twoOverRootPi = 1.12837916709551257390
let rootTwoOverPi = 0.79788456080286535588
let normalDensity = 0.39894228040143267794
let geluCubic = 0.044715

extension Lanes {
  /// 0 for NaN, as PyTorch's.
  @inline(__always)
  var sign: Self { Self.select(self > .zero, .one, Self.select(self < .zero, -Self.one, .zero)) }

  /// NaN stays; where low > high, high wins as in PyTorch.
  @inline(__always)
  func clamped(_ low: Self, _ high: Self) -> Self {
    let raised = Self.select(self < low, low, self)
    return Self.select(high < raised, high, raised)
  }

  /// Through exp(-|x|), so that nothing overflows and small results keep their digits.
  @inline(__always)
  var sigmoid: Self {
    let e = (-magnitude).expOfNegative
    return Self.select(self < .zero, e, .one) / (.one + e)
  }

  @inline(__always)
  var gelu: Self { Self(0.5) * self * (.one + (self * Self(halfRoot)).quickErf) }

  @inline(__always)
  var logSigmoid: Self { Self.select(self < .zero, self, .zero) - (-magnitude).expOfNegative.log1p }

  /// √(2/π) (x + 0.044715 x³)
  @inline(__always)
  var geluArgument: Self { Self(rootTwoOverPi) * Self.fma(self * self * self, Self(geluCubic), self) }
}
