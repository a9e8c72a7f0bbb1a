import Glibc
import KernelTable
import Kernels
import Testing

/// Every length from 1 to beyond two of the widest registers, at every level: the ends of loops against plain ones in float64.
@Suite(.serialized) struct EdgeSizeTests {
  private static let most = 70
  private static let lengths = 1...most

  /// Functions of one and two elements: the first n results of many are those of n alone, and both come from values that other tests compare.
  @Test(arguments: widths)
  func elementwise(_ width: FloatWidth) {
    var noise = Noise(31)
    let n = Self.most, x = Buffer(width, noise.array(n, 3)), z = Buffer(width, noise.array(n, 3)), g = Buffer(width, noise.array(n))
    for level in levels {
      let t = level.table
      func same(_ name: String, _ run: (Buffer, Int) -> Void) {
        let whole = Buffer(width, count: n)
        run(whole, n)
        // One element alone never meets a whole register.
        var wrong: [Int] = []
        for k in Self.lengths {
          let part = Buffer(width, count: k)
          run(part, k)
          if !zip(part.values, whole.values).allSatisfy({ $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }) || !part.memory.intact { wrong.append(k) }
        }
        #expect(wrong.isEmpty, "\(name) \(level.name) \(width): lengths \(wrong)")
      }
      for op in UnaryOp.allCases {
        same("\(op)") { Vector.unary(op, width, x.p, $0.p, $1, 0.5, 2, table: t) }
        same("gradient of \(op)") { Vector.unaryGradient(op, width, x: x.p, y: z.p, g: g.p, gx: $0.p, $1, 0.5, 2, table: t) }
      }
      for op in BinaryOp.allCases {
        for (aColumn, bColumn) in [(1, 1), (0, 1), (1, 0)] {
          same("\(op)") {
            Vector.binary(op, width, x.p, aRow: 0, aColumn: aColumn, z.p, bRow: 0, bColumn: bColumn, $0.p, rows: 1, columns: $1, table: t)
          }
        }
      }
      same("axpy") {
        Vector.fill(width, $0.p, $1, value: 1, table: t)
        Vector.axpy(width, alpha: 0.3, x.p, $0.p, $1, table: t)
      }
      let mask = (0..<n).map { UInt8($0 % 3) }
      same("select") { Vector.select(width, mask: mask, x.p, aStep: 1, z.p, bStep: 1, $0.p, $1, table: t) }
      same("dropout") { Random.dropoutGradient(width, g: g.p, mask: mask, gx: $0.p, $1, p: 0.5, table: t) }
      for op in CompareOp.allCases {
        var wrong = 0
        for k in Self.lengths {
          let memory = GuardPages(bytes: k), y = memory.pointer.bindMemory(to: UInt8.self, capacity: k)
          Vector.compare(op, width, x.p, aRow: 0, aColumn: 1, z.p, bRow: 0, bColumn: 1, y, rows: 1, columns: k, table: t)
          for i in 0..<k {
            let (a, b) = (x[i], z[i])
            let exact = [a == b, a != b, a < b, a <= b, a > b, a >= b][Int(op.rawValue)]
            if y[i] != (exact ? 1 : 0) { wrong += 1 }
          }
        }
        #expect(wrong == 0, "\(op) \(level.name)")
      }
    }
  }

  /// Sums and extremes of rows of every length, and of every number of columns.
  @Test(arguments: widths)
  func reductions(_ width: FloatWidth) {
    var noise = Noise(32)
    // Long sums take eight registers at a time.
    for n in Array(Self.lengths) + [127, 128, 129, 143, 144, 145, 255, 257] {
      for (outer, count, inner) in [(2, n, 1), (1, 3, n), (1, n, 2)] {
        let x = Buffer(width, noise.array(outer * count * inner).map { $0 + 0.25 }), results = outer * inner
        let g = Buffer(width, noise.array(x.count))
        func column(_ r: Int, _ x: Buffer) -> [Double] { (0..<count).map { x[(r / inner * count + $0) * inner + r % inner] } }
        for level in levels {
          let y = Buffer(width, count: results), t = level.table
          for op in ReduceOp.allCases {
            Vector.reduce(op, width, x.p, y.p, outer: outer, count: count, inner: inner, table: t)
            for r in 0..<results {
              let column = column(r, x)
              let exact: Double =
                switch op {
                case .sum: column.reduce(0, +)
                case .prod: column.reduce(1, *)
                case .max: column.max()!
                case .min: column.min()!
                case .sumSquares: column.reduce(0) { $0 + $1 * $1 }
                case .sumAbs: column.reduce(0) { $0 + abs($1) }
                case .countNonzero: Double(count)
                }
              let size = op == .prod ? abs(exact) * Double(count) : column.reduce(1) { $0 + abs($1) }
              // Long products leave the range of float32's normal numbers.
              #expect(abs(y[r] - exact) <= 4 * x.epsilon * size + (width == .float32 ? 0x1p-149 : 0), "\(op) \(outer) \(count) \(inner) \(level.name)")
            }
          }
          for isMax in [true, false] {
            var places = [Int64](repeating: -1, count: results)
            Vector.argReduce(max: isMax, width, x.p, values: y.p, positions: &places, outer: outer, count: count, inner: inner, table: t)
            for r in 0..<results {
              let column = column(r, x), best = isMax ? column.max()! : column.min()!
              #expect(places[r] == Int64(column.firstIndex(of: best)!) && y[r] == best, "\(outer) \(count) \(inner) \(level.name)")
            }
          }
          let (p, l, s) = (Buffer(width, count: x.count), Buffer(width, count: x.count), Buffer(width, count: results))
          let (gp, gl) = (Buffer(width, count: x.count), Buffer(width, count: x.count))
          Vector.softmax(width, log: false, x.p, p.p, outer: outer, count: count, inner: inner, table: t)
          Vector.softmax(width, log: true, x.p, l.p, outer: outer, count: count, inner: inner, table: t)
          Vector.logSumExp(width, x.p, s.p, outer: outer, count: count, inner: inner, table: t)
          Vector.softmaxGradient(width, log: false, y: p.p, g: g.p, gx: gp.p, outer: outer, count: count, inner: inner, table: t)
          Vector.softmaxGradient(width, log: true, y: l.p, g: g.p, gx: gl.p, outer: outer, count: count, inner: inner, table: t)
          for r in 0..<results {
            let column = column(r, x), own = self.column(r, g, count, inner), total = column.reduce(0) { $0 + exp($1) }
            let sum = own.reduce(0, +), dot = zip(column, own).reduce(0) { $0 + exp($1.0) / total * $1.1 }
            #expect(abs(s[r] - log(total)) <= 8 * x.epsilon * (1 + abs(log(total))), "log-sum-exp \(outer) \(count) \(inner) \(level.name)")
            for k in 0..<count {
              let at = (r / inner * count + k) * inner + r % inner, share = exp(column[k]) / total
              #expect(
                abs(p[at] - share) <= 8 * x.epsilon && abs(l[at] - log(share)) <= 16 * x.epsilon * (1 + abs(log(share)))
                  && abs(gp[at] - share * (own[k] - dot)) <= 16 * x.epsilon && abs(gl[at] - own[k] + share * sum) <= 32 * x.epsilon * (1 + abs(sum)),
                "softmax \(outer) \(count) \(inner) \(level.name)")
            }
          }
        }
      }
    }
  }
  private func column(_ r: Int, _ x: Buffer, _ count: Int, _ inner: Int) -> [Double] {
    (0..<count).map { x[(r / inner * count + $0) * inner + r % inner] }
  }

  /// The sums and the affine maps of normalisation, by rows and by columns, straight from the table.
  @Test(arguments: widths)
  func normalisation(_ width: FloatWidth) {
    var noise = Noise(33)
    let rows = 5
    for n in Self.lengths {
      let (a, b) = (Buffer(width, noise.array(rows * n)), Buffer(width, noise.array(rows * n)))
      let shifts = noise.array(max(rows, n)), scales = noise.array(max(rows, n)), others = noise.array(max(rows, n)), last = noise.array(max(rows, n))
      for level in levels {
        let t = level.table.vector, w = width.rawValue
        var byRow = [Double](repeating: 0, count: rows), byColumn = [Double](repeating: 1, count: n)
        t.dotRows(w, a.p, b.p, shifts, &byRow, rows, n)
        t.dotColumns(w, a.p, b.p, n, shifts, &byColumn, rows, n)
        // Products are of the width, sums of float64 or of short blocks of the width.
        for r in 0..<rows {
          let exact = (0..<n).reduce(0) { $0 + a[r * n + $1] * (b[r * n + $1] - shifts[r]) }
          #expect(abs(byRow[r] - exact) <= 4 * a.epsilon * (2 + Double(n)), "rows of \(n) \(level.name)")
        }
        for c in 0..<n {
          let exact = (0..<rows).reduce(1) { $0 + a[$1 * n + c] * (b[$1 * n + c] - shifts[c]) }
          #expect(abs(byColumn[c] - exact) <= 8 * a.epsilon * 10, "\(n) columns \(level.name)")
        }
        for periodic in [true, false] {
          let (y, z) = (Buffer(width, count: rows * n), Buffer(width, count: rows * n))
          t.affine(w, a.p, scales, shifts, others, y.p, rows, n, periodic)
          t.affinePair(w, a.p, b.p, scales, others, shifts, last, z.p, rows, n, periodic)
          for i in 0..<rows * n {
            let k = periodic ? i % n : i / n
            let plain = (a[i] - shifts[k]) * scales[k] + others[k], pair = scales[k] * b[i] + others[k] * (a[i] - shifts[k]) + last[k]
            #expect(abs(y[i] - plain) <= 8 * a.epsilon && abs(z[i] - pair) <= 16 * a.epsilon, "\(n), periodic \(periodic), \(level.name)")
          }
          #expect(y.memory.intact && z.memory.intact)
        }
      }
    }
  }

  @Test(arguments: widths)
  func crossEntropy(_ width: FloatWidth) {
    var noise = Noise(34)
    let rows = 3
    for classes in Self.lengths {
      let x = Buffer(width, noise.array(rows * classes, 4)), w = Buffer(width, noise.array(classes).map { abs($0) + 0.1 }), g = Buffer(width, noise.array(rows))
      let labels: [Int64] = [0, Int64(classes - 1), Int64(classes / 2)]
      for level in levels {
        for (weighted, smoothing) in [(false, 0.0), (true, 0.2)] {
          let (y, loss, gx) = (Buffer(width, count: x.count), Buffer(width, count: rows), Buffer(width, count: x.count))
          let weights = weighted ? UnsafeRawPointer(w.p) : nil
          Vector.crossEntropy(
            width, x.p, labels: labels, weights: weights, smoothing: smoothing, probabilities: y.p, loss: loss.p, rows: rows, classes: classes,
            table: level.table)
          Vector.crossEntropyGradient(
            width, probabilities: y.p, labels: labels, weights: weights, smoothing: smoothing, g: g.p, gStep: 1, gx: gx.p, rows: rows, classes: classes,
            table: level.table)
          for r in 0..<rows {
            let row = (0..<classes).map { x[r * classes + $0] }, total = log(row.reduce(0) { $0 + exp($1) })
            let target = (0..<classes).map { c in
              let weight = weighted ? w[c] : 1
              return (c == Int(labels[r]) ? (1 - smoothing) * weight : 0) + smoothing / Double(classes) * weight
            }
            let exact = zip(row, target).reduce(0) { $0 + $1.1 * (total - $1.0) }, all = target.reduce(0, +)
            #expect(abs(loss[r] - exact) <= 40 * x.epsilon, "\(classes) \(level.name)")
            for c in 0..<classes {
              #expect(abs(gx[r * classes + c] - g[r] * (exp(row[c] - total) * all - target[c])) <= 40 * x.epsilon, "\(classes) \(level.name)")
            }
          }
        }
      }
    }
  }

  /// Optimizers: the first n parameters of many take the step that n alone take (their formulas have a test of their own).
  @Test(arguments: widths)
  func optimizers(_ width: FloatWidth) {
    typealias Step = (_ p: Buffer, _ s: [Buffer], _ g: Buffer, _ n: Int, KernelTable) -> Void
    let steps: [(String, Step)] = [
      ("sgd", { OptimizerKernels.sgd(width, parameter: $0.p, gradient: $2.p, velocity: nil, $3, lr: 0.1, weightDecay: 0.1, table: $4) }),
      ("momentum", { OptimizerKernels.sgd(width, parameter: $0.p, gradient: $2.p, velocity: $1[0].p, $3, lr: 0.1, momentum: 0.9, nesterov: true, table: $4) }),
      ("adam", { OptimizerKernels.adam(width, parameter: $0.p, gradient: $2.p, m: $1[0].p, v: $1[1].p, $3, lr: 0.1, t: 3, table: $4) }),
      ("amsgrad", { OptimizerKernels.adam(width, parameter: $0.p, gradient: $2.p, m: $1[0].p, v: $1[1].p, largest: $1[2].p, $3, lr: 0.1, t: 3, table: $4) }),
      ("adagrad", { OptimizerKernels.adagrad(width, parameter: $0.p, gradient: $2.p, sum: $1[0].p, $3, lr: 0.1, t: 3, table: $4) }),
      (
        "rmsprop",
        { OptimizerKernels.rmsprop(width, parameter: $0.p, gradient: $2.p, square: $1[0].p, mean: $1[1].p, buffer: $1[2].p, $3, lr: 0.1, momentum: 0.5, table: $4) }
      ),
    ]
    var noise = Noise(35)
    let values = noise.array(Self.most), gradient = Buffer(width, noise.array(Self.most))
    let states = [noise.array(Self.most, 0.1), noise.array(Self.most).map { 2 + abs($0) }, noise.array(Self.most).map { abs($0) }]
    for level in levels {
      for (name, step) in steps {
        func run(_ n: Int) -> [[Double]] {
          let p = Buffer(width, Array(values.prefix(n))), order = name == "adagrad" || name == "rmsprop" ? [1, 0, 2] : [0, 1, 2]
          let s = order.map { Buffer(width, Array(states[$0].prefix(n))) }
          step(p, s, gradient, n, level.table)
          let intact = ([p] + s).allSatisfy { $0.memory.intact }
          #expect(intact)
          return ([p] + s).map(\.values)
        }
        let whole = run(Self.most)
        #expect(whole[0].allSatisfy { $0.isFinite })
        for n in Self.lengths { #expect(run(n) == whole.map { Array($0.prefix(n)) }, "\(name) \(n) \(level.name)") }
      }
    }
  }

  /// Transposes of every size up to two tiles and one, elements of every size, with gaps.
  @Test func transposes() {
    for level in levels {
      for size in [1, 4, 8] {
        for rows in 1...35 {
          for columns in [1, 2, 7, 15, 16, 17, 31, 33] {
            let gap = rows % 3, xRow = columns + gap, yRow = rows + gap
            let x = GuardPages(bytes: ((rows - 1) * xRow + columns) * size), y = GuardPages(bytes: ((columns - 1) * yRow + rows) * size)
            for i in 0..<x.bytes { x.pointer.storeBytes(of: UInt8(truncatingIfNeeded: i &* 37 &+ i >> 8), toByteOffset: i, as: UInt8.self) }
            level.table.vector.transpose(size, x.pointer, xRow, y.pointer, yRow, rows, columns)
            var wrong = 0
            for r in 0..<rows {
              for c in 0..<columns {
                for b in 0..<size {
                  let from = x.pointer.load(fromByteOffset: (r * xRow + c) * size + b, as: UInt8.self)
                  if y.pointer.load(fromByteOffset: (c * yRow + r) * size + b, as: UInt8.self) != from { wrong += 1 }
                }
              }
            }
            #expect(wrong == 0 && y.intact, "\(rows) x \(columns) of \(size) bytes, \(level.name)")
          }
        }
      }
    }
  }

  /// What convolution moves between channels first and channels last, adds and copies, straight from the table.
  @Test(arguments: widths)
  func planes(_ width: FloatWidth) {
    var noise = Noise(36)
    for level in levels {
      let k = width == .float32 ? level.table.convolution.float32 : level.table.convolution.float64, lanes = k.lanes, size = width.stride
      for columns in 1...(2 * lanes + 2) {
        for rows in [1, 3] {
          let from = Buffer(width, noise.array(rows * (columns + 1))), to = Buffer(width, noise.array(rows * (columns + 2))), before = to.values
          k.addPlane(from.p, columns + 1, to.p, columns + 2, rows, columns)
          var wrong = 0
          for i in 0..<to.count {
            let (r, c) = (i / (columns + 2), i % (columns + 2)), sum = c < columns ? before[i] + from[r * (columns + 1) + c] : before[i]
            if to[i] != (width == .float32 ? Double(Float(sum)) : sum) { wrong += 1 }
          }
          #expect(wrong == 0 && to.memory.intact, "addPlane \(rows) x \(columns) \(level.name)")
          let copy = Buffer(width, count: 2 * rows * columns), source = Buffer(width, noise.array(2 * rows * (columns + 1)))
          k.copyPlanes(source.p, rows * (columns + 1) * size, (columns + 1) * size, copy.p, rows * columns * size, columns * size, 2, rows, columns * size)
          let same = (0..<copy.count).allSatisfy { copy[$0] == source[$0 / columns * (columns + 1) + $0 % columns] }
          #expect(same && copy.memory.intact, "copyPlanes \(rows) x \(columns) \(level.name)")
        }
      }
      for pixels in 1...(2 * lanes + 2) {
        for channels in [1, 2, lanes - 1, lanes, lanes + 1, 2 * lanes] where channels > 0 {
          let pitch = (channels + lanes - 1) / lanes * lanes, row = pixels + 1
          let from = Buffer(width, noise.array(pixels * pitch)), marks = Buffer(width, count: pixels * pitch)
          for i in 0..<pixels * pitch {
            // A mark is the lowest byte of an element's bits.
            if width == .float32 {
              marks.p.storeBytes(of: UInt32(i % 256), toByteOffset: i * 4, as: UInt32.self)
            } else {
              marks.p.storeBytes(of: UInt64(i % 256), toByteOffset: i * 8, as: UInt64.self)
            }
          }
          let first = Buffer(width, count: channels * row), relu = Buffer(width, count: channels * row), last = Buffer(width, count: pixels * pitch)
          let bytes = GuardPages(bytes: channels * row), places = bytes.pointer.bindMemory(to: UInt8.self, capacity: channels * row)
          places.initialize(repeating: 77, count: channels * row)
          k.channelsFirst(from.p, pitch, pixels, channels, first.p, row, false)
          k.channelsFirst(from.p, pitch, pixels, channels, relu.p, row, true)
          k.marksFirst(marks.p, pitch, pixels, channels, places, row)
          k.channelsLast(first.p, nil, row, channels, pixels, last.p, pitch)
          var wrong = 0
          for c in 0..<channels {
            for q in 0..<row {
              let value = q < pixels ? from[q * pitch + c] : -77, at = c * row + q
              if first[at] != value || relu[at] != (q < pixels ? max(value, 0) : -77) { wrong += 1 }
              if places[at] != (q < pixels ? UInt8((q * pitch + c) % 256) : 77) { wrong += 1 }
            }
          }
          for i in 0..<pixels * pitch where last[i] != (i % pitch < channels ? from[i] : 0) { wrong += 1 }
          let intact = first.memory.intact && relu.memory.intact && last.memory.intact && bytes.intact
          #expect(wrong == 0 && intact, "\(pixels) pixels, \(channels) channels, \(level.name)")
        }
      }
      for vectors in [1, 2] {
        for rows in 0...9 {
          let from = Buffer(width, noise.array(rows * vectors * lanes)), sums = Buffer(width, noise.array(vectors * lanes)), before = sums.values
          k.addRows(vectors, from.p, rows, sums.p)
          let near = (0..<sums.count).allSatisfy { c in
            abs(sums[c] - (0..<rows).reduce(before[c]) { $0 + from[$1 * vectors * lanes + c] }) <= 16 * from.epsilon
          }
          #expect(near && sums.memory.intact, "addRows \(vectors) \(rows) \(level.name)")
        }
      }
    }
  }
}
