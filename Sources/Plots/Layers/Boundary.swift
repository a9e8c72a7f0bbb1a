internal import LuaBridge
internal import Tensors

/// The regions of the plane that a classifier gives to each class, with the points it was made from on top.
struct Boundary: Layer {
  /// One plane of scores for each class over the grid; a single plane holds the classes' numbers themselves, from 0.
  let planes: [Field]
  /// The class of each region's colour.
  let classes: [Int]
  let alpha: Double

  func extend(_ bounds: inout Bounds) { planes[0].extend(&bounds) }

  func draw(_ canvas: inout Canvas) {
    guard !canvas.isText else { return shade(&canvas) }
    let colours = classes.map { Colour.cycle($0).tint(alpha) }
    canvas.fill(planes[0].x, planes[0].y) { column, row in region(column, row).map { colours[$0] } }
  }

  /// Scores are joined bilinearly, labels taken from the nearest point.
  private func region(_ column: (Int, Double), _ row: (Int, Double)) -> Int? {
    if planes.count == 1 {
      let field = planes[0]
      let value = field.z[(row.0 + (row.1 < 0.5 ? 0 : 1)) * field.width + column.0 + (column.1 < 0.5 ? 0 : 1)]
      return value.isFinite ? Int(value) : nil
    }
    var best: (Int, Double)?
    for (k, plane) in planes.enumerated() {
      let score = plane.value(column, row)
      guard score.isFinite else { return nil }
      if best == nil || score > best!.1 { best = (k, score) }
    }
    return best?.0
  }

  /// On a terminal of characters each class has its own shade of dots; the first has none.
  private func shade(_ canvas: inout Canvas) {
    let shades = [" ", ".", ":", "~", "'", ",", "-", "_", "`", "\""]
    let size = (canvas.pixels.width / 8, canvas.pixels.height / 16)
    let columns = Field.cells(planes[0].x, canvas.x, canvas.x.range.lowerBound, canvas.x.range.upperBound, size.0)
    let rows = Field.cells(planes[0].y, canvas.y, canvas.y.range.lowerBound, canvas.y.range.upperBound, size.1)
    for k in 1..<max(classes.count, 1) {
      var points: [[Double]] = []
      for (i, row) in rows.enumerated() {
        for (j, column) in columns.enumerated() {
          guard let row, let column, region(column, row) == k else { continue }
          let place = { (axis: Axis, share: Double) in axis.range.lowerBound + (axis.range.upperBound - axis.range.lowerBound) * share }
          points.append([place(canvas.x, (Double(j) + 0.5) / Double(size.0)), place(canvas.y, (Double(i) + 0.5) / Double(size.1))])
        }
      }
      guard !points.isEmpty else { continue }
      canvas.plot("\(canvas.script.data(points)) using 1:2:(\(Script.quoted(shades[k % shades.count]))) with labels")
    }
  }

  // MARK: from a function

  /// `{x low, x high, y low, y high}` or `{{x low, x high}, {y low, y high}}`.
  struct Area: LuaValue {
    static var luaName: String { "{x low, x high, y low, y high}" }
    var x: Interval
    var y: Interval
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Area {
      guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
      let list = try Matrix.decode(stack, index).values
      guard list.count == 4, list.allSatisfy(\.isFinite), list[0] < list[1], list[2] < list[3] else {
        throw TypeMismatch(luaName, detail: "four finite numbers expected, {x low, x high, y low, y high}")
      }
      return Area(x: Interval(low: list[0], high: list[1]), y: Interval(low: list[2], high: list[3]))
    }
    func push(_ stack: LuaStack) { [x.low, x.high, y.low, y.high].push(stack) }
  }

  static let rows: [Row] = [
    Row(
      "boundary",
      """
      Draws the regions of a classifier: f is called once, with a tensor {N,2} of points all over the axes, and colours them; the points x with their labels t lie on top.
      f returns scores {N,K} (the largest wins), whole labels {N} (integers, or floats that are whole), or one score {N} for two classes
      (above 0.5 where all are from 0 to 1, else above 0). A network is to be in evaluation mode.
      Shapes: x {n,2}; t {n} labels, or one-hot {n,K}.
      Errors: other shapes; what f returns; nothing finite.
      """,
      Param("figure", Figure.self), Param("f", LuaFunction.self, "maps points {N,2} to scores or labels"), Param("x", default: Tensor?.none, "the points"),
      Param("t", default: Matrix?.none, "their labels"),
      Param.option("range", default: Area?.none, "{x low, x high, y low, y high}; around the points where left out, else -1 to 1"),
      Param.option("steps", default: 200, "points along each axis"), Param.option("classes", default: [Caption]?.none, "the classes' names, from the smallest label"),
      Param.option("alpha", default: 0.35, "strength of the regions' colours"), Param.option("size", default: 0.9, "of the dots"),
      place: .method, example: "return plot.figure():boundary(function(p) return p:select(2, 1) + p:select(2, 2) end, T.tensor{{0, 0}, {1, 1}, {-1, -1}}, {0, 1, 0})"
    ) { figure, f, x, t, area, steps, names, alpha, size in
      try Limits.alpha(alpha, "boundary")
      try Limits.size(size, "boundary")
      guard 2...2000 ~= steps else { throw LuaError("boundary: steps must be from 2 to 2000, got \(steps)") }
      var points: ([Double], [Double])?
      if let x {
        guard x.rank == 2, x.shape[1] == 2 else { throw LuaError("boundary: x must have shape {n,2}, got \(x.shape)") }
        let values = try Series.numbers(x)
        let columns = (0..<2).map { c in stride(from: c, to: values.count, by: 2).map { values[$0] } }
        guard columns[0].indices.contains(where: { columns[0][$0].isFinite && columns[1][$0].isFinite }) else {
          throw LuaError("boundary: x of shape \(x.shape) holds no finite point")
        }
        points = (columns[0], columns[1])
      } else if t != nil {
        throw LuaError("boundary: labels are given without points")
      }
      let labels = try t.map { try Boundary.labels($0, points!.0.count) }
      let area = area ?? around(points)
      let axes = [area.x, area.y].map { interval in (0..<steps).map { interval.low + (interval.high - interval.low) * Double($0) / Double(steps - 1) } }
      let grid = try Tensor(grid: axes[0], axes[1])
      let result = try Tape.recording(false) { try f.call(grid, returning: Tensor.self) }
      var scores = try Self.scores(result, steps * steps)
      // Regions and points share the classes' colours: the labels of both, smallest first. Scores count from 1, or from 0 as the labels do;
      // two scores beside two labels are theirs.
      let own = Set(labels ?? []).sorted()
      let regions =
        scores.count == 1
        ? Set(scores[0].filter(\.isFinite)).sorted() : scores.count == 2 && own.count == 2 ? own : scores.indices.map { Double($0 + (own.first == 0 ? 0 : 1)) }
      let all = try Labels(labels ?? [], including: regions, names: names?.map(\.text), for: "boundary")
      let places = Dictionary(uniqueKeysWithValues: all.values.enumerated().map { ($1, $0) })
      if scores.count == 1 { scores[0] = scores[0].map { places[$0].map(Double.init) ?? .nan } }
      let classes = scores.count == 1 ? Array(all.values.indices) : regions.map { places[$0] ?? 0 }
      let planes = scores.map { Field(x: axes[0], y: axes[1], z: $0) }
      try figure.add("boundary", bytes: scores.count * steps * steps * 8) { _ in Boundary(planes: planes, classes: classes, alpha: alpha) }
      if let points {
        let paint: Scatter.Paint = labels == nil ? .one(Colour(0x333333), label: nil) : .classes(all.positions, all.names)
        try figure.add("boundary", bytes: points.0.count * 24) { _ in
          Scatter(x: points.0, y: points.1, paint: paint, sizes: .one(size), marker: .circle, alpha: 1, isOutlined: true)
        }
      }
      return figure
    }
  ]

  /// Planes of scores, one for each class, or one plane of labels.
  private static func scores(_ result: Tensor, _ count: Int) throws -> [[Double]] {
    let shape = result.shape.array
    guard let first = shape.first, first == count, shape.count == 1 || shape.count == 2, shape.last! >= 1 else {
      throw LuaError("boundary: the function must return scores {\(count),K} or labels {\(count)} for \(count) points, got \(result.shape)")
    }
    let values = try Series.numbers(result), width = shape.count == 2 ? shape[1] : 1
    guard values.contains(where: \.isFinite) else { throw LuaError("boundary: nothing that the function returned is finite") }
    if width > 1 {
      guard width <= 20 else { throw LuaError("boundary: \(width) classes are too many to be told apart (the function returned \(result.shape))") }
      return (0..<width).map { k in (0..<count).map { values[$0 * width + k] } }
    }
    let finite = values.lazy.filter(\.isFinite)
    if finite.allSatisfy({ $0 == $0.rounded() && abs($0) < 1e9 }) { return [values] }
    let threshold = finite.allSatisfy { 0...1 ~= $0 } ? 0.5 : 0
    return [values.map { threshold - $0 }, values.map { $0 - threshold }]
  }

  private static func labels(_ t: Matrix, _ count: Int) throws -> [Double] {
    if t.height == 1 || t.width == 1, t.values.count == count { return t.values }
    guard t.height == count, t.width > 1 else { throw LuaError("boundary: \(count) points need \(count) labels, or one-hot rows {\(count),K}, got \(t.shape)") }
    return t.rows.map { row in Double((row.indices.max { row[$0] < row[$1] } ?? 0) + 1) }
  }

  private static func around(_ points: ([Double], [Double])?) -> Area {
    func interval(_ list: [Double]) -> Interval {
      let finite = list.filter { $0.isFinite && abs($0) < 1e150 }
      guard let low = finite.min(), let high = finite.max() else { return Interval(low: -1, high: 1) }
      let margin = high > low ? (high - low) * 0.12 : max(abs(low) * 0.1, 1)
      return Interval(low: low - margin, high: high + margin)
    }
    guard let points else { return Area(x: Interval(low: -1, high: 1), y: Interval(low: -1, high: 1)) }
    return Area(x: interval(points.0), y: interval(points.1))
  }
}

extension Tensor {
  /// All points of a grid, row by row of y: {n · m, 2}.
  fileprivate convenience init(grid x: [Double], _ y: [Double]) throws {
    try self.init(empty: Shape(x.count * y.count, 2), .default)
    var at = 0
    for b in y {
      for a in x {
        if type == .float64 {
          pointer(Double.self)[at] = a
          pointer(Double.self)[at + 1] = b
        } else {
          pointer(Float.self)[at] = Float(a)
          pointer(Float.self)[at + 1] = Float(b)
        }
        at += 2
      }
    }
  }
}
