internal import CMark
internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Markdown as HTML: CommonMark with GitHub's tables, task lists, strikethrough and links, read by cmark-gfm; formulas between dollars become MathML.
package struct Markdown {
  package struct Heading: Sendable, Equatable {
    package let level: Int
    /// Without markup.
    package let text: String
    /// Unique in the page.
    package let anchor: String
  }

  /// Anchors given so far, with how often: a page is made of many texts.
  private var anchors: [String: Int] = [:]
  package private(set) var headings: [Heading] = []
  package init() {}

  /// A name for a place in the page, made from a text: "Train the net" is "train-the-net", the second of them "train-the-net-2".
  package mutating func anchor(_ text: String) -> String {
    var slug = ""
    for character in text.lowercased() {
      if character.isLetter || character.isNumber { slug.append(character) } else if slug.last != "-", !slug.isEmpty { slug.append("-") }
    }
    while slug.last == "-" { slug.removeLast() }
    if slug.isEmpty { slug = "part" }
    let count = (anchors[slug] ?? 0) + 1
    anchors[slug] = count
    return count == 1 ? slug : "\(slug)-\(count)"
  }
  /// Adds a heading that is none of a text's own to the list.
  package mutating func add(heading text: String, level: Int) -> Heading {
    let heading = Heading(level: level, text: text, anchor: anchor(text))
    headings.append(heading)
    return heading
  }

  /// HTML inside the text is kept, but for what could run or load: `<script>`, `<iframe>` and their like become text.
  package mutating func html(_ text: String) -> String {
    let (marked, formulas) = MathSpans.extract(text)
    cmark_gfm_core_extensions_ensure_registered()
    let options = CMARK_OPT_UNSAFE | CMARK_OPT_FOOTNOTES
    guard let parser = cmark_parser_new(options) else { return HTML.preformatted(text) }
    defer { cmark_parser_free(parser) }
    for name in ["table", "strikethrough", "autolink", "tasklist", "tagfilter"] {
      if let extended = cmark_find_syntax_extension(name) { cmark_parser_attach_syntax_extension(parser, extended) }
    }
    var bytes = marked
    bytes.withUTF8 { buffer in buffer.withMemoryRebound(to: CChar.self) { cmark_parser_feed(parser, $0.baseAddress, $0.count) } }
    guard let document = cmark_parser_finish(parser) else { return HTML.preformatted(text) }
    defer { cmark_node_free(document) }
    let anchors = collectHeadings(document, formulas)
    guard let rendered = cmark_render_html(document, options, cmark_parser_get_syntax_extensions(parser)) else { return HTML.preformatted(text) }
    defer { free(rendered) }
    var html = Self.anchored(String(cString: rendered), anchors)
    html = MathSpans.restore(Self.coloured(html)) { formulas[$0].mathML }
    return html
  }

  private mutating func collectHeadings(_ document: OpaquePointer, _ formulas: [MathSpans.Formula]) -> [String] {
    var found: [String] = []
    let walk = cmark_iter_new(document)
    defer { cmark_iter_free(walk) }
    var text = ""
    while true {
      let event = cmark_iter_next(walk)
      if event == CMARK_EVENT_DONE { return found }
      guard let node = cmark_iter_get_node(walk) else { continue }
      let type = cmark_node_get_type(node)
      if type == CMARK_NODE_HEADING {
        if event == CMARK_EVENT_ENTER {
          text = ""
        } else {
          let plain = MathSpans.restore(text) { formulas[$0].source }
          found.append(add(heading: plain, level: Int(cmark_node_get_heading_level(node))).anchor)
        }
      } else if event == CMARK_EVENT_ENTER, type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE, let literal = cmark_node_get_literal(node) {
        text += String(cString: literal)
      } else if type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK {
        text += " "
      }
    }
  }

  /// Lua in a fence gets its colours.
  private static func coloured(_ html: String) -> String {
    html.replacing(#/<pre><code class="language-lua">(.*?)</code></pre>/#.dotMatchesNewlines()) { match in
      let code = String(match.1).replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
      return "<pre><code class=\"language-lua\">\(LuaHighlighter.inline(code))</code></pre>"
    }
  }

  /// `<h2>` → `<h2 id="…">`: cmark renders headings in their order, and escapes what the text itself has of them unless it is HTML on lines of its own.
  private static func anchored(_ html: String, _ anchors: [String]) -> String {
    var next = anchors.makeIterator()
    return html.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard let open = line.range(of: #/<h[1-6]>/#), let anchor = next.next() else { return String(line) }
      return line[..<open.upperBound].dropLast() + " id=\"\(anchor)\">" + line[open.upperBound...]
    }.joined(separator: "\n")
  }
}

extension Substring {
  fileprivate func range(of pattern: Regex<Substring>) -> Range<Index>? { firstMatch(of: pattern)?.range }
}
