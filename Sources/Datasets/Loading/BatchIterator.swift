internal import Dispatch
internal import LuaBridge
internal import Tensors

/// One pass over a loader: called by `for` until it gives nil.
final class BatchIterator: LuaObject, @unchecked Sendable {
  private let loader: DataLoader
  private let order: [Int]
  private let key: UInt64
  private let numbered: Bool
  private let count: Int
  private(set) var dealt = 0
  /// Batches that are being made ahead, the next one first.
  private var ahead: [Prepared] = []
  private var begun = 0
  private lazy var queue = DispatchQueue(label: "nnlua.prefetch")

  /// Tensors of a batch, whole once `done` says so.
  private struct Prepared {
    var tensors: [Tensor]
    var done: DispatchGroup?
  }

  init(_ loader: DataLoader, numbered: Bool) throws {
    self.loader = loader
    self.numbered = numbered
    (order, key) = try loader.pass()
    count = loader.count
  }

  deinit { finish() }
  func closed() { finish() }

  /// The other thread writes into tensors of this one: it must be through before they go.
  private func finish() {
    for batch in ahead { batch.done?.wait() }
    ahead = []
    dealt = count
  }

  var left: Int { count - dealt }

  private func positions(_ batch: Int) -> ArraySlice<Int> {
    let start = batch * loader.batchSize
    return order[start..<min(start + loader.batchSize, order.count)]
  }

  /// Steps that need no script, all of them or none.
  private func steps(_ set: Dataset) -> [any TransformStep]? {
    guard let transform = loader.transform else { return [] }
    guard let steps = transform.steps, !steps.contains(where: \.needsFloats) || set.columns[0].type.isFloat else { return nil }
    return steps
  }

  /// Begins the next batch: memory is taken here, the work may be done elsewhere.
  private func prepare(_ set: Dataset) throws -> Prepared {
    let batch = begun, positions = positions(batch), rows = set.rows
    let plan = try TransformPlan(steps(set) ?? [], set.columns[0].shape(of: positions.count), set.columns[0].type, "DataLoader")
    let chance = try plan.chance(key, batch)
    var tensors = [try Tensor(empty: plan.shape, plan.type)]
    for column in set.columns.dropFirst() { tensors.append(try Tensor(empty: column.shape(of: positions.count), column.type)) }
    // No tensor is held here: the last one to let go of it must be Lua's thread.
    let work = Work(targets: tensors.map(\.pointer), gathers: set.columns.map(\.gather), positions: positions, rows: rows, plan: plan, chance: chance)
    begun += 1
    guard loader.prefetch > 0 else {
      work.run()
      return Prepared(tensors: tensors)
    }
    let done = DispatchGroup()
    queue.async(group: done) { work.run() }
    return Prepared(tensors: tensors, done: done)
  }

  private struct Work: @unchecked Sendable {
    let targets: [UnsafeMutableRawPointer]
    let gathers: [Gather]
    let positions: ArraySlice<Int>
    let rows: [Int]?
    let plan: TransformPlan
    let chance: [Double]

    func run() {
      plan.run(into: targets[0], chance) { gathers[0].fill($0, positions, rows) }
      for i in gathers.indices.dropFirst() { gathers[i].fill(targets[i], positions, rows) }
    }
  }

  /// Pushes the next batch: x, t, or i, x, t; nil at the end.
  func next(_ stack: LuaStack) throws -> Int32 {
    guard left > 0 else {
      stack.pushNil()
      return 1
    }
    guard stack.reserve(120) else { throw LuaError("stack overflow") }
    let batch = dealt
    dealt += 1
    if numbered { stack.push(dealt) }
    let first = stack.top + 1
    var transformed = loader.transform == nil
    switch loader.source {
    case .script(let set):
      for tensor in try set.batch(stack, positions(batch)) { tensor.push(stack) }
    case .set(let set):
      while ahead.count <= loader.prefetch, begun < count { ahead.append(try prepare(set)) }
      let prepared = ahead.removeFirst()
      prepared.done?.wait()
      transformed = transformed || steps(set) != nil
      for tensor in prepared.tensors { tensor.push(stack) }
    }
    if !transformed, let transform = loader.transform {
      try RandomState.borrowed(key, batch) { try transform.apply(stack, first, "DataLoader") }
    } else if let classes = loader.transform?.classes {
      try Transform.encode(stack, first, classes)
    }
    return stack.top - first + 1 + (numbered ? 1 : 0)
  }

  static var luaName: String { "batches" }
  static var userValues: Int32 { 1 }
  var luaClass: LuaClass { Self.type }
  static let type: LuaClass = LuaClass(
    "batches", "One pass over a loader, for `for`: what `loader:batches()` and `loader:enumerate()` return.", rows: [],
    operators: [
      (
        "__call",
        Row(results: "__call", "The next batch, nil at the end.", Param("batches", BatchIterator.self), Param("state", LuaRest.self), returns: "Tensor, Tensor") {
          stack, iterator, _ in try iterator.next(stack)
        }
      ),
      ("__len", Row("__len", "How many batches are left.", Param("batches", BatchIterator.self), Param("same", LuaRest.self)) { iterator, _ in iterator.left }),
    ])
}
