import KernelTable
import Kernels

/// Kernels at work between pages that may not be touched, and the entries of the table that they are.
struct GuardedKernel: Sendable, CustomStringConvertible {
  /// As `GuardPagesTests.names` spells them: "vector.softmax".
  let entries: [String]
  let run: @Sendable (Fenced) -> Void
  init(_ entries: [String], _ run: @escaping @Sendable (Fenced) -> Void) { (self.entries, self.run) = (entries, run) }
  var description: String { entries[0] }
}

/// One level and width, and the side on which all buffers of a run touch their page.
final class Fenced {
  let table: KernelTable
  let width: FloatWidth
  let atEnd: Bool
  private var buffers: [GuardPages] = []

  init(_ table: KernelTable, _ width: FloatWidth, atEnd: Bool) { (self.table, self.width, self.atEnd) = (table, width, atEnd) }

  private func memory(_ bytes: Int) -> UnsafeMutableRawPointer {
    buffers.append(GuardPages(bytes: bytes, atEnd: atEnd))
    return buffers[buffers.count - 1].pointer
  }

  /// n elements of the width: -3 … 3 by turns.
  func numbers(_ n: Int) -> UnsafeMutableRawPointer {
    if width == .float64 { return UnsafeMutableRawPointer(doubles(n)) }
    let result = memory(n * 4).bindMemory(to: Float.self, capacity: n)
    for i in 0..<n { result[i] = Float(i % 7) - 3 }
    return UnsafeMutableRawPointer(result)
  }

  func doubles(_ n: Int) -> UnsafeMutablePointer<Double> {
    let result = memory(n * 8).bindMemory(to: Double.self, capacity: n)
    for i in 0..<n { result[i] = Double(i % 7) - 3 }
    return result
  }

  /// n bytes or other integers, all of `value`.
  func integers<T: FixedWidthInteger>(_ n: Int, _ value: T) -> UnsafeMutablePointer<T> {
    let result = memory(n * MemoryLayout<T>.stride).bindMemory(to: T.self, capacity: n)
    result.initialize(repeating: value, count: n)
    return result
  }

  /// A matrix of exactly the memory that its strides span.
  func matrix(_ rows: Int, _ columns: Int, _ layout: Layout) -> Matrix.View {
    let (row, column) =
      switch layout {
      case .rows: (columns, 1)
      case .columns: (1, rows)
      case .padded: (columns + 3, 1)
      case .everySecond: (2 * columns + 1, 2)
      case .backwards: (-columns, -1)
      case .repeatedRow: (0, 1)
      case .single: (0, 0)
      }
    let down = (rows - 1) * row, across = (columns - 1) * column
    let base = numbers(abs(down) + abs(across) + 1)
    return Matrix.View(base: base - (min(down, 0) + min(across, 0)) * width.stride, rowStride: row, columnStride: column)
  }
  enum Layout: CaseIterable { case rows, columns, padded, everySecond, backwards, repeatedRow, single }

  /// What stands around the buffers is as it was; they are given back.
  func close() -> Bool {
    defer { buffers = [] }
    return buffers.allSatisfy(\.intact)
  }
}

extension GuardPages {
  /// Around every vector width, and below the shortest.
  static let lengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 130]
  /// [outer, count, inner] with each length as rows, columns and counts.
  static let shapes = lengths.flatMap { [(1, $0, 1), (3, $0, 1), (1, $0, 5), (2, 5, $0), (1, 40, $0)] }
}

// MARK: matrices

let guardedMatrixKernels: [GuardedKernel] = [
  GuardedKernel(["matrix.block", "matrix.copy", "matrix.pack", "matrix.rowProducts", "matrix.rowSum", "matrix.small"]) { f in
    for m in [1, 2, 5, 8, 14, 15, 31, 66] {
      for n in [1, 2, 5, 8, 15, 16, 17, 31, 33, 66] {
        for k in [1, 3, 16, 70] {
          let views = [(Fenced.Layout.rows, Fenced.Layout.rows), (.columns, .rows), (.rows, .columns)]
          for (a, b) in views {
            let a = f.matrix(m, k, a), b = f.matrix(k, n, b)
            Matrix.multiply(
              f.table.matrix, f.width, m: m, n: n, k: k, a: a, b: b, c: f.numbers(m * n), ldc: n, bias: f.numbers(n), activation: .relu)
          }
        }
      }
    }
  },
  // Every layout of both operands, results with gaps, sums on top of what was there, long sums, packed operands, vectors.
  GuardedKernel(["matrix.block", "matrix.copy", "matrix.pack", "matrix.rowProducts", "matrix.rowSum", "matrix.small", "matrix.narrow"]) { f in
    let sizes = [
      (4, 5, 3), (33, 50, 40), (1, 50, 40), (33, 1, 40), (1, 1, 40), (15, 33, 600), (1, 33, 600), (30, 1, 600), (70, 9, 1), (7, 17, 33), (16, 36, 45),
      (66, 19, 40),
    ]
    for (m, n, k) in sizes {
      for a in Fenced.Layout.allCases {
        for b in Fenced.Layout.allCases {
          for gap in [0, 3] {
            let (a, b) = (f.matrix(m, k, a), f.matrix(k, n, b))
            Matrix.multiply(
              f.table.matrix, f.width, m: m, n: n, k: k, a: a, b: b, c: f.numbers((m - 1) * (n + gap) + n), ldc: n + gap, accumulate: gap > 0,
              bias: gap > 0 ? f.numbers(n) : nil)
          }
        }
      }
    }
    // Rows of a that share a set of the cache, and a b of more than a megabyte: both are packed.
    let (m, k, n) = (250, 4096 / f.width.stride, 310)
    let (a, b) = (f.matrix(m, k, .rows), f.matrix(k, n, .rows))
    Matrix.multiply(f.table.matrix, f.width, m: m, n: n, k: k, a: a, b: b, c: f.numbers(m * n), ldc: n, bias: f.numbers(n))
  },
  GuardedKernel(["matrix.block", "matrix.rowSum"]) { f in
    for (count, m, n, k) in [(1, 3, 4, 5), (7, 5, 9, 33), (9, 1, 17, 20), (5, 40, 33, 90), (3, 20, 33, 600)] {
      for (aRepeats, bRepeats) in [(false, false), (true, false), (false, true)] {
        let (aStep, bStep) = (aRepeats ? 0 : m * k, bRepeats ? 0 : k * n)
        let a = f.numbers((count - 1) * aStep + m * k), b = f.numbers((count - 1) * bStep + k * n)
        for (row, column) in [(n, 1), (1, k)] {
          Matrix.multiplyBatch(
            f.table.matrix, f.width, count: count, m: m, n: n, k: k, a: Matrix.View(base: a, rowStride: k, columnStride: 1), aStep: aStep,
            b: Matrix.View(base: b, rowStride: row, columnStride: column), bStep: bStep, c: f.numbers(count * m * n), ldc: n, cStep: m * n)
        }
      }
    }
  },
  // Panels of exactly their size, as `PackedMatrix` keeps them.
  GuardedKernel(["matrix.pack", "matrix.block"]) { f in
    let kernels = f.width == .float32 ? f.table.matrix.float32 : f.table.matrix.float64
    for (m, n, k) in [(1, 1, 1), (3, 33, 7), (16, 100, 60), (29, 31, 13), (14, 32, 40)] {
      let panel = 2 * kernels.lanes, columns = (n + panel - 1) / panel * panel
      for (row, column) in [(n, 1), (1, k)] {
        let packed = f.numbers(k * columns), room = f.numbers(panel * kernels.tileRows), c = f.numbers(m * n)
        kernels.pack(k, n, f.numbers(k * n), row, column, packed)
        kernels.block(m, n, k, f.numbers(m * k), k, 1, packed, panel, k * panel, c, n, true, f.numbers(n), true, room)
      }
    }
  },
]

// MARK: vectors

let guardedVectorKernels: [GuardedKernel] = [
  GuardedKernel(["vector.unary", "vector.unaryGradient"]) { f in
    for n in GuardPages.lengths {
      let x = f.numbers(n), g = f.numbers(n), y = f.numbers(n)
      for op in UnaryOp.allCases {
        Vector.unary(op, f.width, x, y, n, 0.5, 2, table: f.table)
        Vector.unaryGradient(op, f.width, x: x, y: x, g: g, gx: y, n, 0.5, 2, table: f.table)
      }
    }
  },
  GuardedKernel(["vector.binary", "vector.compare", "vector.select"]) { f in
    for n in GuardPages.lengths {
      let x = f.numbers(n), z = f.numbers(n), one = f.numbers(1), y = f.numbers(n), mask = f.integers(n, UInt8(1))
      for (a, aColumn, b, bColumn) in [(x, 1, z, 1), (x, 1, one, 0), (one, 0, x, 1), (one, 0, one, 0)] {
        for op in BinaryOp.allCases {
          Vector.binary(op, f.width, a, aRow: n, aColumn: aColumn, b, bRow: n, bColumn: bColumn, y, rows: 1, columns: n, table: f.table)
        }
        for op in CompareOp.allCases {
          Vector.compare(op, f.width, a, aRow: n, aColumn: aColumn, b, bRow: n, bColumn: bColumn, mask, rows: 1, columns: n, table: f.table)
        }
        Vector.select(f.width, mask: mask, a, aStep: aColumn, b, bStep: bColumn, y, n, table: f.table)
      }
      for (rows, columns) in [(3, n), (n, 3), (n, 17)] {
        let matrix = f.numbers(rows * columns), row = f.numbers(columns), column = f.numbers(rows), result = f.numbers(rows * columns)
        let marks = f.integers(rows * columns, UInt8(0))
        for (b, bRow, bColumn) in [(row, 0, 1), (column, 1, 0), (one, 0, 0), (matrix, columns, 1)] {
          Vector.binary(
            .add, f.width, matrix, aRow: columns, aColumn: 1, b, bRow: bRow, bColumn: bColumn, result, rows: rows, columns: columns, table: f.table)
          Vector.binary(
            .sub, f.width, b, aRow: bRow, aColumn: bColumn, matrix, bRow: columns, bColumn: 1, result, rows: rows, columns: columns, table: f.table)
          Vector.compare(
            .lt, f.width, b, aRow: bRow, aColumn: bColumn, matrix, bRow: columns, bColumn: 1, marks, rows: rows, columns: columns, table: f.table)
        }
      }
    }
  },
  GuardedKernel(["vector.axpy", "vector.fill", "vector.narrow", "vector.maskScale"]) { f in
    for n in GuardPages.lengths {
      let y = f.numbers(n)
      Vector.axpy(f.width, alpha: 2, f.numbers(n), y, n, table: f.table)
      Vector.fill(f.width, y, n, value: 3, table: f.table)
      f.table.vector.narrow(f.width.rawValue, f.doubles(n), y, n)
      Random.dropoutGradient(f.width, g: f.numbers(n), mask: f.integers(Random.maskBytes(n), 85), gx: y, n, p: 0.5, table: f.table)
    }
  },
  GuardedKernel(["vector.reduceRows", "vector.reduceColumns", "vector.argReduce", "vector.cumulate", "vector.narrow"]) { f in
    for (outer, count, inner) in GuardPages.shapes {
      let x = f.numbers(outer * count * inner), y = f.numbers(outer * count * inner), result = f.numbers(outer * inner)
      for op in ReduceOp.allCases {
        Vector.reduce(op, f.width, x, result, outer: outer, count: count, inner: inner, table: f.table)
      }
      for max in [true, false] {
        Vector.argReduce(
          max: max, f.width, x, values: result, positions: f.integers(outer * inner, Int64(0)), outer: outer, count: count, inner: inner, table: f.table)
      }
      Vector.variance(f.width, x, mean: result, variance: f.numbers(outer * inner), outer: outer, count: count, inner: inner, correction: 0, table: f.table)
      for op in CumulateOp.allCases { Vector.cumulate(op, f.width, x, y, outer: outer, count: count, inner: inner, table: f.table) }
    }
  },
  // The float64 that drivers keep between kernels has pages of its own here.
  GuardedKernel(["vector.reduceRows", "vector.reduceColumns", "vector.dotRows", "vector.dotColumns"]) { f in
    let kernels = f.table.vector, width = f.width.rawValue
    for n in GuardPages.lengths {
      for rows in [1, 2, 5, 9, 40] {
        let a = f.numbers(rows * n), b = f.numbers(rows * n)
        for op in ReduceOp.allCases {
          for shifted in [true, false] {
            kernels.reduceRows(op.rawValue, width, a, shifted ? UnsafePointer(f.doubles(rows)) : nil, f.doubles(rows), rows, n)
            kernels.reduceColumns(op.rawValue, width, a, n, shifted ? UnsafePointer(f.doubles(n)) : nil, f.doubles(n), rows, n)
          }
        }
        kernels.dotRows(width, a, b, f.doubles(rows), f.doubles(rows), rows, n)
        kernels.dotColumns(width, a, b, n, f.doubles(n), f.doubles(n), rows, n)
        // A part of the columns: rows go on behind it.
        let part = (n + 1) / 2, rest = (rows - 1) * n + part
        kernels.dotColumns(width, f.numbers(rest), f.numbers(rest), n, f.doubles(part), f.doubles(part), rows, part)
        kernels.reduceColumns(ReduceOp.sum.rawValue, width, f.numbers(rest), n, nil, f.doubles(part), rows, part)
      }
    }
  },
  GuardedKernel(["vector.softmax", "vector.softmaxGradient", "vector.logSumExp"]) { f in
    for (outer, count, inner) in GuardPages.shapes {
      let x = f.numbers(outer * count * inner), y = f.numbers(outer * count * inner), gx = f.numbers(outer * count * inner)
      for log in [true, false] {
        Vector.softmax(f.width, log: log, x, y, outer: outer, count: count, inner: inner, table: f.table)
        Vector.softmaxGradient(f.width, log: log, y: y, g: x, gx: gx, outer: outer, count: count, inner: inner, table: f.table)
      }
      Vector.logSumExp(f.width, x, f.numbers(outer * inner), outer: outer, count: count, inner: inner, table: f.table)
    }
  },
  GuardedKernel(["vector.crossEntropy", "vector.crossEntropyGradient"]) { f in
    for classes in GuardPages.lengths {
      for rows in [1, 3] {
        for (weighted, smoothing) in [(false, 0.0), (true, 0), (false, 0.1), (true, 0.1)] {
          let labels = f.integers(rows, Int64(classes - 1)), weights = weighted ? UnsafeRawPointer(f.numbers(classes)) : nil
          let x = f.numbers(rows * classes), y = f.numbers(rows * classes)
          for y in [y, nil] {
            Vector.crossEntropy(
              f.width, x, labels: labels, weights: weights, smoothing: smoothing, probabilities: y, loss: f.numbers(rows), rows: rows,
              classes: classes, table: f.table)
          }
          labels[0] = -100
          for step in [0, 1] {
            Vector.crossEntropyGradient(
              f.width, probabilities: y, labels: labels, weights: weights, smoothing: smoothing, g: f.numbers(step == 0 ? 1 : rows), gStep: step,
              gx: f.numbers(rows * classes), rows: rows, classes: classes, table: f.table)
          }
        }
      }
    }
  },
  GuardedKernel(["vector.affine", "vector.affinePair"]) { f in
    for n in GuardPages.lengths {
      for rows in [1, 3] {
        for periodic in [true, false] {
          let k = periodic ? n : rows, x = f.numbers(rows * n), y = f.numbers(rows * n)
          f.table.vector.affine(f.width.rawValue, x, f.doubles(k), f.doubles(k), f.doubles(k), y, rows, n, periodic)
          f.table.vector.affinePair(
            f.width.rawValue, x, f.numbers(rows * n), f.doubles(k), f.doubles(k), f.doubles(k), f.doubles(k), y, rows, n, periodic)
        }
      }
    }
  },
  GuardedKernel(["vector.affine", "vector.affinePair", "vector.dotRows", "vector.dotColumns"]) { f in
    for n in [1, 3, 16, 17, 40] {
      for (channels, inner) in [(1, 1), (5, 1), (17, 1), (33, 1), (3, 7), (5, 33)] {
        let x = f.numbers(n * channels * inner), y = f.numbers(n * channels * inner)
        let mean = f.doubles(channels), variance = f.doubles(channels), weight = f.numbers(channels)
        Vector.channelMoments(f.width, x, mean: mean, variance: variance, n: n, channels: channels, inner: inner, table: f.table)
        Vector.channelNormalise(
          f.width, x, mean: mean, rstd: variance, weight: weight, bias: weight, y, n: n, channels: channels, inner: inner, table: f.table)
        Vector.channelNormaliseGradient(
          f.width, training: true, x: x, g: f.numbers(n * channels * inner), mean: mean, rstd: variance, weight: weight, gx: y,
          gWeight: f.doubles(channels), gBias: f.doubles(channels), n: n, channels: channels, inner: inner, table: f.table)
      }
      for columns in [1, 5, 16, 33] {
        let x = f.numbers(n * columns), y = f.numbers(n * columns), weight = f.numbers(columns), mean = f.doubles(n), rstd = f.doubles(n)
        Vector.rowNormalise(f.width, x, eps: 1e-5, weight: weight, bias: weight, y, mean: mean, rstd: rstd, rows: n, columns: columns, table: f.table)
        Vector.rowNormaliseGradient(
          f.width, x: x, g: y, mean: mean, rstd: rstd, weight: weight, gx: f.numbers(n * columns), rows: n, columns: columns, table: f.table)
      }
    }
  },
  GuardedKernel(["vector.randomBits", "vector.uniform", "vector.normal", "vector.bernoulli", "vector.bernoulliBits", "vector.maskScale"]) { f in
    for n in GuardPages.lengths {
      let y = f.numbers(n), mask = f.integers(n, UInt8(0))
      Random.bits(f.integers(n, UInt32(0)), n, seed: 1, offset: 0, table: f.table)
      Random.uniform(f.width, y, n, low: -1, high: 1, seed: 1, offset: 0, table: f.table)
      Random.normal(f.width, y, n, seed: 1, offset: 0, table: f.table)
      Random.integers(f.integers(n, Int64(0)), n, low: -2, high: 2, seed: 1, offset: 0, table: f.table)
      for p in [0.3, 0, 1] {
        Random.bernoulli(mask, n, p: p, seed: 1, offset: 0, table: f.table)
        Random.dropout(f.width, f.numbers(n), y, mask: f.integers(Random.maskBytes(n), 0), n, p: p, seed: 1, offset: 0, table: f.table)
      }
    }
  },
  GuardedKernel(["vector.sgd", "vector.adam", "vector.adagrad", "vector.rmsprop"]) { f in
    for n in GuardPages.lengths {
      let p = f.numbers(n), g = f.numbers(n), t = f.table
      for velocity in [f.numbers(n), nil] {
        OptimizerKernels.sgd(f.width, parameter: p, gradient: g, velocity: velocity, n, lr: 0.1, momentum: 0.9, weightDecay: 0.1, nesterov: true, table: t)
      }
      for largest in [f.numbers(n), nil] {
        OptimizerKernels.adam(f.width, parameter: p, gradient: g, m: f.numbers(n), v: f.numbers(n), largest: largest, n, lr: 0.1, t: 1, table: t)
      }
      OptimizerKernels.adagrad(f.width, parameter: p, gradient: g, sum: f.numbers(n), n, lr: 0.1, t: 1, table: t)
      for more in [true, false] {
        OptimizerKernels.rmsprop(
          f.width, parameter: p, gradient: g, square: f.numbers(n), mean: more ? f.numbers(n) : nil, buffer: more ? f.numbers(n) : nil, n, lr: 0.1,
          momentum: 0.9, table: t)
      }
    }
  },
  GuardedKernel(["vector.transpose", "vector.strided"]) { f in
    func bytes(_ count: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(f.integers(count, UInt8(3))) }
    for size in f.width == .float32 ? [1, 4] : [8] {
      for rows in GuardPages.lengths {
        for columns in [1, 3, 8, 15, 16, 17, 33] {
          for gap in [0, 2] {
            let x = bytes(((rows - 1) * (columns + gap) + columns) * size), y = bytes(((columns - 1) * (rows + gap) + rows) * size)
            f.table.vector.transpose(size, x, columns + gap, y, rows + gap, rows, columns)
          }
        }
        for (from, to) in [(1, 1), (3, 1), (1, 2), (0, 1), (2, 3)] {
          f.table.vector.strided(size, bytes(((rows - 1) * from + 1) * size), from, bytes(((rows - 1) * to + 1) * size), to, rows)
        }
      }
    }
  },
]

// MARK: convolution and pooling

private func convolve(_ f: Fenced, _ g: ConvolutionGeometry, _ algorithm: Convolution.Algorithm, pools: [Int]) {
  let x = f.numbers(g.xCount), weight = f.numbers(g.weightCount), bias = f.numbers(g.outChannels), y = f.numbers(g.yCount)
  for (bias, activation) in [(bias, ConvolutionActivation.relu), (nil, .none)] {
    Convolution.forward(f.width, g, x: x, weight: weight, bias: bias, y: y, activation: activation, table: f.table, algorithm: algorithm)
  }
  Convolution.inputGradient(
    f.width, g, gradOutput: f.numbers(g.yCount), weight: weight, gradInput: f.numbers(g.xCount), table: f.table, algorithm: algorithm)
  for results in algorithm == .direct ? [f.numbers(g.yCount), nil] : [nil] {
    Convolution.weightGradient(
      f.width, g, x: x, gradOutput: y, results: results, gradWeight: f.numbers(g.weightCount), gradBias: f.numbers(g.outChannels), table: f.table,
      algorithm: algorithm)
  }
  for pool in pools where g.outHeight >= pool && g.outWidth >= pool {
    let count = g.batch * g.outChannels * (g.outHeight / pool) * (g.outWidth / pool)
    let pooled = f.numbers(count), marks = f.integers(count, UInt8(0))
    Convolution.forwardReLUMaxPool(
      f.width, g, pool: pool, x: x, weight: weight, bias: bias, y: pooled, positions: marks, table: f.table, algorithm: algorithm)
    for gradInput in [f.numbers(g.xCount), nil] {
      Convolution.backwardReLUMaxPool(
        f.width, g, pool: pool, x: x, weight: weight, positions: marks, gradOutput: pooled, gradInput: gradInput,
        gradWeight: f.numbers(g.weightCount), gradBias: f.numbers(g.outChannels), table: f.table, algorithm: algorithm)
    }
  }
}

private let setEntries = [
  "copyPlanes", "gatherProduct", "rowProduct", "channelsFirst", "channelsLast", "addRows", "addPlane", "maxWindows", "maxSquares", "poolSums",
  "marksFirst", "patchRows", "patchList", "patchProduct",
].map { "convolution." + $0 }

let guardedConvolutionKernels: [GuardedKernel] = [
  // Strides, paddings, dilations, groups, 1 x 1, few and many channels, ReLU and pooling.
  GuardedKernel(setEntries.filter { !$0.hasSuffix("maxWindows") && !$0.hasSuffix("maxSquares") }) { f in
    for (i, g) in ConvolutionTests.geometries(51).enumerated() { convolve(f, g, .direct, pools: [i % 3 + 1]) }
    // Back to few channels: planes of taps are added (`addPlane`).
    for padding in 0...2 {
      let g = ConvolutionGeometry(
        batch: 2, inChannels: 1, inHeight: 9, inWidth: 35, outChannels: 9, kernelHeight: 3, kernelWidth: 4, paddingTop: padding,
        paddingBottom: 2 - padding, paddingLeft: padding, paddingRight: 1)
      convolve(f, g, .direct, pools: [2])
    }
  },
  GuardedKernel(["filters", "input", "gradient", "output", "filterGradient", "spread", "spreadPooled", "collect"].map { "winograd." + $0 }) { f in
    guard f.width == .float32 else { return }
    let channels = [1, 3, 16, 17, 33]
    var turn = 0
    for height in [1, 2, 3, 4, 5, 7, 8, 9, 13] {
      for width in [1, 3, 4, 5, 6, 8, 11] {
        turn += 1
        let padding = turn % 3
        let g = ConvolutionGeometry(
          batch: 1 + turn % 2, inChannels: channels[turn % 5], inHeight: height, inWidth: width, outChannels: channels[turn / 5 % 5], kernelHeight: 3,
          kernelWidth: 3, paddingTop: padding, paddingBottom: padding, paddingLeft: padding, paddingRight: 2 - padding)
        if g.outHeight > 0 && g.outWidth > 0 { convolve(f, g, .winograd, pools: [2, 3]) }
      }
    }
  },
  GuardedKernel(["convolution.maxWindows", "convolution.maxSquares", "convolution.copyPlanes"]) { f in
    for g in PoolingTests.geometries(61, dilated: true) {
      let count = g.planes * g.outHeight * g.outWidth, size = g.planes * g.inHeight * g.inWidth
      let positions = f.integers(count, Int32(0))
      Pooling.max(f.width, g, x: f.numbers(size), y: f.numbers(count), positions: positions, table: f.table)
      Pooling.maxBackward(f.width, g, gradOutput: f.numbers(count), positions: positions, gradInput: f.numbers(size))
    }
    for g in PoolingTests.geometries(62, dilated: false) {
      let count = g.planes * g.outHeight * g.outWidth, size = g.planes * g.inHeight * g.inWidth
      for counts in [true, false] {
        Pooling.average(f.width, g, x: f.numbers(size), y: f.numbers(count), countIncludePad: counts)
        Pooling.averageBackward(f.width, g, gradOutput: f.numbers(count), gradInput: f.numbers(size), countIncludePad: counts)
      }
    }
  },
  GuardedKernel(["convolution.copyPlanes"]) { f in
    for g in ConvolutionTests.geometries(71) where g.groups == 1 {
      let columns = f.numbers(g.batch * g.inChannels * g.kernelHeight * g.kernelWidth * g.outHeight * g.outWidth)
      Convolution.im2col(f.width, g, x: f.numbers(g.xCount), columns: columns)
      Convolution.col2im(f.width, g, columns: columns, x: f.numbers(g.xCount))
    }
  },
]
