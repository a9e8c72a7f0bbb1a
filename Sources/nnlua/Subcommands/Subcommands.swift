internal import ArgumentParser

#if canImport(Glibc)
  internal import Glibc
#endif

/// What nnlua does besides running scripts.
struct Subcommands: ParsableCommand {
  static let names: Set<String> = ["run", "info", "data", "help", "notebook", "plugin"]
  static let configuration = CommandConfiguration(
    commandName: "nnlua", abstract: "Neural networks in Lua.",
    subcommands: [RunCommand.self, Info.self, DataCommand.self, HelpCommand.self, NotebookCommand.self, PluginCommand.self])

  /// What stands before the subcommand.
  nonisolated(unsafe) private(set) static var options: Options?

  /// Ends the process.
  static func run(_ name: String, _ arguments: [String], _ options: Options) -> Never {
    self.options = options
    do {
      // "help" is ours, not the parser's own.
      if name == "help" {
        try HelpCommand.parse(Array(arguments.dropFirst())).run()
      } else {
        var command = try parseAsRoot(arguments)
        try command.run()
      }
    } catch {
      if exitCode(for: error) == .success { exit(withError: error) }  // --help
      complain(error is ValidationError ? message(for: error) : fullMessage(for: error), prefix: error is ValidationError)
      Glibc.exit(1)
    }
    Glibc.exit(0)
  }
}
