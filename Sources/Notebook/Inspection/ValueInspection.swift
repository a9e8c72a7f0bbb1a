internal import LuaBridge
internal import NeuralNetworks
internal import Runtime
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// What a live value is, told without running a line of a script.
struct ValueInspection {
  private let stack: LuaStack, index: Int32, name: String
  /// The text being written: a function that stands in it may be newer than any file.
  private let code: String

  init(_ stack: LuaStack, _ index: Int32, _ name: String, _ code: String) {
    (self.stack, self.index, self.name, self.code) = (stack, index, name, code)
  }

  var page: InspectionPage? {
    guard stack.reserve(40) else { return nil }
    let topic = Reference.topic(of: LuaAny(stack: stack, index: index))
    if let object = stack.object(at: index) {
      let about = facts(object)
      return topic.map { InspectionPage($0, value: about) } ?? InspectionPage(blocks: about)
    }
    switch stack.type(at: index) {
    case .nil, .none: return nil
    case .function:
      if let topic { return InspectionPage(topic) }
      return InspectionPage(blocks: function)
    case .table:
      if case .module? = topic { return InspectionPage(topic!) }
      if case .type? = topic, !hasFields { return InspectionPage(topic!) }
      return InspectionPage(blocks: table)
    case .string:
      let text = stack.string(at: index) ?? "", count = stack.length(at: index)
      return InspectionPage(blocks: [.code("\(name): string of \(count) byte\(count == 1 ? "" : "s")"), .code(text.count > 400 ? "\(text.prefix(400))…" : text)])
    case .number, .boolean:
      let type = stack.type(at: index) == .boolean ? "boolean" : stack.isInteger(at: index) ? "integer" : "float"
      return InspectionPage(blocks: [.code("\(name): \(type)"), .code(plain(index))])
    default: return InspectionPage(blocks: [.code("\(name): \(stack.typeName(at: index))")])
    }
  }

  // MARK: objects

  private func facts(_ object: AnyObject) -> [InspectionPage.Block] {
    if let tensor = object as? Tensor {
      var rows: [(name: String, text: String)] = [
        ("shape", tensor.shape.description), ("dtype", tensor.type.name), ("elements", "\(tensor.count)"), ("bytes", "\(tensor.count * tensor.type.size)"),
      ]
      // A glance at its values must not take longer than a key press.
      if 1...100_000 ~= tensor.count, let values = try? tensor.values() {
        let finite = values.filter(\.isFinite)
        if let least = finite.min(), let most = finite.max() { rows.append(("range", "\(Self.short(least)) … \(Self.short(most))")) }
        if !finite.isEmpty { rows.append(("mean", Self.short(finite.reduce(0, +) / Double(finite.count)))) }
        if finite.count < values.count { rows.append(("not finite", "\(values.count - finite.count)")) }
      }
      if tensor.requiresGrad { rows.append(("requires_grad", "true")) }
      return [.code("\(name): Tensor \(tensor.description)"), .table("", rows)]
    }
    if let module = object as? Module {
      let tensors = (try? module.parameters()) ?? []
      var rows: [(name: String, text: String)] = [("parameters", "\(tensors.reduce(0) { $0 + $1.count })"), ("training", "\(module.training)")]
      for (name, tensor) in ((try? module.ownParameters()) ?? []) + ((try? module.ownBuffers()) ?? []) { rows.append((name, tensor.description)) }
      for (name, child) in (try? module.ownChildren()) ?? [] { rows.append((Int(name).map { "[\($0 + 1)]" } ?? name, child.title)) }
      return [.code("\(name): \(module.title)"), .table("", rows)]
    }
    return [.code("\(name): \((object as? any LuaObject)?.luaClass.name ?? stack.typeName(at: index))")]
  }

  /// A number or a boolean.
  private func plain(_ index: Int32) -> String {
    if stack.type(at: index) == .boolean { return "\(stack.boolean(at: index))" }
    return stack.isInteger(at: index) ? "\(stack.integer(at: index) ?? 0)" : "\(stack.number(at: index) ?? 0)"
  }

  private static func short(_ value: Double) -> String {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { bytes in
      let text = bytes.baseAddress!.assumingMemoryBound(to: CChar.self)
      _ = withVaList([value]) { vsnprintf(text, 32, "%.6g", $0) }
      return String(cString: text)
    }
  }

  // MARK: tables

  private var hasFields: Bool {
    stack.pushNil()
    guard stack.next(index) else { return false }
    stack.pop(2)
    return true
  }

  private var table: [InspectionPage.Block] {
    let items = stack.length(at: index)
    var rows: [(name: String, text: String)] = [], names = 0
    stack.pushNil()
    while stack.next(index) {
      if stack.type(at: -2) == .string, let key = stack.string(at: -2) {
        names += 1
        if names <= 10_000 { rows.append((key, glance(stack.top))) }
      }
      stack.pop()
    }
    rows.sort { $0.name < $1.name }
    if rows.count > 20 { rows = rows.prefix(20) + [("…", "\(names) names in all")] }
    for position in stride(from: min(items, 5), through: 1, by: -1) {
      stack.rawGet(index, position)
      rows.insert(("[\(position)]", glance(stack.top)), at: 0)
      stack.pop()
    }
    let label = stack.typeName(at: index)
    let counts = [(items, "item"), (names, "name")].filter { $0.0 > 0 }.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }
    return [.code("\(name): \(label)\(counts.isEmpty ? ", empty" : " of \(counts.joined(separator: " and "))")"), .table("", rows)]
  }

  /// One line about a value.
  private func glance(_ index: Int32) -> String {
    switch stack.object(at: index) {
    case let tensor as Tensor: return "Tensor \(tensor.description)"
    case let module as Module: return module.title
    default: break
    }
    switch stack.type(at: index) {
    case .string:
      let text = stack.string(at: index) ?? ""
      return "\"\(text.count > 60 ? "\(text.prefix(60))…" : text)\""
    case .number, .boolean: return plain(index)
    case .function: return stack.functionInfo(at: index).map(Self.signature) ?? "function"
    default: return stack.typeName(at: index)
    }
  }

  // MARK: functions

  private static func signature(_ info: FunctionInfo) -> String {
    "function(\((info.parameters + (info.isVariadic ? ["..."] : [])).joined(separator: ", ")))"
  }

  private var function: [InspectionPage.Block] {
    guard let info = stack.functionInfo(at: index) else { return [.code("\(name): function of Lua's or another C library")] }
    let comment = FunctionComment.before(info, in: code)
    return [.code("\(name) = \(Self.signature(info))")] + (comment.isEmpty ? [] : [.text(comment)]) + [.text("Defined at \(info.place).")]
  }
}
