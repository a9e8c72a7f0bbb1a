internal import Datasets
internal import LuaBridge
internal import NeuralNetworks
internal import Tensors

/// Turns a table of plain values, tensors, networks, optimizers, schedulers and loaders into named tensors and one JSON text.
///
/// Texts, truth values, whole numbers, fractions, lists and tables by name are plain JSON. What JSON cannot say is an object whose only name begins with `$`:
///
///     {"$tensor": "net.0.weight"}                       its values stand in the file under that name
///     {"$module": {…}} {"$loader": {"epoch": 3}}        what has a state
///     {"$optimizer": {"kind": "Adam", "state": {…}}}    and so {"$scheduler": …}
///     {"$float": "1.0"} {"$float": "nan"}               a float that JSON would take for a whole number, or not know
///     {"$bytes": "ff00"}                                text that is not UTF-8
///     {"$table": [[key, value], …]}                     keys that are not all names (or names that begin with `$`)
struct CheckpointWriter {
  private(set) var tensors: [(name: String, tensor: Tensor)] = []
  private var names: Set<String> = []
  private let deepest = 100

  /// The JSON text of the value at `index`.
  /// - path: where it stands, for errors and for the names of tensors.
  mutating func text(_ stack: LuaStack, _ index: Int32, _ path: [String]) throws -> String {
    guard path.count <= deepest, stack.reserve(8) else {
      throw LuaError("field '\(path.prefix(6).joined(separator: "."))…' is nested too deep (does a table contain itself?)")
    }
    switch stack.type(at: index) {
    case .boolean: return stack.boolean(at: index) ? "true" : "false"
    case .number: return stack.integer(at: index).flatMap { stack.isInteger(at: index) ? String($0) : nil } ?? Self.text(stack.number(at: index) ?? 0)
    case .string: return stack.withBytes(at: index, Self.text) ?? "\"\""
    case .table, .userdata:
      if let text = try object(stack, index, path) { return text }
      if stack.type(at: index) == .table { return try table(stack, index, path) }
    default: break
    }
    throw LuaError("field '\(path.joined(separator: "."))' is a \(stack.given(at: index)), which cannot be saved")
  }

  private mutating func object(_ stack: LuaStack, _ index: Int32, _ path: [String]) throws -> String? {
    if let tensor = try? Tensor.decode(stack, index) { return try self.tensor(tensor, path) }
    if let module = try? Module.decode(stack, index) { return "{\"$module\":\(try state(module.state(), path))}" }
    if let optimizer = try? Optimizer.decode(stack, index) { return try Self.object("$optimizer", optimizer.kind, state(optimizer.state(), path)) }
    if let scheduler = try? Scheduler.decode(stack, index) {
      scheduler.state.push(stack)
      defer { stack.pop() }
      return try Self.object("$scheduler", scheduler.kind, text(stack, stack.top, path))
    }
    if let loader = try? DataLoader.decode(stack, index) { return "{\"$loader\":{\"epoch\":\(loader.epoch)}}" }
    return nil
  }

  private static func object(_ tag: String, _ kind: String, _ state: String) -> String { "{\"\(tag)\":{\"kind\":\(text(kind)),\"state\":\(state)}}" }

  private mutating func state(_ entries: [(name: String, tensor: Tensor)], _ path: [String]) throws -> String {
    "{" + (try entries.map { "\(Self.text($0.name)):\(try tensor($0.tensor, path + [$0.name]))" }).joined(separator: ",") + "}"
  }

  private mutating func tensor(_ tensor: Tensor, _ path: [String]) throws -> String {
    var name = path.joined(separator: ".")
    while name.isEmpty || name == "__metadata__" || !names.insert(name).inserted { name += "'" }
    tensors.append((name, tensor))
    return "{\"$tensor\":\(Self.text(name))}"
  }

  private mutating func table(_ stack: LuaStack, _ index: Int32, _ path: [String]) throws -> String {
    let length = stack.length(at: index), top = stack.top
    defer { stack.top = top }
    var count = 0, isPlain = true
    stack.pushNil()
    while stack.next(index) {
      count += 1
      stack.pop()
      switch stack.type(at: -1) {
      case .string: isPlain = isPlain && stack.withBytes(at: -1) { $0.first != UInt8(ascii: "$") && String(validating: $0, as: UTF8.self) != nil } == true
      case .number, .boolean: isPlain = false
      default: throw LuaError("table '\(path.joined(separator: "."))' has a key that is a \(stack.typeName(at: -1)), which cannot be saved")
      }
    }
    if count == length, count > 0 {
      var parts: [String] = []
      for position in 1...count {
        stack.rawGet(index, position)
        parts.append(try text(stack, stack.top, path + ["\(position)"]))
        stack.pop()
      }
      return "[" + parts.joined(separator: ",") + "]"
    }
    // Sorted, so that the same values give the same file.
    var parts: [(key: String, value: String)] = []
    stack.pushNil()
    while stack.next(index) {
      let key = try text(stack, stack.top - 1, path)
      let name = stack.string(at: stack.top - 1) ?? key
      parts.append((key, try text(stack, stack.top, path + [name])))
      stack.pop()
    }
    parts.sort { $0.key < $1.key }
    if isPlain { return "{" + parts.map { "\($0.key):\($0.value)" }.joined(separator: ",") + "}" }
    return "{\"$table\":[" + parts.map { "[\($0.key),\($0.value)]" }.joined(separator: ",") + "]}"
  }

  // MARK: plain values

  /// Swift writes the fewest digits that give the same bits again.
  private static func text(_ value: Double) -> String {
    value.isFinite && value != value.rounded() ? "\(value)" : "{\"$float\":\"\(value.isNaN ? "nan" : "\(value)")\"}"
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return self.text(text) }
    let digits = Array("0123456789abcdef".utf8)
    return "{\"$bytes\":\"\(String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self))\"}"
  }

  static func text(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
