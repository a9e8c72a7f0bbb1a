internal import CEdit

/// Lines typed at a terminal, with completion and history, through libedit.
public final class LineEditor {
  public enum Line: Equatable {
    case text(String)
    /// Ctrl-C: what had been typed is gone.
    case interrupted
    /// Ctrl-D, or the terminal is gone.
    case end
  }

  private var edit: OpaquePointer!
  private let complete: (String, Int) -> Session.Completion
  /// Columns for lists; told anew each time, for the terminal may be resized.
  private let width: () -> Int
  /// Lines of the statement that are done: completion looks at all of it.
  public var before = ""

  /// nil where there is no terminal, or no libedit.
  /// - complete: what may stand at a place of the statement, in code points.
  public init?(width: @escaping () -> Int, complete: @escaping (String, Int) -> Session.Completion) {
    self.complete = complete
    self.width = width
    let made = nn_edit_new(
      { edit, line, count, cursor, context in
        guard let context, let line, let edit else { return }
        let bytes = UnsafeRawBufferPointer(start: line, count: count)
        Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue().tab(edit, String(decoding: bytes[..<cursor], as: UTF8.self))
      }, Unmanaged.passUnretained(self).toOpaque())
    guard let made else { return nil }
    edit = made
  }
  deinit { if let edit { nn_edit_free(edit) } }

  public func setHistory(_ entries: [String]) {
    nn_edit_clear_history(edit)
    for entry in entries { nn_edit_add_history(edit, entry) }
  }
  public func addHistory(_ entry: String) { nn_edit_add_history(edit, entry) }

  public func read(prompt: String) -> Line {
    prompt.withCString { prompt in
      var count = 0
      let line = nn_edit_read(edit, prompt, &count)
      if count == Int(NN_EDIT_INTERRUPTED) { return .interrupted }
      guard let line, count >= 0 else { return .end }
      var text = String(decoding: UnsafeRawBufferPointer(start: line, count: count), as: UTF8.self)
      if text.hasSuffix("\n") { text.removeLast() }
      return .text(text)
    }
  }

  /// Tab, with the line up to the cursor.
  private func tab(_ edit: OpaquePointer, _ line: String) {
    // At the beginning of a line it indents.
    if line.allSatisfy({ $0 == " " }) { return nn_edit_insert(edit, 0, "  ") }
    let whole = before + line
    let end = whole.unicodeScalars.count
    let completion = complete(whole, end)
    let typed = String(whole.unicodeScalars.suffix(completion.end - completion.start))
    guard let first = completion.matches.first?.text else { return }
    var common = first
    for match in completion.matches.dropFirst() { common = String(zip(common, match.text).prefix { $0 == $1 }.map(\.0)) }
    if completion.matches.count == 1 || common.count > typed.count {
      nn_edit_insert(edit, Int32(completion.end - completion.start), common)
    } else if completion.matches.count > 1 {
      nn_edit_list(edit, Self.columns(completion.matches.map(\.text), width: width()))
    }
  }

  /// Names below each other, in as many columns as there is room for.
  static func columns(_ names: [String], width: Int, most: Int = 200) -> String {
    let shown = names.prefix(most)
    let column = (shown.map(\.count).max() ?? 0) + 2
    let count = max(width / column, 1), rows = (shown.count + count - 1) / count
    var lines = (0..<rows).map { row in
      stride(from: row, to: shown.count, by: rows).map { i in
        i + rows < shown.count ? shown[i] + String(repeating: " ", count: column - shown[i].count) : shown[i]
      }.joined()
    }
    if names.count > most { lines.append("… (\(names.count) in all)") }
    return lines.joined(separator: "\n") + "\n"
  }
}
