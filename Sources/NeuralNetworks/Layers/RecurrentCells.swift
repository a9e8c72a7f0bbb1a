internal import KernelTable
public import LuaBridge
public import Tensors

/// One step of a recurrent layer, for loops of one's own: the same formulas and weights.
///
/// - Shapes: x (N, in) or (in); h, c (N, hidden) or (hidden); the same back.
/// - Errors: other sizes than the cell's.
public class RecurrentCell: Module, @unchecked Sendable {
  private let cell: Recurrence.Kind
  private let inputSize: Int, hiddenSize: Int
  private let weights: RecurrentWeights

  init(_ cell: Recurrence.Kind, _ kind: String, _ inputSize: Int, _ hiddenSize: Int, bias: Bool) throws {
    (self.cell, self.inputSize, self.hiddenSize) = (cell, inputSize, hiddenSize)
    weights = try RecurrentWeights(kind, gates: cell.gates, inputs: inputSize, hidden: hiddenSize, bias: bias)
    super.init()
    try weights.register(in: self)
  }

  public override var summaryLine: String { "\(inputSize) -> \(hiddenSize)" }
  public override func property(_ name: String) -> (any LuaValue)? { name == "input_size" ? inputSize : name == "hidden_size" ? hiddenSize : nil }
  public override var propertyNames: [String] { ["input_size", "hidden_size"] }

  /// h after a first step; states begin at 0.
  public override func forward(_ x: Tensor) throws -> Tensor { try run(x).h }

  /// One step in time: the new state from the input and the old one, zeros where there is none.
  public func run(_ x: Tensor, h: Tensor? = nil, c: Tensor? = nil) throws -> (h: Tensor, c: Tensor?) {
    let name = "\(cell.name)_cell"
    guard x.rank == 2 || x.rank == 1 else { throw LuaError("\(name): input must be {N,in} or {in}, got \(x.shape)") }
    guard x.shape[x.rank - 1] == inputSize else {
      throw LuaError("\(name): input has \(x.shape[x.rank - 1]) features, the cell expects \(inputSize) (input \(x.shape))")
    }
    let samples = x.rank == 2 ? x.shape[0] : 1, expected = x.rank == 2 ? Shape(samples, hiddenSize) : Shape(hiddenSize)
    let type = Functional.floatType(x, weights.input)
    func state(_ given: Tensor?, _ label: String) throws -> Tensor {
      guard let given else { return try Tensor.zeros(Shape(samples, hiddenSize), type) }
      guard given.shape == expected else { throw LuaError("\(name): \(label) must have shape \(expected), got \(given.shape) (input \(x.shape))") }
      return try given.reshaped(Shape(samples, hiddenSize))
    }
    let result = try weights.run(
      cell, x.reshaped(Shape(1, samples, inputSize)), h: state(h, "h"), c: cell == .lstm ? state(c, "c") : nil, reverse: false)
    return (try result.selected(0, 0).reshaped(expected), cell == .lstm ? try result.selected(0, 1).reshaped(expected) : nil)
  }

  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    let (x, h, c) = try RecurrentWeights.states(stack, arguments, kind, cell: cell == .lstm)
    let result = try run(x, h: h, c: c)
    result.h.push(stack)
    guard let c = result.c else { return 1 }
    c.push(stack)
    return 2
  }

  static let shapes = "Shapes: input {N, input_size} or {input_size}; states and results {N, hidden_size} or {hidden_size}."
  static let errors = "Errors: an input with other features than input_size; states of another shape."
  static let bias = RecurrentLayer.bias
}

/// One step of an `RNN`.
public final class RNNCell: RecurrentCell, @unchecked Sendable {
  static let row = Row(
    "RNNCell",
    """
    One step of a plain recurrent layer: cell(input[, h]) returns tanh(Wi input + bi + Wh h + bh), or relu; h begins at 0.
    \(shapes)
    \(errors)
    Paper: Elman 1990, "Finding Structure in Time"
    """,
    RecurrentLayer.inputSize, RecurrentLayer.hiddenSize, Param.option("nonlinearity", default: "tanh", "\"tanh\" or \"relu\""), bias, place: .function, mixed: true,
    example: "return nn.RNNCell(3, 5)(T.rand(2, 3))"
  ) { try RNNCell(RecurrentWeights.nonlinearity($2, "RNNCell"), "RNNCell", $0, $1, bias: $3) }
}

/// One step of an `LSTM`.
public final class LSTMCell: RecurrentCell, @unchecked Sendable {
  static let row = Row(
    "LSTMCell",
    """
    One step of an LSTM: cell(input[, {h, c}]) returns the new h and c, c = f c' + i g and h = o tanh(c); states begin at 0.
    \(shapes)
    \(errors)
    Paper: Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"
    """,
    RecurrentLayer.inputSize, RecurrentLayer.hiddenSize, bias, place: .function, mixed: true, example: "return nn.LSTMCell(3, 5)(T.rand(2, 3))"
  ) { try LSTMCell(.lstm, "LSTMCell", $0, $1, bias: $2) }
}

/// One step of a `GRU`.
public final class GRUCell: RecurrentCell, @unchecked Sendable {
  static let row = Row(
    "GRUCell",
    """
    One step of a GRU: cell(input[, h]) returns (1 - z) n + z h; h begins at 0.
    \(shapes)
    \(errors)
    Paper: Cho et al. 2014, arXiv:1406.1078
    """,
    RecurrentLayer.inputSize, RecurrentLayer.hiddenSize, bias, place: .function, mixed: true, example: "return nn.GRUCell(3, 5)(T.rand(2, 3))"
  ) { try GRUCell(.gru, "GRUCell", $0, $1, bias: $2) }
}
