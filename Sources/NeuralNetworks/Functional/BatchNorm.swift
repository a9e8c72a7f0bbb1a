internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// Every channel brought to mean 0 and variance 1, then scaled and shifted.
  ///
  ///     y = (x − mean) / √(variance + eps) · weight + bias
  ///
  /// - Shapes: x, y (N, C), (N, C, L), (N, C, H, W) or more dims; all others (C).
  /// - Training: this batch's mean and biased variance; the running values (where given) move towards the mean and the unbiased variance by
  ///   `momentum`. Evaluation takes the running values.
  /// - Errors: fewer than 2 values per channel in training; evaluation without running values.
  /// - Paper: Ioffe & Szegedy 2015, arXiv:1502.03167
  public static func batchNorm(
    _ x: Tensor, runningMean: Tensor? = nil, runningVar: Tensor? = nil, weight: Tensor? = nil, bias: Tensor? = nil, training: Bool = false,
    momentum: Double = 0.1, eps: Double = 1e-5
  ) throws -> Tensor {
    let isTimed = Profiler.begin(op: "batch_norm")
    defer { if isTimed { Profiler.end() } }
    guard x.rank >= 2 else { throw LuaError("batch_norm: input must be {N,C}, {N,C,L} or {N,C,H,W}, got \(x.shape)") }
    let channels = x.shape[1]
    func check(_ tensor: Tensor?, _ name: String) throws {
      guard let tensor, tensor.rank != 1 || tensor.shape[0] != channels else { return }
      throw LuaError("batch_norm: \(name) must have shape {\(channels)}, got \(tensor.shape) (input \(x.shape))")
    }
    try check(runningMean, "running_mean")
    try check(runningVar, "running_var")
    try check(weight, "weight")
    try check(bias, "bias")
    let type = floatType(x, weight, bias)
    let x = try x.to(type), weight = try weight?.to(type), bias = try bias?.to(type)
    let layout = ChannelLayout(x.shape)
    let mean = try Tensor(empty: Shape(channels), .float64), rstd = try Tensor(empty: Shape(channels), .float64)
    let source = try x.contiguous()
    if training {
      guard layout.perChannel > 1 else { throw LuaError("batch_norm: expected more than 1 value per channel when training, got input \(x.shape)") }
      Vector.channelMoments(
        width(x), source.pointer, mean: mean.pointer(Double.self), variance: rstd.pointer(Double.self), n: layout.n, channels: channels,
        inner: layout.inner)
      let unbiased = Double(layout.perChannel) / Double(layout.perChannel - 1)
      try runningMean?.move(towards: mean, scale: 1, by: momentum, "batch_norm")
      try runningVar?.move(towards: rstd, scale: unbiased, by: momentum, "batch_norm")
    } else {
      guard let runningMean, let runningVar else { throw LuaError("batch_norm: evaluation needs running_mean and running_var; give both, or {training = true}") }
      try mean.load(runningMean, "batch_norm")
      try rstd.load(runningVar, "batch_norm")
    }
    let deviation = rstd.pointer(Double.self)
    for c in 0..<channels { deviation[c] = 1 / (deviation[c] + eps).squareRoot() }
    let y = try Tensor(empty: x.shape, type), scale = try weight?.contiguous(), shift = try bias?.contiguous()
    withExtendedLifetime((source, scale, shift)) {
      Vector.channelNormalise(
        width(x), source.pointer, mean: mean.pointer(Double.self), rstd: deviation, weight: scale.map { UnsafeRawPointer($0.pointer) },
        bias: shift.map { UnsafeRawPointer($0.pointer) }, y.pointer, n: layout.n, channels: channels, inner: layout.inner)
    }
    guard Tape.follows(x) || weight.map({ Tape.follows($0) }) == true || bias.map({ Tape.follows($0) }) == true else { return y }
    let hasWeight = weight != nil, hasBias = bias != nil
    var inputs = [x], saving = [x, mean, rstd]
    if let weight {
      inputs = bias.map { [x, weight, $0] } ?? [x, weight]
      saving = [x, mean, rstd, weight]
    } else if let bias {
      inputs = [x, bias]
    }
    try y.follow("batch_norm", inputs, saving: saving) { node, g in
      let x = try node.saved(0), weight = hasWeight ? try node.saved(3) : nil
      let gradients =
        try Tape.isOn
        ? openGradients(node, x, g, training: training, weight: weight, eps) : channelGradients(node, x, g, layout, training: training, weight: weight)
      let gx = node.needs(0) ? gradients.x : nil
      if hasWeight, hasBias { return [gx, gradients.weight, gradients.bias] }
      return hasWeight ? [gx, gradients.weight] : hasBias ? [gx, gradients.bias] : [gx]
    }
    return y
  }

  /// (n, channels, inner): how the kernels see a batch.
  struct ChannelLayout: Sendable {
    let n: Int, channels: Int, inner: Int
    var perChannel: Int { n * inner }
    init(_ shape: Shape) {
      n = shape[0]
      channels = shape[1]
      var inner = 1
      for i in 2..<Swift.max(shape.count, 2) { inner *= shape[i] }
      self.inner = inner
    }
  }

  /// In training mean and variance follow x: gx = w r (g − mean(g) − x̂ mean(g x̂)), x̂ = (x − mean) r; otherwise gx = w r g.
  private static func channelGradients(
    _ node: Node, _ x: Tensor, _ g: Tensor, _ layout: ChannelLayout, training: Bool, weight: Tensor?
  ) throws -> (x: Tensor, weight: Tensor, bias: Tensor) {
    let mean = try node.saved(1), rstd = try node.saved(2), source = try x.contiguous(), gradient = try g.contiguous(), scale = try weight?.contiguous()
    let gx = try Tensor(empty: x.shape, g.type)
    let gWeight = try Tensor(empty: mean.shape, .float64), gBias = try Tensor(empty: mean.shape, .float64)
    withExtendedLifetime((source, gradient, scale)) {
      Vector.channelNormaliseGradient(
        width(g), training: training, x: source.pointer, g: gradient.pointer, mean: mean.pointer(Double.self), rstd: rstd.pointer(Double.self),
        weight: scale.map { UnsafeRawPointer($0.pointer) }, gx: node.needs(0) ? gx.pointer : nil, gWeight: gWeight.pointer(Double.self),
        gBias: gBias.pointer(Double.self), n: layout.n, channels: layout.channels, inner: layout.inner)
    }
    return (gx, try gWeight.converted(to: g.type), try gBias.converted(to: g.type))
  }

  /// The same of ops that the tape follows.
  private static func openGradients(
    _ node: Node, _ x: Tensor, _ g: Tensor, training: Bool, weight: Tensor?, _ eps: Double
  ) throws -> (x: Tensor, weight: Tensor, bias: Tensor) {
    var column = Shape(repeating: 1, count: x.rank)
    column[1] = x.shape[1]
    let dims = x.shape.indices.filter { $0 != 1 }, scale = try weight?.reshaped(column)
    let (gx, hat) =
      try training
      ? NormalisationGradients.following(x, g, weight: scale, dims: dims, eps: eps)
      : NormalisationGradients.fixed(
        x, g, weight: scale, mean: node.saved(1).converted(to: g.type).reshaped(column), r: node.saved(2).converted(to: g.type).reshaped(column))
    return (gx, try Reduction.sum(Elementwise.mul(g, hat), dims: dims), try Reduction.sum(g, dims: dims))
  }

  static func batchNormDoc(_ x: String) -> String {
    """
    Brings every channel to mean 0 and variance 1, then scales and shifts it: y = (x - mean) / √(variance + eps) · weight + bias.
    Shapes: x, y \(x); running_mean, running_var, weight, bias {C}.
    Training: this batch's mean and biased variance; the running values move towards the mean and the unbiased variance by momentum. Otherwise the running values are used.
    Errors: another shape; fewer than 2 values per channel in training; evaluation without running values.
    Paper: Ioffe & Szegedy 2015, arXiv:1502.03167
    """
  }

  static let batchNormRows = [
    Row(
      "batch_norm", batchNormDoc("{N, C, …}"),
      Param("x", Tensor.self, "{N, C, …}"), Param("running_mean", default: Tensor?.none, "{C}; changed in training"),
      Param("running_var", default: Tensor?.none, "{C}; changed in training"), Param("weight", default: Tensor?.none, "{C}"),
      Param("bias", default: Tensor?.none, "{C}"), Param("training", default: false, "use the batch's mean and variance"),
      Param("momentum", default: 0.1, "share of the new batch in the running values"), Param("eps", default: 1e-5, "added to the variance"),
      place: .function, example: "return F.batch_norm(T.tensor({{1, 2}, {3, 5}, {4, 4}}), nil, nil, T.ones(2), T.zeros(2), {training = true})"
    ) { x, mean, variance, weight, bias, training, momentum, eps in
      try batchNorm(
        x, runningMean: mean, runningVar: variance, weight: weight, bias: bias, training: training, momentum: momentum, eps: eps)
    }
  ]
}

extension Tensor {
  /// this = (1 − share) this + share · scale · values: how a running value follows the batches.
  fileprivate func move(towards values: Tensor, scale: Double, by share: Double, _ op: String) throws {
    try checkWritable(op)
    let new = values.pointer(Double.self), step = strides[0]
    switch type {
    case .float32:
      let old = pointer(Float.self)
      for i in 0..<count { old[i &* step] = Float((1 - share) * Double(old[i &* step]) + share * scale * new[i]) }
    case .float64:
      let old = pointer(Double.self)
      for i in 0..<count { old[i &* step] = (1 - share) * old[i &* step] + share * scale * new[i] }
    default: throw LuaError("\(op): running values must be float32 or float64, got \(type.name)")
    }
    storage.changed(by: op)
  }
}
