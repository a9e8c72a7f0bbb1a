internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Files that are written whole or not at all.
public enum ReportFile {
  private static func reason() -> String { String(cString: strerror(errno)) }
  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether a file can be written there: asked before anything runs, for a run may take hours.
  /// - Errors: it cannot.
  public static func check(_ path: String) throws {
    var info = stat()
    if stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR { throw LuaError("cannot write '\(path)': \(String(cString: strerror(EISDIR)))") }
    guard access(folder(of: path), W_OK | X_OK) == 0 else { throw LuaError("cannot write '\(path)': \(reason())") }
  }

  static func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw LuaError("cannot make the folder '\(path)': \(reason())") }
  }

  /// Into a file beside it, which then takes its place.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    let draft = "\(path).\(getpid())"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw LuaError("cannot write '\(path)': \(reason())") }
    var done = 0, failure: String?
    while done < bytes.count, failure == nil {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + done, $0.count - done) }
      if count >= 0 { done += count } else if errno != EINTR { failure = reason() }
    }
    if close(file) != 0, failure == nil { failure = reason() }
    if failure == nil, rename(draft, path) != 0 { failure = reason() }
    if let failure {
      unlink(draft)
      throw LuaError("cannot write '\(path)': \(failure)")
    }
  }
}
