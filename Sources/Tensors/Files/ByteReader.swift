internal import CZlib
internal import LuaBridge

/// Bytes in their order, as they lie in a file or inflated.
package protocol ByteReader: AnyObject {
  /// No more bytes than this can follow: what a header claims is measured against it before memory is taken.
  var most: Int { get }
  func read(_ count: Int, into target: UnsafeMutableRawPointer) throws
  /// Reads up to `count` bytes and says how many there were: 0 at the end.
  func readSome(_ count: Int, into target: UnsafeMutableRawPointer) throws -> Int
  /// Says that the reader is through: bytes that still follow, or a wrong checksum, are errors.
  func finish() throws
}

extension ByteReader {
  package func bytes(_ count: Int) throws -> [UInt8] {
    guard count <= most else { throw LuaError("cut short: \(count) bytes are needed, \(most) follow") }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      if count > 0 { try read(count, into: buffer.baseAddress!) }
      used = count
    }
  }
}

/// CRC-32 of what passes through, where the container has one to compare.
private struct Checksum {
  var expected: UInt?
  var value: UInt = 0

  mutating func add(_ bytes: UnsafeRawPointer, _ count: Int) {
    if expected != nil { value = crc32_z(value, bytes.assumingMemoryBound(to: UInt8.self), count) }
  }
  func check() throws {
    if let expected, expected != value { throw LuaError("damaged: its checksum is wrong") }
  }
}

/// Bytes as they lie in the source.
package final class PlainReader: ByteReader {
  private let source: ByteSource
  private var place: Int
  private let end: Int
  private var checksum: Checksum

  package init(_ source: ByteSource, from place: Int = 0, count: Int? = nil, crc: UInt? = nil) {
    self.source = source
    self.place = place
    end = place + (count ?? source.count - place)
    checksum = Checksum(expected: crc)
  }
  package var most: Int { end - place }

  package func read(_ count: Int, into target: UnsafeMutableRawPointer) throws {
    guard count <= most else { throw LuaError("cut short: \(count) bytes are needed, \(most) follow") }
    try source.read(at: place, count: count, into: target)
    checksum.add(target, count)
    place += count
  }

  package func readSome(_ count: Int, into target: UnsafeMutableRawPointer) throws -> Int {
    let length = min(count, most)
    try read(length, into: target)
    return length
  }

  package func finish() throws {
    guard most == 0 else { throw LuaError("has \(most) bytes more than its header says") }
    try checksum.check()
  }
}

/// Bytes that zlib inflates while they are read.
package final class InflateReader: ByteReader {
  package enum Format: Int32 { case raw = -15, gzip = 31 }

  /// Deflate makes at most 1032 bytes of one.
  private static let ratio = 1032

  private let source: ByteSource
  private var place: Int
  private let end: Int
  private let format: Format
  private var left: Int?
  private var checksum: Checksum
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  private var ended = false

  /// - size: the count of inflated bytes, where the container says it.
  package init(_ source: ByteSource, _ format: Format, from place: Int = 0, count: Int? = nil, size: Int? = nil, crc: UInt? = nil) throws {
    self.source = source
    self.format = format
    self.place = place
    end = place + (count ?? source.count - place)
    left = size
    checksum = Checksum(expected: crc)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    input = .allocate(byteCount: 1 << 16, alignment: 16)
    guard inflateInit2_(stream, format.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw LuaError("not enough memory to inflate it")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  package var most: Int {
    let possible = (end - place + Int(stream.pointee.avail_in) + 64) * Self.ratio
    return min(left ?? .max, possible)
  }

  package func read(_ count: Int, into target: UnsafeMutableRawPointer) throws {
    guard count <= most else { throw LuaError("cut short: \(count) bytes are needed, at most \(most) follow") }
    let got = try readSome(count, into: target)
    guard got == count else { throw LuaError("cut short: \(count) bytes are needed, \(got) follow") }
  }

  package func readSome(_ count: Int, into target: UnsafeMutableRawPointer) throws -> Int {
    let got = try inflate(min(count, left ?? count), into: target)
    checksum.add(target, got)
    if let known = left { left = known - got }
    return got
  }

  package func finish() throws {
    var extra: UInt8 = 0
    guard try withUnsafeMutableBytes(of: &extra, { try inflate(1, into: $0.baseAddress!) }) == 0, left ?? 0 == 0 else {
      throw LuaError("has more bytes than its header says")
    }
    guard place == end, stream.pointee.avail_in == 0 else { throw LuaError("has bytes behind its end") }
    try checksum.check()
  }

  /// Inflates up to `count` bytes and says how many there were: fewer only at the end.
  private func inflate(_ count: Int, into target: UnsafeMutableRawPointer) throws -> Int {
    var done = 0
    while done < count {
      if stream.pointee.avail_in == 0 {
        let length = min(input.count, end - place)
        if length > 0 { try source.read(at: place, count: length, into: input.baseAddress!) }
        place += length
        stream.pointee.next_in = input.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(length)
      }
      if ended {
        // Files of several gzip members follow each other as one.
        guard format == .gzip, stream.pointee.avail_in > 0 else { return done }
        inflateReset(stream)
        ended = false
      }
      let room = min(count - done, 1 << 30)
      stream.pointee.next_out = (target + done).assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room)
      let exhausted = stream.pointee.avail_in == 0
      let result = CZlib.inflate(stream, Z_NO_FLUSH)
      done += room - Int(stream.pointee.avail_out)
      switch result {
      case Z_STREAM_END: ended = true
      case Z_OK, Z_BUF_ERROR:
        if exhausted, stream.pointee.avail_out == UInt32(room) { throw LuaError("cut short: the compressed data has no end") }
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(result)"
        throw LuaError("damaged: cannot be inflated (\(reason))")
      }
    }
    return done
  }
}
