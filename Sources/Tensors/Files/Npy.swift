internal import LuaBridge

/// NumPy's file of one array: a magic word, a header that is a Python dictionary, the elements.
/// Format: numpy.lib.format, versions 1.0 to 3.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
package enum Npy {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Far above any header of numbers; those of records are long.
  private static let longestHeader = 1 << 20

  package static func read(from reader: any ByteReader) throws -> Tensor {
    let start = try reader.bytes(8)
    guard Array(start[0..<6]) == magic else { throw LuaError("is no .npy: it begins with other bytes") }
    let length: Int
    switch start[6] {
    case 1: length = LittleEndian(try reader.bytes(2)).u16(0)
    case 2, 3: length = LittleEndian(try reader.bytes(4)).u32(0)
    default: throw LuaError(".npy version \(start[6]).\(start[7]) is not known (1 to 3 are)")
    }
    guard length <= longestHeader else { throw LuaError("its header claims \(length) bytes, at most \(longestHeader) are read") }
    let header = try naming("header") { try NpyHeader(try reader.bytes(length)) }
    guard header.fortran, header.shape.count > 1 else { return try header.type.read(header.shape, from: reader) }
    let columns = try header.type.read(header.shape.reversed(), from: reader)
    return try columns.permuted(columns.shape.indices.reversed()).contiguous()
  }

  /// Everything that stands before the elements of a contiguous tensor; a multiple of 64 bytes.
  package static func header(of tensor: Tensor) -> [UInt8] {
    let descr =
      switch tensor.type {
      case .bool: "|b1"
      case .uint8: "|u1"
      case .int64: "<i8"
      case .float32: "<f4"
      case .float64: "<f8"
      }
    let sizes = tensor.shape.array.map(String.init).joined(separator: ", ") + (tensor.rank == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(sizes)), }"
    text += String(repeating: " ", count: 63 - (magic.count + 4 + text.utf8.count) % 64) + "\n"
    let length = text.utf8.count
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
  }
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`
private struct NpyHeader {
  var type = StoredType(.float, 4)
  var fortran = false
  var shape: [Int] = []

  init(_ bytes: [UInt8]) throws {
    var text = PythonText(bytes)
    var seen: Set<String> = []
    try text.expect("{")
    while !text.accepts("}") {
      let key = try text.string()
      guard seen.insert(key).inserted else { throw LuaError("names '\(key)' twice") }
      try text.expect(":")
      switch key {
      case "descr":
        guard !text.sees("[") else { throw LuaError("records (a structured dtype) are not read, only arrays of numbers") }
        type = try Self.type(try text.string())
      case "fortran_order": fortran = try text.truth()
      case "shape": shape = try text.sizes()
      default: throw LuaError("unknown key '\(key)'")
      }
      if !text.accepts(",") {
        try text.expect("}")
        break
      }
    }
    guard text.isAtEnd else { throw LuaError("has more behind its end") }
    guard seen.count == 3 else { throw LuaError("needs 'descr', 'fortran_order' and 'shape'") }
  }

  private static func type(_ descr: String) throws -> StoredType {
    let kinds: [Character: (StoredType.Kind, [Int])] = [
      "b": (.bool, [1]), "u": (.unsigned, [1, 2, 4, 8]), "i": (.signed, [1, 2, 4, 8]), "f": (.float, [2, 4, 8]),
    ]
    let order = descr.first ?? " "
    let rest = "<>|=".contains(order) ? descr.dropFirst() : descr[...]
    if let letter = rest.first, let (kind, sizes) = kinds[letter], let size = Int(rest.dropFirst()), sizes.contains(size) {
      return StoredType(kind, size, bigEndian: order == ">")
    }
    let hint = rest.first == "O" ? ", Python objects are never read" : rest.first == "c" ? ", complex numbers are not" : ""
    throw LuaError("dtype '\(descr)' is not read\(hint) (known: b1 u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8)")
  }
}

/// The few Python literals a header is made of.
private struct PythonText {
  private let bytes: [UInt8]
  private var place = 0
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func skipSpace() { while place < bytes.count, [32, 9, 10, 13].contains(bytes[place]) { place += 1 } }
  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return place == bytes.count
    }
  }
  mutating func sees(_ mark: Character) -> Bool {
    skipSpace()
    return place < bytes.count && bytes[place] == mark.asciiValue
  }
  mutating func accepts(_ mark: Character) -> Bool {
    guard sees(mark) else { return false }
    place += 1
    return true
  }
  mutating func expect(_ mark: Character) throws {
    guard accepts(mark) else { throw LuaError("'\(mark)' expected at byte \(place + 1)") }
  }
  mutating func string() throws -> String {
    let quote: Character = sees("\"") ? "\"" : "'"
    try expect(quote)
    guard let end = bytes[place...].firstIndex(of: quote.asciiValue!) else { throw LuaError("a string has no end") }
    defer { place = end + 1 }
    return String(decoding: bytes[place..<end], as: UTF8.self)
  }
  private mutating func word() -> String {
    skipSpace()
    let start = place
    while place < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[place] || UInt8(ascii: "A")...UInt8(ascii: "z") ~= bytes[place] { place += 1 }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }
  mutating func truth() throws -> Bool {
    let word = word()
    guard word == "True" || word == "False" else { throw LuaError("True or False expected, got '\(word)'") }
    return word == "True"
  }
  mutating func sizes() throws -> [Int] {
    try expect("(")
    var list: [Int] = []
    while !accepts(")") {
      let negative = accepts("-")
      var word = word()
      if word.hasSuffix("L") { word.removeLast() }  // written by Python 2
      guard !negative, let size = Int(word) else { throw LuaError("shape: '\(negative ? "-" : "")\(word)' is no size") }
      list.append(size)
      if !accepts(",") {
        try expect(")")
        break
      }
    }
    return list
  }
}
