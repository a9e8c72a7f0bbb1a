internal import KernelTable
internal import LuaBridge
internal import Tensors

/// Weights and biases of one cell, even over ±1/√hidden at first, as PyTorch's.
struct RecurrentWeights {
  let input: Tensor, hidden: Tensor, inputBias: Tensor?, hiddenBias: Tensor?

  /// - Errors: sizes below 1 or too large.
  init(_ kind: String, gates: Int, inputs: Int, hidden: Int, bias: Bool) throws {
    guard inputs > 0, hidden > 0 else { throw LuaError("\(kind): sizes must be at least 1, got input_size \(inputs), hidden_size \(hidden)") }
    _ = try Shape.checked([gates, hidden, inputs], kind)
    _ = try Shape.checked([gates, hidden, hidden], kind)
    let rows = gates * hidden, bound = 1 / Double(hidden).squareRoot()
    func made(_ shape: Shape) throws -> Tensor {
      let tensor = try Tensor(empty: shape, .default)
      try Initializers.uniform(tensor, -bound, bound)
      return tensor
    }
    input = try made(Shape(rows, inputs))
    self.hidden = try made(Shape(rows, hidden))
    inputBias = bias ? try made(Shape(rows)) : nil
    hiddenBias = bias ? try made(Shape(rows)) : nil
  }

  /// Adds them to a module under PyTorch's names: weight_ih, weight_hh, bias_ih, bias_hh and the ending.
  func register(in module: Module, ending: String = "") throws {
    try module.register(parameter: "weight_ih\(ending)", input)
    try module.register(parameter: "weight_hh\(ending)", hidden)
    if let inputBias, let hiddenBias {
      try module.register(parameter: "bias_ih\(ending)", inputBias)
      try module.register(parameter: "bias_hh\(ending)", hiddenBias)
    }
  }

  /// h of all steps of x {T, N, I}; an LSTM's last c behind them.
  func run(_ kind: Recurrence.Kind, _ x: Tensor, h: Tensor, c: Tensor?, reverse: Bool) throws -> Tensor {
    try Recurrence.run(
      kind, Recurrence.Inputs(x: x, h: h, c: c, inputWeight: input, hiddenWeight: hidden, inputBias: inputBias, hiddenBias: hiddenBias), reverse: reverse)
  }

  /// The option `nonlinearity`.
  static func nonlinearity(_ name: String, _ kind: String) throws -> Recurrence.Kind {
    switch name {
    case "tanh": return .tanh
    case "relu": return .relu
    default: throw LuaError("\(kind): nonlinearity must be \"tanh\" or \"relu\", got \"\(name)\"")
    }
  }

  /// The states given to a call behind x: nothing, h, or for an LSTM `{h, c}` or `h, c`.
  static func states(_ stack: LuaStack, _ arguments: Range<Int32>, _ kind: String, cell: Bool) throws -> (x: Tensor, h: Tensor?, c: Tensor?) {
    func tensor(_ index: Int32, _ name: String) throws -> Tensor? {
      if stack.type(at: index) == .nil || stack.type(at: index) == .none { return nil }
      guard let tensor = try? Tensor.decode(stack, index) else { throw LuaError("\(kind): \(name): Tensor expected, got \(stack.given(at: index))") }
      return tensor
    }
    guard arguments.count <= (cell ? 3 : 2) else {
      throw LuaError("\(kind): takes input and \(cell ? "{h, c}" : "h"), got \(arguments.count) arguments")
    }
    guard let first = arguments.first, let x = try tensor(first, "input") else { throw LuaError("\(kind): input: Tensor expected, got nothing") }
    var h = first + 1 < arguments.upperBound ? first + 1 : nil, c = first + 2 < arguments.upperBound ? first + 2 : nil
    if cell, c == nil, let list = h, stack.type(at: list) == .table {
      guard stack.length(at: list) == 2, stack.reserve(4) else { throw LuaError("\(kind): the states must be {h, c}, got a list of \(stack.length(at: list))") }
      stack.rawGet(list, 1)
      stack.rawGet(list, 2)
      (h, c) = (stack.top - 1, stack.top)
    }
    let (hidden, cells) = (try h.flatMap { try tensor($0, "h") }, try c.flatMap { try tensor($0, "c") })
    if cell, (hidden == nil) != (cells == nil) { throw LuaError("\(kind): give both states, {h, c}, or none") }
    return (x, hidden, cells)
  }
}
