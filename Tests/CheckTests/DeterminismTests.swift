import Testing

/// The same seed gives the same bits: at a second run, with any number of threads, with either collector.
extension CheckTests {
  @Suite struct DeterminismTests {
    @Test func sameBits() throws {
      let folder = try Folder()
      func run(_ threads: Int, _ collector: String = "generational") throws -> String {
        let child = try Child.run(["--threads", "\(threads)", Child.script("train.lua")], in: folder, environment: ["NNLUA_GC": collector])
        #expect(child.status == 0, "\(child.output)")
        return child.output
      }
      let first = try run(1)
      #expect(first.split(separator: "\n").count > 10)
      #expect(try run(1) == first, "a second run")
      for threads in [2, 3, 4] { #expect(try run(threads) == first, "\(threads) threads") }
      #expect(try run(2, "incremental") == first, "the incremental collector")
    }
  }
}
