internal import LuaBridge
internal import Tensors

/// How a notebook shows a module: its layers with the shapes and the number of their parameters. No input is run through it: `summary` does that.
enum ModuleDisplay {
  static let row = Row(
    "__display", "What a notebook shows: a table of layers with the shapes of their parameters.", Param("module", Module.self), place: []
  ) { module in DisplayBundle(text: try module.treeLines().joined(separator: "\n"), [("text/html", .text(try html(module)))]) }

  /// Layers beyond these are counted only.
  private static let mostLayers = 200

  private static func html(_ module: Module) throws -> String {
    let total = try module.namedParameters().reduce(0) { $0 + $1.tensor.count }
    let frozen = try module.namedParameters().reduce(0) { $0 + ($1.tensor.requiresGrad ? 0 : $1.tensor.count) }
    var notes = ["\(grouped(total)) parameter\(total == 1 ? "" : "s")"]
    if frozen > 0 { notes.append("\(grouped(frozen)) frozen") }
    if !module.training { notes.append("evaluation") }
    let layers = try module.namedModules()
    let children = try module.ownChildren()
    let head = HTML.heading(children.isEmpty ? module.title : module.kind, notes.joined(separator: " · "))
    var rows: [[HTML.Cell]] = []
    for (path, layer) in layers.prefix(mostLayers) where !path.isEmpty || children.isEmpty {
      let depth = path.isEmpty ? 0 : path.split(separator: ".").count - 1
      let name = path.isEmpty ? "" : String(ModuleCalls.inScript(path).drop { $0 == "." })
      let own = try layer.ownParameters(), isGroup = try !layer.ownChildren().isEmpty
      let shapes = own.map { "\($0.name) \($0.tensor.shape)" }.joined(separator: ", ")
      let count = own.reduce(0) { $0 + $1.tensor.count }
      rows.append([
        HTML.Cell(name, style: "padding-left:\(Double(depth) * 1.2 + 0.7)em"), HTML.Cell(isGroup && layer.summaryLine.isEmpty ? layer.kind : layer.title),
        HTML.Cell(shapes),
        .number(count == 0 ? "" : grouped(count)),
      ])
    }
    guard !rows.isEmpty else { return head }
    let rest = layers.count > mostLayers ? HTML.note("the first \(mostLayers) of \(layers.count) layers") : ""
    return head + HTML.table([HTML.Cell("layer"), HTML.Cell("kind"), HTML.Cell("parameters"), .number("values")], rows) + rest
  }
}
