public import LuaBridge

/// A picture under way: what is drawn, its labels and its size. Nothing is computed before `save` or `show`.
public final class Figure: LuaObject, @unchecked Sendable {
  public static var luaName: String { "Figure" }
  public static var keepsIdentity: Bool { true }
  public var luaClass: LuaClass { Self.figureClass }

  /// In pixels; nil leaves the choice to what is drawn.
  let width: Int?
  let height: Int?
  var title: String?
  var panel = Panel()

  init(width: Int?, height: Int?, title: String?) throws {
    for (name, size) in [("width", width), ("height", height)] {
      if let size, !(16...8192 ~= size) { throw LuaError("figure: \(name) must be from 16 to 8192 pixels, got \(size)") }
    }
    self.width = width
    self.height = height
    self.title = title
  }

  /// Size in pixels.
  var size: (width: Int, height: Int) {
    let natural = panel.naturalSize
    let heading = title == nil ? 0 : Figure.headingHeight
    return (width ?? max(natural.width, 160), height ?? natural.height + heading)
  }
  static let headingHeight = 32

  /// The commands that draw it on a gnuplot terminal of this size in pixels.
  func script(terminal: String, size: (width: Int, height: Int)) throws -> Script {
    guard !panel.isEmpty else { throw LuaError("the figure is empty: draw into it first, by line, scatter or imshow") }
    var script = Script()
    script.add("set terminal \(terminal)")
    script.add("set encoding utf8")
    script.add("set multiplot")
    var top = 1.0
    if let title {
      top -= Double(Figure.headingHeight) / Double(size.height)
      script.add("set label 1 \(Script.quoted(title)) at screen 0.5, screen \(1 - Double(Figure.headingHeight) / 2 / Double(size.height)) center font ',14'")
    }
    try panel.draw(&script, Region(left: 0, bottom: 0, right: 1, top: top), size, heading: title != nil)
    script.add("unset multiplot")
    return script
  }

  // MARK: rows

  static let makers: [Row] = [
    Row(
      "figure", "An empty figure.", Param.option("width", default: Int?.none, "pixels"), Param.option("height", default: Int?.none, "pixels"),
      Param.option("title", default: String?.none, "above everything"), place: .function, example: "return require('nnlua.plot').figure{title = 'loss'}"
    ) { try Figure(width: $0, height: $1, title: $2) }
  ]

  static func label(_ name: String, _ doc: String, _ set: @escaping @Sendable (Figure, String) -> Void) -> Row {
    Row(name, doc, Param("figure", Figure.self), Param("text", String.self), place: .method, example: "return require('nnlua.plot').figure():\(name)('x')") {
      figure, text in
      set(figure, text)
      return figure
    }
  }

  static func limits(_ name: String, _ set: @escaping @Sendable (Figure, ClosedRange<Double>) -> Void) -> Row {
    Row(
      name, "Sets the range shown.", Param("figure", Figure.self), Param("low", Double.self, "the least coordinate"),
      Param("high", Double.self, "the greatest coordinate"), place: .method,
      example: "return require('nnlua.plot').figure():\(name)(0, 1)"
    ) { figure, low, high in
      guard low.isFinite, high.isFinite, low < high else { throw LuaError("\(name): expected two numbers, the smaller one first, got \(low) and \(high)") }
      set(figure, low...high)
      return figure
    }
  }

  public static let figureClass = LuaClass(
    "Figure", "A picture made of one pair of axes or a grid of images: what `plot.figure{…}` returns. Methods that draw return it, so that calls can be chained.",
    rows: Line.rows + Scatter.rows + ImageGrid.rows + Output.rows + [
      label("title", "Sets the title.") { $0.title = $1 },
      label("xlabel", "Names the x axis.") { $0.panel.xLabel = $1 },
      label("ylabel", "Names the y axis.") { $0.panel.yLabel = $1 },
      limits("xlim") { $0.panel.xRange = $1 },
      limits("ylim") { $0.panel.yRange = $1 },
    ],
    operators: [
      (
        "__tostring",
        Row("__tostring", "Its size and what it holds.", Param("figure", Figure.self), body: { "Figure(\($0.size.width) x \($0.size.height), \($0.panel.summary))" })
      )
    ])
}
