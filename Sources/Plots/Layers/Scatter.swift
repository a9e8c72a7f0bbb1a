internal import LuaBridge

/// Points.
struct Scatter: Layer {
  var x: [Double]
  var y: [Double]
  var label: String?
  var colour: Colour?
  var size: Double

  func draw(_ script: inout Script) -> String {
    let data = script.data(zip(x, y).lazy.map { [$0, $1] })
    return "\(data) using 1:2 with points pointtype 7 pointsize \(size)" + (colour.map { " linecolor rgb \(Script.quoted($0.name))" } ?? "") + " "
      + (label.map { "title \(Script.quoted($0))" } ?? "notitle")
  }

  static let rows: [Row] = [
    Row(
      "scatter", "Draws a dot at each (x[i], y[i]); those that are not finite are left out.\nErrors: x and y of other lengths; no finite point; a figure of images.",
      Param("figure", Figure.self), Param("x", Series.self),
      Param("y", default: Series?.none, "as many; x itself is drawn against 1, 2, … where left out"),
      Param.option("label", default: Caption?.none, "its name in the legend"),
      Param.option("color", default: Colour?.none, "a name or \"#rrggbb\""), Param.option("size", default: 0.7, "of the dots"), place: .method,
      example: "return require('nnlua.plot').figure():scatter({1, 2, 3}, {2, 4, 8})"
    ) { figure, x, y, label, colour, size in
      let (x, y) = try Line.points("scatter", x, y)
      guard 0.05...50 ~= size else { throw LuaError("scatter: size must be from 0.05 to 50, got \(size)") }
      try figure.add(Scatter(x: x, y: y, label: label?.text, colour: colour, size: size), by: "scatter")
      return figure
    }
  ]
}
