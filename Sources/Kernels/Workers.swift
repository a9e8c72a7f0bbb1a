internal import CIntrinsics
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// Threads that help with one job at a time.
///
/// After a job a worker looks out for the next one for `lookout` and only then sleeps: between the kernels of a training step it is there
/// within a microsecond, while waking it takes about 15; a program that does something else pays nothing. The caller works too and waits for
/// nobody who has not begun: a worker that wakes when all chunks are dealt out finds the job closed.
/// A job that is not worth waking anybody for wakes them all the same where it is one of many: those that follow within the lookout find them awake.
/// On a machine whose cores others want as well, small jobs go without help for a while, see `patience`.
///
/// Each of the job's lanes (the caller is lane 0, worker i lane i + 1) begins with its own share of the chunks, the same in every job of
/// the same size, so that a thread meets again what its cache still holds; who is done takes chunks from the shares of others.
/// A turned job goes through each share from its end.
final class Workers: @unchecked Sendable {
  /// Lanes at most.
  static let most = 1024
  /// How long a thread without work stays awake.
  private static let lookout: Int64 = 100_000
  /// A helper that takes so long to finish a chunk of a small job has lost its core to another program, for milliseconds: more than many such jobs
  /// gain by help. So the next thousand of them go without.
  private static let patience: Int64 = 500_000

  /// The process's own; a forked child, to whom no threads pass, begins anew.
  nonisolated(unsafe) static var current: Workers = {
    pthread_atfork(nil, nil) { Workers.current = Workers() }
    return Workers()
  }()

  /// A share of the chunks, alone on its cache lines.
  private struct Share: ~Copyable {
    let next = Atomic<Int>(0)
    var begin = 0
    var end = 0
    var padding: (SIMD16<UInt64>, SIMD16<UInt64>) = (SIMD16(), SIMD16())
  }

  /// Where one thread sleeps.
  private struct Bed: ~Copyable {
    let asleep = Atomic<Bool>(false)
    var mutex = pthread_mutex_t()
    var condition = pthread_cond_t()
    var padding = SIMD16<UInt64>()
  }

  /// The number of the job, its lanes beyond the caller's (0 once it is closed), and how many workers are inside: 32, 16, 16 bits.
  private let state = Atomic<UInt64>(0)
  private let busy = Atomic<Bool>(false)
  private let shares = UnsafeMutablePointer<Share>.allocate(capacity: most)
  private let beds = UnsafeMutablePointer<Bed>.allocate(capacity: most)
  private var body: ((Int) -> Void)?
  private var lanes = 1
  private var turned = false
  /// Lanes that have a thread and a bed, the caller's among them.
  private var made = 0
  /// When a job last found nobody awake whom it might not wake, and how many before it came within the lookout of one another.
  private var lastMissed: Int64 = 0
  private var missedInARow = 0
  /// So many small jobs are to go without help.
  private var unhelped = 0

  private static func lanes(_ state: UInt64) -> Int { Int(state >> 16 & 0xffff) }
  private static func inside(_ state: UInt64) -> Int { Int(state & 0xffff) }
  private static func number(_ state: UInt64) -> UInt64 { state >> 32 }

  /// False where the workers are taken: nothing was done.
  func run(_ chunks: Int, lanes wanted: Int, waking: Bool, turned: Bool, _ body: @escaping (Int) -> Void) -> Bool {
    if busy.load(ordering: .relaxed) || busy.exchange(true, ordering: .acquiring) { return false }
    if unhelped > 0 && !waking {
      unhelped -= 1
      busy.store(false, ordering: .releasing)
      return false
    }
    makeThreads(wanted)
    lanes = min(wanted, made)
    self.body = body
    self.turned = turned
    var first = 0
    for lane in 0..<lanes {
      shares[lane].next.store(first, ordering: .relaxed)
      shares[lane].begin = first
      first += chunks / lanes + (lane < chunks % lanes ? 1 : 0)
      shares[lane].end = first
    }
    let number = Workers.number(state.load(ordering: .relaxed)) &+ 1
    state.store((number & 0xffff_ffff) << 32 | UInt64(lanes - 1) << 16, ordering: .sequentiallyConsistent)
    if waking || comesOften() { wakeNext(0) }
    work(0)
    var open = state.load(ordering: .relaxed)
    while true {
      let (done, now) = state.weakCompareExchange(expected: open, desired: open & ~0xffff_0000, ordering: .sequentiallyConsistent)
      if done { break }
      open = now
    }
    if Workers.inside(open) > 0 {
      let begin = waking ? 0 : Workers.nanoseconds
      waitAwake { Workers.inside(state.load(ordering: .acquiring)) == 0 }
      sleep(0) { Workers.inside(state.load(ordering: .sequentiallyConsistent)) == 0 }
      if !waking && Workers.nanoseconds - begin > Workers.patience { unhelped = 1000 }
    }
    self.body = nil
    busy.store(false, ordering: .releasing)
    return true
  }

  /// Own chunks first, then those of others.
  private func work(_ lane: Int) {
    guard let body else { return }
    for i in 0..<lanes {
      let owner = lane + i < lanes ? lane + i : lane + i - lanes
      let (begin, end) = (shares[owner].begin, shares[owner].end)
      while shares[owner].next.load(ordering: .relaxed) < end && !Parallel.interrupted {
        let chunk = shares[owner].next.wrappingAdd(1, ordering: .relaxed).oldValue
        if chunk >= end { break }
        body(turned ? begin + end - 1 - chunk : chunk)
      }
    }
  }

  /// A worker's life.
  private func live(_ lane: Int) {
    var seen: UInt64 = 0
    while true {
      let now = state.load(ordering: .acquiring)
      if Workers.number(now) == seen || Workers.lanes(now) < lane {
        seen = Workers.number(now)
        func comes() -> Bool {
          let now = state.load(ordering: .sequentiallyConsistent)
          return Workers.number(now) != seen && Workers.lanes(now) >= lane
        }
        waitAwake(until: comes)
        sleep(lane, until: comes)
      } else if state.weakCompareExchange(expected: now, desired: now + 1, ordering: .acquiringAndReleasing).exchanged {
        seen = Workers.number(now)
        wakeNext(lane)
        work(lane)
        state.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        wake(0)
      }
    }
  }

  // MARK: Waking and sleeping

  /// Whether this small job is one of a row in which each would have met a worker that the one before had woken: the steps of a network whose
  /// products take 50 µs each. The first two of a row wake nobody.
  private func comesOften() -> Bool {
    if lanes < 2 || made > Workers.cores || !beds[1].asleep.load(ordering: .relaxed) { return false }
    let now = Workers.nanoseconds
    missedInARow = now - lastMissed < Workers.lookout ? missedInARow + 1 : 0
    lastMissed = now
    return missedInARow >= 2
  }

  /// Each wakes two: 64 threads are up after six times a wake-up, not 63.
  private func wakeNext(_ lane: Int) {
    for next in 2 * lane + 1...2 * lane + 2 where next < lanes { wake(next) }
  }

  private func wake(_ lane: Int) {
    if !beds[lane].asleep.load(ordering: .sequentiallyConsistent) { return }
    pthread_mutex_lock(&beds[lane].mutex)
    pthread_cond_signal(&beds[lane].condition)
    pthread_mutex_unlock(&beds[lane].mutex)
  }

  private func sleep(_ lane: Int, until condition: () -> Bool) {
    if condition() { return }
    pthread_mutex_lock(&beds[lane].mutex)
    beds[lane].asleep.store(true, ordering: .sequentiallyConsistent)
    while !condition() { pthread_cond_wait(&beds[lane].condition, &beds[lane].mutex) }
    beds[lane].asleep.store(false, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(&beds[lane].mutex)
  }

  /// Looks for `condition` until it holds or the lookout is over. With more threads than cores nobody waits awake: the others need the core.
  private func waitAwake(until condition: () -> Bool) {
    if made > Workers.cores { return }
    let begin = Workers.nanoseconds
    repeat {
      for _ in 0..<32 {
        if condition() { return }
        nn_pause()
      }
    } while Workers.nanoseconds - begin < Workers.lookout
  }

  private static let cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  private static var nanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  // MARK: Threads

  /// Brings the lanes up to `wanted`, or as many as the system gives threads for.
  private func makeThreads(_ wanted: Int) {
    while made < wanted {
      (shares + made).initialize(to: Share())
      (beds + made).initialize(to: Bed())
      pthread_mutex_init(&beds[made].mutex, nil)
      pthread_cond_init(&beds[made].condition, nil)
      if made > 0 && !begin(made) { return }
      made += 1
    }
  }

  private func begin(_ lane: Int) -> Bool {
    // Signals (Ctrl-C, time limits) belong to the program's threads; those of a fault stay with the thread that made it.
    var blocked = sigset_t(), before = sigset_t(), thread = pthread_t()
    sigfillset(&blocked)
    for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&blocked, fault) }
    pthread_sigmask(SIG_SETMASK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let start = Unmanaged.passRetained(Start(workers: self, lane: lane))
    let failed = pthread_create(
      &thread, nil,
      { start in
        guard let start else { return nil }
        let task = Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
        task.workers.live(task.lane)
        return nil
      }, start.toOpaque())
    if failed != 0 {
      start.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  private final class Start {
    let workers: Workers
    let lane: Int

    init(workers: Workers, lane: Int) {
      self.workers = workers
      self.lane = lane
    }
  }
}
