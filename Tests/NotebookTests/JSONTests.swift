import Notebook
import Testing

struct JSONTests {
  @Test func valuesComeBack() throws {
    for text in [
      "null", "true", "false", "0", "-1.5e-30", "123456789012345678901234567890", "\"\"", "\"a\"", "[]", "{}", "[1,[2,[]],{\"a\":{}}]",
      "{\"b\":1,\"a\":\"x\\ny\"}",
    ] { #expect(try JSON(parsing: text).text() == text) }
    #expect(try JSON(parsing: " { \"a\" : [ 1 , 2 ] } \n").text() == "{\"a\":[1,2]}")
    #expect(try JSON(parsing: #""\u00e9\ud83d\ude00\/\b\f\t\r\"\\""#).string == "é😀/\u{8}\u{C}\t\r\"\\")
    #expect(try JSON(parsing: #""\ud83d""#).string == "\u{FFFD}")
    #expect(try JSON(parsing: #""\ud83d\u0041""#).string == "\u{FFFD}A")
    #expect(try JSON(parsing: "[NaN, Infinity, -Infinity]").text() == "[null,null,null]")
    #expect(try JSON(parsing: "{\"a\": 1, \"a\": 2}")["a"]?.int == 2)
    #expect(JSON.string("é\u{1}\"\n").text() == "\"é\\u0001\\\"\\n\"")
    #expect(JSON.string("é😀").text(.spaced) == "\"\\u00e9\\ud83d\\ude00\"")
    #expect(JSON.object(["b": .array([.number("1"), .null]), "a": .object([:])]).text(.notebook) == "{\n \"a\": {},\n \"b\": [\n  1,\n  null\n ]\n}")
  }

  @Test func whatIsNoJSON() {
    for text in [
      "", " ", "{", "[", "\"", "{\"a\"}", "{\"a\":}", "{a:1}", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e", "-", "tru", "nul", "[1 2]", "1 2", "\"\\x\"",
      "\"\\u12\"", "\"\\uzzzz\"", "\"\n\"", "{\"a\" 1}", "'a'", "\"\\", "\"\\u",
    ] { #expect(throws: JSONError.self, "\(text)") { try JSON(parsing: text) } }
  }

  @Test func depthIsLimited() throws {
    #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "{\"a\":", count: 1_000_000)) }
    let deep = String(repeating: "[", count: 399) + String(repeating: "]", count: 399)
    #expect(try JSON(parsing: deep).text() == deep)
  }

  @Test func largeTexts() throws {
    let long = String(repeating: "é\n", count: 1_000_000)
    #expect(try JSON(parsing: JSON.string(long).text()).string == long)
    let many = "[" + Array(repeating: "{\"name\":[1,2,3]}", count: 50_000).joined(separator: ",") + "]"
    #expect(try JSON(parsing: many).array?.count == 50_000)
    let wide = "{" + (0..<100_000).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
    #expect(try JSON(parsing: wide).object?.members.count == 100_000)
  }

  @Test func anyBytes() {
    var random = SystemRandomNumberGenerator()
    let text = Array("{\"a\": [1, 2.5e3, \"x\\u00e9\\n\", {\"b\": null}], \"c\": true}".utf8)
    for _ in 0..<20_000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...4, using: &random) { bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      if let json = try? JSON(parsing: bytes) { #expect((try? JSON(parsing: json.text())) == json) }
    }
  }
}
