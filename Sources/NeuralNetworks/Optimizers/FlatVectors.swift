internal import KernelTable
internal import Kernels
internal import Tensors

/// Arithmetic in place on vectors of one length and type, without the tape: what an update without a kernel of its own is written with.
struct FlatVectors {
  typealias Memory = UnsafeMutableRawPointer
  let width: FloatWidth
  let count: Int

  init(_ tensor: Tensor) { self.init(tensor.type, tensor.count) }
  init(_ type: ElementType, _ count: Int) { (width, self.count) = (type.width ?? .float32, count) }

  /// y ← a y
  func scale(_ y: Memory, by a: Double) { Vector.unary(.mulScalar, width, y, y, count, a) }
  /// y ← y + a x
  func add(_ a: Double, _ x: UnsafeRawPointer, to y: Memory) { Vector.axpy(width, alpha: a, x, y, count) }
  /// y ← y + a
  func shift(_ y: Memory, by a: Double) { Vector.unary(.addScalar, width, y, y, count, a) }
  func root(_ y: Memory) { Vector.unary(.sqrt, width, y, y, count) }
  /// y ← a x
  func set(_ y: Memory, to a: Double, _ x: UnsafeRawPointer) { Vector.unary(.mulScalar, width, x, y, count, a) }
  /// y ← x z
  func multiply(_ x: UnsafeRawPointer, _ z: UnsafeRawPointer, into y: Memory) {
    Vector.binary(.mul, width, x, aRow: 0, aColumn: 1, z, bRow: 0, bColumn: 1, y, rows: 1, columns: count)
  }
  /// y ← x / z
  func divide(_ x: UnsafeRawPointer, by z: UnsafeRawPointer, into y: Memory) {
    Vector.binary(.div, width, x, aRow: 0, aColumn: 1, z, bRow: 0, bColumn: 1, y, rows: 1, columns: count)
  }

  /// mean ← decay mean + (1 - decay) x
  func average(_ mean: Memory, _ x: UnsafeRawPointer, decay: Double) {
    scale(mean, by: decay)
    add(1 - decay, x, to: mean)
  }
  /// mean ← decay mean + (1 - decay) x²; `scratch` is overwritten.
  func averageSquare(_ mean: Memory, _ x: UnsafeRawPointer, decay: Double, scratch: Memory) {
    multiply(x, x, into: scratch)
    average(mean, scratch, decay: decay)
  }

  // Sums are gathered in float64.
  func sum(_ x: UnsafeRawPointer) -> Double { reduce(.sum, x) }
  func sumOfMagnitudes(_ x: UnsafeRawPointer) -> Double { reduce(.sumAbs, x) }
  func dot(_ x: UnsafeRawPointer, _ z: UnsafeRawPointer, scratch: Memory) -> Double {
    multiply(x, z, into: scratch)
    return sum(scratch)
  }
  /// The largest |x[i]|; NaN where there is one, 0 of nothing.
  func largest(_ x: UnsafeRawPointer) -> Double {
    guard count > 0 else { return 0 }
    let high = reduce(.max, x), low = reduce(.min, x)
    return high.isNaN ? high : max(abs(high), abs(low))
  }
  private func reduce(_ op: ReduceOp, _ x: UnsafeRawPointer) -> Double {
    var wide = 0.0, narrow: Float = 0
    if width == .float64 {
      Vector.reduce(op, width, x, &wide, outer: 1, count: count, inner: 1)
      return wide
    }
    Vector.reduce(op, width, x, &narrow, outer: 1, count: count, inner: 1)
    return Double(narrow)
  }

  /// The gradient with λ p added, in memory of its own; itself where λ is 0.
  func decayed(_ gradient: Tensor, _ parameter: Tensor, _ decay: Double) throws -> Tensor {
    guard decay != 0 else { return gradient }
    let sum = try gradient.copied()
    add(decay, parameter.pointer, to: sum.pointer)
    return sum
  }
}
