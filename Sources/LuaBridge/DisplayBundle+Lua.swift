/// The forms of a value as `__display` gives them: `{["text/plain"] = …, ["text/html"] = …}`.
extension DisplayBundle: LuaValue {
  public static var luaName: String { "table" }

  public func push(_ stack: LuaStack) {
    stack.newTable(fields: forms.count)
    for (type, form) in forms {
      switch form {
      case .text(let text), .json(let text): stack.push(text)
      case .bytes(let bytes): stack.push(bytes: bytes)
      }
      stack.rawSet(-2, type)
    }
  }

  /// - Errors: what is no table of texts by MIME type. A text form may be missing: `text` is empty then.
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> DisplayBundle {
    guard stack.type(at: index) == .table, stack.reserve(6) else { throw TypeMismatch("table of MIME types") }
    var text = "", forms: [(String, Form)] = []
    let index = stack.absolute(index), top = stack.top
    defer { stack.top = top }
    stack.pushNil()
    while stack.next(index) {
      defer { stack.pop() }
      guard stack.type(at: -2) == .string, let type = stack.string(at: -2), isMediaType(type) else {
        let key = (stack.type(at: -2) == .string ? stack.string(at: -2) : nil).map { "'\($0)'" } ?? "a \(stack.typeName(at: -2))"
        throw TypeMismatch("table of MIME types", detail: "the forms are named by MIME types such as \"text/html\", got \(key)")
      }
      guard let form = form(type, stack, stack.top) else {
        throw TypeMismatch("table of MIME types", detail: "the form \"\(type)\" must be a string, got \(stack.typeName(at: -1))")
      }
      if type == "text/plain", case .text(let plain) = form { text = plain } else { forms.append((type, form)) }
    }
    return DisplayBundle(text: text, forms.sorted { $0.0 < $1.0 })
  }

  /// "text/html", "application/vnd.vega.v5+json".
  public static func isMediaType(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { part in !part.isEmpty && part.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"\"'<>;,()".utf8.contains($0) } }
  }

  /// Data of a MIME type: pictures but SVG are bytes, what ends in json is JSON, all else text.
  public static func form(_ type: String, _ stack: LuaStack, _ index: Int32) -> Form? {
    if type == "application/json" || type.hasSuffix("+json") { return stack.string(at: index).map(Form.json) }
    if type.hasPrefix("text/") || type == "image/svg+xml" || type == "application/javascript" { return stack.string(at: index).map(Form.text) }
    return stack.withBytes(at: index) { .bytes(Array($0)) }
  }
}
