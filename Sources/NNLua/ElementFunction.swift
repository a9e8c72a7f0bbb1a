public import Kernels
public import LuaBridge
public import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// The two element types that gradients flow through.
public protocol RealElement: BinaryFloatingPoint, Element, Sendable {
  /// eˣ
  static func exp(_ x: Self) -> Self
  /// The natural logarithm.
  static func log(_ x: Self) -> Self
  /// The hyperbolic tangent.
  static func tanh(_ x: Self) -> Self
  /// The sine of radians.
  static func sin(_ x: Self) -> Self
  /// The cosine of radians.
  static func cos(_ x: Self) -> Self
}

extension Float: RealElement {
  public static func exp(_ x: Float) -> Float { expf(x) }
  public static func log(_ x: Float) -> Float { logf(x) }
  public static func tanh(_ x: Float) -> Float { tanhf(x) }
  public static func sin(_ x: Float) -> Float { sinf(x) }
  public static func cos(_ x: Float) -> Float { cosf(x) }
}

extension Double: RealElement {
  public static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  public static func log(_ x: Double) -> Double { Glibc.log(x) }
  public static func tanh(_ x: Double) -> Double { Glibc.tanh(x) }
  public static func sin(_ x: Double) -> Double { Glibc.sin(x) }
  public static func cos(_ x: Double) -> Double { Glibc.cos(x) }
}

/// A function of one element with its derivative, for `Tensor.map`.
///
/// The compiler turns arithmetic, comparisons and square roots into vector instructions. Where a formula is made of `exp` and its kin,
/// the kernels behind `Tensor.apply` are several times faster than a loop of scalars.
public protocol ElementFunction {
  /// y = f(x)
  static func value<R: RealElement>(_ x: R) -> R
  /// f'(x); y = f(x) is given, for many derivatives are simpler by it.
  static func slope<R: RealElement>(_ x: R, _ y: R) -> R
}

extension Tensor {
  /// y[i] = f(x[i]), on all cores; the gradient is g[i] f'(x[i]). Whole numbers become the default float type.
  ///
  ///     enum Cube: ElementFunction {
  ///       static func value<R: RealElement>(_ x: R) -> R { x * x * x }
  ///       static func slope<R: RealElement>(_ x: R, _ y: R) -> R { 3 * x * x }
  ///     }
  ///     let y = try x.map(Cube.self, "cube")
  ///
  /// - op: the name that errors of backward show.
  /// - Errors: a gradient of the gradient is asked for; compose ops where that is needed.
  @inlinable public func map<F: ElementFunction>(_: F.Type, _ op: String) throws -> Tensor {
    let x = try (type.isFloat ? self : converted(to: .default)).contiguous()
    let y = try Tensor(empty: x.shape, x.type)
    if x.type == .float32 { ElementLoop.values(F.self, Float.self, x, y) } else { ElementLoop.values(F.self, Double.self, x, y) }
    if Tape.follows(x) {
      try y.follow(op, [x], saving: [x, y]) { node, g in
        guard !(Tape.isOn && g.requiresGrad) else { throw LuaError("\(op): has no gradient of its gradient") }
        let x = try node.saved(0).contiguous(), y = try node.saved(1), g = try g.contiguous()
        let result = try Tensor(empty: x.shape, x.type)
        if x.type == .float32 { ElementLoop.slopes(F.self, Float.self, x, y, g, result) } else { ElementLoop.slopes(F.self, Double.self, x, y, g, result) }
        return [result]
      }
    }
    return y
  }
}

/// The loops behind `Tensor.map`, compiled into the plugin, where the function is known.
@usableFromInline enum ElementLoop {
  /// Elements that one core takes at a time.
  @usableFromInline static let chunk = 1 << 15
  /// Below it no thread is woken.
  @usableFromInline static let least = 1 << 17

  @inlinable static func run(_ count: Int, _ body: (Int, Int) -> Void) {
    Parallel.run((count + chunk - 1) / chunk, alone: count < least) { piece in body(piece * chunk, Swift.min(count, (piece + 1) * chunk)) }
  }

  @inlinable static func values<F: ElementFunction, R: RealElement>(_: F.Type, _: R.Type, _ x: Tensor, _ y: Tensor) {
    let x = UnsafePointer(x.pointer(R.self)), result = y.pointer(R.self)
    run(y.count) { start, end in
      var i = start
      while i < end {
        result[i] = F.value(x[i])
        i &+= 1
      }
    }
  }

  @inlinable static func slopes<F: ElementFunction, R: RealElement>(_: F.Type, _: R.Type, _ x: Tensor, _ y: Tensor, _ g: Tensor, _ result: Tensor) {
    let x = UnsafePointer(x.pointer(R.self)), y = UnsafePointer(y.pointer(R.self)), g = UnsafePointer(g.pointer(R.self)), to = result.pointer(R.self)
    run(result.count) { start, end in
      var i = start
      while i < end {
        to[i] = g[i] * F.slope(x[i], y[i])
        i &+= 1
      }
    }
  }
}
