/// Finds the formulas in Markdown before it is read as such: in them `_`, `*` and `\` mean something else.
enum MathSpans {
  struct Formula: Sendable, Equatable {
    /// Without the dollars.
    let tex: String
    /// On a line of its own.
    let isDisplay: Bool
    let source: String
    var mathML: String { MathML.convert(tex, isDisplay: isDisplay) }
  }

  /// Characters for private use that stand around a formula's number meanwhile.
  private static let open: Character = "\u{E000}", close: Character = "\u{E001}"

  /// Each formula replaced by a mark: `$…$` as pandoc has it (no space behind the first dollar nor before the last, no digit behind it), `$$…$$`, `\begin{align}…\end{align}`.
  /// Code is left alone.
  static func extract(_ text: String) -> (text: String, formulas: [Formula]) {
    let characters = Array(text.filter { $0 != open && $0 != close })
    var result = "", formulas: [Formula] = []
    var i = 0, isLineStart = true
    func matches(_ word: String, at place: Int) -> Bool {
      let word = Array(word)
      return place + word.count <= characters.count && Array(characters[place..<place + word.count]) == word
    }
    func put(_ tex: ArraySlice<Character>, isDisplay: Bool, upTo end: Int) {
      result += "\(open)\(formulas.count)\(close)"
      formulas.append(Formula(tex: String(tex), isDisplay: isDisplay, source: String(characters[i..<end])))
      i = end
      isLineStart = false
    }
    while i < characters.count {
      let character = characters[i]
      if isLineStart, let end = fence(characters, i) {
        result += String(characters[i..<end])
        i = end
        continue
      }
      switch character {
      case "`":
        let end = codeSpan(characters, i)
        result += String(characters[i..<end])
        i = end
        isLineStart = false
        continue
      case "\\":
        if matches("\\begin{", at: i), let end = environment(characters, i) {
          put(characters[i..<end], isDisplay: true, upTo: end)
          continue
        }
        // An escaped character, a dollar too, is the Markdown reader's.
        result.append(character)
        if i + 1 < characters.count, characters[i + 1] != "\n" {
          result.append(characters[i + 1])
          i += 1
        }
      case "$":
        if let (tex, isDisplay, end) = dollars(characters, i) {
          put(tex, isDisplay: isDisplay, upTo: end)
          continue
        }
        result.append(character)
      default: result.append(character)
      }
      isLineStart = characters[i] == "\n"
      i += 1
    }
    return (result, formulas)
  }

  /// Puts something in the place of each mark.
  static func restore(_ text: String, _ formula: (Int) -> String) -> String {
    guard text.contains(open) else { return text }
    var result = "", digits: String?
    for character in text {
      if character == open {
        digits = ""
      } else if let number = digits {
        if character == close {
          if let place = Int(number) { result += formula(place) }
          digits = nil
        } else {
          digits = number + String(character)
        }
      } else {
        result.append(character)
      }
    }
    return result
  }

  /// The end of a fenced block that begins at a line's start; nil where none does.
  private static func fence(_ text: [Character], _ start: Int) -> Int? {
    var i = start
    while i < text.count, text[i] == " ", i - start < 3 { i += 1 }
    guard i < text.count, text[i] == "`" || text[i] == "~" else { return nil }
    let mark = text[i]
    var length = 0
    while i < text.count, text[i] == mark { (i, length) = (i + 1, length + 1) }
    guard length >= 3 else { return nil }
    func endOfLine(_ from: Int) -> Int { (from..<text.count).first { text[$0] == "\n" }.map { $0 + 1 } ?? text.count }
    if mark == "`", text[i..<endOfLine(i)].contains("`") { return nil }
    i = endOfLine(i)
    while i < text.count {
      var j = i, closing = 0
      while j < text.count, text[j] == " ", j - i < 3 { j += 1 }
      while j < text.count, text[j] == mark { (j, closing) = (j + 1, closing + 1) }
      let end = endOfLine(j)
      if closing >= length, text[j..<end].allSatisfy(\.isWhitespace) { return end }
      i = endOfLine(i)
    }
    return text.count
  }

  /// The end of code between backticks, or of the backticks where they are not closed.
  private static func codeSpan(_ text: [Character], _ start: Int) -> Int {
    var i = start
    while i < text.count, text[i] == "`" { i += 1 }
    let length = i - start, opened = i
    while i < text.count {
      guard text[i] == "`" else {
        i += 1
        continue
      }
      let run = i
      while i < text.count, text[i] == "`" { i += 1 }
      if i - run == length { return i }
    }
    return opened
  }

  private static func dollars(_ text: [Character], _ start: Int) -> (ArraySlice<Character>, Bool, Int)? {
    if start + 1 < text.count, text[start + 1] == "$" {
      var i = start + 2
      while i + 1 < text.count {
        if text[i] == "$", text[i + 1] == "$", i > start + 2 { return (text[start + 2..<i], true, i + 2) }
        i += text[i] == "\\" ? 2 : 1
      }
      return nil
    }
    guard start + 1 < text.count, !text[start + 1].isWhitespace else { return nil }
    var i = start + 1
    while i < text.count {
      if text[i] == "\n", i + 1 < text.count, text[i + 1] == "\n" { return nil }  // a paragraph ends
      if text[i] == "$" {
        guard !text[i - 1].isWhitespace, i + 1 >= text.count || !text[i + 1].isNumber else { return nil }
        return (text[start + 1..<i], false, i + 1)
      }
      i += text[i] == "\\" ? 2 : 1
    }
    return nil
  }

  /// The end of `\begin{name}…\end{name}` for the environments that are formulas by themselves.
  private static func environment(_ text: [Character], _ start: Int) -> Int? {
    let name = String(text[(start + 7)...].prefix { $0 != "}" && $0 != "\n" })
    guard ["equation", "equation*", "align", "align*", "gather", "gather*", "eqnarray", "multline"].contains(name) else { return nil }
    let end = Array("\\end{\(name)}")
    var i = start + 7
    while i + end.count <= text.count {
      if text[i] == "\\", Array(text[i..<i + end.count]) == end { return i + end.count }
      i += 1
    }
    return nil
  }
}
