import Foundation
import Testing

/// The same seed gives the same bits: at a second run, with any number of threads, with either collector, at every instruction level of this processor.
extension CheckTests {
  @Suite struct DeterminismTests {
    /// The levels that this processor runs; another name stands for the best.
    static func levels() throws -> [String] {
      let folder = try Folder()
      return try ["base", "avx2", "avx512"].filter { level in
        try Child.run(["-e", "print(require('nnlua').info().cpu)"], in: folder, environment: ["NNLUA_ISA": level]).output == level + "\n"
      }
    }

    @Test func sameBits() throws {
      let folder = try Folder(), levels = try Self.levels()
      #expect(levels.first == "base")
      func run(_ level: String, _ threads: Int, _ collector: String = "generational") throws -> String {
        let child = try Child.run(["--threads", "\(threads)", Child.script("train.lua")], in: folder, environment: ["NNLUA_GC": collector, "NNLUA_ISA": level])
        #expect(child.status == 0, "\(child.output)")
        return child.output
      }
      for level in levels {
        let first = try run(level, 1)
        #expect(first.split(separator: "\n").count > 40)
        for threads in [2, 3, 4] { #expect(try run(level, threads) == first, "\(threads) threads, \(level)") }
        guard level == levels.last else { continue }
        #expect(try run(level, 1) == first, "a second run")
        #expect(try run(level, 2, "incremental") == first, "the incremental collector")
      }
    }

    /// Chains that are run as one op agree with their layers one by one.
    @Test func fusedChains() throws {
      let folder = try Folder()
      for level in try Self.levels() {
        let child = try Child.run([Child.script("fused.lua")], in: folder, environment: ["NNLUA_ISA": level])
        #expect(child.output == "42\n" && child.status == 0, "\(level): \(child.output)")
      }
    }
  }
}
