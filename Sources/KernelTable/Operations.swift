/// Functions of one element; `p` and `q` are the parameters named beside a case.
public enum UnaryOp: Int32, CaseIterable, Sendable {
  case neg, abs, sign
  case exp, expm1, log, log1p, log2, log10
  case sqrt, rsqrt, square, reciprocal
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh
  case erf
  /// `round` takes halves to even; `frac` is x - trunc(x).
  case floor, ceil, round, trunc, frac
  case sigmoid, logSigmoid
  case relu, relu6
  /// x > 0 ? x : p x
  case leakyRelu
  /// x > 0 ? x : p (exp(x) - 1)
  case elu
  case selu
  /// x / (1 + |x|)
  case softsign
  /// log(1 + exp(p x)) / p; x itself where p x > q
  case softplus
  /// x Φ(x), with the error function
  case gelu
  /// x Φ(x) by the tanh approximation
  case geluTanh
  /// x / (1 + exp(-x))
  case silu
  /// x brought into p … q (1 and -1 belong to the caller)
  case hardtanh
  /// x > 0 ? 1 : 0
  case step
  /// x brought into p … q; NaN stays
  case clamp
  /// x + p
  case addScalar
  /// x p
  case mulScalar
  /// xᵖ
  case powScalar
}

/// Functions of two elements.
public enum BinaryOp: Int32, CaseIterable, Sendable {
  case add, sub, mul, div, pow, atan2
  /// NaN wins.
  case maximum, minimum
  /// Remainder with the sign of the dividend, as C's fmod.
  case fmod
  /// Remainder with the sign of the divisor, as Lua's %.
  case remainder
  /// floor(a / b), as Lua's //.
  case floorDivide
  case squaredDifference
}

/// Comparisons; any comparison with NaN is false, except `ne`.
public enum CompareOp: Int32, CaseIterable, Sendable {
  case eq, ne, lt, le, gt, ge
}

/// Reductions of many elements to one. NaN wins in `max` and `min`; `countNonzero` counts NaN.
public enum ReduceOp: Int32, CaseIterable, Sendable {
  case sum, prod, max, min, sumSquares, sumAbs, countNonzero
}

/// Running reductions.
public enum CumulateOp: Int32, CaseIterable, Sendable {
  case sum, prod
}
