internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// The comment above a function written in Lua.
enum FunctionComment {
  /// The lines of comment that stand directly above the function's first line, or behind it on that line; empty where there are none.
  /// - text: what to read where the function's own chunk is not in a file.
  static func before(_ info: FunctionInfo, in text: String) -> String {
    let source: String
    if info.source.hasPrefix("@") {
      guard let file = read(String(info.source.dropFirst())) else { return "" }
      source = file
    } else if info.source.hasPrefix("=") {
      source = text
    } else {
      source = info.source  // Lua keeps a chunk without a name as its own name
    }
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    let first = info.lines.lowerBound - 1
    guard lines.indices.contains(first), lines[first].contains("function") else { return "" }
    var found: [Substring] = []
    for line in lines[..<first].reversed() {
      let stripped = line.drop { $0 == " " || $0 == "\t" }
      // The marker of a cell is no comment.
      guard stripped.hasPrefix("--"), !stripped.hasPrefix("--["), !stripped.hasPrefix("-- %%"), !stripped.hasPrefix("--%%") else { break }
      found.append(stripped.drop { $0 == "-" }.drop { $0 == " " })
    }
    return found.reversed().joined(separator: "\n")
  }

  /// A script's text; nothing for what is not one.
  private static func read(_ path: String, most: Int = 4 << 20) -> String? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= most, let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
