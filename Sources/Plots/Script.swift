/// Commands and data for gnuplot. Texts enter only through `quoted`, numbers only through `number`.
struct Script {
  private(set) var text = ""
  private var blocks = 0

  mutating func add(_ command: String) {
    text += command
    text += "\n"
  }

  /// A text as gnuplot reads it back: between single quotes nothing is special but the quote. A line break, which cannot stand there, is joined
  /// on from double quotes; other control characters become spaces.
  static func quoted(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var result = "'"
      for scalar in line.unicodeScalars {
        switch scalar {
        case "'": result += "''"
        case _ where scalar.value < 32 || scalar.value == 127: result += " "
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result + "'"
    }
    return lines.count == 1 ? lines[0] : "(" + lines.joined(separator: ".\"\\n\".") + ")"
  }

  /// A number; infinities and NaN leave a gap.
  static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "NaN" }

  /// A named data block of rows; returns its name.
  mutating func data(_ rows: some Sequence<[Double]>) -> String {
    blocks += 1
    let name = "$d\(blocks)"
    text += "\(name) << EOD\n"
    for row in rows {
      var first = true
      for value in row {
        if !first { text += " " }
        first = false
        text += Self.number(value)
      }
      text += "\n"
    }
    text += "EOD\n"
    return name
  }
}
