public import LuaBridge
internal import Tensors

/// Deals a dataset in batches.
public final class DataLoader: LuaObject, @unchecked Sendable {
  public let dataset: Dataset
  public let batchSize: Int
  public let shuffle: Bool
  public let dropLast: Bool
  /// A stream of orders of its own; nil draws from the stream of `T.manual_seed`.
  public let seed: Int?
  /// How many orders were drawn: with `seed`, it alone says which order comes next, so that a resumed run goes on as the unbroken one.
  public var epoch = 0
  /// Anchored in the loader's userdata.
  fileprivate var transform: LuaHandle?

  /// - Errors: a batch size below 1.
  public init(_ dataset: Dataset, batchSize: Int = 1, shuffle: Bool = false, dropLast: Bool = false, seed: Int? = nil) throws {
    guard batchSize >= 1 else { throw LuaError("DataLoader: batch_size must be at least 1, got \(batchSize)") }
    self.dataset = dataset
    self.batchSize = batchSize
    self.shuffle = shuffle
    self.dropLast = dropLast
    self.seed = seed
  }

  /// Batches in an epoch; the last may be smaller unless it is dropped.
  public var count: Int { dataset.count / batchSize + (dropLast || dataset.count % batchSize == 0 ? 0 : 1) }

  /// The positions of the next epoch, in the order they are dealt.
  package func order() throws -> [Int] {
    defer { epoch += 1 }
    guard shuffle else { return Array(0..<dataset.count) }
    var stream = try RandomStream(optional: seed, epoch)
    return stream.order(dataset.count)
  }
}

/// One pass over a loader: called by `for` until it gives nil.
final class BatchIterator: LuaObject, @unchecked Sendable {
  private let loader: DataLoader
  private let order: [Int]
  private let numbered: Bool
  private(set) var dealt = 0

  init(_ loader: DataLoader, numbered: Bool) throws {
    self.loader = loader
    self.numbered = numbered
    order = try loader.order()
  }

  var left: Int { loader.count - dealt }

  /// Pushes the next batch: x, t, or i, x, t; nil at the end.
  func next(_ stack: LuaStack) throws -> Int32 {
    guard left > 0 else {
      stack.pushNil()
      return 1
    }
    guard stack.reserve(8) else { throw LuaError("stack overflow") }
    let start = dealt * loader.batchSize
    let positions = order[start..<min(start + loader.batchSize, order.count)]
    dealt += 1
    if numbered { stack.push(dealt) }
    let x = try loader.dataset.batchInputs(positions), t = try loader.dataset.batchTargets(positions)
    if let transform = loader.transform, stack.push(transform) {
      x.push(stack)
      t.push(stack)
      try stack.call(arguments: 2, results: 2)
      guard stack.type(at: -1) != .nil, stack.type(at: -2) != .nil else {
        throw LuaError("DataLoader: the transform must return x and t, it returned \(stack.typeName(at: -2)) and \(stack.typeName(at: -1))")
      }
    } else {
      x.push(stack)
      t.push(stack)
    }
    return numbered ? 3 : 2
  }

  static var luaName: String { "batches" }
  static var userValues: Int32 { 1 }
  var luaClass: LuaClass { Self.type }
  private static let type: LuaClass = LuaClass(
    "batches", rows: [],
    operators: [
      (
        "__call",
        Row(results: "__call", "The next batch, nil at the end.", Param("batches", BatchIterator.self), Param("state", LuaRest.self), returns: "x, t") {
          stack, iterator, _ in try iterator.next(stack)
        }
      ),
      ("__len", Row("__len", "How many batches are left.", Param("batches", BatchIterator.self), Param("same", LuaRest.self)) { iterator, _ in iterator.left }),
    ])
}

extension DataLoader {
  public static var luaName: String { "DataLoader" }
  public static var userValues: Int32 { 1 }
  public var luaClass: LuaClass { Self.type }

  static let type: LuaClass = LuaClass(
    "DataLoader", rows: methods,
    operators: [
      ("__len", Row("__len", "The number of batches in an epoch.", Param("loader", DataLoader.self), Param("same", LuaRest.self)) { loader, _ in loader.count }),
      (
        "__tostring",
        Row("__tostring", "Its dataset and batch size.", Param("loader", DataLoader.self)) { loader in
          "DataLoader(\(loader.dataset.description); \(loader.count) batches of \(loader.batchSize)\(loader.shuffle ? ", shuffled" : ""))"
        }
      ),
    ],
    newIndex: { stack in
      guard stack.string(at: 2) == "epoch", let epoch = stack.integer(at: 3) else {
        throw LuaError("DataLoader: only 'epoch' can be set, to an integer")
      }
      try DataLoader.decode(stack, 1).epoch = epoch
      return 0
    })

  /// Pushes a pass over the loader at index 1; it keeps the loader, and so the transform, alive.
  private static func iterate(_ stack: LuaStack, _ loader: DataLoader, numbered: Bool) throws -> Int32 {
    try BatchIterator(loader, numbered: numbered).push(stack)
    stack.copy(1)
    stack.anchor(-2, 1)
    return 1
  }

  private static let methods: [Row] = [
    Row(
      results: "batches", "One epoch: `for x, t in loader:batches() do … end`. A shuffled loader draws a new order at each call.", Param("loader", DataLoader.self),
      place: .method, example: "local n = 0; for x, t in data.DataLoader(data.digits(), {batch_size = 100}):batches() do n = n + #x end; return n", returns: "iterator"
    ) { stack, loader in try iterate(stack, loader, numbered: false) },
    Row(
      results: "enumerate", "One epoch with the batches' numbers: `for i, x, t in loader:enumerate() do … end`.", Param("loader", DataLoader.self), place: .method,
      example: "for i, x, t in data.DataLoader(data.digits(), {batch_size = 100}):enumerate() do return i end", returns: "iterator"
    ) { stack, loader in try iterate(stack, loader, numbered: true) },
    Row(getter: "dataset", "The set it deals.", of: DataLoader.self) { $0.dataset },
    Row(getter: "batch_size", "Samples in a batch.", of: DataLoader.self) { $0.batchSize },
    Row(getter: "epoch", "How many orders were drawn; may be set, to go on where another run stopped.", of: DataLoader.self) { $0.epoch },
  ]

  static let rows: [Row] = [
    Row(
      "TensorDataset", "A dataset of two tensors: row i of x with row i of t.", Param("x", Tensor.self, "(N, …)"), Param("t", Tensor.self, "(N, …)"), place: .function,
      example: "return #data.TensorDataset(T.zeros(4, 2), T.zeros(4))"
    ) { x, t in try Dataset(x, t) },
    Row(
      results: "DataLoader", "Deals a dataset in batches, in order or shuffled. The same seed gives the same batches, bit for bit.", Param("dataset", Dataset.self),
      Param("batch_size", default: 1, "samples in a batch"), Param("shuffle", default: false, "a new random order in each epoch"),
      Param.option("drop_last", default: false, "leave out a last batch that is smaller"),
      Param.option("seed", default: Int?.none, "a stream of orders of its own; otherwise T.manual_seed's is drawn from"),
      Param.option("prefetch", default: 0, "batches made ahead; sets in memory need none: gathering 100 images takes less than 0.1 ms"),
      Param.option("transform", default: LuaFunction?.none, "function (x, t) → x, t, called with each batch"), place: .function, mixed: true,
      example: "return #data.DataLoader(data.digits(), {batch_size = 100, shuffle = true})", returns: "DataLoader"
    ) { stack, dataset, batchSize, shuffle, dropLast, seed, prefetch, transform in
      guard prefetch >= 0 else { throw LuaError("DataLoader: prefetch cannot be negative, got \(prefetch)") }
      let loader = try DataLoader(dataset, batchSize: batchSize, shuffle: shuffle, dropLast: dropLast, seed: seed)
      guard stack.reserve(8) else { throw LuaError("stack overflow") }
      loader.push(stack)
      if let transform {
        loader.transform = stack.handle(at: transform.index)
        stack.copy(transform.index)
        stack.anchor(-2, 1)
      }
      return 1
    },
  ]
}
