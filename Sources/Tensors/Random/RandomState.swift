internal import KernelTable
internal import Kernels
internal import LuaBridge

/// The one stream of random numbers that scripts draw from: a seed and a place in it.
///
/// Numbers are counter-based (Philox 4x32-10): each draw depends on the seed and its place alone, whatever the number of threads.
public enum RandomState {
  public nonisolated(unsafe) private(set) static var seed = UInt64.random(in: 0...UInt64(UInt32.max))
  public nonisolated(unsafe) private(set) static var offset: UInt64 = 0

  /// Begins the stream again, so that a run repeats bit for bit.
  public static func begin(seed: Int) {
    self.seed = UInt64(bitPattern: Int64(seed))
    offset = 0
  }

  /// Draws at the present place; `body(seed, offset)` returns how many counters it used.
  public static func draw(_ body: (UInt64, UInt64) throws -> UInt64) rethrows { offset &+= try body(seed, offset) }

  /// A new float tensor, even over low ≤ x < high.
  public static func uniform(_ shape: Shape, low: Double = 0, high: Double = 1, _ type: ElementType = .default) throws -> Tensor {
    let tensor = try Tensor(empty: shape, type)
    draw { Random.uniform(type == .float64 ? .float64 : .float32, tensor.pointer, tensor.count, low: low, high: high, seed: $0, offset: $1) }
    return tensor
  }

  /// A new float tensor of normal numbers.
  public static func normal(_ shape: Shape, mean: Double = 0, std: Double = 1, _ type: ElementType = .default) throws -> Tensor {
    let tensor = try Tensor(empty: shape, type)
    draw { Random.normal(type == .float64 ? .float64 : .float32, tensor.pointer, tensor.count, mean: mean, deviation: std, seed: $0, offset: $1) }
    return tensor
  }
}
