internal import LuaBridge
internal import Notebook
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// What tells Jupyter of the kernel: a folder `kernels/nnlua` with `kernel.json` and pictures.
public enum KernelSpec {
  public enum Place: Sendable {
    /// The user's own folder: `JUPYTER_DATA_DIR`, or `jupyter` in `XDG_DATA_HOME` or `~/.local/share`.
    case user
    /// `share/jupyter` of an installation, such as a virtual environment.
    case prefix(String)
    /// The active virtual environment, or that of the `python3` that is found first.
    case environment
  }

  /// - program: this nnlua, by its absolute path.
  /// - Returns: the folder.
  public static func install(at place: Place, program: String) throws -> String {
    let folder = "\(try dataFolder(place))/kernels/nnlua"
    try Folder.make(folder)
    let json: JSON = [
      "argv": [.string(program), "notebook", "kernel", "{connection_file}"], "display_name": "nnlua", "language": "lua",
      "interrupt_mode": "message", "env": [:], "metadata": ["debugger": false],
    ]
    try write(Array((json.text() + "\n").utf8), "\(folder)/kernel.json")
    for name in ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"] { try write(Array(ShippedFile.bytes(name)), "\(folder)/\(name)") }
    return folder
  }

  private static func write(_ bytes: [UInt8], _ path: String) throws {
    try naming(path) {
      let file = try AtomicFile(path: path)
      try file.write(bytes)
      try file.commit()
    }
  }

  private static func variable(_ name: String) -> String? { getenv(name).flatMap { $0.pointee == 0 ? nil : String(cString: $0) } }

  private static func dataFolder(_ place: Place) throws -> String {
    switch place {
    case .prefix(let prefix): return "\(prefix)/share/jupyter"
    case .environment:
      guard let prefix = variable("VIRTUAL_ENV") ?? variable("CONDA_PREFIX") ?? pythonPrefix() else {
        throw LuaError("no environment of Python is active, and python3 is not found: use --user or --prefix")
      }
      return "\(prefix)/share/jupyter"
    case .user:
      if let folder = variable("JUPYTER_DATA_DIR") { return folder }
      if let data = variable("XDG_DATA_HOME") { return "\(data)/jupyter" }
      guard let home = variable("HOME") else { throw LuaError("HOME is not set: use --prefix") }
      return "\(home)/.local/share/jupyter"
    }
  }

  private static func pythonPrefix() -> String? {
    guard let pipe = popen("python3 -c 'import sys; print(sys.prefix)' 2>/dev/null", "r") else { return nil }
    var line = [CChar](repeating: 0, count: 4096)
    let found = fgets(&line, Int32(line.count), pipe) != nil
    guard pclose(pipe) == 0, found else { return nil }
    return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
