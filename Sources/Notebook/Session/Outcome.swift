public import LuaBridge

/// What a cell came to.
public struct Outcome: Sendable {
  /// The last expression's values; nil where there is none, where it ends in `;`, or where its values are all nil.
  public var result: DisplayBundle?
  public var failure: Failure?
  /// The cell was not run: its outputs and variables were kept from an earlier run.
  public var isKept = false

  public init(result: DisplayBundle? = nil, failure: Failure? = nil, isKept: Bool = false) {
    self.result = result
    self.failure = failure
    self.isKept = isKept
  }
}

/// Why a cell ended before its end.
public struct Failure: Error, Sendable {
  /// "SyntaxError", "Error", "Interrupted", or "Exit": `os.exit`, which ends the session.
  public var kind: String
  /// With the file's name and line in front, as Lua words it.
  public var message: String
  /// One frame each, innermost first.
  public var traceback: [String]
  public var exitStatus: Int32?

  public init(kind: String, message: String, traceback: [String] = [], exitStatus: Int32? = nil) {
    self.kind = kind
    self.message = message
    self.traceback = traceback
    self.exitStatus = exitStatus
  }
}
