internal import Tensors

/// Orders drawn at random, each fixed by a key: the same on every machine.
enum Shuffle {
  /// 0 ..< count in random order (Fisher & Yates; numbers by SplitMix64, Steele, Lea & Flood 2014).
  static func order(_ count: Int, key: UInt64) -> [Int] {
    var order = Array(0..<count), state = key
    order.withUnsafeMutableBufferPointer { order in
      for i in stride(from: count - 1, to: 0, by: -1) {
        state &+= 0x9E37_79B9_7F4A_7C15
        // The high half of a product spreads 64 bits over 0 ... i; the bias, below i / 2^64, is not seen.
        order.swapAt(i, Int(mix(state).multipliedFullWidth(by: UInt64(i + 1)).high))
      }
    }
    return order
  }

  /// The key of the n-th order of a stream of its own.
  static func key(seed: Int, _ n: Int = 0) -> UInt64 { mix(mix(UInt64(bitPattern: Int64(seed))) &+ UInt64(bitPattern: Int64(n))) }

  /// A key from the stream that `T.manual_seed` begins.
  static func key() throws -> UInt64 {
    let draw = try RandomState.uniform(Shape(1), .float64)
    return mix(draw.pointer(Double.self)[0].bitPattern)
  }

  private static func mix(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }
}
