public import LuaBridge
public import Tensors

/// Samples with their targets, row by row: the first column is x, the second t. Pixels stay bytes until a batch is made of them.
public final class Dataset: LuaObject, @unchecked Sendable {
  /// What is known of a set besides its numbers.
  struct Details {
    var classes: [String]?
    /// Names of x's columns.
    var columns: [String]?
    /// What the codes of a column mean.
    var categories: [String: [String]]?
    /// Mean and standard deviation that each column of x had before it was normalised.
    var mean: Tensor?
    var std: Tensor?
    /// The file of each stored row, and those that were left out.
    var files: [String]?
    var skipped: [String]?
  }

  /// What the set is called where it is shown.
  public let title: String
  let columns: [Column]
  let details: Details
  /// Which stored rows belong to the set; nil for all.
  let rows: [Int]?
  /// What `x` gave last, while a script still holds it: `set.x[i]` in a loop makes one tensor, not one for each i.
  private weak var madeInputs: Tensor?
  private var madeVersion = 0

  /// - columns: at least one, of the same number of rows.
  init(_ title: String, _ columns: [Column], _ details: Details = Details(), rows: [Int]? = nil) {
    self.title = title
    self.columns = columns
    self.details = details
    self.rows = rows
  }

  /// Any tensors with the same number of rows.
  public convenience init(_ tensors: Tensor...) throws { try self.init(tensors: tensors) }

  /// A set with a title and the names of its classes: x, and labels t from 1 where there are any.
  /// - Errors: another number of rows in t than in x.
  public convenience init(_ title: String, x: Tensor, t: Tensor?, classes: [String]? = nil) throws {
    let columns = try Dataset(tensors: [x] + (t.map { [$0] } ?? [])).columns
    self.init(title, columns, Details(classes: classes))
  }

  init(tensors: [Tensor]) throws {
    func name(_ i: Int) -> String { i == 0 ? "x" : i == 1 ? "t" : "tensor \(i + 1)" }
    for (i, tensor) in tensors.enumerated() {
      guard tensor.rank > 0 else { throw LuaError("TensorDataset: \(name(i)) needs a first dim that counts the samples, its shape is {}") }
      guard tensor.shape[0] == tensors[0].shape[0] else {
        throw LuaError(
          "TensorDataset: x has \(tensors[0].shape[0]) samples, \(name(i)) has \(tensor.shape[0]) (x \(tensors[0].shape), \(name(i)) \(tensor.shape))")
      }
    }
    title = "TensorDataset"
    columns = try tensors.map { Column(try $0.contiguous().alias()) }
    details = Details()
    rows = nil
  }

  /// The number of samples.
  public var count: Int { rows?.count ?? columns[0].stored.shape[0] }
  /// The names of the classes; nil where targets are numbers, or unnamed.
  public var classes: [String]? { details.classes }
  public func closed() { madeInputs = nil }

  // MARK: tensors

  /// A column's values at these positions (from 0).
  func batch(_ positions: ArraySlice<Int>, of column: Int) throws -> Tensor { try columns[column].batch(positions, rows) }

  /// All inputs; made at each call, for kept they would take four times the memory of the bytes.
  public func allInputs() throws -> Tensor {
    if case .stored = columns[0].form, rows == nil { return columns[0].stored }
    if let made = madeInputs, made.storage.version == madeVersion, made.type == columns[0].type { return made }
    let made = try batch(Array(0..<count)[...], of: 0)
    (madeInputs, madeVersion) = (made, made.storage.version)
    return made
  }

  /// All targets; nil for a set without.
  public func allTargets() throws -> Tensor? {
    guard columns.count > 1 else { return nil }
    if case .stored = columns[1].form, rows == nil { return columns[1].stored }
    return try batch(Array(0..<count)[...], of: 1)
  }

  // MARK: parts

  /// The samples at these positions (from 0) as a set of their own; nothing is copied.
  public func part(_ positions: [Int]) -> Dataset {
    Dataset(title, columns, details, rows: rows.map { rows in positions.map { rows[$0] } } ?? positions)
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

  /// The files of the samples, in their order.
  var files: [String]? { details.files.map { files in rows.map { $0.map { files[$0] } } ?? files } }
}
