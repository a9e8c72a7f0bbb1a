internal import KernelTable
internal import Kernels
internal import LuaBridge

/// Numbers as probabilities.
public enum Softmax {
  /// y[i] = exp(x[i] − m) / Σ exp(x[j] − m) along a dim, m the largest of x.
  ///
  /// Taking m away changes nothing and keeps exp from overflowing. The gradient needs y alone: gx = y (g − Σ g y).
  public static func softmax(_ x: Tensor, dim: Int) throws -> Tensor { try softmax(x, dim: dim, log: false) }

  /// y[i] = x[i] − m − log Σ exp(x[j] − m): finite where the softmax itself would be 0. gx = g − exp(y) Σ g.
  public static func logSoftmax(_ x: Tensor, dim: Int) throws -> Tensor { try softmax(x, dim: dim, log: true) }

  private static func softmax(_ x: Tensor, dim: Int, log: Bool) throws -> Tensor {
    let isTimed = Profiler.begin(op: log ? "log_softmax" : "softmax")
    defer { if isTimed { Profiler.end() } }
    let type: ElementType = x.type.isFloat ? x.type : .default
    let x = try x.to(type), y = try Tensor(empty: x.shape, x.type), source = try x.contiguous()
    let (outer, count, inner) = split(x.shape, dim)
    withExtendedLifetime(source) { Vector.softmax(type == .float64 ? .float64 : .float32, log: log, source.pointer, y.pointer, outer: outer, count: count, inner: inner) }
    if Tape.follows(x) {
      try y.follow(log ? "log_softmax" : "softmax", [x], saving: [y]) { node, g in
        let y = try node.saved(0)
        if Tape.isOn {
          let total = try Reduction.sum(log ? g : Elementwise.mul(g, y), dims: [dim], keep: true)
          return [
            try log
              ? Elementwise.sub(g, Elementwise.mul(Elementwise.unary(.exp, y), total)) : Elementwise.mul(y, Elementwise.sub(g, total))
          ]
        }
        let gx = try Tensor(empty: g.shape, g.type), gradient = try g.contiguous()
        withExtendedLifetime(gradient) {
          Vector.softmaxGradient(
            g.type == .float64 ? .float64 : .float32, log: log, y: y.pointer, g: gradient.pointer, gx: gx.pointer, outer: outer, count: count, inner: inner)
        }
        return [gx]
      }
    }
    return y
  }

  /// The shape seen from one dim: elements before it, in it, behind it.
  private static func split(_ shape: Shape, _ dim: Int) -> (outer: Int, count: Int, inner: Int) {
    var outer = 1, inner = 1
    for i in shape.indices {
      if i < dim { outer *= shape[i] } else if i > dim { inner *= shape[i] }
    }
    return (outer, shape[dim], inner)
  }

  package static let doc = """
    Turns numbers into probabilities along a dim: exp(x) / Σ exp(x), the largest taken away first, so that it never overflows.
    Shapes: x any; y as x.
    Errors: a dim that x does not have.
    """

  package static let logDoc = """
    The logarithm of softmax, finite where a probability rounds to 0: x - log Σ exp(x).
    Shapes: x any; y as x.
    Errors: a dim that x does not have.
    """

  static let rows: [Row] = [
    Row(
      "softmax", doc, Param("x", Tensor.self, "any shape"),
      Param("dim", default: -1, "the dim that sums to 1"), example: "return T.softmax(T.tensor({{1, 2, 3}, {0, 0, 1000}}), 2)"
    ) { x, dim in try softmax(x, dim: x.shape.dim(dim, "softmax")) },
    Row(
      "log_softmax", logDoc, Param("x", Tensor.self, "any shape"),
      Param("dim", default: -1, "the dim whose probabilities sum to 1"),
      example: "return T.log_softmax(T.tensor({{1, 2, 3}, {0, 0, 1000}}), 2)"
    ) { x, dim in try logSoftmax(x, dim: x.shape.dim(dim, "log_softmax")) },
  ]
}
