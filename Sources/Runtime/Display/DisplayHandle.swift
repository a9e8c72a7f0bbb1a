internal import LuaBridge

/// A place where a value is shown, for showing another one there.
final class DisplayHandle: LuaObject, @unchecked Sendable {
  /// Unique in a page, also among those of earlier runs that it may still hold.
  let id: String
  init(_ id: String?) { self.id = id ?? "nnlua-" + String(UInt64.random(in: 0 ... .max), radix: 16) }

  static var luaName: String { "Display" }
  var luaClass: LuaClass { Self.type }
  static let type = LuaClass(
    "Display", "A place where a value is shown: what `nnlua.display(value, {id = true})` returns.",
    rows: [
      Row(
        results: "update", "Shows another value in the same place; outside of a notebook, below.", Param("shown", DisplayHandle.self),
        Param("value", LuaAny.self, "anything"),
        place: .method, example: "local shown = nnlua.display(1, {id = true}); shown:update(2); return true", returns: "nothing"
      ) { stack, shown, value in
        try Display.show(Display.bundle(stack, value.index), id: shown.id, isUpdate: true, stack)
        return 0
      },
      Row(getter: "id", "The name of the place.", example: "return nnlua.display(1, {id = \"curve\"}).id", of: DisplayHandle.self) { $0.id },
    ],
    operators: [("__tostring", Row("__tostring", "Its name.", Param("shown", DisplayHandle.self)) { "Display(\($0.id))" })])

  /// `{id = true}` or a name.
  private enum Place: LuaValue {
    case named(String), new, none
    static var luaName: String { "boolean or string" }
    static func decode(_ stack: LuaStack, _ index: Int32) throws -> Place {
      if let name = stack.string(at: index) { return .named(name) }
      guard stack.type(at: index) == .boolean else { throw TypeMismatch(luaName) }
      return stack.boolean(at: index) ? .new : .none
    }
    func push(_ stack: LuaStack) { stack.pushNil() }
    var luaLiteral: String { "false" }
  }

  static let row = Row(
    results: "display",
    """
    Shows a value where the script runs: in a notebook or report as a picture or HTML where it has such a form (tensors, modules, datasets, figures, tables, \
    what nnlua.notebook makes), elsewhere as text. A `__display` metamethod returns the forms of its object by MIME type: \
    `{["text/html"] = …, ["text/plain"] = …}`; where it fails, the text says so. With the option id it returns a handle whose `update(value)` shows another value in the same place.
    """, Param("value", LuaAny.self, "anything"), Param.option("id", default: Place.none, "true, or a name: return a handle"), place: .function,
    example: "nnlua.display({1, 2, name = \"three\"}); return true", returns: "Display or nil"
  ) { stack, value, place in
    let bundle = try Display.bundle(stack, value.index)
    var handle: DisplayHandle?
    switch place {
    case .named(let name): handle = DisplayHandle(name)
    case .new: handle = DisplayHandle(nil)
    case .none: break
    }
    try Display.show(bundle, id: handle?.id, isUpdate: false, stack)
    guard let handle else { return 0 }
    handle.push(stack)
    return 1
  }
}
