internal import KernelTable
internal import Kernels
internal import LuaBridge

/// The one stream of random numbers that scripts draw from: a seed and a place in it.
///
/// Numbers are counter-based (Philox 4x32-10): each draw depends on the seed and its place alone, whatever the number of threads.
public enum RandomState {
  /// What the stream was seeded with.
  public nonisolated(unsafe) private(set) static var seed = UInt64.random(in: 0...UInt64(UInt32.max))
  /// How much of the stream was drawn.
  public nonisolated(unsafe) private(set) static var offset: UInt64 = 0

  /// Begins the stream again, so that a run repeats bit for bit.
  public static func begin(seed: Int) { restore(seed: UInt64(bitPattern: Int64(seed)), offset: 0) }

  /// Goes on from a place that `seed` and `offset` told.
  public static func restore(seed: UInt64, offset: UInt64) {
    self.seed = seed
    self.offset = offset
  }

  /// Draws at the present place; `body(seed, offset)` returns how many counters it used.
  public static func draw(_ body: (UInt64, UInt64) throws -> UInt64) rethrows { offset &+= try body(seed, offset) }

  // MARK: new tensors

  /// A new float tensor, even over low ≤ x < high.
  public static func uniform(_ shape: Shape, low: Double = 0, high: Double = 1, _ type: ElementType = .default) throws -> Tensor {
    let tensor = try Tensor(empty: shape, type)
    fillUniform(tensor, low: low, high: high)
    return tensor
  }

  /// A new float tensor of normal numbers.
  public static func normal(_ shape: Shape, mean: Double = 0, std: Double = 1, _ type: ElementType = .default) throws -> Tensor {
    let tensor = try Tensor(empty: shape, type)
    fillNormal(tensor, mean: mean, std: std)
    return tensor
  }

  /// A new int64 tensor, even over low … high, both ends.
  public static func integers(_ shape: Shape, low: Int64, high: Int64) throws -> Tensor {
    let tensor = try Tensor(empty: shape, .int64)
    draw { Random.integers(tensor.pointer(Int64.self), tensor.count, low: low, high: high, seed: $0, offset: $1) }
    return tensor
  }

  /// A new bool tensor, true with probability p.
  public static func bernoulli(_ shape: Shape, p: Double) throws -> Tensor {
    let tensor = try Tensor(empty: shape, .bool)
    draw { Random.bernoulli(tensor.pointer(UInt8.self), tensor.count, p: p, seed: $0, offset: $1) }
    return tensor
  }

  // MARK: over contiguous float tensors

  static func fillUniform(_ x: Tensor, low: Double = 0, high: Double = 1) {
    guard let width = x.type.width else { return }
    draw { Random.uniform(width, x.pointer, x.count, low: low, high: high, seed: $0, offset: $1) }
  }
  static func fillNormal(_ x: Tensor, mean: Double = 0, std: Double = 1) {
    guard let width = x.type.width else { return }
    draw { Random.normal(width, x.pointer, x.count, mean: mean, deviation: std, seed: $0, offset: $1) }
  }

  // MARK: permutations

  /// 0 ..< n in random order, by Fisher & Yates; or the first k of it. An int64 tensor.
  public static func permutation(_ n: Int, first k: Int? = nil) throws -> Tensor {
    let k = min(k ?? n, n)
    let draws = try integers(Shape(k), low: .min, high: .max)
    let result = draws.pointer(Int64.self)
    // An index even over 0 ..< n - i is the high half of a 64-bit product; its bias is below n / 2⁶⁴.
    func other(_ i: Int) -> Int { i &+ Int(truncatingIfNeeded: UInt64(bitPattern: result[i]).multipliedFullWidth(by: UInt64(n &- i)).high) }
    if k < n / 16, k <= 1 << 20 {
      // The list is not made: only what has been moved is kept.
      var moved: [Int: Int] = [:]
      for i in 0..<k {
        let j = other(i), value = moved[j] ?? j
        moved[j] = moved[i] ?? i
        result[i] = Int64(value)
      }
      return draws
    }
    let list = try Tensor(empty: Shape(n), .int64), p = list.pointer(Int64.self)
    for i in 0..<n { p[i] = Int64(i) }
    for i in 0..<k {
      let j = other(i), value = p[j]
      p[j] = p[i]
      p[i] = value
      result[i] = value
    }
    return draws
  }
}
