internal import KernelTable
internal import LuaBridge
public import Tensors

/// Activations made of the others' kernels.
extension Functional {
  /// x · tanh(log(1 + exp(x)))
  public static func mish(_ x: Tensor) throws -> Tensor { try Elementwise.mul(x.to(floatType(x)), Activation.tanh(Activation.softplus(beta: 1, threshold: 20)(x))) }
  /// min(max(x + 3, 0), 6) / 6
  public static func hardsigmoid(_ x: Tensor) throws -> Tensor { try Elementwise.mul(Activation.relu6(Elementwise.add(x.to(floatType(x)), 3)), 1.0 / 6) }
  /// x · hardsigmoid(x)
  public static func hardswish(_ x: Tensor) throws -> Tensor { try Elementwise.mul(x.to(floatType(x)), hardsigmoid(x)) }
  /// softmax(−x)
  public static func softmin(_ x: Tensor, dim: Int) throws -> Tensor { try Softmax.softmax(Elementwise.neg(x), dim: dim) }

  /// x where x > 0, else α (exp(x / α) − 1): its slope at 0 is 1 from both sides.
  public static func celu(_ x: Tensor, alpha: Double = 1) throws -> Tensor {
    guard alpha != 0 else { throw LuaError("celu: alpha cannot be 0") }
    let x = try x.to(floatType(x))
    let below = try Elementwise.mul(Activation.elu(alpha: 1)(Elementwise.mul(x, 1 / alpha)), alpha)
    return try Elementwise.select(Elementwise.greater(x, .integer(0)), .tensor(x), .tensor(below))
  }

  /// a · sigmoid(b), a and b the halves of x along a dim (from 0).
  public static func glu(_ x: Tensor, dim: Int) throws -> Tensor {
    let size = x.shape[dim]
    guard size % 2 == 0 else { throw LuaError("glu: dim \(dim + 1) of size \(size) cannot be halved (input \(x.shape))") }
    return try Elementwise.mul(x.narrowed(dim, 0, size / 2), Activation.sigmoid(x.narrowed(dim, size / 2, size / 2)))
  }

  /// x where it is above `threshold`, else `value`.
  public static func threshold(_ x: Tensor, _ threshold: Double, _ value: Double) throws -> Tensor {
    let x = try x.to(floatType(x))
    return try Elementwise.select(Elementwise.greater(x, .number(threshold)), .tensor(x), .number(value))
  }

  static let mishDoc = Activation.doc("x · tanh(softplus(x))", paper: "Misra 2019, arXiv:1908.08681")
  static let hardsigmoidDoc = Activation.doc("min(max(x + 3, 0), 6) / 6: sigmoid of straight lines", paper: "Howard et al. 2019, arXiv:1905.02244")
  static let hardswishDoc = Activation.doc("x · min(max(x + 3, 0), 6) / 6", paper: "Howard et al. 2019, arXiv:1905.02244")
  static let celuDoc = Activation.doc("x where x > 0, else alpha · (exp(x / alpha) - 1)", errors: "an alpha of 0", paper: "Barron 2017, arXiv:1704.07483")
  static let thresholdDoc = Activation.doc("x where x > threshold, else value")
  static let softminDoc = """
    The softmax of -x along a dim: the smallest gets the most.
    Shapes: x any; y as x.
    Errors: a dim that x does not have.
    """
  static let gluDoc = """
    Gated linear unit: a · sigmoid(b), a and b the halves of x along a dim.
    Shapes: x {…, 2 n, …}; y {…, n, …}.
    Errors: a dim that x does not have, or of odd size.
    Paper: Dauphin et al. 2016, arXiv:1612.08083
    """

  private static let x = Param("x", Tensor.self, "any shape")
  static let composedActivationRows = [
    Row("mish", mishDoc, x, place: .function, example: "return F.mish(T.tensor({-1.5, 0.5}))") { try mish($0) },
    Row("hardsigmoid", hardsigmoidDoc, x, place: .function, example: "return F.hardsigmoid(T.tensor({-1.5, 0.5}))") { try hardsigmoid($0) },
    Row("hardswish", hardswishDoc, x, place: .function, example: "return F.hardswish(T.tensor({-1.5, 0.5}))") { try hardswish($0) },
    Row("celu", celuDoc, x, Param("alpha", default: 1.0, "the limit is -alpha"), place: .function, example: "return F.celu(T.tensor({-1.5, 0.5}))") { x, alpha in
      try celu(x, alpha: alpha)
    },
    Row(
      "threshold", thresholdDoc, x, Param("threshold", Double.self, "x above it stays"), Param("value", Double.self, "what the others become"), place: .function,
      example: "return F.threshold(T.tensor({-1.5, 0.5}), 0.1, 20)"
    ) { x, threshold, value in try Self.threshold(x, threshold, value) },
    Row(
      "softmin", softminDoc, x, Param("dim", default: -1, "the dim that sums to 1"), place: .function, example: "return F.softmin(T.tensor({{1, 2, 3}}), 2)"
    ) { x, dim in try softmin(x, dim: x.shape.dim(dim, "softmin")) },
    Row("glu", gluDoc, x, Param("dim", default: -1, "the dim that is halved"), place: .function, example: "return F.glu(T.tensor({{1, 2, 3, 4}}))") { x, dim in
      try glu(x, dim: x.shape.dim(dim, "glu"))
    },
  ]
}
