/// Lua's text taken apart for colouring. It never fails: what is no Lua is plain.
package struct ColouredPiece: Equatable, Sendable {
  package enum Kind: Sendable { case comment, string, number, keyword, name, call, plain }
  package let kind: Kind
  package let text: String

  /// All of the text in order: joined again, the tokens are the text.
  package static func list(_ text: String) -> [ColouredPiece] {
    let bytes = Array(text.utf8)
    var tokens: [ColouredPiece] = [], done = 0
    func add(_ kind: Kind, upTo end: Int) {
      if end > done { tokens.append(ColouredPiece(kind: kind, text: String(decoding: bytes[done..<end], as: UTF8.self))) }
      done = max(done, end)
    }
    let found = Lexer.tokens(bytes, comments: true)
    for (token, next) in zip(found, found.dropFirst()) {
      guard let kind = kind(of: token, before: next, bytes) else { continue }
      add(.plain, upTo: token.range.lowerBound)
      add(kind, upTo: token.range.upperBound)
    }
    add(.plain, upTo: bytes.count)
    return tokens
  }

  private static func kind(of token: Token, before next: Token, _ bytes: [UInt8]) -> Kind? {
    switch token.kind {
    case .comment: return .comment
    case .string: return .string
    case .number: return .number
    case .keyword: return .keyword
    case .name:
      let isCall = next.kind == .string || next.kind == .symbol && ["(", "{"].contains(String(decoding: bytes[next.range], as: UTF8.self))
      return isCall ? .call : .name
    case .symbol, .end: return nil
    }
  }
}
