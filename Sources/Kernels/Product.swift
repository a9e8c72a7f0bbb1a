internal import KernelTable

/// One matrix product and the way it is cut up.
///
/// The micro-kernel reads a by single elements at any strides and b by whole vectors along its rows. So a is copied only where its strides
/// would waste cache lines or address translations, and b where its rows are not contiguous or are far apart; all else is read in place.
struct Product {
  var kernels: MatrixKernels.Set
  /// Bytes of one element.
  var bytes: Int
  var m: Int
  var n: Int
  var k: Int
  var a: Matrix.View
  var b: Matrix.View
  var c: UnsafeMutableRawPointer
  var ldc: Int
  var accumulate: Bool
  var bias: UnsafeRawPointer?
  var relu: Bool
  /// False inside a chunk of a batch: the cores are busy already.
  var parallel = true
  /// All of b in panels, when a batch shares it.
  var packedB: UnsafeMutableRawPointer?
  /// Columns beyond n that are done apart, because they would leave most of a vector empty.
  var narrow = 0

  /// Products up to this many multiply-adds are done by plain loops.
  static let smallWork = 64
  /// Products up to this many multiply-adds are one chunk.
  static let parallelWork = 1 << 20
  /// Below this many multiply-adds no sleeping thread is woken: 3 million take 13 to 30 µs, waking one 15.
  static let threadWork = 3 << 20
  /// Multiply-adds of one chunk at most: 10 ms on the slowest level, so that Ctrl-C is answered at once.
  static let chunkWork = 64 << 20
  /// So many columns beyond the last whole vector are done apart where a's columns are contiguous, as in the gradient of a dense layer's weight:
  /// 784 x 50 x 100 took 44 µs with the 50 in four vectors, of which one was nearly empty, and takes 39.
  static let mostNarrow = 4
  /// Bytes of one operand that are packed at a time.
  static let slabBytes = 8 << 20

  var work: Int { m &* n &* k }

  func run() { narrowed().whole() }

  /// n without the last columns where these are better done apart. It depends on the shapes alone.
  private func narrowed() -> Product {
    let rest = n & (kernels.lanes &- 1)
    // Chunks of 64 rows and more hold a vector of rows each.
    if rest == 0 || rest > Product.mostNarrow || n < kernels.lanes || k < 32 || m < 64 || a.rowStride != 1 || a.columnStride == 1 { return self }
    var product = self
    product.n = n &- rest
    product.narrow = rest
    return product
  }

  private func whole() {
    if k == 0 || work <= Product.smallWork {
      kernels.small(
        m, n, k, a.base, a.rowStride, a.columnStride, b.base, b.rowStride, b.columnStride, c, ldc, accumulate, bias, relu)
    } else if n == 1 && (a.columnStride == 1 || a.rowStride == 1) {
      timesVector()
    } else if m == 1 && (b.columnStride == 1 || b.rowStride == 1) {
      vectorTimes()
    } else if work <= Product.parallelWork && k <= Plan.longestBlock(bytes) && packedB == nil {
      oneBlock()
    } else {
      blocked()
    }
  }

  /// `count` products whose operands lie a step apart.
  func runBatch(_ count: Int, aStep: Int, bStep: Int, cStep: Int) {
    @inline(__always) func item(_ i: Int, _ parallel: Bool, _ packed: UnsafeMutableRawPointer?) {
      var product = self
      product.a.base += i &* aStep &* bytes
      product.b.base += i &* bStep &* bytes
      product.c += i &* cStep &* bytes
      product.parallel = parallel
      product.packedB = packed
      product.run()
    }
    if work >= Product.parallelWork * 8 {
      for i in 0..<count where !Parallel.interrupted { item(i, true, nil) }
      return
    }
    let perChunk = max(1, Product.parallelWork / 2 / max(work, 1))
    let product = narrowed()
    func all(_ packed: UnsafeMutableRawPointer?) {
      Parallel.run((count &+ perChunk &- 1) / perChunk) { chunk in
        for i in chunk &* perChunk..<min(count, (chunk &+ 1) &* perChunk) { item(i, false, packed) }
      }
    }
    if k == 0 { return all(nil) }  // empty sums need no plan
    let plan = Plan(product)
    if bStep == 0 && plan.packsB && plan.kSlab == k && plan.nSlab >= product.n && m > 1 && n > 1 && work > Product.smallWork {
      Scratch.withBuffer(plan.packedBytes(k, product.n)) { packed in
        plan.packB(k0: 0, kCount: k, n0: 0, nCount: product.n, into: packed)
        all(packed)
      }
    } else {
      all(nil)
    }
  }

  // MARK: Products with a vector

  /// Results of one chunk, for `count` of them made of `each` elements of the matrix, in multiples of `least`.
  private func vectorChunk(_ count: Int, _ each: Int, _ least: Int) -> Int {
    // 262,144 elements are a megabyte or two: 10 µs from the third-level cache, 50 from memory.
    if !parallel || count &* each < 1 << 18 { return count }
    return max(least, (1 << 18) / each / least &* least)
  }

  /// n = 1: c = a · x.
  private func timesVector() {
    withContiguous(b.base, k, b.rowStride) { x in
      if a.columnStride == 1 {
        dots(m, a, x, c, ldc)
      } else {
        combine(m, a.base, a.columnStride, x, ldc)
      }
    }
  }

  /// m = 1: c = x · b.
  private func vectorTimes() {
    withContiguous(a.base, k, a.columnStride) { x in
      if b.columnStride == 1 {
        combine(n, b.base, b.rowStride, x, 1)
      } else {
        dots(n, Matrix.View(base: b.base, rowStride: b.columnStride, columnStride: 1), x, c, 1)
      }
    }
  }

  private func dots(_ rows: Int, _ matrix: Matrix.View, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ yStep: Int) {
    let chunk = vectorChunk(rows, k, 16)
    Parallel.run((rows &+ chunk &- 1) / chunk) { i in
      let first = i &* chunk
      let count = min(chunk, rows &- first)
      let target = y + first &* yStep &* bytes
      kernels.rowProducts(count, k, matrix.base + first &* matrix.rowStride &* bytes, matrix.rowStride, x, target, yStep, accumulate)
      finish(first, count, target, yStep)
    }
  }

  /// y[j] = Σ_p x[p] · matrix[p * row + j], y's elements `yStep` apart.
  private func combine(_ count: Int, _ matrix: UnsafeRawPointer, _ row: Int, _ x: UnsafeRawPointer, _ yStep: Int) {
    // A chunk reads a piece of every row: 2 kB and more keep memory's pages open.
    let chunk = vectorChunk(count, k, 512)
    Parallel.run((count &+ chunk &- 1) / chunk) { i in
      let first = i &* chunk
      let columns = min(chunk, count &- first)
      let target = c + first &* yStep &* bytes
      let source = matrix + first &* bytes
      if yStep == 1 {
        kernels.rowSum(columns, k, x, source, row, target, accumulate)
      } else {
        Scratch.withBuffer(columns &* bytes) { y in
          if accumulate { kernels.copy(columns, 1, target, yStep, 1, y, 1) }
          kernels.rowSum(columns, k, x, source, row, y, accumulate)
          kernels.copy(columns, 1, y, 1, 1, target, yStep)
        }
      }
      finish(first, columns, target, yStep)
    }
  }

  /// Bias and activation of `count` results from number `first` on.
  private func finish(_ first: Int, _ count: Int, _ target: UnsafeMutableRawPointer, _ step: Int) {
    if bias == nil && !relu { return }
    if n == 1 {
      kernels.small(count, 1, 0, target, 0, 0, target, 0, 0, target, step, true, bias, relu)
    } else {
      kernels.small(1, count, 0, target, 0, 0, target, 0, 0, target, 0, true, bias.map { $0 + first &* bytes }, relu)
    }
  }

  private func withContiguous(_ x: UnsafeRawPointer, _ count: Int, _ stride: Int, _ body: (UnsafeRawPointer) -> Void) {
    if stride == 1 { return body(x) }
    Scratch.withBuffer(count &* bytes) { copy in
      kernels.copy(count, 1, x, stride, 1, copy, 1)
      body(copy)
    }
  }

  // MARK: Products of matrices

  /// A product for one thread and one block of k: no plan, only the columns of b that cannot be read in place are packed.
  private func oneBlock() {
    let panel = 2 &* kernels.lanes
    let direct = b.columnStride != 1 ? 0 : n & (kernels.lanes &- 1) == 0 ? n : n & ~(panel &- 1)
    let packedColumns = (n &- direct &+ panel &- 1) & ~(panel &- 1)
    Scratch.withBuffer((k &* packedColumns &+ kernels.tileRows &* panel) &* bytes) { packed in
      let room = packed + k &* packedColumns &* bytes
      if direct > 0 {
        kernels.block(
          m, direct, k, a.base, a.rowStride, a.columnStride, b.base, b.rowStride, panel, c, ldc, accumulate, bias, relu, room)
      }
      if direct < n {
        kernels.pack(k, n &- direct, b.base + direct &* b.columnStride &* bytes, b.rowStride, b.columnStride, packed)
        kernels.block(
          m, n &- direct, k, a.base, a.rowStride, a.columnStride, packed, panel, k &* panel, c + direct &* bytes, ldc, accumulate,
          bias.map { $0 + direct &* bytes }, relu, room)
      }
      if narrow > 0 { lastColumns(row: 0, rows: m, k0: 0, steps: k, accumulate: accumulate, isLast: true) }
    }
  }

  /// The columns beyond n for `rows` rows from `row` and the steps k0 ..< k0 + steps of the sums.
  func lastColumns(row: Int, rows: Int, k0: Int, steps: Int, accumulate: Bool, isLast: Bool) {
    Scratch.withBuffer(12 &* kernels.lanes &* bytes) { room in
      kernels.narrow(
        rows, narrow, steps, a.base + (row &+ k0 &* a.columnStride) &* bytes, a.columnStride,
        b.base + (k0 &* b.rowStride &+ n &* b.columnStride) &* bytes, b.rowStride, b.columnStride, c + (row &* ldc &+ n) &* bytes, ldc, accumulate,
        isLast ? bias.map { $0 + n &* bytes } : nil, isLast && relu, room)
    }
  }

  private func blocked() {
    let plan = Plan(self)
    var k0 = 0
    while k0 < k {
      let kCount = min(plan.kSlab, k &- k0)
      var n0 = 0
      while n0 < n {
        let nCount = min(plan.nSlab, n &- n0)
        if let packedB {
          plan.multiplySlab(k0: k0, kCount: kCount, n0: n0, nCount: nCount, packedB: packedB)
        } else {
          Scratch.withBuffer(plan.packedBytes(kCount, nCount)) { packed in
            plan.packB(k0: k0, kCount: kCount, n0: n0, nCount: nCount, into: packed)
            plan.multiplySlab(k0: k0, kCount: kCount, n0: n0, nCount: nCount, packedB: packed)
          }
        }
        n0 &+= nCount
      }
      k0 &+= kCount
    }
  }
}
