internal import ArgumentParser
internal import JupyterKernel
internal import LuaBridge
internal import Notebook

#if canImport(Glibc)
  internal import Glibc
#endif

extension NotebookCommand {
  struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make nnlua known to Jupyter: JupyterLab, VS Code, nbclient.")
    @Flag(help: "for this user (the default)") var user = false
    @Option(help: ArgumentHelp("into PREFIX/share/jupyter", valueName: "prefix")) var prefix: String?
    @Flag(help: "into the active environment of Python") var sysPrefix = false

    func validate() throws {
      if (user ? 1 : 0) + (prefix == nil ? 0 : 1) + (sysPrefix ? 1 : 0) > 1 { throw ValidationError("give one of --user, --prefix and --sys-prefix") }
      if prefix == "" { throw ValidationError("the folder's name is empty") }
    }

    func run() throws {
      let place: KernelSpec.Place = sysPrefix ? .environment : prefix.map { .prefix($0) } ?? .user
      do {
        guard let path = realpath("/proc/self/exe", nil) else { throw LuaError("cannot tell where this program is") }
        defer { free(path) }
        print("installed \(try KernelSpec.install(at: place, program: String(cString: path)))")
      } catch let error as LuaError {
        throw ValidationError(error.message)
      }
    }
  }

  /// What Jupyter starts.
  struct Kernel: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve Jupyter's front ends.", shouldDisplay: false)
    @Argument(help: "the connection file that Jupyter wrote") var connectionFile: String

    func run() throws {
      do {
        Glibc.exit(
          try JupyterKernel.Kernel.run(connectionFile: connectionFile) {
            Session(try Interpreter.state(for: "", arguments: [], Subcommands.options!))
          })
      } catch let error as LuaError {
        throw ValidationError(error.message)
      }
    }
  }
}
