internal import LuaBridge
internal import Notebook

/// Where a script's text, pictures and questions go: to the front end whose request is being answered.
final class KernelFrontEnd: FrontEnd {
  private let link: Link
  /// The request that runs; what comes between requests belongs to the one before.
  var request: Message?
  /// Nothing is published.
  var isSilent = false

  init(_ link: Link) { self.link = link }

  private var parent: [UInt8] { request?.header ?? [] }

  func write(_ bytes: UnsafeRawBufferPointer, to stream: OutputStream) {
    guard !isSilent else { return }
    for i in link.printed.indices { link.readPrinted(i) }  // what a program printed before stands before
    link.outbox.print(bytes, to: stream, parent: parent, waits: true)
  }

  func show(_ bundle: DisplayBundle, id: String?, isUpdate: Bool) {
    publish(
      isUpdate ? "update_display_data" : "display_data",
      ["data": .object(CellOutput.data(bundle)), "metadata": [:], "transient": id.map { ["display_id": .string($0)] } ?? [:]])
  }

  func clear(wait: Bool) { publish("clear_output", ["wait": .bool(wait)]) }

  func publish(_ type: String, _ content: JSON) {
    guard !isSilent else { return }
    for i in link.printed.indices { link.readPrinted(i) }
    link.outbox.send(Outgoing(publish: type, parent: parent, content))
  }

  func readLine(prompt: String) throws -> String? {
    guard let request, request.content["allow_stdin"]?.bool ?? true else { throw LuaError("io.read: this front end takes no input") }
    _ = link.answers.remove { _ in true }  // what came too late for an earlier question
    try LuaState.checkInterrupt()
    link.outbox.send(
      Outgoing(
        channel: .stdin, identities: request.identities, type: "input_request", parent: request.header,
        content: ["prompt": .string(prompt), "password": false]))
    switch link.answers.next() {
    case .line(let text): return text
    case .interrupted, nil: throw LuaError("interrupted!")
    }
  }
}
