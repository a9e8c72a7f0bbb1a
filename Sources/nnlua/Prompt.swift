internal import CShims
internal import LuaBridge
internal import Runtime

#if canImport(Glibc)
  internal import Glibc
#endif

/// A plain prompt: reads a statement over as many lines as it takes, runs it, shows the values of an expression.
struct Prompt {
  let state: LuaState

  func run() {
    while let chunk = statement() {
      let stack = state.stack
      stack.top = 0
      do {
        try state.load(chunk, name: "=stdin")
        try stack.call(arguments: 0, results: -1, traceback: true)
        try show()
      } catch {
        state.endInterrupt()
        complain("\(error)", prefix: false)
      }
      state.endInterrupt()
      state.stack.top = 0
    }
    print("")
  }

  /// The lines of one statement, nil at the end of input. A statement that needs no more lines may still be wrong: the error shows when it is compiled.
  private func statement() -> String? {
    guard var text = line(prompt: "> ") else { return nil }
    if let name = Self.question(text) { return "require('nnlua').help(\(name))" }
    if text.hasPrefix("=") { text = "return " + text.dropFirst() }  // as Lua 5.1's prompt had it
    if compiles("return " + text) == .yes { return "return " + text }
    while compiles(text) == .unfinished {
      guard let more = line(prompt: ">> ") else { break }
      text += "\n" + more
    }
    return text
  }

  /// `?name` or `name?`, which Lua has no meaning for: what to ask help for, as Lua source. A name that help does not know may be a global of the session.
  static func question(_ line: String) -> String? {
    let text = line.split(separator: " ").joined(separator: " ")
    let name: Substring
    if text.hasPrefix("?") {
      name = text.dropFirst()
    } else if text.hasSuffix("?"), text.dropLast().allSatisfy({ $0.isLetter || $0.isNumber || "_.:".contains($0) }) {
      name = text.dropLast()
    } else {
      return nil
    }
    let word = String(name.drop { $0 == " " })
    if word.isEmpty { return "" }
    let isVariable =
      word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.".contains($0)) } && word.first!.isLetter && !word.hasSuffix(".") && !word.contains("..")
    let quoted = "\"\(word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    guard isVariable, Reference.find(word).isEmpty else { return quoted }
    return "(function() local known, value = pcall(function() return \(word) end) if known and value ~= nil then return value end return \(quoted) end)()"
  }

  private enum Verdict { case yes, no, unfinished }

  private func compiles(_ text: String) -> Verdict {
    do {
      try state.load(text, name: "=stdin")
      state.stack.pop()
      return .yes
    } catch {
      return "\(error)".hasSuffix("<eof>") ? .unfinished : .no
    }
  }

  /// Hands what the chunk returned to `print`.
  private func show() throws {
    let stack = state.stack
    let count = stack.top
    guard count > 0 else { return }
    guard stack.reserve(4) else { throw LuaError("too many results to print") }
    stack.pushGlobals()
    stack.rawGet(-1, "print")
    stack.remove(-2)
    for index in 1...count { stack.copy(index) }
    try stack.call(arguments: count, results: 0, traceback: true)
  }

  /// One line without its end; nil at the end of input. Ctrl-C gives an empty line.
  private func line(prompt: String) -> String? {
    print(prompt, terminator: "")
    fflush(nil)
    var count = 0
    let buffer = nn_read_line(&count)
    defer { free(buffer) }
    if count == Int(NN_LINE_INTERRUPTED) {
      state.endInterrupt()
      print("")
      return ""
    }
    guard count >= 0 else { return nil }
    var text = String(decoding: UnsafeRawBufferPointer(start: buffer, count: count), as: UTF8.self)
    if text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}
