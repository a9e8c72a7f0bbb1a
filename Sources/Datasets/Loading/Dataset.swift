public import LuaBridge
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// Samples with their targets, row by row. Pixels stay bytes until a batch is made of them.
///
/// - Shapes: stored inputs (N, …) and targets (N, …), both contiguous.
public final class Dataset: LuaObject, @unchecked Sendable {
  /// How stored rows become what a network sees.
  public struct Form: Sendable {
    public enum Targets: Sendable {
      /// As they are stored.
      case stored
      /// Stored classes from 0 become positions from 1.
      case positions
      /// Stored classes from 0 become rows of zeros and a one.
      case oneHot(classes: Int)
    }
    /// The shape of one sample; the same number of elements as a stored row.
    public var sample: Shape
    /// Stored bytes are divided by it and become floats; nil leaves the elements as they are.
    public var divisor: Float?
    public var targets: Targets
  }

  public let title: String
  public let classes: [String]?
  let inputs: Tensor
  let targets: Tensor
  let form: Form
  /// Which stored rows belong to the set; nil for all.
  let rows: [Int]?
  /// What `x` gave last, while a script still holds it: `set.x[i]` in a loop makes one tensor, not one for each i.
  private weak var madeInputs: Tensor?
  private var madeVersion = 0

  init(_ title: String, _ inputs: Tensor, _ targets: Tensor, _ form: Form, classes: [String]? = nil, rows: [Int]? = nil) {
    self.title = title
    self.inputs = inputs
    self.targets = targets
    self.form = form
    self.classes = classes
    self.rows = rows
  }

  /// Any two tensors with the same number of rows.
  public convenience init(_ x: Tensor, _ t: Tensor) throws {
    for (name, tensor) in [("x", x), ("t", t)] where tensor.rank == 0 {
      throw LuaError("TensorDataset: \(name) needs a first dim that counts the samples, its shape is {}")
    }
    guard x.shape[0] == t.shape[0] else {
      throw LuaError("TensorDataset: x has \(x.shape[0]) samples, t has \(t.shape[0]) (x \(x.shape), t \(t.shape))")
    }
    var sample = x.shape
    sample.remove(at: 0)
    try self.init("TensorDataset", x.contiguous().alias(), t.contiguous().alias(), Form(sample: sample, divisor: nil, targets: .stored))
  }

  public var count: Int { rows?.count ?? inputs.shape[0] }
  public func closed() { madeInputs = nil }

  // MARK: batches

  /// Inputs of the samples at these positions (from 0), gathered and brought to their form in one pass.
  public func batchInputs(_ positions: ArraySlice<Int>) throws -> Tensor {
    guard let divisor = form.divisor else { return try gather(inputs, positions) }
    var shape = form.sample
    shape.insert(positions.count, at: 0)
    let batch = try Tensor(empty: shape, .default)
    let stored = inputs.pointer(UInt8.self), width = form.sample.elements
    var place = 0
    for position in positions {
      let row = stored + (rows?[position] ?? position) * width
      if batch.type == .float64 {
        let target = batch.pointer(Double.self) + place, divisor = Double(divisor)
        for i in 0..<width { target[i] = Double(row[i]) / divisor }
      } else {
        let target = batch.pointer(Float.self) + place
        for i in 0..<width { target[i] = Float(row[i]) / divisor }
      }
      place += width
    }
    return batch
  }

  public func batchTargets(_ positions: ArraySlice<Int>) throws -> Tensor {
    let stored = targets.pointer(UInt8.self)
    switch form.targets {
    case .stored: return try gather(targets, positions)
    case .positions:
      let batch = try Tensor(empty: Shape(positions.count), .int64), target = batch.pointer(Int64.self)
      for (i, position) in positions.enumerated() { target[i] = Int64(stored[rows?[position] ?? position]) + 1 }
      return batch
    case .oneHot(let classes):
      let batch = try Tensor.zeros(Shape(positions.count, classes), .default)
      for (i, position) in positions.enumerated() {
        let place = i * classes + Int(stored[rows?[position] ?? position])
        if batch.type == .float64 { batch.pointer(Double.self)[place] = 1 } else { batch.pointer(Float.self)[place] = 1 }
      }
      return batch
    }
  }

  private func gather(_ stored: Tensor, _ positions: ArraySlice<Int>) throws -> Tensor {
    var shape = stored.shape
    shape[0] = positions.count
    let batch = try Tensor(empty: shape, stored.type)
    shape[0] = 1
    let width = shape.elements * stored.type.size
    for (i, position) in positions.enumerated() { memcpy(batch.pointer + i * width, stored.pointer + (rows?[position] ?? position) * width, width) }
    return batch
  }

  /// All inputs; made at each call, for kept they would take four times the memory of the bytes.
  public func allInputs() throws -> Tensor {
    if form.divisor == nil, rows == nil { return inputs }
    if let made = madeInputs, made.storage.version == madeVersion, made.type == .default || form.divisor == nil { return made }
    let made = try batchInputs(Array(0..<count)[...])
    (madeInputs, madeVersion) = (made, made.storage.version)
    return made
  }

  public func allTargets() throws -> Tensor {
    if case .stored = form.targets, rows == nil { return targets }
    return try batchTargets(Array(0..<count)[...])
  }

  // MARK: parts

  /// The samples at these positions (from 0) as a set of their own; nothing is copied.
  public func part(_ positions: [Int]) -> Dataset {
    Dataset(title, inputs, targets, form, classes: classes, rows: rows.map { rows in positions.map { rows[$0] } } ?? positions)
  }

  /// A script's position (from 1, or from the end by −1) as a position from 0.
  func position(_ position: Int, _ function: String) throws -> Int {
    if position >= 1, position <= count { return position - 1 }
    if position < 0, position >= -count { return count + position }
    throw LuaError("\(function): position \(position) is out of range, the set has \(count) samples")
  }

  /// Two parts of a shuffled set: `share` of it, and the rest.
  public func split(_ share: Double, seed: Int?) throws -> (Dataset, Dataset) {
    guard share > 0, share < 1 else { throw LuaError("split: the share must lie between 0 and 1, got \(share.luaLiteral)") }
    var stream = try RandomStream(optional: seed)
    let order = stream.order(count)
    let first = Int((share * Double(count)).rounded())
    return (part(Array(order[..<first])), part(Array(order[first...])))
  }
}
