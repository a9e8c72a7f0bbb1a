public import KernelTable

/// This module's loops, compiled for its instruction level.
public enum Level {
  public static let entries = KernelEntries(matrix: matrixKernels, convolution: convolutionKernels, vector: vectorKernels)
}

let matrixKernels = MatrixKernels(
  float32: .init(
    lanes: Lanes32.count, tileRows: tileRows, block: gemmBlock32, copy: gemmCopy32, pack: gemmPack32,
    rowProducts: gemmRowProducts32, rowSum: gemmRowSum32, small: gemmSmall32, narrow: gemmNarrow32),
  float64: .init(
    lanes: Lanes64.count, tileRows: tileRows, block: gemmBlock64, copy: gemmCopy64, pack: gemmPack64,
    rowProducts: gemmRowProducts64, rowSum: gemmRowSum64, small: gemmSmall64, narrow: gemmNarrow64))
let vectorKernels = makeVectorKernels()
