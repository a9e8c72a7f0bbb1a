/// `?name` or `name?` in a line of its own, which Lua has no meaning for.
public enum Question {
  /// What is asked for; empty where nothing is named, nil where the line asks nothing.
  public static func asked(_ line: String) -> String? {
    let text = line.split(separator: " ").joined(separator: " ")
    if text.hasPrefix("?") { return String(text.dropFirst().drop { $0 == " " }) }
    guard text.hasSuffix("?"), text.count > 1, text.dropLast().allSatisfy({ $0.isLetter || $0.isNumber || "_.:".contains($0) }) else { return nil }
    return String(text.dropLast())
  }

  /// The Lua that says what help knows of it.
  public static func help(_ word: String) -> String {
    let quoted = "\"\(word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    return "require('nnlua').help(\(word.isEmpty ? "" : quoted))"
  }
}
