internal import Kernels
internal import LuaBridge
public import Tensors

extension Functional {
  /// relu(conv2d(x, weight, bias)), and max-pooling behind it where `pool` is given, in one node and one pass over memory, for `Sequential`.
  static func convReLU(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, stride: Pair, padding: Padding, dilation: Pair, groups: Int, pool: Int?
  ) throws -> Tensor {
    if let pool {
      return try convReLUMaxPool(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups, pool: pool)
    }
    guard x.rank == 4, weight.rank == 4 else { throw LuaError("conv2d: input must be {N,C,H,W}, got \(x.shape)") }
    let call = ConvolutionCall(name: "conv2d", input: x.shape, weight: weight.shape)
    return try convolve(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups, call, relu: true)
  }

  /// maxPool2d(relu(conv2d(x, weight, bias)), pool) in one node and one pass over memory, for `Sequential`.
  ///
  /// Backward keeps which place of each window won (one byte a result) in place of two activations, and adds one patch of the image for each
  /// gradient that is not zero, in place of a dense product.
  /// - pool: the window's size and step, at most `largestFusedPool`.
  public static func convReLUMaxPool(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Pair = 1, padding: Padding = .size(0), dilation: Pair = 1, groups: Int = 1,
    pool: Int
  ) throws -> Tensor {
    let isTimed = Profiler.begin(op: "conv2d, relu, max_pool2d")
    defer { if isTimed { Profiler.end() } }
    guard x.rank == 4, weight.rank == 4 else { throw LuaError("conv2d: input must be {N,C,H,W} and weight {out,in/groups,kh,kw}, got \(x.shape) and \(weight.shape)") }
    let call = ConvolutionCall(name: "conv2d", input: x.shape, weight: weight.shape)
    let geometry = try geometry(x.shape, weight.shape, bias, stride: stride, padding: padding, dilation: dilation, groups: groups, call)
    precondition(pool >= 1 && pool <= largestFusedPool, "a pool of this size is not fused")
    let sizes = Pair(geometry.outHeight, geometry.outWidth)
    guard sizes.height >= pool, sizes.width >= pool else {
      throw LuaError("max_pool2d: the kernel {\(pool),\(pool)} is larger than the padded image \(sizes) (\(call.shapes))")
    }
    let type = floatType(x, weight, bias)
    let x = try x.to(type), weight = try weight.to(type), bias = try bias?.to(type)
    let y = try Tensor(empty: Shape(geometry.batch, geometry.outChannels, sizes.height / pool, sizes.width / pool), type)
    let winners = try Tensor(empty: y.shape, .uint8)
    let source = try x.contiguous(), kernel = try weight.contiguous(), shift = try bias?.contiguous()
    try ConvolutionOps.checkMemory(.forwardPooled, type, geometry)
    ConvolutionOps.countWork(geometry, type)
    withExtendedLifetime((source, kernel, shift)) {
      Convolution.forwardReLUMaxPool(
        width(y), geometry, pool: pool, x: source.pointer, weight: kernel.pointer, bias: shift.map { UnsafeRawPointer($0.pointer) },
        y: y.pointer, positions: winners.pointer(UInt8.self))
    }
    let inputs = bias.map { [x, weight, $0] } ?? [x, weight]
    if Tape.follows(inputs) {
      try y.follow("conv2d, relu, max_pool2d", inputs, saving: [x, weight, winners]) { node, g in
        try fusedGradients(node, g, geometry, pool)
      }
    }
    return y
  }

  /// The largest `pool` of `convReLUMaxPool`.
  public static let largestFusedPool = Convolution.largestFusedPool

  private static func fusedGradients(_ node: Node, _ g: Tensor, _ geometry: ConvolutionGeometry, _ pool: Int) throws -> [Tensor?] {
    let x = try node.saved(0), weight = try node.saved(1), winners = try node.saved(2), hasBias = node.inputCount == 3
    if Tape.isOn {
      // For gradients of gradients: back to where each value came from, and on through ops that the tape follows.
      let full = Shape(geometry.batch, geometry.outChannels, geometry.outHeight, geometry.outWidth)
      let alive = try Elementwise.less(winners.converted(to: .int64), .integer(255)).to(g.type)
      let spread = try PoolingOps.scatter(Elementwise.mul(g, alive), positions(winners, geometry, pool), to: full, node.op)
      return [
        node.needs(0) ? try ConvolutionOps.inputGradient(spread, weight, geometry, "conv2d") : nil,
        node.needs(1) ? try ConvolutionOps.weightGradient(x, spread, geometry, "conv2d") : nil,
      ] + (hasBias ? [try Reduction.sum(spread, dims: [0, 2, 3])] : [])
    }
    let source = try x.contiguous(), kernel = try weight.contiguous(), gradient = try g.contiguous()
    let gx = node.needs(0) ? try Tensor(empty: x.shape, g.type) : nil, gWeight = try Tensor(empty: weight.shape, g.type)
    let gBias = hasBias && node.needs(2) ? try Tensor(empty: Shape(geometry.outChannels), g.type) : nil
    for part in [Convolution.Part.inputGradient, .weightGradient] { try ConvolutionOps.checkMemory(part, g.type, geometry) }
    // One patch for each gradient that may not be zero.
    ConvolutionOps.countWork(geometry, g.type, sums: gx == nil ? g.count : 2 * g.count)
    withExtendedLifetime((source, kernel, gradient)) {
      Convolution.backwardReLUMaxPool(
        width(g), geometry, pool: pool, x: source.pointer, weight: kernel.pointer, positions: winners.pointer(UInt8.self),
        gradOutput: gradient.pointer, gradInput: gx?.pointer, gradWeight: gWeight.pointer, gradBias: gBias?.pointer)
    }
    return [gx, node.needs(1) ? gWeight : nil] + (hasBias ? [gBias] : [])
  }

  /// The winners' places within their windows as positions in the convolution's plane; any place where there was none.
  private static func positions(_ winners: Tensor, _ geometry: ConvolutionGeometry, _ pool: Int) throws -> Tensor {
    let result = try PoolingOps.positions(winners.shape), places = PoolingOps.pointer(result), marks = winners.pointer(UInt8.self)
    let rows = winners.shape[2], columns = winners.shape[3]
    for i in 0..<winners.count {
      let mark = marks[i] == 255 ? 0 : Int(marks[i]), row = i / columns % rows, column = i % columns
      places[i] = Int32(truncatingIfNeeded: (row &* pool &+ mark / pool) &* geometry.outWidth &+ column &* pool &+ mark % pool)
    }
    return result
  }
}
