/// A piece of Lua source.
struct LuaToken {
  enum Kind { case name, keyword, number, string, symbol, comment }
  let kind: Kind
  /// Bytes of the source.
  let range: Range<Int>
  /// As written; of a string, what stands between its quotes.
  let text: String
  /// A string or a long comment whose end is missing.
  let isOpen: Bool
}

/// Source taken apart into tokens, however unfinished or wrong it is.
struct LuaTokens {
  static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true",
    "until", "while",
  ]

  let bytes: [UInt8]
  private(set) var list: [LuaToken] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var i = 0
    while i < bytes.count { i = token(at: i) }
  }

  static func isName(_ byte: UInt8) -> Bool { byte == 95 || byte | 32 >= 97 && byte | 32 <= 122 || isDigit(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
  /// A word that can stand after a dot.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !isDigit(first) else { return false }
    return text.utf8.allSatisfy { isName($0) } && !keywords.contains(text)
  }

  private func at(_ i: Int) -> UInt8 { i < bytes.count ? bytes[i] : 0 }
  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
  private mutating func add(_ kind: LuaToken.Kind, _ range: Range<Int>, _ content: Range<Int>? = nil, isOpen: Bool = false) -> Int {
    list.append(LuaToken(kind: kind, range: range, text: text(content ?? range), isOpen: isOpen))
    return range.upperBound
  }

  /// Adds the token that begins here, if one does, and returns where to go on.
  private mutating func token(at start: Int) -> Int {
    let byte = bytes[start]
    if byte == 0x23, at(start + 1) == 0x21, start == 0 { return add(.comment, start..<lineEnd(start)) }  // #!
    if byte <= 32 { return start + 1 }
    if byte == 0x2D, at(start + 1) == 0x2D {
      if let level = longBracket(start + 2) { return long(.comment, start, start + 2, level) }
      let end = lineEnd(start)
      return add(.comment, start..<end, isOpen: end == bytes.count)
    }
    if let level = longBracket(start) { return long(.string, start, start, level) }
    if byte == 0x22 || byte == 0x27 { return quoted(start) }
    if Self.isDigit(byte) || byte == 0x2E && Self.isDigit(at(start + 1)) { return number(start) }
    var end = start + 1
    if Self.isName(byte) {
      while end < bytes.count, Self.isName(bytes[end]) { end += 1 }
      return add(Self.keywords.contains(text(start..<end)) ? .keyword : .name, start..<end)
    }
    for symbol in ["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"] where bytes[start...].starts(with: symbol.utf8) {
      end = start + symbol.utf8.count
      break
    }
    // The bytes of a character outside of ASCII, which means nothing to Lua, stay together.
    while byte >= 0x80, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    return add(.symbol, start..<end)
  }

  private func lineEnd(_ start: Int) -> Int { bytes[start...].firstIndex(of: 10) ?? bytes.count }

  /// `[[` or `[==[` here: how many signs stand between.
  private func longBracket(_ start: Int) -> Int? {
    guard at(start) == 0x5B else { return nil }
    var i = start + 1
    while at(i) == 0x3D { i += 1 }
    return at(i) == 0x5B ? i - start - 1 : nil
  }

  private mutating func long(_ kind: LuaToken.Kind, _ start: Int, _ bracket: Int, _ level: Int) -> Int {
    let content = bracket + level + 2
    var i = content
    while i < bytes.count {
      if bytes[i] == 0x5D, at(i + level + 1) == 0x5D, bytes[(i + 1)..<min(i + 1 + level, bytes.count)].allSatisfy({ $0 == 0x3D }) {
        return add(kind, start..<i + level + 2, content..<i)
      }
      i += 1
    }
    return add(kind, start..<bytes.count, content..<bytes.count, isOpen: true)
  }

  private mutating func quoted(_ start: Int) -> Int {
    var i = start + 1
    while i < bytes.count, bytes[i] != 10 {
      if bytes[i] == bytes[start] { return add(.string, start..<i + 1, start + 1..<i) }
      // \z and an escaped end of line go on in the next one.
      i += bytes[i] == 0x5C ? 2 : 1
    }
    i = min(i, bytes.count)
    return add(.string, start..<i, start + 1..<i, isOpen: true)
  }

  private mutating func number(_ start: Int) -> Int {
    let isHex = bytes[start] == 48 && at(start + 1) | 32 == 0x78
    var i = start
    while i < bytes.count {
      let byte = bytes[i], before = i > start ? bytes[i - 1] | 32 : 0
      let isSign = (byte == 0x2B || byte == 0x2D) && before == (isHex ? 0x70 : 0x65)
      guard Self.isName(byte) || byte == 0x2E && at(i + 1) != 0x2E || isSign else { break }
      i += 1
    }
    return add(.number, start..<max(i, start + 1))
  }
}
