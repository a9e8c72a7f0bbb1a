public import LuaBridge
public import Tensors

/// y[o] = x1ᵀ · weight[o] · x2 + bias[o], with a learned weight (out, in1, in2) and bias (out).
public final class Bilinear: Module, @unchecked Sendable {
  /// (out, in1, in2)
  public let weight: Tensor
  /// (out)
  public let bias: Tensor?

  init(_ in1: Int, _ in2: Int, _ out: Int, bias: Bool, initial: InitialValues) throws {
    guard in1 > 0, in2 > 0, out > 0 else { throw LuaError("Bilinear: sizes must be at least 1, got \(in1), \(in2) -> \(out)") }
    weight = try Tensor(empty: Shape.checked([out, in1, in2], "Bilinear"), .default)
    self.bias = bias ? try Tensor(empty: Shape(out), .default) : nil
    // PyTorch's: the first input alone is the fan.
    try initial.fill(weight, self.bias, fanIn: in1, fanOut: out)
    super.init()
    try register(parameter: "weight", weight)
    if let bias = self.bias { try register(parameter: "bias", bias) }
  }

  public override var summaryLine: String { "\(weight.shape[1]), \(weight.shape[2]) -> \(weight.shape[0])" + (bias == nil ? ", no bias" : "") }
  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    let x = try tensors(["x1", "x2"], stack, arguments)
    try Functional.bilinear(x[0], x[1], weight, bias).push(stack)
    return 1
  }
  public override func property(_ name: String) -> (any LuaValue)? {
    switch name {
    case "in1_features": weight.shape[1]
    case "in2_features": weight.shape[2]
    case "out_features": weight.shape[0]
    default: nil
    }
  }
  public override var propertyNames: [String] { ["in1_features", "in2_features", "out_features"] }

  static let row = Row(
    "Bilinear", Functional.bilinearDoc, Param("in1_features", Int.self, "size of the last dim of x1"),
    Param("in2_features", Int.self, "size of the last dim of x2"), Param("out_features", Int.self, "size of the last dim of y"),
    Param("bias", default: true, "add a learned bias"), Param.option("init", default: InitialValues.default, InitialValues.doc),
    place: .function, mixed: true, example: "return nn.Bilinear(2, 3, 4)(T.rand(5, 2), T.rand(5, 3))"
  ) { try Bilinear($0, $1, $2, bias: $3, initial: $4) }
}
