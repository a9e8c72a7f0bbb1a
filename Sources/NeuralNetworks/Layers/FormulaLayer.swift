internal import LuaBridge
internal import Tensors

/// A layer without parameters: a function of `Functional` with its settings.
final class FormulaLayer: Module, @unchecked Sendable {
  private let name: String, detail: String
  private let formula: (Tensor) throws -> Tensor
  init(_ name: String, _ detail: String = "", _ formula: @escaping (Tensor) throws -> Tensor) { (self.name, self.detail, self.formula) = (name, detail, formula) }
  override var kind: String { name }
  override var summaryLine: String { detail }
  override func forward(_ x: Tensor) throws -> Tensor { try formula(x) }

  private static func plain(_ name: String, _ doc: String, _ formula: @escaping @Sendable (Tensor) throws -> Tensor) -> Row {
    Row(name, doc, place: .function, example: "return nn.\(name)()(T.tensor({-1.5, 0.5, 2}))", returns: name) { FormulaLayer(name, "", formula) }
  }

  static let activationRows: [Row] = [
    plain("Mish", Functional.mishDoc) { try Functional.mish($0) },
    plain("Hardsigmoid", Functional.hardsigmoidDoc) { try Functional.hardsigmoid($0) },
    plain("Hardswish", Functional.hardswishDoc) { try Functional.hardswish($0) },
    Row(
      "CELU", Functional.celuDoc, Param("alpha", default: 1.0, "the limit is -alpha"), place: .function, mixed: true, example: "return nn.CELU()(T.tensor({-1, 2}))",
      returns: "CELU"
    ) { alpha in FormulaLayer("CELU", alpha.luaLiteral) { try Functional.celu($0, alpha: alpha) } },
    Row(
      "Threshold", Functional.thresholdDoc, Param("threshold", Double.self, "x above it stays"), Param("value", Double.self, "what the others become"),
      place: .function, mixed: true, example: "return nn.Threshold(0.1, 20)(T.tensor({-1, 2}))", returns: "Threshold"
    ) { threshold, value in
      FormulaLayer("Threshold", "\(threshold.luaLiteral), \(value.luaLiteral)") { try Functional.threshold($0, threshold, value) }
    },
    Row(
      "Softmin", Functional.softminDoc, Param("dim", default: -1, "the dim that sums to 1"), place: .function, mixed: true,
      example: "return nn.Softmin(2)(T.rand(2, 3))", returns: "Softmin"
    ) { dim in FormulaLayer("Softmin", "\(dim)") { try Functional.softmin($0, dim: $0.shape.dim(dim, "softmin")) } },
    Row(
      "GLU", Functional.gluDoc, Param("dim", default: -1, "the dim that is halved"), place: .function, mixed: true, example: "return nn.GLU()(T.rand(2, 4))",
      returns: "GLU"
    ) { dim in FormulaLayer("GLU", "\(dim)") { try Functional.glu($0, dim: $0.shape.dim(dim, "glu")) } },
  ]

}
