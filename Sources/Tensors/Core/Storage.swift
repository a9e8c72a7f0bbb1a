internal import Kernels
internal import LuaBridge

#if canImport(Glibc)
  internal import Glibc
#endif

/// A block of memory that tensors look into: 64-byte aligned, from a cache of freed blocks.
public final class Storage {
  /// The first byte, aligned for all vector instructions.
  public let pointer: UnsafeMutableRawPointer
  /// Bytes reserved (the size class, at least what was asked for).
  public let capacity: Int
  /// Raised by every change in place, so that a saved tensor that changed is noticed.
  public private(set) var version = 0
  /// What changed it last, for the error.
  public private(set) var writer = ""

  /// - Errors: more than the machine has.
  public init(bytes: Int) throws {
    (pointer, capacity) = try BufferCache.take(bytes)
    ExternalMemory.add(capacity)
    Profiler.took(capacity)
    Self.alive &+= 1
  }
  /// Blocks alive, for tests of leaks.
  public nonisolated(unsafe) private(set) static var alive = 0
  deinit {
    Self.alive &-= 1
    ExternalMemory.remove(capacity)
    BufferCache.give(pointer, capacity)
  }
  /// Changes in place that the tape recorded: views made before them have lost their place on it.
  private(set) var recordedChanges = 0

  /// Says that elements were changed in place, so that backward can tell what it saved from what is there now.
  @inline(__always) public func changed(by op: String, recorded: Bool = false) {
    version &+= 1
    writer = op
    if recorded { recordedChanges &+= 1 }
  }
}

/// Freed blocks kept for the next tensor of their size class (quarter powers of two).
///
/// malloc's trimming and the page faults that follow cost a training loop 2.5 times its time. A block serves its size class alone, so a training step
/// needs the sum of what its classes need at their times, up to twice what is in use at one time: so much is kept, and 64 MB where less is in use.
/// Only Lua's thread makes and frees tensors.
package enum BufferCache {
  nonisolated(unsafe) private static var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: 256)
  /// The most bytes in use; it sinks by a thousandth of itself with every large block freed, so that a program that needs less keeps less.
  nonisolated(unsafe) private static var highest = 0
  /// Bytes kept, and blocks that had to come from the system.
  package nonisolated(unsafe) private(set) static var cached = 0
  package nonisolated(unsafe) private(set) static var allocations = 0

  /// 128, 160, 192, 224, 256, 320, … : four classes a power of two.
  private static func sizeClass(_ bytes: Int) -> (index: Int, size: Int) {
    let needed = max(bytes, 128)
    let power = Int.bitWidth - 1 - (needed - 1 | 1).leadingZeroBitCount  // 2^power < needed <= 2^(power+1)
    let shift = power &- 2
    let quarter = 1 &<< shift
    let size = (needed &+ quarter &- 1) & ~(quarter &- 1)
    return (power &* 4 &+ ((size &- 1) &>> shift) & 3, size)
  }

  static func take(_ bytes: Int) throws -> (UnsafeMutableRawPointer, Int) {
    guard bytes < 1 << 60 else { throw OutOfMemory("a tensor of \(bytes) bytes was asked for") }
    let (index, size) = sizeClass(bytes)
    if let block = free[index].popLast() {
      cached -= size
      return (block, size)
    }
    try makeRoom(size) { "a tensor of \(megabytes(bytes)) was asked for" }
    var block = Memory.allocate(size)
    if block == nil {
      drop(to: 0)
      block = Memory.allocate(size)
    }
    guard let block else { throw OutOfMemory("the system refused \(megabytes(bytes))") }
    allocations += 1
    Profiler.tookNew(size)
    return (block, size)
  }

  /// Makes sure that the system will give a kernel so much working memory, which cannot refuse as a tensor can.
  /// - Errors: it would not.
  package static func check(workingMemory bytes: Int) throws {
    guard bytes > 32 << 20 else { return }  // less is found among what threads and tensors leave
    try makeRoom(bytes) { "\(megabytes(bytes)) of working memory are needed" }
    var block: UnsafeMutableRawPointer?
    guard posix_memalign(&block, 64, bytes) == 0 else { throw OutOfMemory("the system refused \(megabytes(bytes))") }
    Glibc.free(block)
  }

  /// Lets go what nobody needs where `bytes` more would not fit otherwise; kept blocks count too where there is a limit.
  private static func makeRoom(_ bytes: Int, _ purpose: () -> String) throws {
    if bytes <= ExternalMemory.room - (ExternalMemory.limit == nil ? 0 : cached) { return }
    drop(to: 0)
    if bytes <= ExternalMemory.room { return }
    ExternalMemory.reclaim?()
    drop(to: 0)
    guard bytes <= ExternalMemory.room else {
      let most = ExternalMemory.limit.map { "the limit is \(megabytes($0))" } ?? "the machine has \(megabytes(ExternalMemory.machine))"
      throw OutOfMemory("\(purpose()), \(megabytes(ExternalMemory.live)) are in use, \(most)")
    }
  }

  static func give(_ block: UnsafeMutableRawPointer, _ size: Int) {
    free[sizeClass(size).index].append(block)
    cached += size
    let live = ExternalMemory.live
    if size >= 1 << 16 { highest -= highest >> 10 }
    highest = max(highest, live &+ size)
    let most = max(64 << 20, 2 &* highest &- live)
    if cached > most { drop(to: most / 2) }
  }

  /// Gives blocks back to the system, the largest first, until at most `bytes` are kept.
  package static func drop(to bytes: Int) {
    for index in free.indices.reversed() {
      while cached > bytes, let block = free[index].popLast() {
        cached -= size(of: index)
        Glibc.free(block)
      }
    }
  }

  private static func size(of index: Int) -> Int {
    let power = index / 4
    let quarter = 1 << (power - 2)
    return (1 << power) + (index % 4 + 1) * quarter
  }

  private static func megabytes(_ bytes: Int) -> String {
    bytes >= 1 << 40 ? "\(bytes >> 40) TB" : bytes >= 1 << 30 ? "\(bytes >> 30) GB" : "\(max(bytes >> 20, 1)) MB"
  }
}
