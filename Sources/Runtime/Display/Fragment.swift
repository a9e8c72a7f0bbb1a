internal import LuaBridge

/// Text of a language that a notebook sets: HTML, Markdown, LaTeX.
final class Fragment: LuaObject, @unchecked Sendable {
  private let mediaType: String
  /// As it was given.
  let source: String

  init(_ mediaType: String, _ source: String) {
    self.mediaType = mediaType
    self.source = source
  }
  var isHTML: Bool { mediaType == "text/html" }

  static var luaName: String { "Fragment" }
  var luaClass: LuaClass { Self.type }
  static let type = LuaClass(
    "Fragment", "Text that a notebook or report sets: what `notebook.html(…)`, `notebook.markdown(…)` and `notebook.latex(…)` make.", receiver: "fragment", rows: [],
    operators: [
      ("__tostring", Row("__tostring", "The text as it was given.", Param("fragment", Fragment.self)) { $0.source }),
      ("__display", Row("__display", "What a notebook shows: the text, set.", Param("fragment", Fragment.self)) { $0.bundle }),
    ])

  private var bundle: DisplayBundle {
    switch mediaType {
    case "text/html": return DisplayBundle(text: Self.withoutTags(source), [(mediaType, .text(source))])
    case "text/latex":
      let isMath = source.contains("$") || source.contains("\\begin{") || source.contains("\\[")
      return DisplayBundle(text: source, [(mediaType, .text(isMath ? source : "$$\(source)$$"))])
    default: return DisplayBundle(text: source, [(mediaType, .text(source))])
    }
  }

  /// What is left of HTML where only text is shown.
  static func withoutTags(_ html: String) -> String {
    var text = "", inTag = false
    for character in html {
      if inTag {
        inTag = character != ">"
      } else if character == "<" {
        inTag = true
      } else {
        text.append(character)
      }
    }
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")] {
      text = text.replacing(entity, with: character)
    }
    return text
  }
}
