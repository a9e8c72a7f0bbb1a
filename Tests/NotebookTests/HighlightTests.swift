import Notebook
import Testing

@Suite(.serialized)
struct HighlightTests {
  private func kinds(_ text: String) -> [String] {
    ColouredPiece.list(text).filter { $0.kind != .plain }.map { "\($0.kind) \($0.text)" }
  }

  @Test func tokens() {
    #expect(kinds("local x = 1 -- one") == ["keyword local", "name x", "number 1", "comment -- one"])
    #expect(kinds("print('a\\'b', \"c\")") == ["call print", "string 'a\\'b'", "string \"c\""])
    #expect(kinds("[[a]] [==[b]]]==] --[[c\nd]] e --[=[f") == ["string [[a]]", "string [==[b]]]==]", "comment --[[c\nd]]", "name e", "comment --[=[f"])
    #expect(kinds("0x1p-3 1e+5 .5 3..x 1-2") == ["number 0x1p-3", "number 1e+5", "number .5", "number 3..x", "number 1", "number 2"])
    #expect(kinds("f{1} g 'x' a.b:c()") == ["call f", "number 1", "call g", "string 'x'", "name a", "name b", "call c"])
    #expect(kinds("'open\nx") == ["string 'open", "name x"])
    #expect(kinds("'a\\z  \n  b' c") == ["string 'a\\z  \n  b'", "name c"])
  }

  @Test func nothingIsLost() {
    for text in ["", "\\", "'", "\"\\", "--", "[", "[=", "[[", "0x", "1e", "학습 = 'x' -- 주석", "a\r\nb\tc", "'\\z", "\u{0}", "...", "..", "x.1", "1.", "]]"] {
      #expect(ColouredPiece.list(text).map(\.text).joined() == text, "\(text)")
    }
  }

  @Test func linesAreElements() {
    #expect(LuaHighlighter.html("a\n\nb <c", bad: [3]) == "<span class=\"l\">a</span><span class=\"l\"></span><span class=\"l bad\">b &lt;c</span>")
    #expect(LuaHighlighter.html("[[x\ny]]") == "<span class=\"l\"><span class=\"s\">[[x</span></span><span class=\"l\"><span class=\"s\">y]]</span></span>")
  }
}
