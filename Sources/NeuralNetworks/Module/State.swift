public import LuaBridge
public import Tensors

/// Tensors by name, as scripts hold a state: a Lua table.
public struct TensorTable: LuaValue {
  public static var luaName: String { "table of Tensors" }
  /// Names and tensors in order.
  public var entries: [(name: String, tensor: Tensor)]
  /// A table of these, in order.
  public init(_ entries: [(name: String, tensor: Tensor)]) { self.entries = entries }

  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> TensorTable {
    guard stack.type(at: index) == .table else { throw TypeMismatch(luaName) }
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    var entries: [(name: String, tensor: Tensor)] = []
    stack.pushNil()
    while stack.next(index) {
      let top = stack.top
      guard stack.type(at: top - 1) == .string, let name = stack.string(at: top - 1), let tensor = try? Tensor.decode(stack, top) else {
        let key = stack.type(at: top - 1) == .string ? "'\(stack.string(at: top - 1) ?? "")'" : "a key that is a \(stack.typeName(at: top - 1))"
        let value = stack.typeName(at: top)
        stack.pop(2)
        throw TypeMismatch(luaName, detail: "table of Tensors by name expected, \(key) holds a \(value)")
      }
      entries.append((name, tensor))
      stack.pop()
    }
    return TensorTable(entries.sorted { $0.name < $1.name })
  }
  public func push(_ stack: LuaStack) {
    stack.newTable(fields: entries.count)
    for entry in entries {
      entry.tensor.push(stack)
      stack.rawSet(-2, entry.name)
    }
  }
}

extension Module {
  /// Parameters and buffers by path, without their place on the tape. A part that stands in two places has both names, as in PyTorch's states.
  public func state() throws -> [(name: String, tensor: Tensor)] { try stateTensors().map { ($0.name, $0.tensor.alias()) } }

  private func stateTensors() throws -> [(name: String, tensor: Tensor)] {
    var found: [(name: String, tensor: Tensor)] = [], visits = 0
    func walk(_ module: Module, _ path: String, _ depth: Int) throws {
      visits += 1
      guard depth < 100, visits < 1 << 20 else { throw LuaError("\(kind): modules are nested too deep (does one contain itself?)") }
      for entry in try module.ownParameters() + module.ownBuffers() { found.append((path + entry.name, entry.tensor)) }
      for child in try module.ownChildren() { try walk(child.module, path + child.name + ".", depth + 1) }
    }
    try walk(self, "", 0)
    return found
  }

  /// Copies a state's values into this module's tensors, all or none.
  /// - Errors: all missing, unexpected and misshapen names in one message.
  public func load(_ state: [(name: String, tensor: Tensor)], strict: Bool) throws { try prepared(state, strict: strict)() }

  /// Checks a state and makes all that is needed; what comes back takes it over and cannot fail.
  public func prepared(_ state: [(name: String, tensor: Tensor)], strict: Bool) throws -> () -> Void {
    let given = Dictionary(state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    let own = try stateTensors()
    let ownNames = Set(own.map(\.name))
    // Of a tensor with several names one is enough.
    let reached = Set(own.filter { given[$0.name] != nil }.map { ObjectIdentifier($0.tensor) })
    let missing = own.filter { !reached.contains(ObjectIdentifier($0.tensor)) }.map(\.name)
    let unexpected = state.map(\.name).filter { !ownNames.contains($0) }
    let misshapen = own.compactMap { entry in
      given[entry.name].flatMap { $0.shape == entry.tensor.shape ? nil : "\(entry.name) (\($0.shape) given, \(entry.tensor.shape) here)" }
    }
    var faults: [String] = []
    if strict, !missing.isEmpty { faults.append("missing: \(missing.joined(separator: ", "))") }
    if strict, !unexpected.isEmpty { faults.append("unexpected: \(unexpected.joined(separator: ", "))") }
    if !misshapen.isEmpty { faults.append("of another shape: \(misshapen.joined(separator: ", "))") }
    guard faults.isEmpty else { throw LuaError("load_state_dict: \(faults.joined(separator: "; "))") }
    // What may fail for want of memory comes first, so that nothing is half loaded.
    let changes = try own.compactMap { entry in
      try given[entry.name].map { (target: entry.tensor, values: try $0.converted(to: entry.tensor.type).contiguous()) }
    }
    return {
      for (target, values) in changes {
        target.write(values)
        target.storage.changed(by: "load_state_dict")
      }
    }
  }

  /// Layers, output shapes and parameter counts as text, from a run on ones: whatever takes positions finds the first.
  func summary(_ shape: Shape) throws -> String {
    var rows: [(String, String, String)] = []
    let names = try namedModules()
    ModuleCalls.observer = { module, y in
      let path = ModuleCalls.inScript(names.first { $0.module.isSame(as: module) }?.name ?? "").drop { $0 == "." }
      let own = ((try? module.ownParameters()) ?? []).reduce(0) { $0 + $1.tensor.count }
      guard (try? module.ownChildren().isEmpty) ?? true else { return }
      rows.append(((path.isEmpty ? "" : path + " ") + module.title, y.shape.description, own == 0 ? "0" : grouped(own)))
    }
    defer { ModuleCalls.observer = nil }
    let modes = names.map { ($0.module, $0.module.training) }
    try setTraining(false)
    defer { for (module, mode) in modes { module.training = mode } }
    let type = try parameters().first?.type ?? .default
    _ = try Tape.recording(false) { try self(Tensor.full(shape, 1, type)) }

    let head = ("layer", "output", "parameters")
    let width0 = ([head.0] + rows.map(\.0)).map(\.count).max() ?? 0, width1 = ([head.1] + rows.map(\.1)).map(\.count).max() ?? 0
    let width2 = ([head.2] + rows.map(\.2)).map(\.count).max() ?? 0
    func line(_ row: (String, String, String)) -> String {
      padded(row.0, width0) + "  " + padded(row.1, width1) + "  " + String(repeating: " ", count: width2 - row.2.count) + row.2
    }
    let rule = String(repeating: "-", count: width0 + width1 + width2 + 4)
    let total = try parameters().reduce(0) { $0 + $1.count }
    return ([line(head), rule] + rows.map(line) + [rule, "total parameters: \(grouped(total))"]).joined(separator: "\n")
  }
}

private func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(width - text.count, 0)) }

/// 1234567 as "1,234,567".
func grouped(_ number: Int) -> String {
  var text = "", digits = Array(String(number))
  while digits.count > 3 {
    text = "," + String(digits.suffix(3)) + text
    digits.removeLast(3)
  }
  return String(digits) + text
}
