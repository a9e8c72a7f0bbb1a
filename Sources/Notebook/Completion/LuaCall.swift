/// The call around a place: which function it is of.
struct LuaCall {
  let function: LuaExpression
  /// Written with a colon: the first parameter is the object before it.
  let isMethod: Bool
  /// The table is all that is given.
  let isOnlyArgument: Bool

  /// The innermost bracket that is open before a token.
  static func opening(_ tokens: [LuaToken], before end: Int) -> Int? {
    var depth = 0
    for i in stride(from: min(end, tokens.count) - 1, through: 0, by: -1) where tokens[i].kind == .symbol {
      switch tokens[i].text {
      case ")", "]", "}": depth += 1
      case "(", "[", "{":
        if depth == 0 { return i }
        depth -= 1
      default: break
      }
    }
    return nil
  }

  /// The call whose argument is the table that begins at `table`.
  init?(_ tokens: [LuaToken], table: Int) {
    var open = table
    if table > 0, ["(", ","].contains(tokens[table - 1].text) {
      guard let bracket = Self.opening(tokens, before: table), tokens[bracket].text == "(" else { return nil }
      open = bracket
    }
    self.init(tokens, open: open, isOnlyArgument: open == table || open == table - 1)
  }

  /// The call around a place in its round brackets.
  init?(_ tokens: [LuaToken], around end: Int) {
    var end = end
    while let open = Self.opening(tokens, before: end) {
      if tokens[open].text == "(", let call = LuaCall(tokens, open: open, isOnlyArgument: false) {
        self = call
        return
      }
      if tokens[open].text == "{", let call = LuaCall(tokens, table: open) {
        self = call
        return
      }
      end = open
    }
    return nil
  }

  private init?(_ tokens: [LuaToken], open: Int, isOnlyArgument: Bool) {
    guard LuaExpression.canBeCalled(tokens, open - 1), let function = LuaExpression(tokens, endingBefore: open) else { return nil }
    // `function f(…`: a definition.
    if function.range.lowerBound > 0, tokens[function.range.lowerBound - 1].text == "function" { return nil }
    self.function = function
    if case .method? = function.steps.last { isMethod = true } else { isMethod = false }
    self.isOnlyArgument = isOnlyArgument
  }
}
