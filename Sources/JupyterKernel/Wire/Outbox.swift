internal import LuaBridge
internal import Notebook

#if canImport(Glibc)
  internal import Glibc
#endif

/// What Lua's thread hands to the thread of the sockets. Printed text is gathered: it leaves within 20 ms, when it fills a message,
/// or before any other message, so a loop that prints ten thousand lines sends a few messages and the order of everything stays.
final class Outbox: @unchecked Sendable {
  /// Milliseconds that text may wait for more.
  static let patience: Int64 = 20
  /// Bytes of text in one message.
  static let chunk = 1 << 18
  /// Lua's thread waits where more than this has not been handed to the sockets.
  private static let most = 1 << 24

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let drained = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var messages: [Outgoing] = []
  private var bytes = 0
  private var text: [UInt8] = []
  private var stream = OutputStream.output
  private var parent: [UInt8] = []
  private var begin: Int64 = 0
  private let wake: @Sendable () -> Void

  /// - wake: called, from any thread, when the sockets' thread has something to look at.
  init(wake: @escaping @Sendable () -> Void) {
    self.wake = wake
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(drained, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(drained)
    mutex.deallocate()
    drained.deallocate()
  }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  func send(_ message: Outgoing) {
    pthread_mutex_lock(mutex)
    seal()
    add(message)
    pthread_mutex_unlock(mutex)
    wake()
  }

  /// Text that a script has printed.
  /// - waits: whether the caller may be held up while the sockets lag behind; not their own thread.
  func print(_ bytes: UnsafeRawBufferPointer, to stream: OutputStream, parent: [UInt8], waits: Bool) {
    guard !bytes.isEmpty else { return }
    pthread_mutex_lock(mutex)
    while waits, self.bytes > Self.most { pthread_cond_wait(drained, mutex) }
    if stream != self.stream || parent != self.parent {
      seal()
      self.stream = stream
      self.parent = parent
    }
    let isFirst = text.isEmpty
    if isFirst { begin = Self.now }
    text.append(contentsOf: bytes)
    let isFull = text.count >= Self.chunk
    if isFull { seal(keepsTail: true) }
    pthread_mutex_unlock(mutex)
    if isFirst || isFull { wake() }
  }

  /// What is to leave now.
  func take() -> [Outgoing] {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if !text.isEmpty, Self.now - begin >= Self.patience { seal(keepsTail: true) }
    defer {
      messages = []
      bytes = 0
      pthread_cond_signal(drained)
    }
    return messages
  }

  /// Milliseconds until `take` is due; -1 where nothing waits.
  var timeout: Int {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if !messages.isEmpty { return 0 }
    return text.isEmpty ? -1 : Int(max(0, begin + Self.patience - Self.now))
  }

  private func add(_ message: Outgoing) {
    messages.append(message)
    bytes += message.content.count
  }

  /// Makes messages of the gathered text. One long write may fill several.
  /// - keepsTail: more text is to come, so a character of which bytes are still missing stays behind.
  private func seal(keepsTail: Bool = false) {
    let end = text.count - (keepsTail ? Self.unfinished(text[...]) : 0)
    var start = 0
    while start < end {
      var stop = min(start + Self.chunk, end)
      if stop < end { stop -= Self.unfinished(text[start..<stop]) }
      let content: JSON = ["name": .string(stream == .output ? "stdout" : "stderr"), "text": .string(String(decoding: text[start..<stop], as: UTF8.self))]
      add(Outgoing(channel: .iopub, type: "stream", parent: parent, content: content))
      start = stop
    }
    text.removeFirst(end)
    begin = Self.now
  }

  /// Bytes at the end that begin a character and do not end it: 0 to 3.
  private static func unfinished(_ bytes: ArraySlice<UInt8>) -> Int {
    for (i, byte) in bytes.suffix(3).reversed().enumerated() {
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > i + 1 ? i + 1 : 0
    }
    return 0
  }
}
