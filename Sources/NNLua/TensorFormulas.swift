public import KernelTable
public import Tensors

// Formulas as they are written on paper: each is one op with its gradient, broadcasts, and may throw (shapes, memory).

/// a + b, element by element.
public func + (a: Tensor, b: Tensor) throws -> Tensor { try Elementwise.add(a, b) }
/// a - b, element by element.
public func - (a: Tensor, b: Tensor) throws -> Tensor { try Elementwise.sub(a, b) }
/// a b, element by element.
public func * (a: Tensor, b: Tensor) throws -> Tensor { try Elementwise.mul(a, b) }
/// a / b, element by element.
public func / (a: Tensor, b: Tensor) throws -> Tensor { try Elementwise.div(a, b) }
/// a + b for every element.
public func + (a: Tensor, b: Double) throws -> Tensor { try Elementwise.add(a, b) }
/// a - b for every element.
public func - (a: Tensor, b: Double) throws -> Tensor { try Elementwise.add(a, -b) }
/// a b for every element.
public func * (a: Tensor, b: Double) throws -> Tensor { try Elementwise.mul(a, b) }

extension Tensor {
  /// A function of one element that has a kernel, with its gradient: `x.apply(.sigmoid)`.
  /// - Parameters p, q: what stands beside the case in `UnaryOp`.
  public func apply(_ op: UnaryOp, _ p: Double = 0, _ q: Double = 0) throws -> Tensor { try Unary.apply(op, self, p, q) }
}
