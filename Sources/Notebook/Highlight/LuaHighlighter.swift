internal import LuaBridge

/// Code in colours, each line an element of its own.
package enum LuaHighlighter {
  /// - bad: lines of the text, from 1, that are marked.
  package static func html(_ text: String, bad: Set<Int> = []) -> String {
    var lines = [""]
    for token in LuaToken.list(text) {
      let style =
        switch token.kind {
        case .comment: "c"
        case .string: "s"
        case .number: "n"
        case .keyword: "k"
        case .call: "f"
        case .name, .plain: ""
        }
      for (i, part) in token.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        if i > 0 { lines.append("") }
        if part.isEmpty { continue }
        let escaped = HTML.escaped(String(part))
        lines[lines.count - 1] += style.isEmpty ? escaped : "<span class=\"\(style)\">\(escaped)</span>"
      }
    }
    return lines.enumerated().map { "<span class=\"l\(bad.contains($0 + 1) ? " bad" : "")\">\($1)</span>" }.joined()
  }
}
