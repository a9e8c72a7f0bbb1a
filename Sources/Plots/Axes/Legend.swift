internal import LuaBridge

/// Where the names of the curves stand.
struct Legend: LuaValue {
  static var luaName: String { "string, list of strings or boolean" }

  enum Place: Equatable {
    /// The first corner or side where nothing is drawn; outside where there is none.
    case best
    case at(horizontal: String, vertical: String)
    case outside
    case hidden
  }
  var place = Place.best
  /// Names for the layers, in the order in which they were drawn.
  var names: [String]?

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Legend {
    switch stack.type(at: index) {
    case .boolean: return Legend(place: stack.boolean(at: index) ? .best : .hidden)
    case .table: return Legend(names: try [Caption].decode(stack, index).map(\.text))
    case .string: return Legend(place: try place(stack.string(at: index) ?? ""))
    default: throw TypeMismatch(luaName)
    }
  }
  func push(_ stack: LuaStack) { stack.push(place != .hidden) }
  var luaLiteral: String { "\"best\"" }

  private static func place(_ text: String) throws -> Place {
    if text == "best" { return .best }
    if text == "outside" { return .outside }
    var horizontal: String?, vertical: String?
    for word in text.split(whereSeparator: { $0 == " " || $0 == "-" || $0 == "_" }) {
      switch word {
      case "top", "upper": vertical = "top"
      case "bottom", "lower": vertical = "bottom"
      case "left", "right": horizontal = String(word)
      case "center", "centre": break
      default:
        throw TypeMismatch(
          luaName, detail: "'\(text)' is no place for the legend: \"best\", \"outside\", or \"top\", \"bottom\", \"center\" with \"left\", \"right\", \"center\" are")
      }
    }
    return .at(horizontal: horizontal ?? "center", vertical: vertical ?? "center")
  }

  /// Dots and thick lines reach beyond their places.
  private func grown(_ range: ClosedRange<Double>) -> ClosedRange<Double> { range.lowerBound - 0.02...range.upperBound + 0.02 }

  /// gnuplot's command, for these names in a panel of this size in pixels.
  func command(_ names: [String], _ canvas: Canvas) -> String {
    guard place != .hidden, !names.isEmpty else { return "unset key" }
    // About the size of the box: a letter takes 7 pixels, one of East Asia 12, the sample of the line 45.
    let widest = names.map { $0.split(separator: "\n").map { $0.unicodeScalars.reduce(0) { $0 + ($1.value < 0x1100 ? 7 : 12) } }.max() ?? 0 }.max() ?? 0
    let lines = names.reduce(0) { $0 + $1.split(separator: "\n", omittingEmptySubsequences: false).count }
    let (letter, line) = canvas.isText ? (8, 16) : (7, 17)
    let width = Double(widest * letter / 7 + 62) / Double(max(canvas.pixels.width, 1)), height = Double(lines * line + 14) / Double(max(canvas.pixels.height, 1))
    let box = canvas.isText ? "nobox" : "box linecolor rgb '#cccccc' linewidth 0.5"
    let style = "noautotitle Left reverse samplen 2.5 spacing 1.1 width 1 height 0.4 opaque \(box)"
    switch place {
    case .hidden: return "unset key"
    case .outside: return "set key outside right top vertical \(style)"
    case .at(let horizontal, let vertical): return "set key inside \(horizontal) \(vertical) vertical \(style)"
    case .best:
      let across = [("right", 1 - width...1), ("left", 0...width), ("center", 0.5 - width / 2...0.5 + width / 2)]
      let down = [("top", 1 - height...1), ("bottom", 0...height), ("center", 0.5 - height / 2...0.5 + height / 2)]
      guard width < 0.9, height < 0.9 else { return "set key outside right top vertical \(style)" }
      let corners = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 0), (2, 1)]
      for (i, j) in corners where canvas.taken.count(grown(across[i].1), grown(down[j].1)) == 0 {
        return "set key inside \(across[i].0) \(down[j].0) vertical \(style)"
      }
      return "set key outside right top vertical \(style)"
    }
  }
}
