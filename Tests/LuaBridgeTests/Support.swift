import LuaBridge
import Testing

/// All suites of this target: the state belongs to one thread.
@Suite(.serialized) enum LuaBridgeTests {}

/// An object whose life is counted.
final class Thing: LuaObject, @unchecked Sendable {
  nonisolated(unsafe) static var alive = 0
  nonisolated(unsafe) static var closings = 0
  let value: Int
  init(_ value: Int) {
    self.value = value
    Self.alive += 1
  }
  deinit { Self.alive -= 1 }
  static var luaName: String { "Thing" }
  static let type = LuaClass("Thing", rows: Bound.rows)
  var luaClass: LuaClass { Self.type }
  func closed() { Self.closings += 1 }
}

/// An object that is the same userdata each time it is pushed, and anchors one Lua value.
final class Holder: LuaObject, @unchecked Sendable {
  nonisolated(unsafe) static var alive = 0
  let handle: LuaHandle
  init(_ handle: LuaHandle) {
    self.handle = handle
    Self.alive += 1
  }
  deinit { Self.alive -= 1 }
  static var luaName: String { "Holder" }
  static var keepsIdentity: Bool { true }
  static var userValues: Int32 { 1 }
  static let type = LuaClass(
    "Holder",
    rows: [
      Row(results: "get", "The anchored value.", Param("self", Holder.self), returns: "value") { stack, holder in
        if !stack.push(holder.handle) { throw LuaError("get: the value is gone") }
        return 1
      }
    ])
  var luaClass: LuaClass { Self.type }
}

/// A mistake that is none of the bridge's own kinds.
struct ForeignError: Error, CustomStringConvertible { var description: String { "out of paper" } }

/// Bound functions of every shape.
enum Bound {
  static let rows: [Row] = [
    Row("value", "", Param("self", Thing.self), place: .method) { $0.value },
    Row("plus", "", Param("self", Thing.self), Param("n", Int.self), place: .method) { $0.value + $1 },
    Row(getter: "half", "", of: Thing.self) { Double($0.value) / 2 },
    Row(getter: "broken", "", of: Thing.self) { (_: Thing) -> Int in throw LuaError("broken: on purpose") },
    Row("thing", "", Param("value", default: 1), place: .function) { Thing($0) },
    Row(results: "holder", "", Param("value", LuaAny.self), place: .function, returns: "Holder") { stack, value in
      Holder(stack.handle(at: value.index)).push(stack)
      stack.copy(value.index)
      stack.anchor(-2, 1)
      return 1
    },
    Row("add", "", Param("a", Double.self), Param("b", Double.self), place: .function) { $0 + $1 },
    Row("whole", "", Param("n", Int.self), place: .function) { $0 },
    Row("text", "", Param("s", String.self), place: .function) { $0 },
    Row("list", "", Param("list", [Int].self), place: .function) { $0.count },
    Row("pair", "", Param("n", Int.self), place: .function) { ($0, -$0) },
    Row(procedure: "nothing", "", place: .function) {},
    Row(
      "options", "", Param("x", Double.self), Param("scale", default: 2.0), Param.option("shift", default: 0.0), Param.option("name", default: String?.none),
      place: .function
    ) {
      "\($0 * $1 + $2)" + ($3 ?? "")
    },
    Row("mixed", "", Param("a", Int.self), Param("b", default: 5), Param.option("padding", default: 0), place: .function, mixed: true) { "\($0) \($1) \($2)" },
    Row(procedure: "fail", "", Param("message", default: "fail: no luck"), place: .function) { throw LuaError($0) },
    Row(procedure: "mismatch", "", place: .function) { throw TypeMismatch("shoe") },
    Row(procedure: "argument", "", Param("n", Int.self), place: .function) { throw ArgumentError($0, "too red") },
    Row(procedure: "foreign", "", place: .function) { throw ForeignError() },
    // Calls f from Swift; what it raises passes through this frame, whose object must not leak.
    Row(results: "through", "", Param("f", LuaFunction.self), Param("arguments", LuaRest.self), place: .function, returns: "…") { stack, f, rest in
      let thing = Thing(7), base = stack.top
      defer { withExtendedLifetime(thing) {} }
      guard stack.reserve(Int32(rest.indices.count) + 4) else { throw LuaError("through: stack overflow") }
      stack.copy(f.index)
      for index in rest.indices { stack.copy(index) }
      try stack.call(arguments: Int32(rest.indices.count), results: -1)
      return stack.top - base
    },
    // Swallows what f raises, in Swift.
    Row("quiet", "", Param("f", LuaFunction.self), place: .function) { f in
      do { return try f.call(returning: String.self) } catch let raised as LuaRaised { return "caught \(raised.description)" }
    },
    Row(results: "scope", "", Param("f", LuaFunction.self), place: .function, returns: "…") { stack, f in
      stack.copy(f.index)
      return try stack.state.scope(stack)
    },
    Row("text_of", "", Param("value", LuaAny.self), place: .function) { try $0.stack.description(at: $0.index) },
  ]
  static let library = Library("bound", "", rows: rows)

  /// An interpreter in which the functions above are globals of `b`, beside helpers of the tests.
  static func interpreter(memoryLimit: Int = 0) throws -> LuaState {
    let lua = try LuaState(memoryLimit: memoryLimit)
    lua.install(library)
    try lua.run(
      """
      b = require "bound"
      function failure(f, ...)
        local ok, message = pcall(f, ...)
        assert(not ok, "no error")
        return message
      end
      """, name: "=support")
    return lua
  }
}

/// The message that `code` raises, as pcall gives it.
func failure(_ code: String) throws -> String {
  try Bound.interpreter().evaluate("return tostring(failure(function() \(code) end))", as: String.self)
}
func evaluate<R: LuaValue>(_ code: String, as: R.Type = R.self) throws -> R { try Bound.interpreter().evaluate(code, as: R.self) }
