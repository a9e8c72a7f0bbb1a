internal import CLua
internal import CShims

#if canImport(Glibc)
  internal import Glibc
#endif

/// One Lua interpreter with nnlua's libraries. Everything here belongs to the thread that made it.
public final class LuaState {
  package let L: OpaquePointer
  private var metatables: [Int32] = []
  private var getters: [FunctionBox] = []
  private var freed: [Int32] = []
  var libraries: [Library] = []
  /// Registry: the globals of shipped Lua source in the sandbox; 0 where they are everybody's.
  var shippedEnvironment: Int32 = 0
  private var objects: Int32 = 0  // registry: object's address -> userdata, weak values
  var scopes: [Int32] = []  // registry: lists of userdata made in each open scope
  private var handles: Int32 = 0  // registry: handle -> value, weak values
  private var handleIDs: Int32 = 0  // registry: value -> handle, weak keys
  private var lastHandle = 0
  var redirection: Redirection?
  private var collector = Collector()
  /// Tells references that outlive the state (in an error on its way out) that it is gone; a weak reference would slow every call down.
  final class Life {
    fileprivate(set) var state: Unmanaged<LuaState>?
  }
  let life = Life()
  /// The coroutine whose call into Swift is running.
  fileprivate var running: OpaquePointer
  /// The stack of the coroutine that runs.
  public var stack: LuaStack { LuaStack(running) }

  /// - memoryLimit: bytes that Lua's own values and what Swift holds for them may take together; 0 is no limit.
  public init(memoryLimit: Int = 0) throws {
    nn_call = { L, box in
      guard let L, let box else { return 0 }
      // The running function's upvalue holds the box: no reference is counted.
      return Unmanaged<FunctionBox>.fromOpaque(box)._withUnsafeGuaranteedRef { call(LuaStack(L), $0) }
    }
    nn_release = { pointer in Unmanaged<AnyObject>.fromOpaque(pointer!).release() }
    guard let L = nn_new_state(memoryLimit) else { throw LuaError("not enough memory for a Lua state") }
    self.L = L
    running = L
    life.state = Unmanaged.passUnretained(self)
    ExternalMemory.reclaim = { nn_collect(L) }
    ExternalMemory.luaBytes = { nn_host_of(L).pointee.live }
    ExternalMemory.limit = memoryLimit > 0 ? memoryLimit : nil
    nn_host_of(L).pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    nn_open_standard(L)
    if getenv("NNLUA_GC").map({ String(cString: $0) }) == "incremental" { nn_incremental(L) } else { nn_generational(L) }
    objects = weakTable("v")
    handles = weakTable("v")
    handleIDs = weakTable("k")
  }

  private func weakTable(_ mode: String) -> Int32 {
    stack.newTable()
    stack.newTable()
    stack.push(mode)
    stack.rawSet(-2, "__mode")
    lua_setmetatable(L, -2)
    return luaL_ref(L, nn_registry_index())
  }

  deinit {
    life.state = nil
    ExternalMemory.reclaim = nil
    ExternalMemory.luaBytes = { 0 }
    ExternalMemory.limit = nil
    frontEnd = nil
    nn_close_state(L)
  }

  static func of(_ L: OpaquePointer) -> LuaState { Unmanaged<LuaState>.fromOpaque(nn_host_of(L).pointee.owner).takeUnretainedValue() }

  /// Notes the coroutine that calls Swift, and gives the one before; the state outlives the call without being counted.
  @inline(__always) fileprivate static func enter(_ L: OpaquePointer) -> OpaquePointer {
    Unmanaged<LuaState>.fromOpaque(nn_host_of(L).pointee.owner)._withUnsafeGuaranteedRef { state in
      let before = state.running
      state.running = L
      return before
    }
  }
  @inline(__always) fileprivate static func leave(_ L: OpaquePointer, _ before: OpaquePointer) {
    Unmanaged<LuaState>.fromOpaque(nn_host_of(L).pointee.owner)._withUnsafeGuaranteedRef { $0.running = before }
  }

  /// Bytes held by Lua itself (tensors are counted by `ExternalMemory`).
  public var luaBytes: Int { nn_host_of(L).pointee.live }

  // MARK: functions and classes

  /// Onto the stack of the coroutine that is running.
  package func push(_ box: FunctionBox) { nn_push_function(running, Unmanaged.passRetained(box).toOpaque(), box.name) }

  /// The registry reference of a class's metatable, made at first use.
  func metatable(_ type: LuaClass) -> Int32 {
    if type.slot < metatables.count, metatables[type.slot] != 0 { return metatables[type.slot] }
    return makeMetatable(type)
  }

  private func makeMetatable(_ type: LuaClass) -> Int32 {
    let stack = stack
    _ = stack.reserve(12)
    stack.newTable()
    stack.push(type.name)
    stack.rawSet(-2, "__name")
    stack.push("nnlua.\(type.name)")  // what scripts see instead of the metatable
    stack.rawSet(-2, "__metatable")

    stack.newTable(fields: type.rows.count)
    for row in type.rows where !row.isScript {
      if row.place.contains(.method) {
        push(row.box)
        stack.rawSet(-2, row.name)
      } else if row.place.contains(.getter) {
        getters.append(row.box)
        lua_pushlightuserdata(stack.L, Unmanaged.passUnretained(row.box).toOpaque())
        stack.rawSet(-2, row.name)
      }
    }
    let fallback =
      type.index ?? { stack in
        if let name = stack.string(at: 2) { throw type.unknown(name) }
        if stack.type(at: 2) == .number, let number = try? stack.description(at: 2) { throw type.unknown(number) }
        throw LuaError("\(type.name) cannot be indexed by a \(stack.typeName(at: 2)) value")
      }
    nn_push_index(stack.L, -1, Unmanaged.passRetained(FunctionBox("__index", fallback)).toOpaque())
    stack.rawSet(-3, "__index")
    stack.pop()

    let newIndex = type.newIndex ?? { stack in throw LuaError("\(type.name) has no field '\(stack.string(at: 2) ?? "?")' to set") }
    push(FunctionBox("__newindex", newIndex))
    stack.rawSet(-2, "__newindex")
    for (name, row) in type.operators {
      push(row.box)
      stack.rawSet(-2, name)
    }
    // In C: the collector frees what each op has made, and a bound call would cost as much as the release.
    nn_push_release(stack.L)
    stack.rawSet(-2, "__gc")
    push(
      FunctionBox("__close") { stack in
        stack.state.close(stack, 1)
        return 0
      })
    stack.rawSet(-2, "__close")

    let reference = luaL_ref(stack.L, nn_registry_index())
    while metatables.count <= type.slot { metatables.append(0) }
    metatables[type.slot] = reference
    return reference
  }

  func close(_ stack: LuaStack, _ index: Int32) {
    guard let raw = nn_take_object(stack.L, index) else { return }
    let object = Unmanaged<AnyObject>.fromOpaque(raw).takeRetainedValue()
    (object as? any LuaObject)?.closed()
  }

  // MARK: handles

  func handle(_ stack: LuaStack, _ index: Int32) -> LuaHandle {
    let index = stack.absolute(index)
    lua_rawgeti(stack.L, nn_registry_index(), Int64(handleIDs))
    stack.copy(index)
    if lua_rawget(stack.L, -2) == LUA_TNUMBER, let known = stack.integer(at: -1) {
      stack.pop(2)
      return LuaHandle(id: known)
    }
    stack.pop()
    lastHandle += 1
    stack.copy(index)
    stack.push(lastHandle)
    lua_rawset(stack.L, -3)
    stack.pop()
    lua_rawgeti(stack.L, nn_registry_index(), Int64(handles))
    stack.copy(index)
    stack.rawSet(-2, lastHandle)
    stack.pop()
    return LuaHandle(id: lastHandle)
  }

  func push(_ stack: LuaStack, _ handle: LuaHandle) -> Bool {
    lua_rawgeti(stack.L, nn_registry_index(), Int64(handles))
    let type = stack.rawGet(-1, handle.id)
    stack.remove(-2)
    return type != .nil
  }

  // MARK: userdata that keep their identity, scopes

  func pushKnown(_ stack: LuaStack, _ object: ObjectIdentifier) -> Bool {
    lua_rawgeti(stack.L, nn_registry_index(), Int64(objects))
    if lua_rawgetp(stack.L, -1, UnsafeRawPointer(bitPattern: UInt(bitPattern: object))) == LUA_TUSERDATA, nn_object_at(stack.L, -1) != nil {
      stack.remove(-2)
      return true
    }
    stack.pop(2)
    return false
  }

  func remember(_ stack: LuaStack, _ object: ObjectIdentifier) {
    lua_rawgeti(stack.L, nn_registry_index(), Int64(objects))
    stack.copy(-2)
    lua_rawsetp(stack.L, -2, UnsafeRawPointer(bitPattern: UInt(bitPattern: object)))
    stack.pop()
  }

  /// Notes the userdata on top in the innermost open scope.
  @inline(__always) func made(_ stack: LuaStack) { if !scopes.isEmpty { noteInScope(stack) } }

  // MARK: memory

  func releaseLater(_ slot: Int32) { freed.append(slot) }

  @inline(__always) func collect(_ stack: LuaStack) {
    if ExternalMemory.unseen >= ExternalMemory.threshold { collector.run(stack) }
    if !freed.isEmpty { releaseFreed(stack) }
  }

  private func releaseFreed(_ stack: LuaStack) {
    let slots = freed
    freed = []
    for slot in slots { luaL_unref(stack.L, nn_registry_index(), slot) }
  }

  /// A full collection, as `collectgarbage()`.
  public func collectAll() {
    releaseFreed(stack)
    nn_collect(L)
    nn_collect(L)
  }

  // MARK: running

  /// Compiles text; the chunk is left on the stack. A syntax error is thrown as Lua words it.
  public func load(_ text: String, name: String, _ stack: LuaStack? = nil) throws {
    let stack = stack ?? self.stack
    var text = text
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { nn_load_buffer(stack.L, $0.baseAddress, $0.count, name) }
    }
    if status != LUA_OK { throw stack.popRaised() }
  }

  /// Compiles a file; the chunk is left on the stack.
  public func loadFile(_ path: String?) throws {
    if nn_load_file(stack.L, path) != LUA_OK { throw stack.popRaised() }
  }

  /// Runs text and leaves nothing behind; for tests and `-e`.
  public func run(_ text: String, name: String = "=script", traceback: Bool = false) throws {
    let base = stack.top
    defer { stack.top = base }
    try load(text, name: name)
    try stack.call(arguments: 0, results: 0, traceback: traceback)
  }

  /// Runs text that returns one value.
  public func evaluate<R: LuaValue>(_ text: String, as: R.Type = R.self) throws -> R {
    let base = stack.top
    defer { stack.top = base }
    try load(text, name: "=script")
    try stack.call(arguments: 0, results: 1)
    return try R.decode(stack, stack.top)
  }

  package func watchInterrupts() { nn_watch_interrupts(L) }
  package func endInterrupt() { nn_end_interrupt(L) }
  /// Whether Ctrl-C or a time limit wants the script to end.
  public static var isInterrupted: Bool { nn_interrupt_flag != 0 }
  /// What an interrupt is raised as: "interrupted!", or which limit was reached.
  public static var interruption: LuaError { LuaError(String(cString: nn_interrupt_reason)) }
  /// Interrupts all that runs on this thread after so many seconds, for good; once in a process.
  package func limitTime(seconds: Double, shown: String) throws {
    guard nn_limit_time(L, seconds, shown) == 0 else { throw LuaError("the system gives no thread for the time limit") }
  }
  package static var isTimeOver: Bool { nn_time_is_over() != 0 }
  /// For loops that take long without Lua.
  /// - Errors: an interrupt has come.
  @inline(__always) public static func checkInterrupt() throws { if isInterrupted { throw interruption } }

  /// Runs `body` while the first interrupt is only noted: `interrupted` in it tells whether one came. A second one breaks at once.
  /// One that `body` never asked about is raised when it ends.
  public func holdingInterrupts<R>(_ body: (_ interrupted: @escaping @Sendable () -> Bool) throws -> R) rethrows -> R {
    let hold = Hold(), stack = LuaStack(L)
    nn_hold_interrupts(L)
    defer {
      let missed = nn_interrupt_held(L) != 0 && !hold.told
      hold.ended = true
      nn_release_interrupts(L)
      if missed { nn_interrupt(L) }
    }
    return try body {
      guard !hold.ended, nn_interrupt_held(stack.L) != 0 else { return false }
      hold.told = true
      return true
    }
  }
  private final class Hold: @unchecked Sendable {
    var told = false, ended = false
  }
  package static func dieOfInterrupt() { nn_die_of_interrupt() }
}

/// The other end of the trampoline: nothing leaves here but a number, with a message on the stack where it is negative.
private func call(_ stack: LuaStack, _ box: FunctionBox) -> Int32 {
  let before = LuaState.enter(stack.L)
  let isTimed = Profiler.begin(call: box)
  defer {
    LuaState.leave(stack.L, before)
    if isTimed { Profiler.end() }
  }
  do {
    return try box.body(stack)
  } catch {
    _ = stack.reserve(8)
    switch error {
    case let raised as LuaRaised:
      raised.value.push(stack)
      return Int32(NN_RERAISE)
    case let argument as ArgumentError:
      var position = argument.position
      if nn_is_method_call(stack.L) != 0 { position -= 1 }
      let reason = clipped(argument.reason)
      stack.push(position == 0 ? "calling '\(box.name)' on bad self (\(reason))" : "bad argument #\(position) to '\(box.name)' (\(reason))")
    case let mismatch as TypeMismatch:
      stack.push(clipped("\(box.name): \(mismatch.detail ?? "\(mismatch.expected) expected")"))
    case let error as LuaError:
      stack.push(clipped(error.message))
    default:
      stack.push("\(box.name): \(error)")
    }
    return Int32(NN_RAISE)
  }
}

/// A message that quotes what a script gave can be of any length: its middle is left out.
private func clipped(_ message: String) -> String {
  let most = 4000
  guard message.utf8.count > most else { return message }
  return "\(message.prefix(most / 2)) … \(message.suffix(most / 4))"
}
