#if canImport(Glibc)
  internal import Glibc
#endif

/// What was typed at the prompt, in a file that all prompts share: each statement once, the newest last.
///
/// A statement is a line of the file, its own ends of lines written `\n` and `\` written `\\`. Statements are appended as they are entered, so that two prompts do not
/// lose each other's; the file is put in order when it is next read. Where it cannot be read or written, history lasts as long as the prompt.
public struct PromptHistory {
  /// Oldest first.
  public private(set) var entries: [String] = []
  private let path: String?
  private let most: Int

  /// `$XDG_STATE_HOME/nnlua/history`, or below `~/.local/state`.
  public static var standardPath: String? {
    if let state = getenv("XDG_STATE_HOME"), state.pointee == UInt8(ascii: "/") { return "\(String(cString: state))/nnlua/history" }
    guard let home = getenv("HOME"), home.pointee != 0 else { return nil }
    return "\(String(cString: home))/.local/state/nnlua/history"
  }

  /// - most: older entries are forgotten.
  public init(path: String?, most: Int = 2000) {
    self.path = path
    self.most = most
    guard let path, let text = Self.read(path) else { return }
    let lines = text.split(separator: "\n").map(String.init)
    var seen: Set<String> = []
    let kept = Array(lines.reversed().filter { seen.insert($0).inserted }.prefix(most).reversed())
    entries = kept.map(Self.decoded)
    // Mended from time to time only: another prompt may be adding to it.
    if lines.count > kept.count + most / 4 { Self.replace(path, kept.map { $0 + "\n" }.joined()) }
  }

  /// - Returns: whether an older entry went: the list is then another one.
  public mutating func add(_ entry: String) -> Bool {
    guard entries.last != entry, entry.contains(where: { !$0.isWhitespace }) else { return false }
    let before = entries.count
    entries.removeAll { $0 == entry }
    entries.append(entry)
    if entries.count > most { entries.removeFirst(entries.count - most) }
    if let path { Self.append(path, Self.encoded(entry) + "\n") }
    return entries.count <= before
  }

  private static func encoded(_ entry: String) -> String { entry.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") }
  private static func decoded(_ line: String) -> String {
    var text = "", escaped = false
    for character in line {
      if escaped {
        text.append(character == "n" ? "\n" : character)
        escaped = false
      } else if character == "\\" {
        escaped = true
      } else {
        text.append(character)
      }
    }
    return text
  }

  // MARK: the file

  private static func read(_ path: String, most: Int = 16 << 20) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16), all: [UInt8] = []
    while all.count < most {
      let count = fread(&bytes, 1, bytes.count, file)
      if count == 0 { break }
      all += bytes[..<count]
    }
    return String(decoding: all, as: UTF8.self)
  }

  private static func append(_ path: String, _ text: String) {
    var file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    if file < 0, errno == ENOENT {
      makeFolders(path)
      file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    }
    guard file >= 0 else { return }
    let bytes = Array(text.utf8)
    _ = write(file, bytes, bytes.count)  // at once: the lines of two prompts do not mix
    close(file)
  }

  private static func replace(_ path: String, _ text: String) {
    let new = "\(path).\(getpid())"
    let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    let bytes = Array(text.utf8)
    let written = write(file, bytes, bytes.count)
    if close(file) != 0 || written != bytes.count || rename(new, path) != 0 { unlink(new) }
  }

  private static func makeFolders(_ path: String) {
    for (i, character) in zip(path.indices, path).dropFirst() where character == "/" { mkdir(String(path[..<i]), 0o700) }
  }
}
