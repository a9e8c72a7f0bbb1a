internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// How numbers become places along an axis. Logarithms are taken here, not by gnuplot, so that everything else (pictures, gaps, legends)
/// sees straight axes only.
enum Scale: String, NamedChoice {
  case linear, log
  static var noun: String { "scale" }

  /// NaN where the axis has no place for it.
  func place(_ value: Double) -> Double {
    switch self {
    case .linear: value.isFinite ? value : .nan
    case .log: value > 0 && value.isFinite ? log10(value) : .nan
    }
  }
  func value(_ place: Double) -> Double { self == .log ? pow(10, place) : place }
}

/// The places that something takes along an axis.
struct Extent {
  private(set) var low = Double.infinity
  private(set) var high = -Double.infinity
  /// Places where no margin is left: the floor of bars, the borders of an image.
  private var edges: [Double] = []
  let scale: Scale

  init(_ scale: Scale) { self.scale = scale }
  var isEmpty: Bool { low > high }

  mutating func add(_ value: Double) {
    let place = scale.place(value)
    if place < low { low = place }
    if place > high { high = place }
  }
  mutating func add(_ values: some Sequence<Double>) { for value in values { add(value) } }
  /// An edge that belongs to the picture and is to lie on its border.
  mutating func add(edge value: Double) {
    add(value)
    edges.append(scale.place(value))
  }

  /// With a margin of a twentieth, so that nothing is drawn on the border itself.
  /// - Errors: numbers too far apart to have a scale.
  func padded(_ function: String) throws -> ClosedRange<Double> {
    guard !isEmpty else { return 0...1 }
    guard low > -1e150, high < 1e150 else { throw LuaError("\(function): numbers beyond 1e150 cannot be drawn (they reach from \(low) to \(high)); set xlim or ylim") }
    let size = max(abs(low), abs(high))
    if high - low <= size * 1e-12 || high == low {
      let half = max(size * 0.05, scale == .log ? 0.3 : size == 0 ? 1 : 0)
      return low - half...high + half
    }
    let margin = (high - low) * 0.05
    return (edges.contains(low) ? low : low - margin)...(edges.contains(high) ? high : high + margin)
  }
}

/// What the layers of a panel take of both axes.
struct Bounds {
  var x: Extent
  var y: Extent
}
