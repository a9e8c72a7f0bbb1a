internal import LuaBridge
internal import NNLua
internal import Runtime
internal import Tensors

/// One run of a cell marked `cache=true`: restored where nothing that it reads has changed, else run and kept.
///
/// The key is a sum over the cell's text, nnlua's build, and the values of all names in it and in the functions it can call. Where the cell
/// draws random numbers their state counts too, and is afterwards what it was then. A kept value is a copy: two views of one tensor come back
/// as two tensors. Files, the clock and Lua's own `math.random` are not seen; a cell that names the last is not kept.
struct KeptCell {
  private let session: Session
  private let stack: LuaStack
  private let text: String
  private let cell: String?
  private let syntax: CellSyntax
  private let cache: CellCache
  private let frontEnd: any FrontEnd
  private var sums: [String: String] = [:]
  /// Names that the cell gives a value before it reads them.
  private var given: Set<String> = []
  private var texts: [String] = []
  // Tables on the stack.
  private let libraries: Int32, found: Int32, values: Int32, globals: Int32, seen: Int32

  init(_ session: Session, _ text: String, cell: String?, _ cache: CellCache, _ frontEnd: any FrontEnd) {
    self.session = session
    self.text = text
    self.cell = cell
    self.cache = cache
    self.frontEnd = frontEnd
    stack = session.state.stack
    syntax = CellSyntax(Array(text.utf8))
    let base = stack.top
    (libraries, found, values, globals, seen) = (base + 1, base + 2, base + 3, base + 4, base + 5)
  }

  mutating func run(_ execute: () -> Outcome) -> Outcome {
    let base = stack.top
    defer { stack.top = base }
    let earlier = session.variables, arguments = session.arguments.joined(separator: "\0")
    let seed = RandomState.seed, offset = RandomState.offset, type = ElementType.default
    var key = ""
    do {
      guard stack.reserve(40) else { throw LuaError("stack overflow") }
      ValueDigest.pushLibraries(stack)
      for _ in 0..<4 { stack.newTable() }
      if let name = ["_G", "_ENV"].first(where: syntax.names.contains) { throw LuaError("it names \(name)") }
      try readInputs()
      if texts.contains(where: { $0.contains(#/math\s*\.\s*random/#) }) {
        throw LuaError("it draws from math.random, whose state cannot be kept (use the random numbers of tensors)")
      }
      let parts = [NNLua.version, PluginStamp.thisBuild, text, arguments, type.name] + sums.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
      key = SHA256.sum(of: parts.map { "\($0.utf8.count) \($0)" }.joined())
    } catch {
      let outcome = execute()
      if outcome.failure == nil { tell(error) }
      return outcome
    }
    let drawingKey = SHA256.sum(of: "\(key) \(seed) \(offset)")
    for key in [key, drawingKey] {
      if let entry = cache.entry(key), let outcome = try? restore(entry) { return outcome }
    }

    snapshotGlobals()
    let tap = OutputTap(frontEnd)
    session.state.frontEnd = tap
    let outcome = execute()
    session.state.frontEnd = frontEnd
    guard outcome.failure == nil else { return outcome }
    do {
      if tap.readsInput { throw LuaError("it reads input") }
      if tap.bytes > OutputTap.mostBytes { throw LuaError("it puts out more than \(OutputTap.mostBytes >> 20) MB") }
      if ElementType.default != type { throw LuaError("it changes the default dtype") }
      // A stream begun anew is the same wherever it stood: only the text tells.
      let draws = RandomState.seed != seed || RandomState.offset != offset || texts.contains { $0.contains("seed") || $0.contains("rng_state") }
      try cache.write(try entry(outcome, tap, earlier, draws: draws), draws ? drawingKey : key)
    } catch {
      tell(error)
    }
    return outcome
  }

  private func tell(_ error: any Error) {
    session.state.flush()
    var line = "cache=true: the cell is not kept: \(error)\n"
    line.withUTF8 { frontEnd.write(UnsafeRawBufferPointer($0), to: .error) }
  }

  // MARK: what it reads

  private mutating func readInputs() throws {
    session.past.update()
    let past = session.past
    var digest = ValueDigest(stack, libraries: libraries, found: found) { past.text($0) }
    texts = [text]
    given = namesGivenFirst()
    var names = syntax.names.subtracting(given)
    while let name = names.popFirst() {
      if sums[name] != nil { continue }
      guard session.push(path: [name]) else {
        sums[name] = ""
        continue
      }
      stack.copy(-1)
      stack.rawSet(values, name)
      sums[name] = try digest.sum(at: stack.top, origin: past.origin(name))
      stack.pop()
      names.formUnion(digest.names.subtracting(sums.keys))
    }
    texts += digest.texts
    given.subtract(sums.keys)
  }

  /// Locals declared, and globals assigned at the top level, without a look at an earlier value: a cell that runs again finds its own there.
  private func namesGivenFirst() -> Set<String> {
    let bytes = Array(text.utf8)
    var names: Set<String> = [], known: Set<String> = []
    for local in syntax.locals {
      let before = CellSyntax(Array(bytes[..<local.range.lowerBound])).names
      for name in local.names where known.insert(name).inserted && !before.contains(name) && !local.used.contains(name) { names.insert(name) }
    }
    for match in text.matches(of: #/(?m)^([A-Za-z_]\w*)\s*=(?!=)/#) {
      let name = String(match.1)
      guard !known.contains(name), text.matches(of: #/[A-Za-z_]\w*/#).count(where: { $0.0 == name }) == 1 else { continue }
      let before = CellSyntax(Array(text[..<match.range.lowerBound].utf8))
      if before.isWhole || match.range.lowerBound == text.startIndex { names.insert(name) }
    }
    return names
  }

  private func snapshotGlobals() {
    stack.pushGlobals()
    let table = stack.top
    stack.pushNil()
    while stack.next(table) {
      stack.copy(-2)
      stack.copy(-2)
      stack.rawSet(globals)
      stack.pop()
    }
    stack.pop()
  }

  // MARK: what it leaves

  private func entry(_ outcome: Outcome, _ tap: OutputTap, _ earlier: [String: Session.Variable], draws: Bool) throws -> CellCache.Entry {
    // What was there must be as it was: a change in place cannot be kept.
    let past = session.past
    stack.newTable()
    var digest = ValueDigest(stack, libraries: libraries, found: stack.top) { past.text($0) }
    for (name, sum) in sums.sorted(by: { $0.key < $1.key }) where !sum.isEmpty {
      stack.rawGet(values, name)
      if try digest.sum(at: stack.top, origin: past.origin(name)) != sum { throw LuaError("it changes '\(name)', which was there before it") }
      stack.pop()
    }
    var writer = KeptValueWriter(stack, found: found, libraries: libraries, seen: seen)
    var locals: [JSON] = [], assigned: [JSON] = [], written: Set<String> = []
    // A variable of an earlier cell.
    for (name, variable) in earlier.sorted(by: { $0.key < $1.key }) where sums[name] != nil {
      guard session.push(variable) else { continue }
      stack.rawGet(values, name)
      if !stack.rawEqual(stack.top - 1, stack.top) {
        assigned.append(.array([.string(name), .bool(true), try writer.json(at: stack.top - 1, "local '\(name)'")]))
      }
      stack.pop(2)
    }
    for local in syntax.locals {
      for (name, attribute) in zip(local.names, local.attributes) {
        guard let variable = session.variables[name], variable.run == session.runs, session.push(variable) else { continue }
        defer { stack.pop() }
        if attribute == "close", stack.boolean(at: -1) { throw LuaError("local '\(name)' is to be closed") }
        if !written.insert(name).inserted { continue }
        locals.append(.array([.string(name), .bool(variable.isConstant), try writer.json(at: -1, "local '\(name)'")]))
      }
    }
    for name in changedGlobals().sorted() {
      stack.pushGlobals()
      stack.rawGet(-1, name)
      assigned.append(.array([.string(name), .bool(false), try writer.json(at: -1, "global '\(name)'")]))
      stack.pop(2)
    }
    let outputs = try tap.entries.map { try json($0, &writer) }
    let result = try outcome.result.map { try json($0, &writer) } ?? .null
    let content: JSONObject = [
      "outputs": .array(outputs), "result": result, "locals": .array(locals), "assigned": .array(assigned),
      "random": draws ? .array([.string("\(RandomState.seed)"), .string("\(RandomState.offset)")]) : .null,
    ]
    return CellCache.Entry(content: .object(content), tensors: writer.tensors)
  }

  private func changedGlobals() -> Set<String> {
    var names = given.filter { session.variables[$0] == nil }
    stack.pushGlobals()
    let now = stack.top
    for (one, other) in [(now, globals), (globals, now)] {
      stack.pushNil()
      while stack.next(one) {
        if stack.type(at: -2) == .string, let name = stack.string(at: -2) {
          stack.rawGet(other, name)
          if !stack.rawEqual(-1, -2) { names.insert(name) }
          stack.pop()
        }
        stack.pop()
      }
    }
    stack.pop()
    return names
  }

  private func json(_ bundle: DisplayBundle, _ writer: inout KeptValueWriter) throws -> JSON {
    .array(
      try bundle.forms.map { type, form in
        switch form {
        case .text(let text): .array([.string(type), .string("text"), .string(text)])
        case .json(let text): .array([.string(type), .string("json"), .string(text)])
        case .bytes(let bytes): .array([.string(type), .string("bytes"), try writer.json(bytes: bytes)])
        }
      })
  }
  private func json(_ entry: OutputTap.Entry, _ writer: inout KeptValueWriter) throws -> JSON {
    switch entry {
    case .stream(let stream, let bytes): .array([.string(stream == .error ? "stderr" : "stdout"), try writer.json(bytes: bytes)])
    case .display(let bundle, let id, let isUpdate): .array([.string("display"), try json(bundle, &writer), id.map(JSON.string) ?? .null, .bool(isUpdate)])
    case .clear(let wait): .array([.string("clear"), .bool(wait)])
    }
  }

  // MARK: restoring

  /// - Errors: something in it cannot be read; then nothing has changed.
  private func restore(_ entry: CellCache.Entry) throws -> Outcome {
    let top = stack.top
    defer { stack.top = top }
    let content = entry.content
    stack.newTable()
    let reader = KeptValueReader(stack: stack, tensors: entry.tensors, made: stack.top)
    stack.newTable()
    let list = stack.top
    let locals = content["locals"]?.array ?? [], assigned = content["assigned"]?.array ?? []
    let variables = locals + assigned
    let broken = LuaError("a kept cell cannot be read")
    for (i, variable) in variables.enumerated() {
      guard let parts = variable.array, parts.count == 3, parts[0].string != nil, parts[1].bool != nil else { throw broken }
      try reader.push(parts[2])
      stack.rawSet(list, i + 1)
    }
    let outputs = try (content["outputs"]?.array ?? []).map { try output($0, reader) }
    let result = try content["result"].flatMap { $0 == .null ? nil : try bundle($0, reader) }
    let random = (content["random"]?.array ?? []).compactMap { $0.string.flatMap { UInt64($0) } }
    guard random.count == (content["random"] == .null ? 0 : 2) else { throw broken }

    Display.beginCell()
    session.beginRestoring(cell)
    // An earlier cell's variables first: the cell may have hidden one of them.
    for i in Array(locals.count..<variables.count) + Array(0..<locals.count) {
      guard let parts = variables[i].array, let name = parts[0].string, let flag = parts[1].bool else { continue }
      stack.rawGet(list, i + 1)
      if i < locals.count {
        try session.restore(name, isConstant: flag, cell: cell)
      } else if flag {
        session.assign(name)
      } else {
        stack.pushGlobals()
        stack.copy(-2)
        stack.rawSet(-2, name)
        stack.pop(2)
      }
    }
    if random.count == 2 { RandomState.restore(seed: random[0], offset: random[1]) }
    for output in outputs {
      switch output {
      case .stream(let stream, let bytes): bytes.withUnsafeBytes { frontEnd.write($0, to: stream) }
      case .display(let bundle, let id, let isUpdate): frontEnd.show(bundle, id: id, isUpdate: isUpdate)
      case .clear(let wait): frontEnd.clear(wait: wait)
      }
    }
    return Outcome(result: result, isKept: true)
  }

  private func bundle(_ json: JSON, _ reader: KeptValueReader) throws -> DisplayBundle {
    let forms: [(String, DisplayBundle.Form)] = try (json.array ?? []).map { form in
      guard let parts = form.array, parts.count == 3, let type = parts[0].string else { throw LuaError("a kept cell cannot be read") }
      switch parts[1].string {
      case "bytes": return (type, .bytes(try reader.bytes(parts[2])))
      case "json": return (type, .json(parts[2].string ?? ""))
      default: return (type, .text(parts[2].string ?? ""))
      }
    }
    return DisplayBundle(text: "", forms)
  }
  private func output(_ json: JSON, _ reader: KeptValueReader) throws -> OutputTap.Entry {
    guard let parts = json.array, parts.count >= 2, let kind = parts[0].string else { throw LuaError("a kept cell cannot be read") }
    switch kind {
    case "stdout": return .stream(.output, try reader.bytes(parts[1]))
    case "stderr": return .stream(.error, try reader.bytes(parts[1]))
    case "clear": return .clear(wait: parts[1].bool ?? false)
    default:
      guard parts.count == 4 else { throw LuaError("a kept cell cannot be read") }
      return .display(try bundle(parts[1], reader), id: parts[2].string, isUpdate: parts[3].bool ?? false)
    }
  }
}
