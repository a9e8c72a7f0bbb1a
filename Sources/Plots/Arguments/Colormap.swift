internal import LuaBridge

/// Colours for numbers from 0 to 1: control points at even steps, straight lines between.
enum Colormap: String, CaseIterable, LuaValue {
  case gray, binary, viridis, plasma, coolwarm, hot, blues

  static var luaName: String { "colormap" }
  /// For the documentation of a `colormap` option.
  static let choices = allCases.map(\.luaLiteral).joined(separator: ", ")

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Colormap {
    guard let name = stack.string(at: index) else { throw TypeMismatch(luaName) }
    guard let map = Colormap(rawValue: name) else {
      throw TypeMismatch(luaName, detail: "'\(name)' is no colormap: \(allCases.map(\.rawValue).joined(separator: ", ")) are")
    }
    return map
  }
  func push(_ stack: LuaStack) { stack.push(rawValue) }
  var luaLiteral: String { "\"\(rawValue)\"" }

  /// 0xRRGGBB. viridis and plasma as published by their authors, sampled at eighths; coolwarm Moreland's two ends and the middle; blues ColorBrewer's.
  var points: [Int] {
    switch self {
    case .gray: [0x000000, 0xffffff]
    case .binary: [0xffffff, 0x000000]
    case .viridis: [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725]
    case .plasma: [0x0d0887, 0x4c02a1, 0x7e03a8, 0xa92395, 0xcc4778, 0xe56b5d, 0xf89540, 0xfdc527, 0xf0f921]
    case .coolwarm: [0x3b4cc0, 0xdddddd, 0xb40426]
    case .hot: [0x000000, 0xff0000, 0xffff00, 0xffffff]
    case .blues: [0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b]
    }
  }

  /// gnuplot's palette.
  var palette: String { "set palette defined (" + points.enumerated().map { "\($0) '\(Colour($1).hex)'" }.joined(separator: ", ") + ")" }

  /// The colour of a number from 0 to 1.
  func colour(_ value: Double) -> Colour {
    let position = min(max(value, 0), 1) * Double(points.count - 1)
    let below = min(Int(position), points.count - 2)
    let share = position - Double(below)
    func mix(_ shift: Int) -> Int {
      let a = Double(points[below] >> shift & 255), b = Double(points[below + 1] >> shift & 255)
      return Int((a + (b - a) * share).rounded())
    }
    return Colour(mix(16) << 16 | mix(8) << 8 | mix(0))
  }
}

/// Numbers shown as colours: from `low` at the colormap's beginning to `high` at its end.
struct ColourScale {
  let colormap: Colormap
  let low: Double
  let high: Double

  /// 256 steps, worked out once: pictures have many pixels.
  private let table: [Colour]

  /// - Errors: a range that is none; no finite number to take it from.
  init(_ colormap: Colormap, _ values: [Double], _ range: Interval?, for function: String) throws {
    var low = Double.infinity, high = -Double.infinity
    if let range {
      (low, high) = (range.low, range.high)
    } else {
      for value in values where value.isFinite {
        low = min(low, value)
        high = max(high, value)
      }
      guard low <= high else { throw LuaError("\(function): none of the numbers is finite") }
    }
    guard (high - low).isFinite else { throw LuaError("\(function): the numbers reach from \(low) to \(high), too far to be coloured; give a {range = {low, high}}") }
    self.colormap = colormap
    self.low = low
    self.high = high
    table = (0..<256).map { colormap.colour(Double($0) / 255) }
  }

  /// nil for what is not finite.
  func colour(_ value: Double) -> Colour? {
    guard value.isFinite else { return nil }
    guard high > low else { return table[0] }
    return table[Int(min(max((value - low) / (high - low), 0), 1) * 255 + 0.5)]
  }
}
