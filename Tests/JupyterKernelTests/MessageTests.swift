import JupyterKernel
import Notebook
import Testing

/// Messages on the wire: framing, signatures, and everything that is no message.
@Suite(.serialized) struct MessageTests {
  private let header = Array(#"{"msg_id": "1", "msg_type": "execute_request", "session": "s", "username": "u", "version": "5.4"}"#.utf8)
  private let content = Array(#"{"code": "print(1)"}"#.utf8)
  private let nothing = Array("{}".utf8)
  private let delimiter = Array("<IDS|MSG>".utf8)

  private func parts(_ signature: Signature, header: [UInt8]? = nil, content: [UInt8]? = nil) -> [[UInt8]] {
    let signed = [header ?? self.header, nothing, nothing, content ?? self.content]
    return [[1, 2, 3], delimiter, signature.sign(signed)] + signed
  }

  /// The case 2 of RFC 4231: key "Jefe", data "what do ya want for nothing?".
  @Test func signatureIsHMAC() throws {
    let signature = try Signature(key: "Jefe")
    let data = Array("what do ya want for nothing?".utf8)
    let expected = Array("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843".utf8)
    #expect(signature.sign([data]) == expected)
    #expect(signature.sign([Array(data[..<5]), [], Array(data[5...])]) == expected, "the parts are one text")
    #expect(signature.verify(expected, of: [data]))
    for wrong in [[], Array(expected.dropLast()), expected + [0x30], [0x30] + expected.dropFirst(), Array(expected.map { $0 ^ 1 })] {
      #expect(!signature.verify(wrong, of: [data]))
    }
    #expect(throws: (any Error).self) { try Signature(key: "k", scheme: "md5") }
    #expect(throws: (any Error).self) { try Signature(key: "k", scheme: "hmac-nonsense") }
    #expect(try Signature(key: "Jefe", scheme: "hmac-sha512").sign([data]).count == 128)
  }

  @Test func emptyKeySignsNothing() throws {
    let signature = try Signature(key: "")
    #expect(signature.sign([[1]]).isEmpty)
    #expect(signature.verify(Array("anything".utf8), of: [[1]]))
  }

  @Test func messageIsRead() throws {
    let signature = try Signature(key: "key")
    let message = try Message(parts(signature) + [[9], [8]], from: .shell, signature: signature)
    #expect(message.type == "execute_request" && message.id == "1")
    #expect(message.identities == [[1, 2, 3]])
    #expect(message.content["code"]?.string == "print(1)")
  }

  @Test func answersAreReadAgain() throws {
    let signature = try Signature(key: "key")
    let request = try Message(parts(signature), from: .shell, signature: signature)
    let envelope = Envelope(signature: signature)
    let answer = envelope.parts(Outgoing(reply: "execute_reply", to: request, ["status": "ok", "text": "ü\u{1F600}\u{0}"]))
    #expect(answer[..<2] == [[1, 2, 3], delimiter])
    let read = try Message(answer, from: .shell, signature: signature)
    #expect(read.type == "execute_reply")
    #expect(read.content["text"]?.string == "ü\u{1F600}\u{0}")
    #expect(try JSON(parsing: answer[4])["msg_id"]?.string == "1", "the parent is the request's header")
    let date = try #require(try JSON(parsing: answer[3])["date"]?.string)
    #expect(date.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/#) != nil)
    let other = try Message(envelope.parts(Outgoing(reply: "x", to: request, [:])), from: .shell, signature: signature)
    #expect(other.id != read.id)
  }

  @Test func whatIsNoMessage() throws {
    let signature = try Signature(key: "key")
    func reason(_ parts: [[UInt8]]) -> String {
      do {
        _ = try Message(parts, from: .shell, signature: signature)
        return "read"
      } catch { return "\(error)" }
    }
    #expect(reason([]) == "no delimiter")
    #expect(reason([[1], [2]]) == "no delimiter")
    for count in 2..<7 { #expect(reason(Array(parts(signature)[..<count])).contains("parts after the delimiter")) }
    var forged = parts(signature)
    forged[6] = Array(#"{"code": "os.exit()"}"#.utf8)
    #expect(reason(forged) == "wrong signature")
    #expect(reason(parts(signature, header: Array("[]".utf8))) == "the header is no JSON object")
    #expect(reason(parts(signature, header: Array("{}".utf8))) == "the header has no msg_id or msg_type")
    #expect(reason(parts(signature, header: Array(#"{"msg_id": 1, "msg_type": []}"#.utf8))) == "the header has no msg_id or msg_type")
    for text in ["", "null", "{", #"{"code": }"#, #"{"a": "\u12"}"#, "{} {}", String(repeating: "[", count: 1_000_000), "\u{1}"] {
      #expect(reason(parts(signature, content: Array(text.utf8))) == "the content is no JSON object", "\(text.prefix(20))")
    }
    let deep = String(repeating: #"{"a":"#, count: 100_000) + "1" + String(repeating: "}", count: 100_000)
    #expect(reason(parts(signature, content: Array(deep.utf8))) == "the content is no JSON object")
    #expect(reason(parts(signature, content: Array(#"{"code": ""#.utf8) + [0xFF, 0xC0] + Array(#""}"#.utf8))) == "read", "wrong UTF-8 is mended")
  }

  /// Ten thousand messages with bytes changed, parts dropped, doubled and exchanged: each is read or refused.
  @Test func mutations() throws {
    let signature = try Signature(key: "")  // so that the changes reach the JSON
    var generator = Sequence64(state: 7)
    var read = 0
    for _ in 0..<10_000 {
      var parts = parts(signature)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<max(1, parts.count), using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0 where !parts.isEmpty: parts.remove(at: place)
        case 1 where !parts.isEmpty: parts.insert(parts[place], at: place)
        case 2 where !parts.isEmpty: parts.swapAt(place, parts.count - 1)
        case 3 where place < parts.count: parts[place] += [UInt8.random(in: 0...255, using: &generator)]
        default:
          guard place < parts.count, !parts[place].isEmpty else { continue }
          parts[place][Int.random(in: 0..<parts[place].count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
      }
      if (try? Message(parts, from: .shell, signature: signature)) != nil { read += 1 }
    }
    #expect(read > 100 && read < 9_000)
  }

  /// The same numbers in every run.
  private struct Sequence64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 29) ^ state &* 0x9E37_79B9_7F4A_7C15
    }
  }
}
