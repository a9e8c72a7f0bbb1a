package import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Help as text, for a terminal or a file.
public struct ReferenceText {
  private let width: Int
  private let styled: Bool

  /// As wide as the terminal that a stream is connected to, up to 100 columns, with bold and dim text; plain 80 columns otherwise.
  public init(stream: Int32 = 1) {
    let size = Terminal.size(stream)
    let plain = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false || getenv("TERM").map { strcmp($0, "dumb") == 0 } ?? false
    self.init(width: size.map { min(max($0.columns, 40), 100) } ?? 80, styled: size != nil && !plain)
  }
  package init(width: Int, styled: Bool) {
    self.width = width
    self.styled = styled
  }

  /// What `help NAME` shows; nil where nothing has the name.
  public func help(_ name: String) -> String? {
    let topics = Reference.find(name)
    guard !topics.isEmpty else { return nil }
    // A module's page says all of it; functions that share its name are listed below.
    if case .module(let library)? = topics.first {
      let others = topics.compactMap { if case .entry(let entry) = $0 { entry.title } else { nil } }
      return page(library) + (others.isEmpty ? "" : "\n" + seeAlso(others))
    }
    return topics.map(page).joined(separator: "\n\n")
  }

  /// What help says of one thing.
  package func page(_ topic: Reference.Topic) -> String {
    switch topic {
    case .module(let library): page(library)
    case .type(let type, let library): page(type, library)
    case .entry(let entry): page(entry)
    }
  }

  // MARK: pages

  /// The first page: what there is, and how to go on.
  public var overview: String {
    var lines = ["\(bold("nnlua")) \(RuntimeLibrary.version): neural networks in Lua.", "", bold("Modules")]
    lines += table(Reference.modules.map { ($0.name, "\($0.alias == $0.name || $0.name == "nnlua.\($0.alias)" ? "" : "\($0.alias): ")\(Documentation($0.doc).summary)") })
    lines += ["", bold("Classes")]
    lines += table(Reference.modules.flatMap(\.types).filter { $0.base == nil }.map { ($0.name, Documentation($0.doc).summary) })
    lines += ["", bold("Go on")]
    lines += table([
      ("nnlua help nn", "the functions of a module"), ("nnlua help conv2d", "a function: arguments, shapes, errors, an example"),
      ("nnlua help Tensor:backward", "a method"), ("?conv2d", "the same at the prompt; nnlua.help(\"conv2d\") in a script"),
      ("nnlua help --markdown DIR", "all of it as pages"), ("nnlua help --editor DIR", "definitions for editors with lua-language-server"),
      ("nnlua -h", "the options of the command line"),
    ])
    return lines.joined(separator: "\n")
  }

  private func page(_ library: Library) -> String {
    var lines = [bold(library.name) + (library.alias == library.shortName ? "" : dim("  called \(library.alias) in examples"))]
    lines += blocks(Documentation(library.doc).blocks, "  ")
    lines += ["", dim("  local \(Self.variable(library)) = require \"\(library.name)\"")]
    for group in Reference.groups(of: library) {
      lines += ["", bold(group.type.map { "Class \($0.name)" } ?? (group.title.isEmpty ? "Functions" : group.title))]
      if let type = group.type { lines += blocks(Documentation(type.doc).blocks.prefix(1), "  ") }
      lines += list(group.entries)
    }
    let inner = Reference.modules.filter { $0.name.hasPrefix(library.name + ".") }
    if !inner.isEmpty { lines += ["", bold("Modules")] + table(inner.map { ($0.name, Documentation($0.doc).summary) }) }
    return lines.joined(separator: "\n")
  }

  private func page(_ type: LuaClass, _ library: Library) -> String {
    var lines = [bold(type.name) + dim("  a class of \(library.name)")] + blocks(Documentation(type.doc).blocks, "  ")
    let methods = library.rows.filter { !$0.place.isDisjoint(with: [.method, .getter]) && $0.place.contains(.function) && type.rows.map(\.name).contains($0.name) }
    let entries = Reference.entries.filter { $0.type === type }
    lines += [""] + list(entries)
    if !methods.isEmpty { lines += ["", bold("Functions that are methods too")] + wrap(methods.map(\.name).joined(separator: " "), "  ", "  ") }
    return lines.joined(separator: "\n")
  }

  private func page(_ entry: Entry) -> String {
    let row = entry.row, documentation = row.documentation
    var lines = [bold(entry.title) + dim("  \(entry.library.name)"), ""]
    for call in entry.calls { lines += wrap("\(call) -> \(row.returns)", "  ", "      ") }
    if let form = entry.tableForm { lines += wrap("or one table: \(form)", "  ", "      ") }
    lines += [""] + blocks(documentation.blocks, "  ")
    let parameters = row.signature.parameters
    lines += section("Arguments", parameters.filter { !$0.named })
    if parameters.contains(where: { !$0.named && $0.literal != nil }) {
      lines.append(dim("  An argument with a default may also be given by name, in a table at the end."))
    }
    lines += section("Options, by name in a table at the end", parameters.filter(\.named))
    for part in documentation.sections { lines += ["", bold(part.label.rawValue)] + blocks(part.blocks, "  ") }
    if !row.example.isEmpty { lines += ["", bold("Example")] + row.example.split(separator: "\n").map { "  \($0)" } }
    let related = entry.related
    if !related.isEmpty { lines += ["", seeAlso(related.map(\.title))] }
    return lines.joined(separator: "\n")
  }

  // MARK: parts

  private func seeAlso(_ names: [String]) -> String { wrap("\(bold("See also")) \(names.joined(separator: ", "))", "", "  ").joined(separator: "\n") }

  private func section(_ title: String, _ parameters: [ParameterInfo]) -> [String] {
    guard !parameters.isEmpty else { return [] }
    return ["", bold(title)] + table(parameters.map { ($0.type == "…" ? "…" : $0.name, Self.describe($0)) })
  }

  /// "integer, default 1: step of the kernel"
  package static func describe(_ parameter: ParameterInfo) -> String {
    var text = parameter.type == "…" ? "any number of values" : parameter.type
    if let literal = parameter.literal { text += literal == "nil" ? ", optional" : ", default \(literal)" }
    return parameter.doc.isEmpty ? text : "\(text): \(parameter.doc)"
  }

  private func list(_ entries: [Entry]) -> [String] {
    table(
      entries.map {
        (
          $0.type == nil || $0.metamethod == nil ? ($0.type == nil ? "" : $0.row.place.contains(.getter) ? "." : ":") + $0.row.name : $0.calls[0],
          $0.row.documentation.summary
        )
      })
  }

  /// Names on the left, what they mean on the right.
  private func table(_ rows: [(String, String)]) -> [String] {
    let column = min(rows.map { $0.0.count }.max() ?? 0, 26) + 4
    return rows.flatMap { name, text in
      let left = "  \(name)"
      var lines = wrap(text, String(repeating: " ", count: column), String(repeating: " ", count: column))
      if lines.isEmpty { lines = [""] }
      if left.count + 1 >= column, !text.isEmpty { return [bold(left)] + lines }
      return ["\(bold(left))\(lines[0].dropFirst(left.count))"] + lines.dropFirst()
    }
  }

  private func blocks(_ blocks: some Sequence<Documentation.Block>, _ indent: String) -> [String] {
    blocks.flatMap { block in
      switch block {
      case .paragraph(let text): wrap(text, indent, indent)
      case .formula(let text): ["\(indent)    \(text)"]
      }
    }
  }

  /// Lines no longer than the terminal is wide; words longer than a line stand alone.
  private func wrap(_ text: String, _ first: String, _ rest: String) -> [String] {
    var lines: [String] = [], line = first, begun = false
    for word in text.split(separator: " ") {
      if begun, Self.columns(line) + 1 + Self.columns(String(word)) > width {
        lines.append(line)
        (line, begun) = (rest, false)
      }
      line += (begun ? " " : "") + word
      begun = true
    }
    if begun { lines.append(line) }
    return lines
  }
  /// Without the escapes of bold text.
  private static func columns(_ text: String) -> Int { text.replacing(/\u{1B}\[[0-9]+m/, with: "").count }

  private func bold(_ text: String) -> String { styled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  private func dim(_ text: String) -> String { styled ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  /// The name of the local that holds a module: the last part of its alias.
  package static func variable(_ library: Library) -> String { library.alias.split(separator: ".").last.map(String.init) ?? library.alias }
}
