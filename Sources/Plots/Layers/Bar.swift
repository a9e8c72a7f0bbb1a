internal import LuaBridge
internal import Tensors

/// Bars, alone or side by side in groups.
enum Bar {
  /// Where bars stand: numbers, or names that stand at 1, 2, 3, ….
  enum Places: LuaValue {
    case numbers(Series)
    case names([String])
    /// Rows of a matrix, given without places.
    case heights(Matrix)
    static var luaName: String { "list of strings, Tensor or list of numbers" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Places {
      if stack.type(at: index) == .table {
        stack.rawGet(index, 1)
        let type = stack.type(at: -1)
        stack.pop()
        if type == .string { return .names(try [Caption].decode(stack, index).map(\.text)) }
        if type == .table { return .heights(try Matrix.decode(stack, index)) }
      }
      if let tensor = stack.object(at: index) as? Tensor, tensor.rank == 2 { return .heights(try Matrix.decode(stack, index)) }
      return .numbers(try Series.decode(stack, index))
    }
    func push(_ stack: LuaStack) {
      switch self {
      case .numbers(let series): series.push(stack)
      case .names(let names): names.push(stack)
      case .heights(let matrix): matrix.push(stack)
      }
    }
  }

  static let rows: [Row] = [
    Row(
      "bar",
      """
      Draws a bar of height y[i] at each x[i], numbers or names; bar(y) counts x from 1. Rows of a matrix are groups of bars side by side, each with a label.
      Shapes: x of n numbers or names; y of n numbers, or {groups,n}.
      Errors: different lengths; no bars; none finite; as many labels as groups are needed.
      """,
      Param("figure", Figure.self), Param("x", Places.self), Param("y", default: Matrix?.none, "the heights; x itself where left out"),
      Param.option("label", default: Caption.List?.none, "in the legend; a list for groups"), Param.option("color", default: Colour?.none, Figure.colourDoc),
      Param.option("width", default: 0.8, "of a bar or group, as a part of the distance between two"),
      Param.option("horizontal", default: false, "bars lie, names stand on the y axis"),
      Param.option("alpha", default: 1.0, "0 is not seen, 1 hides what is behind"),
      place: .method, example: "return plot.figure():bar({'train', 'test'}, {{0.95, 0.94}, {0.99, 0.97}}, {label = {'SGD', 'Adam'}})"
    ) { figure, x, y, label, colour, width, horizontal, alpha in
      try Limits.alpha(alpha, "bar")
      guard width > 0, width <= 1 else { throw LuaError("bar: width must be above 0 and at most 1, got \(width.luaLiteral)") }
      let (places, heights, categories) = try layout(x, y)
      guard heights.height > 0, heights.width > 0 else { throw LuaError("bar: there are no bars to draw") }
      guard heights.height <= 50, heights.width <= 10_000 else { throw LuaError("bar: \(heights.shape) bars are too many to be seen") }
      guard heights.values.contains(where: \.isFinite), places.allSatisfy(\.isFinite) else { throw LuaError("bar: none of the bars is finite, or a place is not") }
      let groups = heights.height
      if let label, label.texts.count != groups {
        throw LuaError("bar: \(label.texts.count) label\(label.texts.count == 1 ? "" : "s") for \(groups) group\(groups == 1 ? "" : "s") of bars")
      }
      let step = zip(places.sorted().dropFirst(), places.sorted()).map { $0 - $1 }.filter { $0 > 0 }.min() ?? 1
      let each = step * width / Double(groups)
      for (group, row) in heights.rows.enumerated() {
        let boxes = zip(places, row).map { place, value in
          let from = place - step * width / 2 + each * Double(group)
          return Rectangles.Box(from: from, to: from + each, value: value)
        }
        try figure.add("bar", bytes: boxes.count * 24) { panel in
          Rectangles(
            boxes: boxes, label: label?.texts[group], colour: groups == 1 ? colour ?? panel.nextColour() : panel.nextColour(), alpha: alpha,
            isHorizontal: horizontal, categories: categories)
        }
      }
      return figure
    }
  ]

  private static func layout(_ x: Places, _ y: Matrix?) throws -> ([Double], Matrix, [Tick]?) {
    func counted(_ count: Int) -> [Double] { (0..<count).map { Double($0 + 1) } }
    func check(_ count: Int, _ y: Matrix) throws {
      // A column of heights is one group.
      guard count == y.width else { throw LuaError("bar: x has \(count) values, y has \(y.height > 1 ? "rows of \(y.width)" : "\(y.width)")") }
    }
    switch (x, y) {
    case (.numbers(let heights), nil):
      return (counted(heights.values.count), Matrix(values: heights.values, height: heights.values.isEmpty ? 0 : 1, width: heights.values.count), nil)
    case (.heights(let heights), nil): return (counted(heights.width), heights, nil)
    case (.names, nil): throw LuaError("bar: names are given without heights: bar(names, heights)")
    case (.heights(let matrix), _?): throw LuaError("bar: x must be one number or name for each bar, got a matrix \(matrix.shape)")
    case (.numbers(let places), let y?):
      let y = y.width == 1 && places.values.count == y.height ? y.transposed : y
      try check(places.values.count, y)
      return (places.values, y, nil)
    case (.names(let names), let y?):
      let y = y.width == 1 && names.count == y.height ? y.transposed : y
      try check(names.count, y)
      return (counted(names.count), y, names.enumerated().map { Tick(value: Double($0 + 1), text: $1) })
    }
  }
}
