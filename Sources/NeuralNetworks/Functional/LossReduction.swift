internal import KernelTable
internal import Kernels
public import LuaBridge
internal import Tensors

/// What a loss gives back: the mean of all elements' losses, their sum, or each of them.
public enum LossReduction: String, LuaValue, CaseIterable, Sendable {
  case mean, sum, none

  public static var luaName: String { "\"mean\", \"sum\" or \"none\"" }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> LossReduction {
    guard let name = stack.string(at: index) else { throw TypeMismatch(luaName) }
    guard let reduction = LossReduction(rawValue: name) else { throw TypeMismatch(luaName, detail: "\(luaName) expected, got \"\(name)\"") }
    return reduction
  }
  public func push(_ stack: LuaStack) { stack.push(rawValue) }
  public var luaLiteral: String { "\"\(rawValue)\"" }

  /// Brings the elements' losses to what was asked for.
  /// - Errors: the mean of nothing.
  func callAsFunction(_ losses: Tensor, _ function: String) throws -> Tensor {
    switch self {
    case .none: return losses
    case .sum: return try Reduction.sum(losses)
    case .mean:
      guard losses.count > 0 else { throw LuaError("\(function): the mean of an empty batch (shape \(losses.shape))") }
      return try Reduction.mean(losses)
    }
  }

  /// The parameter as every loss has it.
  static let parameter = Param.option("reduction", default: LossReduction.mean, "\"mean\", \"sum\" or \"none\": one loss for each element")
}

extension Functional {
  /// Two tensors of one shape in their common float type.
  /// - Errors: other shapes: broadcasting {N, 1} against {N} would quietly compare everything with everything.
  static func pair(_ x: Tensor, _ target: Tensor, _ function: String) throws -> (Tensor, Tensor) {
    guard x.shape == target.shape else {
      var hint = x.count == target.count ? "; reshape one of them" : ""
      if x.rank == target.rank + 1, x.rank >= 2, x.count != target.count, x.shape.array[0] == target.shape.array.first ?? 1 {
        hint = "; for labels of classes use cross_entropy, or make them one-hot rows: F.one_hot(target, \(x.shape[1]))"
      }
      throw LuaError("\(function): input \(x.shape) and target \(target.shape) must have the same shape\(hint)")
    }
    let type = floatType(x, target)
    return (try x.to(type), try target.to(type))
  }
}
