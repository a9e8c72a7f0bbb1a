internal import LuaBridge

/// Height and width, as one number or as two.
struct Pair: LuaValue, Equatable {
  var h: Int
  var w: Int

  static var luaName: String { "integer or {height, width}" }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Pair {
    if stack.type(at: index) == .number {
      let size = try Int.decode(stack, index)
      return Pair(h: size, w: size)
    }
    let list: [Int]
    do { list = try [Int].decode(stack, index) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
    guard list.count == 2 else { throw TypeMismatch(luaName, detail: "{height, width} expected, got a list of \(list.count)") }
    return Pair(h: list[0], w: list[1])
  }
  func push(_ stack: LuaStack) { [h, w].push(stack) }
  var luaLiteral: String { text }
  /// As scripts write it.
  var text: String { h == w ? "\(h)" : "{\(h), \(w)}" }

  /// Itself, where both numbers lie between `low` and what any picture can have.
  func checked(_ function: String, _ name: String, from low: Int) throws -> Pair {
    guard h >= low, w >= low, h <= 1 << 16, w <= 1 << 16 else { throw LuaError("\(function): \(name) must lie between \(low) and \(1 << 16), got \(text)") }
    return self
  }
}
