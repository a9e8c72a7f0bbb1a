import KernelTable
import Kernels
import Testing

/// Kernels touch nothing beyond their buffers: every operand ends right before a page, or begins right behind one, that may not be touched.
@Suite(.serialized) struct GuardPagesTests {
  private static let lengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 130]

  private static func fill(_ width: FloatWidth, _ memory: GuardPages, _ n: Int) {
    for i in 0..<n {
      if width == .float32 {
        memory.pointer.storeBytes(of: Float(i % 7) - 3, toByteOffset: i * 4, as: Float.self)
      } else {
        memory.pointer.storeBytes(of: Double(i % 7) - 3, toByteOffset: i * 8, as: Double.self)
      }
    }
  }

  @Test(arguments: [true, false], widths)
  func products(_ atEnd: Bool, _ width: FloatWidth) {
    let sizes = [1, 2, 5, 8, 14, 15, 17, 31, 33, 66]
    for level in levels {
      for m in sizes {
        for n in sizes {
          for k in [1, 3, 16, 70] {
            let a = GuardPages(bytes: m * k * width.stride, atEnd: atEnd), b = GuardPages(bytes: k * n * width.stride, atEnd: atEnd)
            let c = GuardPages(bytes: m * n * width.stride, atEnd: atEnd), bias = GuardPages(bytes: n * width.stride, atEnd: atEnd)
            Self.fill(width, a, m * k)
            Self.fill(width, b, k * n)
            Self.fill(width, bias, n)
            for (aTurned, bTurned) in [(false, false), (true, false), (false, true)] {
              Matrix.multiply(
                level.table.matrix, width, m: m, n: n, k: k,
                a: Matrix.View(base: a.pointer, rowStride: aTurned ? 1 : k, columnStride: aTurned ? m : 1),
                b: Matrix.View(base: b.pointer, rowStride: bTurned ? 1 : n, columnStride: bTurned ? k : 1), c: c.pointer, ldc: n, bias: bias.pointer,
                activation: .relu)
            }
            #expect(c.intact, "\(level.name) \(m) \(n) \(k)")
          }
        }
      }
    }
  }

  @Test(arguments: [true, false], widths)
  func elementwise(_ atEnd: Bool, _ width: FloatWidth) {
    for level in levels {
      for n in Self.lengths {
        func memory(_ n: Int) -> GuardPages {
          let memory = GuardPages(bytes: n * width.stride, atEnd: atEnd)
          Self.fill(width, memory, n)
          return memory
        }
        let x = memory(n), g = memory(n), y = memory(n), one = memory(1)
        for op in UnaryOp.allCases {
          Vector.unary(op, width, x.pointer, y.pointer, n, 0.5, 2, table: level.table)
          Vector.unaryGradient(op, width, x: x.pointer, y: x.pointer, g: g.pointer, gx: y.pointer, n, 0.5, 2, table: level.table)
        }
        let mask = GuardPages(bytes: n, atEnd: atEnd)
        let bytes = mask.pointer.bindMemory(to: UInt8.self, capacity: n)
        for (a, aColumn, b, bColumn) in [(x, 1, g, 1), (x, 1, one, 0), (one, 0, x, 1), (one, 0, one, 0)] {
          for op in BinaryOp.allCases {
            Vector.binary(
              op, width, a.pointer, aRow: n, aColumn: aColumn, b.pointer, bRow: n, bColumn: bColumn, y.pointer, rows: 1, columns: n,
              table: level.table)
          }
          for op in CompareOp.allCases {
            Vector.compare(
              op, width, a.pointer, aRow: n, aColumn: aColumn, b.pointer, bRow: n, bColumn: bColumn, bytes, rows: 1, columns: n,
              table: level.table)
          }
          Vector.select(
            width, mask: bytes, a.pointer, aStep: aColumn, b.pointer, bStep: bColumn, y.pointer, n, table: level.table)
        }
        Vector.axpy(width, alpha: 2, x.pointer, y.pointer, n, table: level.table)
        Vector.fill(width, y.pointer, n, value: 3, table: level.table)
        #expect(y.intact && mask.intact, "\(level.name) \(n)")
        for (rows, columns) in [(3, n), (n, 3)] {
          let matrix = memory(rows * columns), row = memory(columns), result = memory(rows * columns)
          Vector.binary(
            .add, width, matrix.pointer, aRow: columns, aColumn: 1, row.pointer, bRow: 0, bColumn: 1, result.pointer, rows: rows, columns: columns,
            table: level.table)
          let column = memory(rows)
          Vector.binary(
            .mul, width, matrix.pointer, aRow: columns, aColumn: 1, column.pointer, bRow: 1, bColumn: 0, result.pointer, rows: rows,
            columns: columns, table: level.table)
          #expect(result.intact, "\(level.name) \(rows) \(columns)")
        }
      }
    }
  }

  @Test(arguments: [true, false], widths)
  func reductionsAndSoftmax(_ atEnd: Bool, _ width: FloatWidth) {
    for level in levels {
      for n in Self.lengths {
        for (outer, count, inner) in [(1, n, 1), (3, n, 1), (1, n, 5), (2, 5, n), (1, 40, n)] {
          let x = GuardPages(bytes: outer * count * inner * width.stride, atEnd: atEnd)
          let y = GuardPages(bytes: outer * count * inner * width.stride, atEnd: atEnd)
          let result = GuardPages(bytes: outer * inner * width.stride, atEnd: atEnd)
          let positions = GuardPages(bytes: outer * inner * 8, atEnd: atEnd)
          Self.fill(width, x, outer * count * inner)
          for op in ReduceOp.allCases {
            Vector.reduce(op, width, x.pointer, result.pointer, outer: outer, count: count, inner: inner, table: level.table)
          }
          for max in [true, false] {
            Vector.argReduce(
              max: max, width, x.pointer, values: result.pointer, positions: positions.pointer.assumingMemoryBound(to: Int64.self),
              outer: outer, count: count, inner: inner, table: level.table)
          }
          Vector.variance(
            width, x.pointer, mean: nil, variance: result.pointer, outer: outer, count: count, inner: inner, correction: 0, table: level.table)
          Vector.cumulate(.sum, width, x.pointer, y.pointer, outer: outer, count: count, inner: inner, table: level.table)
          for log in [true, false] {
            Vector.softmax(width, log: log, x.pointer, y.pointer, outer: outer, count: count, inner: inner, table: level.table)
            Vector.softmaxGradient(
              width, log: log, y: y.pointer, g: x.pointer, gx: y.pointer, outer: outer, count: count, inner: inner, table: level.table)
          }
          Vector.logSumExp(width, x.pointer, result.pointer, outer: outer, count: count, inner: inner, table: level.table)
          #expect(y.intact && result.intact && positions.intact, "\(level.name) \(outer) \(count) \(inner)")
        }
      }
    }
  }
}
