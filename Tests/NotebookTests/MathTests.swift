import Notebook
import Testing

@Suite(.serialized)
struct MathTests {
  /// The formula without the frame around it.
  private func math(_ tex: String, display: Bool = false) -> String {
    let text = MathML.convert(tex, isDisplay: display)
    let begin = text.firstRange(of: "<semantics><mrow>")!.upperBound, end = text.firstRange(of: "</mrow><annotation")!.lowerBound
    return String(text[begin..<end])
  }

  @Test func lettersNumbersSigns() {
    #expect(math("x") == "<mi>x</mi>")
    #expect(math("3.14x") == "<mn>3.14</mn><mi>x</mi>")
    #expect(math("a<b") == "<mi>a</mi><mo>&lt;</mo><mi>b</mi>")
    #expect(math("-1") == "<mo>−</mo><mn>1</mn>")
    #expect(math("\\alpha \\le \\infty") == "<mi>α</mi><mo>≤</mo><mi>∞</mi>")
    #expect(
      math("\\mathbf{W}\\mathbb{R}\\mathcal{L}\\mathrm{d}")
        == "<mrow><mi>𝐖</mi></mrow><mrow><mi>ℝ</mi></mrow><mrow><mi>ℒ</mi></mrow><mrow><mi mathvariant=\"normal\">d</mi></mrow>")
    #expect(math("\\mathrm{softmax}(x)").hasPrefix("<mi>softmax</mi>"))
    #expect(math("\\text{if } x") == "<mtext>if\u{A0}</mtext><mi>x</mi>")
  }

  @Test func scriptsFractionsRoots() {
    #expect(math("x^2") == "<msup><mi>x</mi><mn>2</mn></msup>")
    #expect(math("x_{ij}^{(2)}").hasPrefix("<msubsup><mi>x</mi><mrow><mi>i</mi><mi>j</mi></mrow><mrow>"))
    #expect(math("f'") == "<msup><mi>f</mi><mo>′</mo></msup>")
    #expect(math("\\frac{1}{2}") == "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>")
    #expect(math("\\frac12") == "<mfrac><mn>1</mn><mn>2</mn></mfrac>")
    #expect(math("\\sqrt[3]{x}") == "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>")
    #expect(math("\\hat{y}") == "<mover accent=\"true\"><mrow><mi>y</mi></mrow><mo>^</mo></mover>")
    #expect(math("^2") == "<msup><mrow></mrow><mn>2</mn></msup>")
  }

  @Test func limitsStandAboveAndBelowOnlyWhereThereIsRoom() {
    #expect(math("\\sum_{i=1}^n", display: true).hasPrefix("<munderover><mo movablelimits=\"false\">∑</mo>"))
    #expect(math("\\sum_{i=1}^n").hasPrefix("<msubsup>"))
    #expect(math("\\frac{\\sum_i^n}{2}", display: true).hasPrefix("<mfrac><mrow><msubsup>"))
    #expect(math("\\int_0^1", display: true).hasPrefix("<msubsup><mo>∫</mo>"))
    #expect(math("\\max_x f", display: true).hasPrefix("<munder><mi>max</mi>"))
    #expect(math("\\log x") == "<mrow><mi>log</mi><mspace width=\"0.1667em\"></mspace></mrow><mi>x</mi>")
    #expect(math("\\log(x)").hasPrefix("<mi>log</mi><mo stretchy=\"false\">(</mo>"))
  }

  @Test func bracketsAndMatrices() {
    let brackets = math("\\left(\\frac{a}{b}\\right]")
    #expect(brackets.hasPrefix("<mrow><mo fence=\"true\" stretchy=\"true\">(</mo><mfrac>") && brackets.hasSuffix("<mo fence=\"true\" stretchy=\"true\">]</mo></mrow>"))
    #expect(math("\\left. x \\right|") == "<mrow><mi>x</mi><mo fence=\"true\" stretchy=\"true\">|</mo></mrow>")
    let matrix = math("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}")
    #expect(matrix.matches(of: #/<mtr>/#).count == 2 && matrix.matches(of: #/<mtd/#).count == 4)
    let cases = math("\\begin{cases} x & x > 0 \\\\ 0 & \\text{else} \\\\ \\end{cases}")
    #expect(cases.contains("{</mo><mtable>") && cases.matches(of: #/<mtr>/#).count == 2)
    #expect(math("\\begin{aligned} a &= b \\\\[2pt] c &= d \\end{aligned}").matches(of: #/<mtr>/#).count == 2)
  }

  @Test func whatIsUnknownIsShown() {
    #expect(math("\\foo{x}").contains("\\foo</mtext>"))
    #expect(math("\\begin{tikzpicture}").contains("tikzpicture"))
  }

  @Test func everyFormulaIsWellFormed() throws {
    let formulas = [
      "y_i = \\frac{e^{x_i - m}}{\\sum_j e^{x_j - m}}", "\\frac{\\partial L}{\\partial \\mathbf{W}} = \\mathbf{X}^\\top \\frac{\\partial L}{\\partial \\mathbf{Y}}",
      "E = -\\sum_k t_k \\log y_k", "\\theta_{t+1} = \\theta_t - \\eta \\frac{\\hat m_t}{\\sqrt{\\hat v_t} + \\epsilon}", "\\lVert x \\rVert_2^2", "}", "{", "\\", "x^",
      "_", "\\frac",
      "\\sqrt", "\\left", "\\right", "\\left(", "&", "\\\\", "a & b \\\\ c", "\\begin{matrix}", "\\end{matrix}", "\\begin", "\\text{", "\\sqrt[", "x^^2", "x__2", "{{{",
      "}}}", "\\\\[",
      "\\big", "\\not", "\\not=", "\\hat", "'", "''^2", "%", "a % b\nc", "\\mathbf", "\\operatorname*{argmax}_x", "\\binom{n}{k}", "\\underbrace{x}_{n}", "<&>",
      "\\overset{!}{=}", "~",
      "\\boxed{E=mc^2}", "x\\limits_i", "1..2", ".5", "\\mathbb{학}",
    ]
    for formula in formulas {
      for display in [true, false] {
        let markup = MathML.convert(formula, isDisplay: display)
        #expect(Self.isWellFormed(markup), "\(formula): \(markup)")
      }
    }
  }

  @Test func deepNestingEnds() {
    for opening in ["{", "\\frac{", "\\left(", "\\sqrt{", "\\begin{matrix}", "x^{", "\\hat{", "\\mathbf{", "\\frac", "\\hat", "\\not", "\\mathbf "] {
      #expect(Self.isWellFormed(MathML.convert(String(repeating: opening, count: 20_000), isDisplay: true)), "\(opening)")
    }
  }

  /// Every element that is opened is closed, in order; nothing but elements and entities has special characters.
  static func isWellFormed(_ markup: String) -> Bool {
    var open: [Substring] = []
    for tag in markup.matches(of: #/<(/?)([a-z]+)[^<>]*>/#) {
      if tag.1.isEmpty { open.append(tag.2) } else if open.popLast() != tag.2 { return false }
    }
    let text = markup.replacing(#/<[^<>]*>/#, with: "")
    return open.isEmpty && !text.contains("<") && text.matches(of: #/&(?!(amp|lt|gt|quot|#39);)/#).isEmpty
  }
}
