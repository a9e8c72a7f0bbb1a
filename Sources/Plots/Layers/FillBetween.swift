internal import LuaBridge

/// The area between two curves over the same x.
struct FillBetween: NamedLayer {
  var x, low, high: [Double]
  var label: String?
  var colour: Colour
  var alpha: Double

  func extend(_ bounds: inout Bounds) {
    Line.extend(&bounds, x, low)
    Line.extend(&bounds, x, high)
  }

  func draw(_ canvas: inout Canvas) {
    // A bound without a place on a log scale is the axis itself.
    func bound(_ value: Double) -> Double {
      let place = canvas.y.place(value)
      return place.isNaN && canvas.y.scale == .log && value <= 0 ? canvas.y.range.lowerBound : place
    }
    var rows: [[Double]] = []
    for i in x.indices {
      let row = [canvas.x.place(x[i]), bound(low[i]), bound(high[i])]
      if row.contains(where: \.isNaN) {
        if rows.last?.isEmpty == false { rows.append([]) }
      } else {
        rows.append(row)
        canvas.take(boxFrom: (row[0], row[1]), to: (row[0], row[2]))
      }
    }
    if rows.isEmpty { rows = [[.nan, .nan, .nan]] }
    canvas.plot("\(canvas.script.data(rows)) using 1:2:3 with filledcurves fillstyle solid noborder fillcolor \(colour.command(alpha: alpha))", title: label)
  }

  static let rows: [Row] = [
    Row(
      "fill_between",
      """
      Fills the area between y1 and y2 over x; values that are not finite leave gaps.
      Shapes: x, y1 of n numbers; y2 of n numbers, or one.
      Errors: different lengths; no points; none finite.
      """,
      Param("figure", Figure.self), Param("x", Series.self), Param("y1", Series.self, "one curve"), Param("y2", default: Series.Sizes.one(0), "the other"),
      Param.option("color", default: Colour?.none, Figure.colourDoc), Param.option("alpha", default: 0.3, "0 is not seen, 1 hides what is behind"),
      Param.option("label", default: Caption?.none, "its name in the legend"),
      place: .method, example: "return plot.figure():fill_between({1, 2, 3}, {1, 2, 1}, {2, 3, 4}, {label = 'spread'})"
    ) { figure, x, y1, y2, colour, alpha, label in
      try Limits.alpha(alpha, "fill_between")
      let (x, low) = try Line.points("fill_between", x, y1)
      let high: [Double]
      switch y2 {
      case .one(let value): high = [Double](repeating: value, count: x.count)
      case .each(let list): high = list
      }
      guard high.count == x.count else { throw LuaError("fill_between: x has \(x.count) values, y2 has \(high.count)") }
      guard x.indices.contains(where: { x[$0].isFinite && low[$0].isFinite && high[$0].isFinite }) else {
        throw LuaError("fill_between: none of the \(x.count) points is finite")
      }
      try figure.add("fill_between", bytes: x.count * 24) { panel in
        FillBetween(x: x, low: low, high: high, label: label?.text, colour: colour ?? panel.nextColour(), alpha: alpha)
      }
      return figure
    }
  ]
}
