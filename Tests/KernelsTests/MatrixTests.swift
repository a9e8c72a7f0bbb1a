import CShims
import KernelTable
import Kernels
import Testing

/// A matrix with strides of its own inside a larger buffer, filled with small numbers.
private struct Operand<T: BinaryFloatingPoint> {
  let storage: [T]
  let offset: Int
  let rowStride: Int
  let columnStride: Int

  enum Layout: CaseIterable { case rows, columns, paddedRows, paddedColumns, everySecond, backwards, repeatedRow, repeatedColumn, single }

  init(_ layout: Layout, _ rows: Int, _ columns: Int, _ random: inout Random) {
    let (r, c) = (max(rows, 1), max(columns, 1))
    switch layout {
    case .rows: (rowStride, columnStride, offset) = (c, 1, 0)
    case .columns: (rowStride, columnStride, offset) = (1, r, 0)
    case .paddedRows: (rowStride, columnStride, offset) = (c + 3, 1, 1)
    case .paddedColumns: (rowStride, columnStride, offset) = (1, r + 5, 2)
    case .everySecond: (rowStride, columnStride, offset) = (2 * c + 1, 2, 0)
    case .backwards: (rowStride, columnStride, offset) = (-c, -1, r * c - 1)
    case .repeatedRow: (rowStride, columnStride, offset) = (0, 1, 0)
    case .repeatedColumn: (rowStride, columnStride, offset) = (1, 0, 0)
    case .single: (rowStride, columnStride, offset) = (0, 0, 0)
    }
    let count = offset + max(0, (r - 1) * rowStride) + max(0, (c - 1) * columnStride) + 1
    storage = (0..<count).map { _ in T(random.next()) }
  }

  subscript(_ r: Int, _ c: Int) -> Double { Double(storage[offset + r * rowStride + c * columnStride]) }

  func withView<R>(_ body: (Matrix.View) -> R) -> R {
    storage.withUnsafeBufferPointer {
      body(Matrix.View(base: UnsafeRawPointer($0.baseAddress! + offset), rowStride: rowStride, columnStride: columnStride))
    }
  }
}

/// A linear congruential generator: numbers in -1 ..< 1 with 10 bits, so that products of a few are exact.
private struct Random {
  var state: UInt64
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 54) / 512 - 1
  }
  mutating func below(_ n: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % n
  }
}

private struct Case {
  var m: Int, n: Int, k: Int
  var ldcExtra = 0
  var accumulate = false, bias = false, relu = false
}

private let levelNames = ["base", "avx2", "avx512"].prefix(Int(nn_cpu_level()) + 1)
private let sizes = [0, 1, 2, 3, 5, 8, 13, 14, 15, 16, 17, 31, 32, 33, 64, 65, 100]
private let canary = 12345.5

/// Runs one product, compares it with plain loops in Double, and checks that nothing around c changed.
private func check<T: BinaryFloatingPoint>(
  _ type: T.Type, _ level: String, _ c: Case, _ aLayout: Operand<T>.Layout, _ bLayout: Operand<T>.Layout, _ random: inout Random
) -> String? {
  let a = Operand<T>(aLayout, c.m, c.k, &random)
  let b = Operand<T>(bLayout, c.k, c.n, &random)
  let ldc = c.n + c.ldcExtra
  let margin = 40
  let before: [T] = (0..<(2 * margin + c.m * ldc)).map { i in
    let at = i - margin
    return at >= 0 && at < c.m * ldc && at % max(ldc, 1) < c.n ? T(random.next()) : T(canary)
  }
  let bias: [T] = (0..<c.n).map { _ in T(random.next()) }
  var result = before
  let width: FloatWidth = T.self == Float.self ? .float32 : .float64
  a.withView { a in
    b.withView { b in
      bias.withUnsafeBytes { bias in
        result.withUnsafeMutableBufferPointer {
          Matrix.multiply(
            Kernels.table(level).matrix, width, m: c.m, n: c.n, k: c.k, a: a, b: b, c: UnsafeMutableRawPointer($0.baseAddress! + margin),
            ldc: ldc, accumulate: c.accumulate, bias: c.bias ? bias.baseAddress : nil, activation: c.relu ? .relu : .none)
        }
      }
    }
  }
  // Each multiplication and addition may round by half a unit of a sum that is at most `size`.
  let rounding = (T.self == Float.self ? 0x1p-24 : 0x1p-53) * Double(c.k + 4)
  for i in result.indices {
    let at = i - margin
    let (r, j) = (at >= 0 && ldc > 0 ? at / ldc : 0, at >= 0 && ldc > 0 ? at % ldc : 0)
    if at < 0 || at >= c.m * ldc || j >= c.n {
      if result[i] != T(canary) { return "\(level) \(c) \(aLayout) \(bLayout): wrote outside, at \(at)" }
      continue
    }
    var expected = 0.0
    var size = 2.0
    for p in 0..<c.k {
      expected += a[r, p] * b[p, j]
      size += abs(a[r, p] * b[p, j])
    }
    if c.accumulate { expected += Double(before[i]) }
    if c.bias { expected += Double(bias[j]) }
    if c.relu { expected = max(expected, 0) }
    if !(abs(Double(result[i]) - expected) <= rounding * size) {
      return "\(level) \(type) \(c) \(aLayout) \(bLayout): c[\(r), \(j)] is \(result[i]), not \(expected)"
    }
  }
  return nil
}

@Suite(.serialized) struct MatrixTests {
  @Test(arguments: levelNames) func sizesAndLayouts(_ level: String) {
    var random = Random(state: 1)
    var failures: [String] = []
    // Every pair of sizes meets, the third and the layout at random.
    for first in sizes {
      for second in sizes {
        for turn in 0..<3 {
          let third = sizes[random.below(sizes.count)]
          let (m, n, k) = turn == 0 ? (first, second, third) : turn == 1 ? (third, first, second) : (second, third, first)
          let c = Case(
            m: m, n: n, k: k, ldcExtra: random.below(2) * random.below(9), accumulate: random.below(2) == 0, bias: random.below(2) == 0,
            relu: random.below(2) == 0)
          if random.below(3) > 0 {
            let all = Operand<Float>.Layout.allCases
            let (x, y) = (all[random.below(all.count)], all[random.below(all.count)])
            if let failure = check(Float.self, level, c, x, y, &random) { failures.append(failure) }
          } else {
            let all = Operand<Double>.Layout.allCases
            let (x, y) = (all[random.below(all.count)], all[random.below(all.count)])
            if let failure = check(Double.self, level, c, x, y, &random) { failures.append(failure) }
          }
        }
      }
    }
    #expect(failures.isEmpty, "\(failures.count) wrong, first: \(failures.first ?? "")")
  }

  /// Every height and width of a tile and one beyond two of them, every end of a tile.
  @Test(arguments: levelNames) func everyTile(_ level: String) {
    var random = Random(state: 6)
    var turn = 0
    for m in 1...29 {
      for n in 1...66 {
        turn += 1
        let c = Case(m: m, n: n, k: 1 + turn % 7, ldcExtra: turn % 2, accumulate: turn % 3 == 0, bias: turn % 5 < 2, relu: turn % 4 == 0)
        let layouts: [(Operand<Float>.Layout, Operand<Float>.Layout)] = [(.rows, .rows), (.columns, .rows), (.rows, .columns)]
        let (x, y) = layouts[turn / 7 % 3]
        let failure = check(Float.self, level, c, x, y, &random)
        #expect(failure == nil)
        if n <= 34 {
          let (x, y): (Operand<Double>.Layout, Operand<Double>.Layout) = [(.rows, .rows), (.columns, .rows), (.rows, .columns)][turn / 7 % 3]
          let failure = check(Double.self, level, c, x, y, &random)
          #expect(failure == nil)
        }
      }
    }
  }

  /// Every number of rows and columns beside a vector, on top of what was there too.
  @Test(arguments: levelNames) func everyVector(_ level: String) {
    var random = Random(state: 7)
    for count in 1...70 {
      for k in [22, 33, 65, 80] {
        for turn in 0..<8 {
          let (accumulate, bias) = (turn & 1 == 1, turn & 2 == 2), layout: Operand<Float>.Layout = turn & 4 == 4 ? .columns : .rows
          let tall = Case(m: count, n: 1, k: k, ldcExtra: turn % 3, accumulate: accumulate, bias: bias, relu: turn == 7)
          let flat = Case(m: 1, n: count, k: k, accumulate: accumulate, bias: bias, relu: turn == 7)
          let (a, b) = (check(Float.self, level, tall, layout, .rows, &random), check(Float.self, level, flat, .rows, layout, &random))
          #expect(a == nil && b == nil)
          let wide: Operand<Double>.Layout = turn & 4 == 4 ? .columns : .rows
          let (c, d) = (check(Double.self, level, tall, wide, .rows, &random), check(Double.self, level, flat, .rows, wide, &random))
          #expect(c == nil && d == nil)
        }
      }
    }
  }

  @Test(arguments: levelNames) func everyLayoutAtOneSize(_ level: String) {
    var random = Random(state: 2)
    for x in Operand<Float>.Layout.allCases {
      for y in Operand<Float>.Layout.allCases {
        for (m, n, k) in [(33, 50, 40), (1, 50, 40), (33, 1, 40), (30, 70, 800)] {
          #expect(check(Float.self, level, Case(m: m, n: n, k: k, ldcExtra: 2, bias: true), x, y, &random) == nil)
        }
      }
    }
    for x in Operand<Double>.Layout.allCases {
      for y in Operand<Double>.Layout.allCases {
        for (m, n, k) in [(33, 50, 40), (1, 50, 40), (33, 1, 40), (30, 70, 400)] {
          #expect(check(Double.self, level, Case(m: m, n: n, k: k, ldcExtra: 2, accumulate: true), x, y, &random) == nil)
        }
      }
    }
  }

  /// Equal columns of b give equal bits wherever they stand, at the edge of a tile as within: what begins equal in a network stays so.
  @Test(arguments: levelNames) func equalColumns(_ level: String) {
    var random = Random(state: 7)
    for n in [3, 16, 17, 18, 20, 35, 50] {
      for (m, k) in [(5, 40), (14, 64), (64, 100), (100, 784), (784, 100), (100, 2100)] {
        for layout in [Operand<Float>.Layout.rows, .columns] {
          let a = Operand<Float>(layout, m, k, &random)
          let b = (0..<k).flatMap { _ in [Float](repeating: Float(random.next()) / 3, count: n) }
          var c = [Float](repeating: 0, count: m * n)
          a.withView { a in
            Matrix.multiply(
              Kernels.table(level).matrix, .float32, m: m, n: n, k: k, a: a, b: Matrix.View(base: b, rowStride: n, columnStride: 1), c: &c, ldc: n)
          }
          #expect((0..<m * n).allSatisfy { c[$0] == c[$0 / n * n] }, "\(m) x \(n) x \(k)")
        }
      }
    }
  }

  /// One to four columns beyond whole vectors are done by a loop of their own where a's columns are contiguous.
  @Test(arguments: levelNames) func lastColumns(_ level: String) {
    var random = Random(state: 6)
    for n in [9, 12, 17, 18, 19, 20, 21, 50] {
      for (m, k) in [(7, 40), (8, 31), (8, 32), (13, 47), (63, 33), (64, 33), (79, 64), (97, 100), (113, 32), (200, 1100)] {
        let c = Case(m: m, n: n, k: k, ldcExtra: random.below(3), accumulate: random.below(2) == 0, bias: random.below(2) == 0, relu: random.below(2) == 0)
        for layout in [Operand<Float>.Layout.rows, .columns, .paddedRows, .paddedColumns] {
          #expect(check(Float.self, level, c, layout, .rows, &random) == nil)
          #expect(check(Float.self, level, c, layout, .columns, &random) == nil)
        }
        #expect(check(Double.self, level, c, .rows, .paddedRows, &random) == nil)
        #expect(check(Double.self, level, c, .columns, .paddedColumns, &random) == nil)
      }
    }
  }

  /// Sizes at which packing, several blocks of k, several slabs and several threads come in.
  @Test(arguments: levelNames) func largeSizes(_ level: String) {
    var random = Random(state: 3)
    let cases = [
      Case(m: 300, n: 310, k: 320), Case(m: 130, n: 1000, k: 500, bias: true, relu: true),
      Case(m: 20, n: 30, k: 5000, accumulate: true), Case(m: 3000, n: 10, k: 100, bias: true), Case(m: 10, n: 3000, k: 100),
      Case(m: 100, n: 50, k: 784, bias: true, relu: true), Case(m: 44, n: 1602, k: 1100), Case(m: 1024, n: 300, k: 80), Case(m: 90, n: 300, k: 1024),
      Case(m: 1, n: 3000, k: 300, bias: true),
      Case(m: 3000, n: 1, k: 300, relu: true),
    ]
    for c in cases {
      for (x, y) in [(Operand<Float>.Layout.rows, Operand<Float>.Layout.rows), (.rows, .columns), (.columns, .rows), (.columns, .columns)] {
        let failure = check(Float.self, level, c, x, y, &random)
        #expect(failure == nil)
      }
    }
    let failure = check(Double.self, level, Case(m: 210, n: 220, k: 900, bias: true), .columns, .columns, &random)
    #expect(failure == nil)
  }

  /// 0 · ∞ and 0 · NaN are NaN and must reach the result; padding must not let them into other columns.
  @Test(arguments: levelNames) func infinitiesAndNaN(_ level: String) {
    for (m, n, k) in [(3, 3, 3), (20, 40, 30), (1, 20, 30), (20, 1, 30), (50, 33, 700)] {
      let a = [Float](repeating: 0, count: m * k)
      for bad in [Float.nan, .infinity, -.infinity] {
        for relu in [false, true] {
          var b = [Float](repeating: 1, count: k * n)
          b[(k - 1) * n + n - 1] = bad
          var c = [Float](repeating: 7, count: m * n)
          Matrix.multiply(
            Kernels.table(level).matrix, .float32, m: m, n: n, k: k, a: .init(base: a, rowStride: k, columnStride: 1),
            b: .init(base: b, rowStride: n, columnStride: 1), c: &c, ldc: n, activation: relu ? .relu : .none)
          for i in c.indices {
            #expect(i % n == n - 1 ? c[i].isNaN : c[i] == 0)
          }
        }
      }
    }
  }

  /// An empty sum is zero, and zero is written even over NaN.
  @Test(arguments: levelNames) func emptySum(_ level: String) {
    var c: [Double] = [.nan, .nan, .nan, .nan]
    let view = Matrix.View(base: c, rowStride: 1, columnStride: 1)
    let bias: [Double] = [-1, 2]
    Matrix.multiply(Kernels.table(level).matrix, .float64, m: 2, n: 2, k: 0, a: view, b: view, c: &c, ldc: 2)
    #expect(c == [0, 0, 0, 0])
    Matrix.multiply(Kernels.table(level).matrix, .float64, m: 2, n: 2, k: 0, a: view, b: view, c: &c, ldc: 2, bias: bias)
    #expect(c == [-1, 2, -1, 2])
    Matrix.multiply(
      Kernels.table(level).matrix, .float64, m: 2, n: 2, k: 0, a: view, b: view, c: &c, ldc: 2, accumulate: true, bias: bias,
      activation: .relu)
    #expect(c == [0, 4, 0, 4])
  }

  /// Every number of threads gives the same bits, and so does every position of a row.
  @Test(arguments: levelNames) func threadsDoNotMatter(_ level: String) {
    let threads = Parallel.threads
    defer { Parallel.threads = threads }
    var random = Random(state: 4)
    for (m, n, k) in [(150, 333, 700), (1, 4000, 500), (4000, 1, 500), (100, 100, 4320), (100, 50, 784), (784, 50, 100)] {
      for transposed in [false, true] {
        let a = Operand<Float>(transposed ? .columns : .rows, m, k, &random)
        let b = Operand<Float>(transposed ? .columns : .rows, k, n, &random)
        var results: [[Float]] = []
        for count in 1...4 {
          Parallel.threads = count
          var c = [Float](repeating: 0, count: m * n)
          a.withView { a in
            b.withView { b in
              Matrix.multiply(Kernels.table(level).matrix, .float32, m: m, n: n, k: k, a: a, b: b, c: &c, ldc: n)
            }
          }
          results.append(c)
        }
        #expect(results.allSatisfy { $0.elementsEqual(results[0]) })
      }
    }
  }

  @Test(arguments: levelNames) func batches(_ level: String) {
    var random = Random(state: 5)
    let table = Kernels.table(level).matrix
    for (count, m, n, k) in [(1, 3, 4, 5), (7, 5, 9, 33), (40, 1, 17, 20), (5, 40, 70, 90), (3, 20, 33, 700), (2, 0, 3, 4), (0, 3, 3, 3), (3, 4, 5, 0)] {
      for (aRepeats, bRepeats) in [(false, false), (true, false), (false, true), (true, true)] {
        for (bTransposed, gap) in [(false, 0), (true, 3)] {
          let aStep = aRepeats ? 0 : m * k + gap
          let bStep = bRepeats ? 0 : k * n
          let cStep = m * n + gap
          let a = (0..<max(1, count) * (m * k + gap) + 1).map { _ in Float(random.next()) }
          let b = (0..<max(1, count) * k * n + 1).map { _ in Float(random.next()) }
          let before = (0..<count * cStep + 1).map { _ in Float(random.next()) }
          var c = before
          let view = Matrix.View(base: b, rowStride: bTransposed ? 1 : n, columnStride: bTransposed ? k : 1)
          Matrix.multiplyBatch(
            table, .float32, count: count, m: m, n: n, k: k, a: .init(base: a, rowStride: k, columnStride: 1), aStep: aStep, b: view,
            bStep: bStep, c: &c, ldc: n, cStep: cStep, accumulate: true)
          var expected = before.map { Double($0) }
          for i in 0..<count {
            for r in 0..<m {
              for j in 0..<n {
                for p in 0..<k {
                  let y = b[i * bStep + (bTransposed ? j * k + p : p * n + j)]
                  expected[i * cStep + r * n + j] += Double(a[i * aStep + r * k + p]) * Double(y)
                }
              }
            }
          }
          let worst = zip(c, expected).map { abs(Double($0) - $1) }.max() ?? 0
          #expect(worst <= 1e-6 * Double(k + 1), "\(count) x (\(m), \(n), \(k)), \(aRepeats) \(bRepeats) \(bTransposed)")
        }
      }
    }
  }

  @Test func scratchNests() {
    Scratch.withBuffer(100) { a in
      Scratch.withBuffer(1 << 20) { b in
        Scratch.withBuffer(0) { c in
          for p in [a, b, c] { #expect(Int(bitPattern: p) % 64 == 0) }
          a.storeBytes(of: 1, as: Int.self)
          (b + (1 << 20) - 8).storeBytes(of: 2, as: Int.self)
          #expect(a.load(as: Int.self) == 1)
        }
      }
    }
    // The second time the block has grown, and both pieces lie in it.
    let (first, second) = Scratch.withBuffer(100) { a in Scratch.withBuffer(1 << 20) { b in (a, b) } }
    #expect(second - first == 128)
  }
}
