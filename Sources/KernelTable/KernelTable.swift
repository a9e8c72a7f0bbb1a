/// The entry points of one instruction level. Each level's `KernelsX` module makes one of these; `Kernels` picks one at start-up.
///
/// Every pointer is `@convention(c)`: calling through the table costs 0.35 ns and carries no context.
/// Buffers hold elements in row-major order; counts are elements, never bytes.
public struct KernelTable: Sendable {
  /// Matrix products.
  public var matrix: MatrixKernels
  /// Convolution and pooling.
  public var convolution: ConvolutionKernels
  /// Elementwise functions, reductions, softmax, random numbers, optimizer steps, copies.
  public var vector: VectorKernels

  public init(matrix: MatrixKernels, convolution: ConvolutionKernels, vector: VectorKernels) {
    self.matrix = matrix
    self.convolution = convolution
    self.vector = vector
  }
}
