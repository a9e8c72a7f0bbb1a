public import LuaBridge
public import Tensors

/// A loss as a module: loss(prediction, target). The formulas stand in `Functional`.
public final class Loss: Module, @unchecked Sendable {
  private let name: String
  private let formula: (Tensor, Tensor) throws -> Tensor
  init(_ name: String, _ formula: @escaping (Tensor, Tensor) throws -> Tensor) { (self.name, self.formula) = (name, formula) }
  public override var kind: String { name }

  public func callAsFunction(_ prediction: Tensor, _ target: Tensor) throws -> Tensor { try ModuleCalls.inside(self) { try formula(prediction, target) } }

  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    guard arguments.count == 2 else { throw LuaError("\(name): takes a prediction and a target, got \(arguments.count) arguments") }
    let tensors = try arguments.map { index in
      guard let tensor = try? Tensor.decode(stack, index) else { throw LuaError("\(name): Tensor expected, got \(stack.typeName(at: index))") }
      return tensor
    }
    try formula(tensors[0], tensors[1]).push(stack)
    return 1
  }

  private static let reduction = Param.option("reduction", default: LossReduction.mean, "\"mean\", \"sum\" or \"none\"")

  /// A loss without options but its reduction.
  private static func plain(
    _ name: String, _ doc: String, default value: LossReduction = .mean, example: String = "T.rand(3), T.rand(3)",
    _ formula: @escaping @Sendable (Tensor, Tensor, LossReduction) throws -> Tensor
  ) -> Row {
    Row(
      name, doc, Param.option("reduction", default: value, "\"mean\", \"sum\" or \"none\""), place: .function, mixed: true, example: "return nn.\(name)()(\(example))",
      returns: name
    ) { reduction in
      Loss(name) { try formula($0, $1, reduction) }
    }
  }

  static let rows: [Row] = [
    plain("MSELoss", "(y - t)²") { try Functional.mseLoss($0, $1, reduction: $2) },
    plain("SSELoss", "½ Σ (y - t)², the book's sum of squared errors", default: .sum) { try Functional.sseLoss($0, $1, reduction: $2) },
    plain("L1Loss", "|y - t|") { try Functional.l1Loss($0, $1, reduction: $2) },
    Row(
      "SmoothL1Loss", "(y - t)² / 2 beta near 0, |y - t| - beta / 2 from beta on.", Param("beta", default: 1.0, "where it becomes straight"), reduction, place: .function,
      mixed: true, example: "return nn.SmoothL1Loss()(T.rand(3), T.rand(3))", returns: "SmoothL1Loss"
    ) { beta, reduction in
      Loss("SmoothL1Loss") { try Functional.smoothL1Loss($0, $1, beta: beta, reduction: reduction) }
    },
    Row(
      "HuberLoss", "(y - t)² / 2 near 0, delta (|y - t| - delta / 2) from delta on. Huber 1964, doi:10.1214/aoms/1177703732.",
      Param("delta", default: 1.0, "where it becomes straight"), reduction, place: .function, mixed: true, example: "return nn.HuberLoss()(T.rand(3), T.rand(3))",
      returns: "HuberLoss"
    ) { delta, reduction in
      Loss("HuberLoss") { try Functional.huberLoss($0, $1, delta: delta, reduction: reduction) }
    },
    Row(
      "CrossEntropyLoss", "-log softmax(x)[t] of logits (N, C) and labels 1..C, or one-hot rows or probabilities (N, C).",
      Param.option("weight", default: Tensor?.none, "a weight for each class"),
      Param.option("label_smoothing", default: 0.0, "share of the target that is spread over all classes"),
      Param.option("ignore_index", default: -100, "a label that does not count"), reduction,
      place: .function, mixed: true, example: "return nn.CrossEntropyLoss()(T.rand(2, 3), T.tensor({1, 3}, {dtype = \"int64\"}))", returns: "CrossEntropyLoss"
    ) { weight, smoothing, ignored, reduction in
      Loss("CrossEntropyLoss") { try Functional.crossEntropy($0, $1, weight: weight, labelSmoothing: smoothing, ignoreIndex: ignored, reduction: reduction) }
    },
    Row(
      "NLLLoss", "-x[t] of log-probabilities (N, C) and labels 1..C.", Param.option("weight", default: Tensor?.none, "a weight for each class"),
      Param.option("ignore_index", default: -100, "a label that does not count"),
      reduction, place: .function, mixed: true, example: "return nn.NLLLoss()(nn.LogSoftmax(2)(T.rand(2, 3)), T.tensor({1, 3}, {dtype = \"int64\"}))", returns: "NLLLoss"
    ) { weight, ignored, reduction in Loss("NLLLoss") { try Functional.nllLoss($0, $1, weight: weight, ignoreIndex: ignored, reduction: reduction) } },
    Row(
      "BCELoss", "-(t log y + (1 - t) log(1 - y)) of probabilities; finite at 0 and 1.", Param.option("weight", default: Tensor?.none), reduction, place: .function,
      mixed: true, example: "return nn.BCELoss()(T.tensor({0.2, 0.9}), T.tensor({0, 1}))", returns: "BCELoss"
    ) { weight, reduction in
      Loss("BCELoss") { try Functional.bce($0, $1, weight: weight, reduction: reduction) }
    },
    Row(
      "BCEWithLogitsLoss", "BCELoss of sigmoid(x), without its overflow.", Param.option("weight", default: Tensor?.none),
      Param.option("pos_weight", default: Tensor?.none, "weight of the positive class"), reduction, place: .function, mixed: true,
      example: "return nn.BCEWithLogitsLoss()(T.tensor({-2, 3}), T.tensor({0, 1}))", returns: "BCEWithLogitsLoss"
    ) { weight, positive, reduction in
      Loss("BCEWithLogitsLoss") { try Functional.bceWithLogits($0, $1, weight: weight, posWeight: positive, reduction: reduction) }
    },
    plain("KLDivLoss", "t (log t - x) of log-probabilities x and probabilities t", example: "nn.LogSoftmax(2)(T.rand(2, 3)), nn.Softmax(2)(T.rand(2, 3))") {
      try Functional.klDiv($0, $1, reduction: $2)
    },
    Row(
      "HingeLoss", "max(0, margin - t x) of scores x and targets -1 or 1.", Param("margin", default: 1.0), reduction, place: .function, mixed: true,
      example: "return nn.HingeLoss()(T.tensor({0.5, -2}), T.tensor({1, -1}))", returns: "HingeLoss"
    ) { margin, reduction in
      Loss("HingeLoss") { try Functional.hingeLoss($0, $1, margin: margin, reduction: reduction) }
    },
  ]
}
