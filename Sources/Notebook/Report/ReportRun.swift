internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A document run cell by cell, with what each put out.
public struct ReportRun: Sendable {
  public struct Part: Sendable {
    public let cell: Cell
    public internal(set) var outputs: [CellOutput] = []
    /// nil where the cell was not run.
    public internal(set) var seconds: Double?
    /// Which of the cells run it was, from 1.
    public internal(set) var count: Int?
    /// Lines of the cell's text, from 1, that an error names.
    var badLines: Set<Int> = []
  }
  public private(set) var parts: [Part] = []
  public private(set) var seconds = 0.0
  /// The first failure.
  public private(set) var failure: Failure?
  /// What the process should end with: 1 after an error, 130 after Ctrl-C, what `os.exit` was given.
  public private(set) var exitStatus: Int32 = 0

  public struct Options: Sendable {
    public var parameters: Parameters
    /// Goes on behind a cell that failed.
    public var keepsGoing: Bool
    public init(parameters: Parameters, keepsGoing: Bool = false) {
      self.parameters = parameters
      self.keepsGoing = keepsGoing
    }
  }

  /// Runs the cells in their order.
  /// - path: of the script; errors name it.
  /// - recorder: keeps what is put out; nil leaves a plain program's streams.
  /// - progress: told before each cell of code: its number from 1, how many there are, its title.
  /// - Errors: parameters that the document does not have.
  public init(
    _ document: CellDocument, path: String, in session: Session, _ options: Options, recorder: OutputRecorder?, progress: (Int, Int, String) -> Void = { _, _, _ in }
  ) throws {
    let isTagged = { (cell: Cell) in cell.kind == .code && cell.metadata["tags"]?.array?.contains(.string("parameters")) == true }
    var parameters: Parameters? = options.parameters.isEmpty ? nil : options.parameters
    guard parameters == nil || document.cells.contains(where: isTagged) else {
      throw LuaError("-p: \(path) has no cell tagged parameters (-- %% tags=[\"parameters\"])")
    }
    session.state.frontEnd = recorder
    defer { session.state.frontEnd = nil }
    let total = document.cells.count { $0.kind == .code && !$0.isSkipped }
    var count = 0, isOver = false, hasExited = false, places: [Int] = []
    let began = Self.now()

    func run(_ cell: Cell, name: String, into recorder: OutputRecorder?) -> Part {
      var part = Part(cell: cell)
      count += 1
      part.count = count
      recorder?.begin()
      let start = Self.now()
      let outcome = session.run(cell.text, name: name, firstLine: cell.firstLine)
      session.state.flush()
      part.seconds = Self.now() - start
      if let result = outcome.result { recorder?.add(.result(result)) }
      if let failure = outcome.failure {
        if failure.kind == "Exit" {
          exitStatus = failure.exitStatus ?? 0
          isOver = true
          hasExited = true
        } else {
          recorder?.add(.failure(failure))
          part.badLines = Self.lines(failure, path, cell)
          self.failure = self.failure ?? failure
          exitStatus = failure.kind == "Interrupted" ? 130 : 1
          isOver = !options.keepsGoing || failure.kind == "Interrupted"
        }
      }
      places.append(parts.count)
      return part
    }

    for cell in document.cells {
      guard cell.kind == .code, !isOver, !cell.isSkipped, !cell.text.allSatisfy(\.isWhitespace) else {
        parts.append(Part(cell: cell))
        continue
      }
      progress(count + 1, total, cell.title)
      let before = Set(session.locals + Self.globals(session))
      parts.append(run(cell, name: "@\(path)", into: recorder))
      guard isTagged(cell), let given = parameters, !isOver else { continue }
      parameters = nil
      let all = session.locals + Self.globals(session)
      let named = Self.assigned(cell.text)
      let names = all.filter { !before.contains($0) || named.contains($0) }
      parts.append(run(try given.cell(session, names: Array(Set(names)).sorted()), name: "=parameters", into: recorder))
    }
    // The script's end; os.exit leaves `<close>` variables as they are.
    if !hasExited {
      for failed in session.close() {
        recorder?.add(.failure(failed))
        failure = failure ?? failed
        if exitStatus == 0 { exitStatus = 1 }
      }
    }
    seconds = Self.now() - began
    for (place, outputs) in zip(places, recorder?.outputs ?? []) { parts[place].outputs = outputs }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func globals(_ session: Session) -> [String] {
    let stack = session.state.stack, top = stack.top
    defer { stack.top = top }
    guard stack.reserve(4) else { return [] }
    var names: [String] = []
    stack.pushGlobals()
    stack.pushNil()
    while stack.next(top + 1) {
      stack.pop()
      if stack.type(at: -1) == .string, let name = stack.string(at: -1) { names.append(name) }
    }
    return names
  }

  /// Names that stand at the beginning of an assignment.
  private static func assigned(_ text: String) -> Set<String> {
    Set(text.matches(of: #/(?m)^\s*(?:local\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*(?:<\w+>\s*)?=[^=]/#).map { String($0.1) })
  }

  /// The cell's own lines that an error's message or traceback names first: `train.lua:12:`.
  private static func lines(_ failure: Failure, _ path: String, _ cell: Cell) -> Set<Int> {
    let length = cell.text.split(separator: "\n", omittingEmptySubsequences: false).count
    for text in [failure.message] + failure.traceback {
      for match in text.matches(of: #/:(\d+):/#) {
        let name = text[..<match.range.lowerBound]
        guard name.hasSuffix(path) || path.count > 50 || path.hasSuffix(String(name.drop { $0 == "." })), let line = Int(match.1) else { continue }
        let own = line - cell.firstLine + 1
        if 1...max(length, 1) ~= own { return [own] }
      }
    }
    return []
  }
}
