public import LuaBridge
public import Tensors

/// A learned scale and shift after a normalisation: weight begins with 1, bias with 0.
public class AffineNorm: Module, @unchecked Sendable {
  let weight: Tensor?, bias: Tensor?, eps: Double

  init(_ kind: String, _ shape: [Int], eps: Double, weight: Bool, bias: Bool) throws {
    guard eps >= 0 else { throw LuaError("\(kind): eps cannot be negative, got \(eps.luaLiteral)") }
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else { throw LuaError("\(kind): sizes must be at least 1, got \(shape.luaLiteral)") }
    let shape = try Shape.checked(shape, kind)
    self.eps = eps
    self.weight = weight ? try Tensor.full(shape, 1) : nil
    self.bias = bias ? try Tensor.zeros(shape) : nil
    super.init()
    if let weight = self.weight { try register(parameter: "weight", weight) }
    if let bias = self.bias { try register(parameter: "bias", bias) }
  }

  public override var optionalNames: [String] { ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"] }
  public override func property(_ name: String) throws -> (any LuaValue)? { name == "eps" ? eps : nil }
  public override var propertyNames: [String] { ["eps"] }
}

/// `Functional.layerNorm` with a learned weight and bias.
public final class LayerNorm: AffineNorm, @unchecked Sendable {
  private let shape: [Int]
  init(_ shape: [Int], eps: Double, affine: Bool, bias: Bool) throws {
    self.shape = shape
    try super.init("LayerNorm", shape, eps: eps, weight: affine, bias: affine && bias)
  }
  public override var summaryLine: String { shape.map(String.init).joined(separator: "x") }
  public override func forward(_ x: Tensor) throws -> Tensor { try Functional.layerNorm(x, shape: shape, weight: weight, bias: bias, eps: eps) }

  static let row = Row(
    "LayerNorm", Functional.layerNormDoc, Param("normalized_shape", Sizes.self, "the last dims' sizes"), Param("eps", default: 1e-5, "added to the variance"),
    Param("elementwise_affine", default: true, "learn weight and bias"), Param("bias", default: true, "learn the bias too"), place: .function, mixed: true,
    example: "return nn.LayerNorm(3)(T.rand(4, 3))"
  ) { try LayerNorm($0.list, eps: $1, affine: $2, bias: $3) }
}

/// `Functional.rmsNorm` with a learned weight.
public final class RMSNorm: AffineNorm, @unchecked Sendable {
  private let shape: [Int], least: Double?
  init(_ shape: [Int], eps: Double?, affine: Bool) throws {
    (self.shape, least) = (shape, eps)
    try super.init("RMSNorm", shape, eps: eps ?? 0, weight: affine, bias: false)
  }
  public override var summaryLine: String { shape.map(String.init).joined(separator: "x") }
  public override func forward(_ x: Tensor) throws -> Tensor { try Functional.rmsNorm(x, shape: shape, weight: weight, eps: least) }
  public override func property(_ name: String) throws -> (any LuaValue)? { name == "eps" ? least : nil }
  public override var optionalNames: [String] { super.optionalNames + ["eps"] }

  static let row = Row(
    "RMSNorm", Functional.rmsNormDoc, Param("normalized_shape", Sizes.self, "the last dims' sizes"),
    Param("eps", default: Double?.none, "added to the mean square; the type's smallest step where left out"),
    Param("elementwise_affine", default: true, "learn the weight"), place: .function, mixed: true, example: "return nn.RMSNorm(3)(T.rand(4, 3))"
  ) { try RMSNorm($0.list, eps: $1, affine: $2) }
}

/// `Functional.groupNorm` with a learned weight and bias.
public final class GroupNorm: AffineNorm, @unchecked Sendable {
  private let groups: Int, channels: Int
  init(_ groups: Int, _ channels: Int, eps: Double, affine: Bool) throws {
    guard groups > 0, channels > 0, channels % groups == 0 else { throw LuaError("GroupNorm: num_groups = \(groups) must divide \(channels) channels") }
    (self.groups, self.channels) = (groups, channels)
    try super.init("GroupNorm", [channels], eps: eps, weight: affine, bias: affine)
  }
  public override var summaryLine: String { "\(groups) groups of \(channels)" }
  public override func forward(_ x: Tensor) throws -> Tensor {
    guard x.rank < 2 || x.shape[1] == channels else {
      throw LuaError("group_norm: input has \(x.shape[1]) channels, GroupNorm expects \(channels) (input \(x.shape))")
    }
    return try Functional.groupNorm(x, groups: groups, weight: weight, bias: bias, eps: eps)
  }

  static let row = Row(
    "GroupNorm", Functional.groupNormDoc, Param("num_groups", Int.self, "groups of channels"), Param("num_channels", Int.self, "C of x"),
    Param("eps", default: 1e-5, "added to the variance"), Param("affine", default: true, "learn weight and bias"), place: .function, mixed: true,
    example: "return nn.GroupNorm(2, 4)(T.rand(2, 4, 3))"
  ) { try GroupNorm($0, $1, eps: $2, affine: $3) }
}

/// `Functional.instanceNorm`; scale, shift and running values where they are asked for.
public final class InstanceNorm: AffineNorm, @unchecked Sendable {
  private let name: String, ranks: ClosedRange<Int>, features: Int, momentum: Double
  private let runningMean: Tensor?, runningVar: Tensor?, batches: Tensor?

  /// - ranks: of x, without and with a batch.
  init(_ name: String, _ ranks: ClosedRange<Int>, _ features: Int, eps: Double, momentum: Double, affine: Bool, track: Bool) throws {
    guard features > 0 else { throw LuaError("\(name): num_features must be at least 1, got \(features)") }
    guard (0...1).contains(momentum) else { throw LuaError("\(name): momentum must be in 0..1, got \(momentum.luaLiteral)") }
    (self.name, self.ranks, self.features, self.momentum) = (name, ranks, features, momentum)
    let shape = try Shape.checked([features], name)
    runningMean = track ? try Tensor.zeros(shape) : nil
    runningVar = track ? try Tensor.full(shape, 1) : nil
    batches = track ? try Tensor.zeros(Shape(), .int64) : nil
    try super.init(name, [features], eps: eps, weight: affine, bias: affine)
    if let runningMean, let runningVar, let batches {
      register(buffer: "running_mean", runningMean)
      register(buffer: "running_var", runningVar)
      register(buffer: "num_batches_tracked", batches)
    }
  }
  public override var kind: String { name }
  public override var summaryLine: String { "\(features)" }
  public override func forward(_ x: Tensor) throws -> Tensor {
    let form = ranks.upperBound == 4 ? "{N,C,H,W} or {C,H,W}" : "{N,C,L} or {C,L}"
    guard ranks.contains(x.rank) else { throw LuaError("instance_norm: \(name) takes \(form), got shape \(x.shape)") }
    let batch = x.rank == ranks.upperBound ? x : try x.unsqueezed(0)
    guard batch.shape[1] == features else {
      throw LuaError("instance_norm: input has \(batch.shape[1]) channels, \(name) expects \(features) (input \(x.shape))")
    }
    let y = try Functional.instanceNorm(
      batch, runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias, inputStatistics: training || runningMean == nil, momentum: momentum, eps: eps)
    if training, let batches { try Tape.recording(false) { try batches.load(Elementwise.add(batches, 1), "instance_norm") } }
    return batch === x ? y : try y.reshaped(x.shape)
  }

  private static func row(_ name: String, _ ranks: ClosedRange<Int>, _ shapes: String, _ example: String) -> Row {
    Row(
      name, Functional.instanceNormDoc(shapes), Param("num_features", Int.self, "C of x"),
      Param("eps", default: 1e-5, "added to the variance"), Param("momentum", default: 0.1, "share of the new batch in the running values"),
      Param("affine", default: false, "learn weight and bias"), Param("track_running_stats", default: false, "keep running values, and use them in evaluation"),
      place: .function, mixed: true, example: "return nn.\(name)(2)(\(example))", returns: name
    ) { features, eps, momentum, affine, track in
      try InstanceNorm(name, ranks, features, eps: eps, momentum: momentum, affine: affine, track: track)
    }
  }
  static let rows = [
    row("InstanceNorm1d", 2...3, "{N, C, L} or {C, L}", "T.rand(3, 2, 4)"), row("InstanceNorm2d", 3...4, "{N, C, H, W} or {C, H, W}", "T.rand(3, 2, 4, 4)"),
  ]
}
