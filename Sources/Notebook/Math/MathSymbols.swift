/// Commands that stand for one character, and the alphabets.
enum MathSymbols {
  static let letters: [String: String] = [
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "varpi": "ϖ", "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "varsigma": "ς",
    "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ",
    "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "hbar": "ℏ", "imath": "ı", "jmath": "ȷ", "Re": "ℜ", "Im": "ℑ",
    "aleph": "ℵ", "infty": "∞", "partial": "∂", "nabla": "∇", "emptyset": "∅", "varnothing": "∅", "top": "⊤", "bot": "⊥", "angle": "∠", "ldots": "…", "dots": "…",
  ]

  static let signs: [String: String] = [
    "pm": "±", "mp": "∓", "times": "×", "div": "÷", "cdot": "⋅", "ast": "∗", "star": "⋆", "circ": "∘", "bullet": "∙", "odot": "⊙", "oplus": "⊕", "ominus": "⊖",
    "otimes": "⊗",
    "wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨", "cap": "∩", "cup": "∪", "setminus": "∖", "neg": "¬", "lnot": "¬",
    "le": "≤", "leq": "≤", "leqslant": "⩽", "ge": "≥", "geq": "≥", "geqslant": "⩾", "ll": "≪", "gg": "≫", "ne": "≠", "neq": "≠", "equiv": "≡", "approx": "≈", "sim": "∼",
    "simeq": "≃", "cong": "≅", "propto": "∝", "prec": "≺", "succ": "≻", "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃",
    "supseteq": "⊇",
    "mid": "∣", "parallel": "∥", "perp": "⟂", "forall": "∀", "exists": "∃", "nexists": "∄", "therefore": "∴", "because": "∵", "colon": ":", "coloneqq": "≔",
    "triangleq": "≜",
    "to": "→", "rightarrow": "→", "longrightarrow": "⟶", "leftarrow": "←", "gets": "←", "leftrightarrow": "↔", "Rightarrow": "⇒", "implies": "⟹", "Leftarrow": "⇐",
    "Leftrightarrow": "⇔", "iff": "⟺", "mapsto": "↦", "uparrow": "↑", "downarrow": "↓", "nearrow": "↗", "searrow": "↘", "hookrightarrow": "↪", "rightharpoonup": "⇀",
    "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "dotsc": "…", "dotsb": "⋯", "prime": "′", "backslash": "\\", "#": "#", "%": "%", "&": "&", "_": "_", "$": "$",
    "{": "{", "}": "}", "lbrace": "{", "rbrace": "}", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "vert": "|", "lvert": "|",
    "rvert": "|", "Vert": "‖", "lVert": "‖", "rVert": "‖", "|": "‖", "lbrack": "[", "rbrack": "]", "dagger": "†",
  ]

  /// Large operators; whether their scripts stand above and below.
  static let large: [String: (String, Bool)] = [
    "sum": ("∑", true), "prod": ("∏", true), "coprod": ("∐", true), "bigcup": ("⋃", true), "bigcap": ("⋂", true), "bigoplus": ("⨁", true), "bigotimes": ("⨂", true),
    "bigvee": ("⋁", true), "bigwedge": ("⋀", true), "int": ("∫", false), "iint": ("∬", false), "iiint": ("∭", false), "oint": ("∮", false),
  ]

  /// Names that are set upright; whether their scripts stand below.
  static let functions: [String: Bool] = [
    "log": false, "ln": false, "lg": false, "exp": false, "sin": false, "cos": false, "tan": false, "cot": false, "sec": false, "csc": false, "sinh": false,
    "cosh": false,
    "tanh": false, "coth": false, "arcsin": false, "arccos": false, "arctan": false, "arg": false, "deg": false, "dim": false, "ker": false, "hom": false, "det": true,
    "gcd": true,
    "lim": true, "liminf": true, "limsup": true, "max": true, "min": true, "sup": true, "inf": true, "Pr": true,
  ]

  static let accents: [String: String] = [
    "hat": "^", "widehat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "widetilde": "~", "vec": "→", "overrightarrow": "→", "dot": "˙", "ddot": "¨", "check": "ˇ",
    "breve": "˘", "acute": "´", "grave": "`", "overbrace": "⏞",
  ]
  static let below: [String: String] = ["underline": "_", "underbrace": "⏟"]

  static let spaces: [String: String] = [
    ",": "0.1667", "thinspace": "0.1667", ":": "0.2222", ">": "0.2222", ";": "0.2778", " ": "0.25", "~": "0.25", "quad": "1", "qquad": "2", "!": "-0.1667",
    "enspace": "0.5",
  ]

  /// Brackets around a matrix.
  static let matrices: [String: (String, String)] = [
    "matrix": ("", ""), "smallmatrix": ("", ""), "array": ("", ""), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"),
    "cases": ("{", ""), "aligned": ("", ""), "align": ("", ""), "align*": ("", ""), "split": ("", ""), "gathered": ("", ""), "gather": ("", ""), "gather*": ("", ""),
    "equation": ("", ""), "equation*": ("", ""), "eqnarray": ("", ""), "multline": ("", ""),
  ]

  enum Alphabet { case bold, blackboard, script, fraktur, sans, typewriter, upright, italic }
  static let alphabets: [String: Alphabet] = [
    "mathbf": .bold, "boldsymbol": .bold, "bm": .bold, "mathbb": .blackboard, "mathcal": .script, "mathscr": .script, "mathfrak": .fraktur, "mathsf": .sans,
    "mathtt": .typewriter,
    "mathrm": .upright, "operatorname": .upright, "mathit": .italic, "mathnormal": .italic,
  ]

  /// Letters that stood in Unicode before the mathematical alphabets came.
  private static let older: [UInt32: UInt32] = [
    0x1D53A: 0x2102, 0x1D53F: 0x210D, 0x1D545: 0x2115, 0x1D547: 0x2119, 0x1D548: 0x211A, 0x1D549: 0x211D, 0x1D551: 0x2124,
    0x1D49D: 0x212C, 0x1D4A0: 0x2130, 0x1D4A1: 0x2131, 0x1D4A3: 0x210B, 0x1D4A4: 0x2110, 0x1D4A7: 0x2112, 0x1D4A8: 0x2133, 0x1D4AD: 0x211B, 0x1D4BA: 0x212F,
    0x1D4BC: 0x210A,
    0x1D4C4: 0x2134, 0x1D506: 0x212D, 0x1D50B: 0x210C, 0x1D50C: 0x2111, 0x1D515: 0x211C, 0x1D51D: 0x2128,
  ]

  /// A letter or digit of an alphabet; itself where the alphabet does not have it.
  static func letter(_ character: Character, _ alphabet: Alphabet) -> String {
    guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1 else { return String(character) }
    let (capital, small, digit, greekCapital, greekSmall): (UInt32, UInt32, UInt32, UInt32, UInt32)
    switch alphabet {
    case .bold: (capital, small, digit, greekCapital, greekSmall) = (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2)
    case .blackboard: (capital, small, digit, greekCapital, greekSmall) = (0x1D538, 0x1D552, 0x1D7D8, 0, 0)
    case .script: (capital, small, digit, greekCapital, greekSmall) = (0x1D49C, 0x1D4B6, 0, 0, 0)
    case .fraktur: (capital, small, digit, greekCapital, greekSmall) = (0x1D504, 0x1D51E, 0, 0, 0)
    case .sans: (capital, small, digit, greekCapital, greekSmall) = (0x1D5A0, 0x1D5BA, 0x1D7E2, 0, 0)
    case .typewriter: (capital, small, digit, greekCapital, greekSmall) = (0x1D670, 0x1D68A, 0x1D7F6, 0, 0)
    case .upright, .italic: return String(character)
    }
    func moved(_ base: UInt32, _ first: UInt32) -> String {
      let code = base + scalar.value - first
      return base == 0 ? String(character) : Unicode.Scalar(older[code] ?? code).map { String(Character($0)) } ?? String(character)
    }
    switch scalar.value {
    case 0x41...0x5A: return moved(capital, 0x41)
    case 0x61...0x7A: return moved(small, 0x61)
    case 0x30...0x39: return moved(digit, 0x30)
    case 0x391...0x3A9: return moved(greekCapital, 0x391)
    case 0x3B1...0x3C9: return moved(greekSmall, 0x3B1)
    default: return String(character)
    }
  }
}
