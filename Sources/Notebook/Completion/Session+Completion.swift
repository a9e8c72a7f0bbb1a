internal import LuaBridge
internal import Runtime

/// What can be written at a place. Nothing of the script's runs, and nothing is raised.
extension Session {
  public struct Completion: Sendable {
    /// What may stand between `start` and `end`. A kind is "keyword", "variable", "function", "method", "property", "class", "module", "option", "path" or "key".
    public var matches: [(text: String, kind: String)]
    /// In code points of the text.
    public var start, end: Int
  }

  /// - offset: the cursor's place, in code points.
  public func complete(_ code: String, at offset: Int) -> Completion {
    let place = max(0, min(offset, code.unicodeScalars.count))
    let index = code.unicodeScalars.index(code.unicodeScalars.startIndex, offsetBy: place)
    let base = state.stack.top
    defer { state.stack.top = base }
    let (matches, replaced) = Completer(self, String(code.unicodeScalars[..<index])).completion
    return Completion(matches: matches, start: place - replaced, end: place)
  }
}

private struct Completer {
  typealias Matches = [(text: String, kind: String)]
  let session: Session
  let resolver: Resolver
  let tokens: [LuaToken]
  /// What has been typed of the word at the cursor.
  let prefix: String
  /// The text ends in a comment, a number or a character outside of Lua: nothing can be said.
  let isElsewhere: Bool
  /// Set where the text ends inside a string.
  let string: LuaToken?

  init(_ session: Session, _ text: String) {
    self.session = session
    let bytes = Array(text.utf8)
    var list = LuaTokens(bytes).list
    var prefix = "", isElsewhere = false, string: LuaToken?
    if let last = list.last, last.range.upperBound == bytes.count {
      switch last.kind {
      case .name, .keyword: prefix = list.removeLast().text
      case .string where last.isOpen: string = list.removeLast()
      case .comment: isElsewhere = last.isOpen
      case .number: isElsewhere = true
      default: break
      }
    }
    list.removeAll { $0.kind == .comment }
    (tokens, self.prefix, self.isElsewhere, self.string) = (list, prefix, isElsewhere, string)
    resolver = Resolver(session: session, tokens: list)
  }

  /// With the number of code points before the cursor that the matches replace.
  var completion: (Matches, Int) {
    if isElsewhere { return ([], 0) }
    if let string { return inString(string.text) }
    let count = prefix.unicodeScalars.count, last = tokens.last
    if last?.kind == .symbol, let sign = last?.text {
      if sign == "." || sign == ":" { return (members(afterColon: sign == ":"), count) }
      if sign == "<", tokens.count >= 3, tokens[tokens.count - 3].text == "local" { return (pick(["const": "keyword", "close": "keyword"]), count) }
    }
    let options = self.options
    return (prefix.isEmpty && !options.isEmpty ? options : options + names.filter { name in !options.contains { $0.text == name.text } }, count)
  }

  // MARK: names

  private func pick(_ candidates: [String: String]) -> Matches {
    func sorted(_ names: some Sequence<String>) -> Matches {
      names.sorted { ($0.hasPrefix("_") ? 1 : 0, $0) < ($1.hasPrefix("_") ? 1 : 0, $1) }.map { ($0, candidates[$0]!) }
    }
    // Names that begin with a line are insides, until one is typed.
    let open = candidates.keys.filter { $0.hasPrefix(prefix) && (!$0.hasPrefix("_") || prefix.hasPrefix("_")) }
    if !open.isEmpty || prefix.isEmpty { return sorted(open) }
    let lowered = prefix.lowercased()
    return sorted(candidates.keys.filter { $0.lowercased().hasPrefix(lowered) })
  }

  private var names: Matches {
    var found: [String: String] = [:]
    for word in Lexer.keywords { found[word] = "keyword" }
    let stack = session.state.stack
    guard stack.reserve(20) else { return [] }
    stack.pushGlobals()
    for (name, kind) in resolver.fields(of: stack.top) where LuaTokens.isName(name) { found[name] = kind }
    for name in session.locals {
      guard session.push(path: [name]) else { continue }
      found[name] = resolver.kind(at: stack.top)
      stack.pop()
    }
    for (name, kind) in declared where found[name] == nil { found[name] = kind }
    return pick(found)
  }

  /// Names that the text itself declares: locals, parameters, functions, variables of loops. Where their block has ended they may no longer be seen; a text being
  /// written is rarely whole enough to tell.
  private var declared: [String: String] {
    var found: [String: String] = [:]
    for (i, token) in tokens.enumerated() where token.kind == .keyword {
      var next = i + 1
      func list(_ kind: String) {
        while next < tokens.count, tokens[next].kind == .name {
          found[tokens[next].text] = kind
          next += 1
          if next + 2 < tokens.count, tokens[next].text == "<", tokens[next + 2].text == ">" { next += 3 }
          guard next < tokens.count, tokens[next].text == "," else { return }
          next += 1
        }
      }
      switch token.text {
      case "local", "for": list("variable")
      case "function":
        if next < tokens.count, tokens[next].kind == .name, next + 1 >= tokens.count || ![".", ":"].contains(tokens[next + 1].text) {
          found[tokens[next].text] = "function"
        }
        var isMethod = false
        while next < tokens.count, tokens[next].text != "(" {
          isMethod = isMethod || tokens[next].text == ":"
          if tokens[next].kind == .keyword { break }
          next += 1
        }
        if isMethod { found["self"] = "variable" }
        next += 1
        list("variable")
      default: break
      }
    }
    // A global that has not been set yet.
    for (i, token) in tokens.enumerated() where token.kind == .symbol && token.text == "=" && i > 0 && tokens[i - 1].kind == .name {
      if i == 1 || ![".", ",", "{", ":"].contains(tokens[i - 2].text) { found[tokens[i - 1].text] = found[tokens[i - 1].text] ?? "variable" }
    }
    return found
  }

  // MARK: fields and methods

  private func members(afterColon: Bool) -> Matches {
    guard let object = LuaExpression(tokens, endingBefore: tokens.count - 1) else { return [] }
    let known = resolver.resolve(object)
    var found = known.map { resolver.members(of: $0, afterColon: afterColon) } ?? [:]
    if !afterColon {
      // Fields that the text sets: self.fc1 = …
      if let path = object.path { for name in fields(behind: path) where found[name] == nil { found[name] = "variable" } }
      // A method behind a dot is rarely meant; but for a table's, it is offered where nothing else fits.
      var isObject = false
      if case .value(let index)? = known { isObject = session.state.stack.type(at: index) == .userdata }
      if case .object? = known { isObject = true }
      if isObject {
        let properties = pick(found.filter { $0.value != "method" })
        if !properties.isEmpty { return properties }
      }
    }
    return pick(found)
  }

  private func fields(behind path: [String]) -> Set<String> {
    var found: Set<String> = []
    for (i, token) in tokens.enumerated() where token.kind == .symbol && token.text == "=" && i > 2 * path.count {
      if LuaExpression(tokens, endingBefore: i)?.path?.dropLast() == path[...] { found.insert(tokens[i - 1].text) }
    }
    return found
  }

  // MARK: options

  /// Inside `f{…` and `f(…, {…`: the options that have not been given yet.
  private var options: Matches {
    guard let before = tokens.last, before.kind == .symbol, ["{", ",", ";"].contains(before.text), let open = LuaCall.opening(tokens, before: tokens.count),
      tokens[open].text == "{", let call = LuaCall(tokens, table: open), let known = resolver.resolve(call.function), let entry = entry(of: known)
    else { return [] }
    var given: Set<String> = []
    for i in stride(from: open + 2, to: tokens.count, by: 1) where tokens[i].text == "=" && LuaCall.opening(tokens, before: i) == open {
      given.insert(tokens[i - 1].text)
    }
    var parameters = call.isMethod ? entry.methodParameters : entry.row.signature.parameters
    // One table may hold everything only where the function says so.
    if !(call.isOnlyArgument && entry.row.signature.mixed) { parameters.removeAll { $0.literal == nil } }
    var candidates: [String: String] = [:]
    for parameter in parameters where !given.contains(parameter.name) && LuaTokens.isName(parameter.name) { candidates[parameter.name] = "option" }
    return pick(candidates)
  }

  private func entry(of known: Known) -> Entry? { resolver.entry(of: known) }

  // MARK: strings

  private func inString(_ text: String) -> (Matches, Int) {
    let end = tokens.count
    if end > 0, tokens[end - 1].text == "require" || end > 1 && tokens[end - 1].text == "(" && tokens[end - 2].text == "require" {
      let names = Paths.modules(session.state, prefix: text).map { (text: $0, kind: "module") }
      return (names, text.unicodeScalars.count)
    }
    // t["…
    if end > 1, tokens[end - 1].text == "[", let object = LuaExpression(tokens, endingBefore: end - 1), case .value(let index)? = resolver.resolve(object) {
      let keys = resolver.fields(of: index).map(\.name).filter { $0.hasPrefix(text) && !$0.contains("\"") && !$0.contains("\n") }
      return (keys.sorted().map { ($0, "key") }, text.unicodeScalars.count)
    }
    let name = text.unicodeScalars.suffix(while: { $0 != "/" })
    return (Paths.files(text).map { ($0, "path") }, name.count)
  }
}

extension BidirectionalCollection {
  /// The end of the collection, as long as its elements pass.
  func suffix(while passes: (Element) -> Bool) -> SubSequence {
    var start = endIndex
    while start > startIndex {
      let before = index(before: start)
      guard passes(self[before]) else { break }
      start = before
    }
    return self[start...]
  }
}
