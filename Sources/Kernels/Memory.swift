#if canImport(Glibc)
  internal import Glibc
#endif

/// Memory from the system, for tensors and kernels.
public enum Memory {
  /// Blocks from this size on ask for pages of 2 MB: one translation and one page fault in place of 512.
  private static let large = 2 << 20

  /// `bytes` of uninitialised memory, aligned to 64 bytes at least, to be freed by `free`; nil where the system refuses.
  public static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    var block: UnsafeMutableRawPointer?
    guard posix_memalign(&block, bytes < large ? 64 : large, max(bytes, 64)) == 0, let block else { return nil }
    #if os(Linux)
      // What does not fill a page of 2 MB keeps small ones: nothing is taken beyond the block.
      if bytes >= large { madvise(block, bytes & ~(large - 1), MADV_HUGEPAGE) }
    #endif
    return block
  }
}
