internal import LuaBridge
public import Tensors

extension Functional {
  /// Every channel of every sample on its own brought to mean 0 and variance 1: a group for each channel.
  ///
  /// - inputStatistics: where false, the running values take the place of the sample's own.
  /// - Shapes: x, y (N, C, …) with at least one more dim; all others (C).
  /// - Training: the running values (where given) move towards the mean over the batch of the means and unbiased variances, by `momentum`.
  /// - Errors: one value per channel; no running values where they are asked for.
  /// - Paper: Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022
  public static func instanceNorm(
    _ x: Tensor, runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil, inputStatistics: Bool = true,
    momentum: Double = 0.1, eps: Double = 1e-5
  ) throws -> Tensor {
    guard x.rank >= 3 else { throw LuaError("instance_norm: input must be {N,C,L} or {N,C,H,W}, got \(x.shape)") }
    guard inputStatistics else {
      guard let runningMean, let runningVar else { throw LuaError("instance_norm: use_input_stats = false needs running_mean and running_var") }
      return try batchNorm(x, runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias, training: false, eps: eps)
    }
    guard x.count == 0 || x.count / (x.shape[0] * x.shape[1]) > 1 else {
      throw LuaError("instance_norm: expected more than 1 value per channel, got input \(x.shape)")
    }
    let y = try groupNorm(x, groups: Swift.max(x.shape[1], 1), weight: weight, bias: bias, eps: eps, "instance_norm")
    if x.count > 0, runningMean != nil || runningVar != nil { try move(x, runningMean, runningVar, momentum) }
    return y
  }

  /// Batch normalisation of N · C channels of one sample moves a copy of the running values for each sample; their mean is what is wanted.
  private static func move(_ x: Tensor, _ mean: Tensor?, _ variance: Tensor?, _ momentum: Double) throws {
    let samples = x.shape[0], channels = x.shape[1]
    for (tensor, name) in [(mean, "running_mean"), (variance, "running_var")] {
      if let tensor, tensor.shape != Shape(channels) { throw LuaError("instance_norm: \(name) must have shape {\(channels)}, got \(tensor.shape) (input \(x.shape))") }
      try tensor?.checkWritable("instance_norm")
    }
    try Tape.recording(false) {
      func copies(_ value: Tensor?) throws -> Tensor? { try value?.alias().expanded(to: Shape(samples, channels)).copied().reshaped(Shape(samples * channels)) }
      let means = try copies(mean), variances = try copies(variance)
      _ = try batchNorm(
        x.reshaped(Shape(1, samples * channels, x.count / (samples * channels))), runningMean: means, runningVar: variances, training: true, momentum: momentum)
      for (value, all) in [(mean, means), (variance, variances)] {
        if let value, let all { try value.load(Reduction.mean(all.reshaped(Shape(samples, channels)), dims: [0]), "instance_norm") }
      }
    }
  }

  static func instanceNormDoc(_ x: String) -> String {
    """
    Brings every channel of every sample to mean 0 and variance 1, then scales and shifts it: y = (x - mean) / √(variance + eps) · weight + bias.
    Shapes: x, y \(x); running_mean, running_var, weight, bias {C}.
    Training: the sample's own mean and biased variance; running values, where given, move towards the batch's mean of them (unbiased) by momentum.
    Errors: another shape; one value per channel; use_input_stats = false without running values.
    Paper: Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022
    """
  }

  static let instanceNormRows = [
    Row(
      "instance_norm", instanceNormDoc("{N, C, L} or {N, C, H, W}"), Param("x", Tensor.self, "{N, C, L} or {N, C, H, W}"),
      Param("running_mean", default: Tensor?.none, "{C}; changed"),
      Param("running_var", default: Tensor?.none, "{C}; changed"), Param("weight", default: Tensor?.none, "{C}"), Param("bias", default: Tensor?.none, "{C}"),
      Param("use_input_stats", default: true, "false takes the running values"), Param("momentum", default: 0.1, "share of the new batch in the running values"),
      Param("eps", default: 1e-5, "added to the variance"), place: .function, example: "return F.instance_norm(T.tensor({{{1, 2, 3, 5}, {4, 4, 0, 1}}}))"
    ) { x, mean, variance, weight, bias, own, momentum, eps in
      try instanceNorm(x, runningMean: mean, runningVar: variance, weight: weight, bias: bias, inputStatistics: own, momentum: momentum, eps: eps)
    }
  ]
}
