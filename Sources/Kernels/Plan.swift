internal import KernelTable

/// How one product is cut into slabs (what is packed at a time), chunks (what a thread does at a time) and blocks of k.
struct Plan {
  let product: Product
  /// Columns of a tile.
  let panel: Int
  let packsA: Bool
  let packsB: Bool
  /// Rows of b that a tile runs over at a time.
  let kBlock: Int
  let kSlab: Int
  let nSlab: Int
  let mSlab: Int

  /// Tiles run over 4 kB of each row of a at most: long enough that reading and writing c does not count (2048 x 2048 on one core: 222 GFLOP/s;
  /// 205 with 2 kB), short enough that the rows of some tiles stay in the second-level cache. Sums are cut here, so it is the same on every machine.
  @inline(__always)
  static func longestBlock(_ bytes: Int) -> Int { 4096 / bytes }

  /// Tiles whose rows of a take a quarter of the second-level cache: the rest is b's, which passes through it once per so many tiles.
  private var tilesPerChunk: Int { max(4, min(8, Caches.second / 4 / (kBlock &* product.bytes &* product.kernels.tileRows))) }

  init(_ product: Product) {
    self.product = product
    let (m, n, k, bytes) = (product.m, product.n, product.k, product.bytes)
    panel = 2 &* product.kernels.lanes
    let longest = Plan.longestBlock(bytes)
    let blocks = (k &+ longest &- 1) / longest
    kBlock = (k &+ blocks &- 1) / blocks
    // With a large c, few blocks at a time: a chunk's rows of a then stay in the second-level cache for all columns (1024 x 1024 in
    // float64: 98 GFLOP/s instead of 75). With a small c, many: each slab costs two meetings of the threads.
    kSlab = min(k, kBlock &* max(1, min(8, (1 << 21) / (m &* n))))

    // Measured: below these sizes copying costs more than rows in place. Rows of a, or columns of a transposed one, that lie multiples of
    // 4096 bytes apart share one set of the first-level cache (1024 x 1024: 200 GFLOP/s packed, 180 not; transposed with AVX2 109, 72 not).
    // A b of many megabytes is read along its rows, as memory likes it, if a few tiles share the copy (100 x 2048 x 2048: 165 instead of 105).
    let tileRows = product.kernels.tileRows
    packsB = product.b.columnStride != 1 || (m > 8 &* tileRows && kSlab &* n &* bytes > 1 << 20) || (m > 3 &* tileRows && k &* n &* bytes > 6 << 20)
    let far = product.a.columnStride == 1 ? product.a.rowStride : product.a.columnStride
    let conflicts = far &* bytes % 4096 == 0
    packsA = conflicts && n > 8 &* panel && m &* kSlab &* bytes > 1 << 18

    // What few rows pass over once is best kept near.
    let slabBytes = m > 8 &* tileRows ? Product.slabBytes : Product.slabBytes / 2
    let columns = slabBytes / (kSlab &* bytes) / panel &* panel
    nSlab = packsB ? max(panel, columns) : n
    mSlab = packsA ? max(8 &* tileRows, columns) : m
  }

  // MARK: b

  /// Columns of a slab that are read in place: whole vectors of contiguous rows, and where padding is needed at the edge, whole panels.
  func inPlace(_ nCount: Int) -> Int {
    if packsB { return 0 }
    return nCount % product.kernels.lanes == 0 ? nCount : nCount &- nCount % panel
  }

  /// Elements of a row of b once packed.
  func packedColumns(_ nCount: Int) -> Int { (nCount &- inPlace(nCount) &+ panel &- 1) / panel &* panel }

  func packedBytes(_ kCount: Int, _ nCount: Int) -> Int { kCount &* packedColumns(nCount) &* product.bytes }

  /// Copies what is not read in place: for each block of k, panels of `panel` columns.
  func packB(k0: Int, kCount: Int, n0: Int, nCount: Int, into packed: UnsafeMutableRawPointer) {
    let first = inPlace(nCount)
    if first == nCount { return }
    let (b, bytes, kernels) = (product.b, product.bytes, product.kernels)
    let panels = packedColumns(nCount) / panel
    let blocks = (kCount &+ kBlock &- 1) / kBlock
    // A kilobyte of each row at a time: memory brings it at twice the rate of single panels.
    let perChunk = 1024 / (panel &* bytes)
    let groups = (panels &+ perChunk &- 1) / perChunk
    run(groups &* blocks, worth: kCount &* nCount &* 8) { chunk in
      let block = chunk / groups
      let group = chunk &- block &* groups
      let rows = min(kBlock, kCount &- block &* kBlock)
      let firstPanel = group &* perChunk
      let column = first &+ firstPanel &* panel
      let columns = min(nCount, first &+ (firstPanel &+ perChunk) &* panel) &- column
      let source = b.base + ((k0 &+ block &* kBlock) &* b.rowStride &+ (n0 &+ column) &* b.columnStride) &* bytes
      let target = packed + (block &* kBlock &* panels &+ firstPanel &* rows) &* panel &* bytes
      kernels.pack(rows, columns, source, b.rowStride, b.columnStride, target)
    }
  }

  // MARK: a

  /// Elements from row to row of packed a: an odd number of cache lines, so that rows fall into different sets.
  private func packedRow(_ kCount: Int) -> Int {
    let line = 64 / product.bytes
    return ((kCount &+ line &- 1) / line | 1) &* line
  }

  private func packA(m0: Int, mCount: Int, k0: Int, kCount: Int, into packed: UnsafeMutableRawPointer) {
    let (a, bytes) = (product.a, product.bytes)
    let row = packedRow(kCount)
    let perChunk = product.parallel ? max(8, 65536 / kCount) : mCount
    run((mCount &+ perChunk &- 1) / perChunk, worth: mCount &* kCount &* 8) { chunk in
      let first = chunk &* perChunk
      product.kernels.copy(
        min(perChunk, mCount &- first), kCount, a.base + ((m0 &+ first) &* a.rowStride &+ k0 &* a.columnStride) &* bytes,
        a.rowStride, a.columnStride, packed + first &* row &* bytes, row)
    }
  }

  // MARK: The product

  /// c's columns n0 ..< n0 + nCount (+)= a's columns times b's rows k0 ..< k0 + kCount.
  func multiplySlab(k0: Int, kCount: Int, n0: Int, nCount: Int, packedB: UnsafeMutableRawPointer) {
    var m0 = 0
    while m0 < product.m {
      let mCount = min(mSlab, product.m &- m0)
      if packsA {
        Scratch.withBuffer(mCount &* packedRow(kCount) &* product.bytes) { packed in
          packA(m0: m0, mCount: mCount, k0: k0, kCount: kCount, into: packed)
          let view = Matrix.View(base: packed, rowStride: packedRow(kCount), columnStride: 1)
          multiplyChunks(m0: m0, mCount: mCount, k0: k0, kCount: kCount, n0: n0, nCount: nCount, a: view, packedB: packedB)
        }
      } else {
        let a = product.a
        let start = a.base + (m0 &* a.rowStride &+ k0 &* a.columnStride) &* product.bytes
        let view = Matrix.View(base: start, rowStride: a.rowStride, columnStride: a.columnStride)
        multiplyChunks(m0: m0, mCount: mCount, k0: k0, kCount: kCount, n0: n0, nCount: nCount, a: view, packedB: packedB)
      }
      m0 &+= mCount
    }
  }

  private func multiplyChunks(
    m0: Int, mCount: Int, k0: Int, kCount: Int, n0: Int, nCount: Int, a: Matrix.View, packedB: UnsafeMutableRawPointer
  ) {
    let work = mCount &* nCount &* kCount
    var rows = mCount
    var columns = nCount
    if (product.parallel && work > Product.parallelWork) || work > Product.chunkWork {
      let tileRows = product.kernels.tileRows
      let area = min(Product.chunkWork, max(Product.parallelWork, work / 128)) / kCount
      rows = min(mCount, tilesPerChunk &* tileRows)
      if area / rows < panel { rows = min(mCount, max(2 &* tileRows, area / panel / tileRows &* tileRows)) }
      columns = min(nCount, max(panel, area / rows / panel &* panel))
      if columns == nCount { rows = min(mCount, max(rows, area / columns / tileRows &* tileRows)) }
    }
    // Chunks of even size.
    let across = (nCount &+ columns &- 1) / columns
    columns = ((nCount &+ across &- 1) / across &+ panel &- 1) / panel &* panel
    let columnChunks = (nCount &+ columns &- 1) / columns
    let rowChunks = (mCount &+ rows &- 1) / rows
    let short = mCount / rowChunks
    let long = mCount &- short &* rowChunks
    run(rowChunks &* columnChunks, worth: work) { chunk in
      let r = chunk / columnChunks
      let first = r &* short &+ min(r, long)
      let column = (chunk &- r &* columnChunks) &* columns
      multiplyChunk(
        m0: m0, row: first, rows: short &+ (r < long ? 1 : 0), k0: k0, kCount: kCount, n0: n0, nCount: nCount, column: column,
        columns: min(columns, nCount &- column), a: a, packedB: packedB)
    }
  }

  /// One chunk: rows of the slab from `row`, columns of the slab from `column`, all of the slab's k.
  private func multiplyChunk(
    m0: Int, row: Int, rows: Int, k0: Int, kCount: Int, n0: Int, nCount: Int, column: Int, columns: Int, a: Matrix.View,
    packedB: UnsafeMutableRawPointer
  ) {
    let (b, bytes, kernels, ldc) = (product.b, product.bytes, product.kernels, product.ldc)
    let inPlace = inPlace(nCount)
    let direct = max(0, min(columns, inPlace &- column))
    let packedWidth = packedColumns(nCount)
    Scratch.withBuffer(2 &* kernels.tileRows &* kernels.lanes &* bytes) { room in
      var kb = 0
      while kb < kCount {
        let count = min(kBlock, kCount &- kb)
        let isLast = k0 &+ kb &+ count == product.k
        let bias = isLast ? product.bias.map { $0 + (n0 &+ column) &* bytes } : nil
        let accumulate = product.accumulate || k0 &+ kb > 0
        let rowsOfA = a.base + (row &* a.rowStride &+ kb &* a.columnStride) &* bytes
        let target = product.c + ((m0 &+ row) &* ldc &+ n0 &+ column) &* bytes
        if direct > 0 {
          kernels.block(
            rows, direct, count, rowsOfA, a.rowStride, a.columnStride,
            b.base + ((k0 &+ kb) &* b.rowStride &+ n0 &+ column) &* bytes, b.rowStride, panel,
            target, ldc, accumulate, bias, isLast && product.relu, room)
        }
        if direct < columns {
          let firstPanel = (column &+ direct &- inPlace) / panel
          kernels.block(
            rows, columns &- direct, count, rowsOfA, a.rowStride, a.columnStride,
            packedB + (kb &* packedWidth &+ firstPanel &* count &* panel) &* bytes, panel, count &* panel,
            target + direct &* bytes, ldc, accumulate, bias.map { $0 + direct &* bytes }, isLast && product.relu, room)
        }
        if product.narrow > 0 && n0 &+ column &+ columns == product.n {
          product.lastColumns(row: m0 &+ row, rows: rows, k0: k0 &+ kb, steps: count, accumulate: accumulate, isLast: isLast)
        }
        kb &+= count
      }
    }
  }

  /// Chunks on all cores when they are worth it, else on this one.
  @inline(__always)
  private func run(_ chunks: Int, worth work: Int, _ body: (Int) -> Void) {
    if product.parallel && work > Product.parallelWork {
      Parallel.run(chunks, waking: work >= Product.threadWork, body)
    } else {
      for chunk in 0..<chunks where !Parallel.interrupted { body(chunk) }
    }
  }
}
