import LuaBridge
import Testing

@Test func runsLua() throws {
  let lua = try LuaState()
  #expect(try lua.evaluate("return 1 + 1", as: Int.self) == 2)
}
