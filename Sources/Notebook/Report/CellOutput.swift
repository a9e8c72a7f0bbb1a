public import LuaBridge

/// What a cell has put out, in the order in which it came.
public enum CellOutput: Sendable {
  case stream(OutputStream, String)
  /// Shown by `nnlua.display`, `plot.show` and their like.
  case display(DisplayBundle)
  /// The value of the cell's last expression.
  case result(DisplayBundle)
  case failure(Failure)
}

extension CellOutput {
  /// As a notebook's file holds it (nbformat 4.5).
  /// - count: which cell it is by execution, from 1.
  package func json(count: Int) -> JSON {
    var members = JSONObject()
    switch self {
    case .stream(let stream, let text):
      members = ["output_type": .string("stream"), "name": .string(stream == .error ? "stderr" : "stdout"), "text": .string(text)]
    case .display(let bundle): members = ["output_type": .string("display_data"), "data": .object(Self.data(bundle)), "metadata": .object([:])]
    case .result(let bundle):
      members = [
        "output_type": .string("execute_result"), "execution_count": .number("\(count)"), "data": .object(Self.data(bundle)), "metadata": .object([:]),
      ]
    case .failure(let failure):
      members = [
        "output_type": .string("error"), "ename": .string(failure.kind), "evalue": .string(failure.message),
        "traceback": .array(([failure.message] + failure.traceback).map(JSON.string)),
      ]
    }
    return .object(members)
  }

  /// A bundle's forms by MIME type: pictures of bytes in base64.
  package static func data(_ bundle: DisplayBundle) -> JSONObject {
    var members = JSONObject()
    for (type, form) in bundle.forms {
      switch form {
      case .text(let text): members[type] = .string(text)
      case .json(let text): members[type] = (try? JSON(parsing: text)) ?? .string(text)
      case .bytes(let bytes): members[type] = .string(Base64.text(bytes))
      }
    }
    return members
  }
}
