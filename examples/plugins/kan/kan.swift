import NNLua

/// A layer of learned functions of one variable: a Kolmogorov–Arnold layer on Gaussian bumps.
///
///     y[n, o] = Σ_i Σ_k weight[o, i k] exp(-((x[n, i] - centre_k) / width)²) + Σ_i base[o, i] silu(x[n, i])
///
/// Every edge from an input to an output has a function of its own, a sum of bumps on a grid; `base` reaches beyond the grid.
///
/// - Shapes: x (N, in), y (N, out), weight (out, in · grid), base (out, in).
/// - Paper: Liu et al. 2024, arXiv:2404.19756 (with B-splines); Li 2024, arXiv:2405.06721 (with Gaussian bumps)
final class KAN: Module, @unchecked Sendable {
  let weight: Tensor, base: Tensor, centres: Tensor
  private let inputs: Int, outputs: Int, grid: Int, range: Double

  init(_ inputs: Int, _ outputs: Int, grid: Int, range: Double) throws {
    guard inputs > 0, outputs > 0 else { throw LuaError("KAN: sizes must be at least 1, got \(inputs) -> \(outputs)") }
    guard 2...1000 ~= grid else { throw LuaError("KAN: grid must be from 2 to 1000, got \(grid)") }
    guard range > 0, range.isFinite else { throw LuaError("KAN: range must be a number above 0, got \(range.luaLiteral)") }
    let (wide, overflow) = inputs.multipliedReportingOverflow(by: grid)
    guard !overflow else { throw LuaError("KAN: \(inputs) inputs of \(grid) bumps are too many") }
    (self.inputs, self.outputs, self.grid, self.range) = (inputs, outputs, grid, range)
    weight = try Tensor(empty: Shape.checked([outputs, wide], "KAN"), .default)
    base = try Tensor(empty: Shape.checked([outputs, inputs], "KAN"), .default)
    try InitialValues.std(0.1).fill(weight, nil, fanIn: wide, fanOut: outputs)
    try InitialValues.default.fill(base, nil, fanIn: inputs, fanOut: outputs)
    centres = try Tensor((0..<grid).map { Float(range * (2 * Double($0) / Double(grid - 1) - 1)) }, grid).converted(to: .default)
    super.init()
    try register(parameter: "weight", weight)
    try register(parameter: "base", base)
    register(buffer: "centres", centres)
  }

  override var summaryLine: String { "\(inputs) -> \(outputs), grid \(grid)" }

  override func forward(_ x: Tensor) throws -> Tensor {
    guard x.rank == 2, x.shape[1] == inputs else { throw LuaError("KAN: the input must be (N, \(inputs)), got \(x.shape)") }
    // Bumps touch their neighbours' middles: width is the distance of centres.
    let distance = try (x.unsqueezed(2) - centres) * (Double(grid - 1) / (2 * range))
    let bumps = try (distance.apply(.square) * -1).apply(.exp).reshaped(Shape(x.shape[0], inputs * grid))
    return try Matrices.matmul(bumps, weight.transposed(0, 1)) + Matrices.matmul(x.apply(.silu), base.transposed(0, 1))
  }

  static let row = Row(
    "KAN",
    """
    A layer of learned functions of one variable, one for every edge: sums of Gaussian bumps on a grid, and a share of silu beyond it.
    Shapes: x (N, in_features), y (N, out_features).
    Errors: another shape of x; a grid below 2; a range that is not above 0.
    Paper: Liu et al. 2024, arXiv:2404.19756
    """,
    Param("in_features", Int.self, "inputs"), Param("out_features", Int.self, "outputs"), Param.option("grid", default: 8, "bumps of every function"),
    Param.option("range", default: 2.0, "bumps stand between -range and range"), place: .function, mixed: true,
    example: "return require('kan').KAN(3, 2)(T.rand(4, 3))"
  ) { try KAN($0, $1, grid: $2, range: $3) }
}

let plugin = Plugin("kan", version: "0.1.0", "Kolmogorov-Arnold layers, also as nn.KAN.", layers: [KAN.row], into: [.layers])
