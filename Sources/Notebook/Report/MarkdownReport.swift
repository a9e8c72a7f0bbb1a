internal import LuaBridge

/// A report as Markdown, for reading where it lies and for version control: code and outputs in fences, pictures in a folder beside it.
struct MarkdownReport {
  /// "out_files" for "out.md".
  let folder: String
  private(set) var pictures: [(name: String, bytes: [UInt8])] = []
  private(set) var text = ""

  init(_ report: Report, path: String) {
    folder = path.dropLast(3) + "_files"
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    var parts: [String] = []
    let hasTitle = report.document.cells.contains { $0.kind == .markdown && $0.text.contains(#/(?m)^#\s/#) }
    if !hasTitle { parts.append("# \(report.title)") }
    for part in report.run.parts {
      let cell = part.cell
      switch cell.kind {
      case .markdown: parts.append(cell.text)
      case .raw: if !cell.text.isEmpty { parts.append(Self.fenced(cell.text, "")) }
      case .code:
        guard !cell.text.allSatisfy(\.isWhitespace) else { continue }
        if !cell.title.isEmpty { parts.append("### \(cell.title)") }
        parts.append(Self.fenced(cell.text, "lua"))
        if part.seconds == nil { parts.append("*not run*") }
        if part.isKept { parts.append("*kept from an earlier run*") }
        for output in part.outputs { parts.append(form(output, name)) }
      }
    }
    parts.append("---")
    parts.append(report.facts.map { "- \($0.name): \($0.value)" }.joined(separator: "\n"))
    text = parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  /// In a fence longer than any inside it.
  private static func fenced(_ text: String, _ language: String) -> String {
    var text = text
    while text.hasSuffix("\n") { text.removeLast() }
    let longest = text.matches(of: #/`+/#).map(\.0.count).max() ?? 0
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\(language)\n\(text)\n\(fence)"
  }

  private mutating func form(_ output: CellOutput, _ name: String) -> String {
    switch output {
    case .stream(_, let text): return Self.fenced(text, "text")
    case .failure(let failure): return "**\(failure.kind)**\n\n" + Self.fenced(([failure.message] + failure.traceback).joined(separator: "\n"), "text")
    case .display(let bundle), .result(let bundle):
      if case .text(let drawing)? = bundle["image/svg+xml"] { return picture(Array(drawing.utf8), "svg", name, bundle) }
      for (type, ending) in [("image/png", "png"), ("image/jpeg", "jpg"), ("image/gif", "gif"), ("image/webp", "webp")] {
        if case .bytes(let bytes)? = bundle[type] { return picture(bytes, ending, name, bundle) }
      }
      if case .text(let text)? = bundle["text/markdown"] { return text }
      if case .text(let text)? = bundle["text/latex"] { return text }
      return bundle.text.isEmpty ? "" : Self.fenced(bundle.text, "text")
    }
  }

  private mutating func picture(_ bytes: [UInt8], _ ending: String, _ name: String, _ bundle: DisplayBundle) -> String {
    let file = "figure-\(pictures.count + 1).\(ending)"
    pictures.append((file, bytes))
    let label = bundle.text.split(separator: "\n").first.map { $0.replacing("[", with: "(").replacing("]", with: ")") } ?? "figure"
    return "![\(label)](<\(name)/\(file)>)"
  }
}
