public import LuaBridge

/// What scripts call: figures, the labels and limits of their panels.
extension Figure {
  static let colourDoc = "a name, \"#rrggbb\" or the number of a palette colour; the next of the palette where left out"

  static let makers: [Row] = [
    Row(
      "figure",
      """
      An empty figure; plot.line(…) and the like draw into the last one made, and make one where there is none. rows and cols divide it into panels, see subplot.
      Errors: sizes outside 16 to 8192 pixels; more than 20 rows or columns.
      """,
      Param.option("width", default: Int?.none, "pixels; by what is drawn where left out"), Param.option("height", default: Int?.none, "pixels"),
      Param.option("title", default: String?.none, "above everything"), Param.option("rows", default: 1, "of panels"), Param.option("cols", default: 1, "of panels"),
      place: .function, example: "return plot.figure{title = 'loss', rows = 1, cols = 2}"
    ) { try Figure(width: $0, height: $1, title: $2, rows: $3, columns: $4) }
  ]

  private static func label(_ name: String, _ doc: String, _ set: @escaping @Sendable (inout Panel, String) -> Void) -> Row {
    Row(
      name, "\(doc)\nErrors: what is no text.", Param("figure", Figure.self), Param("text", Caption.self, "a string or number"),
      place: .method, example: "return plot.figure():line{1, 2}:\(name)('x')"
    ) { figure, text in
      set(&figure.panel, text.text)
      return figure
    }
  }

  private static func limits(_ axis: String, _ set: @escaping @Sendable (inout Panel, Interval) -> Void) -> Row {
    let name = "\(axis)lim"
    return Row(
      name, "Sets what the \(axis) axis shows, from low to high.\nErrors: numbers that are not finite, or not in this order.",
      Param("figure", Figure.self), Param("low", Double.self, "the least number shown"), Param("high", Double.self, "the greatest number shown"), place: .method,
      example: "return plot.figure():line{1, 2}:\(name)(0, 1)"
    ) { figure, low, high in
      guard low.isFinite, high.isFinite, low < high, (high - low).isFinite else {
        throw LuaError("\(name): expected two numbers, the smaller one first, got \(low.luaLiteral) and \(high.luaLiteral)")
      }
      set(&figure.panel, Interval(low: low, high: high))
      return figure
    }
  }

  private static func scale(_ axis: String, _ set: @escaping @Sendable (inout Panel, Scale) -> Void) -> Row {
    Row(
      "\(axis)scale",
      "Makes the \(axis) axis linear or logarithmic (base 10; numbers that are not above 0 leave gaps).\nErrors: another name; when drawn, no number above 0.",
      Param("figure", Figure.self), Param("scale", Scale.self, "how numbers become places"), place: .method,
      example: "return plot.figure():line{1, 10, 100}:\(axis)scale('log')"
    ) { figure, scale in
      set(&figure.panel, scale)
      return figure
    }
  }

  private static func marks(_ axis: String, _ set: @escaping @Sendable (inout Panel, [Tick]) -> Void) -> Row {
    let name = "\(axis)ticks"
    return Row(
      name, "Sets the marks of the \(axis) axis, and their texts.\nErrors: places that are not finite; as many texts as places are needed.",
      Param("figure", Figure.self), Param("places", Series.self, "where the marks stand"),
      Param("texts", default: [Caption]?.none, "the numbers themselves where left out"),
      place: .method, example: "return plot.figure():line{1, 2}:\(name)({1, 2}, {'one', 'two'})"
    ) { figure, places, texts in
      guard places.values.count <= 1000, places.values.allSatisfy(\.isFinite) else { throw LuaError("\(name): places must be finite numbers, at most 1000") }
      if let texts, texts.count != places.values.count { throw LuaError("\(name): \(texts.count) texts for \(places.values.count) places") }
      set(&figure.panel, places.values.enumerated().map { Tick(value: $1, text: texts?[$0].text ?? Axis.text($1)) })
      return figure
    }
  }

  static let panelRows: [Row] = [
    label("title", "Sets the title of the panel at hand; figure{title = …} stands above all panels.") { $0.title = $1 },
    label("xlabel", "Names the x axis.") { $0.xLabel = $1 },
    label("ylabel", "Names the y axis.") { $0.yLabel = $1 },
    label("zlabel", "Names the vertical axis of a surface.") { $0.zLabel = $1 },
    limits("x") { $0.xLimits = $1 },
    limits("y") { $0.yLimits = $1 },
    scale("x") { $0.xScale = $1 },
    scale("y") { $0.yScale = $1 },
    marks("x") { $0.xTicks = $1 },
    marks("y") { $0.yTicks = $1 },
    Row(
      "legend",
      """
      Places the legend: "best" (the first free corner, outside where there is none), "outside", or a place such as "top left", "bottom right", "center";
      false hides it; a list names the layers in the order in which they were drawn. Layers with labels have a legend without this call.
      Errors: another place; more names than layers.
      """,
      Param("figure", Figure.self), Param("place", default: Legend(), "where it stands, false, or names"), place: .method,
      example: "return plot.figure():line{1, 2}:line{2, 1}:legend{'up', 'down'}"
    ) { figure, legend in
      if let names = legend.names {
        guard names.count <= figure.panel.layers.count else { throw LuaError("legend: \(names.count) names for \(figure.panel.layers.count) layers") }
        for (i, name) in names.enumerated() { figure.panel.layers[i].rename(name) }
      } else {
        figure.panel.legend = legend
      }
      return figure
    },
    Row(
      "grid", "Shows or hides the lines behind the curves.", Param("figure", Figure.self), Param("on", default: true, "whether they are shown"),
      place: .method, example: "return plot.figure():line{1, 2}:grid(false)"
    ) { figure, on in
      figure.panel.showsGrid = on
      return figure
    },
    Row(
      "subplot",
      """
      Makes panel i of r rows and c columns the one that is drawn into, counted row by row from 1; subplot(i) counts in the figure's own rows and cols.
      Errors: rows or columns outside 1 to 20; i beyond their product.
      """,
      Param("figure", Figure.self), Param("r", Int.self, "rows, or i alone"), Param("c", default: Int?.none, "columns"),
      Param("i", default: Int?.none, "the panel's number"),
      place: .method, example: "return plot.figure():subplot(1, 2, 1):line{1, 2}:subplot(1, 2, 2):line{2, 1}"
    ) { figure, r, c, i in
      guard (c == nil) == (i == nil) else { throw LuaError("subplot: expected rows, columns and the panel's number, or its number alone") }
      let (rows, columns, index) = c == nil ? (figure.rows, figure.columns, r) : (r, c!, i!)
      guard 1...mostPanels ~= rows, 1...mostPanels ~= columns else {
        throw LuaError("subplot: rows and columns must be from 1 to \(mostPanels), got \(rows) and \(columns)")
      }
      guard 1...rows * columns ~= index else {
        throw LuaError("subplot: panel \(index) is outside 1..\(rows * columns) (\(rows) row\(rows == 1 ? "" : "s"), \(columns) column\(columns == 1 ? "" : "s"))")
      }
      figure.choose(rows: rows, columns: columns, index: index - 1)
      return figure
    },
    Row(
      "colorbar",
      "Shows which colours stand for which numbers: of an image, a contour, a surface, or points coloured by numbers.\nErrors: nothing drawn is coloured by numbers.",
      Param("figure", Figure.self), Param("label", default: Caption(text: ""), "beside it"),
      place: .method, example: "return plot.figure():imshow(T.rand(4, 4)):colorbar('weight')"
    ) { figure, label in
      guard figure.panel.colours != nil else { throw LuaError("colorbar: nothing here is coloured by numbers; draw an image, a contour, a surface or points first") }
      figure.panel.colourBar = label.text
      return figure
    },
    Row(getter: "empty", "Whether nothing has been drawn into the panel at hand.", example: "return plot.figure().empty", of: Figure.self) { $0.panel.isEmpty },
  ]

  /// Methods of a figure, and functions that draw into the one at hand.
  static let shared: [Row] = [
    Line.rows, Scatter.rows, Bar.rows, Histogram.rows, ImageGrid.rows, Contour.rows, Quiver.rows, Surface.rows, FillBetween.rows, ReferenceLine.rows,
    Annotation.rows, Boundary.rows, GraphDrawing.rows, Figure.panelRows, Output.rows,
  ].flatMap { $0 }

  var description: String {
    if let graph = panels.first?.graph, panels.count == 1 { return graph.text }
    return "Figure(\(size.width) x \(size.height), \(panels.map(\.summary).joined(separator: "; ")))"
  }

  public static let figureClass = LuaClass(
    "Figure",
    "A picture: panels with axes and what is drawn between them, images, surfaces or graphs. `plot.figure{…}` makes one; its methods return it, so that calls can be chained.",
    rows: shared,
    operators: [
      (
        "__tostring",
        Row("__tostring", "Its size and what it holds; of a graph, its nodes line by line.", Param("figure", Figure.self)) { $0.description }
      ),
      (
        "__display",
        Row("__display", "What a notebook shows: the picture.", Param("figure", Figure.self)) { figure in
          // An empty figure is no mistake where nobody asked for it to be drawn.
          figure.panels.allSatisfy(\.isEmpty) ? DisplayBundle(text: figure.description) : try Output.bundle(figure, for: "display")
        }
      ),
    ])
}
