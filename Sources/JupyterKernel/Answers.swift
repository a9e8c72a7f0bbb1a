internal import Notebook

/// The content of answers.
enum Answers {
  static func error(_ kind: String, _ message: String, traceback: [String] = []) -> JSONObject {
    ["status": "error", "ename": .string(kind), "evalue": .string(message), "traceback": .array(traceback.map { .string($0) })]
  }

  /// Front ends show the traceback alone: the message is its first line.
  static func error(_ failure: Failure, hint: String?) -> JSONObject {
    var lines = [failure.message]
    if !failure.traceback.isEmpty { lines += ["stack traceback:"] + failure.traceback.map { "    \($0)" } }
    if let hint { lines.append("hint: \(hint)") }
    return error(failure.kind, failure.message, traceback: lines)
  }

  /// An `execute_reply`.
  /// - outcome: its status, and what belongs to that.
  static func executed(_ number: Int, _ outcome: JSONObject, payload: [JSON] = [], expressions: JSONObject = [:]) -> JSON {
    var content = outcome
    content["execution_count"] = .integer(number)
    content["payload"] = .array(payload)
    content["user_expressions"] = .object(expressions)
    return .object(content)
  }

  static func shutdown(_ request: Message) -> JSON { ["status": "ok", "restart": .bool(request.content["restart"]?.bool ?? false)] }

  /// There is no debugger: in the debug protocol's own words.
  static func debug(_ request: Message) -> JSON {
    [
      "type": "response", "success": false, "request_seq": .integer(request.content["seq"]?.int ?? 0), "seq": 0,
      "command": .string(request.content["command"]?.string ?? ""), "message": "nnlua has no debugger",
    ]
  }
}
