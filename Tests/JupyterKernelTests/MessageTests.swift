import JupyterKernel
import Notebook
import Testing

@Suite struct MessageTests {
  private func parts(_ type: String = "execute_request", _ content: JSON = ["code": "1 + 1"], _ signature: Signature) -> [[UInt8]] {
    [[0, 1, 2], Array("second".utf8)] + Envelope(signature: signature).parts(Outgoing(channel: .shell, type: type, parent: [], content: content))
  }

  @Test func readsWhatItWrites() throws {
    let signature = try Signature(key: "k")
    let message = try Message(parts("a_type", ["n": 3, "text": "é\n\u{0}"], signature), from: .control, signature: signature)
    #expect(message.identities == [[0, 1, 2], Array("second".utf8)])
    #expect(message.type == "a_type" && message.channel == .control)
    #expect(message.content == ["n": 3, "text": "é\n\u{0}"])
    let header = try JSON(parsing: message.header)
    #expect(header["version"]?.string == "5.4" && header["msg_type"]?.string == "a_type")
    #expect(header["date"]?.string?.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/#) != nil)
  }

  @Test func anAnswerRepeatsTheHeaderAsItCame() throws {
    let signature = try Signature(key: "k"), envelope = Envelope(signature: signature)
    let request = try Message(parts("x", [:], signature), from: .shell, signature: signature)
    let answer = envelope.parts(Outgoing(reply: "y", to: request, ["status": "ok"]))
    #expect(Array(answer[..<2]) == request.identities)
    #expect(answer[2] == Array("<IDS|MSG>".utf8))
    #expect(answer[3] == signature.sign(answer[4...]))
    #expect(answer[5] == request.header && answer.count == 8)
  }

  @Test func topicsOfPublishedMessagesNameTheirType() throws {
    let parts = Envelope(signature: try Signature(key: "")).parts(Outgoing(publish: "stream", parent: [], [:]))
    #expect(String(decoding: parts[0], as: UTF8.self).hasSuffix(".stream") && parts[1] == Array("<IDS|MSG>".utf8) && parts[2] == [])
  }

  @Test func buffersBehindTheContentAreLeftAside() throws {
    let signature = try Signature(key: "k")
    #expect(try Message(parts("x", [:], signature) + [[255], []], from: .shell, signature: signature).type == "x")
  }

  private func refusal(_ parts: [[UInt8]], _ signature: Signature) -> String? {
    do { _ = try Message(parts, from: .shell, signature: signature) } catch { return "\(error)" }
    return nil
  }

  @Test func saysWhatIsWrong() throws {
    let signature = try Signature(key: "k"), none = try Signature(key: "")
    let good = parts("x", [:], signature)
    #expect(refusal([], signature) == "no delimiter")
    #expect(refusal([[]], signature) == "no delimiter")
    #expect(refusal(Array(good.dropLast()), signature)?.contains("4 parts") == true)
    var changed = good
    changed[7] = Array("{\"a\":1}".utf8)
    #expect(refusal(changed, signature) == "wrong signature")
    #expect(refusal(good, try Signature(key: "another")) == "wrong signature")
    func with(_ i: Int, _ text: [UInt8]) -> [[UInt8]] {
      var parts = good
      parts[i] = text
      return parts
    }
    #expect(refusal(with(4, Array("[]".utf8)), none) == "the header is no JSON object")
    #expect(refusal(with(4, Array("{\"msg_id\": 1, \"msg_type\": \"x\"}".utf8)), none)?.contains("msg_id") == true)
    #expect(refusal(with(4, Array("{\"msg_id\": \"\u{1}\"}".utf8)), none) == "the header is no JSON object")
    #expect(refusal(with(4, Array("{\"msg_id\":\"".utf8) + [0xFF] + Array("\",\"msg_type\":\"x\"}".utf8)), none) == "the header is not UTF-8")
    #expect(refusal(with(7, Array("{".utf8)), none) == "the content is no JSON object")
    #expect(refusal(with(7, Array(repeating: UInt8(ascii: "["), count: 1_000_000)), none) == "the content is no JSON object")
    #expect(refusal(with(7, Array(String(repeating: "{\"a\":", count: 100_000).utf8)), none) == "the content is no JSON object")
  }

  /// With and without a right signature: every outcome but a crash is good.
  @Test func mutatedMessages() throws {
    let signature = try Signature(key: "k")
    var chance = Mutation(seed: 11), accepted = 0, refused = 0
    for type in Mutation.requests.keys.sorted() {
      let good = parts(type, Mutation.requests[type]!, signature)
      for _ in 0..<1500 {
        let mutated = chance.mutate(good, signature: signature)
        if refusal(mutated, signature) == nil { accepted += 1 } else { refused += 1 }
      }
    }
    #expect(accepted > 1000 && refused > 1000)
  }
}
