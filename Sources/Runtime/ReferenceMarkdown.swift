internal import LuaBridge

/// The reference as Markdown: an index, a page a module, and a page a group of a module that is long.
///
/// The same text every time: the order is that of the rows, and nothing depends on the machine.
package struct ReferenceMarkdown {
  /// A module with more entries than this has a page for each of its groups.
  private static let longest = 100

  /// Files by name.
  package private(set) var files: [(name: String, text: String)] = [("index.md", "")]

  /// Where each entry stands: "nn.md#nn.Linear".
  private var places: [String: String] = [:]

  package init() {
    var pages: [(name: String, library: Library, groups: [Reference.Group])] = []
    for library in Reference.modules {
      let groups = Reference.groups(of: library), count = groups.reduce(0) { $0 + $1.entries.count }
      let name = Self.fileName(library)
      if count <= Self.longest || groups.count < 3 {
        pages.append(("\(name).md", library, groups))
      } else {
        pages += groups.map { ("\(name)-\(Self.slug($0.title)).md", library, [$0]) }
      }
    }
    for page in pages {
      for group in page.groups {
        if let type = group.type { places[type.name] = "\(page.name)#\(type.name)" }
        for entry in group.entries { places[entry.anchor] = "\(page.name)#\(entry.anchor)" }
      }
    }
    for library in Reference.modules {
      let own = pages.filter { $0.library.name == library.name }
      if own.count > 1 {
        files.append(("\(Self.fileName(library)).md", Self.contents(library, own.map { ($0.name, $0.groups[0]) }, places)))
        for page in own { files.append((page.name, text(page.groups, title: "\(library.name): \(page.groups[0].title)", library, isPart: true))) }
      } else {
        files += own.map { ($0.name, text($0.groups, title: library.name, library, isPart: false)) }
      }
    }
    files[0].text = index()
  }

  private static func fileName(_ library: Library) -> String {
    library.name == "nnlua" ? "nnlua" : String(library.name.dropFirst(6)).replacing(".", with: "-")
  }
  private static func slug(_ title: String) -> String {
    String(title.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" }).split(separator: "-").joined(separator: "-")
  }

  // MARK: pages

  private func index() -> String {
    var lines = [
      "# The reference of nnlua", "",
      "Made by `nnlua help --markdown` from the documentation of nnlua \(RuntimeLibrary.version); `nnlua help NAME` shows the same in a terminal.", "",
    ]
    lines += ["| module | in examples | |", "| --- | --- | --- |"]
    lines += Reference.modules.map { "| [\($0.name)](\(Self.fileName($0)).md) | `\($0.alias)` | \(Self.cell(Documentation($0.doc).summary)) |" }
    lines += ["", "Arguments in `[ ]` may be left out; those in `{ }` are given by name in a table at the end, and so may be every argument that has a default.", ""]
    lines += ["## All names", "", "| name | |", "| --- | --- |"]
    let rows =
      Reference.entries.map { ($0.row.name.lowercased(), $0.title, places[$0.anchor]!, $0.row.documentation.summary) }
      + Reference.modules.flatMap(\.types).map { ($0.name.lowercased(), $0.name, places[$0.name]!, Documentation($0.doc).summary) }
    lines += rows.sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }.map { "| [\(Self.cell($0.1))](\($0.2)) | \(Self.cell($0.3)) |" }
    return Self.joined(lines)
  }

  /// The page of a module whose groups have pages of their own.
  private static func contents(_ library: Library, _ pages: [(name: String, group: Reference.Group)], _ places: [String: String]) -> String {
    var lines = head(library, library.name)
    for (name, group) in pages {
      lines += ["", "## [\(escaped(group.title))](\(name))", ""]
      if let type = group.type { lines += blocks(Documentation(type.doc).blocks.prefix(1)) + [""] }
      lines += list(group.entries, places)
    }
    return joined(lines)
  }

  private static func head(_ library: Library, _ title: String) -> [String] {
    ["# \(escaped(title))", ""] + blocks(Documentation(library.doc).blocks)
      + ["", "```lua", "local \(ReferenceText.variable(library)) = require \"\(library.name)\"", "```", "", "[All names](index.md)"]
  }

  private static func list(_ entries: [Entry], _ places: [String: String]) -> [String] {
    guard !entries.isEmpty else { return [] }
    return ["| | |", "| --- | --- |"] + entries.map { "| [\(cell($0.title))](\(places[$0.anchor]!)) | \(cell($0.row.documentation.summary)) |" }
  }

  private func text(_ groups: [Reference.Group], title: String, _ library: Library, isPart: Bool) -> String {
    var lines = isPart ? ["# \(Self.escaped(title))", "", "[\(library.name)](\(Self.fileName(library)).md) · [All names](index.md)"] : Self.head(library, title)
    for group in groups {
      if let type = group.type {
        lines += ["", "<a id=\"\(type.name)\"></a>", "", "## Class \(Self.escaped(type.name))", ""] + Self.blocks(Documentation(type.doc).blocks)
      } else if !isPart, !group.title.isEmpty {
        lines += ["", "## \(Self.escaped(group.title))"]
      }
      lines.append("")
      lines += Self.list(group.entries, places)
      for entry in group.entries { lines += section(entry) }
    }
    return Self.joined(lines)
  }

  private func section(_ entry: Entry) -> [String] {
    let row = entry.row, documentation = row.documentation
    var lines = ["", "<a id=\"\(entry.anchor)\"></a>", "", "### \(Self.escaped(entry.title))", "", "```"]
    lines += entry.calls.map { "\($0) -> \(row.returns)" }
    if let form = entry.tableForm { lines.append(form) }
    lines += ["```", ""] + Self.blocks(documentation.blocks)
    let parameters = row.signature.parameters
    if !parameters.isEmpty, entry.metamethod == nil {
      lines += ["", "| argument | type | default | |", "| --- | --- | --- | --- |"]
      lines += parameters.map { parameter in
        let name = parameter.type == "…" ? "`…`" : "`\(parameter.named ? "{\(parameter.name)}" : parameter.name)`"
        return
          "| \(name) | \(Self.cell(parameter.type == "…" ? "any number of values" : parameter.type)) | \(parameter.literal.map { "`\(Self.code($0))`" } ?? "") | \(Self.cell(parameter.doc)) |"
      }
    }
    for part in documentation.sections {
      lines.append("")
      let text = Self.blocks(part.blocks)
      lines += ["**\(part.label.rawValue):** \(text.first ?? "")"] + text.dropFirst()
    }
    if !row.example.isEmpty { lines += ["", "```lua", row.example, "```"] }
    let related = entry.related.compactMap { other in places[other.anchor].map { "[\(Self.escaped(other.title))](\($0))" } }
    if !related.isEmpty { lines += ["", "See also \(related.joined(separator: ", "))."] }
    return lines
  }

  // MARK: text

  private static func joined(_ lines: [String]) -> String { lines.joined(separator: "\n").replacing(/\n{3,}/, with: "\n\n") + "\n" }

  private static func blocks(_ blocks: some Sequence<Documentation.Block>) -> [String] {
    var lines: [String] = []
    for block in blocks {
      switch block {
      case .paragraph(let text): lines += (lines.isEmpty ? [] : [""]) + [escaped(text)]
      case .formula(let text):
        // One block of code for formulas that follow each other.
        if lines.last?.hasPrefix("    ") != true, !lines.isEmpty { lines.append("") }
        lines.append("    \(text)")
      }
    }
    return lines
  }

  /// Prose with Markdown's own signs taken literally; what stands between backticks is code and stays.
  package static func escaped(_ text: String, inTable: Bool = false) -> String {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { i, part in
      // In a table a bar ends the cell, in code too.
      i % 2 == 1 ? inTable ? code(String(part)) : String(part) : String(part.flatMap { "\\*_[]<>#|".contains($0) ? ["\\", $0] : [$0] })
    }.joined(separator: "`")
  }
  private static func cell(_ text: String) -> String { escaped(text, inTable: true) }
  private static func code(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
