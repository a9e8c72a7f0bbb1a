package import LuaBridge
internal import Tensors

/// Deals a dataset in batches.
package final class DataLoader: LuaObject, @unchecked Sendable {
  enum Source {
    case set(Dataset)
    /// Anchored in the loader's userdata.
    case script(ScriptSet)
  }
  let source: Source
  package let batchSize: Int
  package let shuffle: Bool
  package let dropLast: Bool
  /// A stream of orders of its own; nil draws from the stream of `T.manual_seed`.
  package let seed: Int?
  /// How many batches are made ahead on another thread.
  let prefetch: Int
  /// How many orders were drawn: with `seed`, it alone says which order comes next, so that a resumed run goes on as the unbroken one.
  package var epoch = 0
  /// Its functions are anchored in the loader's userdata.
  var transform: Transform?

  init(_ source: Source, batchSize: Int, shuffle: Bool, dropLast: Bool, seed: Int?, prefetch: Int) throws {
    guard batchSize >= 1 else { throw LuaError("DataLoader: batch_size must be at least 1, got \(batchSize)") }
    guard prefetch >= 0, prefetch <= 1000 else { throw LuaError("DataLoader: prefetch must lie between 0 and 1000, got \(prefetch)") }
    self.source = source
    self.batchSize = batchSize
    self.shuffle = shuffle
    self.dropLast = dropLast
    self.seed = seed
    self.prefetch = prefetch
    guard items > 0 else { throw LuaError("DataLoader: the dataset is empty") }
  }

  /// - Errors: a batch size below 1, an empty set.
  package convenience init(_ dataset: Dataset, batchSize: Int = 1, shuffle: Bool = false, dropLast: Bool = false, seed: Int? = nil) throws {
    try self.init(.set(dataset), batchSize: batchSize, shuffle: shuffle, dropLast: dropLast, seed: seed, prefetch: 0)
  }

  var items: Int {
    switch source {
    case .set(let set): set.count
    case .script(let set): set.count
    }
  }

  /// Batches in an epoch; the last may be smaller unless it is dropped.
  package var count: Int { items / batchSize + (dropLast || items % batchSize == 0 ? 0 : 1) }

  /// The positions of the next epoch, in the order they are dealt.
  package func order() throws -> [Int] { try pass().order }

  /// The next epoch: its order, and the key of the random numbers that its transforms draw.
  func pass() throws -> (order: [Int], key: UInt64) {
    defer { epoch &+= 1 }
    guard shuffle || transform != nil else { return (Array(0..<items), 0) }
    var stream = try RandomStream(optional: seed, epoch)
    let order = shuffle ? stream.order(items) : Array(0..<items)
    return (order, stream.bits())
  }

  package static var luaName: String { "DataLoader" }
  package static var userValues: Int32 { 1 }
  package var luaClass: LuaClass { Self.type }
}
