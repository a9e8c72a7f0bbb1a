internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Lines of equal height, found cell by cell (marching squares): along each side of a cell whose ends lie on both sides of a level, the line
/// crosses where the straight line between them has that height.
struct Contour: Layer {
  let field: Field
  let levels: [Double]
  let isFilled: Bool
  let isLabelled: Bool
  /// One colour for all lines; the colormap's where it is nil.
  let colour: Colour?
  let width: Double
  let scale: ColourScale

  var colours: ColourScale? { isFilled || colour == nil ? scale : nil }

  func extend(_ bounds: inout Bounds) { field.extend(&bounds) }

  func draw(_ canvas: inout Canvas) {
    if isFilled, !canvas.isText {
      canvas.fill(field.x, field.y) { band(field.value($0, $1)) }
    }
    if isFilled && !isLabelled && !canvas.isText { return }
    for level in levels {
      let lines = Self.lines(field, level).map { $0.map { (canvas.x.place($0.0), canvas.y.place($0.1)) } }
      guard !lines.isEmpty else { continue }
      var rows: [[Double]] = []
      for line in lines {
        rows += line.map { [$0.0, $0.1] }
        rows.append([])
      }
      let colour = isFilled && !canvas.isText ? Colour(0x333333) : self.colour ?? scale.colour(level) ?? Colour(0)
      canvas.plot("\(canvas.script.data(rows)) using 1:2 with lines linewidth \(width) linecolor \(colour.command())")
      if isLabelled { label(level, lines, &canvas) }
    }
  }

  /// The height written on its longest line, at the middle, on a ground that covers the line.
  private func label(_ level: Double, _ lines: [[(Double, Double)]], _ canvas: inout Canvas) {
    guard let line = lines.max(by: { $0.count < $1.count }), line.count > 2 else { return }
    // Not where it would lie over the border.
    let inside = line.filter { 0.06...0.94 ~= canvas.x.share($0.0) && 0.06...0.94 ~= canvas.y.share($0.1) }
    guard !inside.isEmpty else { return }
    let at = inside[inside.count / 2]
    canvas.script.add(
      "set label \(Script.quoted(Axis.text(level, digits: 4))) at \(at.0), \(at.1) center front boxed font ',9' textcolor rgb '#333333'")
    canvas.script.add("set style textbox opaque fillcolor rgb '#ffffff' noborder margins 0.4, 0.3")
  }

  /// The middle colour of the band between two levels.
  private func band(_ z: Double) -> Colour? {
    guard z.isFinite else { return nil }
    var from = 0, to = levels.count
    while from < to {
      let middle = (from + to) / 2
      if levels[middle] <= z { from = middle + 1 } else { to = middle }
    }
    if from == 0 { return scale.colour(levels.count > 1 ? max(levels[0] - (levels[1] - levels[0]) / 2, scale.low) : scale.low) }
    if from == levels.count { return scale.colour(levels.count > 1 ? levels[from - 1] + (levels[from - 1] - levels[from - 2]) / 2 : scale.high) }
    return scale.colour((levels[from - 1] + levels[from]) / 2)
  }

  // MARK: lines

  /// The lines of one level as runs of points.
  static func lines(_ field: Field, _ level: Double) -> [[(Double, Double)]] {
    let (w, h) = (field.width, field.height)
    // A side of a cell has a number: 2·point for the one to the right of a point, 2·point + 1 for the one above it.
    func point(_ side: Int) -> (Double, Double) {
      let at = side / 2, other = side % 2 == 0 ? at + 1 : at + w
      let t = (level - field.z[at]) / (field.z[other] - field.z[at])
      let (x0, y0, x1, y1) = (field.x[at % w], field.y[at / w], field.x[other % w], field.y[other / w])
      return (x0 + (x1 - x0) * t, y0 + (y1 - y0) * t)
    }
    var neighbours: [Int: [Int]] = [:]
    func join(_ a: Int, _ b: Int) {
      neighbours[a, default: []].append(b)
      neighbours[b, default: []].append(a)
    }
    for i in 0..<h - 1 {
      for j in 0..<w - 1 {
        let at = i * w + j
        let corners = [field.z[at], field.z[at + 1], field.z[at + w + 1], field.z[at + w]]
        guard corners.allSatisfy(\.isFinite) else { continue }
        let above = corners.map { $0 > level }
        let sides = [2 * at, 2 * (at + 1) + 1, 2 * (at + w), 2 * at + 1]  // below, right, above, left
        let crossed = (0..<4).filter { above[$0] != above[($0 + 1) % 4] }
        if crossed.count == 2 {
          join(sides[crossed[0]], sides[crossed[1]])
        } else if crossed.count == 4 {
          // A saddle: the middle of the cell decides which corners belong together.
          let middle = corners.reduce(0, +) / 4 > level
          if middle == above[0] {
            join(sides[0], sides[1])
            join(sides[2], sides[3])
          } else {
            join(sides[0], sides[3])
            join(sides[1], sides[2])
          }
        }
      }
    }
    // Open lines begin at their ends, closed ones anywhere.
    var lines: [[(Double, Double)]] = []
    var seen: Set<Int> = []
    let order = neighbours.keys.sorted()
    for start in order.filter({ neighbours[$0]!.count == 1 }) + order where !seen.contains(start) {
      var line = [point(start)], side = start
      seen.insert(start)
      while let next = neighbours[side]!.first(where: { !seen.contains($0) }) {
        line.append(point(next))
        seen.insert(next)
        side = next
      }
      if neighbours[side]!.contains(start), line.count > 2 { line.append(line[0]) }
      lines.append(line)
    }
    return lines
  }

  /// Round heights between the lowest and the highest, about as many as asked for.
  static func levels(_ count: Int, _ low: Double, _ high: Double) -> [Double] {
    guard high > low else { return [low] }
    let raw = (high - low) / Double(count)
    let unit = pow(10, log10(raw).rounded(.down))
    let step = [1, 2, 2.5, 5, 10].map { $0 * unit }.first { $0 >= raw * 0.999 } ?? raw
    guard step.isFinite, step > 0, abs(high / step) < 1e15, abs(low / step) < 1e15 else { return [low, high] }
    let first = (low / step).rounded(.up), last = (high / step).rounded(.down)
    guard first <= last else { return [(low + high) / 2] }
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  static let rows: [Row] = [
    Row(
      "contour",
      """
      Draws lines of equal height through z[i][j], which stands over (x[j], y[i]); filled = true colours the bands between them. contour(z) counts x and y from 1.
      Cells with a corner that is not finite are left out.
      Shapes: x of m numbers, y of n, z {n,m}; or all three {n,m}, as T.meshgrid makes x and y.
      Errors: other shapes; x or y that do not rise; nothing finite; levels that do not rise.
      """,
      Param("figure", Figure.self), Param("x", Field.Coordinate.self), Param("y", default: Field.Coordinate?.none, "the other coordinate"),
      Param("z", default: Matrix?.none, "the heights; x itself where it is left out"),
      Param.option("levels", default: CountOrList.count(10), "about how many, or the heights themselves"),
      Param.option("filled", default: false, "colour the bands between them"),
      Param.option("labels", default: false, "the heights are written on the lines"), Param.option("colormap", default: Colormap.viridis, Colormap.choices),
      Param.option("color", default: Colour?.none, "of all lines, instead of the colormap's"), Param.option("width", default: 1.5, "of the lines, in points"),
      place: .method, example: "return plot.figure():contour({-1, 0, 1}, {0, 1}, {{1, 0, 1}, {2, 1, 2}}, {levels = {0.5, 1.5}, filled = true})"
    ) { figure, x, y, z, levels, filled, labels, colormap, colour, width in
      try Limits.width(width, "contour")
      let field = try Field("contour", x, y, z)
      let scale = try ColourScale(colormap, field.z, nil, for: "contour")
      let heights: [Double]
      switch levels {
      case .count(let count):
        guard 1...500 ~= count else { throw LuaError("contour: levels must be from 1 to 500, got \(count)") }
        heights = Self.levels(count, scale.low, scale.high)
      case .list(let list):
        guard !list.isEmpty, list.count <= 500, list.allSatisfy(\.isFinite), zip(list, list.dropFirst()).allSatisfy({ $0 < $1 }) else {
          throw LuaError("contour: levels must be finite numbers that rise, at most 500")
        }
        heights = list
      }
      try figure.add("contour", bytes: field.z.count * 8) { _ in
        Contour(field: field, levels: heights, isFilled: filled, isLabelled: labels, colour: colour, width: width, scale: scale)
      }
      return figure
    }
  ]
}
