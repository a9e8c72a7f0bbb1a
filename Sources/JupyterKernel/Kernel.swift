internal import LuaBridge
public import Notebook

#if canImport(Glibc)
  internal import Glibc
#endif

/// A Jupyter kernel, protocol 5.4: requests of the shell channel are answered one after the other on Lua's own thread.
public final class Kernel {
  private let link: Link
  private let session: Session
  private let frontEnd: KernelFrontEnd
  private let history = History()
  /// Number of the next cell.
  private var count = 1

  /// Written to by the handler of SIGINT, which may use nothing else.
  nonisolated(unsafe) private static var interruptDescriptor: Int32 = -1

  /// Serves front ends until one says to end or the program that started the kernel is gone.
  /// - connectionFile: what Jupyter wrote for this kernel.
  /// - session: makes Lua's side, on the thread that will own it.
  /// - Returns: the status that the process should end with.
  public static func run(connectionFile: String, session: @escaping () throws -> Session) throws -> Int32 {
    let connection = try ConnectionFile(path: connectionFile)
    let link = try Link()
    let wire = try Wire(connection, link: link)
    interruptDescriptor = link.interrupted.writer
    // A parent may have blocked signals for its own threads, and a child inherits that.
    var signals = sigset_t()
    sigemptyset(&signals)
    pthread_sigmask(SIG_SETMASK, &signals, nil)
    nonisolated(unsafe) var status: Int32 = 0
    // Lua may nest 200 calls of C and Swift.
    Thread.start(stack: 64 << 20) {
      do {
        link.catchDescriptors()
        let kernel = Kernel(link, try session())
        signal(SIGINT) { _ in
          var byte: UInt8 = 1
          _ = write(Kernel.interruptDescriptor, &byte, 1)
        }
        status = kernel.serve()
      } catch {
        link.log("\(error)")
        status = 1
      }
      link.luaEnded()
    }
    wire.run()
    // Where Lua did not heed the end, nothing of it may be taken down under its feet.
    if !link.hasEnded { _exit(status) }
    return status
  }

  private init(_ link: Link, _ session: Session) {
    self.link = link
    self.session = session
    frontEnd = KernelFrontEnd(link)
    session.state.frontEnd = frontEnd
  }

  /// - Returns: the exit status: that of `os.exit` in a cell, else 0.
  private func serve() -> Int32 {
    defer {
      session.close()
      session.state.frontEnd = nil
    }
    while let request = link.requests.next() {
      frontEnd.request = request
      link.outbox.send(.status("busy", parent: request.header))
      let status = answer(request)
      link.outbox.send(.status("idle", parent: request.header))
      if let status { return status }
    }
    return 0
  }

  private func reply(_ type: String, _ request: Message, _ content: JSON) { link.outbox.send(Outgoing(reply: type, to: request, content)) }

  /// - Returns: the exit status where the kernel is to end.
  private func answer(_ request: Message) -> Int32? {
    let content = request.content
    switch request.type {
    case "execute_request": return execute(request)
    case "kernel_info_request": reply("kernel_info_reply", request, KernelInfo.json)
    case "complete_request": reply("complete_reply", request, complete(content))
    case "inspect_request": reply("inspect_reply", request, inspect(content))
    case "is_complete_request": reply("is_complete_reply", request, isComplete(content))
    case "history_request": reply("history_reply", request, history.answer(content))
    case "comm_info_request": reply("comm_info_reply", request, ["status": "ok", "comms": [:]])
    // A script opens no comms, and none that a front end opens finds a partner: it is closed at once.
    case "comm_open": frontEnd.publish("comm_close", ["comm_id": content["comm_id"] ?? "", "data": [:]])
    case "connect_request": reply("connect_reply", request, ["status": "ok"])
    case "debug_request": reply("debug_reply", request, Answers.debug(request))
    case "interrupt_request": reply("interrupt_reply", request, ["status": "ok"])  // what ran before this has ended
    case "shutdown_request":
      reply("shutdown_reply", request, Answers.shutdown(request))
      frontEnd.publish("shutdown_reply", Answers.shutdown(request))
      return 0
    default: break  // of a later protocol, or of nobody's
    }
    return nil
  }

  // MARK: execute

  private func execute(_ request: Message) -> Int32? {
    let content = request.content
    guard let code = content["code"]?.string else {
      reply("execute_reply", request, Answers.executed(count, Answers.error("ProtocolError", "the request has no code")))
      return nil
    }
    let isSilent = content["silent"]?.bool ?? false
    let isStored = !isSilent && (content["store_history"]?.bool ?? true)
    let number = count
    if isStored { count += 1 }
    frontEnd.isSilent = isSilent
    defer { frontEnd.isSilent = false }
    frontEnd.publish("execute_input", ["code": .string(code), "execution_count": .integer(number)])

    // A cell that only asks for help is answered in the front end's pager, or by what help prints.
    let asked = Self.line(code).flatMap(Question.asked)
    if let asked, let page = session.inspect(asked, at: asked.unicodeScalars.count) {
      if isStored { history.add(number, code, output: nil) }
      let payload: JSON = ["source": "page", "data": .object(CellOutput.data(page)), "start": 0]
      reply("execute_reply", request, Answers.executed(number, ["status": "ok"], payload: [payload]))
      return nil
    }

    session.state.forgetInput()
    link.begin(session.state, request, isSilent: isSilent)
    // One run around all: an interrupt that comes before the cell has begun, or after it has ended, is not lost.
    let (outcome, expressions) = session.state.run {
      let outcome = session.run(asked.map(Question.help) ?? code, name: "=In[\(number)]", cell: request.cell)
      guard outcome.failure == nil else { return (outcome, JSONObject()) }
      return (outcome, evaluate(content["user_expressions"]?.object))
    }
    link.finish()

    if isStored { history.add(number, code, output: outcome.result?.text) }
    guard let failure = outcome.failure else {
      if let result = outcome.result {
        frontEnd.publish("execute_result", ["execution_count": .integer(number), "data": .object(CellOutput.data(result)), "metadata": [:]])
      }
      reply("execute_reply", request, Answers.executed(number, ["status": "ok"], expressions: expressions))
      return nil
    }
    if let status = failure.exitStatus {
      reply("execute_reply", request, Answers.executed(number, ["status": "ok"], payload: [["source": "ask_exit", "keepkernel": false]]))
      return status
    }
    let error = Answers.error(failure, hint: session.hint(for: failure))
    // Cells that were sent together with one that failed are not run. They are taken out before the front end knows of the failure:
    // what it sends afterwards runs. Those that it sent before may still be on their way.
    var waiting: [Message] = []
    if !isSilent, content["stop_on_error"]?.bool ?? true {
      usleep(10_000)
      waiting = link.requests.remove { $0.type == "execute_request" }
    }
    var published = error
    published["status"] = nil
    frontEnd.publish("error", .object(published))
    reply("execute_reply", request, Answers.executed(number, error))
    for request in waiting { abort(request) }
    return nil
  }

  /// A cell's only line; nil where it has several.
  private static func line(_ code: String) -> String? {
    let lines = code.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    return lines.count == 1 ? String(lines[0]) : nil
  }

  /// The values of the request's `user_expressions`, in display form.
  private func evaluate(_ expressions: JSONObject?) -> JSONObject {
    var answers = JSONObject()
    for member in expressions?.members ?? [] {
      guard let text = member.value.string else {
        answers[member.name] = .object(Answers.error("ProtocolError", "the expression is no text"))
        continue
      }
      let outcome = session.run(text, name: "=(user expression)")
      if let failure = outcome.failure {
        answers[member.name] = .object(Answers.error(failure, hint: nil))
      } else {
        let data = outcome.result.map { CellOutput.data($0) } ?? ["text/plain": "nil"]
        answers[member.name] = ["status": "ok", "data": .object(data), "metadata": [:]]
      }
    }
    return answers
  }

  private func abort(_ request: Message) {
    link.outbox.send(.status("busy", parent: request.header))
    reply("execute_reply", request, Answers.executed(count, ["status": "aborted"]))
    link.outbox.send(.status("idle", parent: request.header))
  }

  // MARK: help while typing

  private func complete(_ content: JSON) -> JSON {
    let code = content["code"]?.string ?? ""
    let completion = session.complete(code, at: content["cursor_pos"]?.int ?? code.unicodeScalars.count)
    let (start, end) = (JSON.integer(completion.start), JSON.integer(completion.end))
    let types = completion.matches.map { match -> JSON in ["start": start, "end": end, "text": .string(match.text), "type": .string(match.kind), "signature": ""] }
    return [
      "status": "ok", "matches": .array(completion.matches.map { .string($0.text) }), "cursor_start": start, "cursor_end": end,
      "metadata": ["_jupyter_types_experimental": .array(types)],
    ]
  }

  private func inspect(_ content: JSON) -> JSON {
    let code = content["code"]?.string ?? ""
    let bundle = session.inspect(code, at: content["cursor_pos"]?.int ?? code.unicodeScalars.count)
    return ["status": "ok", "found": .bool(bundle != nil), "data": .object(bundle.map { CellOutput.data($0) } ?? [:]), "metadata": [:]]
  }

  private func isComplete(_ content: JSON) -> JSON {
    switch session.completeness(of: content["code"]?.string ?? "") {
    case .complete: ["status": "complete"]
    case .incomplete(let indent): ["status": "incomplete", "indent": .string(indent)]
    case .invalid: ["status": "invalid"]
    }
  }
}
