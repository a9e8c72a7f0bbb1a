internal import LuaBridge

/// Formulas in LaTeX as MathML, which browsers set without any help: fractions, roots, scripts, sums with limits, brackets that grow, matrices, accents, alphabets.
///
/// What is not known stands in the formula as it was written. Not known: macros of one's own, colours, and packages' environments.
package enum MathML {
  package static func convert(_ tex: String, isDisplay: Bool) -> String {
    var parser = MathParser(tex, isDisplay: isDisplay)
    let content = parser.formula()
    return "<math xmlns=\"http://www.w3.org/1998/Math/MathML\"\(isDisplay ? " display=\"block\"" : "")>"
      + "<semantics><mrow>\(content)</mrow><annotation encoding=\"application/x-tex\">\(HTML.escaped(tex))</annotation></semantics></math>"
  }
}

/// A piece of a formula with what its scripts need to know.
struct MathAtom {
  var markup: String
  /// Its scripts stand above and below where the formula stands alone: Σ, lim.
  var takesLimits = false

  init(_ markup: String, takesLimits: Bool = false) {
    self.markup = markup
    self.takesLimits = takesLimits
  }
  static func identifier(_ text: String) -> MathAtom { MathAtom("<mi>\(HTML.escaped(text))</mi>") }
  /// A name of several letters stands upright by itself.
  static func number(_ text: String) -> MathAtom { MathAtom("<mn>\(HTML.escaped(text))</mn>") }
  static func sign(_ text: String, _ attributes: String = "") -> MathAtom { MathAtom("<mo\(attributes.isEmpty ? "" : " " + attributes)>\(HTML.escaped(text))</mo>") }
  static func row(_ content: String) -> MathAtom { MathAtom("<mrow>\(content)</mrow>") }
  static func text(_ text: String) -> MathAtom {
    MathAtom("<mtext>\(HTML.escaped(text).replacing(" ", with: "\u{A0}"))</mtext>")
  }
  static func space(_ em: String) -> MathAtom { MathAtom("<mspace width=\"\(em)em\"></mspace>") }
}

/// What LaTeX's text is made of.
enum MathToken: Equatable {
  case command(String)
  case character(Character)
  case space

  static func list(_ tex: String) -> [MathToken] {
    var tokens: [MathToken] = []
    var rest = tex[...]
    while let character = rest.popFirst() {
      switch character {
      case "%":  // a comment, to the line's end
        rest = rest.drop { $0 != "\n" }
      case "\\":
        let name = rest.prefix { $0.isASCII && $0.isLetter }
        if !name.isEmpty {
          rest = rest.dropFirst(name.count)
          tokens.append(.command(String(name)))
        } else if let one = rest.popFirst() {
          tokens.append(.command(one.isWhitespace ? " " : String(one)))
        }
      case _ where character.isWhitespace:
        if tokens.last != .space { tokens.append(.space) }
      default: tokens.append(.character(character))
      }
    }
    return tokens
  }
}
