internal import KernelTable
internal import Kernels
internal import LuaBridge
internal import Tensors

/// The formulas of layers and losses as functions of tensors: each stands in a file of its own with its shape rule, gradient and Lua row.
///
/// Dims and positions count from 0 here; the rows convert from the scripts' count.
public enum Functional {
  /// The float type tensors meet in: they promote as in arithmetic, whole numbers become the default type.
  static func floatType(_ a: Tensor, _ b: Tensor? = nil, _ c: Tensor? = nil) -> ElementType {
    let type = Swift.max(a.type, b?.type ?? .bool, c?.type ?? .bool)
    return type.isFloat ? type : .default
  }

  /// The kernels of a tensor that is known to hold floats.
  static func width(_ x: Tensor) -> FloatWidth { x.type == .float64 ? .float64 : .float32 }

  /// Σ x · factor of a contiguous tensor as a single number, outside the tape.
  static func total(_ x: Tensor, times factor: Double = 1) throws -> Tensor {
    let y = try Tensor(empty: Shape(), x.type)
    Vector.reduce(.sum, width(x), x.pointer, y.pointer, outer: 1, count: x.count, inner: 1)
    return factor == 1 ? y : scaled(y, by: factor, into: y)
  }

  /// x · factor of a contiguous tensor, outside the tape; into another tensor (or itself) where one is given.
  static func scaled(_ x: Tensor, by factor: Double, into y: Tensor) -> Tensor {
    Vector.unary(.mulScalar, width(x), x.pointer, y.pointer, x.count, factor)
    return y
  }

  /// The first element (from 0, row-major) outside low … high, NaN among them; nil where all are within. For floats.
  static func firstOutside(_ x: Tensor, _ low: Double, _ high: Double) throws -> (index: Int, value: Double)? {
    let source = try x.contiguous()
    return source.type == .float64 ? firstOutside(Double.self, source, low, high) : firstOutside(Float.self, source, Float(low), Float(high))
  }
  private static func firstOutside<E: Element>(_: E.Type, _ x: Tensor, _ low: E, _ high: E) -> (index: Int, value: Double)? {
    let values = x.pointer(E.self)
    for i in 0..<x.count where !(values[i] >= low && values[i] <= high) { return (i, values[i].number) }
    return nil
  }

  /// Checks the answers of two-sided losses.
  /// - Errors: anything but −1 and 1.
  static func checkSigns(_ target: Tensor, _ function: String) throws {
    for (i, value) in try target.values().enumerated() where abs(value) != 1 {
      throw LuaError("\(function): target \(value.luaLiteral) at position \(i + 1) must be -1 or 1")
    }
  }
}
