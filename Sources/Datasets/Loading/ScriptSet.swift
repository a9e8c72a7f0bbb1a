internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// A dataset that a script wrote: anything with `#` (or a `length`) and either `get` or positions.
///
/// - `set:get(i)` gives x, t, …, or one table of them; a plain function `get(i)` of one parameter is called without the set.
/// - Without `get`, `set[i]` is asked: {x, t}, {x = …, t = …}, or x alone.
///
/// Tensors, tables of numbers, numbers and booleans are stacked to batches.
final class ScriptSet {
  private enum Access { case method, function, index }
  private let handle: LuaHandle
  private var access = Access.index
  private(set) var count = 0

  /// Of the table or userdata at an index; the caller anchors it.
  init(_ stack: LuaStack, _ index: Int32) throws {
    handle = stack.handle(at: index)
    try look(stack)
  }

  /// The set as a value, on top; it lives as long as the loader.
  func push(_ stack: LuaStack) { _ = stack.push(handle) }

  /// Asks the set again how long it is, and how its items are got.
  func look(_ stack: LuaStack) throws {
    let base = stack.top
    defer { stack.top = base }
    guard stack.reserve(16) else { throw LuaError("stack overflow") }
    push(stack)
    let set = stack.top
    if try field(stack, set, "get"), stack.type(at: -1) == .function { access = takesOne(stack) ? .function : .method } else { access = .index }
    stack.top = set
    if try field(stack, set, "length"), stack.type(at: -1) != .nil {
      if stack.type(at: -1) == .function {
        stack.copy(set)
        try stack.call(arguments: 1, results: 1)
      }
    } else if stack.pushMetafield(set, "__len") {
      stack.copy(set)
      try stack.call(arguments: 1, results: 1)
    } else {
      stack.push(stack.length(at: set))
    }
    guard let length = stack.integer(at: -1), length >= 0 else {
      let got = stack.type(at: -1) == .number ? "\(stack.number(at: -1)?.luaLiteral ?? "?")" : "a \(stack.typeName(at: -1))"
      throw LuaError("DataLoader: the length of the dataset must be a whole number, got \(got)")
    }
    count = length
  }

  /// Pushes set[name]; false, and nothing pushed, for a userdata that has no such name and says so by an error.
  private func field(_ stack: LuaStack, _ set: Int32, _ name: String) throws -> Bool {
    if stack.rawGet(set, name) != .nil { return true }
    stack.pop()
    guard stack.pushMetafield(set, "__index") else { return false }
    stack.pop()
    stack.push(name)
    do { try stack.get(set) } catch is LuaRaised { return false }
    return true
  }

  /// The function on top has one parameter, so that it does not expect the set before the position.
  private func takesOne(_ stack: LuaStack) -> Bool {
    let base = stack.top
    defer { stack.top = base }
    stack.pushGlobals()
    stack.rawGet(-1, "debug")
    guard stack.rawGet(-1, "getinfo") == .function else { return false }
    stack.copy(base)
    stack.push("u")
    guard (try? stack.call(arguments: 2, results: 1)) != nil else { return false }
    stack.rawGet(-1, "nparams")
    guard stack.integer(at: -1) == 1 else { return false }
    stack.rawGet(-2, "isvararg")
    return !stack.boolean(at: -1)
  }

  // MARK: items

  private func item(_ stack: LuaStack, _ set: Int32, _ position: Int) throws -> [Sample.Value] {
    let base = stack.top
    defer { stack.top = base }
    if access == .index {
      stack.push(position)
      try stack.get(set)
    } else {
      stack.push("get")
      try stack.get(set)
      if access == .method { stack.copy(set) }
      stack.push(position)
      try stack.call(arguments: access == .method ? 2 : 1, results: -1)
    }
    if stack.top == base + 1, stack.type(at: -1) == .table { return try parts(stack, stack.top, position) }
    var values: [Sample.Value] = []
    // A nil at the end is a target that is not there.
    while stack.top > base, stack.type(at: -1) == .nil { stack.pop() }
    guard stack.top > base else { throw LuaError("DataLoader: item \(position) of the dataset is nil") }
    guard stack.top - base <= 100, stack.reserve(16) else { throw LuaError("DataLoader: item \(position) of the dataset has more than 100 parts") }
    for index in base + 1..<stack.top + 1 { values.append(try value(stack, index, position)) }
    return values
  }

  /// One item as a table: {x, t, …} or {x = …, t = …}.
  private func parts(_ stack: LuaStack, _ table: Int32, _ position: Int) throws -> [Sample.Value] {
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    var values: [Sample.Value] = []
    if stack.length(at: table) > 0 {
      for part in 1...min(stack.length(at: table), 100) {
        stack.rawGet(table, part)
        values.append(try value(stack, stack.top, position))
        stack.pop()
      }
      return values
    }
    for name in ["x", "t"] {
      if stack.rawGet(table, name) != .nil { values.append(try value(stack, stack.top, position)) }
      stack.pop()
    }
    guard !values.isEmpty else { throw LuaError("DataLoader: item \(position) of the dataset is a table without x and t: {x, t} or {x = …, t = …} expected") }
    return values
  }

  private func value(_ stack: LuaStack, _ index: Int32, _ position: Int) throws -> Sample.Value {
    do { return try naming("DataLoader: item \(position) of the dataset") { try Sample.Value.decode(stack, index) } } catch let error as TypeMismatch {
      throw LuaError("DataLoader: item \(position) of the dataset holds a \(stack.typeName(at: index)) (\(error.expected) expected)")
    }
  }

  // MARK: batches

  /// The items at these positions (from 0), stacked.
  func batch(_ stack: LuaStack, _ positions: ArraySlice<Int>) throws -> [Tensor] {
    let base = stack.top
    defer { stack.top = base }
    guard stack.reserve(32) else { throw LuaError("stack overflow") }
    push(stack)
    var columns: [[Sample.Value]] = []
    for position in positions {
      let values = try item(stack, base + 1, position + 1)
      if columns.isEmpty { columns = values.map { _ in [] } }
      guard values.count == columns.count else {
        throw LuaError("DataLoader: item \(position + 1) of the dataset has \(values.count) parts, item \(positions.first! + 1) has \(columns.count)")
      }
      for (i, value) in values.enumerated() { columns[i].append(value) }
    }
    return try columns.enumerated().map { i, values in try Self.stacked(values, positions, i == 0 ? "x" : i == 1 ? "t" : "part \(i + 1)") }
  }

  private static func stacked(_ values: [Sample.Value], _ positions: ArraySlice<Int>, _ name: String) throws -> Tensor {
    /// 0 truth, 1 integer, 2 number, 3 tensor
    func rank(_ value: Sample.Value) -> Int {
      switch value {
      case .truth: 0
      case .integer: 1
      case .number: 2
      case .tensor: 3
      }
    }
    let kinds = Set(values.map(rank))
    func mixed(_ i: Int) -> LuaError {
      LuaError("DataLoader: \(name) of item \(positions[positions.startIndex + i] + 1) is of another kind than that of item \(positions.first! + 1)")
    }
    if kinds.contains(3) || kinds.contains(0), kinds.count > 1 { throw mixed(values.firstIndex { rank($0) != rank(values[0]) } ?? 0) }
    guard kinds == [3] else {
      let type: ElementType = kinds == [0] ? .bool : kinds == [1] ? .int64 : .default
      let batch = try Tensor(empty: Shape(values.count), type)
      for (i, value) in values.enumerated() {
        switch value {
        case .truth(let b): batch.pointer(UInt8.self)[i] = b ? 1 : 0
        case .integer(let n) where type == .int64: batch.pointer(Int64.self)[i] = Int64(n)
        case .integer(let n): put(Double(n), batch, i)
        case .number(let x): put(x, batch, i)
        case .tensor: break
        }
      }
      return batch
    }
    let tensors = values.compactMap { if case .tensor(let x) = $0 { x } else { nil } }
    var shape = tensors[0].shape
    guard shape.count < Shape.maximumRank else { throw LuaError("DataLoader: \(name) has \(shape.count) dims, there is no room for the batch's") }
    let type = tensors.map(\.type).max() ?? .default
    if let other = tensors.firstIndex(where: { $0.shape != shape }) {
      throw LuaError(
        "DataLoader: \(name) of item \(positions[positions.startIndex + other] + 1) has shape \(tensors[other].shape), that of item \(positions.first! + 1) \(shape)")
    }
    let size = shape.elements * type.size
    shape.insert(tensors.count, at: 0)
    let batch = try Tensor(empty: Shape.checked(shape.array, "DataLoader"), type)
    for (i, tensor) in tensors.enumerated() { memcpy(batch.pointer + i * size, try tensor.contiguous().converted(to: type).pointer, size) }
    return batch
  }

  private static func put(_ value: Double, _ batch: Tensor, _ i: Int) {
    if batch.type == .float64 { batch.pointer(Double.self)[i] = value } else { batch.pointer(Float.self)[i] = Float(value) }
  }
}
