internal import LuaBridge
internal import NeuralNetworks
internal import Tensors

/// The sum of a value: equal for equal values, in this run and the next.
///
/// Functions count by their text and what they hold on to; what cannot be looked into counts by the text of the cell that made it.
struct ValueDigest {
  let stack: LuaStack
  /// A table: library values by value, and their names.
  let libraries: Int32
  /// A table: every table and tensor met.
  let found: Int32
  /// A function's own text; nil where it is not known.
  let text: (FunctionInfo) -> String?
  /// Names that the functions met use: globals of theirs count too.
  private(set) var names: Set<String> = []
  /// Their texts.
  private(set) var texts: Set<String> = []

  init(_ stack: LuaStack, libraries: Int32, found: Int32, text: @escaping (FunctionInfo) -> String?) {
    self.stack = stack
    self.libraries = libraries
    self.found = found
    self.text = text
  }

  static func add(_ tensor: Tensor, to sum: SHA256) throws {
    sum.add(tensor.type.name)
    sum.add(UInt64(tensor.rank))
    for size in tensor.shape.array { sum.add(UInt64(size)) }
    let whole = try tensor.contiguous()
    sum.add(whole.pointer, whole.count * whole.type.size)
    withExtendedLifetime(whole) {}
  }

  /// Under which name `require` finds a value.
  static func library(_ stack: LuaStack, _ index: Int32, _ libraries: Int32) -> String? {
    stack.copy(index)
    guard (try? stack.get(libraries)) != nil else { return nil }
    defer { stack.pop() }
    return stack.string(at: -1)
  }

  /// Pushes a table of what `require` has found, by value.
  static func pushLibraries(_ stack: LuaStack) {
    stack.newTable()
    let table = stack.top
    stack.pushGlobals()
    stack.rawGet(-1, "package")
    stack.rawGet(-1, "loaded")
    let loaded = stack.top
    var names: [String] = []
    stack.pushNil()
    while stack.type(at: loaded) == .table, stack.next(loaded) {
      stack.pop()
      if stack.type(at: -1) == .string, let name = stack.string(at: -1) { names.append(name) }
    }
    // Where a value has two names the first one stands.
    for name in names.sorted(by: >) where stack.rawGet(loaded, name) == .table || stack.type(at: -1) == .function {
      stack.push(name)
      stack.rawSet(table)
    }
    stack.top = table
  }

  /// - origin: of a value that cannot be looked into.
  mutating func sum(at index: Int32, origin: String) throws -> String {
    let sum = SHA256(), top = stack.top
    defer { stack.top = top }
    let index = stack.absolute(index)
    stack.newTable()
    var count = 0
    try add(index, to: sum, seen: stack.top, &count, origin, depth: 0)
    return sum.finish()
  }

  private mutating func add(_ index: Int32, to sum: SHA256, seen: Int32, _ count: inout Int, _ origin: String, depth: Int) throws {
    guard depth < 150, stack.reserve(12) else { throw LuaError("what it reads is nested too deep") }
    let type = stack.type(at: index)
    sum.add("\(type)")
    switch type {
    case .nil, .none: return
    case .boolean: return sum.add(stack.boolean(at: index) ? 1 : 0)
    case .number:
      if stack.isInteger(at: index) { return sum.add(UInt64(bitPattern: Int64(stack.integer(at: index) ?? 0))) }
      sum.add("float")
      return sum.add((stack.number(at: index) ?? 0).bitPattern)
    case .string: return stack.withBytes(at: index) { sum.add($0) } ?? ()
    default: break
    }
    if let name = Self.library(stack, index, libraries) { return sum.add(name) }
    stack.copy(index)
    try stack.get(seen)
    let known = stack.integer(at: -1)
    stack.pop()
    if let known { return sum.add(UInt64(known)) }
    count += 1
    stack.copy(index)
    stack.push(count)
    stack.rawSet(seen)
    if type == .table || type == .userdata {
      stack.copy(index)
      stack.push(1)
      stack.rawSet(found)
    }
    switch type {
    case .table: try addTable(index, to: sum, seen, &count, origin, depth)
    case .function: try addFunction(index, to: sum, seen, &count, origin, depth)
    case .userdata:
      if let tensor = try? Tensor.decode(stack, index) {
        sum.add(tensor.requiresGrad ? 1 : 0)
        return try Self.add(tensor, to: sum)
      }
      sum.add(origin)
      guard let module = try? Module.decode(stack, index) else { return }
      sum.add(module.training ? 1 : 0)
      for (name, tensor) in try module.state() {
        sum.add(name)
        try Self.add(tensor, to: sum)
      }
    default: sum.add(origin)
    }
  }

  private mutating func addTable(_ index: Int32, to sum: SHA256, _ seen: Int32, _ count: inout Int, _ origin: String, _ depth: Int) throws {
    // In an order that is the same in every run.
    enum Key: Comparable {
      case boolean(Int), number(Double, Int), text([UInt8])
      static func < (a: Key, b: Key) -> Bool {
        switch (a, b) {
        case (.boolean(let x), .boolean(let y)): x < y
        case (.number(let x, let i), .number(let y, let j)): (x, i) < (y, j)
        case (.text(let x), .text(let y)): x.lexicographicallyPrecedes(y)
        case (.boolean, _), (.number, .text): true
        default: false
        }
      }
    }
    var keys: [Key] = []
    stack.pushNil()
    while stack.next(index) {
      stack.pop()
      switch stack.type(at: -1) {
      case .boolean: keys.append(.boolean(stack.boolean(at: -1) ? 1 : 0))
      case .number: keys.append(.number(stack.number(at: -1) ?? 0, stack.isInteger(at: -1) ? stack.integer(at: -1) ?? 0 : .min))
      case .string: keys.append(.text(stack.withBytes(at: -1) { Array($0) } ?? []))
      default: sum.add(origin)
      }
    }
    sum.add(UInt64(keys.count))
    for key in keys.sorted() {
      switch key {
      case .boolean(let value): stack.push(value == 1)
      case .number(let value, let integer): if integer == .min { stack.push(value) } else { stack.push(integer) }
      case .text(let bytes): stack.push(bytes: bytes)
      }
      try add(stack.top, to: sum, seen: seen, &count, origin, depth: depth + 1)
      try stack.get(index)  // it is there: no metamethod is asked
      try add(stack.top, to: sum, seen: seen, &count, origin, depth: depth + 1)
      stack.pop()
    }
    if stack.pushMetatable(index) {
      try add(stack.top, to: sum, seen: seen, &count, origin, depth: depth + 1)
      stack.pop()
    }
  }

  private mutating func addFunction(_ index: Int32, to sum: SHA256, _ seen: Int32, _ count: inout Int, _ origin: String, _ depth: Int) throws {
    guard let info = stack.functionInfo(at: index) else { return }  // one of the libraries'
    if let text = text(info) {
      sum.add(text)
      if texts.insert(text).inserted { names.formUnion(CellSyntax(Array(text.utf8)).names) }
    } else {
      sum.add(origin)
    }
    var position: Int32 = 1
    while let name = stack.upvalueName(index, position) {
      if name != "_ENV", stack.pushUpvalue(index, position) {
        sum.add(name)
        try add(stack.top, to: sum, seen: seen, &count, origin, depth: depth + 1)
        stack.pop()
      }
      position += 1
    }
  }
}
