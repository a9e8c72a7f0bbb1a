internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Bytes that can be read from any place: a file's, or a part of memory.
///
/// A file is read with `pread`, not mapped: one that another program cuts short meanwhile is then an error and not a signal.
package final class ByteSource {
  package let count: Int
  private let descriptor: Int32
  private let memory: UnsafeRawPointer?

  /// - Errors: a missing file, a folder, a file that may not be read.
  package init(path: String) throws {
    try Sandbox.checkReading(path)
    // Without O_NONBLOCK a pipe would wait for a writer before we could see that it is one.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    memory = nil
    guard descriptor >= 0 else {
      count = 0
      throw LuaError("cannot open: \(SystemError.text)")
    }
    var status = stat()
    let known = fstat(descriptor, &status) == 0
    count = known ? Int(status.st_size) : 0
    guard known, status.st_mode & S_IFMT == S_IFREG else {
      throw LuaError(status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is no regular file")
    }
  }

  /// The caller keeps the memory alive.
  package init(memory: UnsafeRawBufferPointer) {
    self.memory = memory.baseAddress
    count = memory.count
    descriptor = -1
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  package func read(at place: Int, count length: Int, into target: UnsafeMutableRawPointer) throws {
    guard place >= 0, length >= 0, length <= count, place <= count - length else {
      throw LuaError("cut short: bytes \(place)…\(place &+ length) are needed, it has \(count)")
    }
    if let memory {
      target.copyMemory(from: memory + place, byteCount: length)
      return
    }
    var done = 0
    while done < length {
      let got = pread(descriptor, target + done, min(length - done, 1 << 30), place + done)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw LuaError("cannot read: \(SystemError.text)") }
      guard got > 0 else { throw LuaError("cut short while it was read") }
      done += got
    }
  }

  package func bytes(at place: Int, count length: Int) throws -> [UInt8] {
    guard length >= 0, length <= count else { throw LuaError("cut short: \(length) bytes are needed, it has \(count)") }
    return try [UInt8](unsafeUninitializedCapacity: length) { buffer, used in
      if length > 0 { try read(at: place, count: length, into: buffer.baseAddress!) }
      used = length
    }
  }
}

package enum SystemError {
  /// What the last failed system call says of itself: "No such file or directory".
  package static var text: String { String(cString: strerror(errno)) }
}

/// Runs `body` with `place` in front of its errors: `load: x.npz: entry 'W1.npy': …`.
package func naming<R>(_ place: String, _ body: () throws -> R) throws -> R {
  do { return try body() } catch let error as LuaError { throw LuaError("\(place): \(error.message)") }
}

/// Numbers of a binary header, least byte first.
package struct LittleEndian {
  package let bytes: [UInt8]
  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package func u16(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
  package func u32(_ at: Int) -> Int { u16(at) | u16(at + 2) << 16 }
  /// A length: what passes 2⁶² is cut to it, and so found to be too long.
  package func u64(_ at: Int) -> Int { u32(at + 4) >= 1 << 30 ? 1 << 62 : u32(at) | u32(at + 4) << 32 }
}
