internal import CCrypto

/// A running SHA-256 sum. Texts are added with their length, so that no two lists of texts are the same bytes.
final class SHA256 {
  private let context = EVP_MD_CTX_new()

  init() { EVP_DigestInit_ex(context, EVP_sha256(), nil) }
  deinit { EVP_MD_CTX_free(context) }

  func add(_ bytes: UnsafeRawPointer, _ count: Int) { EVP_DigestUpdate(context, bytes, count) }
  func add(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { add($0.baseAddress!, 8) } }
  func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    if let start = bytes.baseAddress { add(start, bytes.count) }
  }
  func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// The sum as 64 digits; nothing can be added behind it.
  func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32), length: UInt32 = 32
    EVP_DigestFinal_ex(context, &digest, &length)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func sum(of text: String) -> String {
    let sum = SHA256()
    sum.add(text)
    return sum.finish()
  }
}
