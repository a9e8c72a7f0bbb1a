/// Entry points for matrix products, convolution and pooling.
public struct MatrixKernels: Sendable {
  public init() {}
}
