internal import LuaBridge

/// Points joined by a line; a value that is not finite leaves a gap.
struct Line: NamedLayer {
  var x: [Double]
  var y: [Double]
  var label: String?
  var colour: Colour
  var width: Double
  var style: LineStyle
  var marker: Marker?
  var alpha: Double

  func extend(_ bounds: inout Bounds) { Self.extend(&bounds, x, y) }

  /// Only points that are seen count: both coordinates have a place.
  static func extend(_ bounds: inout Bounds, _ x: [Double], _ y: [Double]) {
    for (x, y) in zip(x, y) where !bounds.x.scale.place(x).isNaN && !bounds.y.scale.place(y).isNaN {
      bounds.x.add(x)
      bounds.y.add(y)
    }
  }

  func draw(_ canvas: inout Canvas) {
    let points = canvas.places(x, y)
    let thinned = style == .none ? Thinning.dots(points, canvas) : Thinning.line(points, canvas)
    for (i, point) in thinned.enumerated() {
      if i > 0, style != .none, !thinned[i - 1].1.isNaN, !point.1.isNaN { canvas.take(from: thinned[i - 1], to: point) } else { canvas.take(point.0, point.1) }
    }
    let kind: String =
      switch (style, marker) {
      case (.none, let marker): "points \(dots(marker ?? .circle, canvas))"
      case (_, let marker?): "linespoints \(dots(marker, canvas))"
      case (_, nil): Self.isOnePoint(thinned) ? "linespoints \(dots(.circle, canvas))" : "lines"
      }
    canvas.plot(
      "\(canvas.script.data(thinned.lazy.map { [$0.0, $0.1] })) using 1:2 with \(kind) linewidth \(width) dashtype \(style.dash) linecolor \(colour.command(alpha: alpha))",
      title: label)
  }

  private func dots(_ marker: Marker, _ canvas: Canvas) -> String {
    "\(marker.command(canvas.parts.count, isText: canvas.isText)) pointsize \(0.7 * marker.scale)"
  }

  /// A line of one point would not be seen.
  private static func isOnePoint(_ points: [(Double, Double)]) -> Bool { points.count { !$0.0.isNaN && !$0.1.isNaN } == 1 }

  // MARK: arguments

  static let rows: [Row] = [
    Row(
      "line",
      """
      Joins the points (x[i], y[i]) by a line; line(y) counts x from 1. Values that are not finite, and on a log scale those not above 0, leave gaps.
      Shapes: x, y of n numbers.
      Errors: x and y of different lengths; no points; none finite.
      """,
      Param("figure", Figure.self), Param("x", Series.self), Param("y", default: Series?.none, "as many; x itself is drawn against 1, 2, … where left out"),
      Param.option("label", default: Caption?.none, "its name in the legend"),
      Param.option("style", default: LineStyle.solid, "how it is broken"), Param.option("color", default: Colour?.none, Figure.colourDoc),
      Param.option("marker", default: Marker.Option(marker: nil), "at each point; true is \"o\""),
      Param.option("width", default: 2.0, "of the line, in points"),
      Param.option("alpha", default: 1.0, "0 is not seen, 1 hides what is behind"),
      place: .method, example: "return plot.figure():line({1, 2, 3}, {2, 4, 8}, {label = 'loss', marker = 'o'})"
    ) { figure, x, y, label, style, colour, marker, width, alpha in
      let (x, y) = try points("line", x, y)
      try Limits.width(width, "line")
      try Limits.alpha(alpha, "line")
      try figure.add("line", bytes: x.count * 16) { panel in
        Line(x: x, y: y, label: label?.text, colour: colour ?? panel.nextColour(), width: width, style: style, marker: marker.marker, alpha: alpha)
      }
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

extension Panel {
  /// The next curve's colour.
  mutating func nextColour() -> Colour {
    coloured += 1
    return Colour.cycle(coloured - 1)
  }
}
