public import LuaBridge

/// Cells that share their top-level locals.
public final class Session {
  public let state: LuaState

  public init(_ state: LuaState) { self.state = state }

  /// Runs one cell.
  /// - name: Lua's chunk name: "@train.lua", "=In[3]".
  /// - firstLine: the line of the file on which the cell's text begins; errors name the file's lines.
  public func run(_ text: String, name: String, firstLine: Int = 1) -> Outcome {
    let stack = state.stack
    let base = stack.top
    defer { stack.top = base }
    return state.run {
      do {
        do {
          try state.load(String(repeating: "\n", count: max(firstLine - 1, 0)) + "return " + text, name: name)
        } catch {
          try state.load(String(repeating: "\n", count: max(firstLine - 1, 0)) + text, name: name)
        }
      } catch {
        return Outcome(failure: Failure(kind: "SyntaxError", message: "\(error)"))
      }
      do {
        try stack.call(arguments: 0, results: -1)
        guard stack.top > base, stack.type(at: base + 1) != .nil else { return Outcome() }
        return Outcome(result: try Display.bundle(stack, base + 1))
      } catch {
        if let status = state.exitStatus { return Outcome(failure: Failure(kind: "Exit", message: "exit", exitStatus: status)) }
        return Outcome(failure: Failure(kind: LuaState.isInterrupted ? "Interrupted" : "Error", message: "\(error)"))
      }
    }
  }

  /// Top-level locals alive after the cells so far; for completion and inspection.
  public var locals: [String] { [] }

  /// Pushes the value of a live local or global by its path of names ("net", "nn.Linear", "a.b"); false, and nothing pushed, where there is none.
  /// Runs no code of the script's.
  public func push(path: [String]) -> Bool {
    guard let first = path.first else { return false }
    let stack = state.stack
    guard stack.reserve(6) else { return false }
    let base = stack.top
    stack.pushGlobals()
    stack.rawGet(-1, first)
    for name in path.dropFirst() { stack.rawGet(-1, name) }
    guard stack.type(at: -1) != .nil else {
      stack.top = base
      return false
    }
    stack.replace(base + 1)
    stack.top = base + 1
    return true
  }

  public enum Completeness: Sendable, Equatable {
    case complete
    case incomplete(indent: String)
    case invalid
  }

  /// Whether text is a whole cell, or the beginning of one.
  public func completeness(of text: String) -> Completeness {
    do {
      try state.load(text, name: "=cell")
      state.stack.pop()
      return .complete
    } catch {
      return "\(error)".hasSuffix("<eof>") ? .incomplete(indent: "") : .invalid
    }
  }
}
