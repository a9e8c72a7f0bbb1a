/// Drivers of the elementwise, reduction, softmax and normalisation kernels.
///
/// Pointers are raw and need no alignment; counts are elements, row-major. Large work is cut into chunks that depend on
/// the sizes alone, so any number of threads gives the same bits.
/// Elementwise results do not depend on where an element stands, and `y` may be `x` itself.
public enum Vector {
  /// Elements worth a chunk of their own.
  package static let grain = 32_768

  /// Runs `body(start, count)` over `0 ..< n` in chunks of `grain`.
  @inline(__always)
  static func chunks(_ n: Int, grain: Int = Vector.grain, _ body: (Int, Int) -> Void) {
    if n <= grain {
      if n > 0 { body(0, n) }
      return
    }
    // Waking a thread takes as long as some chunks do.
    Parallel.run((n &+ grain &- 1) / grain, waking: n > 4 &* grain, turning: true) { chunk in
      let start = chunk &* grain
      body(start, min(grain, n &- start))
    }
  }

  /// Rows of `columns` elements to a chunk: about `grain` elements.
  static func rowGrain(_ columns: Int) -> Int { max(1, grain / max(1, columns)) }
}
