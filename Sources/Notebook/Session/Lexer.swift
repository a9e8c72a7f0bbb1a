/// Lua 5.4's tokens. Text that is no Lua gives tokens too: the compiler is who refuses it.
package struct Token: Sendable {
  package enum Kind: Sendable, Equatable { case name, keyword, number, string, symbol, comment, end }
  package var kind: Kind
  /// Bytes of the text.
  package var range: Range<Int>
  /// A string or comment that lacks its end: a long one, which more lines may end, or a short one, which nothing can.
  package var isUnfinished = false
  package var isLong = false
}

package struct Lexer {
  package let bytes: [UInt8]
  private var place = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// All tokens, `end` last; comments only where they are asked for.
  package static func tokens(_ bytes: [UInt8], comments: Bool = false) -> [Token] {
    var lexer = Lexer(bytes), tokens: [Token] = []
    while true {
      let token = lexer.next()
      if token.kind == .comment, !comments, !token.isUnfinished { continue }
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  package static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then",
    "true", "until", "while",
  ]

  private func byte(_ offset: Int = 0) -> UInt8 { place + offset < bytes.count ? bytes[place + offset] : 0 }
  private func isAt(_ character: Character, _ offset: Int = 0) -> Bool { byte(offset) == character.asciiValue! && place + offset < bytes.count }

  package static func isNameStart(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte == 0x5F }
  package static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  package static func isNamePart(_ byte: UInt8) -> Bool { isNameStart(byte) || isDigit(byte) }

  private mutating func next() -> Token {
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] >= 9 && bytes[place] <= 13 { place += 1 }
    let start = place
    guard place < bytes.count else { return Token(kind: .end, range: start..<start) }
    let first = bytes[place]
    if Self.isNameStart(first) {
      while place < bytes.count, Self.isNamePart(bytes[place]) { place += 1 }
      let isKeyword = place - start <= 8 && Self.keywords.contains(String(decoding: bytes[start..<place], as: UTF8.self))
      return Token(kind: isKeyword ? .keyword : .name, range: start..<place)
    }
    if Self.isDigit(first) || first == 0x2E && Self.isDigit(byte(1)) { return number() }
    if isAt("-"), isAt("-", 1) { return comment() }
    if isAt("\"") || isAt("'") { return string(quote: first) }
    if isAt("["), let level = longLevel() { return long(level, .string, from: start) }
    for symbol in ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"] where bytes[place...].starts(with: symbol.utf8) {
      place += symbol.utf8.count
      return Token(kind: .symbol, range: start..<place)
    }
    place += 1
    return Token(kind: .symbol, range: start..<place)
  }

  private mutating func number() -> Token {
    let start = place
    let isHex = isAt("0") && (byte(1) | 0x20) == 0x78
    if isHex { place += 2 }
    while place < bytes.count {
      let lower = bytes[place] | 0x20
      if lower == (isHex ? 0x70 : 0x65), byte(1) == 0x2B || byte(1) == 0x2D {  // an exponent with its sign
        place += 2
      } else if Self.isNamePart(bytes[place]) || bytes[place] == 0x2E {
        place += 1
      } else {
        break
      }
    }
    return Token(kind: .number, range: start..<place)
  }

  private mutating func string(quote: UInt8) -> Token {
    let start = place
    place += 1
    while place < bytes.count {
      let byte = bytes[place]
      if byte == quote {
        place += 1
        return Token(kind: .string, range: start..<place)
      }
      if byte == 0x0A || byte == 0x0D { break }
      if byte != 0x5C {
        place += 1
      } else if self.byte(1) == 0x7A {  // \z skips all space that follows, line ends too
        place += 2
        while place < bytes.count, bytes[place] == 0x20 || bytes[place] >= 9 && bytes[place] <= 13 { place += 1 }
      } else if self.byte(1) == 0x0D && self.byte(2) == 0x0A {
        place += 3
      } else {
        place += 2
      }
    }
    place = min(place, bytes.count)
    return Token(kind: .string, range: start..<place, isUnfinished: true)
  }

  /// The number of `=` in the long bracket that opens here; nil where none does.
  private func longLevel(_ offset: Int = 0) -> Int? {
    var level = 0
    while isAt("=", offset + 1 + level) { level += 1 }
    return isAt("[", offset) && isAt("[", offset + 1 + level) ? level : nil
  }

  private mutating func long(_ level: Int, _ kind: Token.Kind, from start: Int) -> Token {
    place += level + 2
    while place < bytes.count {
      if bytes[place] == 0x5D {
        var count = 0
        while isAt("=", 1 + count) { count += 1 }
        if count == level, isAt("]", 1 + count) {
          place += level + 2
          return Token(kind: kind, range: start..<place, isLong: true)
        }
        place += 1 + count
      } else {
        place += 1
      }
    }
    return Token(kind: kind, range: start..<place, isUnfinished: true, isLong: true)
  }

  private mutating func comment() -> Token {
    let start = place
    place += 2
    if let level = longLevel() { return long(level, .comment, from: start) }
    while place < bytes.count, bytes[place] != 0x0A, bytes[place] != 0x0D { place += 1 }
    return Token(kind: .comment, range: start..<place)
  }
}
