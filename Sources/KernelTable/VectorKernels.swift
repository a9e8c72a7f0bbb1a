/// Entry points for elementwise functions, reductions, softmax, random numbers, optimizer steps and copies.
public struct VectorKernels: Sendable {
  public init() {}
}
