internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// The terminal that standard output is connected to, and how it shows pictures.
enum Screen {
  enum Kind {
    case none
    case kitty
    case sixel
    /// Characters only, so many of them.
    case text(columns: Int, rows: Int)
  }

  /// Asked once. `NNLUA_GRAPHICS=kitty|sixel|text|none` decides for the terminal.
  nonisolated(unsafe) static var kind: Kind = {
    var size = winsize()
    let isTerminal = isatty(1) != 0
    if isTerminal { _ = ioctl(1, UInt(TIOCGWINSZ), &size) }
    let text = Kind.text(columns: size.ws_col > 0 ? Int(size.ws_col) : 80, rows: size.ws_row > 0 ? Int(size.ws_row) : 24)
    switch variable("NNLUA_GRAPHICS") {
    case "kitty": return .kitty
    case "sixel": return .sixel
    case "text": return text
    case "none": return .none
    default: break
    }
    guard isTerminal else { return .none }
    let program = variable("TERM_PROGRAM")
    if variable("TERM") == "xterm-kitty" || variable("TERM") == "xterm-ghostty" || program == "ghostty" { return .kitty }
    return program == "WezTerm" || answersSixel() ? .sixel : text
  }()

  /// Letters may be coloured.
  static var hasColours: Bool { isatty(1) != 0 && variable("TERM") != "dumb" && variable("NO_COLOR").isEmpty }

  private static func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }

  /// Asks the terminal what it is (primary device attributes, ESC [ c); attribute 4 is sixel. Waits a fifth of a second for an answer at most.
  private static func answersSixel() -> Bool {
    guard variable("TERM") != "dumb", variable("TERM") != "linux" else { return false }
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard terminal >= 0 else { return false }
    defer { close(terminal) }
    var before = termios()
    guard tcgetattr(terminal, &before) == 0, tcgetpgrp(terminal) == getpgrp() else { return false }  // in the background it would stop
    var raw = before
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(terminal, TCSANOW, &raw)
    defer { tcsetattr(terminal, TCSANOW, &before) }
    guard write(terminal, "\u{1b}[c", 3) == 3 else { return false }
    var answer: [UInt8] = []
    while answer.count < 64, answer.last != UInt8(ascii: "c") {
      var polled = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
      guard poll(&polled, 1, 200) > 0 else { return false }
      var byte: UInt8 = 0
      guard read(terminal, &byte, 1) == 1 else { return false }
      answer.append(byte)
    }
    // ESC [ ? 62 ; 4 ; 22 c
    let attributes = answer.dropFirst(3).dropLast().split(separator: UInt8(ascii: ";"))
    return attributes.dropFirst().contains { Array($0) == [UInt8(ascii: "4")] }
  }

  static func put(_ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { write(1, $0.baseAddress! + done, $0.count - done) }
      if count < 0 && errno != EINTR { return }
      done += max(count, 0)
    }
  }

  /// A PNG in kitty's graphics protocol: base64 in pieces of at most 4096 characters, all but the last marked m=1.
  static func kitty(_ png: [UInt8]) -> [UInt8] {
    let text = Base64.bytes(png)
    var result: [UInt8] = []
    for start in stride(from: 0, to: text.count, by: 4096) {
      let end = min(start + 4096, text.count)
      result += Array("\u{1b}_G\(start == 0 ? "a=T,f=100," : "")m=\(end < text.count ? 1 : 0);".utf8) + text[start..<end] + Array("\u{1b}\\".utf8)
    }
    return result + [10]
  }
}
