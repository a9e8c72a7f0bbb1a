public import LuaBridge
public import Tensors

/// A loss as a module: loss(prediction, target). The formulas stand in `Functional`.
public final class Loss: Module, @unchecked Sendable {
  private let name: String, inputs: [String]
  private let formula: ([Tensor]) throws -> Tensor
  init(_ name: String, _ inputs: [String] = ["a prediction", "a target"], _ formula: @escaping ([Tensor]) throws -> Tensor) {
    (self.name, self.inputs, self.formula) = (name, inputs, formula)
  }
  public override var kind: String { name }

  /// The loss of a prediction, a scalar unless the reduction is none.
  public func callAsFunction(_ prediction: Tensor, _ target: Tensor) throws -> Tensor {
    guard inputs.count == 2 else { throw LuaError("\(name): takes \(inputs.joined(separator: ", "))") }
    return try ModuleCalls.inside(self) { try formula([prediction, target]) }
  }

  public override func forward(_ stack: LuaStack, _ arguments: Range<Int32>) throws -> Int32 {
    try formula(tensors(inputs, stack, arguments)).push(stack)
    return 1
  }

  private static let reduction = LossReduction.parameter

  /// A loss without options but its reduction.
  private static func plain(
    _ name: String, _ doc: String, default value: LossReduction = .mean, example: String = "T.rand(3), T.rand(3)",
    _ formula: @escaping @Sendable (Tensor, Tensor, LossReduction) throws -> Tensor
  ) -> Row {
    Row(
      name, doc, Param.option("reduction", default: value, "\"mean\", \"sum\" or \"none\""), place: .function, mixed: true, example: "return nn.\(name)()(\(example))",
      returns: name
    ) { reduction in
      Loss(name) { try formula($0[0], $0[1], reduction) }
    }
  }

  static let rows: [Row] = [
    plain("MSELoss", Functional.mseLossDoc) { try Functional.mseLoss($0, $1, reduction: $2) },
    plain("SSELoss", Functional.sseLossDoc, default: .sum) { try Functional.sseLoss($0, $1, reduction: $2) },
    plain("L1Loss", Functional.l1LossDoc) { try Functional.l1Loss($0, $1, reduction: $2) },
    Row(
      "SmoothL1Loss", Functional.smoothL1LossDoc, Param("beta", default: 1.0, "where the parabola ends"), reduction, place: .function,
      mixed: true, example: "return nn.SmoothL1Loss()(T.rand(3), T.rand(3))", returns: "SmoothL1Loss"
    ) { beta, reduction in Loss("SmoothL1Loss") { try Functional.smoothL1Loss($0[0], $0[1], beta: beta, reduction: reduction) } },
    Row(
      "HuberLoss", Functional.huberLossDoc, Param("delta", default: 1.0, "where the parabola ends"), reduction, place: .function, mixed: true,
      example: "return nn.HuberLoss()(T.rand(3), T.rand(3))", returns: "HuberLoss"
    ) { delta, reduction in Loss("HuberLoss") { try Functional.huberLoss($0[0], $0[1], delta: delta, reduction: reduction) } },
    Row(
      "CrossEntropyLoss", Functional.crossEntropyDoc, Param.option("weight", default: Tensor?.none, "{C}: weight of each class"),
      Param.option("label_smoothing", default: 0.0, "share of the answer spread over all classes"),
      Param.option("ignore_index", default: -100, "a label that is left out"), reduction,
      place: .function, mixed: true, example: "return nn.CrossEntropyLoss()(T.rand(2, 3), T.tensor({1, 3}, {dtype = \"int64\"}))", returns: "CrossEntropyLoss"
    ) { weight, smoothing, ignored, reduction in
      Loss("CrossEntropyLoss") { try Functional.crossEntropy($0[0], $0[1], weight: weight, labelSmoothing: smoothing, ignoreIndex: ignored, reduction: reduction) }
    },
    Row(
      "NLLLoss", Functional.nllLossDoc, Param.option("weight", default: Tensor?.none, "{C}: weight of each class"),
      Param.option("ignore_index", default: -100, "a label that is left out"), reduction, place: .function, mixed: true,
      example: "return nn.NLLLoss()(nn.LogSoftmax(2)(T.rand(2, 3)), T.tensor({1, 3}, {dtype = \"int64\"}))", returns: "NLLLoss"
    ) { weight, ignored, reduction in Loss("NLLLoss") { try Functional.nllLoss($0[0], $0[1], weight: weight, ignoreIndex: ignored, reduction: reduction) } },
    Row(
      "BCELoss", Functional.bceDoc, Param.option("weight", default: Tensor?.none, "of each element; broadcasts"), reduction, place: .function,
      mixed: true, example: "return nn.BCELoss()(T.tensor({0.2, 0.9}), T.tensor({0, 0.9}))", returns: "BCELoss"
    ) { weight, reduction in Loss("BCELoss") { try Functional.bce($0[0], $0[1], weight: weight, reduction: reduction) } },
    Row(
      "BCEWithLogitsLoss", Functional.bceWithLogitsDoc, Param.option("weight", default: Tensor?.none, "of each element; broadcasts"),
      Param.option("pos_weight", default: Tensor?.none, "of the positive examples; broadcasts"), reduction, place: .function, mixed: true,
      example: "return nn.BCEWithLogitsLoss()(T.tensor({-2, 3}), T.tensor({0, 0.9}))", returns: "BCEWithLogitsLoss"
    ) { weight, positive, reduction in
      Loss("BCEWithLogitsLoss") { try Functional.bceWithLogits($0[0], $0[1], weight: weight, posWeight: positive, reduction: reduction) }
    },
    Row(
      "KLDivLoss", Functional.klDivDoc, Functional.klReduction, Param.option("log_target", default: false, "target holds logarithms too"), place: .function,
      mixed: true, example: "return nn.KLDivLoss()(nn.LogSoftmax(2)(T.rand(2, 3)), nn.Softmax(2)(T.rand(2, 3)))", returns: "KLDivLoss"
    ) { reduction, log in
      let (known, batchMean) = try Functional.klReduction(reduction, "KLDivLoss")
      return Loss("KLDivLoss") { try Functional.klDiv($0[0], $0[1], logTarget: log, batchMean: batchMean, reduction: known) }
    },
    Row(
      "HingeLoss", Functional.hingeLossDoc, Param("margin", default: 1.0, "how far is far enough"), reduction, place: .function, mixed: true,
      example: "return nn.HingeLoss()(T.tensor({0.5, -2}), T.tensor({1, -1}))", returns: "HingeLoss"
    ) { margin, reduction in Loss("HingeLoss") { try Functional.hingeLoss($0[0], $0[1], margin: margin, reduction: reduction) } },
    Row(
      "CosineEmbeddingLoss", Functional.cosineEmbeddingLossDoc, Param("margin", default: 0.0, "allowed likeness"), reduction, place: .function, mixed: true,
      example: "return nn.CosineEmbeddingLoss()(T.tensor({{1, 2}, {3, 1}}), T.tensor({{2, 1}, {0, 1}}), T.tensor({1, -1}))", returns: "CosineEmbeddingLoss"
    ) { margin, reduction in
      Loss("CosineEmbeddingLoss", ["x1", "x2", "a target"]) { try Functional.cosineEmbeddingLoss($0[0], $0[1], $0[2], margin: margin, reduction: reduction) }
    },
    Row(
      "TripletMarginLoss", Functional.tripletMarginLossDoc, Param("margin", default: 1.0, "wanted difference"), Param("p", default: 2.0, "the norm's exponent"),
      Param("eps", default: 1e-6, "added to differences"), Param("swap", default: false, "take d(positive, negative) where it is smaller"), reduction,
      place: .function, mixed: true, example: "return nn.TripletMarginLoss()(T.tensor({{1, 2}}), T.tensor({{1, 1}}), T.tensor({{0, 2}}))",
      returns: "TripletMarginLoss"
    ) { margin, p, eps, swap, reduction in
      Loss("TripletMarginLoss", ["an anchor", "a positive", "a negative"]) {
        try Functional.tripletMarginLoss($0[0], $0[1], $0[2], margin: margin, p: p, eps: eps, swap: swap, reduction: reduction)
      }
    },
  ]
}
