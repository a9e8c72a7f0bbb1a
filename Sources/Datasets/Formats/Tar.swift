internal import LuaBridge
package import Tensors

/// A tape archive: for each file a header of 512 bytes (name, size in octal digits, kind) and its content, filled up to a multiple of 512.
/// Format: POSIX.1-1988 ustar.
package enum Tar {
  /// Calls `body(name, size, reader)` for each regular file until it gives false; the body reads all of the content, or none.
  package static func files(_ reader: any ByteReader, _ body: (String, Int, any ByteReader) throws -> Content) throws {
    while true {
      var header = [UInt8](repeating: 0, count: 512)
      let got = try header.withUnsafeMutableBytes { try reader.readSome(512, into: $0.baseAddress!) }
      // Archives end with empty blocks, or simply.
      if got == 0 || (got == 512 && header.allSatisfy { $0 == 0 }) { return }
      guard got == 512 else { throw LuaError("cut short: the archive ends in a header") }
      let sum = header.indices.reduce(0) { $0 + (148..<156 ~= $1 ? 32 : Int(header[$1])) }
      guard let size = octal(header[124..<136]), octal(header[148..<156]) == sum else { throw LuaError("damaged: the header of a file in the archive is wrong") }
      let name = String(decoding: header[0..<100].prefix { $0 != 0 }, as: UTF8.self)
      let isRegular = header[156] == 0 || header[156] == UInt8(ascii: "0")
      let content = isRegular ? try body(name, size, reader) : .skipped
      if content == .enough { return }
      try skip((content == .skipped ? size : 0) + (512 - size % 512) % 512, reader)
    }
  }

  package enum Content { case taken, skipped, enough }

  private static func octal(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0, any = false
    for digit in digits where digit != 0 && digit != 32 {
      guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= digit else { return nil }
      value = value << 3 | Int(digit - 48)
      any = true
    }
    return any ? value : nil
  }

  private static func skip(_ count: Int, _ reader: any ByteReader) throws {
    var left = count
    var chunk = [UInt8](repeating: 0, count: min(max(left, 1), 1 << 16))
    while left > 0 {
      let got = try chunk.withUnsafeMutableBytes { try reader.readSome(min(left, $0.count), into: $0.baseAddress!) }
      guard got > 0 else { throw LuaError("cut short: \(left) bytes of the archive are missing") }
      left -= got
    }
  }
}
