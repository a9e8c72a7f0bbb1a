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
    switch wanted {
    case "base": return "base"
    case "avx2" where best >= 1: return "avx2"
    case "avx512" where best >= 2: return "avx512"
    default: return ["base", "avx2", "avx512"][Int(best)]
    }
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
