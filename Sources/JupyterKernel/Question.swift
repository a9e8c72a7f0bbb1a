internal import LuaBridge
internal import Notebook

/// A cell that only asks for help: `?name` or `name?`.
struct Question {
  let name: String

  init?(_ code: String) {
    let text = code.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !text.contains(" ") || text.hasPrefix("? ") else { return nil }
    if text.hasPrefix("?") {
      name = String(text.drop { $0 == "?" || $0 == " " })
    } else if text.hasSuffix("?") {
      name = String(text[..<text.firstIndex(of: "?")!])
    } else {
      return nil
    }
    guard name.allSatisfy({ $0.isLetter || $0.isNumber || "_.:".contains($0) }) else { return nil }
  }

  /// What a front end shows in its pager; nil where nothing has the name.
  func page(_ session: Session) -> JSON? {
    session.inspect(name, at: name.unicodeScalars.count).map { ["source": "page", "data": .object(CellOutput.data($0)), "start": 0] }
  }
}
