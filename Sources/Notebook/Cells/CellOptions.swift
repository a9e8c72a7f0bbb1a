/// What stands behind `-- %%`: `Title [markdown] key="value" tags=["a"]`, as Jupytext reads and writes it.
struct CellOptions {
  var title = ""
  var kind = Cell.Kind.code
  var depth = 0
  var metadata = JSONObject()

  init(_ text: String) {
    let text = text.trimmed
    let (title, options) = Self.split(text)
    self.title = title
    metadata = options
    for (mark, kind) in [("[markdown]", Cell.Kind.markdown), ("[raw]", .raw), ("[md]", .markdown)] where self.title.contains(mark) {
      self.title = self.title.replacing(mark, with: "").trimmed
      self.kind = kind
      if mark == "[md]" { metadata["region_name"] = .string("md") }
      break
    }
    while self.title.hasPrefix("%") {
      depth += 1
      self.title.removeFirst()
    }
    self.title = self.title.trimmed
  }

  /// Title and options: the title ends before the last word that stands before the first `=`, or before a `{`.
  private static func split(_ text: String) -> (title: String, metadata: JSONObject) {
    let equal = text.firstIndex(of: "="), brace = text.firstIndex(of: "{")
    if let brace, equal.map({ brace < $0 }) ?? true {
      let options = String(text[brace...])
      guard case .object(let object)? = try? JSON(parsing: options) else { return (String(text[..<brace]).trimmed, wronglyEncoded(options)) }
      return (String(text[..<brace]).trimmed, object)
    }
    var words = text[..<(equal ?? text.endIndex)].split(separator: " ", omittingEmptySubsequences: false)
    if equal != nil {
      while words.last?.isEmpty == true { words.removeLast() }
      _ = words.popLast()
    }
    while let last = words.last, last.isEmpty || last.hasPrefix(".") { words.removeLast() }
    let title = words.joined(separator: " ")
    return (title, pairs(String(text.dropFirst(title.count))))
  }

  private static func wronglyEncoded(_ text: String) -> JSONObject { ["incorrectly_encoded_metadata": .string(text)] }

  /// `key1=value1 key2 key3=value3`, read from the right: a value may hold spaces and `=`.
  private static func pairs(_ text: String) -> JSONObject {
    let text = text.trimmed
    guard !text.isEmpty else { return [:] }
    let lastWord = text.lastIndex(of: " ").map { text.index(after: $0) } ?? text.startIndex
    if !text.hasPrefix("--"), isIdentifier(text[lastWord...]) {
      var result: JSONObject = [String(text[lastWord...]): .null]
      for member in pairs(String(text[..<lastWord])).members { result[member.name] = member.value }
      return result
    }
    var end = text.endIndex
    while let equal = text[..<end].lastIndex(of: "=") {
      end = equal
      let left = String(text[..<equal]).trimmed
      let start = left.lastIndex(of: " ").map { left.index(after: $0) } ?? left.startIndex
      guard isKey(left[start...]), let value = value(String(text[text.index(after: equal)...]).trimmed) else { continue }
      var result = pairs(String(left[..<start]))
      result[String(left[start...])] = value
      return result
    }
    return wronglyEncoded(text)
  }

  /// JSON, or the few forms of Python's that people write.
  private static func value(_ text: String) -> JSON? {
    if let json = try? JSON(parsing: text) { return json }
    switch text {
    case "True": return .bool(true)
    case "False": return .bool(false)
    case "None": return .null
    default: break
    }
    guard text.count >= 2, text.hasPrefix("'"), text.hasSuffix("'") else { return nil }
    let inner = text.dropFirst().dropLast()
    return inner.contains("'") || inner.contains("\\") ? nil : .string(String(inner))
  }

  static func isIdentifier(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, Lexer.isNameStart(first) || first == 0x2E else { return false }
    return text.utf8.allSatisfy { Lexer.isNamePart($0) || $0 == 0x2E }
  }
  static func isKey(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy { Lexer.isNamePart($0) || ".@/-".utf8.contains($0) } }

  /// The marker's text behind `--`: names sorted, since a notebook's file has them so.
  static func marker(of cell: Cell) -> String {
    var words: [String] = []
    if cell.depth > 0 { words.append(String(repeating: "%", count: cell.depth)) }
    if !cell.title.isEmpty { words.append(cell.title) }
    if cell.kind != .code, !(cell.kind == .raw && cell.isInactive) {
      words.append("[\(cell.kind == .markdown ? cell.metadata["region_name"]?.string ?? "markdown" : cell.kind.rawValue)]")
    }
    for member in cell.metadata.members.sorted(by: { $0.name < $1.name }) where !["region_name", "lines_to_next_cell"].contains(member.name) {
      if member.name == "incorrectly_encoded_metadata" {
        words.append(member.value.string ?? "")
      } else if member.value == .null {
        words.append(member.name)
      } else {
        words.append("\(member.name)=\(member.value.text(.spaced))")
      }
    }
    let text = words.joined(separator: " ")
    return text.isEmpty ? "%%" : text.hasPrefix("%") ? "%%" + text : "%% " + text
  }
}

extension String {
  var trimmed: String {
    let isSpace: (Character) -> Bool = { $0.isWhitespace }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(self[first...last])
  }
}
