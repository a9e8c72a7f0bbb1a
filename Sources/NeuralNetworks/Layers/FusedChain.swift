internal import LuaBridge
internal import Tensors

/// Neighbours in a `Sequential` that one kernel does in a single pass: their results are the same, the memory between them is saved.
///
/// Convolution, ReLU and max-pooling of windows side by side: on the book's CNN (30 channels of 5x5, batch 100) a training step takes
/// a third less time than with the three layers one by one. Without pooling behind them, convolution and ReLU are one; so are a dense layer and ReLU.
enum FusedChain {
  /// The result and the number of modules it stands for; nil where no chain begins here, or where it would end in an error that
  /// belongs to one of its modules.
  static func run(_ children: [(name: String, module: Module)], from first: Int, _ x: Tensor) -> (Tensor, Int)? {
    guard first + 1 < children.count, ModuleCalls.observer == nil else { return nil }
    let module = children[first].module, kind = type(of: module)
    guard kind == Linear.self || kind == Conv2d.self, (children[first + 1].module as? ActivationLayer)?.activation == .relu else { return nil }
    if kind == Linear.self {
      let linear = unsafeDowncast(module, to: Linear.self)
      return timed(children, first, 2) { try Functional.linear(x, linear.weight, linear.bias, relu: true) }
    }
    guard x.rank == 4 else { return nil }
    let convolution = unsafeDowncast(module, to: Conv2d.self)
    let pool = first + 2 < children.count ? (children[first + 2].module as? MaxPool2d)?.sideBySide : nil
    return timed(children, first, pool == nil ? 2 : 3) {
      try Functional.convReLU(
        x, convolution.weight, convolution.bias, stride: convolution.stride, padding: convolution.padding, dilation: convolution.dilation,
        groups: convolution.groups, pool: pool)
    }
  }

  @inline(__always) private static func timed(
    _ children: [(name: String, module: Module)], _ first: Int, _ count: Int, _ formula: () throws -> Tensor
  ) -> (Tensor, Int)? {
    let isTimed = Profiler.isOn && ProfiledLayers.begin(chain: Array(children[first..<first + count]))
    defer { if isTimed { Profiler.end() } }
    return (try? formula()).map { ($0, count) }
  }
}

extension MaxPool2d {
  /// The size of square windows that lie side by side without padding; nil for any others.
  var sideBySide: Int? {
    let square = kernel.height == kernel.width && stride ?? kernel == kernel && padding == 0 && dilation == 1 && !ceilMode
    return square && kernel.height <= Functional.largestFusedPool ? kernel.height : nil
  }
}
