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
  let list: [LuaToken]

  init(_ bytes: [UInt8]) {
    // A line that names a program is no Lua.
    let start = bytes.starts(with: Array("#!".utf8)) ? bytes.firstIndex(of: 10) ?? bytes.count : 0
    list = Lexer.tokens(Array(repeating: 10, count: start) + bytes[start...], comments: true).dropLast().map { token in
      let kind: LuaToken.Kind
      switch token.kind {
      case .name: kind = .name
      case .keyword: kind = .keyword
      case .number: kind = .number
      case .string: kind = .string
      case .comment: kind = .comment
      case .symbol, .end: kind = .symbol
      }
      let range = token.range
      var text = bytes[range]
      if kind == .string {
        let quote = token.isLong ? (text.dropFirst().firstIndex(of: 0x5B) ?? range.lowerBound) - range.lowerBound + 1 : 1
        text = text.dropFirst(quote).dropLast(token.isUnfinished ? 0 : quote)
      }
      // A comment of one line goes on as long as one writes.
      let isOpen = token.isUnfinished || kind == .comment && !token.isLong && range.upperBound == bytes.count
      return LuaToken(kind: kind, range: range, text: String(decoding: text, as: UTF8.self), isOpen: isOpen)
    }
  }

  /// A word that can stand after a dot.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, Lexer.isNameStart(first) else { return false }
    return text.utf8.allSatisfy { Lexer.isNamePart($0) } && !Lexer.keywords.contains(text)
  }
}
