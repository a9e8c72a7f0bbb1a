internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Cuts text into records and cells, by RFC 4180: cells in quotes may hold delimiters, line ends and doubled quotes. Lines end with LF, CR LF or CR.
/// Spaces around a cell are no part of it; blank lines, and lines that begin with the comment letter, are passed over.
struct CSVScanner {
  struct Cell {
    /// The cell's bytes, without quotes.
    var start: Int
    var end: Int
    var line: Int
    /// From 1.
    var column: Int
    /// Holds doubled quotes.
    var isEscaped = false
    var isQuoted = false
    /// Ends its record.
    var isLast = false
  }

  let bytes: UnsafePointer<UInt8>
  let count: Int
  let delimiter: UInt8
  /// 0 for none.
  let quote: UInt8
  let comment: UInt8
  /// The first byte that is no UTF-8.
  let mistake: Int
  private(set) var place = 0
  private(set) var line = 1
  private var column = 0

  static let newline = UInt8(ascii: "\n"), carriage = UInt8(ascii: "\r")

  init(_ text: UnsafeBufferPointer<UInt8>, delimiter: UInt8, quote: UInt8, comment: UInt8) {
    bytes = text.baseAddress ?? UnsafePointer(bitPattern: 8)!
    count = text.count
    self.delimiter = delimiter
    self.quote = quote
    self.comment = comment
    mistake = TextEncoding.firstMistake(text) ?? .max
  }

  private mutating func lineEnd() {
    place += bytes[place] == Self.carriage && place + 1 < count && bytes[place + 1] == Self.newline ? 2 : 1
    line += 1
  }

  private func isSpace(_ byte: UInt8) -> Bool { (byte == 32 || byte == 9) && byte != delimiter }

  /// Goes to the next record; false at the end.
  mutating func nextRecord() -> Bool {
    column = 0
    while place < count {
      var at = place
      while at < count, isSpace(bytes[at]) { at += 1 }
      if at == count {
        place = at
        return false
      }
      if bytes[at] == Self.newline || bytes[at] == Self.carriage {
        place = at
        lineEnd()
      } else if comment != 0, bytes[at] == comment {
        while at < count, bytes[at] != Self.newline, bytes[at] != Self.carriage { at += 1 }
        place = at
        if place < count { lineEnd() }
      } else {
        return true
      }
    }
    return false
  }

  /// The next cell of the record.
  mutating func nextCell() throws -> Cell {
    column += 1
    while place < count, isSpace(bytes[place]) { place += 1 }
    var cell = Cell(start: place, end: place, line: line, column: column)
    if quote != 0, place < count, bytes[place] == quote {
      place += 1
      cell.start = place
      cell.isQuoted = true
      while true {
        guard place < count else { throw LuaError("\(cell.line):\(column): the quote that opens this cell is never closed") }
        let byte = bytes[place]
        if byte == quote {
          guard place + 1 < count, bytes[place + 1] == quote else { break }
          cell.isEscaped = true
          place += 2
        } else if byte == Self.newline || byte == Self.carriage {
          lineEnd()
        } else {
          place += 1
        }
      }
      cell.end = place
      place += 1
      while place < count, isSpace(bytes[place]) { place += 1 }
      guard place == count || bytes[place] == delimiter || bytes[place] == Self.newline || bytes[place] == Self.carriage else {
        throw LuaError("\(line):\(column): text after the closing quote")
      }
    } else {
      while place < count {
        let byte = bytes[place]
        if byte == delimiter || byte == Self.newline || byte == Self.carriage { break }
        place += 1
      }
      cell.end = place
      while cell.end > cell.start, isSpace(bytes[cell.end - 1]) { cell.end -= 1 }
    }
    guard cell.end <= mistake else {
      let byte = bytes[mistake]
      let hex = (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      throw LuaError(
        "\(cell.line):\(column): byte 0x\(hex) is no UTF-8; pass encoding = \(byte == 0 ? "\"utf-16le\" or \"utf-16be\" for UTF-16" : "\"latin-1\" for Western European files")"
      )
    }
    if place == count {
      cell.isLast = true
    } else if bytes[place] == delimiter {
      place += 1
    } else {
      cell.isLast = true
      lineEnd()
    }
    return cell
  }

  // MARK: what cells hold

  func text(_ cell: Cell) -> String {
    let raw = UnsafeBufferPointer(start: bytes + cell.start, count: cell.end - cell.start)
    guard cell.isEscaped else { return String(decoding: raw, as: UTF8.self) }
    var text: [UInt8] = [], skip = false
    for byte in raw {
      if byte == quote, !skip {
        skip = true
        continue
      }
      skip = false
      text.append(byte)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let missing: Set<String> = ["", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "none", "?"]

  /// Stands for no value: empty, NA, N/A, NaN, null, None, ?, in any case.
  func isMissing(_ cell: Cell) -> Bool { cell.start == cell.end || (cell.end - cell.start <= 4 && Self.missing.contains(text(cell).lowercased())) }

  /// Powers of ten that a Double holds exactly.
  private static let powers: [Double] = (0...22).map { k in (0..<k).reduce(1.0) { x, _ in x * 10 } }

  /// The number a cell holds: a decimal, with or without exponent, or inf; nil for anything else.
  func number(_ cell: Cell) -> Double? {
    var p = bytes + cell.start
    let end = bytes + cell.end
    guard p < end else { return nil }
    let isNegative = p.pointee == UInt8(ascii: "-")
    if isNegative || p.pointee == UInt8(ascii: "+") { p += 1 }
    var mantissa: UInt64 = 0, digits = 0, dropped = 0, exponent = 0, any = false
    while p < end, p.pointee &- 48 < 10 {
      any = true
      if digits < 19 {
        mantissa = mantissa &* 10 &+ UInt64(p.pointee &- 48)
        if mantissa != 0 { digits += 1 }
      } else {
        dropped += 1
      }
      p += 1
    }
    if p < end, p.pointee == UInt8(ascii: ".") {
      p += 1
      while p < end, p.pointee &- 48 < 10 {
        any = true
        if digits < 19 {
          mantissa = mantissa &* 10 &+ UInt64(p.pointee &- 48)
          if mantissa != 0 { digits += 1 }
          exponent -= 1
        } else {
          dropped += 1
        }
        p += 1
      }
    }
    guard any else { return infinity(cell, isNegative) }
    if p < end, p.pointee | 32 == UInt8(ascii: "e") {
      p += 1
      var sign = 1, value = 0
      guard p < end else { return nil }
      if p.pointee == UInt8(ascii: "-") || p.pointee == UInt8(ascii: "+") {
        sign = p.pointee == UInt8(ascii: "-") ? -1 : 1
        p += 1
      }
      guard p < end else { return nil }
      while p < end, p.pointee &- 48 < 10 {
        value = min(value * 10 + Int(p.pointee &- 48), 100_000)
        p += 1
      }
      exponent += sign * value
    }
    guard p == end else { return nil }
    // Exact where both numbers are (Clinger 1990); the rest is the C library's.
    if dropped == 0, mantissa <= 1 << 53, abs(exponent) <= 22 {
      let value = exponent < 0 ? Double(mantissa) / Self.powers[-exponent] : Double(mantissa) * Self.powers[exponent]
      return isNegative ? -value : value
    }
    return strtod(text(cell), nil)
  }

  private func infinity(_ cell: Cell, _ isNegative: Bool) -> Double? {
    guard cell.end - cell.start <= 9 else { return nil }
    switch text(cell).lowercased().drop(while: { $0 == "+" || $0 == "-" }) {
    case "inf", "infinity": return isNegative ? -.infinity : .infinity
    default: return nil
    }
  }
}
