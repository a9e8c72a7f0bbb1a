internal import CZeroMQ
internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A ZeroMQ socket, bound to one address. Belongs to the thread that made it.
final class Socket {
  let pointer: UnsafeMutableRawPointer

  init(_ context: UnsafeMutableRawPointer, _ type: Int32, bind address: String, options: [(Int32, Int32)] = []) throws {
    guard let pointer = zmq_socket(context, type) else { throw Self.failure("a socket") }
    self.pointer = pointer
    // Nothing is thrown away while a front end is slow, and an end waits a second for what is still under way.
    for (option, value) in options + [(ZMQ_SNDHWM, 0), (ZMQ_RCVHWM, 0), (ZMQ_LINGER, 1000)] {
      var value = value
      zmq_setsockopt(pointer, option, &value, MemoryLayout.size(ofValue: value))
    }
    guard zmq_bind(pointer, address) == 0 else { throw Self.failure("cannot listen at \(address)") }
  }

  private var isOpen = true

  deinit { close() }

  func close() {
    if isOpen { zmq_close(pointer) }
    isOpen = false
  }

  private static func failure(_ what: String) -> LuaError { LuaError("\(what): \(String(cString: zmq_strerror(zmq_errno())))") }

  /// The parts of the next message; nil where none has come.
  func receive() -> [[UInt8]]? {
    var parts: [[UInt8]] = []
    var more = true
    while more {
      var message = zmq_msg_t()
      zmq_msg_init(&message)
      defer { zmq_msg_close(&message) }
      // What follows a first part has come with it.
      while zmq_msg_recv(&message, pointer, ZMQ_DONTWAIT) < 0 {
        guard zmq_errno() == EINTR else { return nil }
      }
      parts.append(Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
      more = zmq_msg_more(&message) != 0
    }
    return parts
  }

  /// Sends a message of these parts. One that nobody takes (a front end that has gone) is dropped.
  /// - Returns: false where the socket was told to say (ZMQ_ROUTER_MANDATORY) that nobody of this name is connected.
  @discardableResult func send(_ parts: [[UInt8]]) -> Bool {
    for (i, part) in parts.enumerated() {
      while zmq_send(pointer, part, part.count, ZMQ_DONTWAIT | (i + 1 < parts.count ? ZMQ_SNDMORE : 0)) < 0 {
        guard zmq_errno() == EINTR else { return zmq_errno() != EHOSTUNREACH }
      }
    }
    return true
  }
}
