internal import LuaBridge

/// Points joined by a line; a value that is not finite leaves a gap.
struct Line: Layer {
  var x: [Double]
  var y: [Double]
  var label: String?
  var colour: Colour?
  var width: Double
  var style: Style
  var marker: Bool

  enum Style: String, CaseIterable, LuaValue {
    case solid = "-", dashed = "--", dotted = ":", dashdotted = "-."
    static var luaName: String { "line style" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Style {
      guard let text = stack.string(at: index) else { throw TypeMismatch(luaName) }
      guard let style = Style(rawValue: text) else {
        throw TypeMismatch(luaName, detail: "'\(text)' is no line style: \(allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")) are")
      }
      return style
    }
    func push(_ stack: LuaStack) { stack.push(rawValue) }
    var luaLiteral: String { "\"\(rawValue)\"" }
    /// gnuplot's dash types.
    var dash: String { ["-": "solid", "--": "'--'", ":": "'.'", "-.": "'-.'"][rawValue]! }
  }

  func draw(_ script: inout Script) -> String {
    let data = script.data(zip(x, y).lazy.map { [$0, $1] })
    return "\(data) using 1:2 with \(marker ? "linespoints pointtype 7 pointsize 0.6" : "lines") linewidth \(width) dashtype \(style.dash)"
      + (colour.map { " linecolor rgb \(Script.quoted($0.name))" } ?? "") + " " + (label.map { "title \(Script.quoted($0))" } ?? "notitle")
  }

  static let rows: [Row] = [
    Row(
      "line",
      "Joins the points (x[i], y[i]) by a line; line(y) counts x from 1. Values that are not finite leave gaps.\nErrors: x and y of other lengths; no finite point; a figure of images.",
      Param("figure", Figure.self),
      Param("x", Series.self), Param("y", default: Series?.none, "as many; x itself is drawn against 1, 2, … where left out"),
      Param.option("label", default: Caption?.none, "its name in the legend"),
      Param.option("color", default: Colour?.none, "a name or \"#rrggbb\""), Param.option("width", default: 2.0, "of the line, in points"),
      Param.option("style", default: Style.solid, "\"-\", \"--\", \":\" or \"-.\""), Param.option("marker", default: false, "a dot at each point"), place: .method,
      example: "return require('nnlua.plot').figure():line({1, 2, 3}, {2, 4, 8}, {label = 'loss'})"
    ) { figure, x, y, label, colour, width, style, marker in
      let (x, y) = try points("line", x, y)
      guard 0.1...100 ~= width else { throw LuaError("line: width must be from 0.1 to 100, got \(width)") }
      try figure.add(Line(x: x, y: y, label: label?.text, colour: colour, width: width, style: style, marker: marker), by: "line")
      return figure
    }
  ]

  /// The two coordinates, of the same length; x counts from 1 where only y is given.
  static func points(_ function: String, _ x: Series, _ y: Series?) throws -> ([Double], [Double]) {
    let (first, second) = y.map { (x.values, $0.values) } ?? ((0..<x.values.count).map { Double($0 + 1) }, x.values)
    guard first.count == second.count else { throw LuaError("\(function): x has \(first.count) values, y has \(second.count)") }
    guard !first.isEmpty else { throw LuaError("\(function): there are no points to draw") }
    guard zip(first, second).contains(where: { $0.isFinite && $1.isFinite }) else { throw LuaError("\(function): none of the \(first.count) points is finite") }
    return (first, second)
  }
}

extension Figure {
  func add(_ layer: some Layer, by function: String) throws {
    guard panel.images == nil else { throw LuaError("\(function): this figure holds images; draw into another one, made by plot.figure()") }
    panel.layers.append(layer)
  }
}
