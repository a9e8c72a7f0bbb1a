internal import LuaBridge
internal import Runtime

/// A page about one thing, in the forms that front ends show: text, HTML, Markdown.
struct InspectionPage {
  enum Block {
    case title(String)
    case code(String)
    case text(String)
    /// Names, and what is said of them; under a title.
    case table(String, [(name: String, text: String)])
  }
  var blocks: [Block]
  /// The text form, where it is not made of the blocks.
  var text: String?

  init(blocks: [Block]) { self.blocks = blocks }

  /// What the reference says, below what is known of the value itself.
  init(_ topic: Reference.Topic, value: [Block] = []) {
    blocks = value + Self.blocks(topic)
    let reference = ReferenceText(width: 80, styled: false).page(topic)
    text = value.isEmpty ? reference : Self.text(value) + "\n\n" + reference
  }

  var bundle: DisplayBundle {
    let text = text ?? Self.text(blocks)
    return DisplayBundle(text: text, [("text/html", .text(html)), ("text/markdown", .text(markdown))])
  }

  // MARK: the reference's topics

  private static func blocks(_ topic: Reference.Topic) -> [Block] {
    switch topic {
    case .module(let library):
      return [.title(library.name)] + documentation(library.doc)
        + Reference.groups(of: library).filter { $0.type == nil }.map { group in .table(group.title.isEmpty ? "Functions" : group.title, summaries(group.entries)) }
    case .type(let type, _):
      return [.title(type.name)] + documentation(type.doc) + [.table("Methods and properties", summaries(Reference.entries.filter { $0.type === type }))]
    case .entry(let entry):
      let row = entry.row, parameters = row.signature.parameters
      var blocks: [Block] = [.title(entry.title), .code((entry.calls.map { "\($0) -> \(row.returns)" } + (entry.tableForm.map { [$0] } ?? [])).joined(separator: "\n"))]
      blocks += documentation(row.doc, sections: false)
      for (title, list) in [("Arguments", parameters.filter { !$0.named }), ("Options", parameters.filter(\.named))] where !list.isEmpty {
        blocks.append(.table(title, list.map { ($0.type == "…" ? "…" : $0.name, ReferenceText.describe($0)) }))
      }
      for section in row.documentation.sections { blocks += [.text("\(section.label.rawValue):")] + section.blocks.map(block) }
      if !row.example.isEmpty { blocks += [.text("Example:"), .code(row.example)] }
      return blocks
    }
  }
  private static func documentation(_ text: String, sections: Bool = true) -> [Block] {
    let documentation = Documentation(text)
    return documentation.blocks.map(block) + (sections ? documentation.sections.flatMap { $0.blocks.map(block) } : [])
  }
  private static func block(_ block: Documentation.Block) -> Block {
    switch block {
    case .paragraph(let text): .text(text)
    case .formula(let text): .code(text)
    }
  }
  private static func summaries(_ entries: [Entry]) -> [(name: String, text: String)] { entries.map { ($0.row.name, $0.row.documentation.summary) } }

  // MARK: forms

  private static func text(_ blocks: [Block]) -> String {
    blocks.map { block in
      switch block {
      case .title(let text), .code(let text), .text(let text): return text
      case .table(let title, let rows):
        let column = min(rows.map(\.name.count).max() ?? 0, 24) + 2
        let lines = rows.map { "  \($0.name)\(String(repeating: " ", count: max(column - $0.name.count, 2)))\($0.text)" }
        return ((title.isEmpty ? [] : [title]) + lines).joined(separator: "\n")
      }
    }.joined(separator: "\n")
  }

  private var markdown: String {
    blocks.map { block in
      switch block {
      case .title(let text): return "### \(ReferenceMarkdown.escaped(text))"
      case .code(let text): return "```lua\n\(text)\n```"
      case .text(let text): return ReferenceMarkdown.escaped(text)
      case .table(let title, let rows):
        let lines = rows.map { "| `\($0.name.replacing("|", with: "\\|"))` | \(ReferenceMarkdown.escaped($0.text, inTable: true)) |" }
        return ((title.isEmpty ? [] : ["**\(title)**", ""]) + ["| | |", "| --- | --- |"] + lines).joined(separator: "\n")
      }
    }.joined(separator: "\n\n")
  }

  private var html: String {
    blocks.map { block in
      switch block {
      case .title(let text): return "<h3>\(Self.escaped(text))</h3>"
      case .code(let text): return "<pre><code>\(Self.escaped(text))</code></pre>"
      case .text(let text): return "<p>\(Self.prose(text))</p>"
      case .table(let title, let rows):
        let lines = rows.map { "<tr><td><code>\(Self.escaped($0.name))</code></td><td>\(Self.prose($0.text))</td></tr>" }
        return (title.isEmpty ? "" : "<p><b>\(Self.escaped(title))</b></p>") + "<table>\(lines.joined())</table>"
      }
    }.joined(separator: "\n")
  }
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
  }
  /// What stands between backticks is code.
  private static func prose(_ text: String) -> String {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { i, part in
      i % 2 == 1 ? "<code>\(escaped(String(part)))</code>" : escaped(String(part))
    }
    .joined()
  }
}
