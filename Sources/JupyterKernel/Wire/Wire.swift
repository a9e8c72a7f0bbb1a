internal import CShims
internal import CZeroMQ
internal import LuaBridge
internal import Notebook

#if canImport(Glibc)
  internal import Glibc
#endif

/// The sockets, and the one thread that touches them. It sleeps in `zmq_poll` until a message, text of a script or the parent's end wakes it.
final class Wire {
  private let context: UnsafeMutableRawPointer
  /// For a front end whose stdin channel is not connected yet: its channels come up one by one. A new question takes its place.
  private var question: Outgoing?
  private let shell: Socket, control: Socket, stdin: Socket, iopub: Socket
  private let envelope: Envelope
  private let link: Link
  private let parent: Int32
  private var refused = 0

  init(_ connection: ConnectionFile, link: Link) throws {
    guard let context = zmq_ctx_new() else { throw LuaError("not enough memory for sockets") }
    self.context = context
    self.link = link
    envelope = Envelope(signature: try Signature(key: connection.key, scheme: connection.scheme))
    // A front end that comes back under its old name takes its place again.
    func router(_ port: ConnectionFile.Port, _ options: [(Int32, Int32)] = []) throws -> Socket {
      try Socket(context, ZMQ_ROUTER, bind: connection.address(port), options: [(ZMQ_ROUTER_HANDOVER, 1)] + options)
    }
    shell = try router(.shell)
    control = try router(.control)
    stdin = try router(.stdin, [(ZMQ_ROUTER_MANDATORY, 1)])
    // XPUB shows who subscribes, so that each front end can be told that it will hear everything from now on.
    iopub = try Socket(context, ZMQ_XPUB, bind: connection.address(.iopub), options: [(ZMQ_XPUB_VERBOSE, 1)])
    let heartbeat = try Socket(context, ZMQ_REP, bind: connection.address(.heartbeat))
    Thread.start { Heartbeat.run(heartbeat) }
    parent = getenv("JPY_PARENT_PID").flatMap { Int32(String(cString: $0)) }.map { $0 > 1 ? nn_open_process($0) : -1 } ?? -1
  }

  /// Runs until Lua's thread has ended and everything is sent, or a second has passed over it.
  func run() {
    serve()
    for socket in [shell, control, stdin, iopub] { socket.close() }
    zmq_ctx_term(context)  // ends the heartbeat too
  }

  private func serve() {
    let readable = Int16(ZMQ_POLLIN)
    var items = [control, shell, stdin, iopub].map { zmq_pollitem_t(socket: $0.pointer, fd: 0, events: readable, revents: 0) }
    let descriptors = [link.wakeUp.reader, link.interrupted.reader] + link.printed.map(\.reader) + (parent >= 0 ? [parent] : [])
    items += descriptors.map { zmq_pollitem_t(socket: nil, fd: $0, events: readable, revents: 0) }
    send(Outgoing.status("starting", parent: []))
    if parent == -2 { link.end() }
    while true {
      var timeout = link.ending.map { max(0, $0 - Link.now) }.map { min($0, link.outbox.timeout < 0 ? $0 : link.outbox.timeout) } ?? link.outbox.timeout
      if question != nil { timeout = timeout < 0 ? 20 : min(timeout, 20) }
      for i in items.indices { items[i].revents = 0 }
      zmq_poll(&items, Int32(items.count), timeout)
      link.wakeUp.drain()
      if link.interrupted.drain() { link.interrupt() }
      for i in link.printed.indices { link.readPrinted(i) }
      take(control, .control, answerControl)
      take(shell, .shell) { link.requests.put($0) }
      take(stdin, .stdin) { if $0.type == "input_reply" { link.answers.put(.line($0.content["value"]?.string ?? "")) } }
      while let parts = iopub.receive() { welcome(parts) }
      let isLast = link.hasEnded  // asked before the messages are taken: what Lua's thread sent last is among them
      if let question, stdin.send(envelope.parts(question)) { self.question = nil }
      for message in link.outbox.take() { send(message) }
      if isLast { return }
      if parent >= 0, items.last!.revents != 0 { link.end() }
      if let ending = link.ending, Link.now > ending { return }
    }
  }

  /// Reads what has come, a little at a time so that output goes on leaving. What is no message is left aside.
  private func take(_ socket: Socket, _ channel: Channel, _ handle: (Message) -> Void) {
    for _ in 0..<64 {
      guard let parts = socket.receive() else { return }
      do { handle(try Message(parts, from: channel, signature: envelope.signature)) } catch {
        refused += 1
        if refused <= 20 { link.log("message on \(channel.rawValue) ignored: \(error)") }
      }
    }
  }

  private func send(_ message: Outgoing) {
    let socket =
      switch message.channel {
      case .shell: shell
      case .control: control
      case .stdin: stdin
      case .iopub: iopub
      }
    if !socket.send(envelope.parts(message)) { question = message }
  }

  /// XPUB hands over subscriptions: 1 and the topic, or 0 and a topic that is no longer wanted.
  private func welcome(_ parts: [[UInt8]]) {
    guard parts.count == 1, parts[0].first == 1 else { return }
    let topic = Array(parts[0].dropFirst())
    let message = Outgoing(publish: "iopub_welcome", parent: [], ["subscription": .string(String(decoding: topic, as: UTF8.self))])
    iopub.send([topic] + envelope.parts(message).dropFirst())
  }

  /// Answered at once, whatever Lua is doing.
  private func answerControl(_ request: Message) {
    let answer: (String, JSON)
    switch request.type {
    case "interrupt_request": answer = ("interrupt_reply", ["status": "ok"])
    case "shutdown_request": answer = ("shutdown_reply", Answers.shutdown(request))
    case "kernel_info_request": answer = ("kernel_info_reply", KernelInfo.json)
    case "debug_request": answer = ("debug_reply", Answers.debug(request))
    default: return
    }
    link.outbox.send(.status("busy", parent: request.header))
    if request.type == "interrupt_request" { link.interrupt() }
    link.outbox.send(Outgoing(reply: answer.0, to: request, answer.1))
    if request.type == "shutdown_request" { link.outbox.send(Outgoing(publish: answer.0, parent: request.header, answer.1)) }
    link.outbox.send(.status("idle", parent: request.header))
    if request.type == "shutdown_request" { link.end() }
  }
}
