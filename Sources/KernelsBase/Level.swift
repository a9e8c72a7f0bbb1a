public import KernelTable

/// This module's loops, compiled for its instruction level.
public enum Level {
  public static let table = KernelTable(matrix: matrixKernels, vector: vectorKernels)
}

let matrixKernels = MatrixKernels()
let vectorKernels = makeVectorKernels()
