internal import Kernels
internal import LuaBridge
internal import Tensors

/// What the poolings share: images as planes, the checks of sizes, and gradients that go by saved positions.
enum PoolingOps {
  /// Checks a window and gives the sizes in which the kernels count.
  static func geometry(
    _ x: Tensor, kernel: Pair, stride: Pair?, padding: Pair, dilation: Pair, ceilMode: Bool, _ name: String
  ) throws -> PoolingGeometry {
    guard x.rank == 4 || x.rank == 3 else { throw LuaError("\(name): input must be {N,C,H,W} or {C,H,W}, got \(x.shape)") }
    let kernel = try kernel.checked("kernel_size", atLeast: 1, name), stride = try (stride ?? kernel).checked("stride", atLeast: 1, name)
    let padding = try padding.checked("padding", atLeast: 0, name), dilation = try dilation.checked("dilation", atLeast: 1, name)
    guard 2 * padding.height <= kernel.height, 2 * padding.width <= kernel.width else {
      throw LuaError("\(name): padding \(padding.luaLiteral) must be at most half the kernel \(kernel.luaLiteral)")
    }
    let height = x.shape[x.rank - 2], width = x.shape[x.rank - 1]
    guard height > 0, width > 0, height <= Int(Int32.max) / width else { throw LuaError("\(name): images of \(height) x \(width) cannot be pooled (input \(x.shape))") }
    let geometry = PoolingGeometry(
      planes: planes(x.shape), inHeight: height, inWidth: width, kernelHeight: kernel.height, kernelWidth: kernel.width,
      strideHeight: stride.height, strideWidth: stride.width, paddingHeight: padding.height, paddingWidth: padding.width,
      dilationHeight: dilation.height, dilationWidth: dilation.width, ceilMode: ceilMode)
    guard geometry.outHeight > 0, geometry.outWidth > 0 else {
      let padded = Pair(height + 2 * padding.height, width + 2 * padding.width)
      let spread = Pair(dilation.height * (kernel.height - 1) + 1, dilation.width * (kernel.width - 1) + 1)
      throw LuaError("\(name): the kernel \(spread) is larger than the padded image \(padded) (input \(x.shape))")
    }
    return geometry
  }

  /// Images of all channels and the batch.
  static func planes(_ shape: Shape) -> Int {
    var planes = 1
    for i in 0..<shape.count - 2 { planes *= shape[i] }
    return planes
  }

  /// The shape with another image size.
  static func resized(_ shape: Shape, _ height: Int, _ width: Int) -> Shape {
    var shape = shape
    shape[shape.count - 2] = height
    shape[shape.count - 1] = width
    return shape
  }

  /// Room for one 32-bit position (within its plane) for every result.
  static func positions(_ shape: Shape) throws -> Tensor { try Tensor(empty: Shape(4 * shape.elements), .uint8) }
  static func pointer(_ positions: Tensor) -> UnsafeMutablePointer<Int32> { positions.pointer.assumingMemoryBound(to: Int32.self) }

  /// Each value of g added to its position in a plane of zeros: the gradient of taking values from there. `shape` is the result's.
  static func scatter(_ g: Tensor, _ positions: Tensor, to shape: Shape, _ name: String) throws -> Tensor {
    let y = try Tensor.zeros(shape, g.type), source = try g.contiguous()
    if g.type == .float64 { scatter(Double.self, source, positions, y) } else { scatter(Float.self, source, positions, y) }
    if Tape.follows(g) {
      let small = g.shape
      try y.follow(name, [g], saving: [positions]) { node, h in [try gather(h, node.saved(0), to: small, name)] }
    }
    return y
  }
  private static func scatter<E: Element & BinaryFloatingPoint>(_: E.Type, _ g: Tensor, _ positions: Tensor, _ y: Tensor) {
    let source = g.pointer(E.self), target = y.pointer(E.self), places = pointer(positions)
    byPlane(g.shape, y.shape) { small, count, large in
      for i in small..<small &+ count { target[large &+ Int(places[i])] += source[i] }
    }
  }

  /// The value at each position: the gradient of `scatter`. `shape` is the result's.
  static func gather(_ x: Tensor, _ positions: Tensor, to shape: Shape, _ name: String) throws -> Tensor {
    let y = try Tensor(empty: shape, x.type), source = try x.contiguous()
    if x.type == .float64 { gather(Double.self, source, positions, y) } else { gather(Float.self, source, positions, y) }
    if Tape.follows(x) {
      let large = x.shape
      try y.follow(name, [x], saving: [positions]) { node, h in [try scatter(h, node.saved(0), to: large, name)] }
    }
    return y
  }
  private static func gather<E: Element>(_: E.Type, _ x: Tensor, _ positions: Tensor, _ y: Tensor) {
    let source = x.pointer(E.self), target = y.pointer(E.self), places = pointer(positions)
    byPlane(y.shape, x.shape) { small, count, large in
      for i in small..<small &+ count { target[i] = source[large &+ Int(places[i])] }
    }
  }

  /// Calls `body(first of the small plane, its count, first of the large plane)` for all planes, spread over the cores.
  static func byPlane(_ small: Shape, _ large: Shape, _ body: (Int, Int, Int) -> Void) {
    let planes = planes(small), count = small[small.count - 1] * small[small.count - 2], wide = large[large.count - 1] * large[large.count - 2]
    let step = max(1, 65_536 / max(1, count))
    Parallel.run((planes + step - 1) / step) { chunk in
      for plane in chunk * step..<min((chunk + 1) * step, planes) { body(plane &* count, count, plane &* wide) }
    }
  }
}
