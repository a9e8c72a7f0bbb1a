internal import CShims
internal import LuaBridge
internal import Notebook
internal import Runtime

#if canImport(Glibc)
  internal import Glibc
#endif

/// The prompt: reads a statement over as many lines as it takes, runs it as a cell, shows the values of an expression.
/// On a terminal lines are edited, completed and remembered; piped, they are read as they come.
struct Prompt {
  private let session: Session
  private let editor: LineEditor?
  private var history: PromptHistory

  init(_ state: LuaState) {
    let session = Session(state)
    self.session = session
    // `_` is the last value.
    session.onValue = { stack, index in
      guard stack.reserve(4) else { return }
      stack.pushGlobals()
      stack.copy(index)
      stack.rawSet(-2, "_")
      stack.pop()
    }
    editor = LineEditor(width: { Terminal.size(1)?.columns ?? 80 }, complete: { session.complete($0, at: $1) })
    history = PromptHistory(path: editor == nil ? nil : PromptHistory.standardPath)
    editor?.setHistory(history.entries)
  }

  /// Until the end of input, or `os.exit`: the status to end with.
  mutating func run() -> Int32 {
    while let text = statement() {
      if text.isEmpty { continue }
      let outcome: Outcome
      if let word = Question.asked(text) {
        guard let asked = answer(word) else { continue }
        outcome = asked
      } else {
        // A line that begins with "=" is an expression, as Lua 5.1's prompt had it.
        let text = text.hasPrefix("=") ? String(text.dropFirst()) : text
        outcome = session.run(text, name: "=stdin")
        if outcome.result == nil, outcome.failure == nil, Self.isName(text) { print("nil") }
      }
      if let result = outcome.result { print(result.text) }
      guard let failure = outcome.failure else { continue }
      if let status = failure.exitStatus { return status }
      report(failure)
    }
    print("")
    return 0
  }

  private func report(_ failure: Failure) {
    var lines = [failure.message]
    if !failure.traceback.isEmpty { lines += ["stack traceback:"] + failure.traceback.map { "\t\($0)" } }
    if let hint = session.hint(for: failure) { lines.append("hint: \(hint)") }
    complain(lines.joined(separator: "\n"), prefix: false)
  }

  // MARK: statements

  /// The lines of one statement, nil at the end of input. A statement that needs no more lines may still be wrong: the error shows when it is compiled.
  private mutating func statement() -> String? {
    editor?.before = ""
    guard var text = line(prompt: "> ") else { return nil }
    while Question.asked(text) == nil, case .incomplete = session.completeness(of: text.hasPrefix("=") ? String(text.dropFirst()) : text) {
      editor?.before = text + "\n"
      guard let more = line(prompt: ">> ") else { break }
      guard more != Self.interrupted else { return "" }
      text += "\n" + more
    }
    if text == Self.interrupted { return "" }
    if history.add(text) { editor?.setHistory(history.entries) } else if history.entries.last == text { editor?.addHistory(text) }
    return text
  }

  /// What no line can be: it holds an end of line.
  private static let interrupted = "\n"

  /// One line without its end; nil at the end of input, `interrupted` where Ctrl-C came first.
  private func line(prompt: String) -> String? {
    fflush(nil)
    guard let editor else { return plainLine(prompt: prompt) }
    switch editor.read(prompt: prompt) {
    case .text(let text): return text
    case .end: return nil
    case .interrupted:
      session.state.endInterrupt()
      print("^C")
      return Self.interrupted
    }
  }

  private func plainLine(prompt: String) -> String? {
    print(prompt, terminator: "")
    fflush(nil)
    var count = 0
    let buffer = nn_read_line(&count)
    defer { free(buffer) }
    if count == Int(NN_LINE_INTERRUPTED) {
      session.state.endInterrupt()
      print("")
      return Self.interrupted
    }
    guard count >= 0 else { return nil }
    var text = String(decoding: UnsafeRawBufferPointer(start: buffer, count: count), as: UTF8.self)
    if text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  // MARK: questions

  /// Prints what is known of a variable of the session, or of what help does not know; else what help says, as its call came out.
  private func answer(_ word: String) -> Outcome? {
    if !word.isEmpty, session.isOwn(word) || Reference.find(word).isEmpty, let page = session.inspect(word, at: word.unicodeScalars.count) {
      print(page.text)
      return nil
    }
    return session.run(Question.help(word), name: "=stdin")
  }

  /// A variable's name or a path of names: of no value it is said that it is nil.
  private static func isName(_ text: String) -> Bool {
    text.first?.isNumber == false && text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || isalnum(Int32($0)) != 0 }
  }
}
