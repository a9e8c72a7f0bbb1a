internal import CShims
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// The one place where work is spread over cores.
///
/// Chunks are fixed by the work alone, never by the number of threads, so that results are the same bits on any machine.
public enum Parallel {
  /// How many threads may work at once; 1 means the caller's alone.
  public nonisolated(unsafe) static var threads: Int = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  /// True once Ctrl-C or a limit asks for the end: chunks not yet begun are left out, and the caller's result counts for nothing.
  public static var interrupted: Bool { nn_interrupt_flag != 0 }

  /// Runs `body(chunk)` for every chunk in `0 ..< chunks`, in any order, on at most `threads` threads.
  ///
  /// Called from inside a body, or while another thread has the workers, the chunks run one after the other.
  /// - alone: the work is too little for a second thread (some microseconds): the same chunks, one after the other.
  /// - waking: false where the work is not worth waking a thread that sleeps; those that are awake still help.
  /// - turning: for sweeps over memory. Each goes the other way than the one before it, so that it begins with what that left in the caches:
  ///   of a tensor of 4 MB a quarter, on two cores a half, lies in their second-level caches of 1 MB.
  public static func run(_ chunks: Int, alone: Bool = false, waking: Bool = true, turning: Bool = false, _ body: (Int) -> Void) {
    let lanes = alone ? 1 : min(threads, chunks, Workers.most)
    let turned = turning && Parallel.turned.logicalXor(true, ordering: .relaxed).oldValue
    if lanes > 1 && withoutActuallyEscaping(body, do: { Workers.current.run(chunks, lanes: lanes, waking: waking, turned: turned, $0) }) { return }
    for chunk in 0..<max(chunks, 0) where !interrupted { body(turned ? chunks - 1 - chunk : chunk) }
  }

  /// Whether the next sweep goes from the end to the beginning.
  private static let turned = Atomic<Bool>(false)
}
