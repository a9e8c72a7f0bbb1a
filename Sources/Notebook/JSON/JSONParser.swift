/// Text that is no JSON.
public struct JSONError: Error, CustomStringConvertible, Sendable {
  public var description: String
}

extension JSON {
  /// Deeper input is refused: a parser that calls itself must not be led past the end of its stack.
  static let mostDepth = 400

  /// Reads JSON text. Python's NaN and Infinity, which are no JSON, are read as null.
  public init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
    let bytes = Array(bytes)
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

private struct JSONParser {
  let bytes: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    let value = try value(depth: 0)
    skipSpace()
    guard place == bytes.count else { throw fail("something stands behind the end") }
    return value
  }

  private func fail(_ what: String) -> JSONError { JSONError(description: "no JSON: \(what) at byte \(place + 1)") }
  private var byte: UInt8 { place < bytes.count ? bytes[place] : 0 }
  private mutating func skipSpace() { while place < bytes.count, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 } }
  private func at(_ character: Unicode.Scalar) -> Bool { byte == UInt8(ascii: character) }
  private mutating func accept(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard place + count <= bytes.count else { return false }
    for i in 0..<count where bytes[place + i] != word.utf8Start[i] { return false }
    place += count
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth < JSON.mostDepth else { throw fail("more than \(JSON.mostDepth) levels") }
    skipSpace()
    if at("{") { return try object(depth) }
    if at("[") { return try array(depth) }
    if at("\"") { return .string(try string()) }
    if accept("true") { return .bool(true) }
    if accept("false") { return .bool(false) }
    if accept("null") || accept("NaN") || accept("Infinity") || accept("-Infinity") { return .null }
    return .number(try number())
  }

  private mutating func object(_ depth: Int) throws(JSONError) -> JSON {
    place += 1
    var object = JSONObject()
    skipSpace()
    if accept("}") { return .object(object) }
    while true {
      skipSpace()
      guard at("\"") else { throw fail("a name is missing") }
      let name = try string()
      skipSpace()
      guard accept(":") else { throw fail("':' is missing") }
      object.members.append(JSONObject.Member(name: name, value: try value(depth: depth + 1)))
      skipSpace()
      if accept(",") { continue }
      guard accept("}") else { throw fail("'}' is missing") }
      return .object(object)
    }
  }

  private mutating func array(_ depth: Int) throws(JSONError) -> JSON {
    place += 1
    var elements: [JSON] = []
    skipSpace()
    if accept("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if accept(",") { continue }
      guard accept("]") else { throw fail("']' is missing") }
      return .array(elements)
    }
  }

  private mutating func number() throws(JSONError) -> String {
    let start = place
    _ = accept("-")
    if !accept("0") { try digits() }
    if accept(".") { try digits() }
    if accept("e") || accept("E") {
      if !accept("+") { _ = accept("-") }
      try digits()
    }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private mutating func digits() throws(JSONError) {
    guard byte >= 0x30, byte <= 0x39 else { throw fail("a value is missing") }
    while byte >= 0x30, byte <= 0x39 { place += 1 }
  }

  private mutating func string() throws(JSONError) -> String {
    place += 1
    let start = place
    while place < bytes.count, !at("\""), !at("\\"), byte >= 0x20 { place += 1 }
    if accept("\"") { return String(decoding: bytes[start..<place - 1], as: UTF8.self) }
    var text = Array(bytes[start..<place])
    while place < bytes.count {
      if accept("\"") { return String(decoding: text, as: UTF8.self) }
      if at("\\") {
        try escape(into: &text)
      } else if byte < 0x20 {
        throw fail("a control character in a string")
      } else {
        text.append(byte)
        place += 1
      }
    }
    throw fail("a string has no end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    place += 1
    let letter = byte
    place += 1
    switch Unicode.Scalar(letter) {
    case "\"", "\\", "/": text.append(letter)
    case "b": text.append(0x08)
    case "f": text.append(0x0C)
    case "n": text.append(0x0A)
    case "r": text.append(0x0D)
    case "t": text.append(0x09)
    case "u":
      var code = try hex()
      if 0xD800..<0xDC00 ~= code, place + 6 <= bytes.count, at("\\"), bytes[place + 1] == UInt8(ascii: "u") {
        let before = place
        place += 2
        let low = try hex()
        if 0xDC00..<0xE000 ~= low { code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) } else { place = before }
      }
      text += Array(String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)  // half of a pair is no character
    default: throw fail("an unknown escape in a string")
    }
  }

  private mutating func hex() throws(JSONError) -> UInt32 {
    guard place + 4 <= bytes.count else { throw fail("a string has no end") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { throw fail("four hexadecimal digits are missing") }
      code = code << 4 | UInt32(digit)
      place += 1
    }
    return code
  }
}
