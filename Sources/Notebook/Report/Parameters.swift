internal import LuaBridge

/// `-p name=value`: values in the place of those that the cell tagged `parameters` gives.
public struct Parameters: Sendable {
  private let given: [(name: String, text: String)]
  public var isEmpty: Bool { given.isEmpty }

  /// - Errors: what is no `name=value`; a name that is none of Lua's.
  public init(_ texts: [String]) throws {
    given = try texts.map { text in
      guard let equal = text.firstIndex(of: "=") else { throw LuaError("-p \(text): expected name=value") }
      let name = String(text[..<equal])
      guard ColouredPiece.list(name) == [ColouredPiece(kind: .name, text: name)] else { throw LuaError("-p \(text): '\(name)' is no name") }
      return (name, String(text[text.index(after: equal)...]))
    }
  }

  /// The cell that changes the parameters, to run behind the one tagged.
  /// - names: what the tagged cell has set.
  /// - Errors: a name that is not among them; a text that is no value of the parameter's type.
  func cell(_ session: Session, names: [String]) throws -> Cell {
    var lines = ["-- given by -p"]
    for (name, text) in given {
      guard names.contains(name) else {
        let hint = closest(to: name, in: names).map { "; did you mean '\($0)'?" } ?? ""
        throw LuaError(
          "-p \(name)=\(text): the cell tagged parameters does not set '\(name)'\(hint) (it sets: \(names.isEmpty ? "nothing" : names.joined(separator: ", ")))")
      }
      lines.append("\(name) = \(try Self.literal(text, name, session))")
    }
    return Cell(.code, lines.joined(separator: "\n"), metadata: ["tags": .array([.string("injected-parameters")])])
  }

  /// The value in Lua, of the type that the parameter has.
  private static func literal(_ text: String, _ name: String, _ session: Session) throws -> String {
    let stack = session.state.stack, top = stack.top
    defer { stack.top = top }
    let type = session.push(path: [name]) ? stack.type(at: -1) : .nil
    let quoted =
      "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n").replacing("\r", with: "\\r").replacing("\0", with: "\\0"))\""
    switch type {
    case .string: return quoted
    case .boolean:
      guard ["true", "false"].contains(text) else { throw LuaError("-p \(name)=\(text): '\(name)' is true or false") }
      return text
    case .number:
      guard isNumber(text) else { throw LuaError("-p \(name)=\(text): '\(name)' is a number") }
      return text
    case .nil, .none: return isNumber(text) || ["true", "false", "nil"].contains(text) ? text : quoted
    default: throw LuaError("-p \(name)=\(text): '\(name)' is a \(stack.typeName(at: -1)); only numbers, strings and booleans can be given")
    }
  }

  /// As Lua writes it, with a sign perhaps.
  private static func isNumber(_ text: String) -> Bool {
    var digits = text
    if digits.hasPrefix("-") { digits.removeFirst() }
    return ColouredPiece.list(digits) == [ColouredPiece(kind: .number, text: digits)] && (Double(digits) != nil || Int(digits) != nil)
  }
}
