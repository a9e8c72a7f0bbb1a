internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// `os.execute` in a session with a front end: what the command prints goes there, as everything that a cell prints. (Without one it is Lua's own.)
enum ShellCommand {
  /// Takes the place of `os.execute`.
  static func install(in state: LuaState) {
    let stack = state.stack, base = state.stack.top
    defer { stack.top = base }
    guard stack.reserve(8) else { return }
    stack.pushGlobals()
    stack.rawGet(-1, "os")
    guard stack.rawGet(-1, "execute") == .function else { return }
    let original = LuaReference(popping: stack)
    state.push(
      FunctionBox("execute") { stack in
        guard let frontEnd = stack.state.frontEnd, stack.top > 0, let command = stack.withBytes(at: 1, { Array($0) }) else {
          let count = stack.top
          guard stack.reserve(4) else { throw LuaError("stack overflow") }
          original.push(stack)
          for index in 0..<count { stack.copy(index + 1) }
          try stack.call(arguments: count, results: -1)
          return stack.top - count
        }
        stack.state.flush()
        let status = try run(command, frontEnd)
        let isExit = status & 0x7F == 0, code = Int(isExit ? status >> 8 & 0xFF : status & 0x7F)
        if isExit && code == 0 { stack.push(true) } else { stack.pushNil() }
        stack.push(isExit ? "exit" : "signal")
        stack.push(code)
        return 3
      })
    stack.rawSet(-2, "execute")
  }

  /// The status as `waitpid` gives it. An interrupt is passed on to the command.
  private static func run(_ command: [UInt8], _ frontEnd: any FrontEnd) throws -> Int32 {
    var ends: [Int32] = [-1, -1, -1, -1]
    defer { for end in ends where end >= 0 { close(end) } }
    for i in [0, 2] {
      var pair: [Int32] = [0, 0]
      guard pipe(&pair) == 0 else { throw LuaError("execute: \(String(cString: strerror(errno)))") }
      for (k, end) in pair.enumerated() {
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        ends[i + k] = end
      }
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)  // the terminal is not the cell's
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[3], 2)
    var process = pid_t()
    var words: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strndup(command.map { CChar(bitPattern: $0) }, command.count), nil]
    defer { for word in words { free(word) } }
    let failure = posix_spawn(&process, "/bin/sh", &actions, nil, &words, environment())
    guard failure == 0 else { throw LuaError("execute: \(String(cString: strerror(failure)))") }
    for i in [1, 3] {
      close(ends[i])
      ends[i] = -1
    }
    var buffer = [UInt8](repeating: 0, count: 65536), isTold = false
    while ends[0] >= 0 || ends[2] >= 0 {
      var polled = [pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0), pollfd(fd: ends[2], events: Int16(POLLIN), revents: 0)]
      let ready = poll(&polled, 2, 200)
      if LuaState.isInterrupted, !isTold {
        kill(process, SIGINT)
        isTold = true
      }
      guard ready > 0 else {
        // A child that was left behind in the background may hold the pipes for ever.
        if isTold { break }
        continue
      }
      for (i, stream) in [OutputStream.output, .error].enumerated() where polled[i].revents != 0 {
        let count = read(ends[2 * i], &buffer, buffer.count)
        if count > 0 {
          buffer.withUnsafeBytes { frontEnd.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: stream) }
        } else if count == 0 || errno != EINTR {
          close(ends[2 * i])
          ends[2 * i] = -1
        }
      }
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {
      if LuaState.isInterrupted { kill(process, SIGKILL) }
    }
    return status
  }

  /// C's `environ`, which Swift 6 takes for shared mutable state.
  private static func environment() -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    dlsym(nil, "environ").map { $0.assumingMemoryBound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self).pointee } ?? nil
  }
}
