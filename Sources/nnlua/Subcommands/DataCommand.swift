internal import ArgumentParser

/// `nnlua data`: the data sets.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "data", abstract: "Data sets.", subcommands: [])
}
