internal import Kernels
public import LuaBridge
public import Tensors

/// A list of sizes in one argument: a number or a list.
public struct Sizes: LuaValue, Sendable {
  /// Sizes of the last dimensions.
  public var list: [Int]
  /// Sizes of the last dimensions.
  public init(_ list: [Int]) { self.list = list }
  public static var luaName: String { "integer or list of integers" }
  public static var takesList: Bool { true }
  public static func decode(_ stack: LuaStack, _ index: Int32) throws -> Sizes {
    if stack.type(at: index) == .number { return Sizes([try Int.decode(stack, index)]) }
    do { return Sizes(try [Int].decode(stack, index)) } catch let error as TypeMismatch { throw TypeMismatch(luaName, detail: error.detail) }
  }
  public func push(_ stack: LuaStack) { list.push(stack) }
  public var luaLiteral: String { list.luaLiteral }
}

extension Functional {
  /// Every sample on its own brought to mean 0 and variance 1 over its last dims, then scaled and shifted.
  ///
  ///     y = (x − mean) / √(variance + eps) · weight + bias
  ///     gx = r (h − mean(h) − x̂ mean(h x̂)),  h = g weight, x̂ = (x − mean) r;  gWeight = Σ g x̂,  gBias = Σ g
  ///
  /// - Shapes: x, y (…, shape); weight, bias (shape).
  /// - Paper: Ba, Kiros & Hinton 2016, arXiv:1607.06450
  public static func layerNorm(_ x: Tensor, shape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) throws -> Tensor {
    let isTimed = Profiler.begin(op: "layer_norm")
    defer { if isTimed { Profiler.end() } }
    let normal = try Shape.checked(shape, "layer_norm")
    guard normal.count > 0, normal.count <= x.rank, Array(x.shape.array.suffix(normal.count)) == shape else {
      throw LuaError("layer_norm: input \(x.shape) does not end in the normalised shape \(normal)")
    }
    for (tensor, name) in [(weight, "weight"), (bias, "bias")] {
      if let tensor, tensor.shape != normal { throw LuaError("layer_norm: \(name) must have shape \(normal), got \(tensor.shape)") }
    }
    let type = floatType(x, weight, bias)
    let x = try x.to(type), weight = try weight?.to(type), bias = try bias?.to(type)
    let columns = normal.elements, rows = columns == 0 ? 0 : x.count / columns
    let moments = try Tensor(empty: Shape(2, Swift.max(rows, 1)), .float64)
    let y = try Tensor(empty: x.shape, type), source = try x.contiguous(), scale = try weight?.contiguous(), shift = try bias?.contiguous()
    withExtendedLifetime((source, scale, shift)) {
      let mean = moments.pointer(Double.self)
      Vector.rowNormalise(
        width(x), source.pointer, eps: eps, weight: scale.map { UnsafeRawPointer($0.pointer) }, bias: shift.map { UnsafeRawPointer($0.pointer) },
        y.pointer, mean: mean, rstd: mean + Swift.max(rows, 1), rows: rows, columns: columns)
    }
    let inputs = [x] + [weight, bias].compactMap { $0 }
    if Tape.follows(inputs) {
      let hasWeight = weight != nil, hasBias = bias != nil
      try y.follow("layer_norm", inputs, saving: [x, moments] + (weight.map { [$0] } ?? [])) { node, g in
        let x = try node.saved(0), moments = try node.saved(1), weight = hasWeight ? try node.saved(2) : nil
        var gradients: [Tensor?]
        if Tape.isOn {
          let dims = Array(x.rank - normal.count..<x.rank)
          let (gx, hat) = try NormalisationGradients.following(x, g, weight: weight, dims: dims, eps: eps)
          gradients = [gx] + (hasWeight ? [try Elementwise.reduced(Elementwise.mul(g, hat), to: normal)] : [])
        } else {
          gradients = [node.needs(0) ? try rowGradient(x, g, moments, weight, rows, columns) : nil]
          if hasWeight { gradients.append(node.needs(1) ? try weightGradient(x, g, eps, normal) : nil) }
        }
        if hasBias { gradients.append(node.needs(hasWeight ? 2 : 1) ? try Elementwise.reduced(g, to: normal) : nil) }
        return gradients
      }
    }
    return y
  }

  private static func rowGradient(_ x: Tensor, _ g: Tensor, _ moments: Tensor, _ weight: Tensor?, _ rows: Int, _ columns: Int) throws -> Tensor {
    let gx = try Tensor(empty: x.shape, g.type), source = try x.contiguous(), gradient = try g.contiguous(), scale = try weight?.contiguous()
    withExtendedLifetime((source, gradient, scale)) {
      let mean = moments.pointer(Double.self)
      Vector.rowNormaliseGradient(
        width(g), x: source.pointer, g: gradient.pointer, mean: mean, rstd: mean + Swift.max(rows, 1),
        weight: scale.map { UnsafeRawPointer($0.pointer) }, gx: gx.pointer, rows: rows, columns: columns)
    }
    return gx
  }

  /// Σ_rows g x̂; x̂ is made again, which costs less than keeping it.
  private static func weightGradient(_ x: Tensor, _ g: Tensor, _ eps: Double, _ normal: Shape) throws -> Tensor {
    try Elementwise.reduced(Elementwise.mul(g, layerNorm(x, shape: normal.array, eps: eps)), to: normal)
  }

  static let layerNormDoc = """
    Brings every sample to mean 0 and variance 1 over its last dims, then scales and shifts it: y = (x - mean) / √(variance + eps) · weight + bias.
    Shapes: x, y {…, normalized_shape}; weight, bias normalized_shape.
    Errors: an x that does not end in normalized_shape; a weight or bias of another shape.
    Paper: Ba, Kiros & Hinton 2016, arXiv:1607.06450
    """

  static let layerNormRows = [
    Row(
      "layer_norm", layerNormDoc, Param("x", Tensor.self, "{…, shape}"),
      Param("normalized_shape", Sizes.self, "the last dims' sizes"), Param("weight", default: Tensor?.none, "{shape}"),
      Param("bias", default: Tensor?.none, "{shape}"), Param("eps", default: 1e-5, "added to the variance"), place: .function,
      example: "return F.layer_norm(T.tensor({{1, 2, 4}, {3, 5, 4}}), 3, T.ones(3), T.zeros(3))"
    ) { x, shape, weight, bias, eps in try layerNorm(x, shape: shape.list, weight: weight, bias: bias, eps: eps) }
  ]
}
