import KernelTable
import Kernels
import Testing

private let shapes: [(Int, Int, Int)] = [
  (1, 1, 1), (3, 7, 1), (5, 100, 1), (2, 5000, 1), (1, 70_001, 1), (1, 50, 37), (2, 33, 16), (3, 9, 5), (1, 3000, 40), (1, 40, 3000), (4, 0, 3), (1, 20_000, 3),
  (1, 70, 17), (2, 65, 31), (1, 34, 10), (6, 129, 1), (7, 15, 1), (1, 33, 2050),
]

/// All reductions of [outer, count, inner] against plain sums in float64.
@Test(arguments: shapes)
func reductions(_ outer: Int, _ count: Int, _ inner: Int) {
  var noise = Noise(UInt64(outer + count * 3))
  let values = noise.array(outer * count * inner).map { abs($0) < 0.1 ? 0 : $0 }
  let few = noise.array(outer * count * inner).map { 1 + 1e-4 * $0 }
  for width in widths {
    for op in ReduceOp.allCases {
      let x = Buffer(width, op == .prod ? few : values)
      for level in levels {
        let y = Buffer(width, count: outer * inner)
        Vector.reduce(op, width, x.p, y.p, outer: outer, count: count, inner: inner, table: level.table)
        for o in 0..<outer {
          for i in 0..<inner {
            let column = (0..<count).map { x[(o * count + $0) * inner + i] }
            let exact: Double =
              switch op {
              case .sum: column.reduce(0, +)
              case .prod: column.reduce(1, *)
              case .max: column.max() ?? -.infinity
              case .min: column.min() ?? .infinity
              case .sumSquares: column.reduce(0) { $0 + $1 * $1 }
              case .sumAbs: column.reduce(0) { $0 + abs($1) }
              case .countNonzero: Double(column.filter { $0 != 0 }.count)
              }
            let scale = column.reduce(0) { $0 + abs($1) }
            let got = y[o * inner + i]
            // the plain float64 sum errs too, by its length
            let tolerance = 4 * x.epsilon + Double(count) * 0x1p-53
            #expect(got == exact || abs(got - exact) <= tolerance * max(scale, abs(exact)), "\(op) \(level.name) [\(o), \(i)] \(got) \(exact)")
          }
        }
      }
    }
  }
}

@Test func thirtyMillionOnesAreExact() {
  let n = 30_000_000
  let x = UnsafeMutablePointer<Float>.allocate(capacity: n)
  x.initialize(repeating: 1, count: n)
  defer { x.deallocate() }
  var y: Float = 0
  for level in levels {
    Vector.reduce(.sum, .float32, x, &y, outer: 1, count: n, inner: 1, table: level.table)
    #expect(y == 30_000_000)
  }
  var two = [Float](repeating: 0, count: 2)
  Vector.reduce(.sum, .float32, x, &two, outer: 1, count: n / 2, inner: 2)
  #expect(two == [15_000_000, 15_000_000])
}

/// Columns with the places of their largest and smallest element.
private let extremes: [([Double], Int, Int)] = [
  ([1, 5, 5, -2, -2], 1, 3), ([3, 3, 3, 3, 3], 0, 0), ([1, .nan, 7, .nan, 0], 1, 1), ([-Double.infinity, -.infinity, -.infinity, -.infinity, -.infinity], 0, 0),
  ([-0.0, 0, -0.0, 0, 0], 0, 0), ([Double.infinity, 1, .infinity, 2, -.infinity], 0, 4),
]

/// Rows of few elements, of which several are done at a time, with ties and NaN.
@Test(arguments: [1, 5, 8, 10, 16, 31, 32, 33])
func extremesOfShortRows(_ count: Int) {
  var noise = Noise(UInt64(count))
  let rows = 37
  var values = noise.array(rows * count, 3).map { $0.rounded() }
  values[3 * count] = .nan
  values[20 * count + count - 1] = .nan
  for width in widths {
    let x = Buffer(width, values)
    for level in levels {
      for isMax in [true, false] {
        let v = Buffer(width, count: rows)
        var positions = [Int64](repeating: -1, count: rows)
        Vector.argReduce(max: isMax, width, x.p, values: v.p, positions: &positions, outer: rows, count: count, inner: 1, table: level.table)
        for r in 0..<rows {
          let row = Array(values[r * count..<(r + 1) * count])
          let at = row.firstIndex { $0.isNaN } ?? row.firstIndex(of: isMax ? row.max()! : row.min()!)!
          #expect(positions[r] == Int64(at) && (v[r] == row[at] || v[r].isNaN && row[at].isNaN), "row \(r) \(level.name)")
        }
      }
    }
  }
}

@Test func nanWinsAndFirstPositionCounts() {
  for width in widths {
    for inner in [1, 3, 20] {
      for (column, largest, smallest) in extremes {
        let x = Buffer(width, column.flatMap { [Double](repeating: $0, count: inner) })
        var positions = [Int64](repeating: -1, count: inner)
        for level in levels {
          for (isMax, at) in [(true, largest), (false, smallest)] {
            let v = Buffer(width, count: inner)
            Vector.argReduce(max: isMax, width, x.p, values: v.p, positions: &positions, outer: 1, count: 5, inner: inner, table: level.table)
            #expect(positions == [Int64](repeating: Int64(at), count: inner), "\(column) \(isMax) \(level.name)")
            #expect(v[inner - 1] == column[at] || (v[inner - 1].isNaN && column[at].isNaN))
            Vector.reduce(isMax ? .max : .min, width, x.p, v.p, outer: 1, count: 5, inner: inner, table: level.table)
            #expect(v[0] == column[at] || (v[0].isNaN && column[at].isNaN))
          }
        }
      }
    }
  }
}

@Test func longRowsFindTheirExtremes() {
  var noise = Noise(2)
  let values = noise.array(10_007)
  let x = Buffer(.float32, values)
  let v = Buffer(.float32, count: 1)
  var at: Int64 = 0
  for level in levels {
    Vector.argReduce(max: true, .float32, x.p, values: v.p, positions: &at, outer: 1, count: 10_007, inner: 1, table: level.table)
    let narrow = x.values
    #expect(Int(at) == narrow.firstIndex(of: narrow.max()!)! && v[0] == narrow.max()!)
  }
}

@Test(arguments: [(1, 10, 1), (2, 300, 3), (1, 5, 40)])
func runningSumsAndProducts(_ outer: Int, _ count: Int, _ inner: Int) {
  var noise = Noise(4)
  for width in widths {
    let x = Buffer(width, noise.array(outer * count * inner).map { 1 + 0.1 * $0 })
    for level in levels {
      for op in CumulateOp.allCases {
        let y = Buffer(width, count: x.count)
        Vector.cumulate(op, width, x.p, y.p, outer: outer, count: count, inner: inner, table: level.table)
        for o in 0..<outer {
          for i in 0..<inner {
            var total = op == .sum ? 0.0 : 1.0
            for k in 0..<count {
              let at = (o * count + k) * inner + i
              total = op == .sum ? total + x[at] : total * x[at]
              #expect(abs(y[at] - total) <= x.epsilon * abs(total))
            }
          }
        }
      }
    }
  }
}

/// Far from 0 the sum of squares minus the square of the sum would have no digit left.
@Test(arguments: [(3, 500, 1), (1, 500, 20), (1, 80_000, 1), (2, 2, 3)])
func varianceFarFromZero(_ outer: Int, _ count: Int, _ inner: Int) {
  var noise = Noise(6)
  for width in widths {
    let x = Buffer(width, noise.array(outer * count * inner).map { 1000 + $0 })
    for level in levels {
      for correction in [0, 1] {
        let (mean, variance) = (Buffer(width, count: outer * inner), Buffer(width, count: outer * inner))
        Vector.variance(
          width, x.p, mean: mean.p, variance: variance.p, outer: outer, count: count, inner: inner, correction: correction, table: level.table)
        for o in 0..<outer {
          for i in 0..<inner {
            let column = (0..<count).map { x[(o * count + $0) * inner + i] }
            let m = column.reduce(0, +) / Double(count)
            let v = column.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(count - correction)
            #expect(abs(mean[o * inner + i] - m) <= 1000 * (x.epsilon + Double(count) * 0x1p-53))
            #expect(abs(variance[o * inner + i] - v) <= 1e-4 * v * (width == .float32 ? 1 : 1e-8), "\(variance[o * inner + i]) \(v)")
          }
        }
      }
    }
  }
}

/// The same bits from one thread as from many.
@Test func threadsDoNotMatter() {
  var noise = Noise(8)
  let x = Buffer(.float32, noise.array(300_000))
  let before = Parallel.threads
  defer { Parallel.threads = before }
  for (outer, count, inner) in [(1, 300_000, 1), (1, 3000, 100), (100, 3000, 1)] {
    var results: [[Double]] = []
    for threads in 1...4 {
      Parallel.threads = threads
      let y = Buffer(.float32, count: outer * inner)
      Vector.reduce(.sum, .float32, x.p, y.p, outer: outer, count: count, inner: inner)
      results.append(y.values)
    }
    #expect(results.allSatisfy { $0 == results[0] })
  }
}
