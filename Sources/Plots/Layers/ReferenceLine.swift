internal import LuaBridge

/// A straight line across the axes, at one height or one x.
struct ReferenceLine: NamedLayer {
  var at: Double
  var isVertical: Bool
  var label: String?
  var colour: Colour
  var width: Double
  var style: LineStyle
  var alpha: Double

  func extend(_ bounds: inout Bounds) { if isVertical { bounds.x.add(at) } else { bounds.y.add(at) } }

  func draw(_ canvas: inout Canvas) {
    let place = (isVertical ? canvas.x : canvas.y).place(at), along = (isVertical ? canvas.y : canvas.x).range
    let ends = [along.lowerBound, along.upperBound].map { isVertical ? (place, $0) : ($0, place) }
    canvas.take(from: ends[0], to: ends[1])
    canvas.plot(
      "\(canvas.script.data(ends.map { [$0.0, $0.1] })) using 1:2 with lines linewidth \(width) dashtype \(style.dash) linecolor \(colour.command(alpha: alpha))",
      title: label)
  }

  private static func row(_ name: String, _ place: String, isVertical: Bool) -> Row {
    Row(
      name, "Draws a straight line across the whole axes at \(place).\nErrors: a place that is not finite.",
      Param("figure", Figure.self), Param(place, Double.self, "where it lies"), Param.option("color", default: Colour(0x555555), Figure.colourDoc),
      Param.option("style", default: LineStyle.dashed, "how it is broken"), Param.option("width", default: 1.3, "of the line, in points"),
      Param.option("label", default: Caption?.none, "its name in the legend"), Param.option("alpha", default: 1.0, "0 is not seen, 1 hides what is behind"),
      place: .method, example: "return plot.figure():line({1, 2, 3}):\(name)(2, {label = 'target'})"
    ) { figure, at, colour, style, width, label, alpha in
      guard at.isFinite else { throw LuaError("\(name): \(place) must be finite, got \(at.luaLiteral)") }
      try Limits.width(width, name)
      try Limits.alpha(alpha, name)
      try figure.add(name, bytes: 64) { _ in
        ReferenceLine(at: at, isVertical: isVertical, label: label?.text, colour: colour, width: width, style: style, alpha: alpha)
      }
      return figure
    }
  }
  static let rows: [Row] = [row("axhline", "y", isVertical: false), row("axvline", "x", isVertical: true)]
}
