import CShims
import Kernels
import KernelTable

/// Deterministic geometries and values: a 64-bit linear congruential generator (Knuth's MMIX constants).
struct Sequence64 {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next(_ range: ClosedRange<Int>) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return range.lowerBound + Int((state >> 33) % UInt64(range.count))
  }
  /// Multiples of 1/64 in [-2, 2]: exact in every type.
  mutating func value() -> Double { Double(next(-128...128)) / 64 }
  mutating func values(_ count: Int) -> [Double] { (0..<count).map { _ in value() } }
}

extension ConvolutionGeometry {
  static func random(_ random: inout Sequence64, wide: Bool = false) -> ConvolutionGeometry {
    while true {
      let groups = [1, 1, 1, 2, 3][random.next(0...4)]
      let inGroup = random.next(1...4), outGroup = wide ? random.next(1...70) : random.next(1...9)
      let g = ConvolutionGeometry(
        batch: random.next(1...3), inChannels: groups * inGroup, inHeight: random.next(1...12), inWidth: random.next(1...20),
        outChannels: groups * outGroup, kernelHeight: random.next(1...5), kernelWidth: random.next(1...5),
        strideHeight: random.next(1...3), strideWidth: random.next(1...3), paddingTop: random.next(0...3), paddingBottom: random.next(0...3),
        paddingLeft: random.next(0...3), paddingRight: random.next(0...3), dilationHeight: random.next(1...2),
        dilationWidth: random.next(1...2), groups: groups)
      if g.outHeight > 0 && g.outWidth > 0 { return g }
    }
  }

  var xCount: Int { batch * inChannels * inHeight * inWidth }
  var yCount: Int { batch * outChannels * outHeight * outWidth }
  var weightCount: Int { outChannels * (inChannels / groups) * kernelHeight * kernelWidth }

  /// Calls body(x index, weight index, y index) for every product of the convolution.
  func products(_ body: (Int, Int, Int) -> Void) {
    let inGroup = inChannels / groups, outGroup = outChannels / groups
    for n in 0..<batch {
      for o in 0..<outChannels {
        for i in 0..<outHeight {
          for j in 0..<outWidth {
            let y = ((n * outChannels + o) * outHeight + i) * outWidth + j
            for c in 0..<inGroup {
              for u in 0..<kernelHeight {
                let row = i * strideHeight + u * dilationHeight - paddingTop
                if row < 0 || row >= inHeight { continue }
                for v in 0..<kernelWidth {
                  let column = j * strideWidth + v * dilationWidth - paddingLeft
                  if column < 0 || column >= inWidth { continue }
                  let channel = o / outGroup * inGroup + c
                  body(
                    ((n * inChannels + channel) * inHeight + row) * inWidth + column,
                    ((o * inGroup + c) * kernelHeight + u) * kernelWidth + v, y)
                }
              }
            }
          }
        }
      }
    }
  }
}

/// A buffer of one width between guard pages.
final class Guarded {
  let width: FloatWidth
  let count: Int
  private let memory: GuardPages
  var pointer: UnsafeMutableRawPointer { memory.pointer }

  init(_ width: FloatWidth, _ values: [Double]) {
    self.width = width
    count = values.count
    memory = GuardPages(bytes: values.count * width.stride)
    for (i, value) in values.enumerated() {
      if width == .float32 {
        pointer.storeBytes(of: Float(value), toByteOffset: i * 4, as: Float.self)
      } else {
        pointer.storeBytes(of: value, toByteOffset: i * 8, as: Double.self)
      }
    }
  }
  convenience init(_ width: FloatWidth, filled count: Int) { self.init(width, Array(repeating: .nan, count: count)) }

  var values: [Double] {
    (0..<count).map {
      width == .float32 ? Double(pointer.load(fromByteOffset: $0 * 4, as: Float.self)) : pointer.load(fromByteOffset: $0 * 8, as: Double.self)
    }
  }
  var bits: [UInt8] { (0..<count * width.stride).map { pointer.load(fromByteOffset: $0, as: UInt8.self) } }
  var intact: Bool { memory.intact }

  /// Largest |value - expected| / (1 + |expected|), infinite where one is NaN.
  func distance(_ expected: [Double]) -> Double {
    zip(values, expected).map { $0.isNaN != $1.isNaN ? .infinity : $0.isNaN || $0 == $1 ? 0 : abs($0 - $1) / (1 + abs($1)) }.max() ?? 0
  }
}

let convolutionLevels = Array(["base", "avx2", "avx512"].prefix(Int(nn_cpu_level()) + 1))
func tolerance(_ width: FloatWidth) -> Double { width == .float32 ? 2e-6 : 1e-14 }
