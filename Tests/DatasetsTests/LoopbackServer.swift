import Glibc
import LuaBridge
import Synchronization

/// A web server on 127.0.0.1 that can also lie, cut and stall.
final class LoopbackServer: @unchecked Sendable {
  struct Answer {
    var body: [UInt8]
    var status = "200 OK"
    /// What the header says; the body's length where nil.
    var length: Int?
    /// Holds the connection open for so long after the body.
    var stall = 0.0
    var location: String?
    init(_ body: [UInt8], status: String = "200 OK", length: Int? = nil, stall: Double = 0, location: String? = nil) {
      (self.body, self.status, self.length, self.stall, self.location) = (body, status, length, stall, location)
    }
  }

  let url: String
  private let listener: Int32
  private let answers: [String: Answer]
  private let log = Mutex<[String]>([])
  /// Paths that were asked for.
  var requests: [String] { log.withLock { $0 } }

  init(_ answers: [String: Answer]) throws {
    self.answers = answers
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let ready = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0 }
    }
    guard ready else { throw LuaError("no loopback server") }
    url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/"
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      {
        Unmanaged<LoopbackServer>.fromOpaque($0!).takeRetainedValue().serve(); return nil
      }, Unmanaged.passRetained(self).toOpaque())
    pthread_detach(thread)
  }

  /// Ends the thread, too.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      answer(connection)
      close(connection)
    }
    close(listener)
  }

  private func answer(_ connection: Int32) {
    var request = [UInt8](repeating: 0, count: 4096)
    let got = read(connection, &request, request.count)
    guard got > 0 else { return }
    let path = String(decoding: request[..<got], as: UTF8.self).split(separator: " ").dropFirst().first.map { String($0.dropFirst()) } ?? ""
    log.withLock { $0.append(path) }
    let answer = answers[path] ?? Answer([], status: "404 Not Found")
    var header = "HTTP/1.1 \(answer.status)\r\nContent-Length: \(answer.length ?? answer.body.count)\r\nConnection: close\r\n"
    if let location = answer.location { header += "Location: \(location)\r\n" }
    var bytes = Array((header + "\r\n").utf8) + answer.body
    while !bytes.isEmpty {
      let put = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      guard put > 0 else { return }
      bytes.removeFirst(put)
    }
    if answer.stall > 0 {
      // Until the other side gives up, or the time is over.
      var waiting = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
      poll(&waiting, 1, Int32(answer.stall * 1000))
    }
  }
}
