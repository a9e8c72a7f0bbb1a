internal import LuaBridge
internal import Runtime

#if canImport(Glibc)
  internal import Glibc
#endif

/// `--profile`: measures from before the first line of Lua to the end, however the script ends.
enum Profiling {
  nonisolated(unsafe) private static var profile: Profile?
  nonisolated(unsafe) private static var trace: ProfileTrace?

  /// - path: the trace's file.
  static func begin(path: String) throws {
    trace = try ProfileTrace(path: path)
    let profile = Profile(events: ProfileTrace.most)
    Self.profile = profile
    atexit { Profiling.end() }  // os.exit ends the process from inside the script
    _ = Profiler.start(profile)
  }

  /// Prints the tables and writes the trace, once.
  static func end() {
    guard let profile else { return }
    Self.profile = nil
    Profiler.stop(profile)
    complain("\n" + ProfileReport(profile).text, prefix: false)
    guard let trace else { return }
    do {
      try trace.write(profile)
      let left = profile.leftOut > 0 ? ", \(profile.leftOut) more left out" : ""
      complain("trace: \(trace.path) (\(profile.events.count) events\(left)); open it in ui.perfetto.dev or chrome://tracing", prefix: false)
    } catch {
      complain("\(error)")
    }
    Self.trace = nil
  }
}
