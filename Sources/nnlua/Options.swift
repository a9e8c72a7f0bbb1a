#if canImport(Glibc)
  internal import Glibc
#endif

/// A mistake in the command line itself: followed by the usage.
struct UsageError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// The command line, read by Lua's own rules: options before the script belong to nnlua, everything after it to the script.
struct Options {
  enum Action {
    case execute(UnsafePointer<CChar>)
    case require(UnsafePointer<CChar>)
  }
  let argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  let count: Int
  /// `-e` and `-l` in their order.
  private(set) var actions: [Action] = []
  private(set) var executes = false
  private(set) var interactive = false
  private(set) var version = false
  private(set) var help = false
  private(set) var ignoresEnvironment = false
  private(set) var threads: String?
  private(set) var seed: String?
  private(set) var memoryLimit: String?
  private(set) var timeLimit: String?
  private(set) var sandbox = false
  /// Files of plugins, and folders to look for them in.
  private(set) var plugins: [String] = []
  /// Where the profile's trace goes; nil where nothing is measured.
  private(set) var profile: String?
  /// The script's place in argv, nil where there is none; "-" is standard input.
  private(set) var script: Int?
  /// Set where the script's name is that of a subcommand and `--` does not stand before it.
  private(set) var subcommand: String?

  init(_ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, count: Int) throws {
    self.argv = argv
    self.count = count
    var i = 1
    func value(of option: String) throws -> UnsafePointer<CChar> {
      i += 1
      guard i < count, let text = argv[i] else { throw UsageError("'\(option)' needs an argument") }
      return UnsafePointer(text)
    }
    while i < count, let argument = argv[i] {
      let text = String(cString: argument)
      if text == "-" || !text.hasPrefix("-") {
        script = i
        if Subcommands.names.contains(text), !executes { subcommand = text }
        return
      }
      if text == "--" {
        if i + 1 < count { script = i + 1 }
        return
      }
      if text.hasPrefix("--") {
        let name = String(text.prefix { $0 != "=" })
        let given = text.count > name.count ? String(text.dropFirst(name.count + 1)) : nil
        func long() throws -> String { try given ?? String(cString: value(of: name)) }
        switch name {
        case "--threads": threads = try long()
        case "--seed": seed = try long()
        case "--memory-limit": memoryLimit = try long()
        case "--time-limit": timeLimit = try long()
        case "--sandbox" where given == nil: sandbox = true
        case "--plugin": plugins.append(try long())
        case "--profile": profile = given ?? profile ?? "nnlua-trace.json"
        case "--trace": profile = try long()
        case "--help" where given == nil: help = true
        case "--version" where given == nil:
          version = true
        default: throw UsageError("unrecognized option '\(text)'")
        }
      } else {
        let attached = argument[2] != 0 ? UnsafePointer(argument + 2) : nil
        switch (text.dropFirst().first!, attached) {
        case ("e", _):
          actions.append(.execute(try attached ?? value(of: "-e")))
          executes = true
        case ("l", _): actions.append(.require(try attached ?? value(of: "-l")))
        case ("i", nil): interactive = true
        case ("v", nil): version = true
        case ("h", nil): help = true
        case ("E", nil): ignoresEnvironment = true
        case ("W", nil): break  // warnings are always shown
        default: throw UsageError("unrecognized option '\(text)'")
        }
      }
      i += 1
    }
  }
}
