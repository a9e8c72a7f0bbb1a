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
    defer { session.state.frontEnd = nil }
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
    // A script opens no comms, and none that a front end opens finds a partner: it is closed at once.
    case "comm_info_request": reply("comm_info_reply", request, ["status": "ok", "comms": [:]])
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
      reply("execute_reply", request, Answers.error("the request has no code").with("execution_count", .integer(count)))
      return nil
    }
    let isSilent = content["silent"]?.bool ?? false
    let isStored = !isSilent && (content["store_history"]?.bool ?? true)
    let number = count
    if isStored { count += 1 }
    frontEnd.isSilent = isSilent
    defer { frontEnd.isSilent = false }
    frontEnd.publish("execute_input", ["code": .string(code), "execution_count": .integer(number)])
    let question = Question(code)
    if let page = question?.page(session) {
      if isStored { history.add(number, code, output: nil) }
      reply("execute_reply", request, ["status": "ok", "execution_count": .integer(number), "payload": [page], "user_expressions": [:]])
      return nil
    }

    link.begin(session.state, request, isSilent: isSilent)
    // A cell that runs again gives its locals new values; front ends say which cell it is.
    let cell = request.metadata["cellId"]?.string
    let outcome = session.run(code, name: "=In[\(number)]", cell: cell)
    var expressions: JSON = [:]
    if outcome.failure == nil {
      for wanted in content["user_expressions"]?.object?.members ?? [] { expressions = expressions.with(wanted.name, evaluate(wanted.value)) }
    }
    link.finish()

    if isStored { history.add(number, code, output: outcome.result?.text) }
    guard let failure = outcome.failure else {
      if let result = outcome.result { frontEnd.publish("execute_result", ["execution_count": .integer(number), "data": .object(CellOutput.data(result)), "metadata": [:]]) }
      reply("execute_reply", request, ["status": "ok", "execution_count": .integer(number), "payload": [], "user_expressions": expressions])
      return nil
    }
    if let status = failure.exitStatus {
      reply(
        "execute_reply", request,
        ["status": "ok", "execution_count": .integer(number), "payload": [["source": "ask_exit", "keepkernel": false]], "user_expressions": [:]])
      return status
    }
    let error = report(failure)
    frontEnd.publish("error", error)
    if content["stop_on_error"]?.bool ?? true { abortWaiting() }
    reply("execute_reply", request, error.with("status", "error").with("execution_count", .integer(number)).with("payload", []).with("user_expressions", [:]))
    return nil
  }

  /// Front ends show the traceback alone, so the message stands at its head.
  private func report(_ failure: Failure) -> JSON {
    let hint = session.hint(for: failure).map { ["hint: \($0)"] } ?? []
    let lines = [failure.message] + failure.traceback + hint
    return ["ename": .string(failure.kind), "evalue": .string(failure.message), "traceback": .array(lines.map { .string($0) })]
  }

  /// The value of one of the request's `user_expressions`, in display form.
  private func evaluate(_ expression: JSON) -> JSON {
    guard let text = expression.string else { return Answers.error("the expression is no text") }
    let outcome = session.run(text, name: "=(user expression)")
    if let failure = outcome.failure { return report(failure).with("status", "error") }
    return ["status": "ok", "data": outcome.result.map { .object(CellOutput.data($0)) } ?? ["text/plain": "nil"], "metadata": [:]]
  }

  /// Cells that were sent together with one that failed are not run.
  private func abortWaiting() {
    usleep(10_000)  // they may still be on their way: the front end does not know of the failure before the answer
    for request in link.requests.remove(where: { $0.type == "execute_request" }) {
      link.outbox.send(.status("busy", parent: request.header))
      reply("execute_reply", request, ["status": "aborted", "execution_count": .integer(count), "payload": [], "user_expressions": [:]])
      link.outbox.send(.status("idle", parent: request.header))
    }
  }

  // MARK: help while typing

  private func complete(_ content: JSON) -> JSON {
    let code = content["code"]?.string ?? ""
    let completion = session.complete(code, at: content["cursor_pos"]?.int ?? code.unicodeScalars.count)
    let types = completion.matches.map { match -> JSON in
      [
        "start": .integer(completion.start), "end": .integer(completion.end), "text": .string(match.text), "type": .string(match.kind), "signature": "",
      ]
    }
    return [
      "status": "ok", "matches": .array(completion.matches.map { .string($0.text) }), "cursor_start": .integer(completion.start),
      "cursor_end": .integer(completion.end), "metadata": ["_jupyter_types_experimental": .array(types)],
    ]
  }

  private func inspect(_ content: JSON) -> JSON {
    let code = content["code"]?.string ?? ""
    let bundle = session.inspect(code, at: content["cursor_pos"]?.int ?? code.unicodeScalars.count)
    return ["status": "ok", "found": .bool(bundle != nil), "data": bundle.map { .object(CellOutput.data($0)) } ?? [:], "metadata": [:]]
  }

  private func isComplete(_ content: JSON) -> JSON {
    switch session.completeness(of: content["code"]?.string ?? "") {
    case .complete: ["status": "complete"]
    case .incomplete(let indent): ["status": "incomplete", "indent": .string(indent)]
    case .invalid: ["status": "invalid"]
    }
  }
}
