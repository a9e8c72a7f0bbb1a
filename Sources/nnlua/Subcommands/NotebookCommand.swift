internal import ArgumentParser
internal import JupyterKernel
internal import LuaBridge
internal import Notebook

#if canImport(Glibc)
  internal import Glibc
#endif

/// `nnlua notebook`: scripts as notebooks.
struct NotebookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notebook", abstract: "Scripts as notebooks.", subcommands: [Convert.self, Install.self, RunKernel.self])

  struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tells Jupyter of nnlua.", discussion: "Afterwards JupyterLab, VS Code and nbconvert offer nnlua as a kernel. Without an option: for this user.")
    @Flag(help: "for this user (~/.local/share/jupyter, or JUPYTER_DATA_DIR)") var user = false
    @Flag(help: "for the virtual environment that is active, or that of python3") var sysPrefix = false
    @Option(help: ArgumentHelp("for all who use the installation below this folder, such as /usr/local", valueName: "folder")) var prefix: String?

    func validate() throws {
      guard [user, sysPrefix, prefix != nil].count(where: { $0 }) <= 1 else { throw ValidationError("--user, --sys-prefix and --prefix exclude each other") }
    }

    func run() throws {
      let place: KernelSpec.Place = prefix.map { .prefix($0) } ?? (sysPrefix ? .environment : .user)
      do {
        print("nnlua's kernel is installed in \(try KernelSpec.install(at: place, program: Self.program()))")
      } catch let error as LuaError {
        throw ValidationError(error.message)
      }
    }

    /// This program, by its absolute path.
    private static func program() throws -> String {
      guard let path = realpath("/proc/self/exe", nil) else { throw LuaError("it is not known where nnlua is: \(String(cString: strerror(errno)))") }
      defer { free(path) }
      return String(cString: path)
    }
  }

  struct RunKernel: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "kernel", abstract: "Serves Jupyter, which starts this itself.")
    @Argument(help: "what Jupyter wrote: where to listen, and a key") var connectionFile: String

    func run() throws {
      do {
        // Modules are looked for in the folder of the notebook, in which Jupyter starts this.
        let status = try Kernel.run(connectionFile: connectionFile) {
          Session(try Interpreter.state(for: "nnlua", arguments: [], Subcommands.options!))
        }
        Glibc.exit(status)
      } catch let error as LuaError {
        throw ValidationError(error.message)
      }
    }
  }

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
