#if canImport(Glibc)
  internal import Glibc
#endif

/// Working memory for kernels: each thread keeps one block and hands out pieces of it, so that steady loops allocate nothing
/// and never wait for page faults.
public enum Scratch {
  /// A piece is a multiple of this many bytes and begins at one: a cache line, and the widest vector.
  static let alignment = 64
  /// What a thread keeps at most; larger needs are allocated and freed each time.
  static let keptBytes = 64 << 20

  /// Where pieces come from in place of the threads' blocks, and go back to: tests stand each between pages that may not be touched.
  /// To be changed only while no kernel runs.
  package nonisolated(unsafe) static var fence: (take: @Sendable (Int) -> UnsafeMutableRawPointer, give: @Sendable (UnsafeMutableRawPointer) -> Void)?

  /// Runs `body` with `bytes` of uninitialised memory, aligned to 64 bytes. Calls may nest; the memory is gone when `body` returns.
  @inline(__always)
  public static func withBuffer<R>(_ bytes: Int, _ body: (UnsafeMutableRawPointer) -> R) -> R {
    let lane = Lane.current
    let mark = lane.pointee.used
    let piece = lane.pointee.take(bytes)
    defer { lane.pointee.give(piece, back: mark) }
    return body(piece.base)
  }
}

/// One thread's block, used as a stack.
@usableFromInline
struct Lane {
  @usableFromInline var base: UnsafeMutableRawPointer?
  @usableFromInline var capacity = 0
  @usableFromInline var used = 0
  /// Bytes that were asked for at once: the block grows to this when it is next empty.
  @usableFromInline var wanted = 0

  @usableFromInline
  struct Piece {
    @usableFromInline var base: UnsafeMutableRawPointer
    /// The piece did not fit the block and is freed on its own.
    @usableFromInline var alone: Bool
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let failed = pthread_key_create(&key) { lane in
      guard let lane = lane?.assumingMemoryBound(to: Lane.self) else { return }
      free(lane.pointee.base)
      free(lane)
    }
    precondition(failed == 0, "no thread-local storage for kernels")
    return key
  }()

  @usableFromInline
  static var current: UnsafeMutablePointer<Lane> {
    if let lane = pthread_getspecific(key) { return lane.assumingMemoryBound(to: Lane.self) }
    let lane = allocate(MemoryLayout<Lane>.size).initializeMemory(as: Lane.self, repeating: Lane(), count: 1)
    pthread_setspecific(key, lane)
    return lane
  }

  @usableFromInline
  mutating func take(_ bytes: Int) -> Piece {
    if let fence = Scratch.fence { return Piece(base: fence.take(bytes), alone: true) }
    let bytes = max(bytes &+ Scratch.alignment &- 1, Scratch.alignment) & ~(Scratch.alignment &- 1)
    let need = used &+ bytes
    if need > wanted && need <= Scratch.keptBytes { wanted = need }
    if used == 0 && wanted > capacity {
      free(base)
      // Half as much again, so that a slowly growing need does not allocate at every call.
      capacity = max(wanted &+ wanted / 2, 1 << 16)
      base = Lane.allocate(capacity)
    }
    used = need
    if need <= capacity, let base { return Piece(base: base + (need &- bytes), alone: false) }
    return Piece(base: Lane.allocate(bytes), alone: true)
  }

  @usableFromInline
  mutating func give(_ piece: Piece, back mark: Int) {
    if piece.alone {
      if let fence = Scratch.fence { fence.give(piece.base) } else { free(piece.base) }
    }
    used = mark
  }

  private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    guard let memory = Memory.allocate(bytes) else { fatalError("out of memory: \(bytes) bytes of working memory for a kernel") }
    return memory
  }
}
