internal import Kernels
package import LuaBridge
internal import NNLua
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// `nnlua`: the other modules, and what a script may ask of the machine it runs on.
package enum RuntimeLibrary {
  package static let version = NNLua.version

  package static let all: [Row] = [
    Row(value: "version", "The version of nnlua.", type: "string", example: "return nnlua.version"),
    Reference.row, ProfileReport.row,
    DisplayHandle.row,
    Row(
      script: "progress",
      """
      A progress bar: for a number of steps, to be counted by `bar:step{loss = …}`, or around an iterator, a list or a loader, which it passes on to `for`. \
      It is drawn in place, on a terminal's standard error or in the notebook; a file gets a line now and then.
      Errors: a first argument that cannot be counted or walked through; an unknown option.
      """, Param("steps", LuaRest.self, "a number, an iterator as `for` takes it, a list or a loader; options may follow"),
      Param.option("title", default: "", "stands in front"),
      Param.option("unit", default: "steps", "what is counted"), Param.option("total", default: Int?.none, "how many there will be, where an iterator does not tell"),
      example: """
        local sum = 0
        for i, v in nnlua.progress({4, 5, 6}, {title = "adding"}) do sum = sum + v end
        return sum
        """, returns: "Progress"),
    Row("clock", "Seconds on a clock that only goes forward: differences are wall time.", place: .function, example: "return require('nnlua').clock()") { seconds() },
    Row(
      "threads", "How many threads may work at once; given a number, sets it. Results are the same bits for any number.",
      Param("n", default: Int?.none, "from 1"), place: .function, example: "return require('nnlua').threads()"
    ) { count in
      if let count { try setThreads(count) }
      return Parallel.threads
    },
    Row(
      results: "memory", "Bytes: live and peak in tensors, cached for the next ones, allocations asked of the system, lua for Lua's own values.",
      place: .function, example: "return require('nnlua').memory().live", returns: "table"
    ) { stack in
      stack.newTable(fields: 5)
      for (name, bytes) in [
        ("live", ExternalMemory.live), ("peak", ExternalMemory.peak), ("cached", BufferCache.cached), ("allocations", BufferCache.allocations),
        ("lua", stack.state.luaBytes),
      ] {
        stack.push(bytes)
        stack.rawSet(-2, name)
      }
      return 1
    },
    Row(
      results: "info", "What runs here: version, lua, cpu (the instruction level in use), cores, threads, memory (bytes of the machine).",
      place: .function, example: "return require('nnlua').info().cpu", returns: "table"
    ) { stack in
      stack.newTable(fields: 6)
      for (name, text) in [("version", version), ("lua", LuaState.luaVersion), ("cpu", Kernels.level)] {
        stack.push(text)
        stack.rawSet(-2, name)
      }
      for (name, number) in [("cores", cores), ("threads", Parallel.threads), ("memory", machineMemory)] {
        stack.push(number)
        stack.rawSet(-2, name)
      }
      return 1
    },
    Row(
      procedure: "detect_anomaly", "Whether backward stops with an error at the first op whose gradient is not a number.",
      Param("on", Bool.self, "true to stop, false to go on"), place: .function,
      example: "require('nnlua').detect_anomaly(false)"
    ) { Tape.detectsAnomaly = $0 },
    Row(
      results: "terminal", "Columns and rows of the terminal that a stream is connected to; nil where it is a file or a pipe.",
      Param("stream", default: "stdout", "\"stdout\" or \"stderr\""), place: .function, example: "return require('nnlua').terminal()", returns: "integer, integer"
    ) { stack, name in
      guard let descriptor: Int32 = ["stdout": 1, "stderr": 2][name] else { throw LuaError("terminal: the stream is \"stdout\" or \"stderr\", not \"\(name)\"") }
      guard let size = Terminal.size(descriptor) else {
        stack.pushNil()
        return 1
      }
      stack.push(size.columns)
      stack.push(size.rows)
      return 2
    },
  ]

  package static let library = Library(
    "nnlua", "Neural networks in Lua: the modules .tensor .nn .optim .train .metrics .data .plot .notebook, and the runtime.", rows: all,
    types: [progressClass, DisplayHandle.type], lua: ShippedFile.text("runtime.lua"))

  private static let progressClass = LuaClass(
    script: "Progress", "A progress bar: what `nnlua.progress(…)` returns. `local bar <close> = …` ends its line when the block is left.", receiver: "bar",
    rows: [
      Row(
        script: "step", "Counts steps, and shows the values given: `bar:step{loss = 0.3}`.", Param("n", default: 1, "how many"),
        Param("values", default: LuaTable?.none, "shown behind the count, by name: numbers, strings or tensors of one element"), place: .method,
        example: "return nnlua.progress(3):step(3).count", returns: "Progress"),
      Row(
        script: "set", "Sets values that are shown behind the count, without a step.",
        Param("values", LuaTable.self, "by name: numbers, strings or tensors of one element"),
        place: .method, example: "return nnlua.progress(3):set{loss = 0.5}:close().values.loss", returns: "Progress"),
      Row(
        script: "close", "Draws the last state and ends the line; the last step does that too.", place: .method, example: "return nnlua.progress(3):close().closed",
        returns: "Progress"),
    ])

  static let progress = Library("nnlua.progress", "The progress bar behind nnlua.progress.", rows: [], lua: ShippedFile.text("progress.lua"))
  static let display = Library("nnlua.display", "The text forms behind nnlua.display.", rows: [], lua: ShippedFile.text("display.lua"))

  package static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }
  package static var machineMemory: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

  /// - Errors: a count below 1 or beyond any machine.
  package static func setThreads(_ count: Int) throws {
    guard 1...1024 ~= count else { throw LuaError("threads: expected a number from 1 to 1024, got \(count)") }
    Parallel.threads = count
  }

  private static func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
  }
}
