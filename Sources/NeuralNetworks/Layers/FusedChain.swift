internal import LuaBridge
internal import Tensors

/// Neighbours in a `Sequential` that one kernel does in a single pass: their results are the same, the memory between them is saved.
///
/// Convolution, ReLU and max-pooling of windows side by side: on the book's CNN (30 channels of 5x5, batch 100) a training step takes
/// a third less time than with the three layers one by one. Without pooling behind them, convolution and ReLU are one.
enum FusedChain {
  /// The result and the number of modules it stands for; nil where no chain begins here, or where it would end in an error that
  /// belongs to one of its modules.
  static func run(_ children: [(name: String, module: Module)], from first: Int, _ x: Tensor) -> (Tensor, Int)? {
    guard x.rank == 4, first + 1 < children.count, ModuleCalls.observer == nil, let convolution = children[first].module as? Conv2d,
      (children[first + 1].module as? ActivationLayer)?.activation == .relu
    else { return nil }
    let pool = first + 2 < children.count ? (children[first + 2].module as? MaxPool2d)?.sideBySide : nil
    let count = pool == nil ? 2 : 3
    let isTimed = ProfiledLayers.begin(chain: Array(children[first..<first + count]))
    defer { if isTimed { Profiler.end() } }
    let y = try? Functional.convReLU(
      x, convolution.weight, convolution.bias, stride: convolution.stride, padding: convolution.padding, dilation: convolution.dilation,
      groups: convolution.groups, pool: pool)
    return y.map { ($0, count) }
  }
}

extension MaxPool2d {
  /// The size of square windows that lie side by side without padding; nil for any others.
  var sideBySide: Int? {
    let square = kernel.height == kernel.width && stride ?? kernel == kernel && padding == 0 && dilation == 1 && !ceilMode
    return square && kernel.height <= Functional.largestFusedPool ? kernel.height : nil
  }
}
