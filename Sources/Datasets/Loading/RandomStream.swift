internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Numbers drawn from a key: SplitMix64 (Steele, Lea & Flood 2014). The same on every machine and with any number of threads.
struct RandomStream {
  private var state: UInt64

  /// The n-th stream of a seed of its own.
  init(seed: Int, _ n: Int = 0) { state = Self.mix(Self.mix(UInt64(bitPattern: Int64(seed))) &+ UInt64(bitPattern: Int64(n))) }
  /// A stream whose key is drawn from the one that `T.manual_seed` begins.
  init() throws {
    let draw = try RandomState.uniform(Shape(1), .float64)
    state = Self.mix(draw.pointer(Double.self)[0].bitPattern)
  }
  /// With the seed where there is one.
  init(optional seed: Int?, _ n: Int = 0) throws { self = try seed.map { RandomStream(seed: $0, n) } ?? RandomStream() }

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }
  /// Even over 0 ≤ x < 1.
  mutating func uniform() -> Double { Double(bits() >> 11) * 0x1p-53 }
  /// Mean 0, standard deviation 1 (Box & Muller 1958).
  mutating func normal() -> Double { sqrt(-2 * log(1 - uniform())) * cos(2 * .pi * uniform()) }

  /// 0 ..< count in random order (Fisher & Yates).
  mutating func order(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      // The high half of a product spreads 64 bits over 0 ... i; the bias, below i / 2^64, is not seen.
      order.swapAt(i, Int(bits().multipliedFullWidth(by: UInt64(i + 1)).high))
    }
    return order
  }

  private static func mix(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }
}
