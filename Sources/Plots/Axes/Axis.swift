#if canImport(Glibc)
  internal import Glibc
#endif

/// One axis as a panel draws it.
struct Axis {
  let scale: Scale
  /// In places (logarithms on a log scale).
  let range: ClosedRange<Double>
  /// Runs from right to left, or from top to bottom.
  var isReversed = false

  func place(_ value: Double) -> Double { scale.place(value) }
  /// From 0 at the axis's beginning to 1 at its end, for a place.
  func share(_ place: Double) -> Double {
    let share = (place - range.lowerBound) / (range.upperBound - range.lowerBound)
    return isReversed ? 1 - share : share
  }

  var command: String {
    let (low, high) = (Script.number(range.lowerBound), Script.number(range.upperBound))
    return isReversed ? "[\(high):\(low)]" : "[\(low):\(high)]"
  }

  // MARK: marks of a log scale

  /// Marks as gnuplot takes a list of them; nil leaves them to gnuplot (linear scales).
  var ticks: String? {
    guard scale == .log else { return nil }
    let (low, high) = (range.lowerBound, range.upperBound)
    // Places beyond double's own exponents have no value to be labelled with.
    let decades = Int(max(low, -320).rounded(.up))...max(Int(max(low, -320).rounded(.up)), Int(min(high, 320).rounded(.down)))
    let inside = decades.filter { low...high ~= Double($0) }
    var marks: [String] = []
    if inside.count >= 2 {
      let step = (inside.count + 7) / 8
      for n in inside { marks.append("\(n % step == 0 ? "'\(Self.power(n))'" : "''") \(n)") }
      if inside.count <= 6 {
        for n in (inside[0] - 1)...inside[inside.count - 1] {
          for k in 2...9 where low...high ~= Double(n) + log10(Double(k)) { marks.append("'' \(Double(n) + log10(Double(k))) 1") }
        }
      }
    } else {
      let values = Self.round(pow(10, low), pow(10, high))
      for value in values where value > 0 { marks.append("'\(Self.text(value))' \(log10(value))") }
    }
    return marks.joined(separator: ", ")
  }

  /// 10⁻³ with superscripts of Unicode: texts are drawn as they stand, without gnuplot's markup.
  static func power(_ exponent: Int) -> String {
    let digits: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    ]
    return exponent == 0 ? "1" : exponent == 1 ? "10" : "10" + String("\(exponent)".map { digits[$0] ?? $0 })
  }

  /// About six round numbers between two: 1, 2, 5, 10 for two decades, even steps for less.
  static func round(_ low: Double, _ high: Double) -> [Double] {
    guard low > 0, low.isFinite, high.isFinite, high > low else { return [] }
    if high / low > 8 {
      let first = Int(log10(low).rounded(.down))
      return (first...first + 3).flatMap { n in [1, 2, 5].map { $0 * pow(10, Double(n)) } }.filter { low...high ~= $0 }
    }
    let raw = (high - low) / 5
    let unit = pow(10, log10(raw).rounded(.down))
    let step = unit * (raw / unit < 1.5 ? 1 : raw / unit < 3.5 ? 2 : raw / unit < 7.5 ? 5 : 10)
    guard step > 0, high / step < 1e15 else { return [] }
    return (Int((low / step).rounded(.up))...max(Int((low / step).rounded(.up)), Int((high / step).rounded(.down)))).map { Double($0) * step }.filter { low...high ~= $0 }
  }

  /// A number as short as %g writes it.
  static func text(_ value: Double, digits: Int = 6) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
    let rounded = significant(value, digits)
    if rounded == rounded.rounded(), abs(rounded) < 1e6 { return "\(Int(rounded))" }
    var text = "\(rounded)"
    if text.hasSuffix(".0") { text.removeLast(2) }
    return text.replacing(".0e", with: "e")
  }
  private static func significant(_ value: Double, _ digits: Int) -> Double {
    guard value != 0 else { return 0 }
    let power = digits - 1 - Int(log10(abs(value)).rounded(.down))
    guard -290...290 ~= power else { return value }
    let unit = pow(10, Double(abs(power)))
    return power >= 0 ? (value * unit).rounded() / unit : (value / unit).rounded() * unit
  }
}
