internal import LuaBridge
internal import Tensors

/// The computation graph of a tensor: what it was made of, from left to right, drawn as boxes and arrows.
struct GraphDrawing {
  struct Node {
    /// Its name, below it value or shape, and its gradient.
    let lines: [String]
    let kind: TapeGraph.Kind
    let inputs: [Int]
    let hasGradient: Bool
    /// One line of the printed form.
    let row: String
  }
  let nodes: [Node]
  /// Where the nodes lie, worked out when they are drawn.
  private let layout: GraphLayout?
  static let most = 300

  init(_ graph: TapeGraph) throws {
    let wide = "\(graph.entries.count)".count
    nodes = try graph.entries.enumerated().map { i, entry in
      let value = try entry.value.flatMap { try Self.short($0) }
      let name = entry.name.map { entry.kind == .op ? "\($0) = \(entry.op)" : $0 } ?? (entry.kind == .leaf ? "leaf" : entry.op)
      let gradient = try entry.gradient.flatMap { try Self.short($0) }
      // A number that is not known has nothing to be said of.
      var lines = [name] + (value.map { [$0] } ?? (entry.shape.isEmpty ? [] : ["\(entry.shape)"]))
      if let gradient { lines.append("grad \(gradient)") }
      let number = "\(i + 1)"
      var row = String(repeating: " ", count: wide - number.count) + "\(number)  \(name)"
      if !entry.inputs.isEmpty { row += "(\(entry.inputs.map { "\($0 + 1)" }.joined(separator: ", ")))" }
      row += "  \(entry.shape)"
      if let value { row += "  \(value)" }
      if let gradient { row += "  grad \(gradient)" }
      return Node(lines: lines, kind: entry.kind, inputs: entry.inputs, hasGradient: gradient != nil, row: row)
    }
    layout = nodes.count <= Self.most ? GraphLayout(nodes) : nil
  }

  var text: String { nodes.map(\.row).joined(separator: "\n") }

  /// Up to four numbers; nil for larger tensors.
  private static func short(_ tensor: Tensor) throws -> String? {
    guard tensor.count <= 4, tensor.count > 0, tensor.rank <= 2 else { return nil }
    let list = try tensor.values().map { Axis.text($0, digits: 5) }
    if tensor.count == 1 { return list[0] }
    if tensor.rank == 1 { return "[\(list.joined(separator: ", "))]" }
    let width = tensor.shape[1]
    return "[" + stride(from: 0, to: list.count, by: width).map { "[\(list[$0..<$0 + width].joined(separator: ", "))]" }.joined(separator: ", ") + "]"
  }

  var naturalSize: (width: Int, height: Int) {
    guard let layout else { return (640, 480) }
    return (Int(min(layout.width + 24, 8192)), Int(min(layout.height + 24, 8000)))
  }

  func draw(_ script: inout Script, _ region: Region, _ size: (width: Int, height: Int)) throws {
    guard let layout else { throw LuaError("graph: \(nodes.count) nodes are too many to be drawn (at most \(Self.most)); tostring(figure) prints them") }
    // The graph in its own pixels, made smaller where the panel has fewer.
    let room = ((region.right - region.left) * Double(size.width), (region.top - region.bottom) * Double(size.height))
    let scale = max(1, (layout.width + 24) / room.0, (layout.height + 24) / room.1)
    let (width, height) = (room.0 * scale, room.1 * scale)
    let shift = ((width - layout.width) / 2, (height - layout.height) / 2)
    script.add("unset border\nunset tics\nunset key\nset xrange [0:\(width)]\nset yrange [\(height):0]")
    script.add("set lmargin 0\nset rmargin 0\nset bmargin 0\nset tmargin 0")
    let font = max(4, 10.5 / scale)
    for (i, node) in nodes.enumerated() {
      let box = layout.boxes[i]
      let (x, y) = (box.x + shift.0, box.y + shift.1)
      let (fill, border): (Colour, Colour) =
        switch node.kind {
        case .op: (Colour(0xdcebf7), Colour(0x0072b2))
        case .leaf: (Colour(0xfdebd0), Colour(0xd58a00))
        case .constant: (Colour(0xf2f2f2), Colour(0x999999))
        }
      script.add(
        "set object rectangle from \(x - box.width / 2), \(y - box.height / 2) to \(x + box.width / 2), \(y + box.height / 2) "
          + "fillcolor \(fill.command()) fillstyle solid border linecolor \(border.command()) linewidth 1.2")
      for (k, line) in node.lines.enumerated() {
        let at = y + (Double(k) - Double(node.lines.count - 1) / 2) * GraphLayout.line
        let isGradient = node.hasGradient && k == node.lines.count - 1
        let colour = k == 0 ? Colour(0x222222) : isGradient ? Colour(0xb03a00) : Colour(0x555555)
        script.add("set label \(Script.quoted(line)) at \(x), \(at) center front font ',\(k == 0 ? font : font * 0.92)' textcolor \(colour.command())")
      }
    }
    for edge in layout.edges {
      let points = edge.map { ($0.0 + shift.0, $0.1 + shift.1) }
      for (k, (a, b)) in zip(points, points.dropFirst()).enumerated() {
        script.add(
          "set arrow from \(a.0), \(a.1) to \(b.0), \(b.1) \(k == points.count - 2 ? "head filled size first 9,18" : "nohead") back linecolor rgb '#777777' linewidth 1.2"
        )
      }
    }
    script.add("plot NaN notitle")
  }

  /// Names of tensors: `{x = x, w = w}`.
  struct Names: LuaValue {
    static var luaName: String { "table of Tensors" }
    var list: [(String, Tensor)]
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Names {
      guard stack.type(at: index) == .table, stack.reserve(8) else { throw TypeMismatch(luaName) }
      let index = stack.absolute(index)
      var list: [(String, Tensor)] = []
      stack.pushNil()
      while stack.next(index) {
        guard stack.type(at: -2) == .string, let name = stack.string(at: -2) else {
          stack.pop(2)
          throw TypeMismatch(luaName, detail: "names expected, {x = x, w = w}")
        }
        guard let tensor = stack.object(at: stack.top) as? Tensor else {
          let type = stack.typeName(at: -1)
          stack.pop(2)
          throw TypeMismatch(luaName, detail: "Tensor expected, got \(type) for '\(name)'")
        }
        list.append((name, tensor))
        stack.pop()
      }
      return Names(list: list.sorted { $0.0 < $1.0 })
    }
    func push(_ stack: LuaStack) { stack.newTable() }
    var luaLiteral: String { "{}" }
  }

  static let rows: [Row] = [
    Row(
      "graph",
      """
      Draws the computation graph of y from its tape: ops (blue), tensors that gradients are asked for (orange), others that an op has kept (grey), with their shapes,
      or their values where they are small and known. tostring(figure) and figure:text() print it: number, op, its inputs' numbers, shape, value.
      Call it before y:backward(), which gives the tape back; gradients = true works out the gradient of y by every node and changes nothing.
      Errors: y was not recorded, or its graph is freed; gradients of a y of more than one element; more than 300 nodes to be drawn, 10000 to be printed.
      """,
      Param("figure", Figure.self), Param("y", Tensor.self, "a result that gradients are followed through"), Param.option("names", default: Names(list: []), "of tensors in it, {x = x, w = w}"),
      Param.option("gradients", default: false, "show the gradient of y by each node"),
      place: .method, example: "local x = T.tensor(3, {requires_grad = true}); return plot.graph(x * x + 2 * x, {names = {x = x}, gradients = true})"
    ) { figure, y, names, gradients in
      guard figure.panel.isEmpty else { throw Figure.isTaken("graph") }
      figure.panel.graph = try GraphDrawing(TapeGraph(of: y, known: names.list, gradients: gradients, for: "graph"))
      return figure
    }
  ]
}
