internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Where figures go: files, terminals.
enum Output {
  static let rows: [Row] = [
    Row(
      "save", "Writes the picture; the ending of the path says how: .svg, .png or .pdf.", Param("figure", Figure.self), Param("path", String.self), place: .method
    ) { figure, path in
      try save(figure, path, for: "save")
      return figure
    },
    Row("show", "Shows the picture on the terminal; where there is none, writes a file and prints its name.", Param("figure", Figure.self), place: .method) { figure in
      try show(figure)
      return figure
    },
  ]

  static func save(_ figure: Figure, _ path: String, for function: String) throws {
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
      if let images = figure.panel.images {
        Screen.put(Array(HalfBlocks.text(images, title: figure.title, columns: columns).utf8))
      } else {
        let size = (width: min(columns - 1, 100), height: max(min(rows - 2, 30), 10))
        Screen.put(try Gnuplot.draw(figure.script(terminal: "dumb noenhanced size \(size.width),\(size.height)", size: (size.width * 8, size.height * 16)), for: "show"))
      }
    }
    fflush(nil)
  }
}
