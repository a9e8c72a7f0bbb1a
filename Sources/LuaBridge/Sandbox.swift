internal import CLua
internal import CShims

#if canImport(Glibc)
  internal import Glibc
#endif

/// What a script may reach beyond its own values when it is run with `--sandbox`: files below a few folders, for reading. It writes no file,
/// starts no program, loads no native code and uses no network. What opens files or connections asks here first.
///
/// This keeps a script that was written carelessly or by a stranger from the user's files; it is no wall against faults in the libraries that read files.
public enum Sandbox {
  /// Whether the script runs with `--sandbox`.
  public nonisolated(unsafe) private(set) static var isOn = false
  private nonisolated(unsafe) static var folders: [String] = []

  /// From now on, for the length of the process.
  public static func begin(readable: [String]) {
    isOn = true
    folders = readable.compactMap(resolved).map { $0.hasSuffix("/") ? $0 : $0 + "/" }
  }

  /// - Errors: in the sandbox, a file that lies in none of the folders.
  public static func checkReading(_ path: String) throws {
    guard isOn else { return }
    guard let real = resolved(path) else { throw LuaError("cannot open: \(String(cString: strerror(errno)))") }
    guard folders.contains(where: { (real + "/").hasPrefix($0) }) else {
      throw LuaError("is outside of what the sandbox lets a script read (--sandbox)")
    }
  }

  /// - what: "files cannot be written".
  /// - Errors: in the sandbox, always.
  public static func forbid(_ what: String) throws {
    if isOn { throw LuaError("\(what) in the sandbox (--sandbox)") }
  }

  /// Without links and dots; nil where nothing is there.
  private static func resolved(_ path: String) -> String? {
    guard !path.utf8.contains(0), let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}

extension LuaState {
  /// Begins the sandbox: Lua's libraries lose what it forbids. Lua source that ships with nnlua keeps them.
  public func enterSandbox(readable folders: [String]) throws {
    Sandbox.begin(readable: folders)
    let stack = stack, top = stack.top
    defer { stack.top = top }
    guard stack.reserve(12) else { throw LuaError("stack overflow") }
    // What shipped sources find under these names: copies made before anything is taken away.
    stack.newTable()
    for library in ["debug", "io", "os", "package"] {
      stack.newTable()
      stack.pushGlobals()
      stack.rawGet(-1, library)
      stack.pushNil()
      while stack.next(-2) {
        if let name = stack.string(at: -2) { stack.rawSet(top + 2, name) } else { stack.pop() }
      }
      stack.top = top + 2
      stack.rawSet(-2, library)
    }
    stack.newTable()
    stack.pushGlobals()
    stack.rawSet(-2, "__index")
    stack.setMetatable(-2)
    shippedEnvironment = luaL_ref(L, nn_registry_index())

    try load(ShippedFile.text("sandbox.lua"), name: "=sandbox")
    push(
      FunctionBox("readable") { stack in
        guard let path = stack.string(at: 1) else {
          stack.push(false)
          stack.push("bad argument #1 (a path expected, got \(stack.typeName(at: 1)))")
          return 2
        }
        do {
          try Sandbox.checkReading(path)
          stack.push(true)
          return 1
        } catch {
          stack.push(false)
          stack.push("\(path): \(error)")
          return 2
        }
      })
    try stack.call(arguments: 1, results: 0)
  }
}
