internal import Kernels
internal import LuaBridge


/// Where a stream of random numbers stands: the seed and how many Philox blocks are used up.
///
/// What is drawn depends on these two alone, never on threads or the instruction level. A loader or a checkpoint keeps one by value.
public struct RandomState: Sendable, Equatable {
  public var seed: UInt64
  public private(set) var offset: UInt64

  public init(seed: UInt64, offset: UInt64 = 0) {
    self.seed = seed
    self.offset = offset
  }

  /// The stream that scripts draw from; an unseeded run starts anywhere.
  public nonisolated(unsafe) static var global = RandomState(seed: UInt64.random(in: .min ... .max))

  /// The `T.manual_seed(n)` of the program's `--seed`.
  public static func manualSeed(_ seed: Int) { global = RandomState(seed: UInt64(bitPattern: Int64(seed))) }

  // MARK: draws into contiguous tensors

  /// Even over low ≤ x < high; a float tensor.
  public mutating func uniform(_ x: Tensor, low: Double = 0, high: Double = 1) {
    guard let width = x.type.width else { return }
    offset &+= Random.uniform(width, x.pointer, x.count, low: low, high: high, seed: seed, offset: offset)
  }
  /// Normal; a float tensor.
  public mutating func normal(_ x: Tensor, mean: Double = 0, deviation: Double = 1) {
    guard let width = x.type.width else { return }
    offset &+= Random.normal(width, x.pointer, x.count, mean: mean, deviation: deviation, seed: seed, offset: offset)
  }
  /// Even over low … high, both ends; an int64 tensor.
  public mutating func integers(_ x: Tensor, low: Int64, high: Int64) {
    offset &+= Random.integers(x.pointer(Int64.self), x.count, low: low, high: high, seed: seed, offset: offset)
  }
  /// 1 with probability p; a bool or uint8 tensor.
  public mutating func bernoulli(_ x: Tensor, p: Double) {
    offset &+= Random.bernoulli(x.pointer(UInt8.self), x.count, p: p, seed: seed, offset: offset)
  }
  /// Takes the blocks of a draw that a kernel made on its own from `seed` and `offset`, such as dropout's.
  public mutating func advance(_ blocks: UInt64) { offset &+= blocks }

  /// 0 ..< n in random order, by Fisher & Yates; or the first k of it. An int64 tensor.
  public mutating func permutation(_ n: Int, first k: Int? = nil) throws -> Tensor {
    let k = min(k ?? n, n)
    let draws = try Tensor(empty: Shape(k), .int64)
    integers(draws, low: .min, high: .max)
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
