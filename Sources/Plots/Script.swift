/// Commands and data for gnuplot. Texts enter only through `quoted`, numbers only through `number`.
struct Script {
  private(set) var bytes: [UInt8] = []
  private var blocks = 0

  mutating func add(_ command: String) {
    bytes += command.utf8
    bytes.append(10)
  }

  /// Binary data that the command before reads from `'-'`.
  mutating func add(raw data: [UInt8]) { bytes += data }

  /// A text as gnuplot reads it back: between single quotes nothing is special but the quote. A line break, which cannot stand there, is joined
  /// on from double quotes; other control characters become spaces.
  static func quoted(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var result = "'"
      for scalar in line.unicodeScalars {
        switch scalar {
        case "'": result += "''"
        case _ where scalar.value < 32 || 127..<160 ~= scalar.value: result += " "
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result + "'"
    }
    return lines.count == 1 ? lines[0] : "(" + lines.joined(separator: ".\"\\n\".") + ")"
  }

  /// A number; infinities and NaN leave a gap.
  static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "NaN" }

  /// A named data block of rows, an empty row ending a line or a polygon; returns its name.
  mutating func data(_ rows: some Sequence<[Double]>) -> String {
    blocks += 1
    let name = "$d\(blocks)"
    add("\(name) << EOD")
    for row in rows {
      var first = true
      for value in row {
        if !first { bytes.append(32) }
        first = false
        bytes += Self.number(value).utf8
      }
      bytes.append(10)
    }
    add("EOD")
    return name
  }
}
