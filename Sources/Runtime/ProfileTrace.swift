package import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// The single events of a measurement in Chrome's trace format, which chrome://tracing and ui.perfetto.dev open.
public final class ProfileTrace {
  /// Events that are kept: about 25 MB of file.
  public static let most = 200_000
  public let path: String
  private let file: UnsafeMutablePointer<FILE>

  /// Opens the file at once: that it cannot be written is better known before a long run than after it.
  public init(path: String) throws {
    guard !path.utf8.contains(0), let file = fopen(path, "we") else { throw LuaError("profile: cannot write \(path): \(String(cString: strerror(errno)))") }
    self.path = path
    self.file = file
  }
  deinit { fclose(file) }

  /// - Errors: a full disk and the like.
  package func write(_ profile: Profile) throws {
    let process = getpid()
    var text = "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n"
    text += "{\"name\": \"process_name\", \"ph\": \"M\", \"pid\": \(process), \"tid\": 1, \"args\": {\"name\": \"nnlua\"}}"
    var failed = false
    func put() {
      text.withUTF8 { if fwrite($0.baseAddress, 1, $0.count, file) != $0.count { failed = true } }
      text = ""
    }
    for event in profile.events {
      text += ",\n{\"name\": \(Self.quoted(event.name)), \"cat\": \"\(event.kind.rawValue)\", \"ph\": \"X\", \"ts\": \(Self.microseconds(event.start)), "
      text += "\"dur\": \(Self.microseconds(event.duration)), \"pid\": \(process), \"tid\": 1, \"args\": {\"bytes\": \(event.bytes)"
      if event.flops > 0 {
        text += ", \"flop\": \(Int(min(event.flops, 1e18)))"
        if event.duration > 0 { text += ", \"gflops\": \((event.flops / Double(event.duration) * 10).rounded() / 10)" }
      }
      if let layer = event.layer { text += ", \"layer\": \(Self.quoted(layer))" }
      text += "}}"
      if text.utf8.count > 1 << 16 { put() }
    }
    text += "\n], \"otherData\": {\"events_left_out\": \(profile.leftOut)}}\n"
    put()
    if fflush(file) != 0 || failed { throw LuaError("profile: cannot write \(path): \(String(cString: strerror(errno)))") }
  }

  private static func microseconds(_ nanoseconds: Int) -> String {
    let behind = String(nanoseconds % 1000)
    return "\(nanoseconds / 1000)." + String(repeating: "0", count: 3 - behind.count) + behind
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case _ where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
