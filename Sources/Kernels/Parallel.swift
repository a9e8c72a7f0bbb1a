internal import CShims
internal import Dispatch
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
  /// - alone: the work is too little to wake a thread for (about 15 µs): the same chunks, one after the other.
  public static func run(_ chunks: Int, alone: Bool = false, _ body: (Int) -> Void) {
    let lanes = alone ? 1 : min(threads, chunks)
    if lanes <= 1 {
      for chunk in 0..<max(chunks, 0) where !interrupted { body(chunk) }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { escaping in
      nonisolated(unsafe) let body = escaping
      DispatchQueue.concurrentPerform(iterations: lanes) { _ in
        while !interrupted {
          let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if chunk >= chunks { break }
          body(chunk)
        }
      }
    }
  }
}
