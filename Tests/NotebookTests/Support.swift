import LuaBridge
import Notebook
import Runtime

/// A front end that writes everything down.
final class Recorder: FrontEnd {
  var output = ""
  var errors = ""
  /// Both, in the order they came.
  var all = ""
  var shown: [String] = []
  var input: [String] = []
  var hasInput = true

  func write(_ bytes: UnsafeRawBufferPointer, to stream: OutputStream) {
    let text = String(decoding: bytes, as: UTF8.self)
    all += text
    if stream == .output { output += text } else { errors += text }
  }
  func show(_ bundle: DisplayBundle, id: String?, isUpdate: Bool) { shown.append(bundle.text) }
  func clear(wait: Bool) { shown = [] }
  func readLine(prompt: String) throws -> String? {
    guard hasInput else { throw LuaError("no input here") }
    return input.isEmpty ? nil : input.removeFirst()
  }
}

/// A state with all libraries, its session, and what came out of it.
final class Notes {
  let state: LuaState
  let session: Session
  let recorder = Recorder()
  private var count = 0

  init() throws {
    state = try LuaState()
    Libraries.install(in: state)
    session = Session(state)
  }

  /// The recorder takes the standard streams' place; only for so long, since the test's own reports go there too.
  func recording<R>(_ body: () throws -> R) rethrows -> R {
    state.frontEnd = recorder
    defer { state.frontEnd = nil }
    return try body()
  }

  /// Runs cells; the last one's outcome in words: its output, then "=> value", or "Error: message".
  @discardableResult func run(_ cells: String...) -> String {
    var last = ""
    for cell in cells {
      count += 1
      recorder.all = ""
      let name = "=In[\(count)]"
      let outcome = recording { session.run(cell, name: name) }
      last = recorder.all
      if let result = outcome.result { last += "=> \(result.text)" }
      if let failure = outcome.failure { last += "\(failure.kind): \(failure.message)" }
    }
    return last
  }
}
