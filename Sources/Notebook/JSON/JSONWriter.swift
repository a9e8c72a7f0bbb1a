extension JSON {
  public enum Style: Sendable {
    /// On one line, without spaces.
    case compact
    /// As Python's `json.dumps` writes it: spaces behind "," and ":", nothing beyond ASCII.
    case spaced
    /// As nbformat writes notebooks: one space for each level, names sorted.
    case notebook
  }

  public func text(_ style: Style = .compact) -> String {
    var bytes: [UInt8] = []
    write(to: &bytes, style, level: 0)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func write(to bytes: inout [UInt8], _ style: Style, level: Int) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .number(let digits): bytes += digits.utf8
    case .string(let text): Self.write(text, to: &bytes, style)
    case .array(let elements):
      Self.list(elements, "[", "]", to: &bytes, style, level) { element, bytes in element.write(to: &bytes, style, level: level + 1) }
    case .object(let object):
      var members = object.members
      if style == .notebook { members.sort { $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars) } }
      Self.list(members, "{", "}", to: &bytes, style, level) { member, bytes in
        Self.write(member.name, to: &bytes, style)
        bytes += (style == .compact ? ":" : ": ").utf8
        member.value.write(to: &bytes, style, level: level + 1)
      }
    }
  }

  private static func list<E>(
    _ elements: [E], _ open: String, _ close: String, to bytes: inout [UInt8], _ style: Style, _ level: Int, _ write: (E, inout [UInt8]) -> Void
  ) {
    bytes += open.utf8
    for (i, element) in elements.enumerated() {
      if i > 0 { bytes += (style == .spaced ? ", " : ",").utf8 }
      if style == .notebook { newLine(to: &bytes, level + 1) }
      write(element, &bytes)
    }
    if style == .notebook, !elements.isEmpty { newLine(to: &bytes, level) }
    bytes += close.utf8
  }

  private static func newLine(to bytes: inout [UInt8], _ level: Int) {
    bytes.append(0x0A)
    for _ in 0..<level { bytes.append(0x20) }
  }

  private static func write(_ text: String, to bytes: inout [UInt8], _ style: Style) {
    bytes.append(UInt8(ascii: "\""))
    if style == .spaced {
      for unit in text.utf16 { if unit < 0x80 { escape(UInt8(unit), to: &bytes) } else { bytes += "\\u\(hex(unit))".utf8 } }
    } else {
      for byte in text.utf8 { escape(byte, to: &bytes) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func hex(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }

  private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
    switch byte {
    case 0x22: bytes += "\\\"".utf8
    case 0x5C: bytes += "\\\\".utf8
    case 0x0A: bytes += "\\n".utf8
    case 0x0D: bytes += "\\r".utf8
    case 0x09: bytes += "\\t".utf8
    case 0x08: bytes += "\\b".utf8
    case 0x0C: bytes += "\\f".utf8
    case 0..<0x20: bytes += "\\u\(hex(UInt16(byte)))".utf8
    default: bytes.append(byte)
    }
  }
}
