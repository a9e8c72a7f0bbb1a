internal import KernelTable
public import LuaBridge
public import Tensors

/// Layers that walk through sequences and remember: the frame that RNN, LSTM and GRU share. Their formulas stand at `Recurrence`.
///
/// - Shapes: x (T, N, in), or (N, T, in) with batch_first, or one sequence (T, in); y like x with out = hidden · directions as the last size;
///   h, c (layers · directions, N, hidden), without N for one sequence.
/// - Training: between layers dropout; evaluation drops nothing.
/// - Errors: other sizes than the layer's; a sequence without steps.
public class RecurrentLayer: Module, @unchecked Sendable {
  /// What the rows of the three layers give.
  struct Settings {
    let inputSize: Int, hiddenSize: Int, layers: Int, bias: Bool, batchFirst: Bool, dropout: Double, bidirectional: Bool
  }
  private let cell: Recurrence.Kind
  private let settings: Settings
  /// By layer, then direction.
  private let weights: [[RecurrentWeights]]

  init(_ cell: Recurrence.Kind, _ kind: String, _ settings: Settings) throws {
    guard (1...1000).contains(settings.layers) else { throw LuaError("\(kind): num_layers must be in 1..1000, got \(settings.layers)") }
    guard (0...1).contains(settings.dropout) else { throw LuaError("\(kind): dropout must be in 0..1, got \(settings.dropout.luaLiteral)") }
    (self.cell, self.settings) = (cell, settings)
    let directions = settings.bidirectional ? 2 : 1
    weights = try (0..<settings.layers).map { layer in
      try (0..<directions).map { _ in
        try RecurrentWeights(
          kind, gates: cell.gates, inputs: layer == 0 ? settings.inputSize : settings.hiddenSize * directions, hidden: settings.hiddenSize, bias: settings.bias)
      }
    }
    super.init()
    for (layer, list) in weights.enumerated() {
      for (direction, weights) in list.enumerated() { try weights.register(in: self, ending: "_l\(layer)" + (direction == 1 ? "_reverse" : "")) }
    }
  }

  private var directions: Int { settings.bidirectional ? 2 : 1 }
  public override var summaryLine: String {
    "\(settings.inputSize) -> \(settings.hiddenSize)" + (settings.layers > 1 ? ", \(settings.layers) layers" : "") + (settings.bidirectional ? ", bidirectional" : "")
      + (settings.batchFirst ? ", batch_first" : "")
  }
  public override func property(_ name: String) -> (any LuaValue)? {
    switch name {
    case "input_size": settings.inputSize
    case "hidden_size": settings.hiddenSize
    case "num_layers": settings.layers
    case "dropout": settings.dropout
    case "bidirectional": settings.bidirectional
    case "batch_first": settings.batchFirst
    default: nil
    }
  }
  public override var propertyNames: [String] { ["input_size", "hidden_size", "num_layers", "dropout", "bidirectional", "batch_first"] }

  /// The output alone, so that the layer fits into a `Sequential`.
  public override func forward(_ x: Tensor) throws -> Tensor { try run(x).y }

  /// The output of the last layer, and all layers' states after the last step; c is an LSTM's.
  public func run(_ x: Tensor, h: Tensor? = nil, c: Tensor? = nil) throws -> (y: Tensor, h: Tensor, c: Tensor?) {
    let name = cell.name, batched = x.rank == 3
    guard batched || x.rank == 2 else {
      throw LuaError("\(name): input must be \(settings.batchFirst ? "{N,T,in}" : "{T,N,in}") or one sequence {T,in}, got \(x.shape)")
    }
    guard x.shape[x.rank - 1] == settings.inputSize else {
      throw LuaError("\(name): input has \(x.shape[x.rank - 1]) features, the layer expects \(settings.inputSize) (input \(x.shape))")
    }
    var input = !batched ? try x.unsqueezed(1) : settings.batchFirst ? try x.transposed(0, 1) : x
    let steps = input.shape[0], samples = input.shape[1], count = settings.layers * directions
    guard steps > 0 else { throw LuaError("\(name): a sequence needs at least 1 step (input \(x.shape))") }
    let expected = batched ? Shape(count, samples, settings.hiddenSize) : Shape(count, settings.hiddenSize)
    func checked(_ state: Tensor?, _ label: String) throws -> Tensor? {
      guard let state else { return nil }
      guard state.shape == expected else { throw LuaError("\(name): \(label) must have shape \(expected), got \(state.shape) (input \(x.shape))") }
      return batched ? state : try state.unsqueezed(1)
    }
    let h = try checked(h, "h"), c = try checked(c, "c"), type = Functional.floatType(x, weights[0][0].input)
    let zeros = h == nil || (cell == .lstm && c == nil) ? try Tensor.zeros(Shape(samples, settings.hiddenSize), type) : nil
    var lastH: [Tensor] = [], lastC: [Tensor] = []
    for (layer, list) in weights.enumerated() {
      if layer > 0, training { input = try Functional.dropout(input, p: settings.dropout) }
      var outputs: [Tensor] = []
      for (direction, weights) in list.enumerated() {
        let place = layer * directions + direction
        let c0 = cell == .lstm ? try c?.selected(0, place) ?? zeros : nil
        let result = try weights.run(cell, input, h: h?.selected(0, place) ?? zeros!, c: c0, reverse: direction == 1)
        lastH.append(try result.selected(0, direction == 1 ? 0 : steps - 1))
        if cell == .lstm { lastC.append(try result.selected(0, steps)) }
        outputs.append(cell == .lstm ? try result.narrowed(0, 0, steps) : result)
      }
      input = outputs.count == 1 ? outputs[0] : try Tensor.concatenated(outputs, dim: 2, name)
    }
    func state(_ list: [Tensor]) throws -> Tensor {
      batched ? try Tensor.stacked(list, dim: 0, name) : try Tensor.stacked(list.map { try $0.selected(0, 0) }, dim: 0, name)
    }
    let y = !batched ? try input.selected(1, 0) : settings.batchFirst ? try input.transposed(0, 1) : input
    return (y, try state(lastH), cell == .lstm ? try state(lastC) : nil)
  }

  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    let (x, h, c) = try RecurrentWeights.states(stack, arguments, kind, cell: cell == .lstm)
    let result = try run(x, h: h, c: c)
    result.y.push(stack)
    if let c = result.c { [result.h, c].push(stack) } else { result.h.push(stack) }
    return 2
  }

  // MARK: rows

  static let shapes = """
    Shapes: input {T, N, in}, {N, T, in} with batch_first, or one sequence {T, in}; output the same with hidden_size · directions as its last size; \
    states {num_layers · directions, N, hidden_size}, for one sequence without N.
    """
  static let errors = "Errors: an input with other features than input_size; a sequence without steps; states of another shape."
  static let inputSize = Param("input_size", Int.self, "features of a step of the input"), hiddenSize = Param("hidden_size", Int.self, "features of the state")
  static let layers = Param("num_layers", default: 1, "layers, each reading the output of the one before")
  static let bias = Param.option("bias", default: true, "add learned biases")
  static let batchFirst = Param.option("batch_first", default: false, "samples, not steps, are dim 1 of input and output")
  static let dropout = Param.option("dropout", default: 0.0, "share of values dropped between layers")
  static let bidirectional = Param.option("bidirectional", default: false, "also walk from the last step to the first; both outputs stand side by side")
}

/// h = tanh(Wi x + bi + Wh h' + bh), or relu.
///
/// - Paper: Elman 1990, "Finding Structure in Time"
public final class RNN: RecurrentLayer, @unchecked Sendable {
  static let row = Row(
    "RNN",
    """
    A plain recurrent layer: h = tanh(Wi x + bi + Wh h' + bh) for every step x, h' the h of the step before (or relu). \
    rnn(input[, h]) returns the output (h of the last layer at every step) and h (of every layer after the last step).
    \(shapes)
    Training: between layers dropout; evaluation drops nothing.
    \(errors)
    Paper: Elman 1990, "Finding Structure in Time"
    """,
    inputSize, hiddenSize, layers, Param.option("nonlinearity", default: "tanh", "\"tanh\" or \"relu\""), bias, batchFirst, dropout, bidirectional,
    place: .function, mixed: true, example: "return nn.RNN(3, 5)(T.rand(4, 2, 3))"
  ) {
    try RNN(
      RecurrentWeights.nonlinearity($3, "RNN"), "RNN",
      Settings(inputSize: $0, hiddenSize: $1, layers: $2, bias: $4, batchFirst: $5, dropout: $6, bidirectional: $7))
  }
}

/// Long short-term memory: c = f c' + i g, h = o tanh(c), where i, f, o = σ and g = tanh of Wi x + bi + Wh h' + bh.
///
/// - Paper: Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"; the forget gate f: Gers, Schmidhuber & Cummins 2000
public final class LSTM: RecurrentLayer, @unchecked Sendable {
  static let row = Row(
    "LSTM",
    """
    Long short-term memory: c = f c' + i g and h = o tanh(c) for every step x, where i, f, o = sigmoid and g = tanh of Wi x + bi + Wh h' + bh; \
    h', c' are the step before's. lstm(input[, {h, c}]) returns the output (h of the last layer at every step) and {h, c} (of every layer after the last step), \
    ready to be given to the next call; lstm(input, h, c) does the same.
    \(shapes)
    Training: between layers dropout; evaluation drops nothing.
    \(errors)
    Paper: Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"
    """,
    inputSize, hiddenSize, layers, bias, batchFirst, dropout, bidirectional, place: .function, mixed: true, example: "return nn.LSTM(3, 5)(T.rand(4, 2, 3))"
  ) {
    try LSTM(.lstm, "LSTM", Settings(inputSize: $0, hiddenSize: $1, layers: $2, bias: $3, batchFirst: $4, dropout: $5, bidirectional: $6))
  }
}

/// Gated recurrent unit: h = (1 − z) n + z h', n = tanh(Wi x + bi + r (Wh h' + bh)), where r, z = σ of Wi x + bi + Wh h' + bh.
///
/// - Paper: Cho et al. 2014, arXiv:1406.1078
public final class GRU: RecurrentLayer, @unchecked Sendable {
  static let row = Row(
    "GRU",
    """
    Gated recurrent unit: h = (1 - z) n + z h' for every step x, n = tanh(Wi x + bi + r (Wh h' + bh)), where r, z = sigmoid of Wi x + bi + Wh h' + bh; \
    h' is the step before's. gru(input[, h]) returns the output (h of the last layer at every step) and h (of every layer after the last step).
    \(shapes)
    Training: between layers dropout; evaluation drops nothing.
    \(errors)
    Paper: Cho et al. 2014, arXiv:1406.1078
    """,
    inputSize, hiddenSize, layers, bias, batchFirst, dropout, bidirectional, place: .function, mixed: true, example: "return nn.GRU(3, 5)(T.rand(4, 2, 3))"
  ) {
    try GRU(.gru, "GRU", Settings(inputSize: $0, hiddenSize: $1, layers: $2, bias: $3, batchFirst: $4, dropout: $5, bidirectional: $6))
  }
}
