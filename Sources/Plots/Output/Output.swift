internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where figures go: files, terminals.
enum Output {
  static let rows: [Row] = [
    Row(
      "save",
      """
      Writes the picture; the ending of the path says how: .svg, .png or .pdf. The file is written whole or not at all.
      Errors: an empty figure; another ending; a path that cannot be written; gnuplot is missing.
      """, Param("figure", Figure.self), Param("path", String.self), place: .method, example: "return plot.figure():line({1, 2, 3}, {1, 4, 9}):save('squares.svg')"
    ) { figure, path in
      try save(figure, path, for: "save")
      return figure
    },
    Row(
      results: "show",
      """
      Shows the picture where the script runs: in the notebook or report; on the terminal as it is where that knows kitty's or sixel graphics, else in characters;
      without a terminal, writes nnlua-figure-1.png and so on.
      After plot.show() the next call begins a new figure. NNLUA_GRAPHICS=kitty, sixel, text or none decides for the terminal.
      Errors: an empty figure; gnuplot is missing.
      """, Param("figure", Figure.self), place: .method, example: "return plot.figure():line({1, 2, 3}, {1, 4, 9}):show()", returns: "Figure"
    ) { stack, figure in
      if let frontEnd = stack.state.frontEnd {
        frontEnd.show(try bundle(figure, for: "show"), id: nil, isUpdate: false)
        figure.isShown = true
      } else {
        try show(figure)
      }
      figure.push(stack)
      return 1
    },
    Row(
      "text",
      """
      The picture in characters, as show prints it on a terminal without graphics; of a graph, its nodes line by line.
      Errors: an empty figure; gnuplot is missing.
      """, Param("figure", Figure.self), Param.option("width", default: 80, "columns"), Param.option("height", default: 24, "rows of a panel"),
      place: .method, example: "return plot.figure():line({1, 2, 3}, {1, 4, 9}):text{width = 60}"
    ) { figure, width, height in
      guard 20...1000 ~= width, 8...1000 ~= height else { throw LuaError("text: width must be from 20 to 1000, height from 8 to 1000, got \(width) and \(height)") }
      return try text(figure, width: width, height: height, inColour: false, for: "text")
    },
  ]

  /// Panels one below another, as letters: there is no room beside.
  static func text(_ figure: Figure, width: Int, height: Int, inColour: Bool, for function: String) throws -> String {
    let panels = try figure.drawn(for: function)
    var text = figure.title.map { $0 + "\n" } ?? ""
    for var panel in panels {
      if let graph = panel.graph {
        text += (panel.title.map { $0 + "\n" } ?? "") + graph.text + "\n"
      } else if let images = panel.images {
        text += HalfBlocks.text(images, title: panel.title, columns: width)
      } else {
        (panel.rows, panel.columns, panel.index) = (1, 1, 0)
        let script = try figure.script(
          terminal: "dumb noenhanced \(inColour ? "ansirgb " : "")size \(width),\(height)", size: (width * 8, height * 16), panels: [panel], title: nil, isText: true)
        text += String(decoding: try Gnuplot.draw(script, for: function).drop { $0 == 12 || $0 == 10 }, as: UTF8.self).split(separator: "\u{c}").joined()
      }
    }
    return text
  }

  /// Larger pictures are shown as pixels: a page with them would no longer scroll.
  private static let mostDrawing = 2_000_000

  /// Pixels that the output of a notebook's cell has in a browser's window of usual size.
  private static let mostWidth = 800

  static func bundle(_ figure: Figure, for function: String) throws -> DisplayBundle {
    let drawing = try Gnuplot.picture(figure, "svg", for: function)
    guard drawing.count > mostDrawing else {
      // JupyterLab shows a drawing as wide as it says it is and cuts off what does not fit; a page narrower still scales it.
      let (width, height) = figure.size, shown = min(width, mostWidth)
      let text = String(decoding: drawing, as: UTF8.self).replacing(
        "width=\"\(width)\" height=\"\(height)\"",
        with: "width=\"\(shown)\" height=\"\(height * shown / max(width, 1))\" style=\"max-width:100%;height:auto\"", maxReplacements: 1)
      return DisplayBundle(text: figure.description, [("image/svg+xml", .text(text))])
    }
    return DisplayBundle(text: figure.description, [("image/png", .bytes(try Gnuplot.picture(figure, "png", for: function)))])
  }

  static func save(_ figure: Figure, _ path: String, for function: String) throws {
    do { try Sandbox.forbid("files cannot be written") } catch { throw LuaError("\(function): \(error)") }
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let ending = name.contains(".") ? name.split(separator: ".", omittingEmptySubsequences: false).last!.lowercased() : ""
    guard ["svg", "png", "pdf"].contains(ending) else {
      throw LuaError("\(function): the path must end in .svg, .png or .pdf, got '\(path)'")
    }
    try write(Gnuplot.picture(figure, ending, for: function), path, for: function)
  }

  /// Whole or not at all: into a file beside it, which then takes its place.
  private static func write(_ bytes: [UInt8], _ path: String, for function: String) throws {
    let draft = "\(path).\(getpid())"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw LuaError("\(function): cannot write '\(path)': \(reason())") }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + done, $0.count - done) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 {
        let why = reason()
        close(file)
        unlink(draft)
        throw LuaError("\(function): cannot write '\(path)': \(why)")
      }
      done += count
    }
    close(file)
    guard rename(draft, path) == 0 else {
      let why = reason()
      unlink(draft)
      throw LuaError("\(function): cannot write '\(path)': \(why)")
    }
  }

  private nonisolated(unsafe) static var shown = 0

  static func show(_ figure: Figure) throws {
    fflush(nil)  // what the script printed stands above the picture
    switch Screen.kind {
    case .none:
      shown += 1
      let name = "nnlua-figure-\(shown).png"
      try save(figure, name, for: "show")
      print("figure: \(name)")
    case .kitty: Screen.put(Screen.kitty(try Gnuplot.picture(figure, "png", for: "show")))
    case .sixel: Screen.put(try Gnuplot.picture(figure, "sixel", for: "show") + [10])
    case .text(let columns, let rows):
      let height = max(min(rows - 2, 30), 12)
      Screen.put(Array(try text(figure, width: max(min(columns - 1, 100), 20), height: height, inColour: Screen.hasColours, for: "show").utf8))
    }
    fflush(nil)
  }
}
