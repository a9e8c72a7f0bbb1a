internal import LuaBridge
internal import Tensors

/// Points, of one colour, of a colour for each class, or of colours for numbers.
struct Scatter: Layer {
  var x: [Double]
  var y: [Double]
  var paint: Paint
  var sizes: Series.Sizes
  var marker: Marker
  var alpha: Double
  /// A white rim sets the dots off from a coloured ground.
  var isOutlined = false

  enum Paint {
    case one(Colour, label: String?)
    /// The class of each point, from 0, and the classes' names.
    case classes([Int], [String])
    case values([Double], ColourScale, label: String?)
  }

  var names: [String] {
    switch paint {
    case .one(_, let label), .values(_, _, let label): label.map { [$0] } ?? []
    case .classes(_, let names): names
    }
  }
  mutating func rename(_ name: String) {
    switch paint {
    case .one(let colour, _): paint = .one(colour, label: name)
    case .values(let values, let scale, _): paint = .values(values, scale, label: name)
    case .classes: break
    }
  }
  var colours: ColourScale? { if case .values(_, let scale, _) = paint { scale } else { nil } }

  func extend(_ bounds: inout Bounds) { Line.extend(&bounds, x, y) }

  func draw(_ canvas: inout Canvas) {
    let points = canvas.places(x, y)
    let seen = Thinning.seen(points, canvas)
    for i in seen { canvas.take(points[i].0, points[i].1) }
    if isOutlined, !canvas.isText, case .one(let size) = sizes, !seen.isEmpty {
      canvas.plot(
        "\(canvas.script.data(seen.lazy.map { [points[$0].0, points[$0].1] })) using 1:2 with points pointtype \(marker.type) pointsize \(size * 1.3) linecolor rgb '#ffffff'"
      )
    }
    switch paint {
    case .one(let colour, let label):
      canvas.plot(dots(seen, points, &canvas, colour: { _ in nil }) + " linecolor \(colour.command(alpha: alpha))", title: label)
    case .classes(let classes, let names):
      for (k, name) in names.enumerated() {
        let members = seen.filter { classes[$0] == k }
        // A class without points keeps its place in the legend.
        canvas.plot(dots(members, points, &canvas, number: k, colour: { _ in nil }) + " linecolor \(Colour.cycle(k).command(alpha: alpha))", title: name)
      }
    case .values(let values, let scale, let label):
      let opacity = Int(((1 - alpha) * 255).rounded()) << 24
      let members = seen.filter { values[$0].isFinite }
      canvas.plot(dots(members, points, &canvas, colour: { Double(scale.colour(values[$0])!.rgb | opacity) }) + " linecolor rgb variable", title: label)
    }
  }

  /// Columns: x, y, the size where each point has its own, the colour where it has its own.
  private func dots(_ members: [Int], _ points: [(Double, Double)], _ canvas: inout Canvas, number: Int? = nil, colour: (Int) -> Double?) -> String {
    let number = number ?? canvas.parts.count
    var own: [Double]?, size = "variable"
    switch sizes {
    case .one(let one): size = "\(one * marker.scale)"
    case .each(let list): own = list.map { $0 * marker.scale }
    }
    var rows = members.map { i in [points[i].0, points[i].1] + (own.map { [$0[i]] } ?? []) + (colour(i).map { [$0] } ?? []) }
    let columns = 2 + (own == nil ? 0 : 1) + ({ if case .values = paint { 1 } else { 0 } }())
    if rows.isEmpty { rows = [[Double](repeating: .nan, count: columns)] }
    let data = canvas.script.data(rows)
    return "\(data) using \((1...columns).map(String.init).joined(separator: ":")) with points \(marker.command(number, isText: canvas.isText)) pointsize \(size)"
  }

  // MARK: arguments

  static let rows: [Row] = [
    Row(
      "scatter",
      """
      Draws a dot at each (x[i], y[i]); those that are not finite are left out. scatter(y) counts x from 1, scatter(points) takes the columns of a tensor {n,2}.
      A color for each point makes classes (whole numbers: a colour and a name in the legend for each) or shows numbers by the colormap (see colorbar).
      Shapes: x, y, color, size of n numbers.
      Errors: different lengths; no points; none finite; more than 20 classes.
      """,
      Param("figure", Figure.self), Param("x", PointsOrSeries.self), Param("y", default: Series?.none, "as many; x itself is drawn against 1, 2, … where left out"),
      Param.option("label", default: Caption?.none, "its name in the legend"),
      Param.option("color", default: Shade?.none, "\(Figure.colourDoc); or a class or number for each point"),
      Param.option("classes", default: [Caption]?.none, "the classes' names, from the smallest label"),
      Param.option("size", default: Series.Sizes.one(0.8), "of the dots, one or one for each"), Param.option("marker", default: Marker.circle, "what stands at a point"),
      Param.option("alpha", default: 1.0, "0 is not seen, 1 hides what is behind"), Param.option("colormap", default: Colormap.viridis, Colormap.choices),
      Param.option("range", default: Interval?.none, "the numbers at the colormap's ends"),
      place: .method, example: "return plot.figure():scatter({1, 2, 3}, {2, 4, 8}, {color = {1, 1, 2}, classes = {'cat', 'dog'}})"
    ) { figure, x, y, label, shade, classes, sizes, marker, alpha, colormap, range in
      let (x, y) = try x.points("scatter", y)
      try Limits.alpha(alpha, "scatter")
      switch sizes {
      case .one(let size): try Limits.size(size, "scatter")
      case .each(let list):
        guard list.count == x.count else { throw LuaError("scatter: \(list.count) sizes for \(x.count) points") }
        for size in list { try Limits.size(size, "scatter") }
      }
      try figure.add("scatter", bytes: x.count * 32) { panel in
        let paint: Paint
        switch shade {
        case nil: paint = .one(panel.nextColour(), label: label?.text)
        case .one(let colour): paint = .one(colour, label: label?.text)
        case .each(let series):
          guard series.values.count == x.count else { throw LuaError("scatter: \(series.values.count) colors for \(x.count) points") }
          if series.isWhole || classes != nil {
            let labels = try Labels(series.values, names: classes?.map(\.text), for: "scatter")
            paint = .classes(labels.positions, labels.names)
          } else {
            paint = .values(series.values, try ColourScale(colormap, series.values, range, for: "scatter"), label: label?.text)
          }
        }
        return Scatter(x: x, y: y, paint: paint, sizes: sizes, marker: marker, alpha: alpha)
      }
      return figure
    }
  ]

  /// One colour, or a class or number for each point.
  enum Shade: LuaValue {
    case one(Colour)
    case each(Series)
    static var luaName: String { "colour, Tensor or list" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Shade {
      if stack.type(at: index) == .table || stack.object(at: index) is Tensor { return .each(try Series.decode(stack, index)) }
      return .one(try Colour.decode(stack, index))
    }
    func push(_ stack: LuaStack) {
      switch self {
      case .one(let colour): colour.push(stack)
      case .each(let series): series.push(stack)
      }
    }
  }
}

/// Coordinates: numbers, or both columns of a tensor {n,2}.
struct PointsOrSeries: LuaValue {
  static var luaName: String { Series.luaName }
  var x: Series
  var columns: [Double]?

  static func decode(_ stack: LuaStack, _ index: Int32) throws -> PointsOrSeries {
    if let tensor = stack.object(at: index) as? Tensor, tensor.rank == 2, tensor.shape[1] == 2 {
      let values = try Series.numbers(tensor)
      let column = { c in stride(from: c, to: values.count, by: 2).map { values[$0] } }
      return PointsOrSeries(x: Series(values: column(0)), columns: column(1))
    }
    return PointsOrSeries(x: try Series.decode(stack, index))
  }
  func push(_ stack: LuaStack) { x.push(stack) }

  func points(_ function: String, _ y: Series?) throws -> ([Double], [Double]) {
    if columns != nil, y != nil, x.values.count * 2 != 2 { throw LuaError("\(function): x has two columns already; give y with one column, or points alone") }
    return try Line.points(function, x, y ?? columns.map { Series(values: $0) })
  }
}

/// Labels of classes: whole numbers, each with a name.
struct Labels {
  /// The class of each point, from 0.
  let positions: [Int]
  let names: [String]
  /// The labels, smallest first.
  let values: [Double]

  /// - Errors: labels that are no whole numbers; more than 20 classes; fewer names than classes.
  init(_ labels: [Double], including more: [Double] = [], names: [String]?, for function: String) throws {
    guard labels.allSatisfy({ $0.isFinite && $0 == $0.rounded() }) else { throw LuaError("\(function): labels of classes must be whole numbers") }
    var values = Set(labels + more).sorted()
    // With names the labels count from 1 (or from 0 where one is 0), so that a class without points keeps its colour.
    if let names, let low = values.first, let high = values.last, low >= 0 {
      let start = low == 0 ? 0.0 : 1.0
      guard high - start < Double(names.count) else {
        throw LuaError("\(function): \(names.count) names of classes, but a label is \(high.luaLiteral)")
      }
      values = (0..<names.count).map { start + Double($0) }
    }
    guard values.count <= 20 || names != nil && values.count <= 100 else {
      throw LuaError("\(function): \(values.count) different labels are too many classes to be told apart")
    }
    let places = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
    positions = labels.map { places[$0] ?? 0 }
    self.names = names ?? values.map(\.luaLiteral)
    self.values = values
  }
}
