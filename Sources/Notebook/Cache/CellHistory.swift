internal import LuaBridge

/// The texts of a session's cells: a function counts by its own lines, another value that cannot be looked into by the cell that made it.
struct CellHistory {
  private var pending: [(text: String, name: String, firstLine: Int)] = []
  private var lines: [String: [Int: Substring]] = [:]
  /// Names under which two cells with other lines ran: which of them a function stands in cannot be told.
  private var ambiguous: Set<String> = []
  /// By name: the sum over the cell that gave it its value, and over what that cell names in turn.
  private var origins: [String: String] = [:]

  /// Nothing is worked out before a cell is kept.
  mutating func add(_ text: String, name: String, firstLine: Int) { pending.append((text, name, firstLine)) }

  mutating func update() {
    for (text, name, firstLine) in pending {
      for (i, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        if let old = lines[name, default: [:]].updateValue(line, forKey: firstLine + i), old != line { ambiguous.insert(name) }
      }
      let syntax = CellSyntax(Array(text.utf8))
      let origin = SHA256.sum(of: ([text] + syntax.names.sorted().compactMap { origins[$0] }).joined(separator: "\0"))
      var made = Set(syntax.locals.flatMap(\.names))
      // More than are assigned may be found; each costs no more than a run.
      for match in text.matches(of: #/([A-Za-z_]\w*)[\w.:,\[\]'" \t]*=(?!=)/#) {
        for word in match.0.matches(of: #/[A-Za-z_]\w*/#) { made.insert(String(word.0)) }
      }
      for match in text.matches(of: #/function\s+([A-Za-z_]\w*)/#) { made.insert(String(match.1)) }
      for name in made { origins[name] = origin }
    }
    pending = []
  }

  func origin(_ name: String) -> String { origins[name] ?? "" }

  /// The lines of a function; nil where no cell has them.
  func text(_ function: FunctionInfo) -> String? {
    guard !ambiguous.contains(function.source), let known = lines[function.source] else { return nil }
    let found = function.lines.compactMap { known[$0] }
    return found.count == function.lines.count ? found.joined(separator: "\n") : nil
  }
}
