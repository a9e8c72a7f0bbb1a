internal import CZlib
internal import LuaBridge

/// The entries of a zip archive, stored or deflated, zip64 too.
/// Format: PKWARE's APPNOTE.TXT 6.3.10 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), sections 4.3 and 4.5.3.
package struct ZipArchive {
  package struct Entry {
    package var name: String
    fileprivate var method = 0, crc: UInt = 0, packed = 0, size = 0, header = 0
  }
  package private(set) var entries: [Entry] = []
  private let source: ByteSource
  private var directory = 0

  package init(_ source: ByteSource) throws {
    self.source = source
    let (place, size, count) = try Self.directory(of: source)
    directory = place
    let bytes = LittleEndian(try source.bytes(at: place, count: size))
    var at = 0
    while at < size {
      guard size - at >= 46, bytes.u32(at) == 0x0201_4b50 else { throw LuaError("damaged: its directory is broken at entry \(entries.count + 1)") }
      let name = bytes.u16(at + 28), extra = bytes.u16(at + 30), length = 46 + name + extra + bytes.u16(at + 32)
      guard length <= size - at else { throw LuaError("damaged: its directory ends within entry \(entries.count + 1)") }
      var entry = Entry(name: String(decoding: bytes.bytes[at + 46..<at + 46 + name], as: UTF8.self))
      entry.method = bytes.u16(at + 10)
      entry.crc = UInt(bytes.u32(at + 16))
      entry.packed = bytes.u32(at + 20)
      entry.size = bytes.u32(at + 24)
      entry.header = bytes.u32(at + 42)
      try naming("entry '\(entry.name)'") {
        guard bytes.u16(at + 8) & 1 == 0 else { throw LuaError("is encrypted") }
        try Self.widen(&entry, bytes, at + 46 + name, extra)
      }
      entries.append(entry)
      at += length
    }
    guard entries.count == count || count == 0xFFFF else { throw LuaError("damaged: \(count) entries are announced, \(entries.count) found") }
  }

  /// Where the directory begins, its bytes and entries.
  private static func directory(of source: ByteSource) throws -> (place: Int, size: Int, count: Int) {
    // The end record is the last 22 bytes and a comment of at most 65535.
    let tail = min(source.count, 22 + 0xFFFF)
    let bytes = LittleEndian(try source.bytes(at: source.count - tail, count: tail))
    var at = tail - 22
    while at >= 0, bytes.u32(at) != 0x0605_4b50 || bytes.u16(at + 20) != tail - at - 22 { at -= 1 }
    guard at >= 0 else { throw LuaError("is no zip archive, or cut short: it has no directory") }
    var end = source.count - tail + at
    var place = bytes.u32(at + 16), size = bytes.u32(at + 12), count = bytes.u16(at + 10)
    if place == 0xFFFF_FFFF || size == 0xFFFF_FFFF || count == 0xFFFF, end >= 20 {
      let locator = LittleEndian(try source.bytes(at: end - 20, count: 20))
      if locator.u32(0) == 0x0706_4b50 {
        let record = locator.u64(8)
        guard record <= end - 20 - 56 else { throw LuaError("damaged: its zip64 record lies outside") }
        let wide = LittleEndian(try source.bytes(at: record, count: 56))
        guard wide.u32(0) == 0x0606_4b50 else { throw LuaError("damaged: its zip64 record is broken") }
        (count, size, place, end) = (wide.u64(32), wide.u64(40), wide.u64(48), record)
      }
    }
    guard place <= end, size <= end - place else { throw LuaError("damaged: its directory lies outside") }
    return (place, size, count)
  }

  /// Takes the 64-bit sizes from the extra field where the 32-bit ones are full.
  private static func widen(_ entry: inout Entry, _ bytes: LittleEndian, _ start: Int, _ length: Int) throws {
    let full = 0xFFFF_FFFF
    guard entry.size == full || entry.packed == full || entry.header == full else { return }
    var at = start
    while at + 4 <= start + length {
      let id = bytes.u16(at), size = bytes.u16(at + 2)
      guard at + 4 + size <= start + length else { break }
      if id == 1 {
        var field = at + 4
        for path in [\Entry.size, \Entry.packed, \Entry.header] where entry[keyPath: path] == full {
          guard field + 8 <= at + 4 + size else { throw LuaError("damaged: its zip64 sizes are missing") }
          entry[keyPath: path] = bytes.u64(field)
          field += 8
        }
        return
      }
      at += 4 + size
    }
  }

  /// The content of an entry, its lengths checked against the archive.
  package func reader(of entry: Entry) throws -> any ByteReader {
    guard entry.header <= directory - 30 else { throw LuaError("damaged: it lies outside the archive") }
    let local = LittleEndian(try source.bytes(at: entry.header, count: 30))
    guard local.u32(0) == 0x0403_4b50 else { throw LuaError("damaged: no entry begins where the directory says") }
    let start = entry.header + 30 + local.u16(26) + local.u16(28)
    guard start <= directory, entry.packed <= directory - start else {
      throw LuaError("damaged: it claims \(entry.packed) bytes, \(max(directory - start, 0)) follow")
    }
    switch entry.method {
    case 0:
      guard entry.packed == entry.size else { throw LuaError("damaged: stored, but of two sizes (\(entry.packed) and \(entry.size))") }
      return PlainReader(source, from: start, count: entry.packed, crc: entry.crc)
    case 8: return try InflateReader(source, .raw, from: start, count: entry.packed, size: entry.size, crc: entry.crc)
    default: throw LuaError("is packed by method \(entry.method); only stored and deflated entries are read")
    }
  }
}

/// Writes a zip archive of stored entries, zip64 where sizes ask for it.
package struct ZipWriter {
  private let file: AtomicFile
  private var directory: [UInt8] = []
  private var count = 0
  /// Sizes and places from here on are written in 64 bits; tests set it low.
  private let full: Int

  package init(_ file: AtomicFile, full: Int = 0xFFFF_FFFF) {
    self.file = file
    self.full = full
  }

  /// Adds an entry made of parts that follow each other.
  package mutating func add(_ name: String, _ parts: [UnsafeRawBufferPointer]) throws {
    let name = Array(name.utf8), header = file.count, size = parts.reduce(0) { $0 + $1.count }
    guard name.count <= 0xFFFF else { throw LuaError("a name has \(name.count) bytes, at most 65535 fit") }
    var crc: UInt = 0
    for part in parts where !part.isEmpty { crc = crc32_z(crc, part.baseAddress!.assumingMemoryBound(to: UInt8.self), part.count) }
    let wideSize = size >= full, wide = wideSize || header >= full
    // Version needed, flags (bit 11: the name is UTF-8), stored, midnight of 1 January 1980 (the same content gives the same file), crc, sizes.
    let common =
      u16(wide ? 45 : 20) + u16(0x800) + u16(0) + u16(0) + u16(0x21) + u32(Int(crc)) + u32(wideSize ? 0xFFFF_FFFF : size)
      + u32(wideSize ? 0xFFFF_FFFF : size) + u16(name.count)
    let sizes = wideSize ? u64(size) + u64(size) : []
    let localExtra = wideSize ? u16(1) + u16(sizes.count) + sizes : []
    try file.write(u32(0x0403_4b50) + common + u16(localExtra.count) + name + localExtra)
    for part in parts where !part.isEmpty { try file.write(part.baseAddress!, part.count) }

    let places = sizes + (header >= full ? u64(header) : [])
    let extra = places.isEmpty ? [] : u16(1) + u16(places.count) + places
    directory += u32(0x0201_4b50) + u16(wide ? 45 : 20) + common + u16(extra.count) + u16(0) + u16(0) + u16(0) + u32(0)
    directory += u32(header >= full ? 0xFFFF_FFFF : header) + name + extra
    count += 1
  }

  /// Writes the directory; the file is committed by its owner.
  package func finish() throws {
    let place = file.count, size = directory.count
    let wide = place >= full || size >= full || count >= 0xFFFF
    try file.write(directory)
    if wide {
      let record = file.count
      try file.write(u32(0x0606_4b50) + u64(44) + u16(45) + u16(45) + u32(0) + u32(0) + u64(count) + u64(count) + u64(size) + u64(place))
      try file.write(u32(0x0706_4b50) + u32(0) + u64(record) + u32(1))
    }
    let entries = u16(wide ? 0xFFFF : count)
    try file.write(u32(0x0605_4b50) + u16(0) + u16(0) + entries + entries + u32(wide ? 0xFFFF_FFFF : size) + u32(wide ? 0xFFFF_FFFF : place) + u16(0))
  }

  private func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  private func u16(_ value: Int) -> [UInt8] { bytes(value, 2) }
  private func u32(_ value: Int) -> [UInt8] { bytes(value, 4) }
  private func u64(_ value: Int) -> [UInt8] { bytes(value, 8) }
}
