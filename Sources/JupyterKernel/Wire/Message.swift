internal import LuaBridge
package import Notebook

#if canImport(Glibc)
  internal import Glibc
#endif

/// The sockets that messages travel on.
package enum Channel: String, Sendable { case shell, control, stdin, iopub }

/// A message that has come in: signature checked, JSON read.
package struct Message: Sendable {
  package var channel: Channel
  /// What ROUTER put before the message: where the answer goes.
  package var identities: [[UInt8]]
  package var type: String
  /// The header's own bytes, which every answer repeats as its parent.
  package var header: [UInt8]
  package var content: JSON
  /// The notebook's name for the cell, where the front end says it.
  package var cell: String?

  /// Why parts are no message.
  package struct Malformed: Error, CustomStringConvertible {
    package var description: String
  }

  static let delimiter = Array("<IDS|MSG>".utf8)

  /// Reads `identities… <IDS|MSG> signature header parent metadata content buffers…`.
  package init(_ parts: [[UInt8]], from channel: Channel, signature: Signature) throws {
    guard let delimiter = parts.firstIndex(of: Self.delimiter) else { throw Malformed(description: "no delimiter") }
    let rest = parts[(delimiter + 1)...]
    guard rest.count >= 5 else { throw Malformed(description: "\(rest.count) parts after the delimiter, at least 5 expected") }
    let first = rest.startIndex
    guard signature.verify(rest[first], of: rest[first + 1...first + 4]) else { throw Malformed(description: "wrong signature") }
    func object(_ offset: Int, _ name: String) throws -> JSON {
      guard let value = try? JSON(parsing: rest[first + offset]), value.object != nil else { throw Malformed(description: "the \(name) is no JSON object") }
      return value
    }
    let header = try object(1, "header")
    guard header["msg_id"]?.string != nil, let type = header["msg_type"]?.string else { throw Malformed(description: "the header has no msg_id or msg_type") }
    _ = try object(2, "parent header")
    cell = try object(3, "metadata")["cellId"]?.string
    self.channel = channel
    self.identities = Array(parts[..<delimiter])
    self.type = type
    // Every answer repeats it as it is.
    guard String(validating: rest[first + 1], as: UTF8.self) != nil else { throw Malformed(description: "the header is not UTF-8") }
    self.header = rest[first + 1]
    self.content = try object(4, "content")
  }
}

/// A message on its way out. Header and signature are added when it leaves.
package struct Outgoing: Sendable {
  var channel: Channel
  var identities: [[UInt8]] = []
  var type: String
  /// The header of the message that this one answers, as it came; empty where it answers none.
  var parent: [UInt8]
  var content: [UInt8]

  package init(channel: Channel, identities: [[UInt8]] = [], type: String, parent: [UInt8], content: JSON) {
    self.channel = channel
    self.identities = identities
    self.type = type
    self.parent = parent
    self.content = Array(content.text().utf8)
  }

  /// An answer on the channel that the request came from.
  package init(reply type: String, to request: Message, _ content: JSON) {
    self.init(channel: request.channel, identities: request.identities, type: type, parent: request.header, content: content)
  }

  /// For every front end that listens.
  package init(publish type: String, parent: [UInt8], _ content: JSON) { self.init(channel: .iopub, type: type, parent: parent, content: content) }

  static func status(_ state: String, parent: [UInt8]) -> Outgoing { Outgoing(publish: "status", parent: parent, ["execution_state": .string(state)]) }
}

/// Gives messages their headers and signatures.
package final class Envelope {
  package let signature: Signature
  /// This kernel's name in every header.
  private let session = Envelope.randomName()
  private let username: String
  private var count = 0

  package init(signature: Signature) {
    self.signature = signature
    username = getenv("USER").map { String(cString: $0) } ?? "nnlua"
  }

  package static func randomName() -> String {
    var generator = SystemRandomNumberGenerator()
    func digits(_ bits: UInt64, _ count: Int) -> String {
      let text = String(bits, radix: 16)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return digits(generator.next(), 16) + digits(generator.next(), 16)
  }

  /// The parts to send.
  package func parts(_ message: Outgoing) -> [[UInt8]] {
    count += 1
    let header: JSON = [
      "msg_id": .string("\(session)_\(count)"), "session": .string(session), "username": .string(username), "date": .string(Self.now),
      "msg_type": .string(message.type), "version": .string(KernelInfo.protocolVersion),
    ]
    let nothing = Array("{}".utf8)
    let signed = [Array(header.text().utf8), message.parent.isEmpty ? nothing : message.parent, nothing, message.content]
    // On iopub the first part is the topic that front ends subscribe to.
    let route = message.channel == .iopub ? [Array("kernel.\(session).\(message.type)".utf8)] : message.identities
    return route + [Message.delimiter, signature.sign(signed)] + signed
  }

  /// The time in ISO 8601, to the microsecond.
  private static var now: String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var seconds = time.tv_sec
    var date = tm()
    gmtime_r(&seconds, &date)
    func padded(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let day = "\(padded(Int(date.tm_year) + 1900, 4))-\(padded(Int(date.tm_mon) + 1, 2))-\(padded(Int(date.tm_mday), 2))"
    let clock = "\(padded(Int(date.tm_hour), 2)):\(padded(Int(date.tm_min), 2)):\(padded(Int(date.tm_sec), 2))"
    return "\(day)T\(clock).\(padded(time.tv_nsec / 1000, 6))Z"
  }
}
