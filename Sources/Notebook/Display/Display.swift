public import LuaBridge

/// Values in the forms that a front end can show.
public enum Display {
  /// The forms of a value.
  public static func bundle(_ stack: LuaStack, _ index: Int32) throws -> DisplayBundle {
    let index = stack.absolute(index)
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    let base = stack.top
    defer { stack.top = base }
    stack.pushGlobals()
    stack.rawGet(-1, "require")
    stack.push("nnlua.display")
    try stack.call(arguments: 1, results: 1)
    stack.rawGet(-1, "text")
    stack.copy(index)
    try stack.call(arguments: 1, results: 1)
    return DisplayBundle(text: stack.string(at: -1) ?? "")
  }
}
