import JupyterKernel
import Testing

@Suite struct SignatureTests {
  private let parts = ["{}", "{\"a\":1}", "", "text"].map { Array($0.utf8) }

  // python3: hmac.new(b"secret", b'{}{"a":1}text', "sha256").hexdigest()
  @Test func signs() throws {
    #expect(String(decoding: try Signature(key: "secret").sign(parts), as: UTF8.self) == "fd52802f319b81e032bd8ec7361bd6cb9fc395333a289b47a2dde329468c19f1")
    #expect(
      String(decoding: try Signature(key: "secret", scheme: "hmac-sha512").sign(parts), as: UTF8.self)
        == "fabcd300dc0d54c38abf13fce05041155c3c6b05a01888786a85c0b396d653305ea97ee7fa009f0576dee1910e25a2cc3f27a1fe6e3819cf06dd8a203b0df77e")
  }

  /// One context signs many messages.
  @Test func signsAgain() throws {
    let signature = try Signature(key: "secret")
    let first = signature.sign(parts)
    _ = signature.sign([[1, 2, 3]])
    #expect(signature.sign(parts) == first)
  }

  @Test func verifies() throws {
    let signature = try Signature(key: "secret")
    let right = signature.sign(parts)
    #expect(signature.verify(right, of: parts))
    for i in right.indices {
      var wrong = right
      wrong[i] ^= 1
      #expect(!signature.verify(wrong, of: parts))
    }
    #expect(!signature.verify([], of: parts))
    #expect(!signature.verify(Array(right.dropLast()), of: parts))
    #expect(!signature.verify(right + [0], of: parts))
    #expect(!signature.verify(try Signature(key: "Secret").sign(parts), of: parts))
  }

  @Test func anEmptyKeySwitchesSignaturesOff() throws {
    let signature = try Signature(key: "")
    #expect(signature.sign(parts) == [])
    #expect(signature.verify([], of: parts))
    #expect(signature.verify([7], of: parts))
  }

  @Test(arguments: ["", "sha256", "hmac-", "hmac-nothing"]) func refusesUnknownSchemes(_ scheme: String) {
    #expect { try Signature(key: "secret", scheme: scheme) } throws: { "\($0)".contains("unknown signature scheme '\(scheme)'") }
  }
}
