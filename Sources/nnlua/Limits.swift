internal import Datasets
internal import LuaBridge

/// How much a script may take, and what it may touch: `--memory-limit`, `--time-limit`, `--sandbox`.
struct Limits {
  /// Bytes.
  private(set) var memory: Int?
  private var time: (seconds: Double, shown: String)?

  /// Less is taken before the script begins.
  private static let leastMemory = 8 << 20

  init(_ options: Options) throws {
    if let text = options.memoryLimit {
      guard let bytes = Self.number(text, units: ["": 1, "K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40], longNames: ["B", "IB"]), bytes < 1e18 else {
        throw LuaError("--memory-limit: expected a size such as 500M or 2G, got '\(text)'")
      }
      guard bytes >= Double(Self.leastMemory) else { throw LuaError("--memory-limit: at least 8M are needed, got '\(text)'") }
      memory = Int(bytes)
    }
    if let text = options.timeLimit {
      guard let seconds = Self.number(text, units: ["": 1, "MS": 1e-3, "S": 1, "M": 60, "H": 3600], longNames: []), seconds > 0, seconds < 1e9 else {
        throw LuaError("--time-limit: expected a time such as 60s, 5m or 500ms, got '\(text)'")
      }
      time = (seconds, text)
    }
    if options.sandbox, !options.plugins.isEmpty { throw LuaError("--plugin: native code cannot be loaded in the sandbox (--sandbox)") }
  }

  func begin(_ state: LuaState) throws {
    if let time { try state.limitTime(seconds: time.seconds, shown: time.shown) }
  }

  /// - script: its folder can be read; without one, the current folder.
  static func enterSandbox(_ state: LuaState, script: String?) throws {
    let folder = script.flatMap { path in path.lastIndex(of: "/").map { String(path[...$0]) } } ?? "."
    try state.enterSandbox(readable: [folder] + DataFolders.roots().map(\.path))
  }

  /// "1.5G" in the units given, by their names in upper case.
  private static func number(_ text: String, units: [String: Double], longNames: [String]) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let value = Double(digits) else { return nil }
    var unit = text.dropFirst(digits.count).uppercased()
    for name in longNames where unit.hasSuffix(name) && unit.count > name.count { unit.removeLast(name.count) }
    return units[unit].map { value * $0 }
  }
}
