/// An expression that names a value: `net`, `nn.Linear`, `data.mnist{}.train`, `("x")`, `net[1]:forward(x)`.
struct LuaExpression {
  indirect enum Root {
    case name(String)
    case string
    case parentheses(LuaExpression)
  }
  enum Key: Equatable { case name(String), position(Int), unknown }
  enum Step {
    case field(String)
    case method(String)
    case index(Key)
    /// With the text of the argument where it is a single string.
    case call(String?)
  }
  let root: Root
  private(set) var steps: [Step]
  /// Tokens it is made of.
  let range: Range<Int>

  /// The names of a path without calls: "nn.Linear"; nil for anything else.
  var path: [String]? {
    guard case .name(let first) = root else { return nil }
    var names = [first]
    for step in steps {
      guard case .field(let name) = step else { return nil }
      names.append(name)
    }
    return names
  }

  /// Reads backwards from the token before `end`; nil where no such expression ends there.
  init?(_ tokens: [LuaToken], endingBefore end: Int, depth: Int = 0) {
    var steps: [Step] = []  // from the last to the first
    var i = end - 1
    while i >= 0, depth < 20 {
      let token = tokens[i]
      switch token.kind {
      case .name:
        if i >= 1, tokens[i - 1].kind == .symbol, tokens[i - 1].text == "." || tokens[i - 1].text == ":" {
          steps.append(tokens[i - 1].text == "." ? .field(token.text) : .method(token.text))
          i -= 2
          continue
        }
        (root, self.steps, range) = (.name(token.text), steps.reversed(), i..<end)
        return
      case .string:
        if Self.canBeCalled(tokens, i - 1) {
          steps.append(.call(token.text))
          i -= 1
          continue
        }
        (root, self.steps, range) = (.string, steps.reversed(), i..<end)
        return
      case .symbol:
        guard let open = Self.opening(tokens, i) else { return nil }
        let inside = open + 1..<i, callable = Self.canBeCalled(tokens, open - 1)
        if token.text == "]" {
          guard callable else { return nil }
          steps.append(.index(Self.key(tokens[inside])))
        } else if callable {
          steps.append(.call(inside.count == 1 && tokens[open + 1].kind == .string ? tokens[open + 1].text : nil))
        } else if token.text == ")", let inner = LuaExpression(tokens, endingBefore: i, depth: depth + 1), inner.range.lowerBound == open + 1 {
          (root, self.steps, range) = (.parentheses(inner), steps.reversed(), open..<end)
          return
        } else {
          return nil
        }
        i = open - 1
      default: return nil
      }
    }
    return nil
  }

  /// An expression may end at this token, so that a bracket or a string behind it belongs to it.
  static func canBeCalled(_ tokens: [LuaToken], _ i: Int) -> Bool {
    guard i >= 0 else { return false }
    return switch tokens[i].kind {
    case .name, .string: true
    case .symbol: tokens[i].text == ")" || tokens[i].text == "]" || tokens[i].text == "}"
    default: false
    }
  }

  /// The bracket that the one at `close` closes.
  static func opening(_ tokens: [LuaToken], _ close: Int) -> Int? {
    guard tokens[close].kind == .symbol, [")", "]", "}"].contains(tokens[close].text) else { return nil }
    var depth = 0
    for i in stride(from: close, through: 0, by: -1) where tokens[i].kind == .symbol {
      switch tokens[i].text {
      case ")", "]", "}": depth += 1
      case "(", "[", "{":
        depth -= 1
        if depth == 0 { return i }
      default: break
      }
    }
    return nil
  }

  private static func key(_ tokens: ArraySlice<LuaToken>) -> Key {
    var tokens = tokens
    let negative = tokens.first?.text == "-"
    if negative { tokens = tokens.dropFirst() }
    guard tokens.count == 1, let token = tokens.first else { return .unknown }
    if token.kind == .string, !negative { return .name(token.text) }
    if token.kind == .number, let position = Int(token.text) { return .position(negative ? -position : position) }
    return .unknown
  }

  /// The end of the expression that begins at a token, going forward: a name or a bracket, then what belongs to it.
  static func end(_ tokens: [LuaToken], from start: Int) -> Int? {
    guard start < tokens.count else { return nil }
    var i = start
    func closing(_ open: Int) -> Int? {
      var depth = 0
      for i in open..<tokens.count where tokens[i].kind == .symbol {
        switch tokens[i].text {
        case "(", "[", "{": depth += 1
        case ")", "]", "}":
          depth -= 1
          if depth == 0 { return i }
        default: break
        }
      }
      return nil
    }
    switch (tokens[i].kind, tokens[i].text) {
    case (.name, _), (.string, _): i += 1
    case (.symbol, "("):
      guard let close = closing(i) else { return nil }
      i = close + 1
    default: return nil
    }
    while i < tokens.count {
      switch (tokens[i].kind, tokens[i].text) {
      case (.string, _): i += 1
      case (.symbol, "."), (.symbol, ":"):
        guard i + 1 < tokens.count, tokens[i + 1].kind == .name else { return nil }
        i += 2
      case (.symbol, "("), (.symbol, "["), (.symbol, "{"):
        guard let close = closing(i) else { return nil }
        i = close + 1
      case (.symbol, ","), (.symbol, ";"), (.name, _): return i
      case (.keyword, let word): return ["and", "or"].contains(word) ? nil : i
      default: return nil  // an operator: the value is another
      }
    }
    return i
  }
}
