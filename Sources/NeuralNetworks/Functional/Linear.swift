internal import KernelTable
internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// y = x Wᵀ + b, in one node.
  ///
  ///     gx = g W,  gW = gᵀ x,  gb = Σ_rows g
  ///
  /// - Shapes: x (…, in), weight (out, in), bias (out), y (…, out); any leading dims, none too.
  /// - Errors: another last size of x than the weight's; a weight that is no matrix.
  public static func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) throws -> Tensor { try linear(x, weight, bias, relu: false) }

  /// - relu: y = max(x Wᵀ + b, 0) in the same pass over memory, for `Sequential`; backward reads from y where it was positive.
  static func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, relu: Bool) throws -> Tensor {
    let op = relu ? "linear, relu" : "linear"
    let isTimed = Profiler.begin(op: op)
    defer { if isTimed { Profiler.end() } }
    guard weight.rank == 2 else { throw LuaError("linear: weight must have shape {out, in}, got \(weight.shape)") }
    let outputs = weight.shape[0], inputs = weight.shape[1]
    guard x.rank > 0, x.shape[x.rank - 1] == inputs else {
      let features = x.rank > 0 ? "\(x.shape[x.rank - 1])" : "no"
      throw LuaError("linear: input has \(features) features, weight expects \(inputs) (input \(x.shape), weight \(weight.shape))")
    }
    if let bias, bias.rank != 1 || bias.shape[0] != outputs {
      throw LuaError("linear: bias must have shape {\(outputs)}, got \(bias.shape) (weight \(weight.shape))")
    }
    let type = floatType(x, weight, bias)
    let x = try x.to(type), weight = try weight.to(type), bias = try bias?.to(type)
    var shape = x.shape
    shape[shape.count - 1] = outputs
    let rows = try matrix(x), count = rows.shape[0]
    guard !count.multipliedReportingOverflow(by: outputs).overflow, count &* outputs < 1 << 59 else {
      throw LuaError("linear: the result of input \(x.shape) and weight \(weight.shape) has too many elements")
    }
    let y = try Tensor(empty: shape, type)
    Profiler.work(count, outputs, inputs, double: type == .float64)
    try multiply(rows, weight, transposing: (false, true), bias: bias?.contiguous(), relu: relu, into: y, count, outputs, inputs)
    if Tape.follows(x, weight) || bias.map({ Tape.follows($0) }) == true {
      let inputs = bias.map { [x, weight, $0] } ?? [x, weight]
      if relu {
        try y.follow(op, inputs, saving: [x, weight, y]) { node, g in try gradients(node, Unary.gradient(.relu, x: nil, y: node.saved(2), g)) }
      } else {
        try y.follow(op, inputs, saving: [x, weight], rule: gradients)
      }
    }
    return y
  }

  private static func gradients(_ node: Node, _ g: Tensor) throws -> [Tensor?] {
    let x = try node.saved(0), weight = try node.saved(1)
    let outputs = weight.shape[0], inputs = weight.shape[1], hasBias = node.inputCount == 3
    let rows = try matrix(x), count = rows.shape[0]
    let g = try g.reshaped(Shape(count, outputs))
    if Tape.isOn {  // by ops, which are followed again
      let gx = node.needs(0) ? try Matrices.matmul(g, weight).reshaped(x.shape) : nil
      let gWeight = node.needs(1) ? try Matrices.matmul(g.transposed(0, 1), rows) : nil
      return hasBias ? [gx, gWeight, node.needs(2) ? try Reduction.sum(g, dims: [0]) : nil] : [gx, gWeight]
    }
    let sums = try g.converted(to: x.type)
    let gx = node.needs(0) ? try Tensor(empty: x.shape, x.type) : nil, gWeight = node.needs(1) ? try Tensor(empty: Shape(outputs, inputs), x.type) : nil
    func inputGradient() { if let gx { multiply(sums, weight, transposing: (false, false), into: gx, count, inputs, outputs) } }
    func weightGradient() { if let gWeight { multiply(sums, rows, transposing: (true, false), into: gWeight, outputs, inputs, count) } }
    if gx != nil, gWeight != nil {
      Matrix.both(work: count &* outputs &* inputs, inputGradient, weightGradient)
    } else {
      inputGradient()
      weightGradient()
    }
    if gx != nil { Profiler.work(count, outputs, inputs, double: x.type == .float64) }
    if gWeight != nil { Profiler.work(count, outputs, inputs, double: x.type == .float64) }
    guard hasBias else { return [gx, gWeight] }
    return [gx, gWeight, node.needs(2) ? try rowSum(sums.contiguous(), into: Tensor(empty: Shape(outputs), x.type)) : nil]
  }

  /// y (m, n) = a · b (+ bias), either of them transposed first; what is multiplied lives as long as the call.
  private static func multiply(
    _ a: Tensor, _ b: Tensor, transposing: (Bool, Bool), bias: Tensor? = nil, relu: Bool = false, into y: Tensor, _ m: Int, _ n: Int, _ k: Int
  ) {
    withExtendedLifetime((a, b, bias)) {
      Matrix.multiply(
        width(y), m: m, n: n, k: k, a: view(a, transposed: transposing.0), b: view(b, transposed: transposing.1), c: y.pointer, ldc: n,
        bias: bias.map { UnsafeRawPointer($0.pointer) }, activation: relu ? .relu : .none)
    }
  }

  /// The sum of a matrix's rows.
  private static func rowSum(_ x: Tensor, into y: Tensor) -> Tensor {
    withExtendedLifetime(x) { Vector.reduce(.sum, width(y), x.pointer, y.pointer, outer: 1, count: x.shape[0], inner: x.shape[1]) }
    return y
  }

  /// The rows of (…, n) as one matrix.
  private static func matrix(_ x: Tensor) throws -> Tensor {
    if x.rank == 2 { return x }
    let columns = x.shape[x.rank - 1]
    var rows = 1
    for i in 0..<x.rank - 1 { rows *= x.shape[i] }
    return try x.reshaped(Shape(rows, columns))
  }

  private static func view(_ x: Tensor, transposed: Bool = false) -> Matrix.View {
    Matrix.View(base: x.pointer, rowStride: x.strides[transposed ? 1 : 0], columnStride: x.strides[transposed ? 0 : 1])
  }

  static let linearDoc = """
    y = x · weightᵀ + bias: every output is a weighted sum of all inputs.
    Shapes: x {…, in}; weight {out, in}; bias {out}; y {…, out}.
    Errors: another last size of x than the weight's; a weight that is no matrix; another bias.
    """

  static let linearRows = [
    Row(
      "linear", linearDoc, Param("x", Tensor.self, "{…, in}"),
      Param("weight", Tensor.self, "{out, in}"), Param("bias", default: Tensor?.none, "{out}"), place: .function,
      example: "return F.linear(T.ones(2, 3), T.ones(4, 3), T.ones(4))"
    ) { x, weight, bias in try linear(x, weight, bias) }
  ]
}
