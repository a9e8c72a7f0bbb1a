/// The part of YAML that stands in headers: mappings and lists by indentation, scalars plain or quoted. Written as PyYAML's `safe_dump` does.
enum HeaderYAML {
  /// nil where the text is beyond that part.
  static func parse(_ text: String) -> JSON? {
    var parser = YAMLParser(text)
    guard let value = parser.block(indent: 0, depth: 0), parser.isAtEnd else { return nil }
    return value
  }

  static func dump(_ value: JSON) -> String {
    var lines: [String] = []
    dump(value, 0, &lines)
    return lines.joined(separator: "\n")
  }

  private static func dump(_ value: JSON, _ indent: Int, _ lines: inout [String]) {
    let space = String(repeating: " ", count: indent)
    switch value {
    case .object(let object):
      for member in object.members.sorted(by: { $0.name < $1.name }) {
        let name = scalar(.string(member.name))
        switch member.value {
        case .object(let inner) where !inner.isEmpty:
          lines.append("\(space)\(name):")
          dump(member.value, indent + 2, &lines)
        case .array(let elements) where !elements.isEmpty:
          lines.append("\(space)\(name):")
          for element in elements { lines.append("\(space)- \(scalar(element))") }
        default: lines.append("\(space)\(name): \(scalar(member.value))")
        }
      }
    default: lines.append(space + scalar(value))
    }
  }

  private static func scalar(_ value: JSON) -> String {
    switch value {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .number(let digits): return digits
    case .object, .array: return value.text(.spaced)  // flow style; JSON is YAML
    case .string(let text):
      if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value > 0x7E }) { return value.text(.spaced) }
      let needsQuotes =
        text.isEmpty || text.hasPrefix(" ") || text.hasSuffix(" ") || text.contains(": ") || text.contains(" #") || text.hasSuffix(":")
        || "!&*?|>%@`\"'#,[]{}".contains(text.first!) || text == "-" || text.hasPrefix("- ") || text.hasPrefix("---") || plain(text) != value
      return needsQuotes ? "'\(text.replacing("'", with: "''"))'" : text
    }
  }

  /// What a scalar without quotes is.
  static func plain(_ text: String) -> JSON {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return .bool(false)
    default: break
    }
    if text.utf8.allSatisfy({ Lexer.isDigit($0) || ".eE+-".utf8.contains($0) }), text.utf8.contains(where: Lexer.isDigit) {
      if let number = try? JSON(parsing: text) { return number }
      if Double(text) != nil { return .number(text) }
    }
    return .string(text)
  }
}

private struct YAMLParser {
  private var lines: [(indent: Int, text: String)] = []
  private var place = 0

  init(_ text: String) {
    for line in text.lines {
      let trimmed = line.trimmed
      if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
      lines.append((line.prefix { $0 == " " }.count, trimmed))
    }
  }

  var isAtEnd: Bool { place == lines.count }

  mutating func block(indent: Int, depth: Int) -> JSON? {
    guard depth < 50 else { return nil }
    guard place < lines.count, lines[place].indent >= indent else { return .null }
    let level = lines[place].indent
    if lines[place].text.hasPrefix("- ") || lines[place].text == "-" {
      var elements: [JSON] = []
      while place < lines.count, lines[place].indent == level, lines[place].text.hasPrefix("- ") {
        guard let element = scalar(String(lines[place].text.dropFirst(2)).trimmed) else { return nil }
        elements.append(element)
        place += 1
      }
      return .array(elements)
    }
    var object = JSONObject()
    while place < lines.count, lines[place].indent == level {
      let text = lines[place].text
      guard let colon = Self.colon(text) else { return nil }
      let key = String(text[..<colon]).trimmed
      let name = key.hasPrefix("'") || key.hasPrefix("\"") ? scalar(key)?.string ?? key : key
      let rest = String(text[text.index(after: colon)...]).trimmed
      place += 1
      if rest.isEmpty {
        // a list may stand as far left as its name
        let isList = place < lines.count && lines[place].indent == level && lines[place].text.hasPrefix("- ")
        guard let value = block(indent: isList ? level : level + 1, depth: depth + 1) else { return nil }
        object[name] = value
      } else {
        guard let value = scalar(rest) else { return nil }
        object[name] = value
      }
    }
    return .object(object)
  }

  /// The colon behind a name, which may be quoted.
  private static func colon(_ text: String) -> String.Index? {
    var start = text.startIndex
    if let quote = text.first, quote == "'" || quote == "\"" {
      guard let end = text.dropFirst().firstIndex(of: quote) else { return nil }
      start = text.index(after: end)
    }
    return text[start...].indices.first { i in
      text[i] == ":" && (text.index(after: i) == text.endIndex || text[text.index(after: i)] == " ")
    }
  }

  private func scalar(_ text: String) -> JSON? {
    guard let first = text.first else { return .null }
    switch first {
    case "'":
      guard text.count >= 2, text.hasSuffix("'") else { return nil }
      return .string(String(text.dropFirst().dropLast()).replacing("''", with: "'"))
    case "\"": return try? JSON(parsing: text)
    case "[", "{":
      if let json = try? JSON(parsing: text) { return json }
      guard first == "[", text.hasSuffix("]") else { return nil }
      return .array(text.dropFirst().dropLast().split(separator: ",").map { HeaderYAML.plain(String($0).trimmed) })
    case "|", ">", "&", "*", "!": return nil
    default:
      if let comment = text.firstRange(of: " #") { return HeaderYAML.plain(String(text[..<comment.lowerBound]).trimmed) }
      return HeaderYAML.plain(text)
    }
  }
}
