internal import LuaBridge
package import Notebook
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// The cells that were run: this session's in memory, those of all sessions in a file of JSON lines `[session, number, code, output]`.
///
/// Several kernels append to one file. A session takes its number when it runs its first cell; what other sessions add meanwhile is read when it is asked for.
package final class History {
  struct Entry {
    var session: Int
    var number: Int
    var code: String
    var output: String?

    /// As the file has it.
    var line: String { JSON.array([.integer(session), .integer(number), .string(code), output.map { .string($0) } ?? .null]).text() + "\n" }
  }

  private let path: String?
  private var session: Int?
  /// Where there is no file: this session alone.
  private var own: [Entry] = []

  /// A file that has grown beyond this loses its older half when a session begins.
  private static let most = 4 << 20
  /// Bytes; of more nothing is kept.
  private static let longestOutput = 1 << 14

  /// `$XDG_STATE_HOME/nnlua/jupyter-history.jsonl`, by default in `~/.local/state`.
  package static var defaultPath: String? {
    if let state = getenv("XDG_STATE_HOME"), state.pointee == UInt8(ascii: "/") { return "\(String(cString: state))/nnlua/jupyter-history.jsonl" }
    guard let home = getenv("HOME"), home.pointee != 0 else { return nil }
    return "\(String(cString: home))/.local/state/nnlua/jupyter-history.jsonl"
  }

  /// - path: nil keeps nothing beyond the session.
  package init(path: String? = History.defaultPath) { self.path = path }

  package func add(_ number: Int, _ code: String, output: String?) {
    let session = session ?? begin()
    self.session = session
    let output = output.flatMap { $0.utf8.count > Self.longestOutput ? nil : $0 }
    let entry = Entry(session: session, number: number, code: code, output: output)
    own.append(entry)
    if own.count > 10_000 { own.removeFirst(5_000) }
    guard let path else { return }
    Self.locked(path) { file in
      let line = Array(entry.line.utf8)
      _ = write(file, line, line.count)
    }
  }

  /// The number after the last session's, which a first line of this session keeps for it.
  private func begin() -> Int {
    guard let path else { return 1 }
    if let slash = path.lastIndex(of: "/") { try? Folder.make(String(path[..<slash])) }
    var number = 1
    Self.locked(path) { file in
      var entries = Self.read(path)
      number = (entries.map(\.session).max() ?? 0) + 1
      let size = lseek(file, 0, SEEK_END)
      if size > Self.most {
        entries.removeFirst(entries.count / 2)
        let bytes = Array(entries.map(\.line).joined().utf8)
        if ftruncate(file, 0) == 0 { _ = write(file, bytes, bytes.count) }
      }
      let line = Array("[\(number), 0, \"\", null]\n".utf8)
      _ = write(file, line, line.count)
    }
    return number
  }

  private static func locked(_ path: String, _ body: (Int32) -> Void) {
    let file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }  // no history is no reason to fail
    defer { close(file) }
    flock(file, LOCK_EX)
    body(file)
  }

  /// Lines that are none of ours are left out.
  private static func read(_ path: String) -> [Entry] {
    guard let source = try? ByteSource(path: path), let bytes = try? source.bytes(at: 0, count: source.count) else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let values = (try? JSON(parsing: line))?.array, values.count == 4, let session = values[0].int, let number = values[1].int,
        let code = values[2].string
      else { return nil }
      return Entry(session: session, number: number, code: code, output: values[3].string)
    }
  }

  /// All entries, oldest first.
  private var entries: [Entry] {
    guard let path else { return own }
    let all = Self.read(path).filter { $0.number > 0 }
    // The file may be out of reach, or hold less than this session.
    guard let session else { return all }
    return all.filter { $0.session != session } + own
  }

  /// The content of a `history_reply`.
  package func answer(_ content: JSON) -> JSON {
    var found: [Entry]
    switch content["hist_access_type"]?.string {
    case "tail": found = Array(entries.suffix(max(0, content["n"]?.int ?? 10)))
    case "range":
      // 0 is this session, negative ones count back from it.
      let asked = content["session"]?.int ?? 0
      let all = entries
      let current = session ?? (all.map(\.session).max() ?? 0) + 1
      let (sum, overflow) = current.addingReportingOverflow(asked)
      let wanted = asked > 0 || overflow ? asked : sum
      let range = (content["start"]?.int ?? 1, content["stop"]?.int ?? Int.max)
      found = all.filter { $0.session == wanted && $0.number >= range.0 && $0.number < range.1 }
    case "search":
      let pattern = content["pattern"]?.string ?? "*"
      found = entries.filter { fnmatch(pattern, $0.code, 0) == 0 }
      if content["unique"]?.bool ?? false {
        var seen: Set<String> = []
        found = found.reversed().filter { seen.insert($0.code).inserted }.reversed()
      }
      if let n = content["n"]?.int { found = Array(found.suffix(max(0, n))) }
    default: found = []
    }
    let withOutput = content["output"]?.bool ?? false
    let rows = found.map { entry -> JSON in
      let code = JSON.string(entry.code)
      return .array([.integer(entry.session), .integer(entry.number), withOutput ? .array([code, entry.output.map { .string($0) } ?? .null]) : code])
    }
    return ["status": "ok", "history": .array(rows)]
  }
}
