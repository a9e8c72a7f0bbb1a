internal import CShims
public import KernelTable
internal import KernelsAVX2
internal import KernelsAVX512
internal import KernelsBase

#if canImport(Glibc)
  internal import Glibc
#endif

/// The instruction level in use, chosen once: the processor's best, or what `NNLUA_ISA` names.
public enum Kernels {
  /// The instruction level in use: "base", "avx2" or "avx512".
  public static let level: String = {
    let best = nn_cpu_level()
    let wanted = getenv("NNLUA_ISA").map { String(cString: $0) }
    let levels = ["base", "avx2", "avx512"].prefix(Int(best) + 1)
    guard let wanted, !levels.contains(wanted) else { return wanted ?? levels[Int(best)] }
    let warning = "NNLUA_ISA=\(wanted): this processor has \(levels.joined(separator: ", ")); using \(levels[Int(best)])\n"
    _ = write(STDERR_FILENO, warning, warning.utf8.count)
    return levels[Int(best)]
  }()

  /// The entry points of that level.
  public static let table: KernelTable = table(level)

  /// The table of a level by name, for tests that compare levels.
  public static func table(_ level: String) -> KernelTable {
    switch level {
    case "avx512": return avx512
    case "avx2": return avx2
    default: return base
    }
  }

  private static let base = KernelTable(KernelsBase.Level.entries)
  private static let avx2 = KernelTable(KernelsAVX2.Level.entries)
  private static let avx512 = KernelTable(KernelsAVX512.Level.entries)
}
