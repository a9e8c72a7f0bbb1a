internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// Another program, run to its end.
enum ChildProgram {
  struct Outcome {
    /// What it wrote to both streams, where it was asked for.
    var output: String
    /// 128 + the signal where one ended it, as a shell shows it.
    var status: Int32
    /// "a trap (illegal instruction)", where it did not end by itself.
    var death: String? {
      switch status {
      case 128 + SIGILL, 128 + SIGTRAP: "a trap: a precondition of its Swift code failed"
      case 128 + SIGSEGV, 128 + SIGBUS: "an access to memory that is not its own"
      case 128 + SIGABRT: "an abort"
      case 129...: "signal \(status - 128)"
      default: nil
      }
    }
  }

  /// - Errors: the program cannot be started.
  static func run(_ path: String, _ arguments: [String], capture: Bool = true) throws -> Outcome {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var ends: [Int32] = [-1, -1]
    if capture {
      guard pipe(&ends) == 0 else { throw LuaError("no pipe: \(String(cString: strerror(errno)))") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
      posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    fflush(nil)
    var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in argv { free(word) } }
    var child: pid_t = 0
    let failed = posix_spawn(&child, path, &actions, nil, &argv, environ)
    if capture { close(ends[1]) }
    guard failed == 0 else {
      if capture { close(ends[0]) }
      throw LuaError("\(path): \(String(cString: strerror(failed)))")
    }
    var bytes: [UInt8] = []
    if capture {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = read(ends[0], &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        bytes += buffer[..<count]
      }
      close(ends[0])
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return Outcome(output: String(decoding: bytes, as: UTF8.self), status: signal != 0 ? 128 + signal : (status >> 8) & 0xFF)
  }

  /// Where a program is on the PATH.
  static func find(_ name: String) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
    for folder in (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
    return nil
  }

  /// This program's own file, links followed.
  static let own: String =
    realpath("/proc/self/exe", nil).map { path in
      defer { free(path) }
      return String(cString: path)
    } ?? "nnlua"
}
