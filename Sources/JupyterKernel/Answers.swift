internal import Notebook

/// The content of short answers.
enum Answers {
  static func error(_ message: String) -> JSON { ["status": "error", "ename": "ProtocolError", "evalue": .string(message), "traceback": []] }

  static func shutdown(_ request: Message) -> JSON { ["status": "ok", "restart": .bool(request.content["restart"]?.bool ?? false)] }

  /// There is no debugger: in the debug protocol's own words.
  static func debug(_ request: Message) -> JSON {
    [
      "type": "response", "success": false, "request_seq": .integer(request.content["seq"]?.int ?? 0), "seq": 0,
      "command": .string(request.content["command"]?.string ?? ""), "message": "nnlua has no debugger",
    ]
  }
}
