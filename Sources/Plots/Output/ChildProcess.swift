internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A program run with bytes for its standard input; what it writes is read meanwhile, so that neither side can wait for the other for ever.
enum ChildProcess {
  struct Result {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    /// The exit status, 128 + the signal where one ended it.
    var status: Int32 = 0
  }

  /// - Returns: nil where there is no such program.
  /// - Errors: no pipes or processes left; Ctrl-C.
  static func run(_ arguments: [String], input: [UInt8]) throws -> Result? {
    var ends: [Int32] = []
    defer { for end in ends where end >= 0 { close(end) } }
    for _ in 0..<3 {
      var pair: [Int32] = [0, 0]
      guard pipe(&pair) == 0 else { throw LuaError("\(arguments[0]): no pipe: \(reason())") }
      for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      ends += pair
    }
    // Ours: 1 writes its input, 2 and 4 read its output and errors.
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (end, stream) in [(0, 0), (3, 1), (5, 2)] { posix_spawn_file_actions_adddup2(&actions, ends[end], Int32(stream)) }

    var process = pid_t()
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let failure = posix_spawnp(&process, words[0]!, &actions, nil, &words, environ())
    if failure == ENOENT { return nil }
    guard failure == 0 else { throw LuaError("\(arguments[0]): cannot be started: \(String(cString: strerror(failure)))") }
    for end in [0, 3, 5] { closeEnd(&ends, end) }

    var result = Result()
    let done = exchange(&ends, input, &result)
    if !done { kill(process, SIGKILL) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    if !done { throw LuaState.interruption }
    result.status = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    return result
  }

  /// Writes and reads until both outputs have ended; false where Ctrl-C came first.
  private static func exchange(_ ends: inout [Int32], _ input: [UInt8], _ result: inout Result) -> Bool {
    // A program that has ended before it read everything must not end this one.
    let previous = signal(SIGPIPE, SIG_IGN)
    defer { signal(SIGPIPE, previous) }
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    var rest = input[...]
    var buffer = [UInt8](repeating: 0, count: 65536)
    if rest.isEmpty { closeEnd(&ends, 1) }
    while ends[2] >= 0 || ends[4] >= 0 {
      var polled = [
        pollfd(fd: ends[1], events: Int16(POLLOUT), revents: 0), pollfd(fd: ends[2], events: Int16(POLLIN), revents: 0),
        pollfd(fd: ends[4], events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&polled, 3, -1)
      if LuaState.isInterrupted { return false }
      if ready < 0 { continue }
      if ends[1] >= 0, polled[0].revents != 0 {
        let written = rest.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        if written >= 0 { rest = rest.dropFirst(written) } else if errno != EAGAIN && errno != EINTR { rest = [] }
        if rest.isEmpty { closeEnd(&ends, 1) }
      }
      for (place, end) in [(1, 2), (2, 4)] where ends[end] >= 0 && polled[place].revents != 0 {
        let count = read(ends[end], &buffer, buffer.count)
        if count > 0 {
          if end == 2 { result.output += buffer[..<count] } else { result.errors += buffer[..<count] }
        } else if count == 0 || errno != EINTR {
          closeEnd(&ends, end)
        }
      }
    }
    return true
  }

  private static func closeEnd(_ ends: inout [Int32], _ end: Int) {
    if ends[end] >= 0 { close(ends[end]) }
    ends[end] = -1
  }

  private static func environ() -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    dlsym(nil, "environ")?.assumingMemoryBound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self).pointee
  }
}

/// Why the last system call failed.
func reason() -> String { String(cString: strerror(errno)) }
