internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// In training every value is 0 with probability p, and the others are divided by 1 − p, so that the mean stays; otherwise x itself.
  ///
  /// - Errors: p outside 0 … 1.
  /// - Paper: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
  public static func dropout(_ x: Tensor, p: Double = 0.5, training: Bool = true) throws -> Tensor {
    let isTimed = Profiler.begin(op: "dropout")
    defer { if isTimed { Profiler.end() } }
    try checkProbability(p, "dropout")
    let x = try x.to(floatType(x))
    guard training, p > 0 else { return x }
    // one bit for each element
    let y = try Tensor(empty: x.shape, x.type), mask = try Tensor(empty: Shape(Random.maskBytes(x.count)), .uint8), source = try x.contiguous()
    withExtendedLifetime(source) {
      RandomState.draw { seed, offset in
        Random.dropout(width(x), source.pointer, y.pointer, mask: mask.pointer(UInt8.self), y.count, p: p, seed: seed, offset: offset)
      }
    }
    if Tape.follows(x) {
      try y.follow("dropout", [x], saving: [mask]) { node, g in
        let mask = try node.saved(0)
        func masked(_ g: Tensor) throws -> Tensor {
          let gx = try Tensor(empty: g.shape, g.type), source = try g.contiguous()
          withExtendedLifetime(source) {
            Random.dropoutGradient(width(g), g: source.pointer, mask: mask.pointer(UInt8.self), gx: gx.pointer, g.count, p: p)
          }
          return gx
        }
        if Tape.isOn { return [try Elementwise.mul(g, masked(Tensor.full(g.shape, 1, g.type)))] }
        return [try masked(g)]
      }
    }
    return y
  }

  /// Dropout of whole channels: neighbouring pixels are too alike for single ones to be missed.
  ///
  /// - Shapes: x (N, C, H, W) or (C, H, W).
  /// - Paper: Tompson et al. 2015, arXiv:1411.4280
  public static func dropout2d(_ x: Tensor, p: Double = 0.5, training: Bool = true) throws -> Tensor {
    let isTimed = Profiler.begin(op: "dropout2d")
    defer { if isTimed { Profiler.end() } }
    try checkProbability(p, "dropout2d")
    guard x.rank == 4 || x.rank == 3 else { throw LuaError("dropout2d: input must be {N,C,H,W} or {C,H,W}, got \(x.shape)") }
    let x = try x.to(floatType(x))
    guard training, p > 0 else { return x }
    let kept = try dropout(Tensor.full(PoolingOps.resized(x.shape, 1, 1), 1, x.type), p: p)
    return try Elementwise.mul(x, kept)
  }

  private static func checkProbability(_ p: Double, _ name: String) throws {
    guard p >= 0, p <= 1 else { throw LuaError("\(name): p must be between 0 and 1, got \(p.luaLiteral)") }
  }

  static let dropoutDoc = """
    Drops values at random: each is 0 with probability p, the others are divided by 1 - p, so that the mean stays.
    Shapes: x any; y as x.
    Training: drops; otherwise y is x itself.
    Errors: p outside 0 … 1.
    Paper: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
    """

  static let dropout2dDoc = """
    Drops whole channels at random with probability p and divides the others by 1 - p: neighbouring pixels are too alike for single ones to be missed.
    Shapes: x {N, C, H, W} or {C, H, W}; y as x.
    Training: drops; otherwise y is x itself.
    Errors: another shape; p outside 0 … 1.
    Paper: Tompson et al. 2015, arXiv:1411.4280
    """

  static let dropoutRows = [
    Row(
      "dropout", dropoutDoc,
      Param("x", Tensor.self, "any shape"), Param("p", default: 0.5, "probability of 0"), Param("training", default: true, "false leaves x as it is"),
      place: .function, example: "return F.dropout(T.ones(2, 3), 0.5, false)"
    ) { x, p, training in try dropout(x, p: p, training: training) },
    Row(
      "dropout2d", dropout2dDoc,
      Param("x", Tensor.self, "{N, C, H, W} or {C, H, W}"), Param("p", default: 0.5, "probability of 0"),
      Param("training", default: true, "false leaves x as it is"), place: .function, example: "return F.dropout2d(T.ones(1, 2, 3, 3), 0.5, false)"
    ) { x, p, training in try dropout2d(x, p: p, training: training) },
  ]
}
