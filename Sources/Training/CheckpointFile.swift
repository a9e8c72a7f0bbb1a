internal import Datasets
internal import FoundationEssentials
internal import LuaBridge
internal import NeuralNetworks
internal import Tensors

/// A table with names that is an argument, never the options; it may be left out.
private struct Into: LuaValue {
  static var luaName: String { "table" }
  let index: Int32?
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> Into {
    switch stack.type(at: index) {
    case .nil, .none: return Into(index: nil)
    case .table: return Into(index: index)
    default: throw TypeMismatch("table")
    }
  }
  static func take(_ arguments: inout Arguments) throws -> Into {
    guard let first = arguments.remaining.first else {
      arguments.advance(0)
      return Into(index: nil)
    }
    do {
      let into = try decode(arguments.stack, first)
      arguments.advance(1)
      return into
    } catch is TypeMismatch { throw ArgumentError(arguments.position, "table expected, got \(arguments.stack.given(at: first))") }
  }
  func push(_ stack: LuaStack) { if let index { stack.copy(index) } else { stack.pushNil() } }
}

/// The state of training in a file: a .safetensors whose metadata holds everything that is no tensor.
///
/// Beside what the script names, the state of chance (`T.manual_seed`'s stream) is kept: a run that goes on draws what the unbroken one would have drawn.
enum CheckpointFile {
  /// The name of the JSON text in the file's metadata.
  private static let entry = "nnlua"
  private static let version = 1

  static func save(_ path: String, _ stack: LuaStack, _ values: Int32) throws {
    try naming("save: \(path)") {
      var writer = CheckpointWriter()
      let text = try writer.text(stack, values, [])
      let chance = "{\"seed\":\(Int(bitPattern: UInt(RandomState.seed))),\"offset\":\(Int(bitPattern: UInt(RandomState.offset)))}"
      let file = try AtomicFile(path: path)
      try Safetensors.write(writer.tensors, metadata: [entry: "{\"version\":\(version),\"random\":\(chance),\"values\":\(text)}"], to: file)
      try file.commit()
    }
  }

  /// Pushes the table that was saved; what stands in `targets` under the same name goes on from its state and stands in the table itself.
  /// Everything is checked before anything changes.
  static func load(_ path: String, _ stack: LuaStack, targets: Int32?, random: Bool) throws {
    try naming("load: \(path)") {
      let (list, metadata) = try Safetensors.readAll(ByteSource(path: path))
      guard let text = metadata[entry] else { throw LuaError("holds no training state, only tensors; T.load reads those (a path ending in .safetensors)") }
      let tensors = Dictionary(list.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
      let root: CheckpointValue
      do { root = try JSONDecoder().decode(CheckpointValue.self, from: Data(text.utf8)) } catch { throw LuaError("its training state is broken (not valid JSON)") }
      guard let fields = root.fields, case .integer(let found)? = fields["version"], let values = fields["values"] else {
        throw LuaError("its training state is broken (no version)")
      }
      guard found == version else { throw LuaError("its training state has version \(found); this nnlua reads version \(version)") }

      let top = stack.top
      do {
        try values.push(stack, tensors, "values")
        guard stack.type(at: -1) == .table else { throw LuaError("its training state is no table") }
        let result = stack.top
        var changes: [() -> Void] = []
        if let targets { changes = try prepare(stack, targets, values, tensors, result) }
        if targets != nil, random { changes.append(try chance(fields["random"])) }
        for change in changes { change() }
      } catch {
        stack.top = top
        throw error
      }
    }
  }

  /// What takes the saved states over; the targets replace the states in the table at `result`.
  private static func prepare(
    _ stack: LuaStack, _ targets: Int32, _ values: CheckpointValue, _ tensors: [String: Tensor], _ result: Int32
  ) throws -> [() -> Void] {
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    let saved = values.fields ?? [:]
    var changes: [() -> Void] = [], missing: [String] = []
    stack.pushNil()
    while stack.next(targets) {
      let target = stack.top
      guard stack.type(at: target - 1) == .string, let name = stack.string(at: target - 1) else { throw LuaError("what is to be restored is given by name") }
      guard let value = saved[name] else {
        missing.append(name)
        stack.pop()
        continue
      }
      changes.append(try naming("'\(name)'") { try change(stack, target, value, tensors, name) })
      stack.copy(target)
      stack.rawSet(result, name)
      stack.pop()
    }
    if !missing.isEmpty {
      let known = saved.keys.sorted().joined(separator: ", ")
      throw LuaError("holds no \(missing.sorted().map { "'\($0)'" }.joined(separator: ", ")) (it has: \(known))")
    }
    return changes
  }

  private static func change(
    _ stack: LuaStack, _ index: Int32, _ value: CheckpointValue, _ tensors: [String: Tensor], _ name: String
  ) throws -> () -> Void {
    func inside(_ tag: String, _ what: String) throws -> CheckpointValue {
      if let inside = value.tagged(tag) { return inside }
      throw LuaError("\(what) is given, but the file holds no state of one under that name")
    }
    func state(_ tag: String, _ what: String, _ kind: String) throws -> CheckpointValue {
      let fields = try inside(tag, what).fields
      guard case .text(let saved)? = fields?["kind"], let state = fields?["state"] else { throw LuaError("its state is broken") }
      guard saved == kind else { throw LuaError("the file holds the state of \(saved), \(kind) is given") }
      return state
    }
    if let module = try? Module.decode(stack, index) { return try module.prepared(inside("$module", "a module").state(tensors, name), strict: true) }
    if let optimizer = try? Optimizer.decode(stack, index) { return try optimizer.prepared(state("$optimizer", "an optimizer", optimizer.kind).state(tensors, name)) }
    if let scheduler = try? Scheduler.decode(stack, index) {
      let state = try state("$scheduler", "a scheduler", scheduler.kind)
      defer { stack.top = index }
      try state.push(stack, tensors, name)
      do { return try scheduler.prepared(SchedulerState.decode(stack, stack.top)) } catch let error as TypeMismatch {
        throw LuaError(error.detail ?? "a table is expected")
      }
    }
    if let loader = try? DataLoader.decode(stack, index) {
      guard case .integer(let epoch)? = try inside("$loader", "a loader").fields?["epoch"], 0..<1 << 50 ~= epoch else {
        throw LuaError("the loader's state has no count of epochs")
      }
      return { loader.epoch = epoch }
    }
    if let tensor = try? Tensor.decode(stack, index) {
      guard case .text(let key)? = value.tagged("$tensor"), let saved = tensors[key] else { throw LuaError("a tensor is given, but the file holds none under that name") }
      guard saved.shape == tensor.shape else { throw LuaError("the tensor saved has shape \(saved.shape), the one given \(tensor.shape)") }
      let values = try saved.converted(to: tensor.type)
      return {
        tensor.write(values)
        tensor.storage.changed(by: "load")
      }
    }
    throw LuaError("a \(stack.given(at: index)) cannot be restored: give a module, optimizer, scheduler, loader or tensor")
  }

  private static func chance(_ value: CheckpointValue?) throws -> () -> Void {
    guard case .integer(let seed)? = value?.fields?["seed"], case .integer(let offset)? = value?.fields?["offset"] else {
      throw LuaError("its training state is broken (no state of chance)")
    }
    return { RandomState.restore(seed: UInt64(bitPattern: Int64(seed)), offset: UInt64(bitPattern: Int64(offset))) }
  }

  static let rows: [Row] = [
    Row(
      results: "save",
      """
      Writes the state of training to one file, whole or not at all: networks, optimizers, schedulers and loaders by their states, tensors, and plain values (numbers, texts,
      truth values, nested tables), with the state of chance. The file is a .safetensors, whatever its ending: T.load reads its tensors, named "net.0.weight".
      Errors: functions and other values that have no state, named with their place; a table that contains itself.
      """, Param("path", String.self), Param("values", LuaTable.self, "{net = net, optimizer = opt, epoch = 3, …}"), place: .function,
      example:
        "local path = os.tmpname(); nnlua.train.save(path, {net = nn.Linear(2, 1), epoch = 3}); local epoch = nnlua.train.load(path).epoch; os.remove(path); return epoch",
      returns: "nothing"
    ) { stack, path, values in
      try save(path, stack, values.index)
      return 0
    },
    Row(
      results: "load",
      """
      Reads what train.save wrote. What is given in into, by the same names, goes on from its saved state (a DataLoader from its epoch), and so does chance; the table that comes
      back holds it, and all other values as they were saved: states of what was not given are tables of tensors.
      Everything is checked first: after an error nothing has changed.
      Errors: a missing, cut or damaged file; names that the file does not hold; states that do not fit, each mismatch named.
      """, Param("path", String.self), Param("into", Into.self, "{net = net, optimizer = opt, …}: what is to go on from its saved state; may be left out"),
      .option("random", default: true, "with into: go on with chance where it stood"), place: .function,
      example:
        "local net, path = nn.Linear(2, 1), os.tmpname(); nnlua.train.save(path, {net = net, epoch = 3}); local saved = nnlua.train.load(path, {net = net}); os.remove(path); return saved.epoch",
      returns: "table"
    ) { stack, path, into, random in
      try load(path, stack, targets: into.index, random: random)
      return 1
    },
  ]
}
