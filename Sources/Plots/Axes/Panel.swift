internal import LuaBridge

/// A part of the picture, in fractions of it; (0, 0) is the lower left corner.
struct Region {
  var left, bottom, right, top: Double
}

/// One pair of axes with its layers, a grid of images, surfaces, or a graph.
struct Panel {
  /// Which part of the picture it takes: place `index` (from 0, row by row) of a grid.
  var rows = 1
  var columns = 1
  var index = 0

  var layers: [any Layer] = []
  var images: ImageGrid?
  var surfaces: [Surface] = []
  var graph: GraphDrawing?
  var title: String?
  var xLabel: String?
  var yLabel: String?
  var zLabel: String?
  var xLimits: Interval?
  var yLimits: Interval?
  var xScale = Scale.linear
  var yScale = Scale.linear
  var xTicks: [Tick]?
  var yTicks: [Tick]?
  var legend = Legend()
  var showsGrid: Bool?
  /// Whether a colour bar is asked for, and its text.
  var colourBar: String?
  /// Curves that took a colour from the palette.
  var coloured = 0

  var isEmpty: Bool { layers.isEmpty && images == nil && surfaces.isEmpty && graph == nil }

  /// The scale that a colour bar explains: the last layer's that has one.
  var colours: ColourScale? { surfaces.last?.colours ?? layers.last { $0.colours != nil }?.colours ?? images?.scale }

  /// One image between axes: something asks for them or stands on it.
  var imageHasAxes: Bool {
    !layers.isEmpty || xLabel != nil || yLabel != nil || xLimits != nil || yLimits != nil || xTicks != nil || yTicks != nil || showsGrid != nil
  }

  func naturalSize(alone: Bool) -> (width: Int, height: Int) {
    if let graph { return graph.naturalSize }
    if let images {
      let size = images.naturalSize(alone: alone)
      let asks = images.images.count == 1 && (imageHasAxes || colourBar != nil)
      return (size.width + (asks ? 90 : 0) + (colourBar == nil ? 0 : 70), size.height + (asks ? 60 : 0) + titleHeight)
    }
    return alone ? (640, 480) : (440, 340)
  }
  var titleHeight: Int { title.map { Figure.height(of: $0, line: 20) } ?? 0 }

  var summary: String {
    if let graph { return "a graph of \(graph.nodes.count) nodes" }
    var parts: [String] = []
    if let images { parts.append("\(images.images.count) image\(images.images.count == 1 ? "" : "s")") }
    let count = layers.count + surfaces.count
    if count > 0 || images == nil { parts.append("\(count) layer\(count == 1 ? "" : "s")") }
    return parts.joined(separator: ", ")
  }

  func draw(_ script: inout Script, _ region: Region, _ size: (width: Int, height: Int), isText: Bool) throws {
    script.add("reset")
    script.add("set encoding utf8")
    if let images, images.images.count > 1 || !(imageHasAxes || colourBar != nil) {
      return images.draw(&script, region, size, title: title, colourBar: colourBar)
    }
    script.add("set origin \(region.left), \(region.bottom)\nset size \(region.right - region.left), \(region.top - region.bottom)")
    if let title { script.add("set title \(Script.quoted(title)) font ',13'") }
    if let graph { return try graph.draw(&script, region, size) }
    labels(&script)
    if !surfaces.isEmpty { return try Surface.draw(surfaces, self, &script, isText: isText) }
    try drawAxes(&script, region, size, isText: isText)
  }

  private func labels(_ script: inout Script) {
    for (name, text) in [("xlabel", xLabel), ("ylabel", yLabel)] {
      if let text { script.add("set \(name) \(Script.quoted(text))") }
    }
  }

  private func drawAxes(_ script: inout Script, _ region: Region, _ size: (width: Int, height: Int), isText: Bool) throws {
    let layers: [any Layer] = (images.map { [ImageLayer(grid: $0)] } ?? []) + layers
    var bounds = Bounds(x: Extent(xScale), y: Extent(yScale))
    for layer in layers { layer.extend(&bounds) }
    let x = Axis(scale: xScale, range: try range(bounds.x, xLimits, "x"))
    let y = Axis(scale: yScale, range: try range(bounds.y, yLimits, "y"), isReversed: images != nil)
    let pixels = (
      width: max(Int((region.right - region.left) * Double(size.width)) - (colourBar == nil ? 90 : 160), 40),
      height: max(Int((region.top - region.bottom) * Double(size.height)) - 60 - titleHeight, 40)
    )
    var canvas = Canvas(script, x, y, pixels: pixels, isText: isText)
    for layer in layers { layer.draw(&canvas) }
    if colourBar != nil, let colours {
      canvas.plot("\(canvas.script.data([[x.range.lowerBound, .nan, colours.low]])) using 1:2:3 with points palette")
    }
    script = canvas.script
    script.add("set xrange \(x.command)\nset yrange \(y.command)")
    if images != nil { script.add("set size ratio \(isText ? -1 : (y.range.upperBound - y.range.lowerBound) / (x.range.upperBound - x.range.lowerBound))") }
    frame(&script, layers, x, y, pixels, isText: isText)
    drawColourBar(&script)
    script.add(legend.command(layers.flatMap(\.names), canvas))
    script.add("plot " + canvas.parts.joined(separator: ", "))
    script.add(raw: canvas.raw)
  }

  private func range(_ extent: Extent, _ limits: Interval?, _ axis: String) throws -> ClosedRange<Double> {
    guard let limits else {
      if extent.isEmpty, extent.scale == .log { throw LuaError("\(axis)scale: a log scale shows numbers above 0, and there are none here") }
      return try extent.padded("\(axis)lim")
    }
    let low = extent.scale.place(limits.low), high = extent.scale.place(limits.high)
    guard low < high, high - low > max(abs(low), abs(high)) * 1e-12 else {
      throw LuaError("\(axis)lim: a \(extent.scale.rawValue) scale cannot show \(limits.low.luaLiteral) to \(limits.high.luaLiteral)")
    }
    return low...high
  }

  /// Border, grid, marks and their texts.
  private func frame(_ script: inout Script, _ layers: [any Layer], _ x: Axis, _ y: Axis, _ pixels: (width: Int, height: Int), isText: Bool) {
    let hidden = images != nil && !imageHasAxes
    script.add(hidden ? "unset border" : "set border 15 linecolor rgb '#666666' linewidth 1")
    script.add("set tics nomirror \(isText ? "" : "out scale 0.6 ")textcolor rgb '#333333'")
    if !isText, showsGrid ?? (images == nil) {
      script.add("set grid back linetype 1 linewidth 1 linecolor rgb '#e4e4e4', linetype 1 linewidth 0.5 linecolor rgb '#f4f4f4'")
    }
    for (name, axis, own, given) in [("x", x, xTicks, layers.lazy.compactMap(\.ticks.x).first), ("y", y, yTicks, layers.lazy.compactMap(\.ticks.y).first)] {
      if hidden {
        script.add("unset \(name)tics")
      } else if let ticks = own ?? given {
        let marks = ticks.filter { !axis.place($0.value).isNaN }.map { "\($0.quoted) \(axis.place($0.value))" }
        let letters = ticks.reduce(0) { $0 + $1.text.unicodeScalars.reduce(2) { $0 + ($1.value < 0x1100 ? 1 : 2) } }
        let crowded = name == "x" && letters * 7 > pixels.width
        script.add("set \(name)tics (\(marks.joined(separator: ", ")))\(crowded ? " rotate by -40" : "")")
      } else if let ticks = axis.ticks {
        script.add("set \(name)tics (\(ticks))")
      }
    }
  }

  private func drawColourBar(_ script: inout Script) {
    guard let colourBar, let colours else {
      script.add("unset colorbox")
      return
    }
    script.add(colours.colormap.palette)
    script.add("set cbrange [\(colours.low):\(colours.high > colours.low ? colours.high : colours.low + 1)]")
    script.add("set colorbox vertical noborder\nset cbtics nomirror scale 0.4 textcolor rgb '#333333'")
    if !colourBar.isEmpty { script.add("set cblabel \(Script.quoted(colourBar))") }
  }

  /// For panels that lay out the bar themselves.
  func addColourBar(to script: inout Script) { drawColourBar(&script) }
}
