/// Bytes as text, as addresses that hold data (`data:image/png;base64,…`), notebooks and terminals take them.
package enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  package static func bytes(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let given = min(bytes.count - start, 3)
      var group = 0
      for i in 0..<3 { group = group << 8 | (i < given ? Int(bytes[start + i]) : 0) }
      for i in 0..<4 { result.append(i <= given ? letters[group >> (18 - 6 * i) & 63] : UInt8(ascii: "=")) }
    }
    return result
  }

  package static func text(_ bytes: [UInt8]) -> String { String(decoding: self.bytes(bytes), as: UTF8.self) }
}
