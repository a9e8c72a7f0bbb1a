internal import LuaBridge

/// A text at a point, or beside it with an arrow to it.
struct Annotation: Layer {
  var text: String
  var x, y: Double
  /// Where the text stands, where that is not at the point.
  var at: (Double, Double)?
  var colour: Colour
  var size: Double
  var align: Align

  enum Align: String, NamedChoice {
    case left, center, right
    static var noun: String { "alignment" }
  }

  func extend(_ bounds: inout Bounds) {
    Line.extend(&bounds, [x], [y])
    if let at { Line.extend(&bounds, [at.0], [at.1]) }
  }

  func draw(_ canvas: inout Canvas) {
    let point = (canvas.x.place(x), canvas.y.place(y)), text = at.map { (canvas.x.place($0.0), canvas.y.place($0.1)) } ?? point
    guard ![point.0, point.1, text.0, text.1].contains(where: \.isNaN) else { return }
    canvas.take(from: text, to: point)
    // What holds no curve has nothing to plot.
    canvas.plot("\(canvas.script.data([[text.0, text.1]])) using 1:2 with points pointtype 7 pointsize 0 linecolor rgb '#ff000000'")
    // An arrow that leads to the right would cross a text that begins where it does.
    let side = at != nil && align == .left && point.0 > text.0 ? .right : align
    let offset = at == nil ? align == .left ? " offset character 0.6, 0.5" : "" : side == .center ? "" : " offset character \(side == .left ? 0.4 : -0.4), 0"
    canvas.script.add(
      "set label \(Script.quoted(self.text)) at \(text.0), \(text.1) \(side.rawValue) front font ',\(size)'\(canvas.isText ? "" : " textcolor \(colour.command())")"
        + offset)
    if at != nil {
      canvas.script.add(
        "set arrow from \(text.0), \(text.1) to \(point.0), \(point.1) front filled size graph \(9 / Double(canvas.pixels.width)),18\(canvas.isText ? "" : " linecolor \(colour.command()) linewidth 1.2")"
      )
    }
  }

  /// White on the dark pixels of an image, else nearly black.
  private static func readable(in panel: Panel, _ x: Double, _ y: Double) -> Colour {
    guard let images = panel.images, 0.5...Double(images.width) + 0.5 ~= x, 0.5...Double(images.height) + 0.5 ~= y else { return Colour(0x222222) }
    let at = (min(Int(y.rounded()), images.height) - 1) * images.width + min(Int(x.rounded()), images.width) - 1
    let (r, g, b) = (images.colour(images.images[0]) { images.images[0].planes[$0][at] } ?? Colour(0xffffff)).channels
    return 299 * r + 587 * g + 114 * b < 128_000 ? Colour(0xffffff) : Colour(0x222222)
  }

  static let rows: [Row] = [
    Row(
      "annotate",
      """
      Writes a text beside the point (x, y), or elsewhere with an arrow to it (at = {x, y}); align = "center" writes it over the point itself.
      Errors: places that are not finite.
      """,
      Param("figure", Figure.self), Param("text", Caption.self), Param("x", Double.self), Param("y", Double.self, "the point's other coordinate"),
      Param.option("at", default: [Double]?.none, "{x, y} where the text stands, an arrow leading from it to the point"),
      Param.option("color", default: Colour?.none, "a name, \"#rrggbb\" or the number of a palette colour; what can be read on the ground where left out"),
      Param.option("size", default: 11.0, "of the letters, in points"),
      Param.option(
        "align", default: Align.left, "what lies at the point, or where the arrow begins: the text's left (its right where the arrow leads to the right), center or right"
      ),
      place: .method, example: "return plot.figure():line({3, 1, 2}):annotate('lowest', 2, 1, {at = {2, 2}})"
    ) { figure, text, x, y, at, colour, size, align in
      guard x.isFinite, y.isFinite else { throw LuaError("annotate: x and y must be finite, got \(x.luaLiteral) and \(y.luaLiteral)") }
      if let at, at.count != 2 || !at.allSatisfy(\.isFinite) { throw LuaError("annotate: at must be two finite numbers, {x, y}") }
      guard 4...100 ~= size else { throw LuaError("annotate: size must be from 4 to 100 points, got \(size.luaLiteral)") }
      try figure.add("annotate", bytes: 128) { panel in
        Annotation(text: text.text, x: x, y: y, at: at.map { ($0[0], $0[1]) }, colour: colour ?? readable(in: panel, at?[0] ?? x, at?[1] ?? y), size: size, align: align)
      }
      return figure
    }
  ]
}
