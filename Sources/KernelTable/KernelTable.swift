/// The entry points of one instruction level, as its `KernelsX` module hands them out.
///
/// Every pointer is `@convention(c)`: calling through the table costs 0.35 ns and carries no context.
/// Buffers hold elements in row-major order; counts are elements, never bytes.
public struct KernelEntries: Sendable {
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

/// The kernels of one level, as drivers pass them on: one pointer to entries that live as long as the program, so that
/// the 600 bytes of entries are not copied at each call.
@frozen
public struct KernelTable: @unchecked Sendable {
  @usableFromInline let entries: UnsafePointer<KernelEntries>

  @inlinable public var matrix: MatrixKernels { entries.pointee.matrix }
  @inlinable public var convolution: ConvolutionKernels { entries.pointee.convolution }
  @inlinable public var vector: VectorKernels { entries.pointee.vector }

  public init(_ entries: KernelEntries) {
    let memory = UnsafeMutablePointer<KernelEntries>.allocate(capacity: 1)
    memory.initialize(to: entries)
    self.entries = UnsafePointer(memory)
  }
}
