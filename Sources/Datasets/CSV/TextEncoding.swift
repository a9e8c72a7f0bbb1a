internal import LuaBridge

/// How a file's bytes mean letters. All is turned to UTF-8 before it is cut into cells.
enum TextEncoding: String, CaseIterable {
  case utf8 = "utf-8"
  case latin1 = "latin-1"
  case utf16 = "utf-16"
  case utf16LittleEndian = "utf-16le"
  case utf16BigEndian = "utf-16be"

  init(name: String) throws {
    let aliases = ["utf8": TextEncoding.utf8, "latin1": .latin1, "iso-8859-1": .latin1, "utf16": .utf16]
    guard let found = TextEncoding(rawValue: name.lowercased()) ?? aliases[name.lowercased()] else {
      throw LuaError("csv: unknown encoding \"\(name)\" (known: \(Self.allCases.map(\.rawValue).joined(separator: ", ")))")
    }
    self = found
  }

  /// UTF-8 without a byte order mark. A mark tells UTF-16 whatever is asked for.
  /// - Errors: UTF-16 that is cut, or half a pair of surrogates, with its line.
  func decode(_ bytes: [UInt8]) throws -> [UInt8] {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes[3...]) }
    if bytes.starts(with: [0xFF, 0xFE]) { return try Self.utf16(bytes[2...], bigEndian: false) }
    if bytes.starts(with: [0xFE, 0xFF]) { return try Self.utf16(bytes[2...], bigEndian: true) }
    switch self {
    case .utf8: return bytes
    case .latin1:
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count)
      for byte in bytes {
        if byte < 0x80 {
          text.append(byte)
        } else {
          text.append(0xC0 | byte >> 6)
          text.append(0x80 | byte & 0x3F)
        }
      }
      return text
    case .utf16: throw LuaError("1: no byte order mark: pass encoding = \"utf-16le\" or \"utf-16be\"")
    case .utf16LittleEndian: return try Self.utf16(bytes[...], bigEndian: false)
    case .utf16BigEndian: return try Self.utf16(bytes[...], bigEndian: true)
    }
  }

  private static func utf16(_ bytes: ArraySlice<UInt8>, bigEndian: Bool) throws -> [UInt8] {
    var text: [UInt8] = [], line = 1, place = bytes.startIndex
    text.reserveCapacity(bytes.count)
    func unit(_ at: Int) -> UInt32 { bigEndian ? UInt32(bytes[at]) << 8 | UInt32(bytes[at + 1]) : UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at]) }
    while place < bytes.endIndex {
      guard place + 1 < bytes.endIndex else { throw LuaError("\(line): UTF-16 cut short: a byte is left over at the end") }
      var code = unit(place)
      place += 2
      if 0xD800...0xDFFF ~= code {
        guard code < 0xDC00, place + 1 < bytes.endIndex, 0xDC00...0xDFFF ~= unit(place) else { throw LuaError("\(line): half a UTF-16 surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (unit(place) - 0xDC00)
        place += 2
      }
      if code == 10 { line += 1 }
      text.append(contentsOf: String(Unicode.Scalar(code)!).utf8)
    }
    return text
  }

  /// Where UTF-8 goes wrong, or a zero byte stands, first; nil where it does not.
  static func firstMistake(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let count = bytes.count
    var i = 0
    while i < count {
      // Eight plain letters at a time: no high bit, no zero byte.
      while i + 8 <= count {
        let word = UnsafeRawPointer(bytes.baseAddress! + i).loadUnaligned(as: UInt64.self)
        let low: UInt64 = 0x0101_0101_0101_0101, high: UInt64 = 0x8080_8080_8080_8080
        guard (word | (word &- low)) & high == 0 else { break }
        i += 8
      }
      guard i < count else { break }
      let byte = bytes[i]
      if byte < 0x80 {
        if byte == 0 { return i }
        i += 1
        continue
      }
      func next(_ k: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool { i + k < count && range ~= bytes[i + k] }
      switch byte {
      case 0xC2...0xDF where next(1): i += 2
      case 0xE0 where next(1, 0xA0...0xBF) && next(2): i += 3
      case 0xED where next(1, 0x80...0x9F) && next(2): i += 3
      case 0xE1...0xEF where byte != 0xED && next(1) && next(2): i += 3
      case 0xF0 where next(1, 0x90...0xBF) && next(2) && next(3): i += 4
      case 0xF1...0xF3 where next(1) && next(2) && next(3): i += 4
      case 0xF4 where next(1, 0x80...0x8F) && next(2) && next(3): i += 4
      default: return i
      }
    }
    return nil
  }
}
