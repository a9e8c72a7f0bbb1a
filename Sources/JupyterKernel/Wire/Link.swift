internal import LuaBridge
internal import Notebook
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// What the thread of the sockets and Lua's thread share: two queues, the way out, and who may be interrupted.
final class Link: @unchecked Sendable {
  enum Answer: Sendable { case line(String), interrupted }

  /// For Lua's thread, in order.
  let requests = Mailbox<Message>()
  /// For a script that waits in `io.read`.
  let answers = Mailbox<Answer>()
  let outbox: Outbox
  let wakeUp: Pipe
  /// Written to by the handler of SIGINT.
  let interrupted: Pipe
  /// What is written to descriptors 1 and 2 by programs that a script starts.
  let printed: [Pipe]
  private let log: Int32

  private struct State: @unchecked Sendable {
    /// The state whose cell is running.
    var running: LuaState?
    var request: [UInt8] = []
    var isSilent = false
    var hasEnded = false
    var ending: Int?
  }
  private let state = Mutex(State())
  private let reading = Mutex(())

  init() throws {
    let wakeUp = try Pipe()
    self.wakeUp = wakeUp
    interrupted = try Pipe()
    log = dup(2)
    printed = [try Pipe(), try Pipe()]
    outbox = Outbox { wakeUp.signal() }
  }

  /// Milliseconds of a clock that never goes back.
  static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  /// A line for the log of the program that started the kernel.
  func log(_ text: String) {
    let line = Array("nnlua kernel: \(text)\n".utf8)
    _ = Glibc.write(log, line, line.count)
  }

  // MARK: Lua's thread

  /// Between these two a cell runs, and may be interrupted.
  func begin(_ lua: LuaState, _ request: Message, isSilent: Bool) {
    state.withLock { state in
      state.running = lua
      state.request = request.header
      state.isSilent = isSilent
    }
  }

  func finish() {
    for i in printed.indices { readPrinted(i) }
    state.withLock { $0.running = nil }
  }

  func luaEnded() {
    state.withLock { $0.hasEnded = true }
    wakeUp.signal()
  }

  // MARK: the sockets' thread

  func interrupt() {
    let isRunning = state.withLock { state in
      state.running?.interrupt()
      return state.running != nil
    }
    guard isRunning else { return }
    ChildPrograms.interrupt()
    answers.put(.interrupted)
  }

  /// Ends the kernel: the running cell is interrupted, Lua is closed. What does not heed that is left behind after two seconds.
  func end() {
    let isFirst = state.withLock { state in
      defer { state.ending = state.ending ?? Self.now + 2000 }
      return state.ending == nil
    }
    guard isFirst else { return }
    requests.close()
    interrupt()
  }

  var hasEnded: Bool { state.withLock { $0.hasEnded } }
  /// When the kernel ends whatever Lua is doing.
  var ending: Int? { state.withLock { $0.ending } }

  // MARK: both

  /// From now on descriptors 1 and 2 lead here, and nothing can be read from 0: programs that a script starts have no keyboard.
  func catchDescriptors() {
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    if nothing > 0 {
      dup2(nothing, 0)
      close(nothing)
    }
    for (i, pipe) in printed.enumerated() { dup2(pipe.writer, Int32(i + 1)) }
  }

  /// What programs have printed so far, into the stream of the running cell.
  func readPrinted(_ i: Int) {
    let (request, isSilent) = state.withLock { ($0.request, $0.isSilent) }
    reading.withLock { _ in
      printed[i].read { bytes in if !isSilent { outbox.print(bytes, to: i == 0 ? .output : .error, parent: request, waits: false) } }
    }
  }
}
