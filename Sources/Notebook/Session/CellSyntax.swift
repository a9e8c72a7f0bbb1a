/// The top-level statements of a cell: Lua 5.4's grammar, read for what a session must know, namely where locals are declared and
/// where the last expression begins. What it takes for right the compiler may still refuse.
package struct CellSyntax {
  package struct Local: Sendable {
    package var names: [String]
    /// "const", "close" or nil, for each name.
    package var attributes: [String?]
    /// The bytes of each `close` in an attribute.
    package var closeWords: [Range<Int>] = []
    /// All bytes of the statement.
    package var range: Range<Int>
    /// The names in its expressions.
    package var used: Set<String> = []
  }
  package enum Ending: Sendable, Equatable {
    case statement
    /// An expression list from this byte to `end`; `silent`: a `;` stands behind it.
    case expression(start: Int, end: Int, silent: Bool)
    /// `return` with values, which begin at this byte.
    case returned(start: Int, silent: Bool)
  }
  package private(set) var locals: [Local] = []
  package private(set) var ending = Ending.statement
  /// Every name that stands for a variable: fields and methods are left out.
  package private(set) var names: Set<String> = []
  /// The statements can be read to the end.
  package private(set) var isWhole = true
  /// They cannot, but more text might mend it: this many blocks and brackets are open.
  package private(set) var openBlocks: Int?

  package init(_ bytes: [UInt8]) {
    var parser = Parser(bytes)
    names = parser.variableNames()
    parser.chunk()
    locals = parser.locals
    // The longest suffix that is an expression list: only where a statement begins that could be one.
    for start in parser.candidates {
      guard let found = parser.expressionList(from: start) else { continue }
      ending = found
      return
    }
    if let failure = parser.failure {
      isWhole = false
      openBlocks = failure.atEnd ? failure.open : nil
    }
    if isWhole, let returned = parser.returned { ending = returned }
  }
}

private struct Parser {
  struct Failure: Error {
    var atEnd: Bool
    var open: Int
  }
  let bytes: [UInt8]
  let tokens: [Token]
  private var place = 0
  private var depth = 0
  private var open = 0
  var locals: [CellSyntax.Local] = []
  var returned: CellSyntax.Ending?
  var failure: Failure?
  /// Tokens where a top-level statement begins that is a call, or no statement at all.
  var candidates: [Int] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    tokens = Lexer.tokens(bytes)
  }

  func variableNames() -> Set<String> {
    var names: Set<String> = []
    for (i, token) in tokens.enumerated() where token.kind == .name {
      if i > 0, isSymbol(".", i - 1) || isSymbol(":", i - 1) { continue }
      names.insert(text(i))
    }
    return names
  }

  // MARK: tokens

  private func text(_ i: Int) -> String { String(decoding: bytes[tokens[i].range], as: UTF8.self) }
  private func isSymbol(_ symbol: StaticString, _ i: Int) -> Bool { tokens[i].kind == .symbol && equal(symbol, i) }
  private func isKeyword(_ word: StaticString, _ i: Int) -> Bool { tokens[i].kind == .keyword && equal(word, i) }
  private func equal(_ word: StaticString, _ i: Int) -> Bool {
    let range = tokens[i].range
    guard range.count == word.utf8CodeUnitCount else { return false }
    for k in 0..<range.count where bytes[range.lowerBound + k] != word.utf8Start[k] { return false }
    return true
  }
  private func at(_ symbol: StaticString) -> Bool { isSymbol(symbol, place) }
  private func atWord(_ word: StaticString) -> Bool { isKeyword(word, place) }
  private var kind: Token.Kind { tokens[place].kind }

  private func fail() -> Failure {
    let token = tokens[place]
    return Failure(atEnd: token.kind == .end || token.isUnfinished && token.isLong, open: open)
  }
  private mutating func advance() throws {
    if tokens[place].isUnfinished { throw fail() }
    if tokens[place].kind != .end { place += 1 }
  }
  private mutating func accept(_ symbol: StaticString) throws -> Bool {
    guard at(symbol) else { return false }
    try advance()
    return true
  }
  private mutating func acceptWord(_ word: StaticString) throws -> Bool {
    guard atWord(word) else { return false }
    try advance()
    return true
  }
  private mutating func expect(_ symbol: StaticString) throws { guard try accept(symbol) else { throw fail() } }
  private mutating func expectWord(_ word: StaticString) throws { guard try acceptWord(word) else { throw fail() } }
  private mutating func name() throws -> String {
    guard kind == .name else { throw fail() }
    defer { place += 1 }
    return text(place)
  }
  /// Lua's own limit is 200 levels.
  private mutating func nested<R>(_ body: (inout Parser) throws -> R) throws -> R {
    depth += 1
    defer { depth -= 1 }
    guard depth < 220 else { throw Failure(atEnd: false, open: 0) }
    return try body(&self)
  }

  // MARK: statements

  mutating func chunk() {
    do {
      while kind != .end {
        let start = place
        if atWord("return") {
          try returnStatement(isTop: true)
          guard kind == .end else { throw fail() }
          return
        }
        let before = locals.count
        let isCall: Bool
        do { isCall = try statement(isTop: true) } catch {
          locals.removeSubrange(before...)
          candidates.append(start)
          throw error
        }
        if isCall { candidates.append(start) }
      }
    } catch { failure = error as? Failure ?? Failure(atEnd: false, open: 0) }
  }

  private var atBlockEnd: Bool { kind == .end || atWord("end") || atWord("else") || atWord("elseif") || atWord("until") }

  private mutating func block() throws {
    try nested { parser in
      parser.open += 1
      while !parser.atBlockEnd {
        if parser.atWord("return") {
          try parser.returnStatement(isTop: false)
          guard parser.atBlockEnd else { throw parser.fail() }
          break
        }
        _ = try parser.statement(isTop: false)
      }
      if parser.kind == .end { throw parser.fail() }
      parser.open -= 1
    }
  }

  private mutating func returnStatement(isTop: Bool) throws {
    try advance()
    let start = tokens[place].range.lowerBound
    let hasValues = !atBlockEnd && !at(";")
    if hasValues { try expressions() }
    let silent = try accept(";")
    if isTop, hasValues { returned = .returned(start: start, silent: silent) }
  }

  /// Answers whether it is a call.
  private mutating func statement(isTop: Bool) throws -> Bool {
    if try accept(";") { return false }
    if try accept("::") {
      _ = try name()
      try expect("::")
      return false
    }
    guard kind == .keyword else { return try expressionStatement() }
    if atWord("local") {
      try local(isTop: isTop)
    } else if try acceptWord("if") {
      try expression()
      try expectWord("then")
      try block()
      while try acceptWord("elseif") {
        try expression()
        try expectWord("then")
        try block()
      }
      if try acceptWord("else") { try block() }
      try expectWord("end")
    } else if try acceptWord("while") {
      try expression()
      try expectWord("do")
      try block()
      try expectWord("end")
    } else if try acceptWord("do") {
      try block()
      try expectWord("end")
    } else if try acceptWord("for") {
      _ = try name()
      while try accept(",") { _ = try name() }
      if try !accept("=") { try expectWord("in") }
      try expressions()
      try expectWord("do")
      try block()
      try expectWord("end")
    } else if try acceptWord("repeat") {
      try block()
      try expectWord("until")
      try expression()
    } else if atWord("function"), tokens[place + 1].kind == .name {
      try advance()
      _ = try name()
      while try accept(".") { _ = try name() }
      if try accept(":") { _ = try name() }
      try functionBody()
    } else if try acceptWord("goto") {
      _ = try name()
    } else if try !acceptWord("break") {
      throw fail()
    }
    return false
  }

  private mutating func local(isTop: Bool) throws {
    let first = place
    try advance()
    var found = CellSyntax.Local(names: [], attributes: [], range: 0..<0)
    var expressionsFrom = place
    if try acceptWord("function") {
      found.names = [try name()]
      found.attributes = [nil]
      try functionBody()
      expressionsFrom = place
    } else {
      repeat {
        found.names.append(try name())
        var attribute: String?
        if try accept("<") {
          if kind == .name, text(place) == "close" { found.closeWords.append(tokens[place].range) }
          attribute = try name()
          try expect(">")
        }
        found.attributes.append(attribute)
      } while try accept(",")
      expressionsFrom = place
      if try accept("=") { try expressions() }
    }
    guard isTop else { return }
    for i in expressionsFrom..<place where tokens[i].kind == .name { found.used.insert(text(i)) }
    found.range = tokens[first].range.lowerBound..<tokens[place - 1].range.upperBound
    locals.append(found)
  }

  private mutating func expressionStatement() throws -> Bool {
    let isCall = try suffixed()
    if at("=") || at(",") {
      while try accept(",") { _ = try suffixed() }
      try expect("=")
      try expressions()
      return false
    }
    guard isCall else { throw fail() }
    return true
  }

  // MARK: expressions

  /// The expression list from a token to the end of the text, where there is one.
  mutating func expressionList(from start: Int) -> CellSyntax.Ending? {
    place = start
    depth = 0
    do {
      try expressions()
      let end = tokens[place - 1].range.upperBound
      var silent = false
      while try accept(";") { silent = true }
      guard kind == .end else { return nil }
      return .expression(start: tokens[start].range.lowerBound, end: end, silent: silent)
    } catch {
      if failure != nil, start == candidates.last, let found = error as? Failure, found.atEnd { failure = found }
      return nil
    }
  }

  private mutating func expressions() throws {
    repeat { try expression() } while try accept(",")
  }

  private mutating func expression() throws {
    try nested { parser in
      repeat {
        while parser.at("-") || parser.at("#") || parser.at("~") || parser.atWord("not") { try parser.advance() }
        try parser.simple()
      } while try parser.binary()
    }
  }

  private mutating func binary() throws -> Bool {
    let token = tokens[place]
    if token.kind == .keyword {
      guard atWord("and") || atWord("or") else { return false }
    } else {
      guard token.kind == .symbol, Self.binaries.contains(text(place)) else { return false }
    }
    try advance()
    return true
  }
  private static let binaries: Set<String> = [
    "+", "-", "*", "/", "%", "^", "//", "..", "==", "~=", "<", "<=", ">", ">=", "&", "|", "~", "<<", ">>",
  ]

  private mutating func simple() throws {
    switch kind {
    case .number, .string: try advance()
    case .keyword:
      if try acceptWord("function") { return try functionBody() }
      guard atWord("nil") || atWord("true") || atWord("false") else { throw fail() }
      try advance()
    case .symbol:
      if try accept("...") { return }
      if at("{") { return try table() }
      _ = try suffixed()
    default: _ = try suffixed()
    }
  }

  private mutating func table() throws {
    try nested { parser in
      try parser.expect("{")
      parser.open += 1
      while !parser.at("}") {
        if try parser.accept("[") {
          try parser.expression()
          try parser.expect("]")
          try parser.expect("=")
        } else if parser.kind == .name, parser.isSymbol("=", parser.place + 1) {
          parser.place += 2
        }
        try parser.expression()
        if try !parser.accept(","), try !parser.accept(";") { break }
      }
      try parser.expect("}")
      parser.open -= 1
    }
  }

  private mutating func functionBody() throws {
    try expect("(")
    if !at(")") {
      repeat {
        if try accept("...") { break }
        _ = try name()
      } while try accept(",")
    }
    try expect(")")
    try block()
    try expectWord("end")
  }

  /// Answers whether its last part is a call.
  private mutating func suffixed() throws -> Bool {
    if try accept("(") {
      open += 1
      try expression()
      try expect(")")
      open -= 1
    } else {
      _ = try name()
    }
    var isCall = false
    while true {
      if try accept(".") {
        _ = try name()
        isCall = false
      } else if at("[") {
        try advance()
        try expression()
        try expect("]")
        isCall = false
      } else if try accept(":") {
        _ = try name()
        try arguments()
        isCall = true
      } else if at("(") || at("{") || kind == .string {
        try arguments()
        isCall = true
      } else {
        return isCall
      }
    }
  }

  private mutating func arguments() throws {
    if kind == .string { return try advance() }
    if at("{") { return try table() }
    try expect("(")
    open += 1
    if !at(")") { try expressions() }
    try expect(")")
    open -= 1
  }
}
