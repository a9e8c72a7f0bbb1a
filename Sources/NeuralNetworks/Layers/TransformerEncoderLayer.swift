public import LuaBridge
public import Tensors

/// One layer of a Transformer's encoder: self-attention, then a network of two dense layers for each step; both are added to what they read.
///
///     y = norm1(x + attention(x));  y = norm2(y + linear2(f(linear1(y))))          (norm_first: x + attention(norm1(x)), …)
///
/// - Shapes: x, y (T, N, E), (N, T, E) with batch_first, or (T, E).
/// - Training: dropout of attention weights and behind each part; evaluation drops nothing.
/// - Paper: Vaswani et al. 2017, arXiv:1706.03762; norm_first: Xiong et al. 2020, arXiv:2002.04745
public final class TransformerEncoderLayer: Module, @unchecked Sendable {
  struct Settings {
    var features: Int, heads: Int, inner: Int, dropout: Double, activation: String, eps: Double, batchFirst: Bool, normFirst: Bool, bias: Bool
  }
  private let settings: Settings
  private let activation: Activation
  private let attention: MultiheadAttention, linear1: Linear, linear2: Linear, norm1: LayerNorm, norm2: LayerNorm

  init(_ settings: Settings) throws {
    self.settings = settings
    switch settings.activation {
    case "relu": activation = .relu
    case "gelu": activation = .gelu(approximate: false)
    default: throw LuaError("TransformerEncoderLayer: activation must be \"relu\" or \"gelu\", got \"\(settings.activation)\"")
    }
    attention = try MultiheadAttention(
      settings.features, settings.heads, dropout: settings.dropout, bias: settings.bias, batchFirst: settings.batchFirst)
    linear1 = try Linear(settings.features, settings.inner, bias: settings.bias)
    linear2 = try Linear(settings.inner, settings.features, bias: settings.bias)
    norm1 = try LayerNorm([settings.features], eps: settings.eps, affine: true, bias: settings.bias)
    norm2 = try LayerNorm([settings.features], eps: settings.eps, affine: true, bias: settings.bias)
    super.init()
    register(child: "self_attn", attention)
    register(child: "linear1", linear1)
    register(child: "linear2", linear2)
    register(child: "norm1", norm1)
    register(child: "norm2", norm2)
  }

  /// Another layer with the same values.
  func copy() throws -> TransformerEncoderLayer {
    let copy = try TransformerEncoderLayer(settings)
    for (own, other) in zip(try parameters(), try copy.parameters()) {
      try other.changeType(to: own.type)
      try other.load(own, "TransformerEncoder")
    }
    try copy.setTraining(training)
    return copy
  }

  public override var summaryLine: String { "\(settings.features), \(settings.heads) heads, \(settings.inner)" + (settings.batchFirst ? ", batch_first" : "") }
  public override func forward(_ x: Tensor) throws -> Tensor { try run(x, MultiheadAttention.Masks()) }

  /// The output for x, with what the masks hide left out.
  public func run(_ x: Tensor, _ masks: MultiheadAttention.Masks) throws -> Tensor {
    if settings.normFirst {
      let y = try Elementwise.add(x, attended(norm1(x), masks))
      return try Elementwise.add(y, fed(norm2(y)))
    }
    let y = try norm1(Elementwise.add(x, attended(x, masks)))
    return try norm2(Elementwise.add(y, fed(y)))
  }

  private func drop(_ x: Tensor) throws -> Tensor { try Functional.dropout(x, p: settings.dropout, training: training) }
  private func attended(_ x: Tensor, _ masks: MultiheadAttention.Masks) throws -> Tensor {
    try drop(ModuleCalls.inside(attention) { try attention.attend(x, x, x, masks).y })
  }
  private func fed(_ x: Tensor) throws -> Tensor { try drop(linear2(drop(activation(linear1(x))))) }

  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    let call = try CallArguments(stack, arguments, kind, ["src", "src_mask", "src_key_padding_mask", "is_causal"])
    try run(call.required("src"), Self.masks(call, "src_mask")).push(stack)
    return 1
  }

  static func masks(_ call: CallArguments, _ name: String) throws -> MultiheadAttention.Masks {
    MultiheadAttention.Masks(
      attention: try call.tensor(name), padding: try call.tensor("src_key_padding_mask"), causal: try call.flag("is_causal", default: false))
  }

  static let row = Row(
    "TransformerEncoderLayer",
    """
    One layer of a Transformer's encoder: y = norm1(src + self_attn(src)), then norm2(y + linear2(f(linear1(y)))); \
    with norm_first what is read is normalised instead. layer(src, {src_mask, src_key_padding_mask, is_causal = false}): \
    masks are bool, true where a step may not look, or numbers that are added to the scores; is_causal hides the steps to come.
    Shapes: src and result {T, N, d_model}, {N, T, d_model} with batch_first, or one sequence {T, d_model}; src_mask {T, T} or {N · nhead, T, T}; \
    src_key_padding_mask {N, T}.
    Training: dropout of attention weights and behind each part; evaluation drops nothing.
    Errors: sizes that do not fit; d_model that nhead does not divide.
    Paper: Vaswani et al. 2017, arXiv:1706.03762; norm_first: Xiong et al. 2020, arXiv:2002.04745
    """,
    Param("d_model", Int.self, "features of a step"), Param("nhead", Int.self, "heads of the attention"),
    Param.option("dim_feedforward", default: 2048, "features between the two dense layers"), Param.option("dropout", default: 0.1, "share of values dropped"),
    Param.option("activation", default: "relu", "\"relu\" or \"gelu\""), Param.option("layer_norm_eps", default: 1e-5, "added to the variances"),
    Param.option("batch_first", default: false, "samples, not steps, are dim 1"), Param.option("norm_first", default: false, "normalise what each part reads"),
    Param.option("bias", default: true, "add learned biases"), place: .function, mixed: true,
    example: "return nn.TransformerEncoderLayer(8, 2, {dim_feedforward = 16, activation = \"gelu\"})(T.rand(3, 2, 8))"
  ) {
    try TransformerEncoderLayer(
      Settings(features: $0, heads: $1, inner: $2, dropout: $3, activation: $4, eps: $5, batchFirst: $6, normFirst: $7, bias: $8))
  }
}

/// Encoder layers one behind the other, then a normalisation where one is given.
public final class TransformerEncoder: Module, @unchecked Sendable {
  private let layers: [TransformerEncoderLayer]
  private let norm: Module?

  init(_ layer: TransformerEncoderLayer, _ count: Int, norm: Module?) throws {
    guard (1...1000).contains(count) else { throw LuaError("TransformerEncoder: num_layers must be in 1..1000, got \(count)") }
    layers = try (0..<count).map { _ in try layer.copy() }
    self.norm = norm
    super.init()
    for (i, layer) in layers.enumerated() { register(child: "layers.\(i)", layer) }
    if let norm { register(child: "norm", norm) }
  }

  public override var summaryLine: String { "\(layers.count) layers" }
  public override func forward(_ x: Tensor) throws -> Tensor { try run(x, MultiheadAttention.Masks()) }
  /// The output for x, with what the masks hide left out.
  public func run(_ x: Tensor, _ masks: MultiheadAttention.Masks) throws -> Tensor {
    let y = try layers.reduce(x) { x, layer in try ModuleCalls.inside(layer) { try layer.run(x, masks) } }
    return try norm?(y) ?? y
  }
  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    let call = try CallArguments(stack, arguments, kind, ["src", "mask", "src_key_padding_mask", "is_causal"])
    try run(call.required("src"), TransformerEncoderLayer.masks(call, "mask")).push(stack)
    return 1
  }

  static let row = Row(
    results: "TransformerEncoder",
    """
    Copies of an encoder layer, num_layers of them with parameters of their own, one behind the other. \
    encoder(src, {mask, src_key_padding_mask, is_causal = false}), as the layer's own arguments.
    Shapes: as the layer's.
    Errors: num_layers outside 1..1000.
    Paper: Vaswani et al. 2017, arXiv:1706.03762
    """,
    Param("encoder_layer", TransformerEncoderLayer.self, "copied num_layers times"), Param("num_layers", Int.self, "layers"),
    Param("norm", default: Module?.none, "a module for the end, such as a LayerNorm"), place: .function,
    example: "return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, {dim_feedforward = 16, activation = \"gelu\"}), 2)(T.rand(3, 2, 8))",
    returns: "TransformerEncoder"
  ) { stack, layer, count, norm in
    try TransformerEncoder(layer, count, norm: norm).push(stack)
    guard let norm else { return 1 }
    let made = stack.top
    norm.push(stack)  // a module written in Lua lives as long as the encoder
    stack.anchor(made, 1)
    return 1
  }
}
