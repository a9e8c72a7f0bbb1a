internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A pipe that is read without waiting: wakes a thread that polls, or brings what another program prints.
final class Pipe: Sendable {
  let reader: Int32, writer: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw LuaError("cannot make a pipe: \(String(cString: strerror(errno)))") }
    (reader, writer) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(reader, F_SETFL, O_NONBLOCK)
  }

  /// Safe in a handler of signals.
  func signal() {
    var byte: UInt8 = 1
    _ = Glibc.write(writer, &byte, 1)
  }

  /// Whether something was in it.
  @discardableResult func drain() -> Bool {
    var found = false
    read { _ in found = true }
    return found
  }

  func read(_ body: (UnsafeRawBufferPointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
      while true {
        let count = Glibc.read(reader, buffer.baseAddress, buffer.count)
        if count > 0 { body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) } else if count == 0 || errno != EINTR { return }
      }
    }
  }
}
