internal import CCrypto
internal import LuaBridge

/// HMAC over the four JSON parts of a message, in hex: only who knows the connection file's key can speak to the kernel.
///
/// An empty key switches signatures off, as the protocol has it.
package final class Signature {
  private let context: OpaquePointer?

  /// - scheme: "hmac-" and a digest's name, such as "hmac-sha256".
  package init(key: String, scheme: String = "hmac-sha256") throws {
    guard !key.isEmpty else {
      context = nil
      return
    }
    guard scheme.hasPrefix("hmac-"), let hmac = EVP_MAC_fetch(nil, "HMAC", nil) else { throw LuaError("connection file: unknown signature scheme '\(scheme)'") }
    defer { EVP_MAC_free(hmac) }
    guard let context = EVP_MAC_CTX_new(hmac) else { throw LuaError("not enough memory for a signature") }
    var digest = Array(String(scheme.dropFirst("hmac-".count)).utf8CString)
    let bytes = Array(key.utf8)
    let ready = digest.withUnsafeMutableBufferPointer { name in
      let parameters = [OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0), OSSL_PARAM_construct_end()]
      return EVP_MAC_init(context, bytes, bytes.count, parameters)
    }
    guard ready == 1 else {
      EVP_MAC_CTX_free(context)
      throw LuaError("connection file: unknown signature scheme '\(scheme)'")
    }
    self.context = context
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// The parts' signature in lower-case hex; empty without a key.
  package func sign(_ parts: some Sequence<[UInt8]>) -> [UInt8] {
    guard let context else { return [] }
    EVP_MAC_init(context, nil, 0, nil)  // the same key again
    for part in parts { EVP_MAC_update(context, part, part.count) }
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count = 0
    EVP_MAC_final(context, &digest, &count, digest.count)
    let digits = Array("0123456789abcdef".utf8)
    return digest[..<count].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  /// Whether `signature` is that of the parts. Takes the same time wherever the first difference stands.
  package func verify(_ signature: [UInt8], of parts: some Sequence<[UInt8]>) -> Bool {
    guard context != nil else { return true }
    let expected = sign(parts)
    return signature.count == expected.count && CRYPTO_memcmp(signature, expected, expected.count) == 0
  }
}
