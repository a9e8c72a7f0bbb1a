internal import LuaBridge

/// Reads a formula from left to right and writes MathML as it goes.
struct MathParser {
  private let tokens: [MathToken]
  private var place = 0
  /// The formula stands on a line of its own, and this part of it is no fraction, script or matrix: scripts of Σ stand above and below.
  private var isDisplay: Bool
  private var alphabet: MathSymbols.Alphabet?
  private var depth = 0
  /// Groups and commands inside each other.
  private static let mostDepth = 200

  init(_ tex: String, isDisplay: Bool) {
    tokens = MathToken.list(tex)
    self.isDisplay = isDisplay
  }

  /// The whole; a bracket too many is shown as it stands.
  mutating func formula() -> String {
    var markup = ""
    while place < tokens.count {
      markup += row { _ in false }
      if place < tokens.count {
        markup += stray()
        place += 1
      }
    }
    return markup
  }

  private func stray() -> String {
    switch tokens[place] {
    case .character("&"): return ""
    case .command("\\"): return "<mspace linebreak=\"newline\"></mspace>"
    case .character(let character): return MathAtom.text(String(character)).markup
    case .command(let name): return MathAtom.text("\\\(name)").markup
    case .space: return ""
    }
  }

  private var next: MathToken? { place < tokens.count ? tokens[place] : nil }
  private mutating func skipSpaces() { while next == .space { place += 1 } }

  /// Atoms up to a token that ends them, which is left: a closing brace, `&`, `\\`, `\right`, `\end`, or what `isEnd` says.
  private mutating func row(until isEnd: (MathToken) -> Bool) -> String {
    var markup = ""
    while let token = next {
      if token == .character("}") || token == .character("&") || [.command("\\"), .command("right"), .command("end"), .command("cr")].contains(token) || isEnd(token) {
        break
      }
      if token == .space {
        place += 1
        continue
      }
      let before = place
      markup += scripted()
      if place == before { place += 1 }
    }
    return markup
  }

  /// An atom with what hangs on it: x_i^2, f'.
  private mutating func scripted() -> String {
    var base = next == .character("^") || next == .character("_") ? MathAtom("<mrow></mrow>") : atom()
    var lower: String?, upper: String?, primes = 0
    while true {
      skipSpaces()
      switch next {
      case .command("limits"):
        place += 1
        base.takesLimits = true
      case .command("nolimits"):
        place += 1
        base.takesLimits = false
      case .character("'"):
        place += 1
        primes += 1
      case .character("_") where lower == nil:
        place += 1
        lower = script()
      case .character("^") where upper == nil:
        place += 1
        upper = script()
      default:
        if primes > 0 {
          let marks = MathAtom.sign(String(repeating: "′", count: primes)).markup
          upper = upper.map { "<mrow>\(marks)\($0)</mrow>" } ?? marks
        }
        return hang(base, lower, upper)
      }
    }
  }

  private mutating func script() -> String {
    let before = isDisplay
    isDisplay = false
    defer { isDisplay = before }
    return argument()
  }

  private func hang(_ base: MathAtom, _ lower: String?, _ upper: String?) -> String {
    let isAround = base.takesLimits && isDisplay
    switch (lower, upper) {
    case (nil, nil): return base.markup
    case (let lower?, nil): return isAround ? "<munder>\(base.markup)\(lower)</munder>" : "<msub>\(base.markup)\(lower)</msub>"
    case (nil, let upper?): return isAround ? "<mover>\(base.markup)\(upper)</mover>" : "<msup>\(base.markup)\(upper)</msup>"
    case (let lower?, let upper?):
      return isAround ? "<munderover>\(base.markup)\(lower)\(upper)</munderover>" : "<msubsup>\(base.markup)\(lower)\(upper)</msubsup>"
    }
  }

  /// One element of MathML: a group in braces, or one atom.
  private mutating func argument() -> String {
    skipSpaces()
    guard next != nil else { return "<mrow></mrow>" }
    if next == .character("{") { return group() }
    if next == .character("}") || next == .character("&") { return "<mrow></mrow>" }
    // \frac12: one digit each.
    if case .character(let digit)? = next, digit.isNumber {
      place += 1
      return MathAtom.number(letter(digit)).markup
    }
    return atom().markup
  }

  private mutating func group() -> String {
    guard depth < Self.mostDepth else {
      place = tokens.count
      return MathAtom.text("…").markup
    }
    depth += 1
    defer { depth -= 1 }
    place += 1
    var content = row { _ in false }
    while let token = next, token != .character("}") {
      content += stray()
      place += 1
      _ = token
      content += row { _ in false }
    }
    if next != nil { place += 1 }
    return "<mrow>\(content)</mrow>"
  }

  /// The text of a group in braces as it stands: names of environments, \text{…}.
  private mutating func plainArgument() -> String {
    skipSpaces()
    guard next == .character("{") else { return "" }
    place += 1
    var text = "", open = 1
    while let token = next {
      place += 1
      switch token {
      case .character("{"): open += 1
      case .character("}"):
        open -= 1
        if open == 0 { return text }
      case .character(let character): text.append(character)
      case .space: text += " "
      case .command(let name): text += MathSymbols.signs[name] ?? (MathSymbols.spaces[name] != nil ? " " : "\\\(name)")
      }
    }
    return text
  }

  private func letter(_ character: Character) -> String { alphabet.map { MathSymbols.letter(character, $0) } ?? String(character) }

  private mutating func atom() -> MathAtom {
    guard let token = next else { return MathAtom("<mrow></mrow>") }
    guard depth < Self.mostDepth else {
      place = tokens.count
      return .text("…")
    }
    depth += 1
    defer { depth -= 1 }
    switch token {
    case .space:
      place += 1
      return atom()
    case .character("{"): return MathAtom(group())
    case .character("~"):
      place += 1
      return .space("0.25")
    case .character(let character):
      place += 1
      if character.isNumber || character == "." && isDigit(next) {
        var digits = letter(character)
        while case .character(let more)? = next, more.isNumber || more == "." && place + 1 < tokens.count && isDigit(tokens[place + 1]) {
          digits += letter(more)
          place += 1
        }
        return .number(digits)
      }
      if character.isLetter {
        // Letters of \mathrm stand upright; with an alphabet of its own a letter is a character of its own.
        return alphabet == .upright ? MathAtom("<mi mathvariant=\"normal\">\(HTML.escaped(String(character)))</mi>") : .identifier(letter(character))
      }
      switch character {
      case "-": return .sign("−")
      case "*": return .sign("∗")
      case "|": return .sign("|", "stretchy=\"false\"")
      case "(", ")", "[", "]", "/": return .sign(String(character), "stretchy=\"false\"")
      default: return .sign(String(character))
      }
    case .command(let name):
      place += 1
      return command(name)
    }
  }

  private func isDigit(_ token: MathToken?) -> Bool {
    if case .character(let character)? = token { return character.isNumber }
    return false
  }

  private mutating func command(_ name: String) -> MathAtom {
    if let symbol = MathSymbols.letters[name] { return .identifier(symbol.count == 1 ? letter(Character(symbol)) : symbol) }
    if let (symbol, takesLimits) = MathSymbols.large[name] {
      return MathAtom("<mo\(takesLimits ? " movablelimits=\"false\"" : "")>\(symbol)</mo>", takesLimits: takesLimits)
    }
    if let sign = MathSymbols.signs[name] { return .sign(sign, "⟨⟩⌊⌋⌈⌉|‖{}[]".contains(sign) ? "stretchy=\"false\"" : "") }
    if let takesLimits = MathSymbols.functions[name] { return function(name, takesLimits: takesLimits) }
    if let space = MathSymbols.spaces[name] { return .space(space) }
    if let mark = MathSymbols.accents[name] { return MathAtom("<mover accent=\"true\">\(argument())<mo>\(mark)</mo></mover>", takesLimits: name == "overbrace") }
    if let mark = MathSymbols.below[name] { return MathAtom("<munder accentunder=\"true\">\(argument())<mo>\(mark)</mo></munder>", takesLimits: name == "underbrace") }
    if let alphabet = MathSymbols.alphabets[name] { return styled(name, alphabet) }
    switch name {
    case "frac", "dfrac", "tfrac", "cfrac":
      let before = isDisplay
      isDisplay = before && (name == "dfrac" || name == "cfrac")
      defer { isDisplay = before }
      let above = argument(), under = argument()
      return MathAtom("<mfrac>\(above)\(under)</mfrac>")
    case "binom":
      let above = argument(), under = argument()
      return MathAtom("<mrow><mo>(</mo><mfrac linethickness=\"0\">\(above)\(under)</mfrac><mo>)</mo></mrow>")
    case "sqrt": return root()
    case "left": return brackets()
    case "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "bigm":
      let size = name.hasPrefix("bigg") ? "2.4" : name.hasPrefix("Bigg") ? "3" : name.hasPrefix("Big") ? "1.8" : "1.2"
      let bracket = delimiter()
      return name == "middle" ? .sign(bracket, "stretchy=\"true\"") : .sign(bracket, "stretchy=\"true\" minsize=\"\(size)em\" maxsize=\"\(size)em\"")
    case "text", "textrm", "textnormal", "mbox", "textbf", "textit", "texttt", "hbox": return .text(plainArgument())
    case "overset", "stackrel":
      let mark = argument(), base = argument()
      return MathAtom("<mover>\(base)\(mark)</mover>")
    case "underset":
      let mark = argument(), base = argument()
      return MathAtom("<munder>\(base)\(mark)</munder>")
    case "boxed": return MathAtom("<mrow style=\"border:1px solid;padding:.2em\">\(argument())</mrow>")
    case "not":
      let base = argument()
      return MathAtom(base.replacing("</mo>", with: "\u{338}</mo>"))
    case "begin": return environment()
    case "pmod": return MathAtom("<mrow><mspace width=\"1em\"></mspace><mo>(</mo><mi>mod</mi><mspace width=\"0.3em\"></mspace>\(argument())<mo>)</mo></mrow>")
    case "bmod", "mod": return .sign("mod", "lspace=\"0.3em\" rspace=\"0.3em\"")
    case "displaystyle", "textstyle", "scriptstyle", "nonumber", "notag", "hline", "rm", "bf", "it", "centering": return MathAtom("")
    case "label", "tag", "color", "hspace", "vspace":
      let content = plainArgument()
      return name == "tag" ? .text("(\(content))") : MathAtom("")
    default: return MathAtom("<mtext style=\"color:#c33\">\(HTML.escaped("\\\(name)"))</mtext>")
    }
  }

  /// log x has a space before x, log(x) has none.
  private mutating func function(_ name: String, takesLimits: Bool) -> MathAtom {
    let shown = name == "limsup" ? "lim sup" : name == "liminf" ? "lim inf" : name
    let symbol = shown.count == 1 ? "<mi mathvariant=\"normal\">\(shown)</mi>" : "<mi>\(HTML.escaped(shown))</mi>"
    var ahead = place
    while ahead < tokens.count, tokens[ahead] == .space { ahead += 1 }
    let follows = ahead < tokens.count ? tokens[ahead] : nil
    let isBare: Bool
    switch follows {
    case .character(let character)?: isBare = character.isLetter || character.isNumber || character == "{"
    case .command(let name)?: isBare = MathSymbols.letters[name] != nil || MathSymbols.alphabets[name] != nil || ["frac", "hat", "sum", "prod", "det"].contains(name)
    default: isBare = false
    }
    return MathAtom(isBare ? "<mrow>\(symbol)<mspace width=\"0.1667em\"></mspace></mrow>" : symbol, takesLimits: takesLimits)
  }

  private mutating func styled(_ name: String, _ alphabet: MathSymbols.Alphabet) -> MathAtom {
    if name == "operatorname" {
      var takesLimits = false
      if next == .character("*") {
        place += 1
        takesLimits = true
      }
      return function(plainArgument(), takesLimits: takesLimits)
    }
    // A word of upright letters is one name.
    if alphabet == .upright, next == .character("{") {
      let start = place, word = plainArgument()
      if word.count > 1, word.allSatisfy({ $0.isLetter }) { return .identifier(word) }
      place = start
    }
    let before = self.alphabet
    self.alphabet = alphabet
    defer { self.alphabet = before }
    return MathAtom(argument())
  }

  private mutating func root() -> MathAtom {
    skipSpaces()
    guard next == .character("[") else { return MathAtom("<msqrt>\(argument())</msqrt>") }
    place += 1
    let degree = row { $0 == .character("]") }
    if next != nil { place += 1 }
    return MathAtom("<mroot>\(argument())<mrow>\(degree)</mrow></mroot>")
  }

  /// What follows \left, \right or \big.
  private mutating func delimiter() -> String {
    skipSpaces()
    guard let token = next else { return "" }
    place += 1
    switch token {
    case .character("."): return ""
    case .character("<"): return "⟨"
    case .character(">"): return "⟩"
    case .character(let character): return String(character)
    case .command(let name): return MathSymbols.signs[name] ?? "\\\(name)"
    case .space: return ""
    }
  }

  private mutating func brackets() -> MathAtom {
    let open = delimiter()
    guard depth < Self.mostDepth else {
      place = tokens.count
      return .text("…")
    }
    depth += 1
    defer { depth -= 1 }
    let content = row { _ in false }
    var close = ""
    if next == .command("right") {
      place += 1
      close = delimiter()
    }
    return .row(Self.fence(open) + content + Self.fence(close))
  }
  private static func fence(_ bracket: String) -> String { bracket.isEmpty ? "" : "<mo fence=\"true\" stretchy=\"true\">\(HTML.escaped(bracket))</mo>" }

  private mutating func environment() -> MathAtom {
    let name = plainArgument()
    guard let (open, close) = MathSymbols.matrices[name], depth < Self.mostDepth else { return .text("\\begin{\(name)}") }
    depth += 1
    defer { depth -= 1 }
    if name == "array" { _ = plainArgument() }
    let before = isDisplay
    isDisplay = before && !name.contains("matrix") && name != "array" && name != "cases"
    defer { isDisplay = before }
    var rows: [[String]] = [[]]
    while true {
      rows[rows.count - 1].append(row { _ in false })
      guard let token = next else { break }
      place += 1
      if token == .command("end") {
        _ = plainArgument()
        break
      }
      if token == .command("\\") || token == .command("cr") {
        skipSpaces()
        if next == .character("[") {  // \\[2pt]
          while let skipped = next, skipped != .character("]") { place += 1 }
          place += 1
        }
        rows.append([])
      }
    }
    if rows.last?.allSatisfy(\.isEmpty) == true, rows.count > 1 { rows.removeLast() }
    let isAligned = name.hasPrefix("align") || name == "split" || name == "eqnarray"
    let body = rows.map { cells in
      "<mtr>"
        + cells.enumerated().map { column, cell in
          let side = name == "cases" || isAligned && column % 2 == 1 ? "left" : isAligned ? "right" : "center"
          let padding = isAligned ? "padding-left:\(column > 0 && column % 2 == 0 ? "1em" : "0");padding-right:\(column % 2 == 1 ? "0" : ".1em")" : ""
          return "<mtd style=\"text-align:\(side);\(padding)\">\(cell)</mtd>"
        }.joined() + "</mtr>"
    }.joined()
    let table = "<mtable\(isAligned ? " displaystyle=\"true\"" : "")>\(body)</mtable>"
    return open.isEmpty && close.isEmpty ? MathAtom(table) : .row(Self.fence(open) + table + Self.fence(close))
  }
}
