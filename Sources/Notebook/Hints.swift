internal import LuaBridge
internal import Runtime

/// What an error's message leaves unsaid, for people at a prompt or in a notebook.
extension Session {
  /// A line that helps, without an end; nil where there is nothing to add.
  public func hint(for failure: Failure) -> String? {
    let message = failure.message
    switch failure.kind {
    case "SyntaxError": return Self.syntaxHint(message)
    case "Error":
      // "attempt to call a nil value (global 'prnt')"
      guard message.contains("nil value"), let name = Self.quoted(message, after: "(global '") else { return nil }
      if let library = Reference.modules.first(where: { ReferenceText.variable($0) == name || $0.alias == name }) {
        return "is it the module? local \(name) = require \"\(library.name)\""
      }
      // Every name of one letter is near to every other.
      guard name.count > 1, let near = closest(to: name, in: names.filter { $0.count > 1 }) else { return nil }
      return "did you mean '\(near)'?"
    default: return nil
    }
  }

  /// Globals and live locals.
  private var names: [String] {
    let stack = state.stack, base = stack.top
    defer { stack.top = base }
    guard stack.reserve(10) else { return locals }
    var found = Set(locals)
    stack.pushGlobals()
    stack.pushNil()
    while stack.next(base + 1) {
      stack.pop()
      if stack.type(at: -1) == .string, let name = stack.string(at: -1) { found.insert(name) }
    }
    return found.sorted()
  }

  private static func quoted(_ message: String, after mark: String) -> String? {
    guard let range = message.firstRange(of: mark), let end = message[range.upperBound...].firstIndex(of: "'") else { return nil }
    return String(message[range.upperBound..<end])
  }

  /// Slips of those who come from other languages.
  private static func syntaxHint(_ message: String) -> String? {
    guard let range = message.firstRange(of: " near ") else { return nil }
    let near = message[range.upperBound...].filter { $0 != "'" }
    switch near {
    case "<eof>":
      if message.contains("unfinished") { return nil }
      return message.contains("'end' expected") ? "a block has no 'end'" : "the text ends in the middle of a statement"
    case "=" where message.contains("'then' expected") || message.contains("'do' expected"): return "'==' compares, '=' assigns"
    case "!": return "not equal is written ~=, and not is written 'not'"
    case "&": return "and is written 'and'"
    case "|": return "or is written 'or'"
    case "+", "-", "*", "/":
      return message.contains("syntax error") ? "there is no x \(near)= y: write x = x \(near) y" : nil
    case "end": return message.contains("<eof> expected") ? "there is one 'end' too many" : nil
    default: return nil
    }
  }
}
