internal import LuaBridge

/// Code in colours, each line an element of its own.
package enum LuaHighlighter {
  /// Without elements for lines.
  package static func inline(_ text: String) -> String { ColouredPiece.list(text).map { styled($0.kind, $0.text) }.joined() }

  private static func styled(_ kind: ColouredPiece.Kind, _ text: String) -> String {
    let style =
      switch kind {
      case .comment: "c"
      case .string: "s"
      case .number: "n"
      case .keyword: "k"
      case .call: "f"
      case .name, .plain: ""
      }
    return style.isEmpty || text.isEmpty ? HTML.escaped(text) : "<span class=\"\(style)\">\(HTML.escaped(text))</span>"
  }

  /// - bad: lines of the text, from 1, that are marked.
  package static func html(_ text: String, bad: Set<Int> = []) -> String {
    var lines = [""]
    for token in ColouredPiece.list(text) {
      for (i, part) in token.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        if i > 0 { lines.append("") }
        lines[lines.count - 1] += styled(token.kind, String(part))
      }
    }
    return lines.enumerated().map { "<span class=\"l\(bad.contains($0 + 1) ? " bad" : "")\">\($1)</span>" }.joined()
  }
}
