internal import LuaBridge
public import Tensors

/// Drops values at random in training: y = x · mask / (1 - p), each value kept with probability 1 - p; evaluation changes nothing.
///
/// - Paper: Srivastava et al. 2014, jmlr.org/papers/v15/srivastava14a.html
public final class Dropout: Module, @unchecked Sendable {
  private let p: Double
  init(_ p: Double) throws {
    guard (0...1).contains(p) else { throw LuaError("Dropout: p must be in 0..1, got \(p)") }
    self.p = p
  }
  public override var summaryLine: String { "\(p)" }
  public override func forward(_ x: Tensor) throws -> Tensor { try Functional.dropout(x, p: p, training: training) }
  static let row = Row(
    "Dropout", "Drops values at random in training and scales the rest by 1 / (1 - p); evaluation changes nothing. Srivastava et al. 2014.",
    Param("p", default: 0.5, "the share that is dropped"), place: .function, mixed: true, example: "return nn.Dropout(0.2)(T.ones(4))"
  ) { try Dropout($0) }
}
