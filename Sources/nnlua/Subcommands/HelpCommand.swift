internal import ArgumentParser
internal import LuaBridge
internal import Runtime

/// `nnlua help [NAME]`: the options, or what the functions of that name do.
struct HelpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "help", abstract: "The options, or what a function does.")
  @Argument(help: "a function's name, such as matmul or nn.Linear") var name: String?

  func run() throws {
    guard let name else { return print(Usage.long) }
    let found = Reference.describe(name)
    guard !found.isEmpty else { throw ValidationError("no function is called '\(name)'\(Reference.hint(for: name))") }
    print(found.joined(separator: "\n\n"))
  }
}
