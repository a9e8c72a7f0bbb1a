internal import KernelTable

/// gx = g f'(x), from x or y as `Vector.gradientNeeds` says.
func unaryGradient(
  _ op: Int32, _ width: UInt8, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ g: UnsafeRawPointer, _ gx: UnsafeMutableRawPointer, _ n: Int,
  _ p: Double, _ q: Double
) {
  let op = unsafeBitCast(UInt8(truncatingIfNeeded: op), to: UnaryOp.self)
  if width == FloatWidth.float32.rawValue {
    gradient32(op, x, y, g, gx, n, p, q)
  } else {
    gradient64(op, x, y, g, gx, n, p, q)
  }
}

@inline(never)
private func gradient32(
  _ op: UnaryOp, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ g: UnsafeRawPointer, _ gx: UnsafeMutableRawPointer, _ n: Int, _ p: Double,
  _ q: Double
) {
  gradient(F32.self, op, x, y, g, gx, n, p, q)
}

@inline(never)
private func gradient64(
  _ op: UnaryOp, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ g: UnsafeRawPointer, _ gx: UnsafeMutableRawPointer, _ n: Int, _ p: Double,
  _ q: Double
) {
  gradient(F64.self, op, x, y, g, gx, n, p, q)
}

@inline(__always)
private func gradient<V: Lanes>(
  _: V.Type, _ op: UnaryOp, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ g: UnsafeRawPointer, _ gx: UnsafeMutableRawPointer, _ n: Int,
  _ p: Double, _ q: Double
) {
  let (vp, vq) = (V(p), V(q))
  switch op {
  case .neg: map(g, gx, n) { (g: V) in -g }
  case .abs: map(x, g, gx, n) { (x: V, g: V) in g * x.sign }
  case .sign, .floor, .ceil, .round, .trunc, .step: map(g, gx, n) { (_: V) in .zero }
  case .frac, .addScalar: map(g, gx, n) { (g: V) in g }
  case .mulScalar: map(g, gx, n) { (g: V) in g * vp }
  case .exp: map(y, g, gx, n) { (y: V, g: V) in g * y }
  // not y + 1, which loses its digits where exp(x) is small
  case .expm1: map(x, g, gx, n) { (x: V, g: V) in g * x.exp }
  case .log: map(x, g, gx, n) { (x: V, g: V) in g / x }
  case .log1p: map(x, g, gx, n) { (x: V, g: V) in g / (x + .one) }
  case .log2: map(x, g, gx, n) { (x: V, g: V) in g / (x * V(0.69314718055994530942)) }
  case .log10: map(x, g, gx, n) { (x: V, g: V) in g / (x * V(2.30258509299404568402)) }
  case .sqrt: map(y, g, gx, n) { (y: V, g: V) in g / (y + y) }
  case .rsqrt: map(y, g, gx, n) { (y: V, g: V) in V(-0.5) * g * (y * y * y) }
  case .square: map(x, g, gx, n) { (x: V, g: V) in g * (x + x) }
  case .reciprocal: map(y, g, gx, n) { (y: V, g: V) in -g * (y * y) }
  case .sin: map(x, g, gx, n) { (x: V, g: V) in g * x.cos }
  case .cos: map(x, g, gx, n) { (x: V, g: V) in -g * x.sin }
  case .tan: map(y, g, gx, n) { (y: V, g: V) in g * .fma(y, y, .one) }
  case .asin: map(x, g, gx, n) { (x: V, g: V) in g / ((.one - x) * (.one + x)).squareRoot }
  case .acos: map(x, g, gx, n) { (x: V, g: V) in -g / ((.one - x) * (.one + x)).squareRoot }
  case .atan: map(x, g, gx, n) { (x: V, g: V) in g / .fma(x, x, .one) }
  case .sinh: map(x, g, gx, n) { (x: V, g: V) in g * x.cosh }
  case .cosh: map(x, g, gx, n) { (x: V, g: V) in g * x.sinh }
  case .tanh: map(y, g, gx, n) { (y: V, g: V) in g * ((.one - y) * (.one + y)) }
  case .erf: map(x, g, gx, n) { (x: V, g: V) in g * (V(twoOverRootPi) * (-(x * x)).exp) }
  case .sigmoid: map(y, g, gx, n) { (y: V, g: V) in g * (y * (.one - y)) }
  // 1 - σ(x) = 1 - exp(y)
  case .logSigmoid: map(y, g, gx, n) { (y: V, g: V) in -g * y.expm1 }
  case .relu: map(y, g, gx, n) { (y: V, g: V) in .select(y <= .zero, .zero, g) }
  case .relu6: map(x, g, gx, n) { (x: V, g: V) in .select((x <= .zero) | (x >= V(6)), .zero, g) }
  case .hardtanh: map(x, g, gx, n) { (x: V, g: V) in .select((x <= vp) | (x >= vq), .zero, g) }
  case .clamp: map(x, g, gx, n) { (x: V, g: V) in .select((x >= vp) & (x <= vq), g, .zero) }
  case .leakyRelu: map(x, g, gx, n) { (x: V, g: V) in .select(x > .zero, g, g * vp) }
  case .elu: map(x, g, gx, n) { (x: V, g: V) in .select(x > .zero, g, g * (vp * x.exp)) }
  case .selu: map(x, g, gx, n) { (x: V, g: V) in g * .select(x > .zero, V(seluScale), x.exp * V(seluScale * seluAlpha)) }
  case .softsign:
    map(x, g, gx, n) { (x: V, g: V) in
      let d = .one + x.magnitude
      return g / (d * d)
    }
  case .softplus: map(x, g, gx, n) { (x: V, g: V) in .select(x * vp > vq, g, g * (x * vp).sigmoid) }
  // Φ(x) + x φ(x)
  case .gelu:
    map(x, g, gx, n) { (x: V, g: V) in
      let cumulative = V(0.5) * (.one + (x * V(halfRoot)).quickErf)
      return g * .fma(x * V(normalDensity), (V(-0.5) * x * x).exp, cumulative)
    }
  // (1 + t) / 2 + x (1 - t²) √(2/π) (1 + 3 · 0.044715 x²) / 2, t = tanh(√(2/π) (x + 0.044715 x³))
  case .geluTanh:
    map(x, g, gx, n) { (x: V, g: V) in
      let t = x.geluArgument.tanh
      let slope = V(0.5 * rootTwoOverPi) * x * .fma(x * x, V(3 * geluCubic), .one)
      return g * .fma((.one - t) * (.one + t), slope, V(0.5) * (.one + t))
    }
  // σ (1 + x (1 - σ))
  case .silu:
    map(x, g, gx, n) { (x: V, g: V) in
      let s = x.sigmoid
      return g * s * .fma(x, .one - s, .one)
    }
  case .powScalar:
    if p == 0 {
      map(g, gx, n) { (_: V) in .zero }
    } else if p == 2 {
      map(x, g, gx, n) { (x: V, g: V) in g * (x + x) }
    } else if p == 3 {
      map(x, g, gx, n) { (x: V, g: V) in g * (V(3) * x * x) }
    } else {
      let less = V(p - 1)
      map(x, g, gx, n) { (x: V, g: V) in g * (vp * V.pow(x, less)) }
    }
  }
}
