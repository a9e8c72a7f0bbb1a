internal import LuaBridge
internal import Runtime

#if canImport(Glibc)
  internal import Glibc
#endif

/// Runs what the command line asks for, as `lua` does: LUA_INIT, `-e` and `-l` in order, the script, the prompt.
///
/// Lua runs on the main thread. Its stack (8 MB by default) is ample: Lua allows 200 nested C calls, and none takes 10 KB.
struct Interpreter {
  let options: Options

  init(_ options: Options) { self.options = options }

  /// Ends the process.
  func run() -> Never {
    let status: Int32
    do {
      // The state is closed before the process ends: finalizers run and files are flushed, as in `lua`.
      let limits = try Limits(options)
      var state: LuaState? = try LuaState(memoryLimit: limits.memory ?? 0)
      try limits.begin(state!)
      if let path = options.profile { try Profiling.begin(path: path) }
      status = outcome(state!)
      Profiling.end()
      signal(SIGINT, SIG_DFL)  // a finalizer that never ends can still be stopped
      state!.endInterrupt()
      state = nil
    } catch {
      complain("\(error)")
      exit(1)
    }
    if status == interrupted {
      fflush(nil)
      LuaState.dieOfInterrupt()
    }
    exit(status)
  }

  private let interrupted: Int32 = 130

  /// A state as a script finds it, for what runs one in another way than `run`; with the options that stand before the subcommand.
  static func state(for script: String, arguments: [String], _ options: Options) throws -> LuaState {
    let limits = try Limits(options)
    let state = try LuaState(memoryLimit: limits.memory ?? 0)
    try limits.begin(state)
    Libraries.install(in: state)
    unblockInterrupts()
    state.watchInterrupts()
    let stack = state.stack
    stack.pushGlobals()
    stack.newTable(list: arguments.count, fields: 1)
    for (i, argument) in ([script] + arguments).enumerated() {
      stack.push(argument)
      stack.rawSet(-2, i)
    }
    stack.rawSet(-2, "arg")
    stack.pop()
    script.withCString { SearchPath.extend(state, script: $0, plugins: options.plugins) }
    if options.sandbox { try Limits.enterSandbox(state, script: script) }
    if let seed = options.seed { try state.run("require('nnlua.tensor').manual_seed(\(seed))", name: "=--seed", traceback: true) }
    for path in options.plugins where path.hasSuffix(".so") { try PluginFolders.require(path, state) }
    return state
  }

  private func outcome(_ state: LuaState) -> Int32 {
    do {
      if options.version { print("\(Usage.version)  Lua \(LuaState.luaVersion)") }
      Libraries.install(in: state)
      Self.unblockInterrupts()
      state.watchInterrupts()
      setArguments(state)
      SearchPath.extend(state, script: scriptPath, plugins: options.plugins)
      try initialise(state)
      if options.sandbox { try Limits.enterSandbox(state, script: scriptPath.map { String(cString: $0) }) }
      if let seed = options.seed { try state.run("require('nnlua.tensor').manual_seed(\(seed))", name: "=--seed", traceback: true) }
      for path in options.plugins where path.hasSuffix(".so") { try PluginFolders.require(path, state) }
      for action in options.actions { try run(action, state) }
      if options.script != nil { try runScript(state) }
    } catch {
      if LuaState.isInterrupted {
        complain("\(error)")
        return LuaState.isTimeOver ? 1 : interrupted
      }
      complain("\(error)")
      return 1
    }
    let terminal = isatty(0) != 0
    if options.interactive || options.script == nil && !options.executes && !options.version && terminal {
      if !options.version { print("\(Usage.version)  Lua \(LuaState.luaVersion)  (Ctrl-D ends, `nnlua -h` lists the options)") }
      var prompt = Prompt(state)
      return prompt.run()
    }
    if options.script == nil, !options.executes, !options.version {
      do { try runFile(nil, state, arguments: 0..<0) } catch {
        complain("\(error)")
        return LuaState.isInterrupted && !LuaState.isTimeOver ? interrupted : 1
      }
    }
    return LuaState.isTimeOver ? 1 : LuaState.isInterrupted ? interrupted : 0
  }

  /// A parent may have blocked the signal for its own threads, and a child inherits that.
  private static func unblockInterrupts() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private var scriptPath: UnsafePointer<CChar>? {
    guard let script = options.script, let path = options.argv[script], strcmp(path, "-") != 0 || isFile(script) else { return nil }
    return UnsafePointer(path)
  }
  /// A "-" after "--" is a file's name.
  private func isFile(_ script: Int) -> Bool { script > 1 && options.argv[script - 1].map { strcmp($0, "--") == 0 } ?? false }

  /// `arg`: the script at 0, its arguments from 1, what stands before it at negative positions.
  private func setArguments(_ state: LuaState) {
    let stack = state.stack
    let zero = options.script ?? 0
    stack.pushGlobals()
    stack.newTable(list: options.count)
    for i in 0..<options.count {
      stack.push(bytes: options.argv[i]!)
      stack.rawSet(-2, i - zero)
    }
    stack.rawSet(-2, "arg")
    stack.pop()
  }

  /// LUA_INIT_5_4 or LUA_INIT: code, or a file where it begins with "@".
  private func initialise(_ state: LuaState) throws {
    for name in ["LUA_INIT_5_4", "LUA_INIT"] {
      guard let text = getenv(name) else { continue }
      if text.pointee == UInt8(ascii: "@") {
        try runFile(UnsafePointer(text + 1), state, arguments: 0..<0)
      } else {
        try execute(UnsafePointer(text), name: "=\(name)", state)
      }
      return
    }
  }

  private func execute(_ code: UnsafePointer<CChar>, name: String, _ state: LuaState) throws {
    try state.load(bytes: code, count: strlen(code), name: name)
    try state.stack.call(arguments: 0, results: 0, traceback: true)
  }

  private func run(_ action: Options.Action, _ state: LuaState) throws {
    switch action {
    case .execute(let code): try execute(code, name: "=(command line)", state)
    case .require(let argument):
      // "G=MOD", or "MOD" into the global of that name.
      let text = String(cString: argument)
      let equal = text.firstIndex(of: "=")
      let global = equal.map { String(text[..<$0]) } ?? text
      let module = equal.map { String(text[text.index(after: $0)...]) } ?? text
      let stack = state.stack
      stack.pushGlobals()
      stack.rawGet(-1, "require")
      stack.push(module)
      try stack.call(arguments: 1, results: 1, traceback: true)
      stack.rawSet(-2, global)
      stack.pop()
    }
  }

  private func runScript(_ state: LuaState) throws {
    try runFile(scriptPath, state, arguments: options.script! + 1..<options.count)
  }

  /// Runs a file, or standard input, with arguments from argv as its `...`.
  private func runFile(_ path: UnsafePointer<CChar>?, _ state: LuaState, arguments: Range<Int>) throws {
    try state.loadFile(bytes: path)
    let stack = state.stack
    guard stack.reserve(Int32(clamping: arguments.count) + 20) else { throw LuaError("too many arguments to script") }
    for i in arguments { stack.push(bytes: options.argv[i]!) }
    try stack.call(arguments: Int32(arguments.count), results: 0, traceback: true)
  }
}
