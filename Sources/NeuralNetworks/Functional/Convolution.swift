internal import KernelTable
internal import Kernels
internal import LuaBridge
internal import Tensors

/// Convolution and its two gradients as ops of their own, on images (N, C, H, W) and weights (out, in / groups, kh, kw).
///
/// All three are the derivatives of one form that is linear in each of x, w and g,
///
///     S(x, w, g) = Σ g[n, o, i, j] · x[n, c, i·s + u·d − p, …] · w[o, c, u, v]
///
/// (by g the convolution, by x the gradient of the input, by w that of the weight), so the gradient of each is one of the other two,
/// and gradients of any order come for free.
enum ConvolutionOps {
  /// Before the kernels, which cannot raise an error, ask for their working memory.
  static func checkMemory(_ part: Convolution.Part, _ type: ElementType, _ geometry: ConvolutionGeometry) throws {
    try BufferCache.check(workingMemory: Convolution.workingBytes(part, type.width ?? .float32, geometry))
  }

  /// Tells the profiler what one pass costs the direct way, the padding's zeros included.
  /// - sums: sums over a patch, where they are not as many as the result's elements.
  static func countWork(_ geometry: ConvolutionGeometry, _ type: ElementType, sums: Int? = nil) {
    let sums = sums ?? geometry.batch &* geometry.outChannels &* geometry.outHeight &* geometry.outWidth
    Profiler.work(sums, geometry.inChannels / geometry.groups, geometry.kernelHeight &* geometry.kernelWidth, double: type == .float64)
  }

  /// y = x ∗ w + bias
  /// - relu: y = max(x ∗ w + bias, 0) in the same pass over memory; backward reads from y where it was positive.
  static func forward(
    _ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ geometry: ConvolutionGeometry, _ name: String, relu: Bool = false
  ) throws -> Tensor {
    let op = relu ? "conv2d, relu" : name
    let isTimed = Profiler.begin(op: op)
    defer { if isTimed { Profiler.end() } }
    countWork(geometry, x.type)
    let y = try Tensor(empty: Shape(geometry.batch, geometry.outChannels, geometry.outHeight, geometry.outWidth), x.type)
    let source = try x.contiguous(), weight = try w.contiguous(), shift = try bias?.contiguous()
    try checkMemory(.forward, y.type, geometry)
    withExtendedLifetime((source, weight, shift)) {
      Convolution.forward(
        Functional.width(y), geometry, x: source.pointer, weight: weight.pointer, bias: shift.map { UnsafeRawPointer($0.pointer) }, y: y.pointer,
        activation: relu ? .relu : .none)
    }
    let inputs = bias.map { [x, w, $0] } ?? [x, w]
    if Tape.follows(inputs) {
      try y.follow(op, inputs, saving: relu ? [x, w, y] : [x, w]) { node, g in
        let x = try node.saved(0), w = try node.saved(1)
        // Where the weights' gradient alone is asked for, in the first layer, it leaves out on its way what ReLU did.
        let results =
          relu && !node.needs(0) && node.needs(1) && !Tape.isOn && Convolution.masksWeightGradient(g.type.width ?? .float32, geometry)
          ? try node.saved(2).contiguous() : nil
        // Both gradients read it: an expanded one (behind a sum) is written out once.
        let g = relu && results == nil ? try Unary.gradient(.relu, x: nil, y: node.saved(2), g) : Tape.isOn ? g : try g.contiguous()
        let gx = node.needs(0) ? try inputGradient(g, w, geometry, name) : nil
        let hasBias = node.inputCount == 3
        // The kernel sums the bias's gradient on its way, but the tape would not see that.
        let fuses = hasBias && node.needs(2) && node.needs(1) && !Tape.isOn
        let gBias =
          hasBias && node.needs(2)
          ? try fuses ? Tensor(empty: Shape(geometry.outChannels), g.type) : Reduction.sum(g, dims: [0, 2, 3]) : nil
        let gWeight = node.needs(1) ? try weightGradient(x, g, geometry, name, results: results, bias: fuses ? gBias : nil) : nil
        return hasBias ? [gx, gWeight, gBias] : [gx, gWeight]
      }
    }
    return y
  }

  /// ∂S/∂x, also called the transposed convolution of g.
  static func inputGradient(_ g: Tensor, _ w: Tensor, _ geometry: ConvolutionGeometry, _ name: String) throws -> Tensor {
    let isTimed = Profiler.begin(op: name)  // a transposed convolution's own way forward
    defer { if isTimed { Profiler.end() } }
    countWork(geometry, g.type)
    let gx = try Tensor(empty: Shape(geometry.batch, geometry.inChannels, geometry.inHeight, geometry.inWidth), g.type)
    let source = try g.contiguous(), weight = try w.contiguous()
    try checkMemory(.inputGradient, gx.type, geometry)
    withExtendedLifetime((source, weight)) {
      Convolution.inputGradient(Functional.width(gx), geometry, gradOutput: source.pointer, weight: weight.pointer, gradInput: gx.pointer)
    }
    if Tape.follows(g, w) {
      try gx.follow(name, [g, w], saving: [g, w]) { node, h in
        [
          node.needs(0) ? try forward(h, node.saved(1), nil, geometry, name) : nil,
          node.needs(1) ? try weightGradient(h, node.saved(0), geometry, name) : nil,
        ]
      }
    }
    return gx
  }

  /// ∂S/∂w; the sums of g by channel are written into `bias` where it is given, and g counts where `results` are positive (outside the tape).
  static func weightGradient(
    _ x: Tensor, _ g: Tensor, _ geometry: ConvolutionGeometry, _ name: String, results: Tensor? = nil, bias: Tensor? = nil
  ) throws -> Tensor {
    countWork(geometry, x.type)
    let perGroup = geometry.inChannels / geometry.groups
    let gw = try Tensor(empty: Shape(geometry.outChannels, perGroup, geometry.kernelHeight, geometry.kernelWidth), g.type)
    let source = try x.contiguous(), gradient = try g.contiguous()
    try checkMemory(.weightGradient, gw.type, geometry)
    withExtendedLifetime((source, gradient, results)) {
      Convolution.weightGradient(
        Functional.width(gw), geometry, x: source.pointer, gradOutput: gradient.pointer, results: results.map { UnsafeRawPointer($0.pointer) },
        gradWeight: gw.pointer, gradBias: bias?.pointer)
    }
    if Tape.follows(x, g) {
      try gw.follow(name, [x, g], saving: [x, g]) { node, v in
        [
          node.needs(0) ? try inputGradient(node.saved(1), v, geometry, name) : nil,
          node.needs(1) ? try forward(node.saved(0), v, nil, geometry, name) : nil,
        ]
      }
    }
    return gw
  }
}
