internal import LuaBridge
internal import Tensors

/// How often numbers fall into equal parts of a range: count[k] = |{i : edge[k] ≤ v[i] < edge[k+1]}|, the last part with its right end.
enum Histogram {
  /// Any tensor, or a list.
  struct Values: LuaValue {
    static var luaName: String { Series.luaName }
    var values: [Double]
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Values {
      if let tensor = stack.object(at: index) as? Tensor { return Values(values: try Series.numbers(tensor)) }
      return Values(values: try Series.decode(stack, index).values)
    }
    func push(_ stack: LuaStack) { values.push(stack) }
  }

  static let rows: [Row] = [
    Row(
      "hist",
      """
      Draws how many of the values fall into each of `bins` equal parts of the range (into the parts between given edges, where bins is a list); density = true makes the area 1.
      Values that are not finite, or outside the range, are not counted.
      Shapes: values of any shape.
      Errors: no values; none finite; edges that do not rise.
      """,
      Param("figure", Figure.self), Param("values", Values.self, "the numbers to count"), Param.option("bins", default: CountOrList.count(30), "how many, or their edges"),
      Param.option("range", default: Interval?.none, "{low, high}; the smallest and largest value where left out"),
      Param.option("density", default: false, "counts divided by their number and the width of a bin"),
      Param.option("label", default: Caption?.none, "its name in the legend"), Param.option("alpha", default: 0.8, "0 is not seen, 1 hides what is behind"),
      Param.option("color", default: Colour?.none, Figure.colourDoc), place: .method, example: "return plot.figure():hist(T.randn(1000), {bins = 20, density = true})"
    ) { figure, values, bins, range, density, label, alpha, colour in
      try Limits.alpha(alpha, "hist")
      guard !values.values.isEmpty else { throw LuaError("hist: there are no values to count") }
      let edges = try edges(values.values, bins, range)
      let counts = count(values.values, edges)
      let total = Double(counts.reduce(0, +))
      let boxes = counts.enumerated().map { k, count in
        Rectangles.Box(from: edges[k], to: edges[k + 1], value: density ? (total > 0 ? Double(count) / total / (edges[k + 1] - edges[k]) : 0) : Double(count))
      }
      try figure.add("hist", bytes: boxes.count * 24) { panel in
        Rectangles(boxes: boxes, label: label?.text, colour: colour ?? panel.nextColour(), alpha: alpha, isHorizontal: false)
      }
      return figure
    }
  ]

  static func edges(_ values: [Double], _ bins: CountOrList, _ range: Interval?) throws -> [Double] {
    switch bins {
    case .list(let edges):
      guard edges.count >= 2, edges.count <= 10_001, edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw LuaError("hist: the edges of bins must be at least two finite numbers that rise")
      }
      return edges
    case .count(let count):
      guard 1...10_000 ~= count else { throw LuaError("hist: bins must be from 1 to 10000, got \(count)") }
      var low = range?.low ?? .infinity, high = range?.high ?? -.infinity
      if range == nil {
        for value in values where value.isFinite {
          low = min(low, value)
          high = max(high, value)
        }
        guard low <= high else { throw LuaError("hist: none of the \(values.count) values is finite") }
        if high - low <= max(abs(low), abs(high)) * 1e-12 { (low, high) = (low - max(abs(low) * 0.05, 0.5), high + max(abs(high) * 0.05, 0.5)) }
      }
      guard (high - low).isFinite else { throw LuaError("hist: the values reach too far to be counted; give a {range = {low, high}}") }
      return (0...count).map { $0 == count ? high : low + (high - low) * Double($0) / Double(count) }
    }
  }

  static func count(_ values: [Double], _ edges: [Double]) -> [Int] {
    var counts = [Int](repeating: 0, count: edges.count - 1)
    let low = edges[0], high = edges[edges.count - 1]
    for value in values where value >= low && value <= high {
      // The last edge at or below the value.
      var from = 0, to = counts.count
      while to - from > 1 {
        let middle = (from + to) / 2
        if edges[middle] <= value { from = middle } else { to = middle }
      }
      counts[from] += 1
    }
    return counts
  }
}
