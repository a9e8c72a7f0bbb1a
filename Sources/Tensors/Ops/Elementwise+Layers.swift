package import KernelTable

/// The elementwise ops as the layers call them; all are followed by the tape.
extension Elementwise {
  /// f(x; p, q) for a function of the kernels; whole numbers become the default float type, except where the function keeps them.
  package static func unary(_ op: UnaryOp, _ x: Tensor, _ p: Double = 0, _ q: Double = 0, name: String? = nil) throws -> Tensor {
    try Unary.apply(op, x, p, q, name: name)
  }

  /// condition ? a : b, all three broadcast.
  package static func select(_ condition: Tensor, _ a: Operand, _ b: Operand) throws -> Tensor { try Selection.select(condition, a, b) }

  package static func greater(_ a: Tensor, _ b: Operand) throws -> Tensor { try Comparison.gt.apply(.tensor(a), b) }
  package static func less(_ a: Tensor, _ b: Operand) throws -> Tensor { try Comparison.lt.apply(.tensor(a), b) }
  package static func maximum(_ a: Tensor, _ b: Operand) throws -> Tensor { try Arithmetic.maximum.apply(.tensor(a), b) }
}

extension Reduction {
  /// (Σ |x|ᵖ)^(1/p) over the dims (from 0, sorted); its gradient at 0 is 0.
  package static func norm(_ x: Tensor, _ p: Double, dims: [Int]? = nil, keep: Bool = false) throws -> Tensor { try Norm.norm(x, p, dims: dims, keep: keep) }
}

extension Tensor {
  /// Tensors joined along a dim (from 0).
  package static func joined(_ tensors: [Tensor], _ dim: Int, _ function: String) throws -> Tensor { try Joining.cat(tensors, dim, function) }
}
