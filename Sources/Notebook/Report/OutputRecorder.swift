public import LuaBridge

/// A front end that keeps what cells put out, each cell's apart.
public final class OutputRecorder: FrontEnd {
  private enum Entry {
    case stream(OutputStream, [UInt8])
    case display(DisplayBundle, id: String?)
    case other(CellOutput)
  }
  private var cells: [[Entry]] = []
  private var clearsNext = false
  /// More text than this from one cell is left out: a report that no browser opens helps nobody.
  private static let mostBytes = 16 << 20
  private var bytes = 0

  public init() {}

  /// What comes from here on belongs to the next cell.
  public func begin() {
    cells.append([])
    clearsNext = false
    bytes = 0
  }

  /// The outputs of cells, from 0, in the order they were begun. An update may have changed those of earlier cells.
  public var outputs: [[CellOutput]] {
    cells.map { cell in
      cell.compactMap { entry in
        switch entry {
        case .stream(let stream, let bytes):
          let text = Self.overwritten(String(decoding: bytes, as: UTF8.self))
          return text.isEmpty ? nil : .stream(stream, text)
        case .display(let bundle, _): return .display(bundle)
        case .other(let output): return output
        }
      }
    }
  }

  public func add(_ output: CellOutput) { append(.other(output)) }

  private func append(_ entry: Entry) {
    if cells.isEmpty { begin() }
    if clearsNext { cells[cells.count - 1] = [] }
    clearsNext = false
    cells[cells.count - 1].append(entry)
  }

  public func write(_ buffer: UnsafeRawBufferPointer, to stream: OutputStream) {
    guard bytes < Self.mostBytes else { return }
    bytes += buffer.count
    var added = Array(buffer)
    if bytes >= Self.mostBytes { added += Array("\n… more than \(Self.mostBytes >> 20) MB of text: the rest is left out\n".utf8) }
    if !clearsNext, let cell = cells.indices.last, case .stream(let last, var text)? = cells[cell].last, last == stream {
      cells[cell].removeLast()  // the only reference: appending copies nothing
      text += added
      cells[cell].append(.stream(stream, text))
    } else {
      append(.stream(stream, added))
    }
  }

  public func show(_ bundle: DisplayBundle, id: String?, isUpdate: Bool) {
    guard isUpdate, let id else { return append(.display(bundle, id: id)) }
    for (cell, entries) in cells.enumerated() {
      for (place, entry) in entries.enumerated() {
        if case .display(_, id) = entry { cells[cell][place] = .display(bundle, id: id) }
      }
    }
  }

  public func clear(wait: Bool) {
    if wait { clearsNext = true } else if let cell = cells.indices.last { cells[cell] = [] }
  }

  public func readLine(prompt: String) throws -> String? { throw LuaError("nothing can be read here: a report runs without a person at the keyboard") }

  /// What a terminal would show in the end: "\r" goes back to the line's beginning; colours and cursor moves are taken out.
  static func overwritten(_ text: String) -> String {
    guard text.contains(where: { $0 == "\r" || $0 == "\u{1b}" || $0 == "\r\n" || $0 == "\u{8}" }) else { return text }
    let plain = text.replacing(#/\u{1b}\[[0-9;?]*[A-Za-z]|\u{1b}[()][0-9A-Za-z]|\u{1b}\][^\u{7}\u{1b}]*(\u{7}|\u{1b}\\)/#, with: "").replacing("\r\n", with: "\n")
    return plain.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard line.contains("\r") || line.contains("\u{8}") else { return String(line) }
      var shown: [Character] = [], place = 0
      for character in line {
        switch character {
        case "\r": place = 0
        case "\u{8}": place = max(place - 1, 0)
        default:
          if place < shown.count { shown[place] = character } else { shown.append(character) }
          place += 1
        }
      }
      while shown.last == " " { shown.removeLast() }
      return String(shown)
    }.joined(separator: "\n")
  }
}
