public import LuaBridge
public import Tensors

/// Batch normalisation: every channel is brought to mean 0 and variance 1, then scaled and shifted by learned values.
///
///     y = (x - mean) / sqrt(var + eps) * weight + bias
///
/// - Training: this batch's mean and biased variance; running values move towards the mean and the unbiased variance by `momentum`. Evaluation uses them.
/// - Errors: another shape; fewer than 2 values per channel in training.
/// - Paper: Ioffe & Szegedy 2015, arXiv:1502.03167
public class BatchNorm: Module, @unchecked Sendable {
  let features: Int, eps: Double, momentum: Double, affine: Bool
  let weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVar: Tensor?, batches: Tensor?
  /// The ranks of x it takes.
  var ranks: ClosedRange<Int> { 2...4 }
  var form: String { "" }

  init(_ features: Int, eps: Double, momentum: Double, affine: Bool, track: Bool, kind: String) throws {
    guard features > 0 else { throw LuaError("\(kind): num_features must be at least 1, got \(features)") }
    guard eps >= 0 else { throw LuaError("\(kind): eps cannot be negative, got \(eps)") }
    guard (0...1).contains(momentum) else { throw LuaError("\(kind): momentum must be in 0..1, got \(momentum)") }
    (self.features, self.eps, self.momentum, self.affine) = (features, eps, momentum, affine)
    let shape = try Shape.checked([features], kind)
    weight = affine ? try Tensor.full(shape, 1) : nil
    bias = affine ? try Tensor.zeros(shape) : nil
    runningMean = track ? try Tensor.zeros(shape) : nil
    runningVar = track ? try Tensor.full(shape, 1) : nil
    batches = track ? try Tensor.zeros(Shape(), .int64) : nil
    super.init()
    if let weight, let bias {
      try register(parameter: "weight", weight)
      try register(parameter: "bias", bias)
    }
    if let runningMean, let runningVar, let batches {
      register(buffer: "running_mean", runningMean)
      register(buffer: "running_var", runningVar)
      register(buffer: "num_batches_tracked", batches)
    }
  }

  public override var summaryLine: String { "\(features)" }
  public override var optionalNames: [String] { ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"] }
  public override func property(_ name: String) -> (any LuaValue)? {
    switch name {
    case "num_features": features
    case "eps": eps
    case "momentum": momentum
    default: nil
    }
  }
  public override var propertyNames: [String] { ["num_features", "eps", "momentum"] }
  public override func forward(_ x: Tensor) throws -> Tensor {
    guard ranks.contains(x.rank) else { throw LuaError("batch_norm: \(kind) takes \(form), got shape \(x.shape)") }
    guard x.shape[1] == features else { throw LuaError("batch_norm: input has \(x.shape[1]) channels, \(kind) expects \(features) (input \(x.shape))") }
    let y = try Functional.batchNorm(
      x, runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias, training: training || runningMean == nil, momentum: momentum, eps: eps)
    if training, let batches { try count(batches) }
    return y
  }

  /// One batch more.
  private func count(_ batches: Tensor) throws {
    if batches.type == .int64 {
      batches.pointer(Int64.self).pointee &+= 1
      batches.storage.changed(by: "batch_norm")
    } else {  // the script has changed the module's type
      try Tape.recording(false) { try batches.load(Elementwise.add(batches, 1), "batch_norm") }
    }
  }

  static func row(_ name: String, _ shapes: String, _ example: String, make: @escaping @Sendable (Int, Double, Double, Bool, Bool) throws -> Module) -> Row {
    Row(
      name, Functional.batchNormDoc(shapes),
      Param("num_features", Int.self, "C of x"), Param("eps", default: 1e-5, "added to the variance"),
      Param("momentum", default: 0.1, "share of the new batch in the running values"),
      Param("affine", default: true, "learn weight and bias"), Param("track_running_stats", default: true, "keep running values"), place: .function, mixed: true,
      example: example, returns: name
    ) { try AnyModule(make($0, $1, $2, $3, $4)) }
  }
}

/// Batch normalisation of vectors (N, C) or sequences (N, C, L).
public final class BatchNorm1d: BatchNorm, @unchecked Sendable {
  override var ranks: ClosedRange<Int> { 2...3 }
  override var form: String { "{N,C} or {N,C,L}" }
  static let row = row("BatchNorm1d", "{N, C} or {N, C, L}", "return nn.BatchNorm1d(3)(T.rand(4, 3))") {
    try BatchNorm1d($0, eps: $1, momentum: $2, affine: $3, track: $4, kind: "BatchNorm1d")
  }
}

/// Batch normalisation of images (N, C, H, W).
public final class BatchNorm2d: BatchNorm, @unchecked Sendable {
  override var ranks: ClosedRange<Int> { 4...4 }
  override var form: String { "{N,C,H,W}" }
  static let row = row("BatchNorm2d", "{N, C, H, W}", "return nn.BatchNorm2d(3)(T.rand(4, 3, 8, 8))") {
    try BatchNorm2d($0, eps: $1, momentum: $2, affine: $3, track: $4, kind: "BatchNorm2d")
  }
}

/// A module of whatever class, as a row's result.
struct AnyModule: LuaValue {
  static var luaName: String { "Module" }
  let module: Module
  init(_ module: Module) { self.module = module }
  static func decode(_ stack: LuaStack, _ index: Int32) throws -> AnyModule { AnyModule(try Module.decode(stack, index)) }
  func push(_ stack: LuaStack) { module.push(stack) }
}
