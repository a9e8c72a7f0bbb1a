/// Entry points for elementwise functions, reductions, softmax, random numbers, optimizer steps and copies.
///
/// Operations and widths travel as raw values (`UnaryOp`, `FloatWidth`, …), for C functions take no Swift enums.
/// Every level fills all of them; a missing one is a mistake of ours and traps at its first call.
public struct VectorKernels: Sendable {
  public typealias Input = UnsafeRawPointer
  public typealias Output = UnsafeMutableRawPointer
  public typealias Doubles = UnsafeMutablePointer<Double>

  // MARK: Elementwise

  /// (op, width, x, y, n, p, q)
  public var unary: (@Sendable @convention(c) (Int32, UInt8, Input, Output, Int, Double, Double) -> Void)! = nil
  /// (op, width, x, y, g, gx, n, p, q): gx = g f'(x)
  public var unaryGradient: (@Sendable @convention(c) (Int32, UInt8, Input, Input, Input, Output, Int, Double, Double) -> Void)! = nil
  /// (op, width, a, aRow, aColumn, b, bRow, bColumn, y, rows, columns)
  public var binary: (@Sendable @convention(c) (Int32, UInt8, Input, Int, Int, Input, Int, Int, Output, Int, Int) -> Void)! = nil
  /// As `binary`, with y bytes of 0 and 1.
  public var compare: (@Sendable @convention(c) (Int32, UInt8, Input, Int, Int, Input, Int, Int, Output, Int, Int) -> Void)! = nil
  /// (width, alpha, x, y, n): y += alpha x
  public var axpy: (@Sendable @convention(c) (UInt8, Double, Input, Output, Int) -> Void)! = nil
  /// (width, y, n, value)
  public var fill: (@Sendable @convention(c) (UInt8, Output, Int, Double) -> Void)! = nil
  /// (width, mask, a, aStep, b, bStep, y, n)
  public var select: (@Sendable @convention(c) (UInt8, UnsafePointer<UInt8>, Input, Int, Input, Int, Output, Int) -> Void)! = nil

  // MARK: Reductions

  /// (op, width, x, shift, result, rows, count): result[r] = the reduction of x[r, :] - shift[r], in float64; shift may be nil
  public var reduceRows: (@Sendable @convention(c) (Int32, UInt8, Input, UnsafePointer<Double>?, Doubles, Int, Int) -> Void)! = nil
  /// (op, width, x, rowStride, shift, result, count, columns): joins x[:, c] - shift[c] into result[c], which holds a start value; shift may be nil
  public var reduceColumns: (@Sendable @convention(c) (Int32, UInt8, Input, Int, UnsafePointer<Double>?, Doubles, Int, Int) -> Void)! = nil
  /// (width, a, b, shift, result, rows, count): result[r] = Σ a[r, :] (b[r, :] - shift[r])
  public var dotRows: (@Sendable @convention(c) (UInt8, Input, Input, UnsafePointer<Double>, Doubles, Int, Int) -> Void)! = nil
  /// (width, a, b, rowStride, shift, result, count, columns): result[c] += Σ a[:, c] (b[:, c] - shift[c])
  public var dotColumns: (@Sendable @convention(c) (UInt8, Input, Input, Int, UnsafePointer<Double>, Doubles, Int, Int) -> Void)! = nil
  /// (width, x, y, n): float64 to `width`
  public var narrow: (@Sendable @convention(c) (UInt8, UnsafePointer<Double>, Output, Int) -> Void)! = nil
  /// (max, width, x, values, positions, outer, count, inner)
  public var argReduce: (@Sendable @convention(c) (Bool, UInt8, Input, Output, UnsafeMutablePointer<Int64>, Int, Int, Int) -> Void)! = nil
  /// (op, width, x, y, outer, count, inner)
  public var cumulate: (@Sendable @convention(c) (Int32, UInt8, Input, Output, Int, Int, Int) -> Void)! = nil

  // MARK: Softmax and normalisation

  /// (log, width, x, y, outer, count, inner)
  public var softmax: (@Sendable @convention(c) (Bool, UInt8, Input, Output, Int, Int, Int) -> Void)! = nil
  /// (log, width, y, g, gx, outer, count, inner)
  public var softmaxGradient: (@Sendable @convention(c) (Bool, UInt8, Input, Input, Output, Int, Int, Int) -> Void)! = nil
  /// (width, x, y, outer, count, inner)
  public var logSumExp: (@Sendable @convention(c) (UInt8, Input, Output, Int, Int, Int) -> Void)! = nil
  /// (width, x, labels, weights, smoothing, y, loss, rows, classes)
  public var crossEntropy: (@Sendable @convention(c) (UInt8, Input, UnsafePointer<Int64>, Input?, Double, Output?, Output, Int, Int) -> Void)! = nil
  /// (width, y, labels, weights, smoothing, g, gStep, gx, rows, classes)
  public var crossEntropyGradient: (@Sendable @convention(c) (UInt8, Input, UnsafePointer<Int64>, Input?, Double, Input, Int, Output, Int, Int) -> Void)! = nil
  /// (width, x, scale, shift, bias, y, rows, count, periodic):
  /// y[r, :] = (x[r, :] - shift[k]) scale[k] + bias[k], k = r; or, when `periodic`, k = the column
  public var affine: (@Sendable @convention(c) (UInt8, Input, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, Output, Int, Int, Bool) -> Void)! = nil
  /// (width, x, g, a, b, shift, c, y, rows, count, periodic): y = a[k] g + b[k] (x - shift[k]) + c[k], k as in `affine`
  public var affinePair:
    (
      @Sendable @convention(c) (UInt8, Input, Input, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, Output, Int, Int, Bool)
        -> Void
    )! = nil

  // MARK: Random numbers

  /// (y, n, seed, block): words of Philox 4x32-10, 64 words from every 16 blocks
  public var randomBits: (@Sendable @convention(c) (UnsafeMutablePointer<UInt32>, Int, UInt64, UInt64) -> Void)! = nil
  /// (width, y, n, low, high, seed, block)
  public var uniform: (@Sendable @convention(c) (UInt8, Output, Int, Double, Double, UInt64, UInt64) -> Void)! = nil
  /// (width, y, n, mean, deviation, seed, block)
  public var normal: (@Sendable @convention(c) (UInt8, Output, Int, Double, Double, UInt64, UInt64) -> Void)! = nil
  /// (y, n, threshold, seed, block): 1 where the word is below the threshold (0 … 2³²)
  public var bernoulli: (@Sendable @convention(c) (UnsafeMutablePointer<UInt8>, Int, UInt64, UInt64, UInt64) -> Void)! = nil
  /// The same in bits: element i has bit i % 8 of byte i / 8.
  public var bernoulliBits: (@Sendable @convention(c) (UnsafeMutablePointer<UInt8>, Int, UInt64, UInt64, UInt64) -> Void)! = nil
  /// (width, x, bits, y, n, scale): y = x scale where the bit is set, else 0
  public var maskScale: (@Sendable @convention(c) (UInt8, Input, UnsafePointer<UInt8>, Output, Int, Double) -> Void)! = nil

  // MARK: Optimizers: (width, pointers, n, scalars), each pointer and scalar named beside its driver

  public typealias OptimizerKernel = @Sendable @convention(c) (UInt8, UnsafePointer<Output?>, Int, UnsafePointer<Double>) -> Void
  public var sgd: OptimizerKernel! = nil
  public var adam: OptimizerKernel! = nil
  public var adagrad: OptimizerKernel! = nil
  public var rmsprop: OptimizerKernel! = nil

  // MARK: Copies

  /// (elementSize, x, xRow, y, yRow, rows, columns): y[c yRow + r] = x[r xRow + c], strides in elements
  public var transpose: (@Sendable @convention(c) (Int, Input, Int, Output, Int, Int, Int) -> Void)! = nil
  /// (elementSize, x, xStep, y, yStep, n): y[i yStep] = x[i xStep], steps in elements
  public var strided: (@Sendable @convention(c) (Int, Input, Int, Output, Int, Int) -> Void)! = nil

  public init() {}
}
