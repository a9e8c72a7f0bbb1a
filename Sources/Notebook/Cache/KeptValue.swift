internal import FoundationEssentials
internal import LuaBridge
internal import Tensors

/// Writes values as JSON, tensors and other bytes beside it.
struct KeptValueWriter {
  let stack: LuaStack
  /// A table: what the cell found there already; a copy of it would be a second one.
  let found: Int32
  /// A table: library values by value, and their names.
  let libraries: Int32
  /// A table: numbers of the tables and tensors written so far.
  let seen: Int32
  private(set) var tensors: [String: Tensor] = [:]
  private var count = 0
  private var open: Set<Int> = []

  init(_ stack: LuaStack, found: Int32, libraries: Int32, seen: Int32) {
    self.stack = stack
    self.found = found
    self.libraries = libraries
    self.seen = seen
  }

  mutating func json(bytes: [UInt8]) throws -> JSON {
    if let text = String(validating: bytes, as: UTF8.self) { return .array([.string("s"), .string(text)]) }
    let tensor = try Tensor(empty: Shape(bytes.count), .uint8)
    bytes.withUnsafeBytes { tensor.pointer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    return .array([.string("b"), .string(keep(tensor))])
  }

  private mutating func keep(_ tensor: Tensor) -> String {
    let name = "t\(tensors.count)"
    tensors[name] = tensor
    return name
  }

  /// - Errors: a value that cannot be kept, told with its place.
  mutating func json(at index: Int32, _ place: String, depth: Int = 0) throws -> JSON {
    guard depth < 150, stack.reserve(12) else { throw LuaError("\(place) is nested too deep") }
    let index = stack.absolute(index)
    switch stack.type(at: index) {
    case .nil: return .null
    case .boolean: return .bool(stack.boolean(at: index))
    case .number:
      if stack.isInteger(at: index) { return .array([.string("i"), .string("\(stack.integer(at: index) ?? 0)")]) }
      return .array([.string("f"), .string("\((stack.number(at: index) ?? 0).bitPattern)")])
    case .string: return try json(bytes: stack.withBytes(at: index) { Array($0) } ?? [])
    default: break
    }
    if let name = ValueDigest.library(stack, index, libraries) { return .array([.string("l"), .string(name)]) }
    let tensor = stack.type(at: index) == .userdata ? try? Tensor.decode(stack, index) : nil
    guard stack.type(at: index) == .table || tensor != nil else { throw LuaError("\(place) is a \(stack.typeName(at: index))") }
    if lookUp(found, index) != nil { throw LuaError("\(place) is a \(stack.typeName(at: index)) that was there before the cell") }
    if let number = lookUp(seen, index) {
      guard !open.contains(number) else { throw LuaError("\(place) is a table that contains itself") }
      return .array([.string("r"), .string("\(number)")])
    }
    count += 1
    let number = count
    stack.copy(index)
    stack.push(number)
    stack.rawSet(seen)
    if let tensor {
      guard tensor.isLeaf else { throw LuaError("\(place) is a tensor that gradients flow through (detach it)") }
      if tensor.grad != nil { throw LuaError("\(place) is a tensor with a gradient (detach it)") }
      return .array([.string("t"), .string("\(number)"), .string(keep(tensor)), .bool(tensor.requiresGrad)])
    }
    if stack.pushMetatable(index) {
      stack.pop()
      throw LuaError("\(place) is a table with a metatable")
    }
    open.insert(number)
    defer { open.remove(number) }
    var members: [JSON] = [.string("T"), .string("\(number)")]
    stack.pushNil()
    while stack.next(index) {
      let key = stack.top - 1
      switch stack.type(at: key) {
      case .boolean, .number, .string: break
      default: throw LuaError("\(place) has a key that is a \(stack.typeName(at: key))")
      }
      let inside =
        stack.type(at: key) == .string ? "\(place).\(stack.string(at: key) ?? "?")" : "\(place)[\(stack.number(at: key).map { "\(Int(exactly: $0) ?? 0)" } ?? "?")]"
      members.append(try json(at: key, inside, depth: depth + 1))
      members.append(try json(at: key + 1, inside, depth: depth + 1))
      stack.pop()
    }
    return .array(members)
  }

  private func lookUp(_ table: Int32, _ index: Int32) -> Int? {
    stack.copy(index)
    guard (try? stack.get(table)) != nil else { return nil }
    defer { stack.pop() }
    return stack.integer(at: -1)
  }
}

/// Reads what `KeptValueWriter` wrote.
struct KeptValueReader {
  let stack: LuaStack
  let tensors: [String: Tensor]
  /// A table: what was made so far, by number.
  let made: Int32

  private static let broken = LuaError("a kept cell cannot be read")

  func bytes(_ json: JSON) throws -> [UInt8] {
    guard let parts = json.array, parts.count == 2, let text = parts[1].string else { throw Self.broken }
    if parts[0].string == "s" { return Array(text.utf8) }
    guard let tensor = tensors[text] else { throw Self.broken }
    return Array(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count))
  }

  /// Pushes the value.
  func push(_ json: JSON) throws {
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    switch json {
    case .null: return stack.pushNil()
    case .bool(let value): return stack.push(value)
    default: break
    }
    guard let parts = json.array, parts.count >= 2, let kind = parts[0].string, let text = parts[1].string else { throw Self.broken }
    switch kind {
    case "s", "b": stack.push(bytes: try bytes(json))
    case "i":
      guard let value = Int(text) else { throw Self.broken }
      stack.push(value)
    case "f":
      guard let bits = UInt64(text) else { throw Self.broken }
      stack.push(Double(bitPattern: bits))
    case "l":
      stack.pushGlobals()
      let top = stack.top
      stack.rawGet(top, "require")
      stack.push(text)
      try stack.call(arguments: 1, results: 1)
      stack.replace(top)
    case "r":
      guard let number = Int(text) else { throw Self.broken }
      stack.rawGet(made, number)
    case "t":
      guard parts.count == 4, let number = Int(text), let tensor = parts[2].string.flatMap({ tensors[$0] }) else { throw Self.broken }
      if parts[3].bool == true { try tensor.requireGrad() }
      tensor.push(stack)
      stack.copy(-1)
      stack.rawSet(made, number)
    case "T":
      guard let number = Int(text), parts.count % 2 == 0 else { throw Self.broken }
      stack.newTable()
      let table = stack.top
      stack.copy(table)
      stack.rawSet(made, number)
      for i in stride(from: 2, to: parts.count, by: 2) {
        try push(parts[i])
        guard stack.isKey(at: -1) else { throw Self.broken }
        try push(parts[i + 1])
        stack.rawSet(table)
      }
    default: throw Self.broken
    }
  }
}
