import FoundationEssentials

/// PNG files by the format's own rules (RFC 2083), without libpng.
struct PNGFixture {
  var width: Int
  var height: Int
  var depth = 8
  /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
  var colour: UInt8 = 0
  var isInterlaced = false
  /// Chunks before the pixels: PLTE, tRNS.
  var extra: [(String, [UInt8])] = []
  /// Samples row by row.
  var samples: [Int]

  private var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colour]! }

  private func rows(_ columns: [Int], _ lines: [Int]) -> [UInt8] {
    guard !columns.isEmpty else { return [] }
    return lines.flatMap { y in
      var bits: [Int] = []
      for x in columns { for c in 0..<channels { bits += (0..<depth).reversed().map { samples[(y * width + x) * channels + c] >> $0 & 1 } } }
      while bits.count % 8 != 0 { bits.append(0) }
      // Filter 0: none.
      return [0] + stride(from: 0, to: bits.count, by: 8).map { i in UInt8(bits[i..<i + 8].reduce(0) { $0 << 1 | $1 }) }
    }
  }

  private static func big(_ n: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(truncatingIfNeeded: n >> (8 * $0)) } }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    // The checksum is gzip's.
    let packed = gzip(body)
    return big(content.count) + body + packed[(packed.count - 8)..<(packed.count - 4)].reversed()
  }

  var bytes: [UInt8] {
    var raw: [UInt8] = []
    if isInterlaced {
      for (x, y, dx, dy) in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] {
        raw += rows(Array(stride(from: x, to: width, by: dx)), Array(stride(from: y, to: height, by: dy)))
      }
    } else {
      raw = rows(Array(0..<width), Array(0..<height))
    }
    var a = 1, b = 0
    for byte in raw {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    // zlib's frame around the same stored blocks that gzip has.
    let deflated = gzip(raw)[10...].dropLast(8)
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + Self.chunk("IHDR", Self.big(width) + Self.big(height) + [UInt8(depth), colour, 0, 0, isInterlaced ? 1 : 0])
      + extra.flatMap { Self.chunk($0.0, $0.1) } + Self.chunk("IDAT", [0x78, 0x01] + deflated + Self.big(b << 16 | a)) + Self.chunk("IEND", [])
  }
}

/// JPEG files of 16×8 pixels, each half of one colour, written by libjpeg-turbo 2.1.5 (`jpeg_mem_dest`, quality 90, optimised tables).
enum JPEGFixture {
  private static func bytes(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64)!) }

  /// CMYK, inverted as Adobe does: (255,55,105,200) and (0,255,155,255).
  static let cmyk = bytes(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAgKBgn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/AOqYeMEYCVdQsQpJv//Z"
  )
  /// RGB, progressive: (200,100,50) and (20,60,220).
  static let progressive = bytes(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgARCAAIABADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAMH/8QAFQEBAQAAAAAAAAAAAAAAAAAABAX/2gAMAwEAAhADEAAAAY5kXnf/xAAUEAEAAAAAAAAAAAAAAAAAAAAQ/9oACAEBAAEFAj//xAAYEQACAwAAAAAAAAAAAAAAAAAABkOCwf/aAAgBAwEBPwFnhth//8QAGBEAAgMAAAAAAAAAAAAAAAAAAAZEgsL/2gAIAQIBAT8BRZNdH//EABQQAQAAAAAAAAAAAAAAAAAAABD/2gAIAQEABj8CP//EABQQAQAAAAAAAAAAAAAAAAAAABD/2gAIAQEAAT8hP//aAAwDAQACAAMAAAAQ8//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8QT//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8QX//EABQQAQAAAAAAAAAAAAAAAAAAABD/2gAIAQEAAT8QP//Z"
  )
  /// Grey: 40 and 210.
  static let grey = bytes(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACAn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AAouM//Z"
  )
}
