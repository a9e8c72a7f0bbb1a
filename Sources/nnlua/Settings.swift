internal import LuaBridge
internal import Runtime

#if canImport(Glibc)
  internal import Glibc
#endif

/// What options and environment change before Lua starts.
enum Settings {
  static func apply(_ options: Options) throws {
    if let text = options.threads {
      try setThreads(text, "--threads")
    } else if let text = getenv("NNLUA_THREADS"), text.pointee != 0 {
      try setThreads(String(cString: text), "NNLUA_THREADS")
    }
    if let seed = options.seed, Int(seed) == nil { throw LuaError("--seed: expected an integer, got '\(seed)'") }
    if options.ignoresEnvironment {
      for name in ["LUA_INIT", "LUA_PATH", "LUA_CPATH"] {
        unsetenv(name)
        unsetenv(name + "_5_4")
      }
    }
  }

  private static func setThreads(_ text: String, _ source: String) throws {
    guard let count = Int(text), 1...1024 ~= count else { throw LuaError("\(source): expected a number from 1 to 1024, got '\(text)'") }
    try RuntimeLibrary.setThreads(count)
  }
}
