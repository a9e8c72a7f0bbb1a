internal import CShims

#if canImport(Glibc)
  internal import Glibc
#endif

/// Bytes that Swift objects hold outside Lua: tensors above all. Lua sees 40 bytes where a tensor holds megabytes.
package enum ExternalMemory {
  /// Bytes in use now, and the most there ever were.
  package private(set) static var live: Int {
    @inline(__always) get { nn_external_bytes }
    @inline(__always) set { nn_external_bytes = newValue }
  }
  package nonisolated(unsafe) private(set) static var peak = 0
  /// Bytes that Lua's values and these may take together, nil where only the machine sets the limit.
  package nonisolated(unsafe) internal(set) static var limit: Int?
  /// Bytes of Lua's own values.
  nonisolated(unsafe) static var luaBytes: () -> Int = { 0 }
  /// Bytes that can still be had: of the limit, or of nine tenths of the machine's memory.
  package static var room: Int {
    if let limit { return limit - live - luaBytes() }
    return machine / 10 * 9 - live
  }
  package static let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
  /// Bytes made since the collector last ran, and how many bring it on.
  nonisolated(unsafe) static var unseen = 0
  nonisolated(unsafe) static var threshold = 8 << 20

  /// What a small tensor counts besides its bytes, so that 8 MB of counts are not 65,000 little objects spread over more memory than
  /// the caches hold: a loop of 1x1 additions took twice the time then.
  private static let overhead = 2048

  @inline(__always) package static func add(_ bytes: Int) {
    live &+= bytes
    unseen &+= bytes &+ overhead
    if live > peak { peak = live }
  }
  @inline(__always) package static func remove(_ bytes: Int) { live &-= bytes }
  /// Runs a full collection where a tensor would not fit otherwise.
  package nonisolated(unsafe) static var reclaim: (() -> Void)?
  /// Begins a new measurement of the peak.
  package static func resetPeak() { peak = live }
}

/// When Lua's collector runs on account of tensors.
///
/// A young collection each `max(8 MB, live / 8)` bytes made; a full one when live bytes pass one and a half times what the last full one left.
/// Measured on a loop of 1 MB temporaries with 100 MB live: the peak stays at 115 MB and the cost is not seen.
struct Collector {
  private var afterFull = 0
  private var running = false

  mutating func run(_ stack: LuaStack) {
    guard !running else { return }  // a finalizer may make tensors
    running = true
    ExternalMemory.unseen = 0
    nn_step(stack.L)
    if ExternalMemory.live > max(afterFull + afterFull / 2, 16 << 20) {
      nn_collect(stack.L)
      afterFull = ExternalMemory.live
    }
    ExternalMemory.threshold = max(8 << 20, ExternalMemory.live / 8)
    running = false
  }
}
