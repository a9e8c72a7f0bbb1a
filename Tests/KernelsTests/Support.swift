import CShims
import Glibc
import KernelTable
import Kernels

/// The levels this processor runs, each with its table.
let levels: [(name: String, table: KernelTable)] = ["base", "avx2", "avx512"].prefix(Int(nn_cpu_level()) + 1).map { ($0, Kernels.table($0)) }

/// Memory between two pages that may not be touched: a kernel that reads or writes beyond its buffer on that side ends the test run.
/// The bytes lie right before the page behind or right behind the page before, by turns that no order of buffers repeats; on the
/// other side stands a strip that tells whether it was written.
final class GuardPages {
  let pointer: UnsafeMutableRawPointer
  let bytes: Int
  private let base: UnsafeMutableRawPointer
  private let total: Int
  private static let page = 4096
  private static let strip = 256
  private nonisolated(unsafe) static var turn: UInt64 = 1

  init(bytes: Int, atEnd: Bool? = nil) {
    self.bytes = bytes
    let room = (bytes + Self.strip + Self.page - 1) / Self.page * Self.page
    total = room + 2 * Self.page
    base = mmap(nil, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(base != MAP_FAILED && mprotect(base + Self.page, room, PROT_READ | PROT_WRITE) == 0)
    Self.turn = Self.turn &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let atEnd = atEnd ?? (Self.turn >> 60 & 1 == 0)
    memset(base + Self.page, 0xA5, room)
    pointer = base + Self.page + (atEnd ? room - bytes : 0)
  }
  deinit { munmap(base, total) }

  /// No byte around the buffer was written.
  var intact: Bool {
    let (first, last) = (base + Self.page, base + total - Self.page)
    func untouched(_ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer) -> Bool {
      (0..<max(0, to - from)).allSatisfy { from.load(fromByteOffset: $0, as: UInt8.self) == 0xA5 }
    }
    return untouched(max(first, pointer - Self.strip), pointer) && untouched(pointer + bytes, min(last, pointer + bytes + Self.strip))
  }
}

/// A buffer of either width, seen as Double, between guard pages.
final class Buffer {
  let width: FloatWidth
  let count: Int
  let memory: GuardPages
  var p: UnsafeMutableRawPointer { memory.pointer }

  init(_ width: FloatWidth, _ values: [Double]) {
    self.width = width
    count = values.count
    memory = GuardPages(bytes: values.count * width.stride)
    for (i, v) in values.enumerated() { self[i] = v }
  }

  convenience init(_ width: FloatWidth, count: Int) { self.init(width, [Double](repeating: -77, count: count)) }

  subscript(_ i: Int) -> Double {
    get { width == .float32 ? Double(p.load(fromByteOffset: i * 4, as: Float.self)) : p.load(fromByteOffset: i * 8, as: Double.self) }
    set {
      if width == .float32 {
        p.storeBytes(of: Float(newValue), toByteOffset: i * 4, as: Float.self)
      } else {
        p.storeBytes(of: newValue, toByteOffset: i * 8, as: Double.self)
      }
    }
  }
  var values: [Double] { (0..<count).map { self[$0] } }
  var bits: [UInt8] { (0..<count * width.stride).map { p.load(fromByteOffset: $0, as: UInt8.self) } }
  /// Relative precision of the width.
  var epsilon: Double { width == .float32 ? 0x1p-23 : 0x1p-52 }
}

let widths: [FloatWidth] = [.float32, .float64]

/// Plain pseudo-random numbers in -scale ... scale for tests, not those under test.
struct Noise {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next(_ scale: Double = 1) -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (Double(state >> 11) * 0x1p-53 * 2 - 1) * scale
  }
  mutating func array(_ n: Int, _ scale: Double = 1) -> [Double] { (0..<n).map { _ in next(scale) } }
}

/// The error of a float32 in units in the last place of the exact result; 0 for two NaN or two equal infinities.
func ulps(_ result: Float, _ exact: Double) -> Double {
  if exact.isNaN { return result.isNaN ? 0 : .infinity }
  if result.isNaN { return .infinity }
  let rounded = Float(exact)
  if result == rounded { return 0 }
  if !rounded.isFinite { return result.isInfinite ? .infinity : abs(Double(result).nextUp - exact) / 0x1p104 }
  if !result.isFinite { return abs(exact - 0x1p128 * (result < 0 ? -1 : 1)) / 0x1p104 }
  return abs(Double(result) - exact) / Double(max(rounded.ulp, Float.leastNonzeroMagnitude))
}

/// The error of a float64 against a reference itself rounded to float64.
func ulps(_ result: Double, _ exact: Double) -> Double {
  if exact.isNaN { return result.isNaN ? 0 : .infinity }
  if result == exact { return 0 }
  if !result.isFinite || !exact.isFinite { return .infinity }
  return abs(result - exact) / max(exact.ulp, Double.leastNonzeroMagnitude)
}
