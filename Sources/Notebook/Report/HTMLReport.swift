internal import LuaBridge

/// A report as one page that needs nothing else: styles, pictures and formulas are inside.
enum HTMLReport {
  static func text(_ report: Report) -> String {
    var markdown = Markdown()
    let body = report.run.parts.map { part($0, &markdown) }.joined(separator: "\n")
    let title = HTML.escaped(report.title)
    // A document whose text does not begin with its title gets one.
    let heading = markdown.headings.first?.level == 1 ? "" : "<h1>\(title)</h1>\n"
    let contents = contents(markdown.headings)
    let footer = report.facts.map { "<dt>\(HTML.escaped($0.name))</dt><dd>\(HTML.escaped($0.value))</dd>" }.joined()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="generator" content="nnlua">
      <title>\(title)</title>
      <style>
      \(ShippedFile.text("report.css"))</style>
      </head>
      <body>
      <div class="page">
      \(heading)\(contents)<main>
      \(body)
      </main>
      <footer><dl>\(footer)</dl></footer>
      </div>
      </body>
      </html>

      """
  }

  private static func contents(_ headings: [Markdown.Heading]) -> String {
    guard headings.count > 2 else { return "" }
    let items = headings.map { "<li class=\"d\($0.level)\"><a href=\"#\(HTML.escaped($0.anchor))\">\(HTML.escaped($0.text))</a></li>" }
    return "<nav><details open><summary>Contents</summary><ol>\(items.joined())</ol></details></nav>\n"
  }

  private static func part(_ part: ReportRun.Part, _ markdown: inout Markdown) -> String {
    let cell = part.cell
    switch cell.kind {
    case .markdown: return "<section class=\"text\">\(markdown.html(cell.text))</section>"
    case .raw: return cell.text.isEmpty ? "" : "<pre class=\"raw\">\(HTML.escaped(cell.text))</pre>"
    case .code: break
    }
    guard !cell.text.allSatisfy(\.isWhitespace) else { return "" }
    var text = ""
    if !cell.title.isEmpty {
      let heading = markdown.add(heading: cell.title, level: min(3 + cell.depth, 6))
      text += "<h\(heading.level) id=\"\(HTML.escaped(heading.anchor))\">\(HTML.escaped(cell.title))</h\(heading.level)>"
    }
    let shown = trimmed(cell.text)
    text += "<section class=\"cell\(part.seconds == nil ? " skipped" : "")\"><pre class=\"code\"><code style=\"--first:\(cell.firstLine - 1 + shown.skipped)\">"
    text += LuaHighlighter.html(shown.text, bad: Set(part.badLines.map { $0 - shown.skipped })) + "</code></pre>"
    text +=
      "<div class=\"facts\">\(part.seconds.map { "<span>\(part.isKept ? "kept from an earlier run" : ReportText.duration($0))</span>" } ?? "<span>not run</span>")</div>"
    return text + part.outputs.map { output($0, &markdown) }.joined() + "</section>"
  }

  /// Without empty lines at both ends.
  private static func trimmed(_ text: String) -> (text: String, skipped: Int) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let first = lines.firstIndex { !$0.allSatisfy(\.isWhitespace) } ?? 0, last = lines.lastIndex { !$0.allSatisfy(\.isWhitespace) } ?? 0
    return (lines[first...max(last, first)].joined(separator: "\n"), first)
  }

  private static func output(_ output: CellOutput, _ markdown: inout Markdown) -> String {
    switch output {
    case .stream(let stream, let text): return "<div class=\"output\(stream == .error ? " stderr" : "")\"><pre>\(HTML.escaped(text))</pre></div>"
    case .display(let bundle), .result(let bundle): return "<div class=\"output\">\(form(bundle, &markdown))</div>"
    case .failure(let failure):
      let trace = failure.traceback.isEmpty ? "" : "\n<span class=\"trace\">\(HTML.escaped(failure.traceback.joined(separator: "\n")))</span>"
      return "<div class=\"output error\" role=\"alert\"><strong>\(HTML.escaped(failure.kind))</strong>"
        + "<pre><span class=\"message\">\(HTML.escaped(failure.message))</span>\(trace)</pre></div>"
    }
  }

  /// The richest form that a page can show without running anything.
  private static func form(_ bundle: DisplayBundle, _ markdown: inout Markdown) -> String {
    let label = HTML.escaped(String(bundle.text.prefix(200)))
    if case .text(let html)? = bundle["text/html"] { return html }
    // As a picture and not as part of the page: names inside one drawing would meet those of the next.
    if case .text(let drawing)? = bundle["image/svg+xml"] {
      return "<img class=\"drawing\" src=\"data:image/svg+xml;base64,\(Base64.text(Array(drawing.utf8)))\" alt=\"\(label)\">"
    }
    for type in ["image/png", "image/jpeg", "image/gif", "image/webp"] {
      if case .bytes(let bytes)? = bundle[type] { return "<img src=\"data:\(type);base64,\(Base64.text(bytes))\" alt=\"\(label)\">" }
    }
    if case .text(let text)? = bundle["text/markdown"] { return "<div class=\"text\">\(markdown.html(text))</div>" }
    if case .text(let formula)? = bundle["text/latex"] {
      let (marked, formulas) = MathSpans.extract(formula)
      return formulas.isEmpty ? MathML.convert(formula, isDisplay: true) : "<p>\(MathSpans.restore(HTML.escaped(marked)) { formulas[$0].mathML })</p>"
    }
    return "<pre>\(HTML.escaped(bundle.text))</pre>"
  }
}
