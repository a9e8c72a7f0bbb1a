import LuaBridge
import Notebook
import Runtime
import Testing

@Suite(.serialized)
struct SessionTests {
  @Test func aCellRuns() throws {
    let state = try LuaState()
    Libraries.install(in: state)
    let session = Session(state)
    #expect(session.run("1 + 1", name: "=In[1]").result?.text == "2")
  }
}
