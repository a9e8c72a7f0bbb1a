internal import LuaBridge
internal import Tensors

/// Arrows from (x, y) to (x, y) + scale · (u, v).
struct Quiver: NamedLayer {
  var x, y, u, v: [Double]
  var scale: Double
  var label: String?
  var colour: Colour
  var width: Double

  func extend(_ bounds: inout Bounds) {
    Line.extend(&bounds, x, y)
    Line.extend(&bounds, zip(x, u).map { $0 + scale * $1 }, zip(y, v).map { $0 + scale * $1 })
  }

  func draw(_ canvas: inout Canvas) {
    let from = canvas.places(x, y), to = canvas.places(zip(x, u).map { $0 + scale * $1 }, zip(y, v).map { $0 + scale * $1 })
    var rows: [[Double]] = []
    for (a, b) in zip(from, to) where !a.0.isNaN && !a.1.isNaN && !b.0.isNaN && !b.1.isNaN && a != b {
      rows.append([a.0, a.1, b.0 - a.0, b.1 - a.1])
      canvas.take(from: a, to: b)
    }
    if rows.isEmpty { rows = [[.nan, .nan, .nan, .nan]] }
    canvas.plot(
      "\(canvas.script.data(rows)) using 1:2:3:4 with vectors head filled size graph \(7 / Double(canvas.pixels.width)),18 linewidth \(width) linecolor \(colour.command())",
      title: label)
  }

  /// Without a scale the longest arrow is about as long as the points lie apart.
  private static func automatic(_ x: [Double], _ y: [Double], _ u: [Double], _ v: [Double]) -> Double {
    func span(_ list: [Double]) -> Double {
      let finite = list.filter(\.isFinite)
      return (finite.max() ?? 0) - (finite.min() ?? 0)
    }
    func longest(_ list: [Double]) -> Double { list.lazy.filter(\.isFinite).map(abs).max() ?? 0 }
    let across = max(Double(x.count).squareRoot() - 1, 1)
    let limits = [(span(x), longest(u)), (span(y), longest(v))].filter { $0.0 > 0 && $0.1 > 0 }.map { $0.0 / across / $0.1 }
    guard let scale = limits.min(), scale.isFinite, scale > 0 else { return 1 }
    return scale * 0.95
  }

  static let rows: [Row] = [
    Row(
      "quiver",
      """
      Draws an arrow at each (x[i], y[i]) in the direction (u[i], v[i]): to (x + scale · u, y + scale · v). Arrows that are not finite are left out.
      Shapes: all four of any one shape.
      Errors: different sizes; no arrows; none finite.
      """,
      Param("figure", Figure.self), Param("x", Histogram.Values.self), Param("y", Histogram.Values.self, "where the arrows begin"),
      Param("u", Histogram.Values.self, "their lengths along x"), Param("v", Histogram.Values.self, "their lengths along y"),
      Param.option("scale", default: Double?.none, "the length of (1, 0) along x; so that arrows do not meet, where left out"),
      Param.option("label", default: Caption?.none, "its name in the legend"), Param.option("color", default: Colour?.none, Figure.colourDoc),
      Param.option("width", default: 1.3, "of the lines, in points"),
      place: .method, example: "return plot.figure():quiver({0, 1}, {0, 0}, {1, 0}, {0, 1}, {scale = 0.5})"
    ) { figure, x, y, u, v, scale, label, colour, width in
      try Limits.width(width, "quiver")
      let (x, y, u, v) = (x.values, y.values, u.values, v.values)
      guard x.count == y.count, x.count == u.count, x.count == v.count else {
        throw LuaError("quiver: x has \(x.count) values, y \(y.count), u \(u.count), v \(v.count)")
      }
      guard !x.isEmpty else { throw LuaError("quiver: there are no arrows to draw") }
      guard x.indices.contains(where: { x[$0].isFinite && y[$0].isFinite && u[$0].isFinite && v[$0].isFinite }) else {
        throw LuaError("quiver: none of the \(x.count) arrows is finite")
      }
      if let scale, !(scale.isFinite && scale != 0) { throw LuaError("quiver: scale must be a finite number other than 0, got \(scale.luaLiteral)") }
      let length = scale ?? automatic(x, y, u, v)
      try figure.add("quiver", bytes: x.count * 32) { panel in
        Quiver(x: x, y: y, u: u, v: v, scale: length, label: label?.text, colour: colour ?? panel.nextColour(), width: width)
      }
      return figure
    }
  ]
}
