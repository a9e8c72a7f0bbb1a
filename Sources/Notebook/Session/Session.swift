public import LuaBridge
internal import Runtime

/// Cells that share their top-level locals.
///
/// A cell is compiled by itself; the earlier cells' locals are its upvalues, joined to the very variables that their closures see.
public final class Session {
  public let state: LuaState
  /// Is told where the first value of a last expression stands, shown or not: the prompt's `_`.
  public var onValue: ((LuaStack, Int32) -> Void)?
  /// What `...` is in every cell: a script's arguments.
  public var arguments: [String] = []

  /// A top-level local that lives on: an upvalue of a closure that the cell made.
  private struct Variable {
    var closure: LuaReference
    var position: Int32
    var isConstant: Bool
    /// The cell that declared it, and in which run.
    var cell: String?
    var run: Int
  }
  private var variables: [String: Variable] = [:]
  private var order: [String] = []

  /// A `<close>` variable: its value is closed when the session ends, or the name is declared anew.
  private struct ToClose {
    var name: String
    var value: LuaReference
    var run: Int
  }
  private var toClose: [ToClose] = []
  private var runs = 0
  private var cell: String?

  public init(_ state: LuaState) {
    self.state = state
    ShellCommand.install(in: state)
  }

  // MARK: running

  /// Runs one cell.
  /// - name: Lua's chunk name: "@train.lua", "=In[3]".
  /// - firstLine: the line of the file on which the cell's text begins; errors name the file's lines.
  /// - cell: what the cell is called, where it may be run again. A local that it then declares anew takes the old one's place in all functions of
  ///   other cells, which go on with the new value; a local of another cell shadows, as in a script.
  public func run(_ text: String, name: String, firstLine: Int = 1, cell: String? = nil) -> Outcome {
    let stack = state.stack
    let base = stack.top
    defer { stack.top = base }
    runs += 1
    self.cell = cell
    Display.beginCell()
    return state.run {
      var bytes = Array(text.utf8)
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
      let syntax = CellSyntax(bytes)
      do {
        guard stack.reserve(20) else { throw LuaError("stack overflow") }
        try compile(bytes, syntax, name: name, firstLine: firstLine)
      } catch {
        return Outcome(failure: Failure(kind: "SyntaxError", message: "\(error)"))
      }
      do {
        guard stack.reserve(Int32(clamping: arguments.count) + 20) else { throw LuaError("too many arguments to script") }
        for argument in arguments { stack.push(argument) }
        try stack.callTraced(arguments: Int32(arguments.count), results: -1)
        let result = try shown(syntax.ending, above: base)
        if let stopped = stopped(name, firstLine) { return stopped }  // os.exit inside a coroutine that nothing followed
        return Outcome(result: result)
      } catch {
        return stopped(name, firstLine)
          ?? Outcome(failure: Failure(kind: "Error", message: describe(error), traceback: traceback(name, firstLine)))
      }
    }
  }

  private func stopped(_ name: String, _ firstLine: Int) -> Outcome? {
    if let status = state.exitStatus { return Outcome(failure: Failure(kind: "Exit", message: "exit", exitStatus: status)) }
    guard LuaState.isInterrupted else { return nil }
    return Outcome(failure: Failure(kind: "Interrupted", message: "interrupted!", traceback: traceback(name, firstLine)))
  }

  /// What an error value says of itself.
  private func describe(_ error: any Error) -> String {
    guard let raised = error as? LuaRaised else { return "\(error)" }
    let stack = state.stack
    raised.value.push(stack)
    defer { stack.pop() }
    if stack.type(at: -1) == .string { return raised.description }
    if stack.pushMetafield(-1, "__tostring") {
      stack.pop()
      if let text = try? stack.description(at: -1) { return text }
    }
    return raised.description
  }

  /// The last error's frames as a plain run of the file would show them: the cell's function is its main chunk, and nothing lies below it.
  private func traceback(_ name: String, _ firstLine: Int) -> [String] {
    var frames = state.lastTraceback
    guard let cell = frames.lastIndex(where: { $0.contains(": in function <") && $0.hasSuffix(":\(firstLine)>") }) else { return frames }
    frames.removeSubrange((cell + 1)...)
    let head = frames[cell].split(separator: ": in function <", omittingEmptySubsequences: false).dropLast().joined(separator: ": in function <")
    frames[cell] = head + ": in main chunk"
    return frames
  }

  /// Leaves the cell's function on the stack, joined to the session's variables.
  private func compile(_ bytes: [UInt8], _ syntax: CellSyntax, name: String, firstLine: Int) throws {
    let stack = state.stack, base = state.stack.top
    // Every use of a global is a use of `_ENV`.
    let known = variables.filter { syntax.names.contains($0.key) || $0.key == "_ENV" }.sorted { $0.key < $1.key }
    let chunk = CellChunk(bytes, syntax, variables: known.map { ($0.key, $0.value.isConstant) }, firstLine: firstLine)
    // Text that is no whole cell must not be completed by what stands around it.
    var plain = Array(repeating: UInt8(0x0A), count: max(firstLine - 1, 0))
    if syntax.isWhole {
      do {
        try state.load(bytes: chunk.bytes, name: name)
      } catch {
        // Where the text alone is wrong too, its own message is the better one.
        if case .expression(let start, let end, _) = syntax.ending {
          plain += bytes[..<start] + Array("return nil, ".utf8) + bytes[start..<end]
        } else {
          plain += bytes
        }
        try state.load(bytes: plain, name: name)
        throw error
      }
    } else {
      try state.load(bytes: plain + bytes, name: name)
      throw LuaError("\(name.dropFirst()): the cell cannot be read")  // Lua's limit of nesting is ours too
    }
    for _ in 0..<chunk.levels { try stack.call(arguments: 0, results: 1) }
    stack.top = base + 1
    var position: Int32 = 1
    while let upvalue = stack.upvalueName(base + 1, position) {
      if upvalue == chunk.keep {
        push(keeper: syntax.locals)
        stack.setUpvalue(base + 1, position)
      } else if let variable = variables[upvalue], known.contains(where: { $0.key == upvalue }) {
        variable.closure.push(stack)
        stack.joinUpvalue(base + 1, position, to: stack.top, variable.position)
        stack.pop()
      }
      position += 1
    }
  }

  /// The values behind the `nil` that the last expression returns.
  private func shown(_ ending: CellSyntax.Ending, above base: Int32) throws -> DisplayBundle? {
    let isSilent: Bool
    switch ending {
    case .statement: return nil
    case .expression(_, _, let silent), .returned(_, let silent): isSilent = silent
    }
    let stack = state.stack
    let values = base + 2..<max(stack.top + 1, base + 2)
    guard values.contains(where: { stack.type(at: $0) != .nil }) else { return nil }
    if values.count == 1, state.isStandardStream(stack, base + 2) { return nil }  // what io.write returns
    onValue?(stack, base + 2)
    if isSilent { return nil }
    if values.count == 1 { return try Display.result(stack, base + 2) }
    return DisplayBundle(text: try values.map { try Display.bundle(stack, $0).text }.joined(separator: "\t"))
  }

  // MARK: variables

  /// Pushes the function that a cell calls before (-i) and after (i) its `local` statement i.
  private func push(keeper locals: [CellSyntax.Local]) {
    let run = runs, reach = Reach(session: self)
    state.push(
      FunctionBox("local") { stack in
        guard let session = reach.session else { return 0 }
        let i = stack.integer(at: 1) ?? 0
        guard locals.indices.contains(abs(i) - 1) else { return 0 }
        let local = locals[abs(i) - 1]
        if i < 0 {
          // A file is to be closed before it is opened anew; a value that the new one is made from, after.
          for case let (name, "close"?) in zip(local.names, local.attributes) where !local.used.contains(name) { try session.close(name, before: run) }
        } else {
          try session.keep(local, stack, run)
        }
        return 0
      })
  }

  private final class Reach: @unchecked Sendable {
    weak var session: Session?
    init(session: Session) { self.session = session }
  }

  /// Takes over the variables that the closure at 2 returns.
  private func keep(_ local: CellSyntax.Local, _ stack: LuaStack, _ run: Int) throws {
    stack.top = 2
    guard stack.reserve(10) else { throw LuaError("stack overflow") }
    var positions: [String: Int32] = [:]
    var position: Int32 = 1
    while let name = stack.upvalueName(2, position) {
      positions[name] = position
      position += 1
    }
    stack.copy(2)
    let closure = LuaReference(popping: stack)
    for (i, (name, attribute)) in zip(local.names, local.attributes).enumerated() {
      if attribute == "close", try isToBeClosed(i, local, positions[name], stack) {
        let value = LuaReference(popping: stack)
        try close(name, before: run)
        toClose.append(ToClose(name: name, value: value, run: run))
      }
      if let position = positions[name] {
        try set(name, Variable(closure: closure, position: position, isConstant: attribute != nil, cell: cell, run: run))
      } else {
        try keepConstant(i, local, stack, run)
      }
    }
  }

  /// Whether a `<close>` variable has a value to be closed, which is pushed. Errors: as Lua's own.
  private func isToBeClosed(_ i: Int, _ local: CellSyntax.Local, _ position: Int32?, _ stack: LuaStack) throws -> Bool {
    if let position {
      guard stack.pushUpvalue(2, position) else { return false }
    } else {
      try pushConstant(i, local, stack)
    }
    if !stack.boolean(at: -1) {
      stack.pop()
      return false
    }
    guard stack.pushMetafield(-1, "__close") else { throw LuaError("variable '\(local.names[i])' got a non-closable value") }
    stack.pop()
    return true
  }

  /// A name that the compiler replaced by its value has no variable: it gets one.
  private func keepConstant(_ i: Int, _ local: CellSyntax.Local, _ stack: LuaStack, _ run: Int) throws {
    try state.load("local value = ... return function() return value end", name: "=constant")
    try pushConstant(i, local, stack)
    try stack.call(arguments: 1, results: 1)
    try set(local.names[i], Variable(closure: LuaReference(popping: stack), position: 1, isConstant: true, cell: cell, run: run))
  }

  /// What the closure at 2 returns at a position: a constant is there, though it is no upvalue.
  private func pushConstant(_ i: Int, _ local: CellSyntax.Local, _ stack: LuaStack) throws {
    let base = stack.top
    guard stack.reserve(Int32(local.names.count) + 4) else { throw LuaError("stack overflow") }
    stack.copy(2)
    try stack.call(arguments: 0, results: Int32(local.names.count))
    stack.copy(base + 1 + Int32(i))
    stack.replace(base + 1)
    stack.top = base + 1
  }

  private func set(_ name: String, _ variable: Variable) throws {
    if let old = variables[name], let cell = variable.cell, old.cell == cell, old.run < variable.run { try replace(old, by: variable) }
    order.removeAll { $0 == name }
    order.append(name)
    variables[name] = variable
  }

  /// Functions that see the old variable see the new one: those among globals and the session's locals, and what they reach.
  private func replace(_ old: Variable, by new: Variable) throws {
    let stack = state.stack, base = state.stack.top
    defer { stack.top = base }
    guard stack.reserve(12) else { throw LuaError("stack overflow") }
    stack.newTable()
    stack.pushGlobals()
    stack.rawSet(base + 1, 1)
    for (i, name) in order.enumerated() where pushLocal(name) { stack.rawSet(base + 1, i + 2) }
    old.closure.push(stack)
    new.closure.push(stack)
    try stack.rejoin(roots: base + 1, from: base + 2, old.position, to: base + 3, new.position)
  }

  // MARK: closing

  /// Closes what an earlier run declared under this name.
  private func close(_ name: String, before run: Int) throws {
    while let place = toClose.lastIndex(where: { $0.name == name && $0.run < run }) { try close(toClose.remove(at: place)) }
  }

  private func close(_ variable: ToClose) throws {
    let stack = state.stack
    variable.value.push(stack)
    guard stack.pushMetafield(-1, "__close") else { return stack.pop() }
    stack.copy(-2)
    stack.remove(-3)
    stack.pushNil()
    try stack.call(arguments: 2, results: 0)
  }

  /// Ends the session: closes its `<close>` variables, the last one first, and forgets its locals. Errors of closing are returned.
  @discardableResult public func close() -> [Failure] {
    var failures: [Failure] = []
    state.run {
      while let variable = toClose.popLast() {
        do { try close(variable) } catch { failures.append(Failure(kind: "Error", message: describe(error))) }
      }
    }
    variables = [:]
    order = []
    return failures
  }

  // MARK: what is there

  /// Top-level locals alive after the cells so far, the newest last; for completion and inspection.
  public var locals: [String] { order }

  /// Pushes the value of a live local or global by its path of names ("net", "nn.Linear", "a.b"); false, and nothing pushed, where there is none.
  /// Runs no code of the script's.
  public func push(path: [String]) -> Bool {
    guard let first = path.first else { return false }
    let stack = state.stack
    guard stack.reserve(6) else { return false }
    let base = stack.top
    if !pushLocal(first) {
      if !pushLocal("_ENV") { stack.pushGlobals() }
      stack.rawGet(-1, first)
    }
    for name in path.dropFirst() {
      stack.rawGet(-1, name)
      if stack.type(at: -1) == .nil { break }
    }
    guard stack.type(at: -1) != .nil else {
      stack.top = base
      return false
    }
    if stack.top > base + 1 { stack.replace(base + 1) }
    stack.top = base + 1
    return true
  }

  private func pushLocal(_ name: String) -> Bool {
    guard let variable = variables[name] else { return false }
    let stack = state.stack
    variable.closure.push(stack)
    guard stack.pushUpvalue(stack.top, variable.position) else {
      stack.pop()
      return false
    }
    stack.remove(-2)
    return true
  }

  public enum Completeness: Sendable, Equatable {
    case complete
    case incomplete(indent: String)
    case invalid
  }

  /// Whether text is a whole cell, or the beginning of one.
  public func completeness(of text: String) -> Completeness {
    let syntax = CellSyntax(Array(text.utf8))
    if syntax.isWhole { return .complete }
    guard let open = syntax.openBlocks else { return .invalid }
    return .incomplete(indent: String(repeating: "  ", count: open))
  }
}
