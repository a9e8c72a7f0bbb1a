internal import LuaBridge

/// Colours for numbers from 0 to 1: control points at even steps, straight lines between.
enum Colormap: String, CaseIterable, LuaValue {
  case gray, viridis, coolwarm, hot

  static var luaName: String { "colormap" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Colormap {
    guard let name = stack.string(at: index) else { throw TypeMismatch(luaName) }
    guard let map = Colormap(rawValue: name) else {
      throw TypeMismatch(luaName, detail: "'\(name)' is no colormap: \(allCases.map(\.rawValue).joined(separator: ", ")) are")
    }
    return map
  }
  func push(_ stack: LuaStack) { stack.push(rawValue) }
  var luaLiteral: String { "\"\(rawValue)\"" }

  /// 0xRRGGBB. viridis as published by its authors, sampled at eighths; coolwarm Moreland's two ends and the middle.
  var points: [Int] {
    switch self {
    case .gray: [0x000000, 0xffffff]
    case .viridis: [0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725]
    case .coolwarm: [0x3b4cc0, 0xdddddd, 0xb40426]
    case .hot: [0x000000, 0xff0000, 0xffff00, 0xffffff]
    }
  }

  /// gnuplot's palette.
  var palette: String {
    "set palette defined (" + points.enumerated().map { "\($0) \(Script.quoted(Self.hex($1)))" }.joined(separator: ", ") + ")"
  }
  private static func hex(_ colour: Int) -> String {
    let digits = String(colour, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  /// The colour of a number from 0 to 1 as red, green, blue from 0 to 255.
  func colour(_ value: Double) -> (Int, Int, Int) {
    let position = min(max(value, 0), 1) * Double(points.count - 1)
    let below = min(Int(position), points.count - 2)
    let share = position - Double(below)
    func mix(_ shift: Int) -> Int {
      let a = Double(points[below] >> shift & 255), b = Double(points[below + 1] >> shift & 255)
      return Int((a + (b - a) * share).rounded())
    }
    return (mix(16), mix(8), mix(0))
  }
}
