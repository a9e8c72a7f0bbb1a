public import LuaBridge
public import Tensors

/// A learned table of vectors: y[…] = weight[x[…]].
public final class Embedding: Module, @unchecked Sendable {
  /// One row for every index.
  public let weight: Tensor
  private let padding: Int?, maxNorm: Double?, normType: Double

  /// - padding: a row (from 0) that begins with zeros and is not trained.
  init(_ count: Int, _ dim: Int, padding: Int?, maxNorm: Double?, normType: Double, initial: InitialValues) throws {
    guard count > 0, dim > 0 else { throw LuaError("Embedding: sizes must be at least 1, got \(count) rows of \(dim)") }
    if let maxNorm { try Functional.checkNorm(maxNorm, normType, "Embedding") }
    (self.padding, self.maxNorm, self.normType) = (padding, maxNorm, normType)
    weight = try Tensor(empty: Shape.checked([count, dim], "Embedding"), .default)
    if case .default = initial { try Initializers.normal(weight, 0, 1) } else { try initial.fill(weight, nil, fanIn: dim, fanOut: count) }
    if let padding { try weight.selected(0, padding).fill(0) }
    super.init()
    try register(parameter: "weight", weight)
  }

  public override var summaryLine: String { "\(weight.shape[0]) x \(weight.shape[1])" + (padding.map { ", padding_idx \($0 + 1)" } ?? "") }
  public override func forward(_ x: Tensor) throws -> Tensor {
    try Functional.embedding(x, weight, paddingIndex: padding, maxNorm: maxNorm, normType: normType)
  }
  public override func property(_ name: String) -> (any LuaValue)? {
    switch name {
    case "num_embeddings": weight.shape[0]
    case "embedding_dim": weight.shape[1]
    case "padding_idx": padding.map { $0 + 1 }
    default: nil
    }
  }
  public override var propertyNames: [String] { ["num_embeddings", "embedding_dim", "padding_idx"] }
  public override var optionalNames: [String] { ["padding_idx"] }

  static let row = Row(
    "Embedding", Functional.embeddingDoc.replacing("\nShapes:", with: "\nThe weight begins with normal numbers, the row of padding_idx with zeros.\nShapes:"),
    Param("num_embeddings", Int.self, "V, the number of rows"), Param("embedding_dim", Int.self, "D, their length"),
    Param("padding_idx", default: Int?.none, "a position whose row is 0 and gets no gradient"),
    Param("max_norm", default: Double?.none, "rows in use are cut to this norm, in place"), Param("norm_type", default: 2.0, "the norm's exponent"),
    Param.option("init", default: InitialValues.default, InitialValues.doc), place: .function, mixed: true,
    example: "return nn.Embedding(5, 3)(T.tensor({{1, 5}, {2, 2}}, {dtype = \"int64\"}))"
  ) { count, dim, padding, maxNorm, normType, initial in
    try Embedding(count, dim, padding: Functional.paddingPlace(padding, count, "Embedding"), maxNorm: maxNorm, normType: normType, initial: initial)
  }
}
