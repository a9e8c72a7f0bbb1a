#if canImport(Glibc)
  internal import Glibc
#endif

/// Pieces of HTML that values are shown by. Styles stand in the elements, since a notebook shows fragments of a page; colours are shades over the page's own,
/// so that both a light and a dark page can be read.
package enum HTML {
  /// Text as HTML shows it; characters that no page may hold become spaces.
  package static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 32 || 127..<160 ~= scalar.value: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A cell of a table; `content` is HTML.
  package struct Cell: Sendable {
    let content: String
    let isNumber: Bool
    let style: String
    package init(html content: String, isNumber: Bool = false, style: String = "") {
      self.content = content
      self.isNumber = isNumber
      self.style = style
    }
    package init(_ text: String, style: String = "") { self.init(html: escaped(text), style: style) }
    /// To the right, as numbers stand below each other.
    package static func number(_ text: String, style: String = "") -> Cell { Cell(html: escaped(text), isNumber: true, style: style) }

    fileprivate func element(_ name: String) -> String {
      let line = name == "th" ? "2px" : "1px"
      return "<\(name) style=\"padding:.2em .7em;text-align:\(isNumber ? "right;font-variant-numeric:tabular-nums" : "left");vertical-align:top;"
        + "border:0;border-bottom:\(line) solid rgba(127,127,127,.35);\(style)\">\(content)</\(name)>"
    }
  }

  /// A table; without headings where there are none. It scrolls by itself where the page is narrow.
  package static func table(_ headings: [Cell], _ rows: [[Cell]]) -> String {
    var text = "<div style=\"overflow-x:auto\"><table style=\"border-collapse:collapse;border:0;margin:.3em 0;font-size:inherit\">"
    if !headings.isEmpty { text += "<thead><tr>" + headings.map { $0.element("th") }.joined() + "</tr></thead>" }
    text += "<tbody>"
    for row in rows { text += "<tr>" + row.map { $0.element("td") }.joined() + "</tr>" }
    return text + "</tbody></table></div>"
  }

  /// What stands above a value: its name in bold, and what is to be said of it. Both are text.
  package static func heading(_ name: String, _ notes: String = "") -> String {
    "<div><strong>\(escaped(name))</strong>\(notes.isEmpty ? "" : " <span style=\"opacity:.75\">\(escaped(notes))</span>")</div>"
  }
  /// A remark in smaller letters.
  package static func note(_ text: String) -> String { "<div style=\"opacity:.75;font-size:smaller\">\(escaped(text))</div>" }
  package static func preformatted(_ text: String) -> String { "<pre style=\"margin:0;white-space:pre-wrap\">\(escaped(text))</pre>" }

  /// A picture inside the page, its pixels sharp; sizes in the page's pixels. On a narrow page it shrinks, a strip only in its length.
  package static func picture(png: [UInt8], width: Int, height: Int, label: String) -> String {
    "<img src=\"data:image/png;base64,\(Base64.text(png))\" alt=\"\(escaped(label))\" width=\"\(width)\" height=\"\(height)\""
      + " style=\"image-rendering:pixelated;max-width:100%;height:\(height * 8 < width ? "\(height)px" : "auto");border:1px solid rgba(127,127,127,.35)\">"
  }

  /// Pieces side by side that go on below where the page is narrow, each with a caption (text).
  package static func grid(_ items: [(content: String, caption: String)]) -> String {
    "<div style=\"display:flex;flex-wrap:wrap;gap:.6em;margin:.4em 0\">"
      + items.map { "<div style=\"text-align:center;font-size:smaller\">\($0.content)<div>\(escaped($0.caption))</div></div>" }.joined() + "</div>"
  }
}

/// A number in at most `digits` significant digits: 0.1307, 1.5e-07, 60000.
package func shortNumber(_ value: Double, digits: Int = 4) -> String {
  if value.isNaN { return "nan" }
  if value.isInfinite { return value < 0 ? "-inf" : "inf" }
  if value == value.rounded(), abs(value) < 1e9 { return "\(Int(value))" }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
    _ = withVaList([Int32(min(max(digits, 1), 17)), value]) { vsnprintf(buffer.baseAddress!, 64, "%.*g", $0) }
    return String(cString: buffer.baseAddress!)
  }
}
