internal import KernelTable
internal import Kernels
package import LuaBridge
internal import Tensors

/// A measurement as tables: ops, layers, the whole.
public struct ProfileReport {
  let profile: Profile
  /// GFLOP/s of all threads together; nil where there was nothing to compare with it.
  let peak: Double?

  package init(_ profile: Profile) {
    self.profile = profile
    peak = profile.total.flops > 0 ? Self.corePeak * Double(min(Parallel.threads, RuntimeLibrary.cores)) : nil
  }
  /// Measured once, in 0.2 s.
  private static let corePeak = Limits.multiplyAddPeak(.float32)

  // MARK: text

  public var text: String {
    let inOps = profile.time - profile.outside.time
    var lines = ["profile of \(seconds(profile.time)): \(seconds(inOps)) in ops (\(share(inOps))), \(seconds(profile.outside.time)) outside of them (Lua itself)", ""]
    // The longest are named even where Lua or waiting took nearly all of the time.
    let ops = profile.ops, long = ops.prefix { Double($0.sums.time) >= 0.0005 * Double(profile.time) }, shown = ops.prefix(max(long.count, 15))
    var rows = shown.map { row($0.name, $0.sums) }
    let rest = ops.dropFirst(shown.count)
    if !rest.isEmpty {
      let time = rest.reduce((forward: 0, backward: 0, calls: 0, bytes: 0)) {
        ($0.forward + $1.sums.forward, $0.backward + $1.sums.backward, $0.calls + $1.sums.calls, $0.bytes + $1.sums.bytes)
      }
      rows.append([
        "\(rest.count) others", Self.grouped(time.calls), milliseconds(time.forward), milliseconds(time.backward), share(time.forward + time.backward), "", "",
        time.bytes == 0 ? "" : Self.bytes(time.bytes),
      ])
    }
    lines += Self.table(["op", "calls", "forward ms", "backward ms", "share", "GFLOP/s", "of peak", "allocated"], rows)
    let layers = profile.layers
    if !layers.isEmpty {
      lines +=
        [""]
        + Self.table(
          ["layer (without those inside)", "calls", "forward ms", "backward ms", "share", "GFLOP/s", "of peak", "allocated"], layers.map { row($0.name, $0.sums) })
    }
    lines.append("")
    if let peak {
      let threads = min(Parallel.threads, RuntimeLibrary.cores)
      lines.append(
        "peak: \(Self.fixed(peak, 0)) GFLOP/s, measured: \(threads) thread\(threads == 1 ? "" : "s") on \(Kernels.level), float32; work in float64 counts twice for it")
    }
    let total = profile.total
    var memory = "tensors: \(Self.grouped(total.blocks)) blocks of memory taken (\(Self.bytes(total.bytes))), \(Self.grouped(total.newBlocks)) of them from the system"
    memory += " (\(Self.bytes(profile.newBytes))"
    memory += total.newBlocks == 0 ? ")" : ", the last \(seconds(profile.lastNewBlock)) after the start)"
    lines.append(memory + "; peak \(Self.bytes(ExternalMemory.peak))")
    return lines.joined(separator: "\n")
  }

  private func row(_ name: String, _ sums: Profile.Sums) -> [String] {
    [
      name, Self.grouped(sums.calls), milliseconds(sums.forward), milliseconds(sums.backward), share(sums.time), rate(sums).map { Self.fixed($0, 1) } ?? "",
      ofPeak(sums).map { Self.fixed(100 * $0, 1) + " %" } ?? "", sums.bytes == 0 ? "" : Self.bytes(sums.bytes),
    ]
  }

  private func rate(_ sums: Profile.Sums) -> Double? { sums.flops > 0 && sums.time > 0 ? sums.flops / Double(sums.time) : nil }
  private func ofPeak(_ sums: Profile.Sums) -> Double? { peak.flatMap { peak in sums.flops > 0 && sums.time > 0 ? sums.effort / Double(sums.time) / peak : nil } }
  private func share(_ time: Int) -> String { Self.fixed(100 * Double(time) / Double(max(profile.time, 1)), 1) + " %" }
  private func seconds(_ time: Int) -> String { Self.fixed(Double(time) * 1e-9, 3) + " s" }
  private func milliseconds(_ time: Int) -> String { time == 0 ? "" : Self.fixed(Double(time) * 1e-6, 2) }

  private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    func line(_ row: [String]) -> String {
      zip(row, widths).enumerated().map { column, cell in
        let gap = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + gap : gap + cell.0
      }.joined(separator: "  ")
    }
    return [line(head), String(repeating: "-", count: widths.reduce(0, +) + 2 * (head.count - 1))] + rows.map(line)
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1) { product, _ in product * 10 }
    let whole = Int((min(value, 1e15) * Double(scale)).rounded())
    guard digits > 0 else { return "\(whole)" }
    let behind = String(whole % scale)
    return "\(whole / scale)." + String(repeating: "0", count: digits - behind.count) + behind
  }

  /// 1234567 as "1,234,567".
  private static func grouped(_ number: Int) -> String {
    var text = "", digits = Substring(String(number))
    while digits.count > 3 {
      text = "," + digits.suffix(3) + text
      digits = digits.dropLast(3)
    }
    return digits + text
  }

  private static func bytes(_ count: Int) -> String {
    for (size, unit) in [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")] where count >= size { return fixed(Double(count) / Double(size), 1) + " " + unit }
    return "\(count) B"
  }

  // MARK: for scripts

  /// Pushes {seconds, outside, ops, layers}; `tostring` gives the text.
  func push(_ stack: LuaStack) throws {
    guard stack.reserve(16) else { throw LuaError("stack overflow") }
    stack.newTable(fields: 5)
    func field(_ name: String, _ value: Double) {
      stack.push(value)
      stack.rawSet(-2, name)
    }
    func list(_ name: String, _ entries: [(String, Profile.Sums)]) {
      stack.newTable(list: entries.count)
      for (i, (title, sums)) in entries.enumerated() {
        stack.newTable(fields: 8)
        stack.push(title)
        stack.rawSet(-2, "name")
        for (key, number) in [("calls", sums.calls), ("bytes", sums.bytes), ("allocations", sums.newBlocks)] {
          stack.push(number)
          stack.rawSet(-2, key)
        }
        field("forward", Double(sums.forward) * 1e-9)
        field("backward", Double(sums.backward) * 1e-9)
        if let rate = rate(sums) { field("gflops", rate) }
        if let share = ofPeak(sums) { field("of_peak", share) }
        stack.rawSet(-2, i + 1)
      }
      stack.rawSet(-2, name)
    }
    field("seconds", Double(profile.time) * 1e-9)
    field("outside", Double(profile.outside.time) * 1e-9)
    stack.push(profile.total.newBlocks)
    stack.rawSet(-2, "allocations")
    list("ops", profile.ops.map { ($0.name, $0.sums) })
    list("layers", profile.layers.map { ($0.name, $0.sums) })
    stack.newTable(fields: 1)
    let text = text
    stack.state.push(
      FunctionBox("tostring") { stack in
        stack.push(text)
        return 1
      })
    stack.rawSet(-2, "__tostring")
    stack.setMetatable(-2)
  }

  static let row = Row(
    results: "profile",
    """
    Calls f and measures where its time goes: by op and by layer, forward and backward, with the work of matrix products and convolutions per second and its \
    share of what the machine can do, and the memory that tensors took. The report is shown by `print`; its fields are `seconds`, `outside` (seconds outside of all \
    ops: Lua itself), `allocations` (blocks that the system had to give), `ops` and `layers`: lists of tables with name, calls, forward and backward (seconds), bytes, \
    allocations, gflops and of_peak (where such work was done). `nnlua --profile SCRIPT` does the same for a whole script.
    Errors: an f that raises one, which is passed on; a trace that cannot be written.
    """, Param("f", LuaFunction.self, "called without arguments"),
    Param.option("trace", default: String?.none, "a file for the single events, which Perfetto and Chrome show"), place: .function,
    example: "return nnlua.profile(function() return T.rand(64, 64):matmul(T.rand(64, 64)) end).ops[1].name", returns: "table"
  ) { stack, f, path in
    let trace = try path.map { try ProfileTrace(path: $0) }
    let profile = Profile(events: trace == nil ? 0 : ProfileTrace.most)
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    let before = Profiler.start(profile)
    defer { Profiler.stop(profile, resume: before) }
    stack.copy(f.index)
    try stack.call(arguments: 0, results: 0)
    Profiler.stop(profile, resume: before)
    try trace?.write(profile)
    try ProfileReport(profile).push(stack)
    return 1
  }
}
