internal import LuaBridge

/// `nnlua.notebook`: what a script shows beside text.
enum NotebookLibrary {
  private static func fragment(_ name: String, _ mediaType: String, _ doc: String, example: String) -> Row {
    Row(
      name, "\(doc) `nnlua.display` shows it, and so does a cell whose last expression it is; outside of a notebook the text is printed.",
      Param("text", String.self, "what is to be set"), place: .function, example: example
    ) { Fragment(mediaType, $0) }
  }

  static let rows: [Row] = [
    fragment("html", "text/html", "Makes HTML that can be shown.", example: "return nnlua.notebook.html(\"<b>done</b>\")"),
    fragment("markdown", "text/markdown", "Makes Markdown that can be shown.", example: "return nnlua.notebook.markdown(\"**done**\")"),
    fragment(
      "latex", "text/latex", "Makes a formula in LaTeX that can be shown; dollars around it may be left out.",
      example: "return nnlua.notebook.latex(\"e^{i \\\\pi} = -1\")"),
    Row(
      results: "raw",
      """
      Shows data of a MIME type at once: raw("image/png", bytes), raw("image/svg+xml", text). Outside of a notebook, text is printed and all else is not shown.
      Errors: what is no MIME type.
      """, Param("mime", String.self, "such as \"image/svg+xml\""), Param("data", LuaAny.self, "a string: text, or a picture's bytes"), place: .function,
      example: "nnlua.notebook.raw(\"text/html\", \"<b>done</b>\"); return true", returns: "nothing"
    ) { stack, type, data in
      guard DisplayBundle.isMediaType(type) else { throw LuaError("raw: expected a MIME type such as \"image/png\", got '\(type)'") }
      guard stack.type(at: data.index) == .string, let form = DisplayBundle.form(type, stack, data.index) else {
        throw ArgumentError(2, "string expected, got \(stack.given(at: data.index))")
      }
      var text = "<\(type)>"
      if type.hasPrefix("text/"), case .text(let own) = form { text = type == "text/html" ? Fragment.withoutTags(own) : own }
      if stack.state.frontEnd != nil {
        try Display.show(DisplayBundle(text: text, [(type, form)]), id: nil, isUpdate: false, stack)
      } else if type.hasPrefix("text/") {
        try Display.print(text, stack)
      }
      return 0
    },
    Row(
      results: "clear_output", "Clears what the cell has shown so far; outside of a notebook nothing happens.",
      Param("wait", default: false, "clear only when something new is shown, which does not flicker"), place: .function,
      example: "nnlua.notebook.clear_output(); return true", returns: "nothing"
    ) { stack, wait in
      stack.state.flush()
      stack.state.frontEnd?.clear(wait: wait)
      return 0
    },
    Row(
      results: "active", "Whether what is shown goes to a notebook or report.", place: .function, example: "return nnlua.notebook.active()", returns: "boolean"
    ) { stack in
      stack.push(stack.state.frontEnd != nil)
      return 1
    },
    Row(
      "escape", "Text as it has to stand in HTML: `<` becomes `&lt;`, and so on.", Param("text", String.self, "any text"), place: .function,
      example: "return nnlua.notebook.escape(\"a < b\")"
    ) { HTML.escaped($0) },
    Row(
      "html_table",
      """
      A table in HTML, as text, for a `__display`: texts are escaped, numbers stand to the right, and what notebook.html makes goes in as it is.
      Errors: rows that are no lists; other values than texts, numbers, booleans and fragments.
      """, Param("rows", [[TableCell]].self, "a list of lists"), Param.option("headings", default: [TableCell](), "above the columns"), place: .function,
      example: "return nnlua.notebook.html_table({{\"a\", 1}, {\"b\", 2}}, {headings = {\"name\", \"value\"}})"
    ) { rows, headings in HTML.table(headings.map(\.cell), rows.map { $0.map(\.cell) }) },
  ]

  static let library = Library(
    "nnlua.notebook", "What a script shows beside text: HTML, Markdown, formulas, pictures; `nnlua.display` shows them.", rows: rows, types: [Fragment.type])
}

/// A cell of a script's table.
private struct TableCell: LuaValue {
  static var luaName: String { "text" }
  let cell: HTML.Cell
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> TableCell {
    switch stack.type(at: index) {
    case .string: return TableCell(cell: HTML.Cell(stack.string(at: index) ?? ""))
    case .boolean: return TableCell(cell: HTML.Cell("\(stack.boolean(at: index))"))
    case .number:
      if stack.isInteger(at: index) { return TableCell(cell: .number("\(stack.integer(at: index) ?? 0)")) }
      return TableCell(cell: .number(shortNumber(stack.number(at: index) ?? 0, digits: 6)))
    default:
      guard let fragment = try? Fragment.decode(stack, index), fragment.isHTML else { throw TypeMismatch("string, number, boolean or HTML") }
      return TableCell(cell: HTML.Cell(html: fragment.source))
    }
  }
  func push(_ stack: LuaStack) { stack.pushNil() }
}
