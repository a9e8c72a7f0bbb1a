internal import ArgumentParser
internal import LuaBridge
internal import Notebook

#if canImport(Glibc)
  internal import Glibc
#endif

/// `nnlua notebook`: scripts as notebooks.
struct NotebookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "notebook", abstract: "Scripts as notebooks.", subcommands: [Convert.self])

  struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Turns a script into a notebook or a notebook into a script.",
      discussion: "Cells are marked as in Jupytext's percent format, `-- %% Title`. Outputs of a notebook are left behind.")
    @Argument(help: "FILE.lua or FILE.ipynb; - for standard input, which is a script where its first character is no brace") var input: String
    @Argument(help: "FILE.ipynb or FILE.lua; - for standard output") var output: String

    func run() throws {
      do {
        guard let bytes = try FileBytes.read(input) else { throw LuaError("\(input): \(String(cString: strerror(errno)))") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw LuaError("\(input): the text is not UTF-8") }
        let isNotebook = input == "-" ? text.first { !$0.isWhitespace } == "{" : input.hasSuffix(".ipynb")
        let document = try isNotebook ? CellDocument(notebook: text) : CellDocument(lua: text)
        for warning in document.warnings { complain("\(input): \(warning)") }
        let wantsNotebook = output == "-" ? !isNotebook : output.hasSuffix(".ipynb")
        guard try FileBytes.write(wantsNotebook ? document.notebook() : document.lua, to: output) else {
          throw LuaError("\(output): \(String(cString: strerror(errno)))")
        }
      } catch let error as LuaError {
        throw ValidationError(error.message)
      }
    }
  }
}

/// Whole files, read and written by C's streams.
enum FileBytes {
  /// nil, with errno set, where it cannot be read.
  static func read(_ path: String) throws -> [UInt8]? {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = [], block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += block[..<count]
    }
  }

  /// Written under another name first: a file that is there stays whole until the new one is.
  static func write(_ text: String, to path: String) throws -> Bool {
    if path == "-" {
      print(text, terminator: "")
      return fflush(nil) == 0
    }
    let unfinished = "\(path).\(getpid())~"
    guard let file = fopen(unfinished, "w") else { return false }
    let bytes = Array(text.utf8)
    let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
    guard fclose(file) == 0, isWritten, rename(unfinished, path) == 0 else {
      let reason = errno
      unlink(unfinished)
      errno = reason
      return false
    }
    return true
  }
}
