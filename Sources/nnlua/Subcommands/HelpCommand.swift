internal import ArgumentParser
internal import LuaBridge
internal import Runtime

/// `nnlua help [NAME]`: what there is, or what the functions of that name do; the same as pages or as an editor's definitions.
struct HelpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "help", abstract: "What there is, or what a function does.")
  @Argument(help: "the name of a module, class, function or method, such as nn, conv2d or Tensor:backward") var name: String?
  @Option(help: ArgumentHelp("write the reference as Markdown pages into a folder", valueName: "dir")) var markdown: String?
  @Option(help: ArgumentHelp("write definitions for editors with lua-language-server into a folder", valueName: "dir")) var editor: String?
  @Option(help: ArgumentHelp("also what a plugin has: its .so or its folder", valueName: "path")) var plugin: [String] = []

  func validate() throws {
    if name != nil, markdown != nil || editor != nil { throw ValidationError("give a NAME, or a folder to write into") }
    if markdown == "" || editor == "" { throw ValidationError("the folder's name is empty") }
  }

  func run() throws {
    var state: LuaState?
    defer { withExtendedLifetime(state) {} }
    do {
      if !plugin.isEmpty { state = try PluginFolders.session(plugin) }
      if let markdown { print("\(try ReferenceFiles.writeMarkdown(to: markdown)) pages in \(markdown); begin with \(markdown)/index.md") }
      if let editor { print(try ReferenceFiles.writeEditor(to: editor).joined(separator: "\n")) }
    } catch let error as LuaError {
      throw ValidationError(error.message)
    }
    guard markdown == nil, editor == nil else { return }
    let reference = ReferenceText()
    guard let name else { return print(reference.overview) }
    guard let text = reference.help(name) else { throw ValidationError("nothing is called '\(name)'\(Reference.hint(for: name))") }
    print(text)
  }
}
