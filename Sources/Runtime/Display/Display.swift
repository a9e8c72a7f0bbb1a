public import LuaBridge
internal import Plots

/// What values look like: as text, and as HTML or a picture where a notebook or report shows them.
public enum Display {
  /// The forms of a value: what its `__display` gives, else those of tables, functions and plain values.
  ///
  /// A mistake in a script's `__display` or `__tostring` is told in the text.
  /// - Errors: Ctrl-C alone.
  public static func bundle(_ stack: LuaStack, _ index: Int32) throws -> DisplayBundle { try bundle(stack, stack.absolute(index), depth: 0) }

  /// A cell begins: what it shows itself need not be shown again as its value.
  public static func beginCell() { Figure.forgetShown() }

  /// The forms of a cell's value; nil where there is nothing to show: nil, and a figure that the cell has shown already.
  public static func result(_ stack: LuaStack, _ index: Int32) throws -> DisplayBundle? {
    if stack.type(at: index) == .nil || stack.type(at: index) == .none { return nil }
    if let figure = stack.object(at: index) as? Figure, figure.isShown { return nil }
    return try bundle(stack, index)
  }

  /// `__display` may give another object, which then is shown: so many times.
  private static let mostSteps = 8

  private static func bundle(_ stack: LuaStack, _ index: Int32, depth: Int) throws -> DisplayBundle {
    guard stack.reserve(24) else { return DisplayBundle(text: "…") }
    let top = stack.top
    defer { stack.top = top }
    guard stack.pushMetafield(index, "__display") else { return try undecorated(stack, index) }
    do {
      stack.copy(index)
      try stack.call(arguments: 1, results: 1)
      if stack.pushMetafield(stack.top, "__display") {
        stack.pop()
        guard depth < mostSteps else { throw LuaError("it gives one object after another") }
        return try bundle(stack, stack.top, depth: depth + 1)
      }
      guard stack.type(at: -1) == .table else { throw LuaError("it must return a table of MIME types, got \(stack.typeName(at: -1))") }
      let bundle = try DisplayBundle.decode(stack, stack.top)
      return bundle.text.isEmpty ? DisplayBundle(text: try text(stack, index), bundle.forms.filter { $0.type != "text/plain" }.map { ($0.type, $0.form) }) : bundle
    } catch {
      if LuaState.isInterrupted { throw error }
      return DisplayBundle(text: "\(stack.typeName(at: index)) (its __display failed: \(reason(error)))")
    }
  }

  private static func reason(_ error: any Error) -> String { (error as? TypeMismatch).map { $0.detail ?? "\($0.expected) expected" } ?? "\(error)" }

  private static func undecorated(_ stack: LuaStack, _ index: Int32) throws -> DisplayBundle {
    let type = stack.type(at: index)
    if type == .function || type == .table, let topic = Reference.topic(of: LuaAny(stack: stack, index: index)) {
      let help = ReferenceText(width: 80, styled: false).page(topic)
      return DisplayBundle(text: help, [("text/html", .text(HTML.preformatted(help)))])
    }
    let text = try text(stack, index)
    guard type == .table, let html = try ask("html", stack, index) else { return DisplayBundle(text: text) }
    return DisplayBundle(text: text, [("text/html", .text(html))])
  }

  /// The text form without `__display`.
  private static func text(_ stack: LuaStack, _ index: Int32) throws -> String {
    if let text = stack.string(at: index) { return text }
    do {
      switch stack.type(at: index) {
      case .table, .function: return try ask("text", stack, index) ?? stack.description(at: index)
      default: return try stack.description(at: index)
      }
    } catch {
      if LuaState.isInterrupted { throw error }
      return "\(stack.typeName(at: index)) (its __tostring failed: \(reason(error)))"
    }
  }

  /// What a function of display.lua says of the value; nil where it has nothing to say.
  private static func ask(_ function: String, _ stack: LuaStack, _ index: Int32) throws -> String? {
    let top = stack.top
    defer { stack.top = top }
    stack.pushGlobals()
    stack.rawGet(-1, "require")
    stack.push("nnlua.display")
    try stack.call(arguments: 1, results: 1)
    stack.rawGet(-1, function)
    stack.copy(index)
    do {
      try stack.call(arguments: 1, results: 1)
    } catch {
      if LuaState.isInterrupted || function != "html" { throw error }
      return nil  // the text says it
    }
    return stack.string(at: -1)
  }

  /// Shows forms where the script runs: in the notebook or report, else the text alone by `print`.
  static func show(_ bundle: DisplayBundle, id: String?, isUpdate: Bool, _ stack: LuaStack) throws {
    if let frontEnd = stack.state.frontEnd {
      stack.state.flush()
      return frontEnd.show(bundle, id: id, isUpdate: isUpdate)
    }
    try print(bundle.text, stack)
  }

  /// Through Lua's `print`, which scripts may have replaced.
  static func print(_ text: String, _ stack: LuaStack) throws {
    guard stack.reserve(4) else { throw LuaError("stack overflow") }
    stack.pushGlobals()
    stack.rawGet(-1, "print")
    stack.push(text)
    try stack.call(arguments: 1, results: 0)
    stack.pop()
  }
}
