/// Joining tensors, as the layers call it; the tape follows.
extension Tensor {
  /// The tensors one behind the other along a dim (from 0).
  package static func concatenated(_ list: [Tensor], dim: Int, _ function: String) throws -> Tensor { try Joining.cat(list, dim, function) }
  /// The tensors along a new dim (from 0).
  package static func stacked(_ list: [Tensor], dim: Int, _ function: String) throws -> Tensor { try Joining.stack(list, dim, function) }
}
