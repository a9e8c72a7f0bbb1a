/// Lua's text taken apart for colouring. It never fails: what is no Lua is plain.
package struct LuaToken: Equatable, Sendable {
  package enum Kind: Sendable { case comment, string, number, keyword, name, call, plain }
  package let kind: Kind
  package let text: String

  private static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]

  /// All of the text in order: joined again, the tokens are the text.
  package static func list(_ text: String) -> [LuaToken] {
    let bytes = Array(text.utf8)
    var tokens: [LuaToken] = [], i = 0, plain = 0
    func slice(_ from: Int, _ to: Int) -> String { String(decoding: bytes[from..<to], as: UTF8.self) }
    func put(_ kind: Kind, _ end: Int) {
      if plain < i { tokens.append(LuaToken(kind: .plain, text: slice(plain, i))) }
      tokens.append(LuaToken(kind: kind, text: slice(i, end)))
      i = end
      plain = end
    }
    while i < bytes.count {
      let byte = bytes[i], next = i + 1 < bytes.count ? bytes[i + 1] : 0
      switch byte {
      case 0x2D where next == 0x2D:  // --
        put(.comment, longBracket(bytes, i + 2) ?? endOfLine(bytes, i))
      case 0x22, 0x27: put(.string, quoted(bytes, i))
      case 0x5B where longBracket(bytes, i) != nil: put(.string, longBracket(bytes, i)!)
      case _ where isDigit(byte) || byte == 0x2E && isDigit(next) && (i == 0 || bytes[i - 1] != 0x2E): put(.number, number(bytes, i))
      case _ where isLetter(byte):
        var end = i
        while end < bytes.count, isLetter(bytes[end]) || isDigit(bytes[end]) { end += 1 }
        let word = slice(i, end)
        if keywords.contains(word) {
          put(.keyword, end)
        } else {
          var after = end
          while after < bytes.count, bytes[after] == 0x20 { after += 1 }
          let mark = after < bytes.count ? bytes[after] : 0
          put([0x28, 0x7B, 0x22, 0x27].contains(mark) ? .call : .name, end)
        }
      default: i += 1
      }
    }
    if plain < bytes.count { tokens.append(LuaToken(kind: .plain, text: slice(plain, bytes.count))) }
    return tokens
  }

  private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
  private static func isLetter(_ byte: UInt8) -> Bool { 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == 0x5F }
  private static func endOfLine(_ bytes: [UInt8], _ start: Int) -> Int { bytes[start...].firstIndex(of: 10) ?? bytes.count }

  /// The end of `[[…]]` or `[==[…]==]`; nil where none begins.
  private static func longBracket(_ bytes: [UInt8], _ start: Int) -> Int? {
    guard start < bytes.count, bytes[start] == 0x5B else { return nil }
    var i = start + 1, level = 0
    while i < bytes.count, bytes[i] == 0x3D { (i, level) = (i + 1, level + 1) }
    guard i < bytes.count, bytes[i] == 0x5B else { return nil }
    i += 1
    while i < bytes.count {
      if bytes[i] == 0x5D {
        var j = i + 1
        while j < bytes.count, bytes[j] == 0x3D { j += 1 }
        if j - i - 1 == level, j < bytes.count, bytes[j] == 0x5D { return j + 1 }
        i = j
      } else {
        i += 1
      }
    }
    return bytes.count
  }

  private static func quoted(_ bytes: [UInt8], _ start: Int) -> Int {
    var i = start + 1
    while i < bytes.count {
      if bytes[i] == bytes[start] { return i + 1 }
      if bytes[i] == 10 { return i }  // not closed: Lua says so
      if bytes[i] == 0x5C {  // \z skips the line's end, a backslash before one goes on in the next line
        i += 2
        if i <= bytes.count, bytes[i - 1] == 0x7A { while i < bytes.count, [10, 13, 32, 9].contains(bytes[i]) { i += 1 } }
      } else {
        i += 1
      }
    }
    return min(i, bytes.count)
  }

  private static func number(_ bytes: [UInt8], _ start: Int) -> Int {
    var i = start
    let isHex = bytes[i] == 0x30 && i + 1 < bytes.count && bytes[i + 1] | 0x20 == 0x78
    if isHex { i += 2 }
    while i < bytes.count {
      let byte = bytes[i]
      let isSign = byte == 0x2B || byte == 0x2D
      if isSign {
        guard bytes[i - 1] | 0x20 == (isHex ? 0x70 : 0x65) else { break }
      } else if byte == 0x2E {
        if i + 1 < bytes.count, bytes[i + 1] == 0x2E { break }  // 1..x
      } else if !isDigit(byte) && !isLetter(byte) {
        break
      }
      i += 1
    }
    return i
  }
}
