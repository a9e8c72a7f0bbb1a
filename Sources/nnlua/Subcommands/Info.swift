internal import ArgumentParser
internal import Kernels
internal import LuaBridge
internal import Runtime

/// `nnlua info`: what one wants to know of a machine before asking why it is slow.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Version, instruction level, threads, memory.")

  func run() {
    let gigabytes = (Double(RuntimeLibrary.machineMemory) / Double(1 << 30) * 10).rounded() / 10
    print(
      """
      nnlua    \(RuntimeLibrary.version)
      Lua      \(LuaState.luaVersion)
      CPU      \(Kernels.level) (NNLUA_ISA chooses base, avx2 or avx512)
      threads  \(Parallel.threads) of \(RuntimeLibrary.cores) cores (--threads, NNLUA_THREADS)
      memory   \(gigabytes) GB
      """)
  }
}
