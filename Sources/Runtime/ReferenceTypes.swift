internal import LuaBridge

/// The rows' names of types as lua-language-server writes them.
package enum ReferenceTypes {
  /// Words that rows use for values of a plain type.
  private static let words = [
    "integer": "integer", "number": "number", "string": "string", "boolean": "boolean", "table": "table", "function": "function", "nil": "nil", "true": "true",
    "false": "false", "value": "any", "any": "any", "dtype": "nnlua.dtype", "size": "integer", "dim": "integer", "position": "integer", "sizes": "integer|integer[]",
    "path": "string", "colour": "string", "colormap": "string", "line style": "string", "text": "string", "list": "any[]", "sample": "table", "column": "string|integer",
    "iterator": "fun(...): ...",
    "int64 Tensor": "Tensor", "Tensor of one element": "Tensor",
  ]
  private static let classes: Set<String> = Set(Reference.modules.flatMap(\.types).map(\.name) + ["Tensor"])

  /// "Tensor or list of numbers" → "Tensor|number[]"; nil where a word is unknown.
  package static func lua(_ text: String) -> String? {
    var found: [String] = []
    for alternative in alternatives(text[...]) {
      guard let type = single(alternative) else { return nil }
      for part in type.split(separator: "|").map(String.init) where !found.contains(part) { found.append(part) }
    }
    return found.isEmpty ? nil : found.joined(separator: "|")
  }

  private static func single(_ text: Substring) -> String? {
    let text = String(text)
    if text.hasPrefix("\"") { return text }
    if text.hasPrefix("{") { return "table" }
    if let word = words[text] { return word }
    if classes.contains(text) { return text }
    if text.hasPrefix("list of ") {
      let element = String(text.dropFirst(8))
      return (single(element[...]) ?? single(element.dropLast(element.hasSuffix("s") ? 1 : 0))).map { $0.contains("|") ? "(\($0))[]" : "\($0)[]" }
    }
    if text.lowercased() == "table of tensors" { return "table<string, Tensor>" }
    // "positions (integer or list of integers)"
    if let open = text.firstIndex(of: "("), text.hasSuffix(")") { return lua(String(text[text.index(after: open)...].dropLast())) }
    return nil
  }

  /// Parts between separators outside of quotes and brackets.
  private static func alternatives(_ text: Substring, at separators: [String] = [", ", " or "]) -> [Substring] {
    var parts: [Substring] = [], start = text.startIndex, depth = 0, quoted = false
    var i = text.startIndex
    while i < text.endIndex {
      if text[i] == "\"" { quoted.toggle() }
      if !quoted, "({".contains(text[i]) { depth += 1 }
      if !quoted, ")}".contains(text[i]) { depth -= 1 }
      if !quoted, depth == 0, let separator = separators.first(where: { text[i...].hasPrefix($0) }) {
        parts.append(text[start..<i])
        i = text.index(i, offsetBy: separator.count)
        start = i
        continue
      }
      i = text.index(after: i)
    }
    return (parts + [text[start...]]).filter { !$0.isEmpty }
  }

  /// What a call returns, one type a value: "Tensor [, Tensor]", "integer, integer", "Tensor, …"; nil where a word is unknown.
  ///
  /// "what f returns" is any number of any values.
  package static func results(_ entry: Entry) -> [String]? {
    let text = entry.row.returns
    if text == "nothing" { return [] }
    if text.hasPrefix("what ") { return ["any", "..."] }
    if entry.isMaker { return ["\(entry.library.alias).\(entry.row.name)"] }
    var results: [String] = []
    for part in alternatives(text.replacing("[, ", with: ", ?").replacing("]", with: "")[...], at: [", "]) {
      let name = part.filter { $0 != "?" }.trimming
      if name == "…" {
        results.append("...")
        continue
      }
      guard let type = lua(name) else { return nil }
      results.append(part.hasPrefix("?") ? (type.contains("|") ? "(\(type))?" : "\(type)?") : type)
    }
    return results
  }
}

extension StringProtocol {
  fileprivate var trimming: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
