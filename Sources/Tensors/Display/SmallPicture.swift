internal import CZlib

/// A picture of a few thousand pixels inside a page: PNG, eight bits for red, green, blue and opacity (W3C, Portable Network Graphics, third edition).
package struct SmallPicture {
  package let width: Int
  package let height: Int
  /// Row by row, four bytes a pixel. What is not set stays clear.
  private var bytes: [UInt8]

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
    bytes = [UInt8](repeating: 0, count: width * height * 4)
  }

  package subscript(x: Int, y: Int) -> Int {
    get { Int(bytes[(y * width + x) * 4]) << 16 | Int(bytes[(y * width + x) * 4 + 1]) << 8 | Int(bytes[(y * width + x) * 4 + 2]) }
    set {
      let place = (y * width + x) * 4
      bytes[place] = UInt8(newValue >> 16 & 255)
      bytes[place + 1] = UInt8(newValue >> 8 & 255)
      bytes[place + 2] = UInt8(newValue & 255)
      bytes[place + 3] = 255
    }
  }

  package var png: [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity((width * 4 + 1) * height)
    for y in 0..<height {
      lines.append(0)  // no filter
      lines += bytes[y * width * 4..<(y + 1) * width * 4]
    }
    var size = compressBound(uLong(lines.count))
    var packed = [UInt8](repeating: 0, count: Int(size))
    compress2(&packed, &size, lines, uLong(lines.count), 9)
    var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    Self.add("IHDR", Self.number(width) + Self.number(height) + [8, 6, 0, 0, 0], &file)
    Self.add("IDAT", Array(packed[..<Int(size)]), &file)
    Self.add("IEND", [], &file)
    return file
  }

  private static func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
  private static func add(_ name: String, _ data: [UInt8], _ file: inout [UInt8]) {
    let part = Array(name.utf8) + data
    file += number(data.count) + part + number(Int(crc32(0, part, uInt(part.count))))
  }
}
