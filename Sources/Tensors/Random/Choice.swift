internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Random positions: permutations and samples, with and without putting back. All are counted from 1.
enum Choice {
  static func permutation(_ n: Int) throws -> Tensor {
    guard n >= 0 else { throw LuaError("randperm: n must not be negative, got \(n)") }
    return try Elementwise.add(RandomState.permutation(Shape.checked([n], "randperm")[0]), .integer(1))
  }

  static func choice(_ n: Int, _ k: Int, replacement: Bool) throws -> Tensor {
    guard n >= 1 || (n == 0 && k == 0) else { throw LuaError("choice: n must be at least 1, got \(n)") }
    guard k >= 0 else { throw LuaError("choice: k must not be negative, got \(k)") }
    let shape = try Shape.checked([k], "choice")
    if replacement {
      return try RandomState.integers(shape, low: 1, high: Int64(max(n, 1)))
    }
    guard k <= n else { throw LuaError("choice: cannot choose \(k) of \(n) without putting back; pass {replacement = true}") }
    return try Elementwise.add(RandomState.permutation(n, first: k), .integer(1))
  }

  /// For every row of weights, `n` positions drawn with chances in proportion to the weights.
  static func multinomial(_ weights: Tensor, _ n: Int, replacement: Bool) throws -> Tensor {
    guard weights.rank == 1 || weights.rank == 2 else { throw LuaError("multinomial: weights must have 1 or 2 dims, got shape \(weights.shape)") }
    guard n >= 1 else { throw LuaError("multinomial: n must be at least 1, got \(n)") }
    let classes = weights.shape[weights.rank - 1], rows = weights.rank == 2 ? weights.shape[0] : 1
    let shape = try Shape.checked(weights.rank == 2 ? [rows, n] : [n], "multinomial")
    let list = try weights.values()
    let result = try Tensor(empty: shape, .int64)
    let target = result.pointer(Int64.self)
    let draws = try RandomState.uniform(Shape.checked([rows, replacement ? n : classes], "multinomial"), .float64)
    let chance = draws.pointer(Double.self)
    for row in 0..<rows {
      let line = Array(list[row * classes..<(row + 1) * classes])
      guard line.allSatisfy({ $0 >= 0 && $0.isFinite }) else { throw LuaError("multinomial: weights must be finite and not negative (weights \(weights.shape))") }
      let possible = line.count { $0 > 0 }
      guard possible > 0 else { throw LuaError("multinomial: no weight is above 0 (weights \(weights.shape))") }
      guard replacement || n <= possible else {
        throw LuaError("multinomial: cannot choose \(n) of \(possible) positions with a weight above 0 without putting back; pass {replacement = true}")
      }
      if replacement {
        withReplacement(line, chance + row * n, n, into: target + row * n)
      } else {
        withoutReplacement(line, chance + row * classes, n, into: target + row * n)
      }
    }
    return result
  }

  /// The first place where the running sum passes u Σ w.
  private static func withReplacement(_ weights: [Double], _ chance: UnsafePointer<Double>, _ n: Int, into target: UnsafeMutablePointer<Int64>) {
    let largest = weights.max() ?? 1
    var sums: [Double] = [], total = 0.0
    for weight in weights {
      total += weight / largest  // a sum of huge weights stays finite
      sums.append(total)
    }
    let last = weights.lastIndex { $0 > 0 } ?? 0
    for k in 0..<n {
      let wanted = chance[k] * total
      var low = 0, high = last
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] > wanted { high = middle } else { low = middle + 1 }
      }
      target[k] = Int64(low + 1)
    }
  }

  /// The largest of log(u) / w (Efraimidis & Spirakis 2006): the same chances as drawing one after the other.
  private static func withoutReplacement(_ weights: [Double], _ chance: UnsafePointer<Double>, _ n: Int, into target: UnsafeMutablePointer<Int64>) {
    let largest = weights.max() ?? 1
    var keys: [(key: Double, position: Int)] = []
    // 1 - u lies in (0, 1], so the logarithm is finite.
    for (i, weight) in weights.enumerated() where weight > 0 { keys.append((log(1 - chance[i]) / (weight / largest), i)) }
    keys.sort { ($0.key, $1.position) > ($1.key, $0.position) }
    for (k, key) in keys.prefix(n).enumerated() { target[k] = Int64(key.position + 1) }
  }

  private static let replacement = Param.option("replacement", default: false, "put back what was drawn")

  static let rows: [Row] = [
    Row(
      "randperm",
      """
      The numbers 1 to n in random order.
      Shapes: y (n), int64.
      Errors: a negative n.
      """, Param("n", Int.self, "how many"), place: .function, example: "return T.randperm(5)"
    ) { n in try permutation(n) },
    Row(
      "choice",
      """
      k random numbers from 1 to n, each at most once (or, with replacement, any number of times).
      Shapes: y (k), int64.
      Errors: more numbers than there are, without replacement.
      """, Param("n", Int.self, "the greatest number"), Param("k", Int.self, "how many"), replacement,
      place: .function,
      example: "return T.choice(60000, 5)"
    ) { n, k, replacement in try choice(n, k, replacement: replacement) },
    Row(
      "multinomial",
      """
      n positions (from 1) drawn in proportion to weights, for every row; each at most once unless replacement is set.
      Shapes: weights (classes) or (rows, classes); y (n) or (rows, n), int64.
      Errors: a weight that is negative or not finite; weights that are all 0; more draws than positive weights, without replacement.
      """,
      Param("weights", Tensor.self, "(classes) or (rows, classes), not negative"), Param("n", Int.self, "how many for each row"), replacement,
      example: "return T.multinomial(T.ones(4), 2)"
    ) { weights, n, replacement in try multinomial(weights, n, replacement: replacement) },
  ]
}
