/// A mistake of the script's: becomes a Lua error with the script's file and line in front.
public struct LuaError: Error, CustomStringConvertible, Sendable {
  /// What the script reads, after its own position.
  public var message: String
  /// The message says already in which part of a network the error arose.
  public var isPlaced = false
  /// - message: "function: what is wrong, with shapes and values".
  public init(_ message: String) { self.message = message }
  public var description: String { message }
}

/// More memory than there is; the function that asked for it is named in front.
public struct OutOfMemory: Error, CustomStringConvertible, Sendable {
  /// What was asked for.
  public var detail: String
  /// - detail: what was asked for, in the words of the message.
  public init(_ detail: String) { self.detail = detail }
  public var description: String { "not enough memory: \(detail)" }
}

/// A wrong argument, counted from 1 as the caller wrote it: reads as Lua's own "bad argument #1 to 'f' (…)".
public struct ArgumentError: Error, Sendable {
  /// From 1.
  public var position: Int
  /// What is wrong with it.
  public var reason: String
  /// An error at the argument of this position, from 1.
  public init(_ position: Int, _ reason: String) {
    self.position = position
    self.reason = reason
  }
}

/// A value that does not decode to the type a parameter asks for; the bridge turns it into an `ArgumentError`.
public struct TypeMismatch: Error, Sendable {
  /// The name of the type that was expected.
  public var expected: String
  /// What is said instead of "got TYPE", where the type alone would not explain it.
  public var detail: String?
  /// - detail: the whole message, where the type alone does not say it.
  public init(_ expected: String, detail: String? = nil) {
    self.expected = expected
    self.detail = detail
  }
}

/// A Lua error on its way through Swift: the very value that was raised, table, userdata or string, unharmed.
public struct LuaRaised: Error, CustomStringConvertible {
  /// The value that was raised.
  public let value: LuaReference
  public let description: String
}
