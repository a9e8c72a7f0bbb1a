import CZeroMQ
import Foundation
import JupyterKernel
import LuaBridge
import Notebook
import Testing

/// The built program as a kernel in a process of its own, and the sockets of a front end.
final class RunningKernel {
  let process = Process()
  let folder: URL
  private let context: UnsafeMutableRawPointer
  private var sockets: [Channel: UnsafeMutableRawPointer] = [:]
  let envelope: Envelope

  /// Waits until it answers.
  init(key: String = "key of the test", environment: [String: String] = [:], waits: Bool = true) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("nnk-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let connection: JSON = [
      "transport": "ipc", "ip": .string(folder.path + "/k"), "key": .string(key), "signature_scheme": "hmac-sha256", "shell_port": 1, "control_port": 2,
      "stdin_port": 3, "iopub_port": 4, "hb_port": 5,
    ]
    let file = folder.appendingPathComponent("connection.json")
    try Data(connection.text().utf8).write(to: file)
    envelope = Envelope(signature: try Signature(key: key))
    context = zmq_ctx_new()
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    process.executableURL = root.appendingPathComponent(".build/release/nnlua")
    process.arguments = ["notebook", "kernel", file.path]
    process.currentDirectoryURL = folder
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LUA_") && $0.key != "JPY_PARENT_PID" }
    variables.merge(["HOME": folder.path, "XDG_STATE_HOME": folder.path]) { $1 }
    variables.merge(environment) { $1 }
    process.environment = variables
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for (channel, type, port) in [(Channel.shell, ZMQ_DEALER, 1), (.control, ZMQ_DEALER, 2), (.stdin, ZMQ_DEALER, 3), (.iopub, ZMQ_SUB, 4)] {
      let socket = zmq_socket(context, type)!
      var nothing: Int32 = 0
      zmq_setsockopt(socket, ZMQ_LINGER, &nothing, 4)
      zmq_setsockopt(socket, ZMQ_RCVHWM, &nothing, 4)
      zmq_setsockopt(socket, ZMQ_SNDHWM, &nothing, 4)
      if type == ZMQ_DEALER { zmq_setsockopt(socket, ZMQ_IDENTITY, "test", 4) } else { zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0) }
      #expect(zmq_connect(socket, "ipc://\(folder.path)/k-\(port)") == 0)
      sockets[channel] = socket
    }
    if waits {
      _ = try #require(receive(.iopub) { $0.type == "iopub_welcome" })
      _ = try ask("kernel_info")
    }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    for socket in sockets.values { zmq_close(socket) }
    zmq_ctx_term(context)
    try? FileManager.default.removeItem(at: folder)
  }

  func send(_ channel: Channel, parts: [[UInt8]]) {
    for (i, part) in parts.enumerated() { zmq_send(sockets[channel], part, part.count, i + 1 < parts.count ? ZMQ_SNDMORE : 0) }
  }

  func send(_ channel: Channel, _ type: String, _ content: JSON = [:]) {
    send(channel, parts: envelope.parts(Outgoing(channel: channel, type: type, parent: [], content: content)))
  }

  /// The next message that is wanted; those before it are dropped. nil after the time.
  func receive(_ channel: Channel, seconds: Double = 30, where wanted: (Message) -> Bool) -> Message? {
    let end = Date(timeIntervalSinceNow: seconds)
    while Date() < end {
      var item = zmq_pollitem_t(socket: sockets[channel], fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
      guard zmq_poll(&item, 1, max(0, Int(end.timeIntervalSinceNow * 1000))) > 0 else { continue }
      var parts: [[UInt8]] = [], more = true
      while more {
        var message = zmq_msg_t()
        zmq_msg_init(&message)
        guard zmq_msg_recv(&message, sockets[channel], 0) >= 0 else { return nil }
        parts.append(Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
        more = zmq_msg_more(&message) != 0
        zmq_msg_close(&message)
      }
      guard let message = try? Message(parts, from: channel, signature: envelope.signature) else {
        Issue.record("the kernel sent what is no message")
        continue
      }
      if wanted(message) { return message }
    }
    return nil
  }

  /// What a cell publishes until it has ended, and its reply.
  struct Execution {
    var reply: JSON
    var published: [(type: String, content: JSON)]
    /// All text of a stream.
    func text(_ stream: String = "stdout") -> String {
      published.filter { $0.type == "stream" && $0.content["name"]?.string == stream }.map { $0.content["text"]?.string ?? "" }.joined()
    }
    func content(_ type: String) -> JSON? { published.first { $0.type == type }?.content }
    var result: String? { content("execute_result")?["data"]?["text/plain"]?.string }
  }

  /// - meanwhile: called when the cell has begun.
  func execute(_ code: String, _ options: JSONObject = [:], meanwhile: () throws -> Void = {}) throws -> Execution {
    var content = options
    content["code"] = .string(code)
    send(.shell, "execute_request", .object(content))
    var published: [(type: String, content: JSON)] = [], hasBegun = false
    _ = try #require(
      receive(.iopub) { message in
        if message.type == "status" {
          if message.content["execution_state"]?.string == "busy" { hasBegun = true }
          return hasBegun && message.content["execution_state"]?.string == "idle"
        }
        if hasBegun {
          published.append((message.type, message.content))
          if message.type == "execute_input" { try? meanwhile() }
        }
        return false
      })
    let reply = try #require(receive(.shell) { $0.type == "execute_reply" })
    return Execution(reply: reply.content, published: published)
  }

  /// A reply's content.
  func ask(_ type: String, _ content: JSON = [:], on channel: Channel = .shell) throws -> JSON {
    send(channel, type + "_request", content)
    _ = try #require(receive(.iopub) { $0.type == "status" && $0.content["execution_state"]?.string == "idle" })
    return try #require(receive(channel) { $0.type == type + "_reply" }).content
  }
}
