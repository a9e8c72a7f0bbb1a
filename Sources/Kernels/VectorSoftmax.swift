public import KernelTable

extension Vector {
  /// y[o, k, i] = exp(x[o, k, i] - m) / Σₖ exp(x[o, k, i] - m), or its logarithm; m is the largest of x[o, :, i]. y may be x.
  public static func softmax(
    _ width: FloatWidth, log: Bool, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, outer: Int, count: Int, inner: Int,
    table: KernelTable = Kernels.table
  ) {
    guard count > 0, inner > 0 else { return }
    chunks(outer, grain: rowGrain(count &* inner)) { first, n in
      let offset = first &* count &* inner &* width.stride
      table.vector.softmax(log, width.rawValue, x + offset, y + offset, n, count, inner)
    }
  }

  /// gx from y = softmax(x) alone: y (g - Σ g y); of the logarithm: g - exp(y) Σ g. gx may be g.
  public static func softmaxGradient(
    _ width: FloatWidth, log: Bool, y: UnsafeRawPointer, g: UnsafeRawPointer, gx: UnsafeMutableRawPointer, outer: Int, count: Int, inner: Int,
    table: KernelTable = Kernels.table
  ) {
    guard count > 0, inner > 0 else { return }
    chunks(outer, grain: rowGrain(count &* inner)) { first, n in
      let offset = first &* count &* inner &* width.stride
      table.vector.softmaxGradient(log, width.rawValue, y + offset, g + offset, gx + offset, n, count, inner)
    }
  }

  /// y[o, i] = log Σₖ exp(x[o, k, i])
  public static func logSumExp(
    _ width: FloatWidth, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, outer: Int, count: Int, inner: Int,
    table: KernelTable = Kernels.table
  ) {
    guard inner > 0 else { return }
    chunks(outer, grain: rowGrain(count &* inner)) { first, n in
      table.vector.logSumExp(
        width.rawValue, x + first &* count &* inner &* width.stride, y + first &* inner &* width.stride, n, count, inner)
    }
  }

  /// Per-row cross entropy of logits x [rows, classes] with labels from 0, as PyTorch's with reduction "none":
  ///
  ///     loss[r] = (1 - ε) w[t] (L - x[r, t]) + ε / classes Σ_c w[c] (L - x[r, c]),   L = log Σ exp x[r, :], t = labels[r], ε = smoothing
  ///
  /// - weights: [classes] or nil for ones. PyTorch's mean divides the sum of the losses by Σ w[labels[r]].
  /// - probabilities: [rows, classes], softmax(x), or nil; may be x.
  /// A label outside 0 ..< classes makes a row without loss or gradient (PyTorch's ignore_index); the caller checks labels.
  public static func crossEntropy(
    _ width: FloatWidth, _ x: UnsafeRawPointer, labels: UnsafePointer<Int64>, weights: UnsafeRawPointer? = nil, smoothing: Double = 0,
    probabilities: UnsafeMutableRawPointer?, loss: UnsafeMutableRawPointer, rows: Int, classes: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    chunks(rows, grain: rowGrain(classes)) { first, n in
      let offset = first &* classes &* stride
      table.vector.crossEntropy(
        width.rawValue, x + offset, labels + first, weights, smoothing, probabilities.map { $0 + offset }, loss + first &* stride, n, classes)
    }
  }

  /// gx[r, c] = g[r gStep] ((1 - ε) w[t] (y[r, c] - [c = t]) + ε / classes (y[r, c] Σ w - w[c])), from the probabilities y.
  ///
  /// `gStep` is 0 (one value for all rows) or 1. gx may be the probabilities.
  public static func crossEntropyGradient(
    _ width: FloatWidth, probabilities: UnsafeRawPointer, labels: UnsafePointer<Int64>, weights: UnsafeRawPointer? = nil, smoothing: Double = 0,
    g: UnsafeRawPointer, gStep: Int, gx: UnsafeMutableRawPointer, rows: Int, classes: Int, table: KernelTable = Kernels.table
  ) {
    let stride = width.stride
    chunks(rows, grain: rowGrain(classes)) { first, n in
      let offset = first &* classes &* stride
      table.vector.crossEntropyGradient(
        width.rawValue, probabilities + offset, labels + first, weights, smoothing, g + first &* gStep &* stride, gStep, gx + offset, n, classes)
    }
  }
}
