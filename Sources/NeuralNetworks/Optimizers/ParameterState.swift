internal import Tensors

/// What an optimizer remembers of one parameter.
public final class ParameterState: @unchecked Sendable {
  private let parameter: Tensor
  /// Steps taken.
  var steps = 0
  var tensors: [String: Tensor] = [:]
  var numbers: [String: Double] = [:]

  init(_ parameter: Tensor) { self.parameter = parameter }

  /// The memory of the tensor of that name, of the parameter's shape and type; it begins as zeros.
  public func callAsFunction(_ name: String) throws -> UnsafeMutableRawPointer {
    if let known = tensors[name], known.type == parameter.type { return known.pointer }
    // The parameter may have changed its type.
    let made = try tensors[name]?.converted(to: parameter.type) ?? Tensor.zeros(parameter.shape, parameter.type)
    tensors[name] = made
    return made.pointer
  }

  /// Whether a step has made it already.
  public func has(_ name: String) -> Bool { tensors[name] != nil }
}
