internal import KernelTable
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

  /// A gradient that a kernel made has no rule of its own: where it is followed (`create_graph`), asking further is an error, never a silent zero.
  static func sealed(_ gradient: Tensor, _ function: String, _ inputs: [Tensor]) throws -> Tensor {
    if Tape.follows(inputs) {
      try gradient.follow("\(function) backward", inputs) { _, _ in throw LuaError("backward: \(function) has no second derivative") }
    }
    return gradient
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
