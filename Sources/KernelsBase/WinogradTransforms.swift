/// The one-dimensional transforms of F(4, 3): four results of a filter of three taps from six products.
///
///     y = Aᵀ [(G w) ⊙ (Bᵀ d)]        ∂w = Gᵀ [(A g) ⊙ (Bᵀ d)]
///
/// Six points define them: 0, ±a, ±b and infinity. (Lavin & Gray 2015, arXiv:1509.09308, take a = 1, b = 2.) With a = √½, b = √2 the
/// products a²b² = 1, a² + b² = 5/2 stay simple, no entry is larger than b³ = 2√2, and the error falls to a fifth: 1.2e-6 of the
/// largest result instead of 6.4e-6 (64 channels of normal noise). In two dimensions a line transforms the columns, then the rows.

/// One line of six vectors.
typealias Line6 = (Tile32, Tile32, Tile32, Tile32, Tile32, Tile32)
typealias Line4 = (Tile32, Tile32, Tile32, Tile32)
typealias Line3 = (Tile32, Tile32, Tile32)

@inline(__always) private var a: Float { (0.5 as Float).squareRoot() }
@inline(__always) private var b: Float { (2 as Float).squareRoot() }
@inline(__always) private func fma(_ sum: Tile32, _ factor: Float, _ x: Tile32) -> Tile32 {
  Lanes32.addProduct(sum, Lanes32.splat(factor), x)
}
// Multiplications, additions and subtractions stand beside multiply-adds, where that costs no accuracy: additions have units of their own,
// and the compiler, for which a multiply-add is 16 of single elements at first, puts few of them in one expression together whole.
@inline(__always) private func scaled(_ factor: Float, _ x: Tile32) -> Tile32 { Lanes32.splat(factor) * x }

/// Bᵀ d. The rows are the coefficients of the products of (t - p) over the other points:
/// t⁴ - (a² + b²) t² + a²b²;  t (t ± a)(t² - b²);  t (t ± b)(t² - a²);  t (t² - a²)(t² - b²).
@inline(__always)
func winogradInputLine(_ d: Line6) -> Line6 {
  let evenA = fma(d.4, -2, d.2), oddA = scaled(a, fma(d.3, -2, d.1))
  let evenB = d.4 - scaled(0.5, d.2), oddB = scaled(b, d.3 - scaled(0.5, d.1))
  return (fma(d.4 + d.0, -2.5, d.2), evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, fma(d.5 + d.1, -2.5, d.3))
}

/// G w: powers of the points, divided by the products of their distances (1, 2a²(a² - b²) = -3/2, 2b²(b² - a²) = 6, 1).
@inline(__always)
func winogradFilterLine(_ w: Line3) -> Line6 {
  let evenA = scaled(-1 / 3, fma(w.2, 2, w.0)), oddA = scaled(-a / 1.5, w.1)
  let evenB = fma(scaled(1 / 3, w.2), 1 / 6, w.0), oddB = scaled(b / 6, w.1)
  return (w.0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, w.2)
}

/// Aᵀ m: sums over the points of powers 0 ... 3, the last with the point at infinity.
@inline(__always)
func winogradOutputLine(_ m: Line6) -> Line4 {
  let sumA = m.1 + m.2, differenceA = m.1 - m.2, sumB = m.3 + m.4, differenceB = m.3 - m.4
  return (
    m.0 + sumA + sumB, fma(scaled(a, differenceA), b, differenceB), fma(scaled(0.5, sumA), 2, sumB),
    fma(fma(m.5, 0.5 * a, differenceA), 2 * b, differenceB)
  )
}

/// A g: the values at the points of the polynomial with coefficients g.
@inline(__always)
func winogradGradientLine(_ g: Line4) -> Line6 {
  let evenA = g.0 + scaled(0.5, g.2), oddA = scaled(a, g.1 + scaled(0.5, g.3))
  let evenB = g.0 + scaled(2, g.2), oddB = scaled(b, g.1 + scaled(2, g.3))
  return (g.0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g.3)
}

/// Gᵀ d.
@inline(__always)
func winogradFilterGradientLine(_ d: Line6) -> Line3 {
  let sumA = d.1 + d.2, differenceA = d.1 - d.2, sumB = d.3 + d.4, differenceB = d.3 - d.4
  return (
    fma(fma(d.0, -2 / 3, sumA), 1 / 6, sumB), fma(scaled(-a / 1.5, differenceA), b / 6, differenceB), fma(fma(d.5, -1 / 3, sumA), 1 / 3, sumB)
  )
}
